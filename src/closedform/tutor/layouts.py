"""Which layout is a formula in?  The derivative is put into every arrangement and structure convention, and compared.

An arrangement that is none of the three layouts (a gradient written as a row of stacked entries, vec by rows) is tried as
well, so that a formula from a paper is recognised and can be restated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from closedform.calculus import layout as conventions
from closedform.calculus import structure as structures
from closedform.core.errors import Refusal
from closedform.core.expr import Expr
from closedform.core.limits import counted
from closedform.core.op import f
from closedform.lang.read import parse
from closedform.ops.build import product, transpose
from closedform.question import Question
from closedform.result import Derivative
from closedform.rewrite.best import shortest
from closedform.rewrite.order import Order, ranks
from closedform.tutor.conventions import (
    F_X,
    FLIPPED,
    KEPT,
    LIKE,
    ROW,
    SOURCES,
    STACKED,
    TURNED,
    VEC,
    VEC_TURNED,
    X_F,
    Source,
)

if TYPE_CHECKING:
    from closedform.core.expr import Shape

COLUMN = "column vec(X)"
ROW_BY_ROWS = "row, by rows"
COLUMN_BY_ROWS = "column, by rows"
STACKED_BY_ROWS = "column vec(F')"
BY_ROWS = "rows and columns stacked by rows"
BY_ROWS_TURNED = "rows and columns stacked by rows, transposed"

SAYS = {
    LIKE: "the gradient has the shape of {x}",
    TURNED: "the gradient has the shape of {x}, transposed",
    ROW: "the gradient is a row, the entries of {x} column after column",
    COLUMN: "the gradient is a column, the entries of {x} column after column",
    ROW_BY_ROWS: "the gradient is a row, the entries of {x} row after row",
    COLUMN_BY_ROWS: "the gradient is a column, the entries of {x} row after row",
    F_X: "rows run over the entries of {f}, columns over those of {x}",
    X_F: "rows run over the entries of {x}, columns over those of {f}",
    VEC: "rows run over the entries of {f}, columns over those of {x}, both stacked column after column",
    VEC_TURNED: "rows run over the entries of {x}, columns over those of {f}, both stacked column after column",
    BY_ROWS: "rows run over the entries of {f}, columns over those of {x}, both stacked row after row",
    BY_ROWS_TURNED: "rows run over the entries of {x}, columns over those of {f}, both stacked row after row",
    KEPT: "the derivative has the shape of {f}",
    FLIPPED: "the derivative has the shape of {f}, transposed",
    STACKED: "the derivative is a column, the entries of {f} column after column",
    STACKED_BY_ROWS: "the derivative is a column, the entries of {f} row after row",
}
"""The arrangements by what they do to {f}, what is differentiated, and {x}, the variable."""

NAMED = {
    LIKE: ("mixed", "denominator"),
    TURNED: ("numerator",),
    F_X: ("mixed", "numerator"),
    X_F: ("denominator",),
    VEC: ("mixed", "numerator"),
    VEC_TURNED: ("denominator",),
    KEPT: ("mixed", "numerator"),
    FLIPPED: ("denominator",),
}
"""The layouts that give each arrangement."""


@dataclass(frozen=True)
class Reading:
    """One arrangement in which the formula is right.

    ``layouts`` are those of the three that give it (none for arrangements beyond them), ``structures`` the structure
    conventions, ``says`` what the arrangement does, ``sources`` who writes so, ``evidence`` how it is known.
    """

    arrangement: str
    says: str
    layouts: tuple[str, ...]
    structures: tuple[str, ...]
    sources: tuple[str, ...]
    evidence: str

    @property
    def convention(self) -> str:
        """The structure conventions as they are said; empty where all three agree."""
        if len(self.structures) == len(structures.STRUCTURES):
            return ""
        return ", structure " + " or ".join(f'"{name}"' for name in self.structures)


class LayoutReport:
    """In which conventions a formula is right; ``restated`` is the derivative in the convention that was asked for."""

    def __init__(self, formula: Expr, restated: Derivative, readings: tuple[Reading, ...], tried: int, unsure: int) -> None:
        self.formula = formula
        self.restated = restated
        self.readings = readings
        self.tried = tried
        self.unsure = unsure

    @property
    def found(self) -> bool:
        """Is the formula right in some convention?"""
        return bool(self.readings)

    @property
    def layouts(self) -> tuple[str, ...]:
        """Those of the three layouts in which the formula is right."""
        return tuple(name for name in conventions.LAYOUTS if any(name in r.layouts for r in self.readings))

    @property
    def structures(self) -> tuple[str, ...]:
        """The structure conventions in which it is right; all three where they agree or the variable has no structure."""
        return tuple(name for name in structures.STRUCTURES if any(name in r.structures for r in self.readings))

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that write the derivative so."""
        return tuple(dict.fromkeys(name for r in self.readings for name in r.sources))

    def __str__(self) -> str:
        d = self.restated
        if not self.readings:
            doubt = f"; {self.unsure} could not be decided" if self.unsure else ""
            lines = [
                f"{self.formula} is the derivative in none of {self.tried} conventions{doubt}",
                "cf.check (closedform check) says what is wrong with it",
            ]
        else:
            lines = [f"{self.formula} is the derivative"]
            for r in self.readings:
                named = f"{' and '.join(r.layouts)} layout" if r.layouts else "none of the three layouts"
                lines.append(f"  in {named}{r.convention}: {r.says}")
                if r.sources:
                    lines.append(f"    so write: {'; '.join(r.sources)}")
            if len(self.layouts) == 3:
                lines.append("  it is right in all three layouts, and so does not show which one its source uses")
        lines.append(f"in {d.layout} layout ({d.reads}): {d}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<{self.formula}: {', '.join(self.layouts) or 'no layout'}>"

    def record(self) -> dict[str, Any]:
        """The report as plain data."""
        d = self.restated
        return {
            "formula": str(self.formula),
            "found": self.found,
            "layouts": list(self.layouts),
            "structures": list(self.structures),
            "sources": list(self.sources),
            "readings": [
                {
                    "arrangement": r.arrangement,
                    "says": r.says,
                    "layouts": list(r.layouts),
                    "structures": list(r.structures),
                    "sources": list(r.sources),
                    "evidence": r.evidence,
                }
                for r in self.readings
            ],
            "tried": self.tried,
            "undecided": self.unsure,
            "restated": {"text": str(d), "latex": d.latex, "layout": d.layout, "structure": d.structure, "reads": d.reads},
        }

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": str(self)}


@counted
def which_layout(
    expression: object,
    wrt: object,
    formula: object,
    given: object = None,
    *,
    layout: str = "mixed",
    structure: str = "projected",
) -> LayoutReport:
    """The layouts and structure conventions in which a formula is the derivative of an expression.

    ``layout`` and ``structure`` are those in which the answer is restated.

    >>> report = which_layout("A*x", "x", "A'", "A: m n; x: n")
    >>> report.layouts, str(report.restated)
    (('denominator',), 'A')
    """
    wanted = Question(expression, wrt, given, layout, structure)
    restated = wanted.answer(verify=True)
    scope = wanted.parsed.scope
    read = formula if isinstance(formula, Expr) else parse(formula, scope).expr
    answers = _answers(expression, wrt, given, restated)
    tried: dict[Expr, list[tuple[str, str]]] = {}
    for convention, d in answers.items():
        for arrangement, e in arrangements(d):
            tried.setdefault(e, []).append((arrangement, convention))
    readings: list[Reading] = []
    unsure = 0
    for e, where in tried.items():
        equal, evidence = _same(read, e)
        if equal is None:
            equal, evidence = _certified(read, where, restated)
        unsure += equal is None
        if not equal:
            continue
        for arrangement in dict.fromkeys(a for a, _ in where):
            allowed = tuple(convention for a, convention in where if a == arrangement)
            if len(answers) == 1:
                allowed = structures.STRUCTURES
            differ = len({d._mixed for d in answers.values()}) > 1
            readings.append(_reading(arrangement, allowed, evidence, restated, differ))
    return LayoutReport(read, restated, tuple(readings), len({pair for where in tried.values() for pair in where}), unsure)


def _answers(expression: object, wrt: object, given: object, asked: Derivative) -> dict[str, Derivative]:
    """The derivative in mixed layout under each structure convention that it has; one where they cannot differ."""
    if not any(structures.space(x) for x in asked.wrt):
        names: tuple[str, ...] = (asked.structure,)
    else:
        names = structures.STRUCTURES
    found: dict[str, Derivative] = {}
    for name in names:
        try:
            found[name] = Question(expression, wrt, given, "mixed", name).answer(verify=True)
        except Refusal:
            if name == asked.structure:
                raise
    return found


def arrangements(d: Derivative) -> Iterator[tuple[str, Expr]]:
    """The derivative as every source arranges it, from its form in mixed layout: pairs (arrangement, expression)."""
    from closedform.verify.contraction import derivative_shape

    answer, last = d._mixed, d.wrt[-1]
    before = derivative_shape(d.original.shape, d.wrt[:-1])
    for arrangement, e in _arranged(answer, before, last):
        order = Order(ranks(d.original, *d.wrt))
        yield arrangement, shortest(e, order).expr


def _arranged(answer: Expr, before: Shape, last: Expr) -> Iterator[tuple[str, Expr]]:
    rows, cols = before
    one = (1, 1)
    if last.is_scalar:
        yield KEPT, answer
        yield FLIPPED, transpose(answer)
        if not _is_vector(before):
            yield STACKED, f.vec(answer)
            yield STACKED_BY_ROWS, f.vec(transpose(answer))
    elif (rows.integer, cols.integer) == one:
        yield LIKE, answer
        yield TURNED, transpose(answer)
        if not _is_vector(last.shape):
            yield ROW, transpose(f.vec(answer))
            yield COLUMN, f.vec(answer)
            yield ROW_BY_ROWS, transpose(f.vec(transpose(answer)))
            yield COLUMN_BY_ROWS, f.vec(transpose(answer))
    elif _is_vector(before) and _is_vector(last.shape):
        yield F_X, answer
        yield X_F, transpose(answer)
    else:
        yield VEC, answer
        yield VEC_TURNED, transpose(answer)
        turned = answer if _is_vector(before) else product(f.commutation(rows, cols), answer)
        if not _is_vector(last.shape):
            turned = product(turned, f.commutation(last.cols, last.rows))
        yield BY_ROWS, turned
        yield BY_ROWS_TURNED, transpose(turned)


def _is_vector(shape: Shape) -> bool:
    return shape[0].integer == 1 or shape[1].integer == 1


def _same(formula: Expr, e: Expr) -> tuple[bool | None, str]:
    if formula.shape != e.shape:
        return False, "another shape"
    from closedform.equality.decide import decide

    verdict = decide(formula, e)
    return verdict.equal, verdict.verdict


def _certified(formula: Expr, where: list[tuple[str, str]], d: Derivative) -> tuple[bool | None, str]:
    """What the numerical derivative says where the two formulas could not be compared."""
    from closedform.verify.certificate import certify

    named = [(NAMED[arrangement][0], convention) for arrangement, convention in where if arrangement in NAMED]
    if not named:
        return None, "undecided"
    layout, structure = named[0]
    try:
        return certify(d.original, d.wrt, formula, layout=layout, structure=structure).ok, "numerically"
    except Refusal:
        return None, "undecided"


def _reading(arrangement: str, allowed: tuple[str, ...], evidence: str, d: Derivative, differ: bool) -> Reading:
    earlier = d.wrt[:-1]
    whole = "the expression" if not earlier else "the derivative before it"
    if d.original.is_scalar and len(d.wrt) == 2 and not earlier[0].is_scalar:
        whole = earlier[0].params[0]
    said = SAYS[arrangement].format(f=whole, x=d.wrt[-1].params[0])
    sources = () if earlier else tuple(s.name for s in SOURCES if _writes(s, arrangement, d, allowed if differ else ()))
    return Reading(arrangement, said, NAMED.get(arrangement, ()), allowed, sources, evidence)


def _writes(source: Source, arrangement: str, d: Derivative, allowed: tuple[str, ...]) -> bool:
    """Does the source arrange this derivative so?  Where the structure conventions differ, its own must be known."""
    if source.name.startswith("closedform"):
        return False
    if allowed and source.symmetric not in allowed:
        return False
    x = d.wrt[-1]
    if x.is_scalar:
        cell = source.by_scalar if not d.original.is_scalar else ""
    elif d.original.is_scalar:
        cell = source.by_vector if x.is_column else source.by_matrix
    elif d.original.is_column and x.is_column:
        cell = source.jacobian
    else:
        cell = source.matrices
    return cell == arrangement
