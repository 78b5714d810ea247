"""Lines of a derivation at a random point, and how far two of them are apart there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, substitute
from closedform.numeric.tangent import curved, direction, independent, project, space
from closedform.verify.differentials import Marked, Motion
from closedform.verify.point import Points

EXACT = 1e-8
"""How far the sides may be apart, relative to their entries, where the complex step is all that is used."""
LOOSEST = 1e-5
"""... and at most where differences are; a differential whose estimated error is larger is not used."""
ROUNDING = 1e-13
"""A deviation below this, relative to what the sides are put together from, is rounding."""
NUDGE = 1e-13
NOISE = 100.0
"""A deviation counts as rounding up to this many times the change that comes from moving the point by ``NUDGE``."""


@dataclass(frozen=True)
class StepCheck:
    """``ok``, the largest relative deviation of the two sides, and why the step does not hold (or was not compared)."""

    ok: bool
    error: float
    reason: str = ""


class Place:
    """Lines at a point, with directions of the variables that move."""

    def __init__(self, lines: Marked, movers: Sequence[Expr], earlier: Sequence[Expr], structure: str, seed: int) -> None:
        self.lines = lines
        self.movers = tuple(movers)
        self.curved = [x for x in earlier if curved(space(x)) and structure == "projected"]
        self.structure = structure
        self.unit = {x for x in movers if x.is_scalar and not any(_names(dX, x) for dX in lines.directions.values())}
        shadows = [substitute(series, _primal(series)) for series in lines.sums.values()]
        self.points = Points(tuple(lines.differentials.values()), (*lines.lines, *shadows, *movers, *earlier), seed=seed)
        self.program = self.points.program
        moving = set(self.program.dependents([m for m in lines.symbols if m in self.program.place]))
        self.depending = moving | {self.program.place[m] for m in lines.symbols if m in self.program.place}
        self._below: dict[tuple[Expr, ...], list[int]] = {}

    def mover(self, line: Expr) -> Expr:
        """The variable whose direction stands in a line."""
        used = {dX.params[0] for mark, dX in self.lines.directions.items() if mark in postorder(line)}
        return next((x for x in self.movers if x.params[0] in used), self.movers[-1])

    def draw(self) -> None:
        """Another point, other directions."""
        self.point = self.points.next()
        rng = self.points.rng
        at = {str(x.params[0]): self.point.of(x) for x in self.movers}
        self.towards: dict[str, Any] = {}
        for x in self.movers:
            name = str(x.params[0])
            V = np.float64(1.0) if x in self.unit else direction(x, at[name], self.structure, rng)
            self.towards[name] = V
        self.entries = {str(x.params[0]): independent(space(x), self.towards[str(x.params[0])]) for x in self.movers}
        self.motion = Motion(at, self.towards)
        self.values = self.motion.filled(self.lines, self.point.bound, self.point.values)
        self.other = self.values
        if self.structure == "independent":
            self.other = self.motion.filled(self.lines, self.point.bound, self.point.values, self.entries)

    def compared(self, before: Expr, after: Expr, independent: bool) -> StepCheck | None:
        """The two sides of an equation."""
        a, b = self.program.place[before], self.program.place[after]
        found = self._gap(self.values[a], self.values[b], (before, after))
        if independent and (found is None or not found.ok):
            for left, right in ((self.values, self.other), (self.other, self.other)):
                other = self._gap(left[a], right[b], (before, after))
                if other is not None and other.ok:
                    return other
        return self._judged(found, before, after, None)

    def flip(self, before: Expr, x: Expr, after: Expr, layout: str) -> bool | None:
        """Is a derivative in this layout the transpose of the mixed one?  None where its shape is not that of the layout."""
        if before.is_scalar and not x.is_scalar:
            shape, flips = x.shape, layout == "numerator"
        else:
            shape = before.shape if x.is_scalar else (before.rows * before.cols, x.rows * x.cols)
            flips = layout == "denominator"
        return flips if after.shape == (shape[::-1] if flips else shape) else None

    def identified(self, before: Expr, after: Expr, x: Expr, flips: bool, independent: bool) -> StepCheck | None:
        """What is read of a differential: the derivative contracted with the direction."""
        name = str(x.params[0])
        choices = [(self.values, self.towards[name])]
        if independent:
            choices = [(values, self.entries[name]) for values in (self.values, self.other)]
        found: StepCheck | None = None
        for values, V in choices:
            found = self._contracted(values, before, after, flips, V)
            if found is None or found.ok:
                return found
        return self._judged(found, before, after, (flips, name, independent))

    def _contracted(self, values: Sequence[Any], before: Expr, after: Expr, flips: bool, V: Any) -> StepCheck | None:
        want, got = (np.atleast_2d(values[self.program.place[e]]) for e in (before, after))
        got = got.T if flips else got
        moved = _contraction(got, want, V)
        found = self._gap(want, moved, (before, after))
        if found is not None and not found.ok:
            for Q in self.curved:  # rows of the Jacobian of a projected gradient are put back into its space
                X = self.point.of(Q)
                if want.size == X.size:
                    kept = project(space(Q), X, np.reshape(want, X.shape, order="F"))
                    other = self._gap(np.reshape(kept, want.shape, order="F"), moved, (before, after))
                    if other is not None and other.ok:
                        return other
        return found

    def _gap(self, a: Any, b: Any, lines: tuple[Expr, ...]) -> StepCheck | None:
        """How far two values are apart; None where neither is finite or the differential is too uncertain."""
        a, b = np.asarray(a), np.asarray(b)
        if not np.isfinite(a).all() or self.motion.error > LOOSEST:
            return None
        if not np.isfinite(b).all():
            return StepCheck(False, float("inf"), f"the second side has no finite value at sizes {self.point.sizes}")
        gap, scale = np.abs(a - b), np.maximum(np.abs(a), np.abs(b))
        size = float(np.max(scale, initial=0.0))
        error = float(np.max(gap / np.maximum(scale, 1e-3 * size))) if size > 0.0 else 0.0
        tolerance = max(EXACT, min(LOOSEST, 20 * self.motion.error))
        if error <= tolerance or float(np.max(gap, initial=0.0)) <= ROUNDING * self._whole(lines):
            return StepCheck(True, error if error <= tolerance else 0.0, "" if size > 0.0 else "both sides are zero")
        return StepCheck(False, error, f"the two sides differ by {error:.1e} (relative) at sizes {self.point.sizes}")

    def _whole(self, lines: tuple[Expr, ...]) -> float:
        """The size of what the sides are put together from."""
        places = self._below.get(lines)
        if places is None:
            reached = (self.program.place[node] for node in postorder(*lines) if node in self.program.place)
            places = self._below[lines] = [i for i in reached if i in self.depending]
        return max([self.motion.spread, *(_largest(self.values[i]) for i in places)])

    def _judged(
        self, found: StepCheck | None, before: Expr, after: Expr, read: tuple[bool, str, bool] | None
    ) -> StepCheck | None:
        """A deviation, unless it is no larger than what moving the point by next to nothing does to the sides."""
        if found is None or found.ok or not np.isfinite(found.error):
            return found
        sides = [self._both(self.motion, self.values, before, after, read)]
        kept = self.motion, self.values, self.point
        for _ in range(2):
            env = {}
            for place, name, _node in self.program.inputs:
                value = self.point.values[place]
                env[name] = value * (1 + NUDGE * self.points.rng.standard_normal(np.shape(value)))
            values = self.point.bound.values(env)
            motion = Motion({n: env[n] for n in self.motion.at}, self.towards)
            sides.append(self._both(motion, motion.filled(self.lines, self.point.bound, values), before, after, read))
        self.motion, self.values, self.point = kept
        noise = max(_largest(x - y) for row in sides[1:] for x, y in zip(row, sides[0], strict=True))
        want, got = sides[0]
        return None if float(np.max(np.abs(want - got))) <= NOISE * noise else found

    def _both(
        self, motion: Motion, values: Sequence[Any], before: Expr, after: Expr, read: tuple[bool, str, bool] | None
    ) -> tuple[Any, Any]:
        want, got = (np.atleast_2d(values[self.program.place[e]]) for e in (before, after))
        if read is None:
            return want, got
        flips, name, entries = read
        return want, _contraction(got.T if flips else got, want, self.entries[name] if entries else self.towards[name])


def _contraction(derivative: Any, function: Any, V: Any) -> Any:
    """What a mixed-layout derivative says about a direction, in the shape of the function."""
    if np.ndim(V) == 0:
        return derivative * V
    if np.size(function) == 1 and derivative.shape == np.shape(V):
        return np.reshape(np.sum(derivative * V), (1, 1))
    return np.reshape(derivative @ np.reshape(V, -1, order="F"), np.shape(function), order="F")


def _primal(series: Expr) -> dict[Expr, Expr]:
    """Each differential under a sum with what it is of, each direction with a matrix of ones."""
    return {
        node: node.args[0] if node.op.name == "d" else make("ones", (), node.shape)
        for node in postorder(series)
        if node.op.name in ("d", "tangent")
    }


def _names(dX: Expr, x: Expr) -> bool:
    return bool(dX.params[0] == x.params[0])


def _largest(value: Any) -> float:
    size = np.abs(value)
    return float(np.max(size, initial=0.0, where=np.isfinite(size)))
