"""What a derivative says about directions: its value contracted with one direction for each variable.

In every layout the stacked columns of a mixed-layout answer are an array with one axis for the entries of the function
and one for the entries of each variable, all in column order, so that one contraction serves all shapes and orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from closedform.core.errors import InputError
from closedform.core.expr import Expr, Shape
from closedform.numeric.tangent import curved, project, space

LAYOUTS = ("mixed", "numerator", "denominator")


def derivative_shape(function: Shape, wrt: Sequence[Expr], layout: str = "mixed") -> Shape:
    """The shape of a derivative, taken in turn by each variable.

    >>> from closedform.core.dim import Dim
    >>> from closedform.core.op import f
    >>> n, m, one = Dim.of("n"), Dim.of("m"), Dim.of(1)
    >>> derivative_shape((m, one), [f.symbol("x", n, one, 1, frozenset())])
    (Dim(m), Dim(n))
    """
    if layout not in LAYOUTS:
        raise InputError(f"layout {layout!r} is not one of {', '.join(LAYOUTS)}")
    shape = function
    for k, x in enumerate(wrt):
        last = k == len(wrt) - 1
        scalar = shape[0].integer == 1 and shape[1].integer == 1
        if scalar and not x.is_scalar:
            shape = x.shape[::-1] if layout == "numerator" and last else x.shape
        elif not x.is_scalar:
            shape = (shape[0] * shape[1], x.rows * x.cols)
            if layout == "denominator" and last:
                shape = shape[::-1]
        elif layout == "denominator" and last:
            shape = shape[::-1]
    return shape


def transposed(function: Shape, wrt: Sequence[Expr], layout: str) -> bool:
    """Is an answer in this layout the transpose of the one in mixed layout?"""
    if layout == "mixed":
        return False
    before = derivative_shape(function, wrt[:-1])
    gradient = before[0].integer == 1 and before[1].integer == 1 and not wrt[-1].is_scalar
    return gradient if layout == "numerator" else not gradient


def as_tensor(answer: Any, size: int, directions: Sequence[Any]) -> Any:
    """A mixed-layout answer as an array: entries of the function, then of each variable."""
    return np.reshape(answer, (size, *(np.size(V) for V in directions)), order="F")


def contract(tensor: Any, directions: Sequence[Any]) -> Any:
    """The tensor applied to a direction of each variable: one number for each entry of the function."""
    for V in reversed(directions):
        tensor = tensor @ np.reshape(V, -1, order="F")
    return tensor


def off_space(tensor: Any, wrt: Sequence[Expr], points: Sequence[Any], structure: str) -> float:
    """How far an answer is from being projected on the directions of its declared variables: the largest deviation."""
    if structure == "free":
        return 0.0
    worst = 0.0
    for axis, (x, point) in enumerate(zip(wrt, points, strict=True), 1):
        facts = space(x)
        if not facts:
            continue
        moved = np.moveaxis(tensor, axis, -1)
        rows, cols = point.shape
        stack = np.swapaxes(moved.reshape(-1, cols, rows), -1, -2)
        if structure == "independent":
            kept = stack if curved(facts) or "simplex" in facts else project(facts - {"skew"}, point, stack)
            if "skew" in facts:
                kept = project(frozenset({"skew"}), point, stack)
        else:
            kept = project(facts, point, stack)
        worst = max(worst, float(np.max(np.abs(stack - kept))))
    return worst
