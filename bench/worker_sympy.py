"""Put the cases to SymPy; one JSON object a line.

The cache is cleared before each repetition, as in a first use.  An answer is judged by its value at one point, against
central differences of SymPy's own value of the expression: right, WRONG, or not evaluated when it cannot be put into
numbers.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.cache import clear_cache

from cases import CASES, DEPTHS
from timing import TimeUp, limit, milliseconds, say

n, m = sp.symbols("n m", integer=True, positive=True)
A, B, C, X, S = (sp.MatrixSymbol(name, n, n) for name in "ABCXS")
D, x, b, y = sp.MatrixSymbol("D", m, n), *(sp.MatrixSymbol(name, size, 1) for name, size in (("x", n), ("b", n), ("y", m)))

SPELLED: dict[str, Callable[[], tuple[Any, list[Any]]]] = {
    "quadratic": lambda: (x.T * A * x, [x]),
    "quadratic, Hessian": lambda: (x.T * A * x, [x, x]),
    "least squares": lambda: ((y - D * x).T * (y - D * x), [x]),
    "tr(AXB)": lambda: (sp.Trace(A * X * B), [X]),
    "tr(X^4)": lambda: (sp.Trace(X**4), [X]),
    "tr(A inv X)": lambda: (sp.Trace(A * X.inv()), [X]),
    "logdet": lambda: (sp.log(sp.Determinant(X)), [X]),
    "Gaussian": lambda: (sp.log(sp.Determinant(S)) + sp.Trace(S.inv() * C), [S]),
    "exp(Ax), Jacobian": lambda: ((A * x).applyfunc(sp.exp), [x]),
    "softmax, Jacobian": lambda: (x.applyfunc(sp.exp) / (sp.OneMatrix(1, n) * x.applyfunc(sp.exp))[0, 0], [x]),
    "cross-entropy": lambda: (
        -b.T * x + (b.T * sp.OneMatrix(n, 1)) * sp.log((sp.OneMatrix(1, n) * x.applyfunc(sp.exp))[0, 0]),
        [x],
    ),
}


def chained(depth: int) -> tuple[Any, list[Any]]:
    v: Any = x
    for _ in range(depth):
        v = (A * v).applyfunc(sp.tanh)
    return b.T * v, [x]


def derivative(spelled: Callable[[], tuple[Any, list[Any]]]) -> Any:
    e, variables = spelled()
    for variable in variables:
        e = e.diff(variable)
    return e


def number(e: Any, env: dict[Any, np.ndarray]) -> np.ndarray:
    """The value of an expression as an array."""
    sized = e.subs({n: 3, m: 4})
    fixed = {sp.MatrixSymbol(s.name, *v.shape): sp.ImmutableMatrix(v) for s, v in env.items()}
    value = sized.subs(fixed).doit()
    if hasattr(value, "as_explicit"):
        value = value.as_explicit()
    return np.array(value.tolist() if hasattr(value, "tolist") else [[value]], dtype=float)


def judged(spelled: Callable[[], tuple[Any, list[Any]]], answer: Any) -> str:
    """Does the first derivative have the value that differences give?"""
    e, variables = spelled()
    for variable in variables[:-1]:
        e = e.diff(variable)
    rng = np.random.default_rng(0)
    sizes = {n: 3, m: 4}
    env = {s: rng.standard_normal([int(sp.sympify(d).subs(sizes)) for d in s.shape]) for s in (A, B, C, X, S, D, x, b, y)}
    for square in (X, S):
        env[square] = env[square] @ env[square].T + np.eye(3)
    try:
        got = number(answer, env).ravel()
        columns = []
        for place in np.ndindex(env[variables[-1]].shape):
            sides = []
            for step in (1e-5, -1e-5):
                moved = dict(env)
                moved[variables[-1]] = env[variables[-1]].copy()
                moved[variables[-1]][place] += step
                sides.append(number(e, moved))
            columns.append((sides[0] - sides[1]).ravel() / 2e-5)
    except (TypeError, ValueError, AttributeError, NotImplementedError, IndexError):
        return "not evaluated"
    want = np.array(columns)  # variable first
    shaped = [want.ravel(), want.T.ravel()]
    if want.shape == (9, 1):
        shaped.append(want.reshape(3, 3).T.ravel())
    close = any(got.shape == w.shape and np.allclose(got, w, rtol=1e-5, atol=1e-6) for w in shaped)
    return "right" if close else "WRONG"


def measure(name: str, spelled: Callable[[], tuple[Any, list[Any]]], seconds: float, repeat: int) -> bool:
    """Time one case; False when it gave no answer."""
    try:
        with limit(seconds):
            ms, answer = milliseconds(lambda: derivative(spelled), repeat, before=clear_cache)
            text = str(answer)
    except TimeUp:
        say(case=name, verdict=f"more than {seconds:g} s")
        return False
    except Exception as error:  # whatever a peer raises is its answer
        say(case=name, verdict=f"raises {type(error).__name__}")
        return False
    try:
        with limit(seconds):
            verdict = judged(spelled, answer)
    except TimeUp:
        verdict = "not evaluated"
    say(case=name, ms=ms, length=len(text), verdict=verdict, text=text[:200])
    return True


def main() -> None:
    warnings.simplefilter("ignore")
    seconds = float(sys.argv[1])
    derivative(SPELLED["quadratic"])
    for name in CASES:
        measure(name, SPELLED[name], seconds, 5)
    for depth in DEPTHS:
        if not measure(f"depth {depth}", lambda depth=depth: chained(depth), seconds, 3):
            break


if __name__ == "__main__":
    main()
