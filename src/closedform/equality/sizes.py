"""The sizes at which formulas are compared exactly.

Matrices of small sizes satisfy more identities than those of all sizes: [[A, B]^2, C] = 0 holds for 2 x 2 matrices,
and skew matrices of odd size are singular.  So sizes are mutually different, each name takes both parities, and one
choice lies above half the degree of the formula where that is affordable (below it, without transposes, no identity
holds on all matrices: Amitsur and Levitzki 1950).  Sizes that a formula holds as numbers take more values than a
polynomial in them has roots.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from closedform.core.dim import Dim
from closedform.core.errors import Refusal
from closedform.core.expr import Expr
from closedform.core.walk import postorder
from closedform.equality.degree import size_degree, word_degree
from closedform.numeric.sizes import Demands, choices

WORK = 60_000
"""A choice of sizes is affordable when the arrays of one evaluation have at most so many numbers, products counted."""
LARGEST = 9
FURTHEST = 14
MOST_SPARE = 8


class Plan:
    """Choices of sizes, each with what it is there for."""

    def __init__(self, exprs: Sequence[Expr], rng: np.random.Generator) -> None:
        nodes = postorder(*exprs)
        self._shapes = dict.fromkeys(_costs(nodes))
        self.demands = Demands(nodes)
        self._listed = list(islice(choices(self.demands, rng), 24))
        self.chosen: list[dict[str, int]] = []
        self.above = not self.demands.names
        """Is one of the sizes of every name above half the degree?"""
        self.counted = True
        """Do the sizes as numbers take more values than their degree?"""
        first = next((c for c in self._listed if self.affordable(c)), None)
        if first is None:
            raise Refusal("the arrays at the smallest sizes are too large to compare the formulas exactly")
        self._choose(first, max(word_degree(e) for e in exprs), max(size_degree(e) for e in exprs))

    def spare(self) -> Iterator[dict[str, int]]:
        """More affordable choices, for when those that were chosen turn out to be singular."""
        same = [{**dict.fromkeys(self.demands.names, 3), **dict.fromkeys(self.demands.indices, 1)}]
        last = [c for c in same if self.demands.met(c, 1)]  # a matrix that is invertible only when it is square
        return (c for c in (*self._listed[:MOST_SPARE], *last) if c not in self.chosen and self.affordable(c))

    def affordable(self, sizes: dict[str, int]) -> bool:
        """Are all arrays small enough?"""
        return self.cost(sizes) <= WORK

    def cost(self, sizes: Mapping[str, int]) -> int:
        """About how many numbers are computed in one evaluation."""
        values: dict[Dim, int] = {}
        total = 0
        for cost in self._shapes:
            size = 1
            for dim in cost:
                if dim not in values:
                    values[dim] = _value(dim, sizes)
                size *= values[dim]
            total += size
        return total

    def _choose(self, first: dict[str, int], degree: int, counted: int) -> None:
        self._add(first)
        names = self.demands.names
        if not names:
            return
        odd = [[x for x in names if (c[x] - first[x]) % 2] for c in self._listed]
        all_odd = (c for c, changed in zip(self._listed, odd, strict=True) if len(changed) == len(names))
        other = next((c for c in all_odd if self.affordable(c)), None)
        if other is not None:
            self._add(other)
        else:  # where the sizes depend on each other, one name at a time
            for x in names:
                some = (c for c, changed in zip(self._listed, odd, strict=True) if x in changed)
                self._add(*islice((c for c in some if self.affordable(c)), 1))
        top = min(LARGEST, degree // 2 + 1)
        self.above = any(min(c[x] for x in names) >= degree // 2 + 1 for c in self.chosen)
        if not self.above:
            large = {**{x: top + k for k, x in enumerate(names)}, **dict.fromkeys(self.demands.indices, 1)}
            if self.demands.met(large, 1) and self.affordable(large):
                self._add(large)
                self.above = top == degree // 2 + 1
        if counted:
            self._sweep(counted)

    def _add(self, *found: dict[str, int]) -> None:
        self.chosen += [c for c in found if c not in self.chosen]

    def _sweep(self, degree: int) -> None:
        """More choices, until each name has had more values than the degree of the sizes as numbers."""
        base = {**self.chosen[0], **dict.fromkeys(self.demands.indices, 1)}
        for x in self.demands.names:
            values = {c[x] for c in self.chosen}
            for v in range(1, FURTHEST + 1):
                if len(values) > degree:
                    break
                choice = {**base, x: v}
                if v not in values and self.demands.met(choice, 1) and self.affordable(choice):
                    self._add(choice)
                    values.add(v)
            self.counted &= len(values) > degree


def _costs(nodes: Sequence[Expr]) -> Iterator[tuple[Dim, ...]]:
    """For each node the sizes whose product is what it costs."""
    for node in nodes:
        name = node.op.name
        if name == "series":
            continue
        yield node.shape
        if name in ("inv", "det", "logdet", "adj", "pinv"):
            yield (*node.args[0].shape, node.args[0].rows)
        elif name == "mul":
            for a in node.args[1:]:
                yield (node.rows, *a.shape)
        elif name in ("lyap", "sylvester"):
            yield node.shape * 3


def _value(dim: Dim, sizes: Mapping[str, int]) -> int:
    try:
        return max(1, dim.value({**dict.fromkeys(dim.names, 8), **sizes}))
    except ValueError:
        return 1
