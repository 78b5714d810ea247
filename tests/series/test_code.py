"""Generated code of sums: whole arrays where samples are summed, loops elsewhere, and the same value as the formula."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.series.support import GIVEN, SIZES, arrays
from tests.series.test_derivatives import GAUSS, LOGISTIC, MEMBERS, SHARED

import closedform as cf
from closedform.numeric.evaluate import evaluate

ALL = [(text, wrt) for text, wrt, _ in (*SHARED, *MEMBERS)]


@pytest.mark.parametrize(("text", "wrt"), ALL, ids=[f"{text} by {wrt}" for text, wrt in ALL])
def test_code_has_the_value_of_the_formula(text: str, wrt: Any) -> None:
    d = cf.derive(text, wrt, GIVEN, verify=False)
    env = arrays()
    f = d.function(form="matrix")
    places = {name: SIZES[name] for name in ("j", "l") if f"{name}=" in repr(f)}
    found = f(**env, **places)
    wanted = evaluate(d.expr, env, SIZES)
    assert found.shape == (np.shape(wanted) or (1, 1))
    assert np.allclose(found, wanted)
    tensor = d.function()(**env, **places)
    assert np.allclose(np.ravel(tensor, order="F"), np.ravel(found, order="F"))


@pytest.mark.parametrize(
    ("text", "wrt"),
    [
        (GAUSS, "S"), (GAUSS, "u"), (LOGISTIC, "w"), (LOGISTIC, ["w", "w"]), ("sum(i in 1..N, logsumexp(W*x[i]))", "W"),
        ("sum(i in 2..N, norm2(x[i] - A*x[i-1])^2)", "A"), ("log(sum(i in 1..N, exp(w'*x[i])))", ["w", "w"]),
        ("sum(i in 1..N, exp(y[i]*u))", "u"),
    ],
)  # fmt: skip
def test_sums_over_samples_have_no_loop(text: str, wrt: Any) -> None:
    assert "for " not in cf.derive(text, wrt, GIVEN, verify=False).function().source.split('"""')[-1]


def test_a_double_sum_is_a_loop_of_array_operations() -> None:
    source = cf.derive("sum(i in 1..N, sum(j in 1..N, exp(-norm2(A*(x[i]-x[j]))^2)))", "A", GIVEN).function().source
    assert source.split('"""')[-1].count("for ") == 1


def test_a_vector_over_its_own_norm_counts_as_0_at_0() -> None:
    f = cf.derive("sum(i in 1..N, norm2(x[i] - u))", "u", "x[N]: p; u: p").function()
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert np.allclose(f(x=x, u=x[0]), (x[0] - x[1]) / np.linalg.norm(x[0] - x[1]))


@pytest.mark.parametrize("j", [0, 6])
def test_a_member_that_there_is_not(j: int) -> None:
    f = cf.derive("sum(i in 1..N, x[i]'*A*x[i])", "x[j]", GIVEN).function()
    with pytest.raises((cf.InputError, IndexError)):
        f(x=arrays()["x"], A=arrays()["A"], j=j)


def test_a_fixed_member_that_there_is_not() -> None:
    f = cf.derive("sum(i in 1..N, x[i]'*A*x[i])", "x[3]", GIVEN).function()
    with pytest.raises(IndexError, match="members 1 to 2"):
        f(x=arrays()["x"][:2], A=arrays()["A"])


def test_families_are_one_array_of_the_declared_shape() -> None:
    f = cf.derive("sum(i in 1..M, tr(Z[i]'*X*Z[i]))", "X", GIVEN).function()
    Z = arrays()["Z"]
    assert np.allclose(f(Z=Z), np.einsum("iab,icb->ac", Z, Z))
    with pytest.raises(cf.InputError, match="an array of shape"):
        f(Z=Z[0])


def test_an_exponent_is_a_whole_number() -> None:
    f = cf.derive("tr(X^k)", "X", GIVEN).function()
    X = arrays()["X"]
    assert np.allclose(f(X=X, k=4), 4 * np.linalg.matrix_power(X.T, 3))
    with pytest.raises(ValueError, match="whole number"):
        f(X=X, k=2.5)


def test_families_of_one_member() -> None:
    f = cf.derive("sum(i in 1..N, y[i]*(w'*x[i]))", "w", GIVEN).function()
    assert np.allclose(f(x=np.ones((1, 3)), y=np.array([2.0])), 2.0 * np.ones(3))
    g = cf.derive("sum(i in 1..1, z[i]^2*t)", "t", "z[1]: scalar; t: scalar").function()
    assert np.allclose(g(z=np.array([3.0])), 9.0)
