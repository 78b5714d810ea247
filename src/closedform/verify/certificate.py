"""The certificate of an answer: at random points, the directional derivative of the original expression is what the
answer says it is.

The derivative of the original is taken numerically (complex step, differences), so that no rule of differentiation is
shared with the answer.  Points, directions and sizes come from a seed; a certificate can be replayed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr
from closedform.core.limits import counted, limits, spent
from closedform.core.walk import postorder
from closedform.numeric.series import refuse_long
from closedform.numeric.sizes import CAP, shrink
from closedform.verify.comparison import Outcome
from closedform.verify.contraction import derivative_shape
from closedform.verify.point import SCHEDULE
from closedform.verify.question import Question
from closedform.verify.record import data_of, question_of
from closedform.verify.special import SpecialPoints
from closedform.verify.trial import Trials

MOST_ENTRIES = 1_000_000
PIECES = 8
"""So many times as many trials are made of what is put together from pieces ..."""
MOST_LOOKS = 60
"""... until so many points have been tried, where most of them do not settle it."""
FEWEST = 2
"""So few trials will do ..."""
SHARE = 0.4
"""... where they have taken this share of the steps that a question may take."""
OTHERS = 3
"""After so many trials, some are made on branches that none of them has taken."""
GENERIC = 9
"""So many of them are made at random points, the further ones at points on the pieces as far as there are."""
SMALL, MIXED = ([style for style, _ in SCHEDULE].index(name) for name in ("small", "mixed"))
"""One trial is made where functions that saturate do not; of the later ones every other with symbols of different sizes."""
STRUCTURES = ("projected", "free", "independent")


@dataclass(frozen=True)
class Certificate:
    """The outcome of a check: ``ok``, over how many trials, the largest relative deviation, the sizes and the seed."""

    ok: bool
    trials: int
    max_error: float
    sizes: tuple[dict[str, int], ...]
    seed: int
    reason: str = ""
    """Why the answer is not certified; empty when it is."""
    special: int = 0
    """At how many special points (of the domain of differentiability) the answer was compared as well."""
    thorough: bool = False
    """Whether every special point was tried, or a few."""
    question: Question | None = field(default=None, repr=False, compare=False)

    @counted
    def replay(self) -> Certificate:
        """The same check once more, from the same seed."""
        if self.question is None:
            raise Refusal("this certificate does not hold the question it answers")
        return _certify(self.question, _Plan(max(1, self.trials), self.seed, self.thorough, exactly=True))

    def data(self) -> dict[str, Any]:
        """The certificate in lists, texts and numbers, fit for JSON; ``Certificate.from_data`` and ``replay`` read it.

        ``expression``, ``wrt``, ``given`` (with what was inferred), ``answer``, ``layout`` and ``structure`` are the
        question, ``ok``, ``trials``, ``special``, ``max_error``, ``sizes`` and ``reason`` the outcome.
        """
        return data_of(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Certificate:
        """The certificate that data hold, as it was: nothing is checked again (``replay`` does).

        >>> from closedform.lang.read import parse
        >>> read = parse("x'*x", "x: n")
        >>> made = certify(read.expr, [read.scope.symbols["x"]], parse("2*x", "x: n").expr)
        >>> Certificate.from_data(made.data()) == made
        True
        """
        question = question_of(data)
        worst = float("inf") if data["max_error"] is None else float(data["max_error"])
        sizes = tuple(dict(row) for row in data["sizes"])
        return cls(
            data["ok"], data["trials"], worst, sizes, data["seed"], data["reason"], data["special"], data["thorough"], question
        )


def replay(data: Mapping[str, Any]) -> Certificate:
    """The check that data describe, run again from their texts and their seed.

    >>> from closedform.lang.read import parse
    >>> read = parse("x'*x", "x: n")
    >>> made = certify(read.expr, [read.scope.symbols["x"]], parse("2*x", "x: n").expr, seed=3)
    >>> replay(made.data()) == made
    True
    """
    return Certificate.from_data(data).replay()


@counted
def certify(
    original: Expr,
    wrt: Sequence[Expr],
    answer: Expr,
    *,
    layout: str = "mixed",
    structure: str = "projected",
    trials: int = 3,
    seed: int = 0,
    thorough: bool = False,
) -> Certificate:
    """Check that an answer is the derivative of an expression by the variables, taken in turn.

    Beside the generic points one special point is tried, with ``thorough`` all of them (verify/special.py).  Refusal
    when no point is found at which the two can be compared.

    >>> from closedform.core.dim import Dim
    >>> from closedform.core.op import f
    >>> from closedform.ops.build import num, product, transpose
    >>> x = f.symbol("x", Dim.of("n"), Dim.of(1), 1, frozenset())
    >>> certify(product(transpose(x), x), [x], product(num(2), x)).ok
    True
    >>> certify(product(transpose(x), x), [x], x).ok
    False
    """
    if structure not in STRUCTURES:
        raise InputError(f"structure {structure!r} is not one of {', '.join(STRUCTURES)}")
    return _certify(Question(original, tuple(wrt), answer, layout, structure), _Plan(trials, seed, thorough))


class _Plan(NamedTuple):
    """How an answer is checked: ``trials`` are multiplied for functions with pieces, unless they are meant ``exactly``."""

    trials: int
    seed: int
    thorough: bool
    exactly: bool = False


def _certify(question: Question, plan: _Plan) -> Certificate:
    refuse_long(postorder(question.original, question.answer))
    expected = derivative_shape(question.original.shape, question.wrt, question.layout)
    if question.answer.shape != expected:
        reason = f"the answer is {question.answer.rows} x {question.answer.cols}, not {expected[0]} x {expected[1]}"
        return Certificate(False, 0, float("inf"), (), plan.seed, reason, thorough=plan.thorough, question=question)

    def fits(small: Sequence[Expr]) -> bool:
        return small[1].shape == derivative_shape(small[0].shape, small[2:], question.layout)

    (original, answer, *wrt), table = shrink((question.original, question.answer, *question.wrt), fits)
    small = Question(original, tuple(wrt), answer, question.layout, question.structure)
    found = _compared(small, plan, question)
    if not table:
        return found
    if not found.ok and (not _affordable(question) or _compared(question, plan, question).ok):
        raise Refusal(
            f"the check of the answer runs at sizes up to {CAP}, and there the answer does not hold with "
            + ", ".join(f"{old} replaced by {new}" for old, new in table.items())
            + "; write a name for the size"
        )
    shrunk = {str(old): new for old, new in table.items()}
    return replace(found, sizes=tuple({**sizes, **shrunk} for sizes in found.sizes))


def _compared(small: Question, plan: _Plan, question: Question) -> Certificate:
    errors: list[float] = []
    sizes: list[dict[str, int]] = []
    reason = ""
    with np.errstate(all="ignore"):
        check = Trials(small, plan.seed)
        for outcome in _generic(check, plan):
            errors.append(outcome.error)
            sizes.append(outcome.sizes)
            reason = outcome.reason
            if reason:
                break
        generic, special = len(errors), 0
        if not reason:
            points = SpecialPoints(check, plan.seed, sizes[-1])
            for place in points.all() if plan.thorough else points.some():
                outcome_there = points.outcome(place)
                if outcome_there is not None:
                    special += 1
                    errors.append(outcome_there.error)
                    reason = outcome_there.reason
                    if reason or not plan.thorough:
                        break
    worst = max(errors)
    return Certificate(not reason, generic, worst, tuple(sizes), plan.seed, reason, special, plan.thorough, question)


def _generic(check: Trials, plan: _Plan) -> Iterator[Outcome]:
    """The outcomes at random points and, where there are pieces, at points on them."""
    points = check.points
    mark = points.mark()
    total = plan.trials * (PIECES if check.pieces and not plan.exactly else 1)

    def enough() -> bool:
        return not plan.exactly and _costly()

    on_branches = check.on_branches(enough)
    on_pieces = check.on_pieces() if check.pieces else iter(())
    for k in range(total):
        if k >= OTHERS and not enough() and (outcome := next(on_branches, None)) is not None:
            points.back(mark)
            yield outcome
            continue
        if k >= plan.trials and points.tried > MOST_LOOKS and not plan.exactly:
            return
        if k >= FEWEST and enough():
            return
        outcome = next(on_pieces, None) if k >= GENERIC else None
        if outcome is None:
            style = SMALL if k == 2 else MIXED if k > 2 and k % 2 else mark
            points.back(style)
            outcome = check.trial()
            points.back(mark)
        yield outcome


def _costly() -> bool:
    """Has the question under way taken a good part of the steps that it may take?"""
    return limits.steps is not None and spent() > SHARE * limits.steps


def _affordable(question: Question) -> bool:
    """Can the question be looked at with its integer sizes as they stand?"""
    entries = 0
    for node in postorder(question.original, question.answer):
        rows, cols = (d.value(dict.fromkeys(d.names, 4)) for d in node.shape)
        entries += rows * cols
    return entries <= MOST_ENTRIES
