"""The nine cells of the table, in three layouts: shapes as the table predicts them, values as differences give them."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from tests.table.brute import SIZES, derivatives, gap, point, value_of

import closedform as cf
from closedform.lang.declare import declare

LAYOUTS = ("numerator", "denominator", "mixed")


class Case(NamedTuple):
    """A function of one variable; ``shapes`` are those of the printed answer in the three layouts."""

    expression: str
    wrt: str
    given: str


CELLS: dict[str, tuple[tuple[str, str, str], tuple[Case, ...]]] = {
    "scalar by scalar": (
        ("1 1", "1 1", "1 1"),
        (
            Case("t^3 + 2*t^2 - 5*t + 7", "t", "t: scalar"),
            Case("logdet(A + t*B)", "t", "t: scalar positive; A: n n pd; B: n n pd"),
            Case("a'*exp(t*B)*b", "t", "t: scalar; a: m; B: m n; b: n"),
            Case("norm2(t*A - B)/t", "t", "t: scalar positive; A: m p; B: m p"),
        ),
    ),
    "scalar by vector": (
        ("1 n", "n 1", "n 1"),
        (
            Case("x'*A*x", "x", "x: n; A: n n"),
            Case("norm2(A*x - y)", "x", "x: n; A: p n; y: p"),
            Case("logsumexp(A*x) + a'*x", "x", "x: n; A: p n; a: n"),
            Case("tr(A*diag(x)*B)", "x", "x: n; A: p n; B: n p"),
            Case("sum(log(x))*det(B)", "x", "x: n positive; B: p p"),
        ),
    ),
    "scalar by matrix": (
        ("n m", "m n", "m n"),
        (
            Case("tr(A*X*B)", "X", "X: m n; A: p m; B: n p"),
            Case("a'*X*b", "X", "X: m n; a: m; b: n"),
            Case("logdet(X'*A*X + B)", "X", "X: m n; A: m m pd; B: n n pd"),
            Case("norm2(tanh(A*X))^2", "X", "X: m n; A: p m"),
            Case("sum(softmax_rows(X).*A)", "X", "X: m n; A: m n"),
        ),
    ),
    "vector by scalar": (
        ("m 1", "1 m", "m 1"),
        (
            Case("t*a + t^2*b", "t", "t: scalar; a: m; b: m"),
            Case("inv(A + t*eye(m))*b", "t", "t: scalar positive; A: m m pd; b: m"),
            Case("softmax(t*A*x)", "t", "t: scalar; A: m n; x: n"),
        ),
    ),
    "vector by vector": (
        ("m n", "n m", "m n"),
        (
            Case("A*x", "x", "A: m n; x: n"),
            Case("A*exp(x)", "x", "A: m n; x: n"),
            Case("softmax(A*x)", "x", "A: m n; x: n"),
            Case("a*x'*B*x", "x", "a: m; x: n; B: n n"),
            Case("A*x/norm2(x)", "x", "A: m n; x: n"),
            Case("(A*x).*(B*x)", "x", "A: m n; B: m n; x: n"),
            Case("inv(A*diag(x)*A')*a", "x", "A: m n; x: n positive; a: m"),
        ),
    ),
    "vector by matrix": (
        ("m n*p", "n*p m", "m n*p"),
        (
            Case("A*X*b", "X", "X: n p; A: m n; b: p"),
            Case("tanh(B*X*b)", "X", "X: n p; B: m n; b: p"),
            Case("a*tr(B*X)", "X", "X: n p; B: p n; a: m"),
            Case("diag(A*X*B)", "X", "X: n p; A: m n; B: p m"),
            Case("A*softmax(X*b)", "X", "X: n p; A: m n; b: p"),
        ),
    ),
    "matrix by scalar": (
        ("m n", "n m", "m n"),
        (
            Case("t^2*A", "t", "t: scalar; A: m n"),
            Case("inv(A + t*eye(m))*B", "t", "t: scalar positive; A: m m pd; B: m n"),
            Case("exp(t*A).*B", "t", "t: scalar; A: m n; B: m n"),
        ),
    ),
    "matrix by vector": (
        ("m*n p", "p m*n", "m*n p"),
        (
            Case("A*diag(x)*B", "x", "A: m p; x: p; B: p n"),
            Case("A*x*b'", "x", "A: m p; x: p; b: n"),
            Case("A*x*x'*B", "x", "A: m p; x: p; B: p n"),
            Case("exp(A*x*b')", "x", "A: m p; x: p; b: n"),
            Case("norm2(x)^2*B", "x", "B: m n; x: p"),
        ),
    ),
    "matrix by matrix": (
        ("m*k n*p", "n*p m*k", "m*k n*p"),
        (
            Case("A*X*B", "X", "A: m n; X: n p; B: p k"),
            Case("A*X'*B", "X", "A: m p; X: n p; B: n k"),
            Case("sigmoid(A*X*B)", "X", "A: m n; X: n p; B: p k"),
            Case("tr(C*X)*B", "X", "C: p n; X: n p; B: m k"),
            Case("A*inv(X*X')*B", "X", "A: m n; X: n p; B: n k"),
            Case("A*(X.*D)*B", "X", "A: m n; X: n p; D: n p; B: p k"),
        ),
    ),
    "row by scalar": (
        ("1 n", "n 1", "1 n"),
        (
            Case("t^3*b'", "t", "t: scalar; b: n"),
            Case("a'*inv(A + t*eye(m))*B", "t", "t: scalar positive; A: m m pd; a: m; B: m n"),
        ),
    ),
    "row by vector": (
        ("m n", "n m", "m n"),
        (
            Case("x'*A", "x", "x: n; A: n m"),
            Case("exp(x)'*A", "x", "x: n; A: n m"),
        ),
    ),
    "row by matrix": (
        ("m n*p", "n*p m", "m n*p"),
        (
            Case("b'*X*A", "X", "b: n; X: n p; A: p m"),
            Case("colsum(X*A)", "X", "X: n p; A: p m"),
        ),
    ),
}

CASES = [pytest.param(shapes, case, id=f"{cell}-{case.expression}") for cell, (shapes, row) in CELLS.items() for case in row]


def ordered(size: str) -> list[str]:
    """A size without regard to the order of its factors."""
    return sorted(size.split("*"))


@pytest.mark.parametrize(("shapes", "case"), CASES)
def test_cell(shapes: tuple[str, str, str], case: Case) -> None:
    env = point(case.given)
    function = value_of(case.expression, case.given)
    symbols = declare(case.given).symbols
    wanted = derivatives(function, [case.wrt], env, (symbols[case.wrt].params[3],))
    given = {name: array.reshape(-1) if symbols[name].params[3] == 1 else array for name, array in env.items()}
    for layout, shape in zip(LAYOUTS, shapes, strict=True):
        d = cf.derive(case.expression, case.wrt, case.given, layout=layout)
        assert [ordered(size) for size in d.shape] == [ordered(size) for size in shape.split()]
        assert wanted[layout].shape == tuple(d.expr.shape[i].value(SIZES) for i in (0, 1))
        assert gap(value_of(d.expr, case.given)(env), wanted[layout]) < 1e-8
        assert gap(d.function(form="matrix")(**given), wanted[layout]) < 1e-8
        assert gap(d.function()(**given), wanted["tensor"]) < 1e-8
        assert cf.parse(str(d), case.given) is d.expr


def test_every_cell_has_cases() -> None:
    kinds = ("scalar", "vector", "matrix")
    assert {f"{a} by {b}" for a in kinds for b in kinds} <= set(CELLS)
    assert len(set(SIZES.values())) == len(SIZES)
