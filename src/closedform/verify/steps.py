"""The steps of a derivation, each checked by itself at random points.

Both sides of a line are evaluated with the differential taken numerically; where the derivative is identified, it is
contracted with the direction.  Nothing of the rules that made the step takes part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, shape_text
from closedform.core.walk import postorder
from closedform.numeric.series import refuse_long
from closedform.numeric.sizes import shrink
from closedform.verify.differentials import marked
from closedform.verify.kinks import PIECEWISE
from closedform.verify.lines import Place, StepCheck

NARROW = 1e-4
"""A deviation below this may come from a badly conditioned point: it counts when it is seen at every point."""
POINTS = 2
KINKED_POINTS = 6
"""More where a side has pieces, which may agree by chance."""
RETRIES = 6
"""So many more points are looked at where one does not settle it."""


class Line(Protocol):
    """What is read of a step."""

    @property
    def rule(self) -> str: ...
    @property
    def before(self) -> Expr: ...
    @property
    def after(self) -> Expr: ...


def check_step(
    step: Line, wrt: Expr | Sequence[Expr], *, seed: int = 0, free: bool = False, independent: bool = False, layout: str = "mixed"
) -> StepCheck:
    """Does a step hold?  ``wrt`` is the variable that moves in it (of several, all move).

    A structured variable moves in its own space, with ``free`` in any direction; with ``independent`` the direction in
    the line may also stand for the independent entries.  ``layout`` is that of what is identified; any of them, when empty.

    >>> from closedform.calculus.derivation import Step
    >>> from closedform.core.op import f
    >>> from closedform.lang.read import parse
    >>> e = parse("x'*x", "x: n")
    >>> x = e.scope.symbols["x"]
    >>> dx = f.tangent("x", x.rows, x.cols)
    >>> check_step(Step("d-mul", f.d(e.expr), f.mul(f.transpose(x), dx), ""), x).ok
    False
    >>> check_step(Step("identify", f.d(e.expr), f.add(x, x), ""), x).ok
    True
    """
    movers = (wrt,) if isinstance(wrt, Expr) else tuple(wrt)
    return _Stage([step], movers, (), _structure(free, independent), layout).checks(seed)[0]


def check_steps(
    steps: Sequence[Line],
    wrt: Expr | Sequence[Expr],
    *,
    seed: int = 0,
    free: bool = False,
    independent: bool = False,
    layout: str = "mixed",
) -> tuple[StepCheck, ...]:
    """The check of each step of a derivation by the variables, taken in turn: one "identify" ends each differentiation.

    The ``layout`` is that of the last one; the others are in mixed layout.

    >>> from closedform.lang.read import parse
    >>> check_steps([], parse("x'*x", "x: n").scope.symbols["x"])
    ()
    """
    variables = (wrt,) if isinstance(wrt, Expr) else tuple(wrt)
    structure = _structure(free, independent)
    stages: list[list[Line]] = [[]]
    for step in steps:
        stages[-1].append(step)
        if step.rule == "identify" and len(stages) < len(variables):
            stages.append([])
    out: list[StepCheck] = []
    for k, stage in enumerate(stages):
        last = layout if k == len(variables) - 1 else "mixed" if layout else ""
        if stage:
            out += _Stage(stage, (variables[k],), variables[:k], structure, last).checks(seed)
    return tuple(out)


def _structure(free: bool, independent: bool) -> str:
    if free and independent:
        raise InputError("the directions of a variable are free or independent, not both")
    return "free" if free else "independent" if independent else "projected"


class _Tally:
    """What the points have said about one step."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.seen: list[StepCheck] = []
        self.narrow: StepCheck | None = None
        self.failed: StepCheck | None = None
        self.faint = 0

    def add(self, found: StepCheck | None) -> None:
        """Count one more comparison; agreement on zero says little."""
        if found is None:
            return
        if found.ok and found.reason:
            self.faint += 1
        elif found.ok:
            self.seen.append(found)
        elif found.error < NARROW:
            self.narrow = found
        else:
            self.failed = found

    @property
    def settled(self) -> bool:
        return self.failed is not None or len(self.seen) >= self.wanted or (not self.seen and self.faint >= self.wanted + 2)

    def verdict(self) -> StepCheck:
        if self.failed is not None:
            return self.failed
        if self.seen:
            return StepCheck(True, max(found.error for found in self.seen))
        if self.narrow is not None:
            return self.narrow
        if self.faint:
            return StepCheck(True, 0.0)
        return StepCheck(False, float("inf"), "not compared: at no point could the differential be had numerically")


def pieces(sides: Sequence[Expr]) -> bool:
    """Is a side put together from pieces, so that a wrong one may go unseen at a point?"""
    return any(node.op.name in PIECEWISE for node in postorder(*sides))


class _Stage:
    """The steps of one differentiation."""

    def __init__(
        self, steps: Sequence[Line], movers: Sequence[Expr], earlier: Sequence[Expr], structure: str, layout: str
    ) -> None:
        self.steps = list(steps)
        self.rules = [step.rule for step in steps]
        self.sides = [side for step in steps for side in (step.before, step.after)]
        self.movers = tuple(movers)
        self.earlier = tuple(earlier)
        self.structure = structure
        self.layout = layout

    def checks(self, seed: int) -> list[StepCheck]:
        """The check of each step; where not all of them can be looked at together, each by itself."""
        try:
            with np.errstate(all="ignore"):
                return self._compared(seed)
        except (Refusal, InputError) as error:
            if len(self.steps) == 1:
                return [StepCheck(False, float("inf"), f"not compared: {error.message}")]
        rows = [_Stage([step], self.movers, self.earlier, self.structure, self.layout) for step in self.steps]
        return [check for row in rows for check in row.checks(seed)]

    def _fits(self, small: Sequence[Expr]) -> bool:
        """Has every derivative that is identified as many entries as its function and its variable?"""
        movers = small[len(self.sides) : len(self.sides) + len(self.movers)]
        for k, step in enumerate(self.steps):
            before, after = small[2 * k : 2 * k + 2]
            if step.rule == "identify":
                entries = after.rows * after.cols
                if not any(before.rows * before.cols * x.rows * x.cols == entries for x in movers):
                    return False
        return True

    def _compared(self, seed: int) -> list[StepCheck]:
        refuse_long(postorder(*self.sides))
        small, _ = shrink([*self.sides, *self.movers, *self.earlier], self._fits)
        count = len(self.sides)
        movers = small[count : count + len(self.movers)]
        lines = marked(small[:count])
        place = Place(lines, movers, small[count + len(self.movers) :], self.structure, seed)
        wanted = [KINKED_POINTS if pieces(self.sides[2 * k : 2 * k + 2]) else POINTS for k in range(len(self.steps))]
        tallies = [_Tally(count) for count in wanted]
        for turn in range(max(wanted) + RETRIES):
            waiting = [k for k, tally in enumerate(tallies) if not tally.settled]
            if not waiting:
                break
            try:
                place.draw()
            except Refusal:
                if turn == 0:
                    raise
                break
            for k in waiting:
                tallies[k].add(self._step(place, k))
        return [tally.verdict() for tally in tallies]

    def _step(self, place: Place, k: int) -> StepCheck | None:
        """The comparison of one step at the point drawn; None where it says nothing."""
        before, after = place.lines.lines[2 * k : 2 * k + 2]
        if self.rules[k] == "identify":
            return self._identified(place, before, after)
        if before.shape != after.shape:
            return StepCheck(False, float("inf"), f"the sides are {shape_text(before.shape)} and {shape_text(after.shape)}")
        return place.compared(before, after, self.structure == "independent")

    def _identified(self, place: Place, before: Expr, after: Expr) -> StepCheck | None:
        x = place.mover(before)
        layouts = (self.layout,) if self.layout else ("mixed", "numerator", "denominator")
        found: StepCheck | None = StepCheck(False, float("inf"), f"a derivative by {x} is not {shape_text(after.shape)}")
        for layout in layouts:
            flips = place.flip(before, x, after, layout)
            if flips is None:
                continue
            found = place.identified(before, after, x, flips, self.structure == "independent")
            if found is None or found.ok:
                break
        return found
