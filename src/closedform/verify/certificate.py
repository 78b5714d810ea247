"""The certificate of an answer: at random points, the directional derivative of the original expression is what the
answer says it is.

The derivative of the original is taken numerically (complex step, differences), so that no rule of differentiation is
shared with the answer.  Points, directions and sizes come from a seed; a certificate can be replayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr
from closedform.core.walk import postorder
from closedform.numeric.series import refuse_long
from closedform.numeric.sizes import CAP, shrink
from closedform.verify.comparison import Comparison, Question
from closedform.verify.contraction import derivative_shape

MOST_ENTRIES = 1_000_000
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
    question: Question | None = field(default=None, repr=False, compare=False)

    def replay(self) -> Certificate:
        """The same check once more, from the same seed."""
        if self.question is None:
            raise Refusal("this certificate does not hold the question it answers")
        return _certify(self.question, max(1, self.trials), self.seed)


def certify(
    original: Expr,
    wrt: Sequence[Expr],
    answer: Expr,
    *,
    layout: str = "mixed",
    structure: str = "projected",
    trials: int = 3,
    seed: int = 0,
) -> Certificate:
    """Check that an answer is the derivative of an expression by the variables, taken in turn.

    Refusal when no point is found at which the two can be compared.

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
    return _certify(Question(original, tuple(wrt), answer, layout, structure), trials, seed)


def _certify(question: Question, trials: int, seed: int) -> Certificate:
    refuse_long(postorder(question.original, question.answer))
    expected = derivative_shape(question.original.shape, question.wrt, question.layout)
    if question.answer.shape != expected:
        reason = f"the answer is {question.answer.rows} x {question.answer.cols}, not {expected[0]} x {expected[1]}"
        return Certificate(False, 0, float("inf"), (), seed, reason, question)
    (original, answer, *wrt), table = shrink((question.original, question.answer, *question.wrt))
    found = _compared(Question(original, tuple(wrt), answer, question.layout, question.structure), trials, seed, question)
    if not table:
        return found
    if not found.ok and (not _affordable(question) or _compared(question, trials, seed, question).ok):
        raise Refusal(
            f"the check of the answer runs at sizes up to {CAP}, and there the answer does not hold with "
            + ", ".join(f"{old} replaced by {new}" for old, new in table.items())
            + "; write a name for the size"
        )
    shrunk = {str(old): new for old, new in table.items()}
    return replace(found, sizes=tuple({**sizes, **shrunk} for sizes in found.sizes))


def _compared(small: Question, trials: int, seed: int, question: Question) -> Certificate:
    errors: list[float] = []
    sizes: list[dict[str, int]] = []
    reason = ""
    with np.errstate(all="ignore"):
        check = Comparison(small, seed)
        for _ in range(trials):
            outcome = check.trial()
            errors.append(outcome.error)
            sizes.append(outcome.sizes)
            reason = outcome.reason
            if reason:
                break
    return Certificate(not reason, len(errors), max(errors), tuple(sizes), seed, reason, question)


def _affordable(question: Question) -> bool:
    """Can the question be looked at with its integer sizes as they stand?"""
    entries = 0
    for node in postorder(question.original, question.answer):
        rows, cols = (d.value(dict.fromkeys(d.names, 4)) for d in node.shape)
        entries += rows * cols
    return entries <= MOST_ENTRIES
