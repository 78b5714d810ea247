"""The sizes at which formulas are compared exactly.

Matrices of small sizes satisfy more identities than those of all sizes: [[A, B]^2, C] = 0 holds for 2 x 2 matrices,
and skew matrices of odd size are singular.  So sizes are mutually different, each name takes both parities, and one
choice lies above half the degree of the formula where that is affordable (below it, without transposes, no identity
holds on all matrices: Amitsur and Levitzki 1950).  Sizes that a formula holds as numbers take more values than a
polynomial in them has roots.
"""

from __future__ import annotations

from collections.abc import Sequence
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


class Plan:
    """Choices of sizes, each with what it is there for."""

    def __init__(self, exprs: Sequence[Expr], rng: np.random.Generator) -> None:
        nodes = postorder(*exprs)
        self.nodes = [node for node in nodes if node.op.name != "series"]
        self.demands = Demands(nodes)
        self.names = [*self.demands.names, *self.demands.indices]
        listed = list(islice(choices(self.demands, rng), 24))
        self.spare = [c for c in listed if self.affordable(c)]
        self.chosen: list[dict[str, int]] = []
        self.above = not self.demands.names
        """Is one of the sizes of every name above half the degree?"""
        self.counted = True
        """Do the sizes as numbers take more values than their degree?"""
        if not self.spare:
            raise Refusal("the arrays at the smallest sizes are too large to compare the formulas exactly")
        self._choose(listed[0], max(word_degree(e) for e in exprs), max(size_degree(e) for e in exprs))

    def affordable(self, sizes: dict[str, int]) -> bool:
        """Are all arrays small enough?"""
        total = 0
        for node in self.nodes:
            rows, cols = self._value(node.rows, sizes), self._value(node.cols, sizes)
            inner = max((self._value(a.cols, sizes) for a in node.args), default=1) if node.op.name == "mul" else 1
            total += rows * cols * (rows if node.op.name in ("inv", "det", "logdet") else inner)
            if node.op.name in ("lyap", "sylvester"):
                total += (rows * cols) ** 3
        return total <= WORK

    def _value(self, dim: Dim, sizes: dict[str, int]) -> int:
        try:
            return max(1, dim.value({**dict.fromkeys(dim.names, 8), **sizes}))
        except ValueError:
            return 1

    def _choose(self, first: dict[str, int], degree: int, counted: int) -> None:
        first = first if first in self.spare else self.spare[0]
        self._add(first)
        names = self.demands.names
        if not names:
            return
        other = [c for c in self.spare if all((c[x] - first[x]) % 2 for x in names)]
        for x in names:  # where the sizes depend on each other, one name at a time
            self._add(*([c for c in other or self.spare if (c[x] - first[x]) % 2][:1]))
            if other:
                break
        top = min(LARGEST, degree // 2 + 1)
        self.above = any(min(c[x] for x in names) >= degree // 2 + 1 for c in self.chosen)
        if not self.above:
            large = {x: top + k for k, x in enumerate(names)}
            if self.demands.met({**large, **{i: 1 for i in self.demands.indices}}, 1) and self.affordable(large):
                self._add({**large, **{i: 1 for i in self.demands.indices}})
                self.above = top == degree // 2 + 1
        if counted:
            self._sweep(counted)

    def _add(self, *found: dict[str, int]) -> None:
        self.chosen += [c for c in found if c not in self.chosen]

    def _sweep(self, degree: int) -> None:
        """More choices, until each name has had more values than the degree of the sizes as numbers."""
        names = self.demands.names
        rest = {i: 1 for i in self.demands.indices}
        base = self.chosen[0]
        for x in names:
            values = {c[x] for c in self.chosen}
            for v in range(1, FURTHEST + 1):
                if len(values) > degree:
                    break
                choice = {**base, x: v, **rest}
                if v not in values and self.demands.met(choice, 1) and self.affordable(choice):
                    self._add(choice)
                    values.add(v)
            self.counted &= len(values) > degree
