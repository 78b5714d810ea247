"""Points on the pieces of a function: a symbol is made smaller and larger until one piece goes over into another.

Where an answer is put together from pieces, an error in one of them shows only at points on it, and random points may meet it
rarely or never: minimum(norm2(Z), t) is t wherever t is small.  Along the multiples of one symbol it is seen where pieces of the
expression and of the answer change; between two such places the two are compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from closedform.core.expr import Expr
from closedform.core.infer import facts as known_facts
from closedform.core.walk import postorder
from closedform.verify.kinks import PIECEWISE
from closedform.verify.point import Point, Points

GRID = tuple(range(-6, 7))
"""Exponents of 2 of the multiples that are looked at first."""
HALVINGS = 4
"""So many times an interval with a change in it is halved."""
BEYOND = 0.4
"""So far (as an exponent of 2) beyond the outermost changes the two are compared as well."""
MOST = 4
"""So many points are taken along the multiples of one symbol."""
SCALABLE = frozenset({"symmetric", "skew", "diagonal", "lower", "upper", "psd", "pd", "positive", "nonnegative", "invertible"})
"""Facts that a positive multiple has too."""

Pattern = tuple[bytes, bytes]


class Change(NamedTuple):
    """Where along the multiples pieces change (an exponent of 2), and whether of the expression and the answer alike."""

    place: float
    alike: bool


class Pieces:
    """The pieces of the program of some points; ``original`` is the expression, ``answer`` the answer to it."""

    def __init__(self, points: Points, original: Expr, answer: Expr) -> None:
        self.points = points
        place = points.program.place
        self.sides = tuple([n for n in postorder(e) if n.op.name in PIECEWISE and n in place] for e in (original, answer))
        self.inputs = inputs_of(points)
        self.moving = [name for name in self.inputs if known_facts(points.symbols[name]) <= SCALABLE and self._reaches(name)]

    def _reaches(self, name: str) -> bool:
        """Does a piece depend on a symbol of which multiples may be taken?"""
        points = self.points
        reached = set(points.program.dependents(self.inputs[name]))
        return any(points.program.place[node] in reached for side in self.sides for node in side)

    def around(self, point: Point) -> Iterator[Point]:
        """Points with multiples of one symbol in place of it, on the pieces that these meet."""
        for name in self.moving:
            for exponent in _between(self._changes(point, name)):
                env = {other: point.values[place] for place, other, _ in self.points.program.inputs}
                env[name] = env[name] * 2.0**exponent
                found = self.points.at(point.sizes, env, point.style, self.points.conditions)
                if found is not None:
                    yield found

    def _changes(self, point: Point, name: str) -> list[Change]:
        """Where pieces change along the multiples of a symbol, in order."""
        known: dict[float, Pattern] = {}

        def pattern(exponent: float) -> Pattern:
            if exponent not in known:
                known[exponent] = self._pattern(point, name, 2.0**exponent)
            return known[exponent]

        out: list[Change] = []
        waiting = [(float(a), float(a + 1), HALVINGS) for a in GRID[:-1]]
        while waiting:
            low, high, left = waiting.pop()
            before, after = pattern(low), pattern(high)
            if before == after:
                continue
            middle = 0.5 * (low + high)
            if left:
                waiting += [(low, middle, left - 1), (middle, high, left - 1)]
            else:
                out.append(Change(middle, (before[0] == after[0]) == (before[1] == after[1])))
        return sorted(out)

    def _pattern(self, point: Point, name: str, multiple: float) -> Pattern:
        """On which pieces the expression and the answer are where a symbol is multiplied."""
        program = self.points.program
        changes: Mapping[Expr, Any] = {node: point.of(node) * multiple for node in self.inputs[name]}
        values = point.bound.moved(point.values, changes)
        first, second = (
            b"".join(piece(node.op.name, [values[program.place[a]] for a in node.args]) for node in side) for side in self.sides
        )
        return first, second


def inputs_of(points: Points) -> dict[str, list[Expr]]:
    """The nodes of each symbol that may be multiplied: of those that are no sizes, and no families or members of them."""
    out: dict[str, list[Expr]] = {}
    for _, name, node in points.program.inputs:
        if name not in points.held and points.symbols[name].op.name == "symbol" and name not in points.demands.names:
            out.setdefault(name, []).append(node)
    return out


def piece(name: str, arguments: list[Any]) -> bytes:
    """On which of its pieces a function is, entry by entry.

    >>> piece("relu", [np.array([2.0, -1.0])]) == piece("relu", [np.array([3.0, -2.0])])
    True
    """
    first = np.asarray(arguments[0])
    if name in ("max", "min"):
        return bytes(np.ravel(first == (np.max if name == "max" else np.min)(first)))
    return bytes(np.ravel(first > (arguments[1] if len(arguments) == 2 else 0.0)))


def _between(changes: list[Change]) -> list[float]:
    """Places between changes: first those beside a change of one side alone, which the other does not know of."""
    if not changes:
        return []
    places = [c.place for c in changes]
    middles = [places[0] - BEYOND, *(0.5 * (a + b) for a, b in itertools.pairwise(places)), places[-1] + BEYOND]
    telling = {k + side for k, change in enumerate(changes) if not change.alike for side in (0, 1)}
    order = sorted(range(len(middles)), key=lambda k: (k not in telling, k % 2, k))
    return [middles[k] for k in order[:MOST]]
