"""Bookkeeping changes no value, and says less."""

from __future__ import annotations

import numpy as np
import pytest

from closedform.calculus.tidy import distributed, tidied, turned
from closedform.core.expr import Expr
from closedform.core.walk import depends, postorder
from closedform.lang.read import parse
from closedform.verify.point import Points

GIVEN = "A: m n; B: n m; C: n n; x: n; y: m; z: n; t: scalar; s: scalar"

CASES = {
    "1*A*eye(n)*B": "A*B",
    "(A*B)'*y": "B'*A'*y",
    "A*(x*(2*t))": "2*t*A*x",
    "x'*(3*z)*A*x": "3*(x'*z)*A*x",
    "C*((x'*z)*x)": "(x'*z)*C*x",
    "z'*((x'*z)*x)": "(x'*z)*(z'*x)",
    "tr(2*t*C)": "2*t*tr(C)",
    "tr(C + C')": "tr(C) + tr(C')",
    "(2*x).*z": "2*x.*z",
    "ones(n).*x": "x",
    "ones(m)*ones(1, n)": "ones(m, n)",
    "A*zeros(n, k) + zeros(m, k)": "zeros(m, k)",
    "((x*z')*C)'": "C'*z*x'",
    "(x'*C*z)*(A*x)": "(x'*C*z)*A*x",
    "x*(x'*C)*z": "x*x'*C*z",
    "(diag(x)*C)'": "C'*diag(x)",
    "-(-(A*x))": "A*x",
}


def values(*expressions: Expr) -> list[np.ndarray]:
    point = Points(expressions, seed=11).next()
    return [np.asarray(point.of(e)) for e in expressions]


@pytest.mark.parametrize("text", CASES)
def test_it_says_less_and_means_the_same(text: str) -> None:
    e = parse(text, GIVEN).expr
    after = tidied(e)
    assert after.shape == e.shape
    left, right = values(e, after)
    assert np.allclose(left, right, atol=1e-12)
    wanted = tidied(parse(CASES[text], GIVEN).expr)
    assert str(after) == str(wanted)
    assert tidied(after) is after


@pytest.mark.parametrize("text", ["A*C*B", "(x'*z)*C", "2*t*A", "x*z'*C", "diag(x)", "eye(n)", "C + C'", "A.*(y*z')"])
def test_the_transpose_is_the_transpose(text: str) -> None:
    e = parse(text, GIVEN).expr
    left, right = values(e, turned(e))
    assert np.allclose(np.atleast_2d(left).T, np.atleast_2d(right))


def test_products_are_multiplied_out_over_what_moves() -> None:
    e = parse("x'*(C + C')*z - t*(z'*x + x'*z)*s + (z'*z)*s", GIVEN).expr
    x = next(n for n in postorder(e) if n.op.name == "symbol" and n.params[0] == "x")
    terms = distributed(e, depends(postorder(e), x))
    assert len(terms) == 4
    total = sum(values(*terms, e)[:-1])
    assert np.allclose(total, values(*terms, e)[-1])
