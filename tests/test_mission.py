"""The cases of the founding documents, as written there: the table of cases, the identities, the practice problems."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import closedform as cf
from closedform.numeric.evaluate import evaluate
from closedform.result import Derivative


def derived(expression: str, wrt: str | list[str], given: str) -> Derivative:
    d = cf.derive(expression, wrt, given)
    assert d.certificate is not None and d.certificate.ok
    assert cf.parse(str(d), given) is d.expr
    return d


def at(d: Derivative, **arrays: Any) -> Any:
    """The value by generated code, with the axes of automatic differentiation."""
    return d.function()(**{name: np.asarray(value, dtype=float) for name, value in arrays.items()})


# ---- the table of cases --------------------------------------------------------------------------------------------
def test_a_scalar_by_a_scalar() -> None:
    d = derived("x^3 + 2*x^2 - 5*x + 7", "x", "x: scalar")
    assert str(d) == "3*x^2 + 4*x - 5"
    assert d.kind == "derivative"
    assert at(d, x=0.0) == -5
    assert at(d, x=1.0) == 2


def test_a_scalar_by_a_vector() -> None:
    d = derived("x[1]^2 + 3*x[1]*x[2] + x[2]^2", "x", "x: 2")
    assert str(d) == "[2*x[1] + 3*x[2]; 3*x[1] + 2*x[2]]"
    assert (d.kind, d.shape) == ("gradient", ("2", "1"))
    assert at(d, x=[1.0, 2.0]).tolist() == [8, 7]


def test_a_scalar_by_a_matrix() -> None:
    assert str(derived("tr(X)", "X", "X: n n")) == "eye(n)"
    assert str(derived("norm2(X)^2", "X", "X: m n")) == "2*X"
    assert str(derived("sum(X.*X)", "X", "X: m n")) == "2*X"
    assert str(derived("tr(X'*X)", "X", "X: m n")) == "2*X"


def test_a_vector_by_a_scalar() -> None:
    d = derived("[cos(t); sin(t); t^2]", "t", "t: scalar")
    assert str(d) == "[-sin(t); cos(t); 2*t]"
    assert d.shape == ("3", "1")
    assert np.allclose(at(d, t=math.pi / 2), [-1, 0, math.pi], atol=1e-15)


def test_a_vector_by_a_vector() -> None:
    d = derived("[x[1]^2 + x[2]; x[1]*x[2]; sin(x[1]) + cos(x[2])]", "x", "x: 2")
    assert str(d) == "[2*x[1], 1; x[2], x[1]; cos(x[1]), -sin(x[2])]"
    assert (d.kind, d.shape) == ("jacobian", ("3", "2"))


def test_a_vector_by_a_matrix() -> None:
    d = derived("A*X*b", "X", "A: p m; X: m n; b: n")
    assert str(d) == "kron(b', A)"
    assert d.shape == ("p", "m*n")
    A, b = np.arange(6.0).reshape(2, 3), np.array([1.0, -1.0, 2.0, 0.5])
    X = np.random.default_rng(0).standard_normal((3, 4))
    assert np.allclose(at(d, A=A, X=X, b=b), np.einsum("ij,k->ijk", A, b))


def test_a_matrix_by_a_scalar() -> None:
    d = derived("[cos(t), sin(t); -sin(t), cos(t)]", "t", "t: scalar")
    assert str(d) == "[-sin(t), cos(t); -cos(t), -sin(t)]"
    d = derived("[x, x^2; x^3, x^4]", "x", "x: scalar")
    assert str(d) == "[1, 2*x; 3*x^2, 4*x^3]"
    assert at(d, x=2.0).tolist() == [[1, 4], [12, 32]]


def test_a_matrix_by_a_vector() -> None:
    d = derived("x*x'", "x", "x: n")
    assert d.shape == ("n*n", "n")
    x = np.array([1.0, 2.0, -3.0])
    eye = np.eye(3)
    assert np.allclose(at(d, x=x), np.einsum("ik,j->ijk", eye, x) + np.einsum("jk,i->ijk", eye, x))


def test_a_matrix_by_a_matrix() -> None:
    d = derived("A*X*B", "X", "A: p m; X: m n; B: n q")
    assert str(d) == "kron(B', A)"
    assert d.shape == ("p*q", "m*n")
    assert str(derived("inv(X)", "X", "X: n n")) == "-kron(inv(X)', inv(X))"
    assert str(derived("X", "X", "X: m n")) == "eye(m*n)"


def test_the_shape_is_known_before_the_answer() -> None:
    cells = [
        ("t^2", "t", ("1", "1")), ("x'*x", "x", ("n", "1")), ("norm2(X)", "X", ("m", "n")), ("t*x", "t", ("n", "1")),
        ("y*x'*x", "x", ("m", "n")), ("X*x", "X", ("m", "m*n")), ("t*X", "t", ("m", "n")), ("y*x'", "x", ("m*n", "n")),
        ("t*X", "X", ("m*n", "m*n")),
    ]  # fmt: skip
    for expression, wrt, shape in cells:
        assert derived(expression, wrt, "t: scalar; x: n; y: m; X: m n").shape == shape


# ---- the chain rule ------------------------------------------------------------------------------------------------
def test_the_gradient_of_a_function_of_a_linear_map() -> None:
    given = "A: m n; theta: n; y: m"
    for outer, gradient in [
        ("logsumexp({})", "softmax({})"), ("sum(exp({}))", "exp({})"), ("norm2({})^2", "2*{}"),
        ("y'*tanh({})", "(y - y.*tanh({}).^2)"),
    ]:  # fmt: skip
        d = derived(outer.format("(A*theta)"), "theta", given)
        wanted = cf.parse("A'*" + gradient.format("(A*theta)"), given)
        assert cf.simplify(d.expr, given).shape == wanted.shape
        env = {"A": np.arange(6.0).reshape(2, 3) / 7, "theta": np.array([0.3, -0.2, 0.5]), "y": np.array([1.5, -0.5])}
        assert np.allclose(at(d, **env), evaluate(wanted, env, {"m": 2, "n": 3})[:, 0])
    assert str(derived("logsumexp(A*theta)", "theta", given)) == "A'*softmax(A*theta)"


def test_the_jacobian_of_a_composition_is_the_product_in_that_order() -> None:
    given = "A: m n; B: p m; x: n"
    d = derived("tanh(B*exp(A*x))", "x", given)
    inner = derived("exp(A*x)", "x", given)
    outer = derived("tanh(B*z)", "z", "B: p m; z: m")
    rng = np.random.default_rng(1)
    A, B, x = rng.standard_normal((3, 2)), rng.standard_normal((4, 3)), rng.standard_normal(2)
    assert np.allclose(at(d, A=A, B=B, x=x), at(outer, B=B, z=np.exp(A @ x)) @ at(inner, A=A, B=B, x=x))


def test_a_parameter_inside_a_matrix() -> None:
    """df/dt = tr((df/dX)'*dX/dt)."""
    given = "A: n n pd; B: n n symmetric; t: scalar"
    d = derived("logdet(A + t*B)", "t", given)
    assert str(d) == "tr(inv(A + t*B)*B)"
    assert str(derived("tr(C*(A + t*B))", "t", given + "; C: n n")) == "tr(C*B)"


# ---- the identities ------------------------------------------------------------------------------------------------
IDENTITIES = [
    ("a'*x", "x", "a: n; x: n", "a"),
    ("x'*a", "x", "a: n; x: n", "a"),
    ("A*x", "x", "A: m n; x: n", "A"),
    ("x'*A", "x", "A: n m; x: n", "A'"),
    ("x'*A*x", "x", "A: n n; x: n", "(A + A')*x"),
    ("x'*A*x", "x", "A: n n symmetric; x: n", "2*A*x"),
    ("x'*x", "x", "x: n", "2*x"),
    ("norm2(x)^2", "x", "x: n", "2*x"),
    ("norm2(x)", "x", "x: n", "x/norm2(x)"),
    ("tr(X)", "X", "X: n n", "eye(n)"),
    ("tr(A*X)", "X", "A: n m; X: m n", "A'"),
    ("tr(X*A)", "X", "A: n m; X: m n", "A'"),
    ("tr(X'*A)", "X", "A: m n; X: m n", "A"),
    ("tr(A*X*B)", "X", "A: p m; X: m n; B: n p", "A'*B'"),
    ("tr(X'*A*X)", "X", "A: m m; X: m n", "(A + A')*X"),
    ("tr(X'*A*X)", "X", "A: m m symmetric; X: m n", "2*A*X"),
    ("det(X)", "X", "X: n n", "det(X)*inv(X)'"),
    ("logdet(X)", "X", "X: n n", "inv(X)'"),
    ("logdet(X)", "X", "X: n n symmetric", "inv(X)"),
    ("logdet(X)", "X", "X: n n pd", "inv(X)"),
    ("tr(A*inv(X))", "X", "A: n n; X: n n", "-inv(X)'*A'*inv(X)'"),
    ("tr(inv(S)*C)", "S", "S: n n pd; C: n n symmetric", "-inv(S)*C*inv(S)"),
    ("logdet(S) + tr(inv(S)*C)", "S", "S: n n pd; C: n n symmetric", "inv(S) - inv(S)*C*inv(S)"),
    ("a'*X*b", "X", "X: m n; a: m; b: n", "a*b'"),
    ("a'*X'*b", "X", "X: m n; a: n; b: m", "b*a'"),
    ("norm2(A*x - b)^2", "x", "A: m n; x: n; b: m", "2*A'*(A*x - b)"),
]


@pytest.mark.parametrize(("expression", "wrt", "given", "answer"), IDENTITIES)
def test_an_identity(expression: str, wrt: str, given: str, answer: str) -> None:
    d = derived(expression, wrt, given)
    assert str(d) == answer
    assert str(d.derivation)


def test_the_conditions_of_the_identities_are_stated() -> None:
    assert derived("det(X)", "X", "X: n n").conditions == ("X is invertible",)
    assert derived("logdet(X)", "X", "X: n n pd").conditions == ()
    assert derived("tr(A*inv(X))", "X", "A: n n; X: n n invertible").conditions == ()


# ---- practice ------------------------------------------------------------------------------------------------------
def test_practice_a_gradient() -> None:
    d = derived("3*x[1]^2 + 2*x[1]*x[2] + x[2]^2", "x", "x: 2")
    for x in ([1.0, 0.0], [0.0, 1.0], [2.0, -3.0]):
        assert at(d, x=x).tolist() == [6 * x[0] + 2 * x[1], 2 * x[0] + 2 * x[1]]


def test_practice_a_jacobian() -> None:
    assert str(derived("[x[1] + x[2]; x[1] - x[2]]", "x", "x: 2")) == "[1, 1; 1, -1]"


def test_practice_a_quadratic_form_with_numbers() -> None:
    d = derived("x'*[2, 1; 1, 3]*x", "x", "x: 2")
    for x in ([1.0, 0.0], [0.0, 1.0], [2.0, -3.0]):
        assert at(d, x=x).tolist() == [4 * x[0] + 2 * x[1], 2 * x[0] + 6 * x[1]]
    e = derived("x'*A*x", "x", "A: 2 2 symmetric; x: 2")
    assert at(e, A=[[2.0, 1.0], [1.0, 3.0]], x=[2.0, -3.0]).tolist() == [2.0, -14.0]


@pytest.mark.parametrize(
    ("expression", "wrt", "given", "differential", "answer"),
    [
        ("x'*A*x", "x", "A: n n; x: n", "dx", "(A + A')*x"),
        ("logdet(S)", "S", "S: n n symmetric", "dS", "inv(S)"),
        ("tr(X'*A*X)", "X", "A: m m; X: m n", "dX", "(A + A')*X"),
    ],
)
def test_practice_by_differentials(expression: str, wrt: str, given: str, differential: str, answer: str) -> None:
    d = derived(expression, wrt, given)
    assert str(d) == answer
    rules = [step.rule for step in d.derivation]
    assert "identify" in rules
    assert any(rule.startswith("d-") for rule in rules)
    assert differential in str(d.derivation)


def test_forward_and_reverse_example() -> None:
    d = derived("sin(x[1]) + x[1]*x[2]", "x", "x: 2")
    assert np.allclose(at(d, x=[2.0, 3.0]), [math.cos(2) + 3, 2.0])


# ---- second order and applications ---------------------------------------------------------------------------------
def test_hessians() -> None:
    d = derived("x'*A*x", ["x", "x"], "A: n n symmetric; x: n")
    assert (str(d), d.kind, d.shape) == ("2*A", "hessian", ("n", "n"))
    assert str(derived("0.5*x'*Q*x - c'*x", "x", "Q: n n pd; c: n; x: n")) == "Q*x - c"
    assert str(derived("0.5*x'*Q*x - c'*x", ["x", "x"], "Q: n n pd; c: n; x: n")) == "Q"


def test_back_propagation_gives_delta_times_the_input() -> None:
    assert str(derived("norm2(W*x - y)^2/2", "W", "W: m n; x: n; y: m")) == "(W*x - y)*x'"
    assert str(derived("crossentropy(p, W*x + b)", "W", "p: c simplex; W: c n; x: n; b: c")) == "(softmax(W*x + b) - p)*x'"


def test_normal_equations_and_the_gaussian_likelihood() -> None:
    assert str(derived("norm2(X*b - y)^2", "b", "X: m n; b: n; y: m")) == "2*X'*(X*b - y)"
    given = "S: p p pd; u: p; C: p p symmetric; n: scalar positive"
    assert str(derived("-(n/2)*logdet(S) - (n/2)*tr(inv(S)*C)", "S", given)) in (
        "n*(inv(S)*C*inv(S) - inv(S))/2", "n*inv(S)*(C*inv(S) - eye(p))/2",
    )  # fmt: skip
