"""How products are computed: in which order, and without inverses, diagonal matrices or matrices of ones."""

from __future__ import annotations

import pytest
from tests.codegen.support import SIZES, A, B, C, M, N, P, S, X, close, point, reference, s, symbol, t, x, y, z

from closedform.codegen.function import compile_function
from closedform.core.dim import ONE
from closedform.core.expr import Expr
from closedform.core.op import f
from closedform.ops.build import inner, minus, num, power, product, total, transpose


def returned(e: Expr) -> str:
    """The last line of the code, with the temporaries that it uses put in."""
    function = compile_function(e, form="matrix")
    env = point(e)
    assert close(function(**env), reference(e, env))
    lines = [line.strip() for line in function.source.splitlines()]
    out = lines[-1].removeprefix("return ").removeprefix("np.full((1, 1), ").removesuffix(", dtype=float)")
    return "; ".join(
        [
            *(
                line
                for line in lines
                if line.startswith("t") and " = " in line and "asarray" not in line and "np.float64(t)" not in line
            ),
            out,
        ]
    )


Xt, xt = transpose(X), transpose(x)


@pytest.mark.parametrize(
    ("e", "code"),
    [
        (product(B, C, x), "B @ (C @ x)"),
        (product(xt, B, C, x), "(x.T @ B @ C @ x)[0, 0]"),
        (product(product(B, C), x, xt), "B @ (C @ x) @ x.T"),
        (product(x, product(xt, y)), "(x.T @ y)[0, 0] * x"),
        (product(x, xt, y), "(x.T @ y)[0, 0] * x"),
        (product(num(2), B, x), "2 * (B @ x)"),
        (product(num(-1), B, x), "-(B @ x)"),
        (product(num(2), x, transpose(z)), "(2 * x) @ z.T"),
        (product(Xt, minus(product(X, x), z)), "X.T @ (X @ x - z)"),
        (product(S, transpose(product(B, S))), "S @ S @ B.T"),
        (product(x, power(t, -1)), "x / t"),
        (product(s, x, power(t, -1)), "s / t * x"),
        (f.add(product(num(-1), x), y), "y - x"),
    ],
)
def test_order(e: Expr, code: str) -> None:
    assert returned(e) == code


@pytest.mark.parametrize(
    ("e", "code"),
    [
        (product(f.inv(B), x), "np.linalg.solve(B, x)"),
        (product(transpose(f.inv(B)), x), "np.linalg.solve(B.T, x)"),
        (product(f.inv(transpose(B)), x), "np.linalg.solve(B.T, x)"),
        (product(f.named(f.inv(B), "Q"), x), "np.linalg.solve(B, x)"),
        (product(A, f.inv(B)), "np.linalg.solve(B.T, A.T).T"),
        (product(A, f.inv(S)), "np.linalg.solve(S, A.T).T"),
        (product(xt, f.inv(B), y), "(x.T @ np.linalg.solve(B, y))[0, 0]"),
        (f.trace(product(f.inv(B), C)), "np.trace(np.linalg.solve(B, C))"),
        (f.inv(B), "np.linalg.inv(B)"),
        (minus(f.inv(S), product(f.inv(S), C, f.inv(S))), "t1 = np.linalg.inv(S); t1 - t1 @ C @ t1"),
    ],
)
def test_inverses(e: Expr, code: str) -> None:
    assert returned(e) == code


@pytest.mark.parametrize(
    ("e", "code"),
    [
        (product(f.diag(x), B), "x * B"),
        (product(B, f.diag(x)), "B * x.T"),
        (product(f.diag(x), B, f.diag(y)), "x * B * y.T"),
        (product(f.diag(x), f.diag(y)), "np.diagflat(x * y)"),
        (product(f.diag(x), y), "x * y"),
        (product(Xt, f.diag(z), X), "X.T @ (z * X)"),
        (product(B, f.ones(N, ONE)), "np.sum(B, axis=1, keepdims=True)"),
        (product(f.ones(ONE, N), B), "np.sum(B, axis=0, keepdims=True)"),
        (product(transpose(f.ones(N, ONE)), x), "np.sum(x)"),
        (product(f.eye(N), x), "x"),
        (minus(f.ones(N, ONE), f.tanh(x)), "1 - np.tanh(x)"),
        (minus(X, product(f.ones(M, ONE), xt)), "X - x.T"),
        (total(product(z, f.ones(ONE, N)), product(f.ones(M, ONE), xt)), "z + x.T"),
        (f.hadamard(X, product(z, f.ones(ONE, N))), "X * z"),
        (f.trace(product(B, C)), "np.sum(B * C.T)"),
        (f.trace(product(transpose(B), C)), "np.sum(B * C)"),
        (f.trace(product(x, transpose(y))), "(y.T @ x)[0, 0]"),
        (f.trace(product(f.diag(x), B)), "np.sum(x * np.diagonal(B)[:, None])"),
        (f.diagonal(product(B, C)), "np.sum(B * C.T, axis=1, keepdims=True)"),
        (inner(B, C), "np.sum(B * C)"),
    ],
)  # fmt: skip
def test_nothing_larger_than_needed(e: Expr, code: str) -> None:
    assert returned(e).replace("np.array(x)", "x") == code


def test_long_products_and_sums() -> None:
    tall = symbol("T", P, N)
    e = product(tall, *([f.tanh(B)] * 60), x)
    env = point(e)
    assert close(compile_function(e, form="matrix")(**env), reference(e, env))
    e = total(*(product(num(k + 1), f.sin(product(num(k), x))) for k in range(2000)))
    function = compile_function(e, form="matrix")
    env = point(e)
    assert close(function(**env), reference(e, env), 1e-7)
    assert max(map(len, function.source.splitlines())) < 100
    deep = x
    for _ in range(3000):
        deep = f.tanh(total(deep, y))
    env = point(deep)
    assert close(compile_function(deep, form="matrix")(**env), reference(deep, env, SIZES))


def test_named_intermediates_keep_their_names() -> None:
    p = f.named(f.softmax(x), "p")
    source = compile_function(minus(f.diag(p), product(p, transpose(p)))).source
    assert "    p = softmax(x)\n    return np.diagflat(p) - p @ p.T\n" in source
    clash = f.named(f.softmax(x), "x")
    assert "    x_ = softmax(x)\n" in compile_function(minus(f.diag(clash), product(clash, transpose(clash)))).source
