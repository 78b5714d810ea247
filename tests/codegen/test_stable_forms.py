"""Code at extreme arguments: no overflow, no warning, the limits of the exact values."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from tests.codegen.support import A, B, N, S, symbol, t, x

from closedform.codegen.function import compile_function
from closedform.core.dim import ONE
from closedform.core.expr import Expr
from closedform.core.op import f
from closedform.ops.build import entry_power, minus, negative, num, power, product, times, total, transpose

ones = f.ones(N, ONE)
EXTREME = np.array([-800.0, -40.0, -1.0, 1.0, 40.0, 800.0])


def value(e: Expr, **env: object) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return compile_function(e)(**env)


def sigmoid(v: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(v))
    return np.where(v >= 0, 1, e) / (1 + e)


SOFTPLUS = np.array(
    [0.0, np.log1p(np.exp(-40.0)), np.log1p(np.exp(-1.0)), 1.0 + np.log1p(np.exp(-1.0)), 40.0 + np.exp(-40.0), 800.0]
)


@pytest.mark.parametrize(
    ("e", "wanted"),
    [
        (f.sigmoid(x), sigmoid(EXTREME)),
        (f.softplus(x), SOFTPLUS),
        (f.silu(x), EXTREME * sigmoid(EXTREME)),
        (times(f.sigmoid(x), f.sigmoid(negative(x))), sigmoid(EXTREME) * sigmoid(-EXTREME)),
        (f.log(total(ones, f.exp(x))), SOFTPLUS),
        (f.log(total(f.exp(x), ones)), SOFTPLUS),
        (f.log1p(f.exp(x)), SOFTPLUS),
        (f.log(total(ones, f.exp(negative(x)))), SOFTPLUS[::-1]),
        (entry_power(total(ones, f.exp(negative(x))), -1), sigmoid(EXTREME)),
        (times(f.exp(x), entry_power(total(ones, f.exp(x)), -1)), sigmoid(EXTREME)),
        (times(f.exp(negative(x)), entry_power(total(ones, f.exp(negative(x))), -2)), sigmoid(EXTREME) * sigmoid(-EXTREME)),
        (f.log(f.sigmoid(x)), -SOFTPLUS[::-1]),
        (f.log(f.softmax(x)), EXTREME - 800.0),
        (product(f.exp(x), power(f.sum(f.exp(x)), -1)), np.exp(EXTREME - 800.0)),
    ],
)
def test_exponentials(e: Expr, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(value(e, x=EXTREME), wanted, rtol=1e-14)


@pytest.mark.parametrize("e", [f.logsumexp(x), f.log(f.sum(f.exp(x)))])
def test_logsumexp(e: Expr) -> None:
    assert value(e, x=EXTREME) == 800.0


def test_scalar_forms() -> None:
    e = product(f.exp(t), power(total(num(1), f.exp(t)), -1))
    assert value(e, t=800.0) == 1.0
    assert value(e, t=-800.0) == 0.0
    assert value(f.log(total(num(1), f.exp(t))), t=800) == 800.0


def test_rows() -> None:
    big = np.array([[800.0, -800.0, 0.0], [-800.0, -800.0, -801.0]])
    rows = value(f.softmax_rows(A), A=big)
    np.testing.assert_allclose(rows.sum(axis=1), 1.0)
    np.testing.assert_allclose(value(f.logsumexp_rows(A), A=big)[0], 800.0)


def test_gelu_tail() -> None:
    from scipy.special import erfc

    np.testing.assert_allclose(value(f.gelu(x), x=np.array([-10.0])), -5.0 * erfc(10.0 / np.sqrt(2.0)), rtol=1e-12)


def test_log_of_determinant() -> None:
    big = np.diag(np.full(400, 1e3))
    assert value(f.log(f.det(S)), S=big) == pytest.approx(400 * np.log(1e3))
    assert value(f.log(f.det(B)), B=big) == pytest.approx(400 * np.log(1e3))
    assert value(f.log(f.abs(f.det(B))), B=-big[:399, :399]) == pytest.approx(399 * np.log(1e3))
    assert np.isnan(value(f.log(f.det(B)), B=np.diag([1.0, -1.0])))


@pytest.mark.parametrize("turned", [False, True])
def test_a_vector_over_its_own_norm_counts_as_zero_at_zero(turned: bool) -> None:
    v = transpose(x) if turned else x
    over = power(f.norm2(x), -1)
    zeros = np.zeros(3)
    assert np.array_equal(value(product(v, over), x=zeros), zeros)
    assert np.array_equal(value(product(x, transpose(x), over), x=zeros), np.zeros((3, 3)))
    assert value(product(v, over), x=np.array([0.0, 3.0, 4.0])) == pytest.approx([0.0, 0.6, 0.8])


def test_a_residual_over_its_own_norm() -> None:
    y = symbol("y", A.rows)
    residual = minus(product(A, x), y)
    a, v = np.arange(6.0).reshape(2, 3), np.ones(3)
    gradient = product(transpose(A), residual, power(f.norm2(residual), -1))
    assert np.array_equal(value(gradient, A=a, x=v, y=a @ v), np.zeros(3))
    image = product(transpose(A), A, x, power(f.norm2(product(A, x)), -1))
    assert np.array_equal(value(image, A=a, x=np.zeros(3)), np.zeros(3))
    scaled = product(t, x, power(f.norm2(product(t, x)), -1))
    assert np.array_equal(value(scaled, t=0.0, x=v), np.zeros(3))


def test_other_quotients_by_a_norm_are_undefined_at_zero() -> None:
    zeros = np.zeros(3)
    over, cubed = power(f.norm2(x), -1), power(f.norm2(x), -3)
    hessian = minus(product(over, f.eye(N)), product(x, transpose(x), cubed))
    with np.errstate(all="ignore"):
        assert np.isnan(compile_function(hessian)(x=zeros)).all()
        y = symbol("y", N)
        assert not np.isfinite(compile_function(product(y, over))(x=zeros, y=np.ones(3))).any()
        other = product(x, power(f.norm2(product(t, x)), -1))
        assert not np.isfinite(compile_function(other)(x=np.ones(3), t=0.0)).any()


def test_division_by_zero_is_never_a_python_error() -> None:
    shifted = f.size(N - 3)
    with np.errstate(all="ignore"):
        assert np.isinf(compile_function(product(power(t, -1)))(t=0))
        assert np.isinf(compile_function(product(x, power(shifted, -1)))(x=np.ones(3))).all()
        assert np.isnan(compile_function(power(t, total(num(0), f.pi())))(t=-2.0))
        assert np.isinf(compile_function(power(t, 400))(t=1e3))
        assert np.isinf(compile_function(product(x, power(num(0), -1)))(x=np.ones(2))).all()
