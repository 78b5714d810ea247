"""One original and one answer compared at random points, along random directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from closedform.core.errors import Refusal
from closedform.core.expr import Expr
from closedform.numeric.difference import COMPLEX_STEP, Slope, derivative
from closedform.numeric.tangent import curved, direction, independent, space
from closedform.verify.contraction import as_tensor, contract, off_space, transposed
from closedform.verify.point import Point, Points

EXACT = 1e-8
"""Tolerance where the derivative is taken by the complex step alone."""
DIFFERENCED = 1e-6
"""Tolerance where differences are involved; it grows with their estimated error, up to ``LOOSEST``."""
LOOSEST = 1e-4
UNSURE = 1e-5
"""A difference whose estimated error is larger is not used; another point is drawn."""
ROUNDING = 2e-15
"""What is left of terms that cancel, relative to them."""
NUDGE = 1e-13
NOISE = 30.0
"""A deviation counts as rounding up to this many times the change that comes from moving the point by ``NUDGE``."""
FAINT = 1e-9
"""A derivative smaller than this, next to what it is made of, says little: other points are tried first."""
FAINT_DIFFERENCED = 1e-7
NARROW = 1e-4
"""A deviation below this may come from a badly conditioned point: other points are tried first."""
RETRIES = 6
FAINT_RETRIES = 3


@dataclass(frozen=True)
class Question:
    """What was asked, what was answered, and in which conventions."""

    original: Expr
    wrt: tuple[Expr, ...]
    answer: Expr
    layout: str = "mixed"
    structure: str = "projected"


class Outcome(NamedTuple):
    """One comparison: the kind (see ``Comparison.compare``), the relative deviation, the sizes, why it failed."""

    kind: str
    error: float
    sizes: dict[str, int]
    reason: str = ""


class Comparison:
    """The original of a question against its answer, at as many points as asked for."""

    def __init__(self, question: Question, seed: int) -> None:
        self.question = question
        self.points = Points((question.original,), (question.answer, *question.wrt), seed=seed)
        self.moving = tuple(dict.fromkeys(question.wrt))
        self.flip = transposed(question.original.shape, question.wrt, question.layout)
        self.changing = self.points.program.dependents(self.moving, question.original)
        nodes = self.points.program.nodes
        self.analytic = all(nodes[i].op.analytic for i in self.changing)
        self.tested = not self.analytic
        repeated = [x for x in self.moving if question.wrt.count(x) > 1 and curved(space(x))]
        self.bent = bool(repeated) and question.structure == "projected"
        if self.bent and len(question.wrt) > 2:
            raise Refusal(f"an answer of order {len(question.wrt)} by {repeated[0]}, with orthonormal columns, cannot be checked")

    def trial(self) -> Outcome:
        """The outcome at one point, or at the most telling of a few where one point does not settle it."""
        mark = self.points.mark()
        seen: dict[str, Outcome] = {}
        for attempt in range(RETRIES + 1):
            try:
                outcome = self.compare(self.points.next())
            except Refusal:
                if not seen:
                    raise
                break
            if outcome.kind in ("right", "wrong") or not self.changing:
                return outcome
            seen[outcome.kind] = outcome
            if set(seen) == {"faint"} and attempt == FAINT_RETRIES:
                break
            self.points.skip_style()
        self.points.back(mark)
        for kind in ("narrow", "faint", "undefined"):
            if kind in seen:
                return seen[kind]
        raise Refusal("no admissible point was found to check the answer at: its derivative could not be taken numerically")

    def compare(self, point: Point) -> Outcome:
        """The comparison at one point.

        The kinds: ``right`` and ``wrong`` settle it; ``narrow`` is a small deviation, ``faint`` agreement on next to
        nothing, ``undefined`` an answer without a value, ``unusable`` a derivative that cannot be had numerically.
        """
        question = self.question
        at = [point.of(x) for x in question.wrt]
        tangents = [direction(x, X, question.structure, self.points.rng) for x, X in zip(question.wrt, at, strict=True)]
        tensor = self._tensor(point, tangents)
        if not np.isfinite(tensor).all():
            return Outcome("undefined", np.inf, point.sizes, "the answer has no finite value where the expression is smooth")
        off = off_space(tensor, question.wrt, at, question.structure)
        if off > EXACT:
            reason = f"the answer leaves the space of its variable (by {off:.1e}, relative)"
            return Outcome("wrong", off, point.sizes, reason)
        used = tangents
        if question.structure == "independent":
            used = [independent(space(x), V) for x, V in zip(question.wrt, tangents, strict=True)]
        got, slope, terms = self._sides(point, tensor, tangents, used)
        want = np.reshape(slope.value, -1, order="F")
        if not np.isfinite(want).all() or slope.error > UNSURE:
            return Outcome("unusable", np.inf, point.sizes)
        exact = self.analytic and len(tangents) == 1
        gap = np.abs(got - want)
        scale = np.maximum(np.abs(want), terms)
        size = float(scale.max())
        error = float((gap / np.maximum(scale, 1e-3 * size)).max()) if size > 0.0 else 0.0
        allowed = EXACT if exact else min(LOOSEST, max(DIFFERENCED, 20 * slope.error))
        if error <= allowed and size > 1e-3:
            return Outcome("right", error, point.sizes)
        whole = self._size_of_terms(point, tangents)
        if error > allowed and float(gap.max()) <= max(ROUNDING * whole, NOISE * self._noise(point, tangents, used, got, want)):
            return Outcome("faint", float(gap.max()) / max(whole, size), point.sizes)
        if error <= allowed:
            faint = size <= (FAINT if exact else FAINT_DIFFERENCED) * whole
            return Outcome("faint" if faint else "right", error, point.sizes)
        reason = f"the answer and the numerical derivative differ by {error:.1e} (relative) at sizes {point.sizes}"
        return Outcome("narrow" if error < NARROW else "wrong", error, point.sizes, reason)

    def _sides(self, point: Point, tensor: Any, tangents: Sequence[Any], used: Sequence[Any]) -> tuple[Any, Slope, Any]:
        """What the answer says about the directions, what the original says, and the size of the answer's terms."""
        got = contract(tensor, used)
        terms = contract(np.abs(tensor), [np.abs(V) for V in used])
        return got, self._slope(point, tangents, float(np.max(terms))), terms

    def _noise(self, point: Point, tangents: Sequence[Any], used: Sequence[Any], got: Any, want: Any) -> float:
        """How much both sides change when the point moves by next to nothing."""
        rng = self.points.rng
        env = {}
        for place, name, _ in self.points.program.inputs:
            value = point.values[place]
            env[name] = value * (1 + NUDGE * rng.standard_normal(np.shape(value)))
        moved = point._replace(values=point.bound.values(env))
        other, slope, _ = self._sides(moved, self._tensor(moved, tangents), tangents, used)
        return max(_largest(other - got), _largest(np.reshape(slope.value, -1, order="F") - want))

    def _tensor(self, point: Point, tangents: Sequence[Any]) -> Any:
        value = point.of(self.question.answer)
        if self.flip:
            value = np.transpose(value)
        return as_tensor(value, np.size(point.of(self.question.original)), tangents)

    def _follow(self, point: Point, steps: Sequence[tuple[Expr, Any]]) -> list[Any]:
        """The values of the original's nodes when the variables take steps."""
        moved = {x: point.of(x) for x in self.moving}
        for x, step in steps:
            moved[x] = moved[x] + step
        return point.bound.moved(point.values, moved, self.question.original)

    def _slope(self, point: Point, tangents: Sequence[Any], terms: float) -> Slope:
        """The mixed derivative of the original along the directions, and how sure it is."""
        place = self.points.program.place[self.question.original]

        def phi(s: Sequence[complex]) -> Any:
            return self._follow(point, [(x, c * V) for x, c, V in zip(self.question.wrt, s, tangents, strict=True)])[place]

        order = len(tangents)
        if not self.tested:
            start, here = phi((1j * COMPLEX_STEP, *[0.0] * (order - 1))), point.values[place]
            with_real = np.abs(np.real(start) - here)
            self.analytic = bool(np.all(with_real <= 1e-6 * (np.abs(here) + 1e-6 * float(np.max(np.abs(here))))))
            self.tested = True
        floor = terms
        if order > 1 or not self.analytic:
            floor = max(terms, 1e-3 * max((_largest(point.values[i]) for i in self.changing), default=0.0))
        slope = derivative(phi, order, analytic=self.analytic, floor=floor)
        if not self.bent:
            return slope
        Q, (U, V) = point.of(self.question.wrt[0]), tangents
        turn = Q @ (0.5 * (U.T @ V + V.T @ U))  # the geodesics of the space bend by this much

        def along(s: Sequence[complex]) -> Any:
            return self._follow(point, [(self.question.wrt[0], s[0] * turn)])[place]

        bend = derivative(along, 1, analytic=self.analytic, floor=floor)
        return Slope(slope.value - bend.value, max(slope.error, bend.error))

    def _size_of_terms(self, point: Point, tangents: Sequence[Any]) -> float:
        """The size of what the derivative is put together from, in the original and in the answer."""
        program = self.points.program
        reach = 1.0
        for V in tangents:
            reach *= _largest(V)
        first, last = program.place[self.question.original] + 1, program.place[self.question.answer] + 1
        inside = max((_largest(v) for v in point.values[first:last] if v is not None), default=0.0) * reach
        if self.analytic:
            values = self._follow(point, [(x, 1j * COMPLEX_STEP * V) for x, V in zip(self.question.wrt, tangents, strict=True)])
            spread = max((_largest(np.imag(values[i])) for i in self.changing), default=0.0) / COMPLEX_STEP
        else:
            spread = max((_largest(point.values[i]) for i in self.changing), default=0.0)
        return float(max(inside, spread))


def _largest(value: Any) -> float:
    """The largest absolute value of the entries that are finite."""
    size = np.abs(value)
    return float(np.max(size, initial=0.0, where=np.isfinite(size)))
