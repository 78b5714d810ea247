"""Conditions that operations inside of sums put on arguments which change with the index: they hold of every term, or the
expression has no derivative."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from closedform.core.bound import indices
from closedform.core.expr import Expr
from closedform.numeric.evaluate import Program
from closedform.verify.point import Point, holds, said

MOST_TERMS = 100
"""So many terms are looked at."""


class Spot(NamedTuple):
    """A condition, its argument, and the sums around it, the outer ones first."""

    condition: str
    argument: Expr
    around: tuple[Expr, ...]


class Inside:
    """The conditions inside of the sums of an expression."""

    def __init__(self, e: Expr) -> None:
        self.spots = [spot for spot in _spots(e) if indices(spot.argument)]
        self.programs = [Program(spot.argument) for spot in self.spots]

    def broken(self, point: Point) -> str:
        """Which condition fails of a term at a point; empty when none does.

        >>> from closedform.lang.read import parse
        >>> from closedform.verify.point import Points
        >>> e = parse("sum(i in 1..n, exp(-t/(i - 1)^2))", "t: scalar positive; n: scalar integer positive").expr
        >>> Inside(e).broken(Points((e,)).next())
        'i - 1 was zero wherever it was tried'
        """
        for spot, program in zip(self.spots, self.programs, strict=True):
            inputs = {name: point.of(node) for _, name, node in program.inputs}
            with np.errstate(all="ignore"):
                for sizes in _terms(spot.around, point.sizes):
                    value: Any = program.at(sizes).values(inputs)[program.place[spot.argument]]
                    if not holds(spot.condition, value):
                        return said(spot.argument, spot.condition if np.isfinite(value).all() else "finite")
        return ""


def _spots(e: Expr) -> list[Spot]:
    """Every condition in an expression with the sums around it, those of inner parts first."""
    out: dict[Spot, None] = {}
    seen: set[tuple[Expr, tuple[Expr, ...]]] = set()
    stack: list[tuple[Expr, tuple[Expr, ...]]] = [(e, ())]
    while stack:
        node, around = stack.pop()
        if (node, around) in seen:
            continue
        seen.add((node, around))
        for condition, argument in node.op.domain(*node.args, *node.params):
            out[Spot(condition, argument, around)] = None
        inside = (*around, node) if node.op.name == "series" else around
        stack.extend((a, inside) for a in reversed(node.args) if indices(a))
    return list(out)[::-1]


def _terms(around: tuple[Expr, ...], sizes: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """The sizes with the indices of nested sums, term by term."""
    waiting = [(around, dict(sizes))]
    found = 0
    while waiting and found < MOST_TERMS:
        rest, at = waiting.pop()
        if not rest:
            found += 1
            yield at
            continue
        name, low, high = rest[0].params
        waiting.extend((rest[1:], {**at, name: i}) for i in range(high.value(at), low.value(at) - 1, -1))
