"""Points at which an expression has no derivative, though it has a value: a term of a sum or an entry leaves the domain of
its function, or the spectrum of a matrix inside of a sum has values that coincide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from closedform.core.bound import indices
from closedform.core.expr import Expr
from closedform.numeric.evaluate import Program
from closedform.verify.kinks import SPECTRAL, coincidences
from closedform.verify.point import Point, holds, said, short

NONZERO = "nonzero"
ROUNDED = 1e-13
"""An entry as small as this beside the largest may be a zero."""
MOST_TERMS = 100
"""So many terms are looked at."""


class Spot(NamedTuple):
    """A condition (or the name of a function of a spectrum), its argument, and the sums around it, the outer ones first."""

    condition: str
    argument: Expr
    around: tuple[Expr, ...]


class Domain:
    """What an expression asks of its parts that is not looked at where points are drawn: inside of sums, and of entries."""

    def __init__(self, e: Expr) -> None:
        self.e = e
        self.programs: dict[Spot, Program] | None = None

    def broken(self, point: Point) -> str:
        """What fails of a term or of an entry at a point; empty when nothing does.

        >>> from closedform.lang.read import parse
        >>> from closedform.verify.point import Points
        >>> e = parse("sum(i in 1..n, exp(-t/(i - 1)^2))", "t: scalar positive; n: scalar integer positive").expr
        >>> Domain(e).broken(Points((e,)).next())
        'i - 1 was zero wherever it was tried'
        """
        if self.programs is None:
            spots = [spot for spot in _spots(self.e) if spot.condition == NONZERO or indices(spot.argument)]
            self.programs = {spot: Program(spot.argument) for spot in spots}
        for spot, program in self.programs.items():
            inputs = {name: point.of(node) for _, name, node in program.inputs}
            with np.errstate(all="ignore"):
                for sizes in _terms(spot.around, point.sizes):
                    value: Any = program.at(sizes).values(inputs)[program.place[spot.argument]]
                    if spot.condition in SPECTRAL and np.isfinite(value).all():
                        if coincidences(spot.condition, np.atleast_2d(value)).any():
                            return f"values coincided, or were 0, in the spectrum of {short(spot.argument)} wherever it was tried"
                    elif not _holds(spot.condition, value):
                        if spot.condition == NONZERO and np.ndim(value) and np.isfinite(value).all():
                            return f"{short(spot.argument)} had entries of 0 wherever it was tried"
                        return said(spot.argument, spot.condition if np.isfinite(value).all() else "finite")
        return ""


def _holds(condition: str, value: Any) -> bool:
    """Does a condition hold, of every entry?  (A zero off the diagonal of inv(E)*E is rounding.)"""
    if condition == NONZERO and np.ndim(value):
        return bool(np.all(np.abs(value) > ROUNDED * np.max(np.abs(value), initial=0.0)))
    return holds(condition, value)


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
        if node.op.name in SPECTRAL:
            out[Spot(node.op.name, node.args[0], around)] = None
        inside = (*around, node) if node.op.name == "series" else around
        stack.extend((a, inside) for a in reversed(node.args))
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
