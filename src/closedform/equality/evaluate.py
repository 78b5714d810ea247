"""The values of expressions at random points over finite fields, in the world where they are exact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from closedform.core.bound import indices
from closedform.core.dim import Dim
from closedform.core.expr import Expr
from closedform.core.limits import tick
from closedform.equality.draw import drawn, entries
from closedform.equality.field import Modulus
from closedform.equality.hidden import EXPONENTIAL_RULES, HIDDEN_RULES
from closedform.equality.ring import exact, unknown
from closedform.equality.worlds import EXPONENTIALS, HIDDEN, LOGARITHMS, P, Part, Q, exponent_is_number, logarithmic, needs
from closedform.ops.elementwise import DECLARED

ENTRYWISE = frozenset(row["name"] for row in DECLARED)


TERM = 10
"""Pieces of work for a term of a sum with an index, beside those of its parts."""


class World:
    """One arithmetic, with the random values of the symbols in it."""

    __slots__ = ("field", "symbols")

    def __init__(self, field: Modulus) -> None:
        self.field = field
        self.symbols: dict[str, Any] = {}


class Evaluation:
    """Values at one choice of sizes and a stack of random points.

    ``fine`` says at which points everything has had a value so far; ``assumed`` names what was not evaluated as a
    homomorphism of the functions of real numbers (roots, signs, functions as arbitrary ones): where that is not empty,
    a difference is no refutation by itself.  ``absolute`` takes roots and logarithms of absolute values, for which no
    points need to be passed over; what agrees so, agrees where they are taken of positive numbers.
    """

    entrywise = ENTRYWISE

    def __init__(
        self,
        symbols: Mapping[str, Expr],
        sizes: Mapping[str, int],
        moduli: tuple[int, ...],
        rng: np.random.Generator,
        *,
        paired: bool,
        rooted: frozenset[str] = frozenset(),
        absolute: bool = False,
    ) -> None:
        self.sizes = dict(sizes)
        self.paired = paired
        self.absolute = absolute
        self.fine = np.ones(len(moduli), dtype=bool)
        self.assumed: set[str] = set()
        self.worlds = [World(Modulus(moduli))]
        if paired:
            self.worlds.append(World(Modulus(tuple(p // 2 for p in moduli))))
        for world in self.worlds:
            for name, symbol in symbols.items():
                world.symbols[name] = drawn(symbol, sizes, world.field, rng, square=name in rooted)
            world.symbols["π"] = entries(world.field, rng, 1, 1, square=True)
        base = rng.integers(2, self.worlds[0].field.m3 - 1, (len(moduli), 1, 1))
        self.g = base * base % self.worlds[0].field.m3
        """Generates the squares modulo p, a group of order q (whose order is a prime)."""
        self.memo: dict[Part, Any] = {}

    # ---- what the rules use --------------------------------------------------------------------------------
    def require(self, fine: Any) -> None:
        """Points where this does not hold are not admissible."""
        self.fine = self.fine & fine

    def assume(self, what: str) -> None:
        """Note what was not evaluated as it is over the real numbers."""
        self.assumed.add(what)

    def positive(self, field: Modulus, a: Any) -> Any:
        """What must be positive must be a square; with ``absolute`` that one of a and -a which is a square is taken."""
        signs = field.squares(a)
        if self.absolute:
            self.require((signs != 0).all(axis=(1, 2)))
            return a * signs % field.m3
        self.require((signs == 1).all(axis=(1, 2)))
        return a

    def number(self, dim: Dim) -> int:
        """A size as a number."""
        return dim.value(self.sizes)

    def numbers(self, params: tuple[Any, ...]) -> list[Any]:
        """Parameters, sizes as numbers."""
        return [self.number(p) if isinstance(p, Dim) else p for p in params]

    def shape(self, e: Expr) -> tuple[int, int]:
        """The sizes of a value."""
        return self.number(e.rows), self.number(e.cols)

    # ---- evaluation ----------------------------------------------------------------------------------------
    def value(self, e: Expr, world: int) -> Any:
        """The value of an expression in a world."""
        memo = self.memo
        stack: list[Part] = [(e, world)]
        while stack:
            part = stack[-1]
            if part in memo:
                stack.pop()
                continue
            wanted = needs(*part, paired=self.paired)
            missing = [w for w in wanted if w not in memo]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            tick(1 + len(wanted))
            memo[part] = self._computed(*part, [memo[w] for w in wanted])
        return memo[e, world]

    def _computed(self, node: Expr, world: int, parts: list[Any]) -> Any:
        name = node.op.name
        if name == "series" and (world != HIDDEN or logarithmic(node)):
            return self._series(node, world)
        field = self.worlds[P].field
        if world == HIDDEN:
            if len(parts) == 1 and not _ruled(node):
                return field.power(self.g, parts[0])
            self.assume("logarithms") if name in LOGARITHMS else None
            return HIDDEN_RULES[name](self, node, *parts)
        w = self.worlds[world]
        if name in ("symbol", "family"):
            return w.symbols[node.params[0]]
        if name == "pi":
            return w.symbols["π"]
        if name in EXPONENTIALS:
            if world == P and self.paired:
                return EXPONENTIAL_RULES[name](self, *parts)
            return unknown(self, w, node, parts)
        if name in ("pow", "entrypow") and world == P and self.paired and not exponent_is_number(node):
            self.assume("roots")
            return field.power(self.positive(field, parts[0]), parts[1])
        return exact(self, w, node, parts)

    def _series(self, node: Expr, world: int) -> Any:
        """A sum with an index, term by term; parts without the index are computed once."""
        name, low, high = node.params
        outer, kept = self.memo, dict(self.sizes)
        field = self.worlds[Q if world == Q else P].field
        total: Any = None
        for i in range(self.number(low), self.number(high) + 1):
            tick(TERM)
            self.memo, self.sizes = dict(outer), {**kept, name: i}
            term = self.value(node.args[0], world)
            for part, found in self.memo.items():
                if part not in outer and name not in indices(part[0]):
                    outer[part] = found
            total = term if total is None else total * term % field.m3 if world == HIDDEN else (total + term) % field.m3
        self.memo, self.sizes = outer, kept
        if total is None:
            return np.full((field.count, *self.shape(node)), int(world == HIDDEN), dtype=np.int64)
        return total


def _ruled(node: Expr) -> bool:
    """Is the hidden value computed by a rule of its own, rather than from the residue?"""
    if not logarithmic(node):
        return False
    return not (node.op.name in ("mul", "hadamard") and sum(logarithmic(a) for a in node.args) > 1)
