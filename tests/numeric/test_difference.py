"""Numerical derivatives against known ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from closedform.numeric.difference import complex_step, derivative

CASES = {
    "exp": (np.exp, [np.exp] * 4),
    "sin": (np.sin, [np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin]),
    "reciprocal": (lambda x: 1 / x, [lambda x: -(x**-2), lambda x: 2 * x**-3, lambda x: -6 * x**-4, lambda x: 24 * x**-5]),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("analytic", [True, False])
def test_the_derivative_along_two_scales(name: str, order: int, analytic: bool) -> None:
    function, slopes = CASES[name]
    at = np.array([0.7, 1.9])
    rates = [1.0, 0.5, -0.8][:order]

    def phi(s: Sequence[complex]) -> Any:
        return function(at + sum(a * r for a, r in zip(s, rates, strict=True)))

    found = derivative(phi, order, analytic=analytic)
    wanted = slopes[order - 1](at) * np.prod(rates)
    tolerance = 1e-14 if analytic and order == 1 else 1e-8
    assert np.max(np.abs(found.value - wanted)) <= tolerance * np.max(np.abs(wanted))
    assert found.error < 1e-6


def test_a_near_singularity_shortens_the_step() -> None:
    with np.errstate(invalid="ignore"):
        found = derivative(lambda s: np.log(1e-3 + s[0]), 1, analytic=False)
    assert found.value == pytest.approx(1e3, rel=1e-7)


def test_a_kink_next_to_the_point_is_reported_as_uncertain() -> None:
    assert derivative(lambda s: np.maximum(s[0] - 1e-5, 0.0), 1, analytic=False).error > 1e-5


def test_a_kink_further_away_is_stepped_around() -> None:
    found = derivative(lambda s: np.maximum(s[0] + 1e-3, 0.0), 1, analytic=False)
    assert found.value == pytest.approx(1.0, rel=1e-9) and found.error < 1e-9


def test_the_complex_step_has_no_cancellation() -> None:
    assert complex_step(lambda s: 1e8 + np.exp(1e-6 * s)) == pytest.approx(1e-6, rel=1e-15)
