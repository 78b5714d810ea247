"""Second and third derivatives: the table applied again to the mixed answer before, against nested differences."""

from __future__ import annotations

import pytest
from tests.table.brute import derivatives, gap, point, value_of

import closedform as cf
from closedform.lang.declare import declare

SECOND: list[tuple[str, list[str], str, str, str]] = [
    # expression, wrt, given, sizes of the mixed answer, kind
    ("t^3*x'*A*x", ["t", "t"], "t: scalar; x: n; A: n n", "1 1", "derivative"),
    ("exp(t)*a'*tanh(x)", ["t", "x"], "t: scalar; a: n; x: n", "n 1", "hessian"),
    ("exp(t)*a'*tanh(x)", ["x", "t"], "t: scalar; a: n; x: n", "n 1", "derivative"),
    ("t^2*tr(A*X*B)", ["t", "X"], "t: scalar; A: p m; X: m n; B: n p", "m n", "hessian"),
    ("t^2*tr(A*X*B)", ["X", "t"], "t: scalar; A: p m; X: m n; B: n p", "m n", "derivative"),
    ("exp(t*A)", ["t", "t"], "t: scalar; A: m n", "m n", "derivative"),
    ("exp(t*a)", ["t", "t"], "t: scalar; a: m", "m 1", "derivative"),
    ("A*exp(t*x)", ["t", "x"], "t: scalar; A: m n; x: n", "m n", "jacobian"),
    ("A*exp(t*x)", ["x", "t"], "t: scalar; A: m n; x: n", "m n", "derivative"),
    ("x'*A*tanh(y)", ["x", "y"], "x: m; y: n; A: m n", "m n", "hessian"),
    ("x'*A*tanh(y)", ["y", "x"], "x: m; y: n; A: m n", "n m", "hessian"),
    ("logsumexp(A*x)", ["x", "x"], "A: m n; x: n", "n n", "hessian"),
    ("norm2(A*x - y)", ["x", "x"], "A: p n; x: n; y: p", "n n", "hessian"),
    ("x'*A*x/(x'*x)", ["x", "x"], "x: n; A: n n symmetric", "n n", "hessian"),
    ("a'*tanh(X*b)", ["b", "X"], "a: m; X: m n; b: n", "n m*n", "hessian"),
    ("a'*tanh(X*b)", ["X", "b"], "a: m; X: m n; b: n", "m*n n", "hessian"),
    ("norm2(A*X*B - C)^2", ["X", "X"], "A: p m; X: m n; B: n p; C: p p", "m*n m*n", "hessian"),
    ("a'*sigmoid(X*b)", ["X", "X"], "a: m; X: m n; b: n", "m*n m*n", "hessian"),
    ("logdet(X'*X)", ["X", "X"], "X: p n", "n*p n*p", "hessian"),
    ("tr(A*X*B*Y)", ["X", "Y"], "A: p m; X: m n; B: n k; Y: k p", "m*n k*p", "hessian"),
    ("A*exp(x)", ["x", "x"], "A: m n; x: n", "m*n n", "jacobian"),
    ("exp(A*X*b)", ["X", "b"], "A: m n; X: n p; b: p", "m*n*p p", "jacobian"),
    ("exp(A*X*b)", ["b", "X"], "A: m n; X: n p; b: p", "m*p n*p", "jacobian"),
    ("x*x'", ["x", "x"], "x: n", "n*n*n n", "jacobian"),
    ("A*X*B*X'", ["X", "X"], "A: n n; X: n m; B: m m", "m*n*n*n m*n", "jacobian"),
]

THIRD: list[tuple[str, list[str], str, str]] = [
    ("sum(exp(A*x))", ["x", "x", "x"], "A: m n; x: n", "n*n n"),
    ("logsumexp(x)", ["x", "x", "x"], "x: n", "n*n n"),
    ("(a'*x)^2*(x'*B*y)", ["x", "x", "y"], "a: n; x: n; B: n p; y: p", "n*n p"),
    ("(a'*x)^2*(x'*B*y)", ["x", "y", "x"], "a: n; x: n; B: n p; y: p", "n*p n"),
    ("t*sum(exp(x))", ["x", "t", "x"], "t: scalar; x: n", "n n"),
    ("t^2*sum(exp(x))", ["t", "x", "t"], "t: scalar; x: n", "n 1"),
    ("t^2*sum(exp(X))", ["t", "X", "t"], "t: scalar; X: m n", "m n"),
    ("t^5", ["t", "t", "t"], "t: scalar", "1 1"),
    ("det(X)", ["X", "X", "X"], "X: m m", "m*m*m*m m*m"),
    ("x'*X*X'*x", ["X", "x", "X"], "X: m n; x: m", "m*m*n m*n"),
]


def sorted_sizes(text: str) -> list[list[str]]:
    return [sorted(size.split("*")) for size in text.split()]


def check(expression: str, wrt: list[str], given: str, shape: str, step: float, tolerance: float) -> cf.Derivative:
    env = point(given)
    function = value_of(expression, given)
    symbols = declare(given).symbols
    arrays = {name: array.reshape(-1) if symbols[name].params[3] == 1 else array for name, array in env.items()}
    wanted = derivatives(function, wrt, env, tuple(symbols[name].params[3] for name in wrt), step)
    tensor = wanted.pop("tensor")
    answers = {layout: cf.derive(expression, wrt, given, layout=layout) for layout in wanted}
    for layout, d in answers.items():
        assert gap(value_of(d.expr, given)(env), wanted[layout]) < tolerance
        assert gap(d.function(form="matrix")(**arrays), wanted[layout]) < tolerance
    d = answers["mixed"]
    assert sorted_sizes(" ".join(d.shape)) == sorted_sizes(shape)
    assert gap(d.function()(**arrays), tensor) < tolerance
    return d


@pytest.mark.parametrize(("expression", "wrt", "given", "shape", "kind"), SECOND)
def test_second_order(expression: str, wrt: list[str], given: str, shape: str, kind: str) -> None:
    assert check(expression, wrt, given, shape, 1e-2, 1e-6).kind == kind


@pytest.mark.parametrize(("expression", "wrt", "given", "shape"), THIRD)
def test_third_order(expression: str, wrt: list[str], given: str, shape: str) -> None:
    assert check(expression, wrt, given, shape, 3e-2, 1e-4).kind == "derivative"


def test_the_order_of_the_variables_turns_the_hessian() -> None:
    given = "x: m; y: n; A: m n"
    assert str(cf.derive("x'*A*y", ["x", "y"], given)) == "A"
    assert str(cf.derive("x'*A*y", ["y", "x"], given)) == "A'"
    assert str(cf.derive("x'*A*y", ["x", "y"], given, layout="denominator")) == "A'"
