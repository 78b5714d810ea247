"""Functions of derived answers: the axes and entries of automatic differentiation, against central differences."""

from __future__ import annotations

import numpy as np
import pytest
from tests.codegen.support import shaped

from closedform.codegen.function import GeneratedFunction, compile_function
from closedform.core.errors import Refusal
from closedform.core.walk import leaves
from closedform.numeric.draw import draw
from closedform.result import Derivative
from closedform.session import derive

SIZES = {"k": 2, "m": 3, "n": 4, "p": 5, "q": 6}

CASES = [
    ("logdet(S) + tr(inv(S)*C)", ["S"], "S: n n pd; C: n n symmetric"),
    ("norm2(y - X*b)", ["b"], "X: m n; y: m; b: n"),
    ("norm2(y - X*b)^2", ["b", "b"], "X: m n; y: m; b: n"),
    ("t*x'*A*x", ["t", "x"], "x: n; A: n n; t: scalar"),
    ("t*x'*A*x", ["x", "t"], "x: n; A: n n; t: scalar"),
    ("t^2*x'*A*x", ["t", "t"], "x: n; A: n n; t: scalar"),
    ("x'*A*y", ["x", "y"], "x: m; A: m n; y: n"),
    ("x'*A*y", ["y", "x"], "x: m; A: m n; y: n"),
    ("softmax(A*x)", ["x"], "A: m n; x: n"),
    ("x'*A", ["x"], "A: m n; x: m"),
    ("r*A*x", ["r"], "r: 1 m; A: m n; x: n"),
    ("c'*A*c", ["c"], "c: n 1; A: n n"),
    ("c'*A*c", ["c", "c"], "c: n 1; A: n n"),
    ("tr(A*X*B)", ["X"], "A: p m; X: m n; B: n p"),
    ("A*X*B", ["X"], "A: p m; X: m n; B: n q"),
    ("A*X*y", ["X"], "A: p m; X: m n; y: n"),
    ("tr(X'*A*X)", ["X", "X"], "X: m n; A: m m"),
    ("tr(A*X*B*Y)", ["X", "Y"], "A: p m; X: m n; B: n k; Y: k p"),
    ("t*X*y", ["t"], "X: m n; y: n; t: scalar"),
    ("t^2*X", ["t", "t"], "X: m n; t: scalar"),
    ("sum(x.^4)", ["x", "x", "x"], "x: n"),
    ("x*x'", ["x"], "x: n"),
    ("vec(A*diag(c))", ["c"], "c: n 1; A: m n"),
    ("kron(c, c)*c'", ["c"], "c: n 1"),
    ("inv(X)", ["X"], "X: n n"),
    ("logsumexp(A*x)", ["x", "x"], "A: m n; x: n"),
    ("sum(sigmoid(X*w))", ["w", "w"], "X: m n; w: n"),
]


def differences(function: GeneratedFunction, env: dict[str, np.ndarray], name: str, symmetric: bool) -> np.ndarray:
    """The derivative by one argument: output axes, then those of the argument."""
    at = env[name]
    rows = []
    for i in np.ndindex(at.shape):
        d = np.zeros_like(at)
        d[i] = 1e-5
        d = (d + d.T) / 2 if symmetric else d
        rows.append((function(**{**env, name: at + d}) - function(**{**env, name: at - d})) / 2e-5)
    out = np.array(rows).reshape(at.shape + rows[0].shape)
    return np.moveaxis(out, range(at.ndim), range(-at.ndim, 0)) if at.ndim else out


def derived(expression: str, wrt: list[str], given: str) -> Derivative:
    try:
        return derive(expression, wrt, given, verify=False)
    except Refusal as refusal:
        pytest.skip(f"not derived: {refusal}")


@pytest.mark.parametrize(("expression", "wrt", "given"), CASES)
@pytest.mark.parametrize("layout", ["mixed", "denominator"])
def test_tensor_form(expression: str, wrt: list[str], given: str, layout: str) -> None:
    answer = derived(expression, wrt, given)
    if len(wrt) == 1:
        original = answer.original
        before = compile_function(original)
    else:
        earlier = derived(expression, wrt[:-1], given)
        original, before = earlier.expr, earlier.function()
    rng = np.random.default_rng(0)
    symbols = {v.params[0]: v for e in (answer.original, original) for v in leaves(e, "symbol")}
    env = {name: shaped(v, draw(v, SIZES, rng), SIZES) for name, v in symbols.items()}
    known = {a.name for a in before.arguments}
    wanted = differences(before, {n: env[n] for n in env if n in known}, wrt[-1], "S" in wrt)
    found = derive(expression, wrt, given, verify=False, layout=layout).function()(**env)
    assert found.shape == wanted.shape
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("expression", "wrt", "given"), CASES)
def test_matrix_form_has_the_printed_shape(expression: str, wrt: list[str], given: str) -> None:
    answer = derived(expression, wrt, given)
    rng = np.random.default_rng(0)
    env = {v.params[0]: shaped(v, draw(v, SIZES, rng), SIZES) for v in leaves(answer.original, "symbol")}
    value = answer.function(form="matrix")(**env)
    assert value.shape == (answer.expr.rows.value(SIZES), answer.expr.cols.value(SIZES))
