"""Kronecker products and their kin in generated code: right values, without a Kronecker product being written out."""

from __future__ import annotations

import random
import re
import tracemalloc

import numpy as np
import pytest
from tests.codegen.networks import expression, some_sizes
from tests.codegen.support import close, point, reference, shaped, symbol

from closedform.codegen.function import compile_function
from closedform.core.dim import Dim
from closedform.core.op import f
from closedform.core.walk import leaves
from closedform.numeric.draw import draw
from closedform.numeric.evaluate import evaluate
from closedform.session import derive

NAMES = "hkmncpqr"
SIZES = [
    dict(zip(NAMES, sizes, strict=True))
    for sizes in ((2, 2, 5, 3, 4, 6, 7, 2), (1, 1, 1, 1, 1, 1, 1, 1), (1, 3, 2, 1, 2, 1, 2, 3))
]

NETWORK = "X: m n; W1: n h; W2: h c; Y: m c"

CASES = [
    ("X*A", ["X"], "X: m n; A: n k"),
    ("X'*A", ["X"], "X: m n; A: m k"),
    ("X'*X", ["X"], "X: m n"),
    ("X*X'", ["X"], "X: m n"),
    ("X'*B*X", ["X"], "X: m n; B: m m"),
    ("A*X*B", ["X"], "A: k m; X: m n; B: n p"),
    ("vec(A*X*B)", ["X"], "A: k m; X: m n; B: n p"),
    ("A*X'*B", ["X"], "A: k n; X: m n; B: m p"),
    ("X^2", ["X"], "X: n n"),
    ("X^3", ["X"], "X: n n"),
    ("inv(X)", ["X"], "X: n n"),
    ("A*inv(X)*B", ["X"], "A: n n; X: n n; B: n n"),
    ("X'", ["X"], "X: m n"),
    ("X", ["X"], "X: m n"),
    ("A.*X", ["X"], "A: m n; X: m n"),
    ("exp(X)", ["X"], "X: m n"),
    ("exp(A*X)", ["X"], "A: k m; X: m n"),
    ("kron(X, A)", ["X"], "X: m n; A: 2 2"),
    ("kron(A, X)", ["X"], "X: m n; A: p q"),
    ("kron(A*X, X)", ["X"], "X: m n; A: p m"),
    ("khatrirao(A, X)", ["X"], "X: m n; A: p n"),
    ("diag(A*x)", ["x"], "x: n; A: m n"),
    ("x*x'", ["x"], "x: n"),
    ("x*x'*A", ["x"], "x: n; A: n m"),
    ("kron(x, A*x)", ["x"], "x: n; A: m n"),
    ("tr(X)*X", ["X"], "X: n n"),
    ("X*y/norm2(y)", ["X"], "X: m n; y: n"),
    ("x*y'*X/norm2(x)", ["x"], "x: m; y: n; X: n p"),
    ("inv(S)", ["S"], "S: n n symmetric"),
    ("S*A*S", ["S"], "S: n n skew; A: n n"),
    ("L*L'", ["L"], "L: n n lower"),
    ("vech(A*X)", ["X"], "X: m n; A: n m"),
    ("vech(inv(S))", ["S"], "S: n n pd"),
    ("tr(A*X*B*X')", ["X", "X"], "A: m m; X: m n; B: n n"),
    ("tr(X'*A*X)", ["X", "X"], "X: m n; A: m m"),
    ("(X*a)'*(X*a)", ["X", "X"], "X: m n; a: n"),
    ("logdet(X)", ["X", "X"], "X: n n"),
    ("logdet(X'*X)", ["X", "X"], "X: m n"),
    ("tr(inv(X)*A)", ["X", "X"], "X: n n; A: n n"),
    ("sum(exp(A*X))", ["X", "X"], "X: m n; A: k m"),
    ("norm2(X)", ["X", "X"], "X: m n"),
    ("logdet(S)", ["S", "S"], "S: n n pd"),
    ("tr(inv(S)*C)", ["S", "S"], "S: n n pd; C: n n symmetric"),
    ("tr(A*X*B*X')", ["X", "X"], "A: n n; X: n n symmetric; B: n n"),
    ("tr(A*X*B*X')", ["X", "X"], "A: n n; X: n n skew; B: n n"),
    ("logdet(X) + tr(A*X*X)", ["X", "X"], "A: n n; X: n n lower"),
    ("tr(A*X*B*Y)", ["X", "Y"], "A: p m; X: m n; B: n k; Y: k p"),
    ("norm2(tanh(X*W1)*W2 - Y)^2", ["W1", "W1"], NETWORK),
    ("norm2(tanh(X*W1)*W2 - Y)^2", ["W1", "W2"], NETWORK),
    ("norm2(X*W1*W2 - Y)^2", ["W2", "W1"], NETWORK),
]

WRITTEN_OUT = re.compile(r"np\.(kron|eye|diagflat)\(|duplication\(|elimination\(")


@pytest.mark.parametrize("seed", range(8))
def test_random_networks(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        r, c = some_sizes(rng), some_sizes(rng)
        e = expression(r, c, rng.choice([2, 3, 4]), rng)
        sizes = {name: rng.choice([1, 2, 3]) for name in "mnp"}
        env = point(e, sizes, seed)
        wanted = reference(e, env, sizes)
        forms: list[tuple[str, np.ndarray]] = [("matrix", wanted)]
        axes = tuple((c + r)[::-1])
        shape = tuple(d.value(sizes) for d in axes)
        if len(axes) != 2 or e.shape == axes:
            forms.append(("tensor", np.reshape(wanted, shape, order="F")))
        for form, value in forms:
            function = compile_function(e, leaves(e, "symbol"), form=form, tensor=axes if form == "tensor" else None)
            found = function(**env, **{n: sizes[n] for n in function._sizes})
            scale = max(1.0, float(np.max(np.abs(value))))
            assert found.shape == value.shape
            np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-9 * scale, err_msg=function.source)
            assert not any(np.shares_memory(found, a) for a in env.values())


def test_factors_that_do_not_fit() -> None:
    """Sizes in another order: the inner sizes are m*n on one side and n*m on the other."""
    m, n, p = (Dim.of(name) for name in "mnp")
    A, B, C, D = symbol("A", p, m), symbol("B", p, n), symbol("C", n, p), symbol("D", m, p)
    e = f.mul(f.kron(A, B), f.add(f.kron(C, D), f.kron(D, C)))
    env = point(e)
    assert close(compile_function(e, form="matrix")(**env), reference(e, env))
    wanted = np.reshape(reference(e, env), (5, 5, 5, 5), order="F")
    assert close(compile_function(e, tensor=(p, p, p, p))(**env), wanted)


@pytest.mark.parametrize(("expression", "wrt", "given"), CASES)
def test_derivatives_by_matrices(expression: str, wrt: list[str], given: str) -> None:
    answer = derive(expression, wrt, given, verify=False)
    tensor, matrix = answer.function(), answer.function(form="matrix")
    assert not WRITTEN_OUT.search(tensor.source.split('"""')[-1]), tensor.source
    for i, sizes in enumerate(SIZES):
        if "X'*X" in expression and "logdet" in expression and sizes["m"] < sizes["n"]:
            continue
        rng = np.random.default_rng(i)
        symbols = {v.params[0]: v for e in (answer.original, answer.expr) for v in leaves(e, "symbol")}
        env = {name: shaped(v, draw(v, sizes, rng), sizes) for name, v in symbols.items()}
        rows, cols = answer.expr.rows.value(sizes), answer.expr.cols.value(sizes)
        wanted = np.asarray(evaluate(answer.expr, env, sizes), dtype=float).reshape(rows, cols)
        if not np.isfinite(wanted).all():
            continue
        tolerance = 1e-9 * max(1.0, float(np.max(np.abs(wanted))))
        np.testing.assert_allclose(matrix(**env), wanted, rtol=1e-9, atol=tolerance)
        found = tensor(**env)
        np.testing.assert_allclose(found, np.reshape(wanted, found.shape, order="F"), rtol=1e-9, atol=tolerance)


# ---- memory -------------------------------------------------------------------------------------------------------
def peak(function: object, env: dict[str, np.ndarray]) -> float:
    """The memory that a call takes at most, as a multiple of what it gives back."""
    assert callable(function)
    function(**env)
    tracemalloc.start()
    try:
        out = function(**env)
        return float(tracemalloc.get_traced_memory()[1] / out.nbytes)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", ["tensor", "matrix"])
def test_the_jacobian_of_a_product_allocates_the_output_only(form: str) -> None:
    answer = derive("A*X*B", "X", "A: m n; X: n p; B: p q", verify=False)
    rng = np.random.default_rng(0)
    assert peak(answer.function(form=form), {name: rng.normal(size=(60, 60)) for name in "ABX"}) < 1.1


@pytest.mark.parametrize("form", ["tensor", "matrix"])
@pytest.mark.parametrize(
    ("expression", "wrt", "given"),
    [
        ("X'*B*X", ["X"], "X: n n; B: n n"),
        ("X^3", ["X"], "X: n n"),
        ("exp(X)", ["X"], "X: n n"),
        ("-inv(X)", ["X"], "X: n n"),
    ],
)
def test_jacobians_allocate_little_more_than_the_output(expression: str, wrt: list[str], given: str, form: str) -> None:
    answer = derive(expression, wrt, given, verify=False)
    rng = np.random.default_rng(0)
    env = {name: np.eye(30) * 9 + rng.normal(size=(30, 30)) for name in "BX" if f"{name}:" in given}
    assert peak(answer.function(form=form), env) < 1.2


@pytest.mark.parametrize("form", ["tensor", "matrix"])
def test_a_projected_hessian_allocates_one_further_array(form: str) -> None:
    answer = derive("tr(A*X*B*X')", ["X", "X"], "A: n n; X: n n symmetric; B: n n", verify=False)
    rng = np.random.default_rng(0)
    assert peak(answer.function(form=form), {name: rng.normal(size=(30, 30)) for name in "ABX"}) < 2.1


@pytest.mark.parametrize(("form", "most"), [("tensor", 1.8), ("matrix", 2.6)])
def test_the_hessian_of_a_network_by_its_first_layer(form: str, most: float) -> None:
    answer = derive("norm2(tanh(X*W1)*W2 - Y)^2", ["W1", "W1"], NETWORK, verify=False)
    m, n, h, c = 50, 20, 15, 4
    rng = np.random.default_rng(0)
    shapes = {"X": (m, n), "W1": (n, h), "W2": (h, c), "Y": (m, c)}
    assert peak(answer.function(form=form), {name: rng.normal(size=shape) for name, shape in shapes.items()}) < most


# ---- readable source ----------------------------------------------------------------------------------------------
def body(expression: str, wrt: list[str], given: str) -> list[str]:
    source = derive(expression, wrt, given, verify=False).function().source
    lines = [line.strip() for line in source.split('"""')[-1].splitlines()]
    return [line for line in lines if line and "np.asarray" not in line and ".shape[" not in line]


def test_a_kronecker_product_is_one_contraction() -> None:
    assert body("A*X*B", ["X"], "A: m n; X: n p; B: p q") == ['return np.einsum("ij,kl->kjli", B, A)']


def test_an_identity_fills_the_entries_at_which_two_indices_agree() -> None:
    lines = body("inv(C)*X*A", ["X"], "C: m m; X: m n; A: n k")
    assert lines == ['return np.einsum("ij,kl->kjli", A, np.linalg.inv(C))']
    lines = body("X*A + tr(C)*X*A", ["X"], "X: m n; A: n k; C: m m")
    assert lines[-4:-2] == ["t1 = np.zeros((m, k, m, n))", 'part = np.einsum("ijik->ijk", t1)']


def test_an_elimination_matrix_is_an_index() -> None:
    lines = body("vech(inv(X))", ["X"], "X: n n")
    assert "t2 = np.triu_indices(n)" in lines
