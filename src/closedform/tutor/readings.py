"""Other conventions in which an answer may be right: other layouts, structures, orders of stacking, and index form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from closedform.calculus import layout as layouts
from closedform.calculus.structure import STRUCTURES, projected, projector, space
from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, make
from closedform.core.infer import known
from closedform.core.op import f
from closedform.core.walk import postorder
from closedform.ops.build import product, transpose
from closedform.tutor.assumptions import symmetric
from closedform.tutor.case import Case, sizes_of
from closedform.tutor.ground import POINTS, Ground, Here, agree, same, values, with_changes

MEANS = {
    "projected": "the gradient projected on the space of the variable",
    "free": "the gradient with the entries of the variable taken as free",
    "independent": "the derivative by the independent entries of the variable",
}
SLIP = "symmetric convention"


class Reading(NamedTuple):
    """What the derivative is in another convention, and how that convention reads."""

    expr: Expr
    said: str
    slip: str | None = None
    assumption: str | None = None
    symmetric: str | None = None
    """The name of a variable that the convention takes to be symmetric."""


def other_layouts(case: Case) -> str:
    """The layouts in which the derivative is the transpose of the one asked for, by what they do."""
    *earlier, last = case.question.wrt
    gradient = not last.is_scalar and case.question.function.is_scalar and all(x.is_scalar for x in earlier)
    names = [name for name in layouts.LAYOUTS if layouts.is_turned(name, gradient=gradient) is not case.turned]
    said = layouts.says(names[0], case.question.function, case.question.wrt).partition(": ")[2]
    return f"{' and '.join(names)} layout ({said})"


def conventions(case: Case) -> Iterator[Reading]:
    """The derivative in other conventions, those that people use most first."""
    truth = case.truth
    assert truth is not None
    x = case.question.wrt[-1]
    if any(space(v) for v in case.question.wrt):
        for name in STRUCTURES:
            other = case.other(name) if name != case.structure else None
            if other is not None:
                yield Reading(other, f'structure="{name}": {MEANS[name]}', SLIP)
    yield from _triangles(case)
    if len(case.question.wrt) == 1 and case.question.function.is_scalar and x.is_square and not x.is_scalar and not space(x):
        yield from _as_symmetric(x, truth)
    yield from _stackings(case)


def _triangles(case: Case) -> Iterator[Reading]:
    """Of a symmetric variable: one triangle of the derivative by its independent entries."""
    x = case.question.wrt[-1]
    if len(case.question.wrt) != 1 or not case.question.function.is_scalar or space(x) != "symmetric":
        return
    G = case.other("independent")
    if G is not None:
        yield Reading(make("tril", (G,)), "the derivative by the entries on and below the diagonal, in the lower triangle", SLIP)
        yield Reading(make("triu", (G,)), "the derivative by the entries on and above the diagonal, in the upper triangle", SLIP)
        yield Reading(make("vech", (G,)), "the derivative by vech of the variable, as a vector", SLIP)


def _as_symmetric(x: Expr, truth: Expr) -> Iterator[Reading]:
    """The derivative by a square variable that is taken to be symmetric although it is not declared so."""
    name = x.params[0]
    for structure, fact in (("independent", "symmetric"), ("projected", "symmetric")):
        G = projected(x, fact, truth, structure)
        said = f"{MEANS[structure]}, {name} being symmetric"
        yield Reading(G, said, SLIP, f"{name} is symmetric", name)
        if structure == "independent":
            yield Reading(make("tril", (G,)), said + ", in the lower triangle", SLIP, f"{name} is symmetric", name)


def _stackings(case: Case) -> Iterator[Reading]:
    """Rows stacked instead of columns; a gradient stacked into a vector."""
    truth, function, wrt = case.truth, case.question.function, case.question.wrt
    assert truth is not None
    mixed = case.mixed(truth)
    x = wrt[-1]
    if len(wrt) == 1 and not x.is_scalar and not function.is_scalar:
        out = None if ONE in function.shape else make("commutation", (), function.shape)
        into = None if x.cols is ONE or x.rows is ONE else transpose(make("commutation", (), x.shape))
        named = []
        if out is not None and into is not None:
            named.append((product(out, mixed, into), "rows are stacked instead of columns, as reshape does in NumPy"))
        if out is not None:
            named.append((product(out, mixed), "the rows of the function are stacked instead of its columns"))
        if into is not None:
            named.append((product(mixed, into), f"the rows of {x.params[0]} are stacked instead of its columns"))
        for expr, said in named:
            yield Reading(case.mixed(expr), said, "other order of stacking")
    elif len(wrt) == 2 and function.is_scalar and not any(v.is_scalar for v in wrt) and any(v.cols is not ONE for v in wrt):
        left, right = (make("commutation", (), v.shape) for v in wrt)
        yield Reading(
            case.mixed(product(left, mixed, transpose(right))), "rows are stacked instead of columns", "other order of stacking"
        )
    if len(wrt) == 1 and function.is_scalar and ONE not in x.shape:
        for inner, order in ((mixed, "columns"), (transpose(mixed), "rows")):
            column = make("vec", (inner,))
            yield Reading(column, f"the {order} of the gradient are stacked into a vector", "stacked gradient")
            yield Reading(transpose(column), f"the {order} of the gradient are stacked into a row", "stacked gradient")
    if x.is_scalar and ONE not in mixed.shape and not case.question.function.is_scalar:
        yield Reading(make("vec", (mixed,)), "the columns of the derivative are stacked into a vector", "stacked gradient")


def along_the_space(case: Case, answer: Expr, ground: Ground) -> bool:
    """Is the answer right along the directions of its variables, though it is not projected on them?"""
    if case.structure != "projected" or not any(space(v) for v in case.question.wrt):
        return False
    mixed, truth = case.mixed(answer), case.truth
    assert truth is not None
    wrt, function = case.question.wrt, case.question.function
    x = wrt[-1]
    if len(wrt) == 1 and function.is_scalar:
        kept = projected(x, space(x), mixed, "projected")
    elif x.is_scalar:
        return False
    else:
        kept = product(mixed, projector(x, space(x)))
        if len(wrt) == 2 and function.is_scalar and not wrt[0].is_scalar:
            kept = product(projector(wrt[0], space(wrt[0])), kept)
    wanted = case.mixed(truth)
    return kept.shape == wanted.shape and all(
        same(*values([wanted, kept], here)) for here in ground.points(ground.enough(POINTS))
    )


def met(readings: Iterator[Reading], answer: Expr, ground: Ground) -> tuple[Reading, bool] | None:
    """The first convention in which the answer is right, and whether it is transposed there."""
    for reading in readings:
        for turned in (False, True):
            if (answer.shape[::-1] if turned else answer.shape) != reading.expr.shape or (turned and answer.is_scalar):
                continue
            if agree(_values(reading, answer, here, ground, turned=turned) for here in ground.points(ground.enough(POINTS))):
                return reading, turned
    return None


def _values(reading: Reading, answer: Expr, here: Here, ground: Ground, *, turned: bool) -> tuple[Any, Any]:
    if reading.symmetric is not None and reading.symmetric in here.env:
        here = with_changes(here, {reading.symmetric: symmetric(here.env[reading.symmetric], ground.random(here))})
    left, right = values([reading.expr, answer], here)
    return left, right.T if turned and right is not None else right


def index_form(case: Case, answer: Expr) -> str | None:
    """Is a scalar answer an entry of the derivative?  Which one, as text; InputError for sizes that mean nothing."""
    truth = case.truth
    extra = sorted(sizes_of(answer) - case.question.parsed.scope.sizes - (sizes_of(truth) if truth is not None else set()))
    if not extra:
        return None
    places = {
        name
        for node in postorder(answer)
        if node.op.name in ("index", "member", "unit")
        for part in node.params
        if isinstance(part, Dim)
        for name in part.names
    }
    for name in extra:
        if name not in places:
            known = ", ".join(sorted(case.question.parsed.scope.sizes))
            raise InputError(f"{name} is not a size of the question" + (f", which has {known}" if known else ""))
    if truth is None or not answer.is_scalar or len(extra) > 2 or truth.is_scalar:
        return None
    dims = [Dim.of(name) for name in extra]
    pairs = [(ONE if truth.rows is ONE else d, ONE if truth.cols is ONE else d) for d in dims]
    if len(dims) == 2:
        pairs = [(dims[0], dims[1]), (dims[1], dims[0])]
    for i, j in pairs:
        entry = make("index", (truth,), (i, i, j, j))
        ground = Ground((case.question.function,), (entry, answer))
        try:
            found = [values([entry, answer], here) for here in ground.points(5)]
        except Refusal:
            continue
        if len(found) == 5 and all(same(left, right) for left, right in found):
            return f"[{i},{j}]" if ONE not in (i, j) else f"[{i if j is ONE else j}]"
    return None


def parts(truth: Expr, name: str) -> Iterator[tuple[Expr, str]]:
    """What is sometimes written in place of a matrix of derivatives: its diagonal, or its entries added up."""
    if ONE in truth.shape:
        return
    if known(truth, "diagonal"):
        yield f.diagonal(truth), f"the diagonal of the {name} as a vector; the {name} is the diagonal matrix with it"
    elif truth.is_square:
        yield f.diagonal(truth), f"only the diagonal of the {name}; the entries off it are not zero"
    yield product(truth, f.ones(truth.cols, ONE)), f"the {name} with the entries of each row added up"
    yield product(transpose(truth), f.ones(truth.rows, ONE)), f"the {name} with the entries of each column added up"
