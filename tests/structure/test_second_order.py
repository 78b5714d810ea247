"""Second order by structured variables: P*D*P with D the derivative of the projected gradient, taken inside the space."""

from __future__ import annotations

from typing import Any

import pytest
from tests.structure.spaces import along, projected_gradient, projector
from tests.structure.test_first_order import DECLARED, FIXED, arrays
from tests.table.brute import Arrays, gap, jacobian, mixed, point, value_of

import closedform as cf

SQUARE = ("tr(A*S*B*S')", "a'*tanh(S)*b", "logdet(eye(n) + S'*S)", "tr(S)^2", "tr(A*S)")
TALL = ("tr(S'*D*S*A)", "c'*tanh(S)*b", "tr(C'*S)^2", "tr(C'*S)")
VECTOR = ("S'*D*S", "sum(S.*log1p(S))", "logsumexp(D*S)", "c'*S")

HESSIANS = [
    (name, expression)
    for name in DECLARED
    for expression in (TALL if name == "orthonormal" else VECTOR if name == "simplex" else SQUARE)
]
LINEAR_TERM = {"orthonormal": "c'*S*x", "simplex": "x'*H*S"}
CURVED_TERM = {"orthonormal": "sum(tanh(S*x))", "simplex": "norm2(tanh(S) - H'*x)^2"}
EXTRA = FIXED + "; x: n; H: n p; t: scalar"


@pytest.mark.parametrize(("name", "expression"), HESSIANS)
def test_hessian(name: str, expression: str) -> None:
    declared, fact = DECLARED[name]
    given = f"S: {declared}{FIXED}"
    env = point(given)
    function = value_of(expression, given)

    def field(at: Arrays) -> Any:
        return projected_gradient(function, at, "S", fact)

    P = projector(fact, env["S"])
    wanted = {
        "projected": P @ along(fact, field, env, "S"),
        "free": jacobian(mixed(function, "S", 1e-2), env, "S", 1e-2),
    }
    for structure, value in wanted.items():
        for layout, turned in (("mixed", value), ("denominator", value.T)):
            d = cf.derive(expression, ["S", "S"], given, structure=structure, layout=layout)
            assert d.kind == "hessian"
            assert gap(value_of(d.expr, given)(env), turned) < 1e-6
            assert gap(d.function(form="matrix")(**arrays(given, env)), turned) < 1e-6
    H = value_of(cf.derive(expression, ["S", "S"], given).expr, given)(env)
    assert gap(H, H.T) < 1e-9, "a projected Hessian is symmetric"
    assert gap(P @ H @ P, H) < 1e-9


@pytest.mark.parametrize("name", DECLARED)
def test_mixed_orders(name: str) -> None:
    """By an unstructured vector and the variable: only the side of the variable is projected."""
    declared, fact = DECLARED[name]
    given = f"S: {declared}{EXTRA}"
    env = point(given)
    for expression in (LINEAR_TERM.get(name, "x'*S*x"), CURVED_TERM.get(name, "sum(tanh(S*x))*(x'*S*a)")):
        function = value_of(expression, given)
        P = projector(fact, env["S"])
        J = jacobian(mixed(function, "x", 1e-2), env, "S", 1e-2)
        for structure, value in (("projected", J @ P), ("free", J)):
            d = cf.derive(expression, ["x", "S"], given, structure=structure)
            assert gap(value_of(d.expr, given)(env), value) < 1e-6
            d = cf.derive(expression, ["S", "x"], given, structure=structure)
            assert gap(value_of(d.expr, given)(env), value.T) < 1e-6
            assert gap(d.function(form="matrix")(**arrays(given, env)), value.T) < 1e-6


@pytest.mark.parametrize("name", DECLARED)
def test_by_a_scalar_before_or_after(name: str) -> None:
    """By t and the variable the answer is the derivative by t of the projected gradient, whatever the order."""
    declared, fact = DECLARED[name]
    given = f"S: {declared}{EXTRA}"
    env = point(given)
    expression = "sum(exp(t*S))"
    slope = mixed(value_of(expression, given), "t", 1e-2)
    wanted = projected_gradient(slope, env, "S", fact)
    for wrt in (["t", "S"], ["S", "t"]):
        d = cf.derive(expression, wrt, given)
        assert gap(value_of(d.expr, given)(env), wanted) < 1e-6, wrt


@pytest.mark.parametrize("name", [name for name in DECLARED if DECLARED[name][1] != "orthonormal"])
def test_jacobians_differentiated_again(name: str) -> None:
    """The rows of a projected Jacobian stay projected when they are differentiated by a vector, or by the variable again."""
    declared, fact = DECLARED[name]
    given = f"S: {declared}{EXTRA}"
    env = point(given)
    expression = "tanh(S.*c)" if name == "simplex" else "tanh(S*x)"
    function = value_of(expression, given)
    P = projector(fact, env["S"])

    def restricted(at: Arrays) -> Any:
        return jacobian(function, at, "S", 1e-2) @ P

    for last in ("S",) if name == "simplex" else ("S", "x"):
        D = jacobian(restricted, env, last, 1e-2)
        d = cf.derive(expression, ["S", last], given)
        assert gap(value_of(d.expr, given)(env), D @ P if last == "S" else D) < 1e-6
