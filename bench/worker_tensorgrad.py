"""Put the cases to tensorgrad; one JSON object a line.  Run by an interpreter of its own: tensorgrad is AGPL.

Its answers are in index form; they are measured, not judged (its evaluator needs named tensors, which PyTorch has dropped).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import sympy as sp
import tensorgrad as tg
import tensorgrad.functions as F

from cases import CASES, DEPTHS
from timing import TimeUp, limit, milliseconds, say

n, m = sp.symbols("n m")
A, B, C, X, S = (tg.Variable(name, i=n, j=n) for name in "ABCXS")
D, x, b, y = tg.Variable("D", r=m, j=n), tg.Variable("x", j=n), tg.Variable("b", j=n), tg.Variable("y", r=m)


def product(*factors: Any) -> Any:
    out = factors[0]
    for factor in factors[1:]:
        out = out.rename(j="k") @ factor.rename(i="k")
    return out


SPELLED: dict[str, Callable[[], tuple[Any, list[Any]]]] = {
    "quadratic": lambda: (x.rename(j="i") @ A @ x, [x]),
    "quadratic, Hessian": lambda: (x.rename(j="i") @ A @ x, [x, x]),
    "least squares": lambda: (F.frobenius2(y - D @ x), [x]),
    "tr(AXB)": lambda: (F.trace(product(A, X, B)), [X]),
    "tr(X^4)": lambda: (F.trace(product(X, X, X, X)), [X]),
    "tr(A inv X)": lambda: (F.trace(product(A, F.inverse(X))), [X]),
    "logdet": lambda: (F.log(F.det(X)), [X]),
    "Gaussian": lambda: (F.log(F.det(S)) + F.trace(product(F.inverse(S), C)), [S]),
    "exp(Ax), Jacobian": lambda: (F.exp(A @ x), [x]),
    "softmax, Jacobian": lambda: (F.softmax(x, dim="j"), [x]),
    "cross-entropy": lambda: (-(b @ F.log_softmax(x, dim="j")), [x]),
}


def chained(depth: int) -> tuple[Any, list[Any]]:
    v = x
    for _ in range(depth):
        v = F.tanh(A @ v).rename(i="j")
    return b @ v, [x]


def derivative(spelled: Callable[[], tuple[Any, list[Any]]]) -> Any:
    e, variables = spelled()
    for variable in variables:
        e = e.grad(variable).full_simplify()
    return e


def measure(name: str, spelled: Callable[[], tuple[Any, list[Any]]], seconds: float, repeat: int) -> bool:
    """Time one case; False when it gave no answer."""
    try:
        with limit(seconds):
            ms, answer = milliseconds(lambda: derivative(spelled), repeat)
            text = str(answer)
    except TimeUp:
        say(case=name, verdict=f"more than {seconds:g} s")
        return False
    except Exception as error:  # whatever a peer raises is its answer
        say(case=name, verdict=f"raises {type(error).__name__}")
        return False
    say(case=name, ms=ms, length=len(text), verdict="not judged", text=text[:200])
    return True


def main() -> None:
    seconds = float(sys.argv[1])
    derivative(SPELLED["quadratic"])
    for name in CASES:
        measure(name, SPELLED[name], seconds, 3)
    for depth in DEPTHS:
        if not measure(f"depth {depth}", lambda depth=depth: chained(depth), seconds, 3):
            break


if __name__ == "__main__":
    main()
