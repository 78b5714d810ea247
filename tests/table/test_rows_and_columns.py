"""Variables and functions that are rows, or columns declared with two sizes, as the table treats them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.table.brute import SIZES, derivatives, gap, point, value_of

import closedform as cf

CASES = [
    # expression, given, shape in mixed layout, shape of the array
    ("y*a", "y: 1 n; a: n", (1, 3), (1, 3)),
    ("sum(exp(y))", "y: 1 n", (1, 3), (1, 3)),
    ("y*A", "y: 1 n; A: n m", (2, 3), (2, 1, 3)),
    ("exp(y)", "y: 1 n", (3, 3), (3, 1, 3)),
    ("y'*b'", "y: 1 n; b: m", (6, 3), (3, 2, 1, 3)),
    ("A*y", "y: n 1; A: m n", (2, 3), (2, 3, 1)),
    ("sum(exp(y))", "y: n 1", (3, 1), (3, 1)),
    ("y*b'", "y: n 1; b: m", (6, 3), (3, 2, 3, 1)),
]


@pytest.mark.parametrize(("expression", "given", "shape", "axes"), CASES)
def test_row_or_column(expression: str, given: str, shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
    env = point(given)
    function = value_of(expression, given)
    arrays = {name: value.reshape(-1) if name in "ab" else value for name, value in env.items()}
    wanted = derivatives(function, ["y"], env, (2,))
    tensor = wanted.pop("tensor")
    assert wanted["mixed"].shape == shape
    for layout, value in wanted.items():
        d = cf.derive(expression, "y", given, layout=layout)
        assert gap(value_of(d.expr, given)(env), value) < 1e-8
        assert gap(d.function(form="matrix")(**arrays), value) < 1e-8
        assert d.function()(**arrays).shape == axes
        assert gap(d.function()(**arrays), tensor) < 1e-8


def test_sizes_of_one_keep_their_places() -> None:
    """Where n is 1 at run time the formula and its code still give the axes of the declaration."""
    d = cf.derive("A*exp(x)", "x", "A: m n; x: n")
    A, x = np.full((SIZES["m"], 1), 2.0), np.zeros(1)
    assert d.function()(A=A, x=x).shape == (SIZES["m"], 1)
    assert d.function(form="matrix")(A=A, x=x).shape == (SIZES["m"], 1)
    g = cf.derive("a'*exp(x)", "x", "a: n; x: n")
    assert g.function()(a=np.ones(1), x=x).shape == (1,)
    assert g.function(form="matrix")(a=np.ones(1), x=x).shape == (1, 1)
