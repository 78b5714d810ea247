"""What is not defined is refused by name, and an answer says where the conventions differ."""

from __future__ import annotations

import pytest
from tests.structure.test_first_order import DECLARED

import closedform as cf


@pytest.mark.parametrize("name", ["orthogonal", "orthonormal", "simplex"])
def test_independent_entries_of_a_curved_space_are_refused(name: str) -> None:
    function = "sum(exp(S))"
    with pytest.raises(cf.Refusal, match=f"independent.*not defined.*{name}"):
        cf.derive(function, "S", f"S: {DECLARED[name][0]}", structure="independent")


@pytest.mark.parametrize("name", [name for name in DECLARED if name not in ("orthogonal", "orthonormal", "simplex")])
@pytest.mark.parametrize(
    ("expression", "wrt"),
    [("S*x", ["S"]), ("exp(S)", ["S"]), ("x'*S*x", ["S", "S"]), ("x'*S*x", ["x", "S"]), ("x'*S*x", ["S", "x"])],
)
def test_independent_beyond_the_gradient_is_refused(name: str, expression: str, wrt: list[str]) -> None:
    with pytest.raises(cf.Refusal, match="gradient of a scalar only"):
        cf.derive(expression, wrt, f"S: {DECLARED[name][0]}; x: n", structure="independent")


@pytest.mark.parametrize("facts", ["orthogonal symmetric", "orthogonal skew"])
def test_spaces_without_a_projection_are_refused(facts: str) -> None:
    given = f"S: n n {facts}; A: n n"
    with pytest.raises(cf.Refusal, match='structure="free" does'):
        cf.derive("tr(A*S)", "S", given)
    assert str(cf.derive("tr(A*S)", "S", given, structure="free")) == "A'"


@pytest.mark.parametrize("structure", ["Projected", "", "symmetric", None, 3])
def test_unknown_conventions_are_input_errors(structure: object) -> None:
    with pytest.raises(cf.InputError, match="projected, free, independent"):
        cf.derive("tr(S)", "S", "S: n n symmetric", structure=structure)


@pytest.mark.parametrize("name", DECLARED)
@pytest.mark.parametrize("structure", ["projected", "free"])
def test_a_note_says_that_the_conventions_differ(name: str, structure: str) -> None:
    d = cf.derive("sum(exp(S))", "S", f"S: {DECLARED[name][0]}", structure=structure)
    assert sum("conventions differ" in note for note in d.notes) == 1


def test_no_note_without_a_structure() -> None:
    assert cf.derive("sum(exp(X))", "X", "X: m n").notes == ()
    assert cf.derive("tr(S)*t", "t", "S: n n symmetric; t: scalar").notes == ()
    assert not any("conventions" in note for note in cf.derive("x'*S*x", "x", "S: n n symmetric; x: n").notes)


@pytest.mark.parametrize("structure", ["projected", "free", "independent"])
def test_a_symmetric_scalar_is_a_scalar(structure: str) -> None:
    assert str(cf.derive("s^2", "s", "s: 1 1 symmetric", structure=structure)) == "2*s"
