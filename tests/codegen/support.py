"""Expressions and points for the tests of generated code."""

from __future__ import annotations

import numpy as np

import closedform.ops  # noqa: F401  (registers the operations)
from closedform.core import facts
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr
from closedform.core.op import f
from closedform.core.walk import leaves
from closedform.numeric.draw import draw
from closedform.numeric.evaluate import evaluate

K, M, N, P = (Dim.of(name) for name in "kmnp")
SIZES = {"k": 2, "m": 3, "n": 4, "p": 5}


def symbol(name: str, *dims: Dim, given: str = "") -> Expr:
    """A declared name with none, one or two axes."""
    rows, cols = (*dims, ONE, ONE)[:2]
    return f.symbol(name, rows, cols, len(dims), facts.declared(name, given.split(), square=rows is cols))


A, B, C = symbol("A", M, N), symbol("B", N, N), symbol("C", N, N)
S = symbol("S", N, N, given="pd")
X, Y = symbol("X", M, N), symbol("Y", M, N)
x, y, z, s, t = symbol("x", N), symbol("y", N), symbol("z", M), symbol("s"), symbol("t")


def declared(text: str) -> dict[str, Expr]:
    """The symbols of declarations such as ``A: n n pd; x: n; t: scalar``."""
    out = {}
    for part in text.split(";"):
        name, _, rest = part.partition(":")
        words = rest.split()
        dims = [Dim.of(int(w) if w.isdigit() else w) for w in words if w.isdigit() or len(w) == 1]
        given = " ".join(w for w in words if len(w) > 1 and w != "scalar")
        out[name.strip()] = symbol(name.strip(), *dims, given=given)
    return out


def point(e: Expr, sizes: dict[str, int] = SIZES, seed: int = 0) -> dict[str, np.ndarray]:
    """Arrays for the symbols of an expression, in the form in which generated functions take them."""
    rng = np.random.default_rng(seed)
    return {v.params[0]: shaped(v, draw(v, sizes, rng), sizes) for v in leaves(e, "symbol")}


def shaped(v: Expr, value: object, sizes: dict[str, int]) -> np.ndarray:
    return np.reshape(value, tuple(d.value(sizes) for d in v.shape[: v.params[3]]))


def reference(e: Expr, env: dict[str, np.ndarray], sizes: dict[str, int] = SIZES) -> np.ndarray:
    """The value by evaluating node by node, with two axes."""
    value = evaluate(e, env, sizes)
    return np.asarray(value, dtype=float).reshape(e.rows.value(sizes), e.cols.value(sizes))


def close(a: object, b: object, tolerance: float = 1e-9) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True))
