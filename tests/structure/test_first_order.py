"""The gradient and the Jacobian by a structured variable, in each convention, against the spaces themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.structure.spaces import by_entries, free_gradient, projected_gradient, projector
from tests.table.brute import gap, jacobian, point, value_of

import closedform as cf
from closedform.lang.declare import declare

DECLARED = {
    "symmetric": ("n n symmetric", "symmetric"),
    "psd": ("n n psd", "symmetric"),
    "pd": ("n n pd", "symmetric"),
    "skew": ("n n skew", "skew"),
    "diagonal": ("n n diagonal", "diagonal"),
    "lower": ("n n lower", "lower"),
    "upper": ("n n upper", "upper"),
    "orthogonal": ("n n orthogonal", "orthonormal"),
    "orthonormal": ("p n orthonormal", "orthonormal"),
    "simplex": ("p simplex", "simplex"),
}
"""How a variable is declared, and the space that it lives in."""

SQUARE = ("tr(A*S)", "tr(A*S*B*S')", "a'*tanh(S)*b", "logdet(eye(n) + S'*S)", "sum(exp(S.*A))", "norm2(A*S - B)^2", "tr(S)^2")
TALL = ("tr(C'*S)", "tr(S'*D*S*A)", "c'*tanh(S)*b", "logdet(A'*A + S'*D'*D*S)", "norm2(D*S - C)^2")
VECTOR = ("c'*S", "S'*D*S", "sum(S.*log(S))", "logsumexp(D*S)", "norm2(D*S - c)")
FIXED = "; A: n n; B: n n; C: p n; D: p p; a: n; b: n; c: p; E: m n; F: n k; G: m p"


def functions(name: str) -> tuple[str, ...]:
    return TALL if name == "orthonormal" else VECTOR if name == "simplex" else SQUARE


def arrays(given: str, env: dict[str, Any]) -> dict[str, Any]:
    symbols = declare(given).symbols
    return {name: value.reshape(-1) if symbols[name].params[3] == 1 else value for name, value in env.items()}


GRADIENTS = [(name, expression) for name in DECLARED for expression in functions(name)]


@pytest.mark.parametrize(("name", "expression"), GRADIENTS)
def test_free_and_projected_gradients(name: str, expression: str) -> None:
    declared, fact = DECLARED[name]
    given = f"S: {declared}{FIXED}"
    env = point(given)
    function = value_of(expression, given)
    wanted = {
        "free": free_gradient(function, env, "S"),
        "projected": projected_gradient(function, env, "S", fact),
    }
    for structure, value in wanted.items():
        d = cf.derive(expression, "S", given, structure=structure)
        assert d.structure == structure and d.kind == "gradient"
        assert gap(value_of(d.expr, given)(env), value) < 1e-8
        assert gap(d.function(form="matrix")(**arrays(given, env)), value) < 1e-8
        assert gap(d.function()(**arrays(given, env)).reshape(value.shape), value) < 1e-8
        turned = cf.derive(expression, "S", given, structure=structure, layout="numerator")
        assert gap(value_of(turned.expr, given)(env), value.T) < 1e-8


@pytest.mark.parametrize(
    ("name", "expression"), [row for row in GRADIENTS if DECLARED[row[0]][1] not in ("orthonormal", "simplex")]
)
def test_independent_gradients(name: str, expression: str) -> None:
    declared, fact = DECLARED[name]
    given = f"S: {declared}{FIXED}"
    env = point(given)
    value = by_entries(value_of(expression, given), env, "S", fact)
    d = cf.derive(expression, "S", given, structure="independent")
    assert gap(value_of(d.expr, given)(env), value) < 1e-8
    assert gap(d.function()(**arrays(given, env)), value) < 1e-8


@pytest.mark.parametrize("name", DECLARED)
def test_every_row_of_a_jacobian_is_projected(name: str) -> None:
    declared, fact = DECLARED[name]
    given = f"S: {declared}{FIXED}"
    env = point(given)
    if name == "simplex":
        cases = ("G*S", "exp(S)", "S*b'", "S*S'", "softmax(D*S)")
    elif name == "orthonormal":
        cases = ("G*S*F", "S*b", "S'", "S*S'", "tanh(G*S)")
    else:
        cases = ("E*S*F", "S*b", "S", "E*S'", "tanh(E*S)*F", "diag(S)")
    for expression in cases:
        function = value_of(expression, given)
        J = jacobian(function, env, "S", 2e-3)
        for structure, value in (("free", J), ("projected", J @ projector(fact, env["S"]))):
            for layout, turned in (("mixed", value), ("denominator", value.T)):
                d = cf.derive(expression, "S", given, structure=structure, layout=layout)
                assert gap(value_of(d.expr, given)(env), turned) < 1e-8, expression
                assert gap(d.function(form="matrix")(**arrays(given, env)), turned) < 1e-8, expression


@pytest.mark.parametrize("name", DECLARED)
def test_the_directional_derivatives_are_those_of_the_function(name: str) -> None:
    """Along a direction of the space, the projected gradient gives the slope of the function, and so does the free one."""
    declared, fact = DECLARED[name]
    given = f"S: {declared}{FIXED}"
    env = point(given)
    expression = functions(name)[1]
    slope = free_gradient(value_of(expression, given), env, "S").reshape(-1, order="F")
    P = projector(fact, env["S"])
    G = value_of(cf.derive(expression, "S", given).expr, given)(env).reshape(-1, order="F")
    assert gap(P @ G, G) < 1e-9
    for Z in P[:, ::2].T:
        assert abs(float(Z @ G - Z @ slope)) < 1e-7 * max(1.0, float(np.abs(slope).max()))


@pytest.mark.parametrize("fact", ["invertible", "idempotent", "contraction", "positive", "nonnegative", "integer"])
def test_other_facts_never_change_the_answer(fact: str) -> None:
    for structure in ("projected", "free", "independent"):
        d = cf.derive("tr(A*S*B*S')", "S", f"S: n n {fact}; A: n n; B: n n", structure=structure)
        assert str(d) == str(cf.derive("tr(A*S*B*S')", "S", "S: n n; A: n n; B: n n"))
        assert d.notes == ()


def test_facts_of_the_variable_are_used_after_differentiation() -> None:
    given = "S: n n symmetric; x: n; y: n"
    assert str(cf.derive("x'*S*y + y'*S'*x", "S", given, structure="free")) == "2*x*y'"
    assert str(cf.derive("logdet(S)", "S", given, structure="free")) == "inv(S)"
    assert str(cf.derive("tr(S*S')", "S", given, structure="free")) == "2*S"
    given = "Q: n n orthogonal; A: n n"
    assert str(cf.derive("tr(Q'*Q)", "Q", given, structure="free")) == "2*Q"
    assert str(cf.derive("tr(Q'*Q)", "Q", given)) == "zeros(n, n)"
