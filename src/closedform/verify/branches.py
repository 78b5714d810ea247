"""Branches that no point has taken: points on them are looked for.

Of a function with pieces, as relu or minimum, a branch may never be taken where points are drawn in the ordinary ways:
minimum(min(B*Q), norm2(M)) is min(B*Q) unless all of its entries are large.  Symbols are drawn in other ways, and multiplied,
until the other branch is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from closedform.core.expr import Expr
from closedform.core.infer import facts as known_facts
from closedform.core.infer import known
from closedform.verify.kinks import EXTREMES, PIECEWISE
from closedform.verify.pieces import SCALABLE, inputs_of
from closedform.verify.point import SCHEDULE, Point, Points

STYLES = ("positive", "mixed", "large positive", "small", "mixed", "wide positive", "normal", "mixed")
"""Ways to draw, in turn."""
MULTIPLES = (8.0, 256.0, 1 / 8, 1 / 256, -1.0, -8.0, -256.0)
SIGNED = frozenset({"positive", "nonnegative", "psd", "pd"})
"""Facts that a negative multiple lacks."""


class Branch(NamedTuple):
    """A node and one side of it: above or not above (its other argument, or 0)."""

    node: Expr
    above: bool


class Branches:
    """The branches of an expression, and those of them that have not been taken."""

    def __init__(self, points: Points, original: Expr) -> None:
        self.points = points
        program = points.program
        last = program.place[original]
        nodes = [node for node in program.nodes[: last + 1] if node.op.name in PIECEWISE - EXTREMES]
        self.left = {Branch(node, above) for node in nodes for above in (False, True) if not _never(node, above)}

    def taken(self, values: list[Any]) -> set[Branch]:
        """Those that are left, of the ones that are taken at some values."""
        return {branch for branch in self.left if self._takes(branch, values)}

    def _takes(self, branch: Branch, values: list[Any]) -> bool:
        first, *rest = (values[self.points.program.place[a]] for a in branch.node.args)
        above = np.asarray(first > (rest[0] if rest else 0.0))
        return bool(np.any(above == branch.above))

    def met(self, point: Point) -> None:
        """The answer has been found to agree with the original at a point."""
        self.left -= self.taken(point.values)

    def points_on(self) -> Iterator[Point]:
        """Points at which branches are taken that are left."""
        styles = [style for style, _ in SCHEDULE]
        for style in STYLES:
            if not self.left:
                return
            self.points.back(styles.index(style))
            base = self.points.drawn()
            if base is None:
                continue
            if self.taken(base.values):
                yield base
            for name, multiple in self._multiples():
                if self.left and (found := self._multiplied(base, name, multiple)) is not None:
                    yield found

    def _multiples(self) -> Iterator[tuple[str, float]]:
        program = self.points.program
        for name, nodes in inputs_of(self.points).items():
            facts = known_facts(self.points.symbols[name])
            reached = set(program.dependents(nodes))
            if facts <= SCALABLE and any(program.place[branch.node] in reached for branch in self.left):
                yield from ((name, multiple) for multiple in MULTIPLES if multiple > 0 or not facts & SIGNED)

    def _multiplied(self, base: Point, name: str, multiple: float) -> Point | None:
        """The point with a multiple of one symbol, where it takes a branch that is left."""
        changes = {node: base.of(node) * multiple for node in inputs_of(self.points)[name]}
        if not self.taken(base.bound.moved(base.values, changes)):
            return None
        env = {other: base.values[place] for place, other, _ in self.points.program.inputs}
        env[name] = env[name] * multiple
        return self.points.at(base.sizes, env, base.style, self.points.conditions)


def _never(node: Expr, above: bool) -> bool:
    """Is it known that a side is not taken?"""
    (first, *rest) = node.args
    return not above and not rest and (known(first, "nonnegative") or known(first, "positive"))
