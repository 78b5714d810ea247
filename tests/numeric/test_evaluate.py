"""Values of expressions against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import closedform.ops  # noqa: F401  (imported for their declarations)
from closedform.core.dim import Dim
from closedform.core.op import f
from closedform.lang.declare import declare
from closedform.lang.read import parse
from closedform.numeric.evaluate import Program, evaluate
from closedform.ops.build import product

SCOPE = declare("A: m n; B: m n; X: n n; Y: n n; x: n; y: n; b: m; t: scalar; r: 1 n; s: 1 1")
SIZES = {"m": 3, "n": 4}
RNG = np.random.default_rng(5)
A, B = RNG.standard_normal((3, 4)), RNG.standard_normal((3, 4))
X, Y = RNG.standard_normal((4, 4)), RNG.standard_normal((4, 4))
x, y, b, t, r = RNG.standard_normal(4), RNG.standard_normal(4), RNG.standard_normal(3), 0.7, RNG.standard_normal(4)
POINT = {"A": A, "B": B, "X": X, "Y": Y, "x": x, "y": y, "b": b, "t": t, "r": r, "s": [[2.0]]}
c = x[:, None]

TABLE = {
    "x'*X*y": x @ X @ y,
    "(A*x - b)'*(A*x - b)": (A @ x - b) @ (A @ x - b),
    "A*x - b": (A @ x - b)[:, None],
    "x*y'": np.outer(x, y),
    "x'*y*X": (x @ y) * X,
    "t*A + 2*B": t * A + 2 * B,
    "A/t": A / t,
    "t^3 + t^(1/2)": t**3 + t**0.5,
    "A.*B./A": B,
    "A.^2": A**2,
    "2.^A": 2.0**A,
    "X^3": X @ X @ X,
    "X^-2": np.linalg.inv(X @ X),
    "tr(X*Y)": np.trace(X @ Y),
    "det(X)": np.linalg.det(X),
    "logdet(X)": np.linalg.slogdet(X)[1],
    "inv(X)'": np.linalg.inv(X).T,
    "diag(x)*X": np.diag(x) @ X,
    "diag(X)": np.diag(X)[:, None],
    "tril(X) + triu(Y)": np.tril(X) + np.triu(Y),
    "vec(A)": A.reshape(-1, 1, order="F"),
    "kron(A, x)": np.kron(A, c),
    "K(m, n)*vec(A) - vec(A')": np.zeros((12, 1)),
    "sum(exp(A))": np.exp(A).sum(),
    "norm2(A)": np.linalg.norm(A),
    "norm1(x)": np.abs(x).sum(),
    "softmax(x)": (np.exp(x) / np.exp(x).sum())[:, None],
    "logsumexp(x)": np.log(np.exp(x).sum()),
    "relu(A)": np.maximum(A, 0),
    "maximum(A, B)": np.maximum(A, B),
    "erf(t)": 0.6778011938374185,
    "X[2,3]": X[1, 2],
    "X[:,2]": X[:, 1:2],
    "x[2:3]": c[1:3],
    "[A; x']": np.vstack([A, x]),
    "[t, x'*y]": np.array([[t, x @ y]]),
    "e(2, n)'*x": x[1],
    "ones(m, n) + zeros(m, n)": np.ones((3, 4)),
    "n*tr(eye(n))": 16.0,
    "pi*t": np.pi * t,
    "r*x": r @ x,
    "s*t": 1.4,
    "mean(A)": A.mean(),
}


@pytest.mark.parametrize("text", TABLE)
def test_the_value_is_the_one_of_numpy(text: str) -> None:
    e = parse(text, SCOPE).expr
    got = evaluate(e, POINT, SIZES)
    assert np.ndim(got) == (0 if e.is_scalar else 2)
    np.testing.assert_allclose(got, TABLE[text], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("text", [k for k in TABLE if "inv" not in k and "maximum" not in k])
def test_every_value_continues_to_complex_arrays(text: str) -> None:
    point = {name: np.asarray(value) + 0j for name, value in POINT.items()}
    np.testing.assert_allclose(evaluate(parse(text, SCOPE).expr, point, SIZES), TABLE[text], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("text", ["inv(X)", "logdet(X)", "log(t - 1)", "x[3]", "X^-1*x"])
def test_what_has_no_value_is_not_finite_and_raises_nothing(text: str) -> None:
    e = parse(text, SCOPE).expr
    got = evaluate(e, {"X": np.zeros((2, 2)), "x": np.zeros(2), "t": 0.0}, {"n": 2})
    assert not np.isfinite(got).any()
    assert np.ndim(got) == (0 if e.is_scalar else 2)


def test_a_number_beyond_floating_point_is_infinite() -> None:
    assert evaluate(product(f.number(10**400), f.number(1)), {}, {}) == np.inf


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x/norm2(x)", (4, 1)),
        ("x'/norm2(x)", (1, 4)),
        ("t*x*x'/norm2(x)", (4, 4)),
        ("A'*(A*x - b)/norm2(A*x - b)", (4, 1)),
        ("1/norm2(A*x)*A*x", (3, 1)),
        ("x'*A'/norm2(A*x)", (1, 3)),
        ("A/norm2(A)", (3, 4)),
        ("x*y'/(norm2(x)*norm2(y))", (4, 4)),
    ],
)
def test_a_vector_over_its_own_norm_counts_as_0_at_0(text: str, wanted: tuple[int, int]) -> None:
    point = {**POINT, "x": 0 * x, "b": 0 * b} | ({"A": 0 * A} if text.startswith("A/") else {})
    got = evaluate(parse(text, SCOPE).expr, point, SIZES)
    assert got.shape == wanted
    assert (got == 0).all()


@pytest.mark.parametrize("text", ["y/norm2(x)", "eye(n)/norm2(x) - x*x'/norm2(x)^3", "1/norm2(x)"])
def test_nothing_else_over_a_norm_of_0_is_finite(text: str) -> None:
    assert not np.isfinite(evaluate(parse(text, SCOPE).expr, {**POINT, "x": 0 * x}, SIZES)).all()


@pytest.mark.parametrize("text", ["x'*X*X*x + x'*y", "X*Y + x*y'", "inv(X)*x", "X.*Y", "det(X)*X", "X*x*t", "kron(X, Y)"])
def test_sizes_of_1_keep_their_shapes(text: str) -> None:
    e = parse(text, SCOPE).expr
    got = evaluate(e, {"X": [[2.0]], "Y": [[3.0]], "x": [5.0], "y": [7.0], "t": 11.0}, {"n": 1})
    assert np.shape(got) == (() if e.is_scalar else (1, 1))
    assert np.isfinite(got).all()


def test_a_matrix_operation_of_a_scalar_takes_it_as_1_by_1() -> None:
    scalar = SCOPE.symbols["t"]
    for e, wanted in ((f.trace(scalar), 3.0), (f.det(scalar), 3.0), (f.inv(scalar), 1 / 3), (f.diag(scalar), 3.0)):
        assert evaluate(e, {"t": 3.0}, {}) == pytest.approx(wanted)


def test_only_what_depends_on_a_changed_symbol_is_computed_again() -> None:
    e = parse("x'*inv(X)*x + tr(inv(Y))", SCOPE).expr
    program = Program(e)
    bound = program.at(SIZES)
    values = bound.values(POINT)
    symbol = SCOPE.symbols["x"]
    moved = bound.moved(values, {symbol: 2 * c})
    np.testing.assert_allclose(moved[program.place[e]], evaluate(e, {**POINT, "x": 2 * x}, SIZES))
    inverse = next(node for node in program.nodes if node.op.name == "inv")
    assert moved[program.place[inverse]] is values[program.place[inverse]]
    assert program.place[inverse] not in program.dependents([symbol])


def test_a_long_chain_is_no_recursion() -> None:
    e = SCOPE.symbols["t"]
    for _ in range(3000):
        e = f.tanh(f.add(e, SCOPE.symbols["t"]))
    assert np.isfinite(evaluate(e, {"t": 0.3}, {}))


def test_the_direction_of_a_variable_is_read_under_its_own_name() -> None:
    dx = f.tangent("x", Dim.of("n"), Dim.of(1))
    assert evaluate(product(f.transpose(dx), dx), {"dx": [1.0, 2.0]}, {"n": 2}) == 5.0
