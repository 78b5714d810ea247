"""Explanations of a wrong answer as formulas that can be evaluated, and which of them hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from closedform.core.errors import InputError
from closedform.core.expr import Expr
from closedform.tutor.ground import Ground, Here, multiple, same, values
from closedform.tutor.pieces import Piece

CONFIRMED = 3
"""At so many points an explanation must hold."""
MOST_TRIED = 12
"""Points that are looked at for some at which neither the answer nor the derivative is zero."""
MOST_KEPT = 24
DEAR = frozenset({"expm", "logm", "sqrtm", "dexpm", "dlogm", "lyap", "sylvester", "chol", "eigvecs", "svdu", "svdv", "pinv"})
"""Operations that take as long as hundreds of others."""
MOST_DEAR = 40


class Candidate(NamedTuple):
    """A possible explanation.

    ``expr`` is the answer mended (to be compared with the truth) or the truth with a slip in it (to be compared with the
    answer).  ``said`` gives the sentence, ``good`` is the part of the derivation that the slip missed.
    """

    expr: Expr
    slip: str
    rank: int
    said: Callable[[], str]
    piece: Piece | None = None
    good: Expr | None = None
    mended: bool = False
    node: Expr | None = None
    """The node of the question at which the slip happens, where that is known."""
    planted: Expr | None = None
    """The wrong part, to be looked for in the answer."""


class Found(NamedTuple):
    """An explanation that holds: up to a constant, or a transpose, where those are not 1 and False."""

    candidate: Candidate
    rank: int
    factor: Fraction
    turned: bool

    def sentence(self) -> str:
        """What it says."""
        said = self.candidate.said()
        if self.turned:
            said += ", and the whole is transposed"
        if self.factor != 1:
            said += f", and the whole is multiplied by {self.factor}"
        return said


def holding(candidates: Sequence[Candidate], truth: Expr, answer: Expr, ground: Ground) -> list[Found]:
    """Those of the explanations that hold at every point, the simplest first."""
    unique: dict[tuple[Expr, bool], Candidate] = {}
    for c in sorted(candidates, key=_rank):
        unique.setdefault((c.expr, c.mended), c)
    listed = affordable(list(unique.values()))
    if not listed:
        return []
    here, *others = _telling(truth, answer, ground)
    t, a, *rest = valued([truth, answer, *(c.expr for c in listed)], here)
    found = []
    for c, value in zip(listed, rest, strict=True):
        match = _match(value, t if c.mended else a, exactly=None)
        if match is not None:
            found.append(Found(c, c.rank + 2 * (match[0] != 1) + 2 * match[1], *match))
    found.sort(key=_found_rank)
    found = found[:MOST_KEPT]
    for here in others:
        found = _kept(found, truth, answer, here)
    for here in ground.points(ground.enough(CONFIRMED))[CONFIRMED:]:
        found = _kept(found, truth, answer, here)
    return found


def _kept(found: list[Found], truth: Expr, answer: Expr, here: Here) -> list[Found]:
    """Those of the explanations that hold at one more point."""
    if not found:
        return []
    t, a, *rest = valued([truth, answer, *(f.candidate.expr for f in found)], here)
    targets = (t if f.candidate.mended else a for f in found)
    return [f for f, value, target in zip(found, rest, targets, strict=True) if _agrees(f, value, target)]


def _agrees(f: Found, value: Any, target: Any) -> bool:
    if value is not None and target is not None and not value.any() and not target.any():
        return True
    return _match(value, target, exactly=(f.factor, f.turned)) is not None


def _telling(truth: Expr, answer: Expr, ground: Ground) -> list[Here]:
    """Points at which neither of the two is zero, where there are enough of them; else the first points."""
    found: list[Here] = []
    for k in range(MOST_TRIED):
        here = ground.points(k + 1)[-1]
        if here.number < k or len(found) == CONFIRMED:
            break
        if all(value is None or abs(value).max(initial=0.0) > 0.0 for value in valued([truth, answer], here)):
            found.append(here)
    if len(found) == CONFIRMED:
        return found
    return ground.points(CONFIRMED)


def affordable(listed: Sequence[Candidate]) -> list[Candidate]:
    """As many of the explanations, the simplest first, as do not take too many functions of matrices to evaluate."""
    seen: set[Expr] = set()
    spent = 0
    out = []
    for candidate in listed:
        stack, dear = [candidate.expr], 0
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                dear += node.op.name in DEAR
                stack.extend(node.args)
        spent += dear
        if spent <= MOST_DEAR or not dear:
            out.append(candidate)
    return out


def valued(exprs: Sequence[Expr], here: Here) -> list[Any]:
    """The values of expressions; one at a time where together they have none."""
    try:
        return values(exprs, here)
    except (InputError, ArithmeticError, KeyError, ValueError):
        return [_alone(e, here) for e in exprs]


def _alone(e: Expr, here: Here) -> Any:
    try:
        return values([e], here)[0]
    except (InputError, ArithmeticError, KeyError, ValueError):
        return None


def _rank(c: Candidate) -> int:
    return c.rank


def _found_rank(f: Found) -> int:
    return f.rank


def _match(value: Any, target: Any, exactly: tuple[Fraction, bool] | None) -> tuple[Fraction, bool] | None:
    """The constant and the transpose with which the target is the value."""
    if value is None or target is None or not abs(value).max(initial=0.0) > 0.0:
        return None
    for turned in (False, True):
        if exactly is not None and exactly[1] is not turned:
            continue
        shown = value.T if turned else value
        if turned and value.shape == (1, 1):
            continue
        if (exactly is None or exactly[0] == 1) and same(target, shown):
            return Fraction(1), turned
        factor = multiple(target, shown)
        if factor is not None and (exactly is None or exactly[0] == factor):
            return factor, turned
    return None
