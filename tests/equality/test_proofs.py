"""Proofs: index networks and completion, where they succeed and where they must not."""

import pytest

from closedform.equality.completion import vanishes
from closedform.equality.network import sums
from closedform.equality.proof import prove
from closedform.lang.read import parse

GIVEN = (
    "A: n n; B: n n; C: n n; S: n n symmetric; X: m n; Y: n m; x: n; y: n; u: m; s: scalar; P: n n idempotent; Q: n n orthogonal"
)


def nets(text: str) -> object:
    return sums(parse(text, GIVEN).expr)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("tr(A'*(B.*C))", "tr((A.*B)'*C)"),
        ("x'*(A.*B)*y", "tr(diag(x)*A*diag(y)*B')"),
        ("sum((A*B).*C)", "tr(A*B*C')"),
        ("diag(A*diag(x)*B')", "(A.*B)*x"),
        ("vec(X*A)", "kron(A', eye(m))*vec(X)"),
        ("commutation(m, n)*vec(X)", "vec(X')"),
        ("kron(A, X)*kron(x, y)", "kron(A*x, X*y)"),
        ("(x*y').*A", "diag(x)*A*diag(y)"),
        ("tr(S*A)", "tr(S*A')"),
        ("sum(ones(n)*x')", "n*sum(x)"),
        ("(A + B).*C", "C.*B + A.*C"),
        ("x'*y*x'*y*x'*y", "y'*x*x'*y*y'*x"),
        ("tr(A^4)", "tr(A'*A'*A'*A')"),
    ],
)
def test_networks_that_are_the_same(left: str, right: str) -> None:
    assert nets(left) is not None and nets(left) == nets(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("tr(A*B*C)", "tr(A*C*B)"),
        ("tr(A*B)", "tr(A*B')"),
        ("x*y'", "y*x'"),
        ("diag(x)*A", "A*diag(x)"),
        ("kron(A, B)", "kron(B, A)"),
        ("sum(A.*A)", "tr(A*A)"),
        ("vec(A)", "vec(A')"),
        ("tr(A)*tr(A)", "tr(A*A)"),
        ("diag(diag(A))", "A"),
        ("sum(x)*x", "n*x"),
        ("x.*y", "x.*x"),
    ],
)
def test_networks_that_differ(left: str, right: str) -> None:
    assert nets(left) != nets(right)


def test_networks_give_up_rather_than_run_on() -> None:
    assert nets("*".join(["(A + B + C)"] * 9)) is None
    assert nets("*".join(["x'*y"] * 30)) is None


@pytest.mark.parametrize(
    "text",
    [
        "inv(eye(m) + X*Y)*X - X*inv(eye(n) + Y*X)",
        "inv(A + X'*X) - inv(A) + inv(A)*X'*inv(eye(m) + X*inv(A)*X')*X*inv(A)",
        "inv(A + x*y') - inv(A) + inv(A)*x*y'*inv(A)/(1 + y'*inv(A)*x)",
        "inv(A + s*x*x')*x - inv(A)*x/(1 + s*x'*inv(A)*x)",
        "inv(inv(A) + inv(B)) - A*inv(A + B)*B",
        "inv(A) - inv(A + B) - inv(A + A*inv(B)*A)",
        "(eye(n) - 2*P)^2 - eye(n)",
        "inv(eye(n) + Q) + inv(eye(n) + Q') - eye(n)",
    ],
)
def test_completion_reduces_true_differences_to_zero(text: str) -> None:
    assert vanishes(parse(text, GIVEN).expr) is not None


@pytest.mark.parametrize(
    "text",
    [
        "inv(eye(m) + X*Y)*X - X*inv(eye(n) - Y*X)",
        "inv(A + x*y') - inv(A) + inv(A)*x*y'*inv(A)/(1 - y'*inv(A)*x)",
        "inv(A) - inv(B)",
        "inv(A + B) - inv(A) - inv(B)",
        "A*inv(A) - eye(n) + x*y'",
        "A*B",
    ],
)
def test_completion_proves_nothing_false(text: str) -> None:
    assert vanishes(parse(text, GIVEN).expr) is None


def test_a_proof_says_what_it_rests_on() -> None:
    found = prove(parse("det(A + x*y')", GIVEN).expr, parse("det(A)*(1 + y'*inv(A)*x)", GIVEN).expr)
    assert found is not None and found.conditions == ("A is invertible",)
    assert any("det(A)*det(I + inv(A)*U*V)" in rule for rule in found.rules)
