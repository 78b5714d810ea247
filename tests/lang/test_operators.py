"""The Python operators of expressions."""

from __future__ import annotations

from fractions import Fraction

import pytest

from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError
from closedform.core.expr import Expr
from closedform.core.op import f
from closedform.lang.operators import apply
from closedform.lang.read import declare
from closedform.ops.build import minus, negative, num, power, product, transpose

A, x, y, t, M, v = declare("A: n n; x: n; y: n; t: scalar; M: 3 4; v: 5").symbols.values()
n = Dim.of("n")


@pytest.mark.parametrize(
    ("got", "meant"),
    [
        (apply("@", A, x), product(A, x)),
        (apply("@", apply("@", transpose(x), A), x), product(transpose(x), A, x)),
        (apply(".*", x, y), f.hadamard(x, y)),
        (apply(".*", 2, x), product(num(2), x)),
        (apply(".*", x, 0.1), product(x, num(Fraction(1, 10)))),
        (apply("./", x, 2), product(x, num(Fraction(1, 2)))),
        (apply("./", 1, x), f.entrypow(x, num(-1))),
        (apply(".^", A, 2), f.entrypow(A, num(2))),
        (apply(".^", t, Fraction(1, 2)), power(t, Fraction(1, 2))),
        (apply("-", x, y), minus(x, y)),
        (apply("-", 1, t), minus(num(1), t)),
        (apply("*", -1, x), negative(x)),
        (apply("[]", x, 0), f.index(x, ONE, ONE, ONE, ONE)),
        (apply("[]", x, -1), f.index(x, n, n, ONE, ONE)),
        (apply("[]", x, slice(1, None)), f.index(x, Dim.of(2), n, ONE, ONE)),
        (apply("[]", v, slice(-2, 99)), f.index(v, Dim.of(4), Dim.of(5), ONE, ONE)),
        (apply("[]", M, (-1, slice(None))), f.index(M, Dim.of(3), Dim.of(3), ONE, Dim.of(4))),
    ],
)
def test_operators(got: Expr, meant: Expr) -> None:
    assert got is meant


@pytest.mark.parametrize(
    ("symbol", "left", "right", "message"),
    [
        ("@", x, y, r"x.T @ y"),
        ("@", t, A, "Write \\*"),
        ("@", 3, A, "not a matrix"),
        ("+", A, 1, "eye"),
        ("+", x, "a", "not str"),
        (".*", x, True, "not bool"),
        (".*", x, float("nan"), "not finite"),
        ("./", x, 0, "division by zero"),
        ("[]", A, 0, "two indices"),
        ("[]", M, (3, 0), "outside 0..2"),
        ("[]", v, -6, "outside 0..4"),
        ("[]", v, slice(3, 2), "empty"),
        ("[]", x, slice(0, 4, 2), "step 2"),
        ("[]", x, "a", "not str"),
        ("[]", M, (1, 2, 3), "two axes"),
    ],
)
def test_what_operators_refuse(symbol: str, left: object, right: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        apply(symbol, left, right)
