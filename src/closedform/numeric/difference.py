"""Directional derivatives of any order, numerically: the complex step where a function is analytic, else differences.

The function is given as phi(s_1, ..., s_k), its value when each direction is followed by its coefficient, and the
derivative is the mixed one at 0.  The complex step has no truncation and no cancellation; central differences are of
order 6, and the ones of order 4 at the same places tell how far they can be trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

COMPLEX_STEP = 1e-20
SIXTH = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
FOURTH = {1: 2 / 3, 2: -1 / 12, 3: 0.0}
STENCIL = tuple((side * k, side * SIXTH[k], side * FOURTH[k]) for k in (1, 2, 3) for side in (1, -1))
"""Places in units of the step, with their weights in the formulas of order 6 and 4."""
FIRST_STEPS = {1: 4e-3, 2: 1e-2}
"""The step of the first try, by how many differences are nested; 3e-2 beyond."""
SHRINK = 0.2
TRIES = 4
GOOD = 1e-9
GOOD_ENOUGH = 2e-8
"""An error below the first, where three differences are nested below the second, is not made smaller."""


class Slope(NamedTuple):
    """A derivative and an estimate of its error, relative to the derivative (or to ``floor`` where that is larger), and as
    it is (``doubt``)."""

    value: Any
    error: float
    doubt: float = 0.0


def complex_step(phi: Callable[[complex], Any]) -> Any:
    """phi'(0) of an analytic function that is real on the real axis.

    >>> float(complex_step(lambda s: np.exp(2 * s)))
    2.0
    """
    return np.imag(phi(1j * COMPLEX_STEP)) / COMPLEX_STEP


def derivative(phi: Callable[[Sequence[complex]], Any], order: int, *, analytic: bool, floor: float = 0.0) -> Slope:
    """The mixed derivative of phi(s_1, ..., s_order), once in each coefficient, at 0.

    >>> slope = derivative(lambda s: np.sin(s[0] + 3 * s[1]), 2, analytic=True)
    >>> bool(abs(slope.value) < 1e-9)
    True
    """
    nested = order - 1 if analytic else order
    if nested == 0:
        return Slope(complex_step(lambda s: phi((s,))), 0.0)
    step = FIRST_STEPS.get(nested, 3e-2)
    best, good = Slope(np.nan, np.inf), GOOD if nested < 3 else GOOD_ENOUGH
    for _ in range(TRIES):
        found = _central(phi, nested, step, analytic=analytic, floor=floor)
        if found.error < best.error:
            best = found
        if best.error < good:
            break
        step *= SHRINK
    return best


def _central(phi: Callable[[Sequence[complex]], Any], nested: int, step: float, *, analytic: bool, floor: float) -> Slope:
    fine: Any = 0.0
    coarse: Any = 0.0
    for places in product(STENCIL, repeat=nested):
        at = [step * p[0] for p in places]
        value = np.imag(phi((1j * COMPLEX_STEP, *at))) / COMPLEX_STEP if analytic else phi(at)
        sixth = fourth = 1.0
        for _, a, b in places:
            sixth, fourth = sixth * a, fourth * b
        fine = fine + sixth * value
        coarse = coarse + fourth * value
    fine, coarse = fine / step**nested, coarse / step**nested
    size = max(float(np.max(np.abs(fine), initial=0.0)), floor)
    gap = float(np.max(np.abs(fine - coarse), initial=0.0))
    return Slope(fine, gap / size if size else gap, gap)
