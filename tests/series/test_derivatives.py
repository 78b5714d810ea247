"""Derivatives of sums with an index: by what the terms share, by one member of a family, and of symbolic powers."""

from __future__ import annotations

import numpy as np
import pytest
from tests.series.support import GIVEN, SIZES, arrays, slope

import closedform as cf
from closedform.numeric.evaluate import evaluate

GAUSS = "-(N/2)*logdet(S) - 0.5*sum(i in 1..N, (x[i]-u)'*inv(S)*(x[i]-u))"
LOGISTIC = "sum(i in 1..N, softplus(-y[i]*(w'*x[i])))"

SHARED = [
    (GAUSS, "u", "inv(S)*sum(i in 1..N, x[i] - u)"),
    (GAUSS, "S", "(inv(S)*sum(i in 1..N, (x[i] - u)*(x[i] - u)')*inv(S) - N*inv(S))/2"),
    (GAUSS, ["u", "u"], "-N*inv(S)"),
    ("sum(i in 1..N, logsumexp(W*x[i]))", "W", "sum(i in 1..N, softmax(W*x[i])*x[i]')"),
    (LOGISTIC, "w", "-sum(i in 1..N, y[i]*sigmoid(-y[i]*w'*x[i])*x[i])"),
    (LOGISTIC, ["w", "w"], None),
    ("sum(i in 1..N, (y[i] - w'*x[i])^2)/N", "w", "-2*sum(i in 1..N, (y[i] - w'*x[i])*x[i])/N"),
    ("sum(i in 1..N, norm2(y[i]*u - A*x[i])^2)", "A", "-2*sum(i in 1..N, (y[i]*u - A*x[i])*x[i]')"),
    ("sum(i in 1..N, norm2(x[i] - u))", "u", "-sum(i in 1..N, (x[i] - u)/norm2(x[i] - u))"),
    ("sum(i in 2..N, norm2(x[i] - A*x[i-1])^2)", "A", "-2*sum(i in 2..N, (x[i] - A*x[i - 1])*x[i - 1]')"),
    ("log(sum(i in 1..N, exp(w'*x[i])))", "w", "sum(i in 1..N, exp(w'*x[i])*x[i])/sum(i in 1..N, exp(w'*x[i]))"),
    ("log(sum(i in 1..N, exp(w'*x[i])))", ["w", "w"], None),
    ("sum(i in 1..N, exp(t*y[i]))", "t", "sum(i in 1..N, exp(t*y[i])*y[i])"),
    ("sum(i in 1..N, exp(t*y[i]))", ["t", "t"], "sum(i in 1..N, exp(t*y[i])*y[i]^2)"),
    ("sum(i in 1..N, x[i]*x[i]'*u)", "u", "sum(i in 1..N, x[i]*x[i]')"),
    ("sum(i in 1..N, exp(y[i]*u))", "u", "sum(i in 1..N, y[i]*diag(exp(y[i]*u)))"),
    ("sum(i in 1..M, tr(Z[i]'*X*Z[i]))", "X", "sum(i in 1..M, Z[i]*Z[i]')"),
    ("sum(i in 1..M, Z[i]'*X*Z[i])", "X", "sum(i in 1..M, kron(Z[i]', Z[i]'))"),
    ("sum(i in 1..M, logdet(Q[i] + S))", "S", "sum(i in 1..M, inv(Q[i] + S))"),
    ("sum(i in 1..N, sum(j in 1..i, x[i]'*A*x[j]))", "A", None),
    ("sum(i in 1..N, sum(j in 1..N, exp(-norm2(A*(x[i]-x[j]))^2)))", "A", None),
    ("sum(i in 0..k-1, a'*A^i*b)", "A", "sum(i in 0..k-1, sum(j in 0..i-1, A'^j*a*b'*A'^(i - j - 1)))"),
    ("tr(X^k)", "X", "k*X'^(k - 1)"),
    ("tr(X^k)", ["X", "X"], None),
    ("a'*X^k*b", "X", "sum(i in 0..k-1, X'^i*a*b'*X'^(k - i - 1))"),
    ("X^k", "X", "sum(i in 0..k-1, kron(X'^(k - i - 1), X^i))"),
    ("X^k*b", "X", "sum(i in 0..k-1, kron(b'*X'^(k - i - 1), X^i))"),
    ("sum(i in 0..k-1, tr(X^i))", "X", "sum(i in 1..k-1, i*X'^(i - 1))"),
    ("a'*X^20*b", "X", "sum(i in 0..19, X'^i*a*b'*X'^(19 - i))"),
    ("tr(X^20)", "X", "20*X'^19"),
    ("tr(S^k)", "S", "k*S^(k - 1)"),
]


@pytest.mark.parametrize(("text", "wrt", "wanted"), SHARED, ids=[f"{row[0]} by {row[1]}" for row in SHARED])
def test_by_what_the_terms_share(text: str, wrt: str | list[str], wanted: str | None) -> None:
    d = cf.derive(text, wrt, GIVEN)
    if wanted is not None:
        assert str(d) == wanted
    assert d.certificate is not None and d.certificate.ok
    assert cf.parse(str(d), GIVEN) is d.expr
    assert str(d.derivation) and d.latex and d.unicode


DISTANCES = "sum(i in 1..N, sum(j in 1..N, exp(-norm2(x[i]-x[j])^2)))"
MEMBERS = [
    (DISTANCES, "x[j]", "-4*sum(i in 1..N, exp(-norm2(x[j] - x[i])^2)*(x[j] - x[i]))"),
    ("sum(i in 1..N, x[i]'*A*x[i])", "x[j]", "(A + A')*x[j]"),
    ("sum(i in 1..N, x[i]'*A*x[i])", "x[2]", "(A + A')*x[2]"),
    ("sum(i in 1..N, x[i]'*A*x[i])", ["x[j]", "x[j]"], "A + A'"),
    ("sum(i in 1..N, x[i]'*A*x[i])", ["x[j]", "x[l]"], "e(j, N)[l]*(A + A')"),
    ("norm2(sum(i in 1..N, x[i]))^2", ["x[j]", "x[l]"], "2*eye(p)"),
    ("sum(i in 1..N, y[i]^2*(w'*x[i]))", "y[j]", "2*y[j]*w'*x[j]"),
    ("sum(i in 1..N, y[i]^2*(w'*x[i]))", ["w", "x[j]"], "y[j]^2*eye(p)"),
    ("log(sum(i in 1..N, exp(w'*x[i])))", "x[j]", "exp(w'*x[j])*w/sum(i in 1..N, exp(w'*x[i]))"),
    ("sum(i in 1..M, logdet(Q[i]))", "Q[j]", "inv(Q[j])"),
    ("sum(i in 1..M, tr(Q[i]*A))", "Q[j]", "(A + A')/2"),
    ("sum(i in 1..M, norm2(Z[i] - X*Z[i])^2)", "Z[j]", None),
    ("sum(i in 1..N, exp(A*x[i]))", "x[j]", "diag(exp(A*x[j]))*A"),
    ("sum(i in 1..N, x[i]*x[i]')", "x[j]", "kron(eye(p), x[j]) + kron(x[j], eye(p))"),
    ("sum(i in 1..N, sum(j in 1..N, (x[i]'*x[j])^2))", ["x[l]", "x[l]"], None),
    ("sum(i in 2..N, norm2(x[i] - A*x[i-1])^2)", "x[j]", None),
    ("x[2]'*A*x[1]", "x[1]", "A'*x[2]"),
    ("x[2]'*A*x[1]", "x[j]", "e(2, N)[j]*A*x[1] + e(1, N)[j]*A'*x[2]"),
    ("x[2]'*A*u", "x[3]", "zeros(p)"),
    ("u'*u", "x[j]", "zeros(p)"),
]


@pytest.mark.parametrize(("text", "wrt", "wanted"), MEMBERS, ids=[f"{row[0]} by {row[1]}" for row in MEMBERS])
def test_by_members(text: str, wrt: str | list[str], wanted: str | None) -> None:
    d = cf.derive(text, wrt, GIVEN)
    if wanted is not None:
        assert str(d) == wanted
    assert d.certificate is not None and d.certificate.ok
    assert cf.parse(str(d), GIVEN) is d.expr
    assert str(d.derivation)


@pytest.mark.parametrize("at", range(1, 6))
@pytest.mark.parametrize("text", [DISTANCES, "sum(i in 2..N, norm2(x[i] - A*x[i-1])^2)", "x[2]'*A*x[1]"])
def test_members_against_differences(text: str, at: int) -> None:
    env = arrays()
    gradient = evaluate(cf.derive(text, "x[j]", GIVEN).expr, env, {**SIZES, "j": at})
    e = cf.parse(text, GIVEN)
    for axis in range(SIZES["p"]):
        direction = np.zeros_like(env["x"])
        direction[at - 1, axis] = 1.0
        assert np.isclose(gradient[axis, 0], slope(lambda v: evaluate(e, v, SIZES), env, "x", direction), atol=1e-8)


def test_conditions_name_the_range_of_the_member() -> None:
    assert cf.derive("sum(i in 1..N, x[i]'*x[i])", "x[j]", GIVEN).conditions == ("1 <= j <= N",)
    assert cf.derive("sum(i in 1..N, x[i]'*x[i])", "x[2]", GIVEN).conditions == ("N >= 2",)
    assert cf.derive("sum(i in 1..N, x[i]'*x[i])", "x[1]", GIVEN).conditions == ()


def test_a_declared_integer_in_an_exponent_is_at_least_one() -> None:
    assert cf.derive("tr(X^k)", "X", GIVEN).conditions == ("k >= 1",)
    assert cf.derive("tr(X^k)", "X", "X: n n; k: scalar integer positive").conditions == ()
    assert cf.derive("tr(X^k)", "X", "X: n n; v: k").conditions == ()


def test_an_integer_that_counts_stays_a_variable_where_it_only_multiplies() -> None:
    d = cf.derive("tr(X^k)*k + t*k", "t", GIVEN)
    assert str(d) == "k"
    assert d.expr.op.name == "symbol"


@pytest.mark.parametrize(
    ("text", "wrt", "message"),
    [
        ("sum(i in 1..N, x[i]'*A*x[i])", "x", "is a family"),
        ("sum(i in 1..N, x[i]'*A*x[i])", "x[A]", "is a variable"),
        ("sum(i in 1..N, x[i]'*A*x[i])", "x[j", "is a family"),
        ("sum(i in 1..N, x[i]'*A*x[i])", "x[j][1]", "whole member"),
        ("sum(i in 1..N, x[i]'*A*x[i])", "x[0]", "the members are"),
        ("sum(i in 1..N, x[i]'*A*x[i])", "A[1]", "name the whole variable"),
        ("tr(X^k)", "k", "integer that counts"),
    ],
)
def test_what_is_refused(text: str, wrt: str, message: str) -> None:
    with pytest.raises(cf.InputError, match=message):
        cf.derive(text, wrt, GIVEN)


def test_a_sum_over_a_large_number_is_checked_at_a_smaller_one() -> None:
    d = cf.derive("sum(i in 1..1000, z[i]'*A*z[i])", "A", "z[1000]: n; A: n n")
    assert str(d) == "sum(i in 1..1000, z[i]*z[i]')"
    assert d.certificate is not None and d.certificate.sizes[0]["1000"] < 10
