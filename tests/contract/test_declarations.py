"""A declaration that lacks an aspect is refused, and what it lacks is named."""

from __future__ import annotations

from typing import Any

import pytest

from closedform.core.expr import Expr, registry
from closedform.core.op import operation


def complete() -> dict[str, Any]:
    def shape(A: Expr) -> Any:
        return A.shape

    def facts_of(A: Expr) -> list[str]:
        return []

    def value(xp: Any, A: Any) -> Any:
        return A

    def adjoint_A(G: Expr, A: Expr) -> Expr:
        return G

    return {
        "__doc__": "Half an operation.", "args": ("A",), "shape": shape, "facts": facts_of, "value": value, "code": "{A}",
        "draws": ("A: m n",), "adjoint_A": adjoint_A,
    }  # fmt: skip


@pytest.mark.parametrize("aspect", ["shape", "facts", "value", "code", "draws", "__doc__", "adjoint_A"])
def test_an_incomplete_declaration_is_refused_naming_what_it_lacks(aspect: str) -> None:
    body = complete()
    del body[aspect]
    with pytest.raises(TypeError, match="half is incomplete") as caught:
        operation(type("half", (), body))
    assert {"__doc__": "docstring", "adjoint_A": "one of d_A and adjoint_A"}.get(aspect, aspect) in str(caught.value)
    assert "half" not in registry()


def test_all_that_is_missing_is_listed_at_once() -> None:
    with pytest.raises(TypeError) as caught:
        operation(type("half", (), {"args": ("A", "B")}))
    for aspect in ("shape", "facts", "value", "code", "draws", "docstring", "d_A", "d_B"):
        assert aspect in str(caught.value)


def test_two_rules_for_one_slot_are_refused() -> None:
    with pytest.raises(TypeError, match="both are declared"):
        operation(type("half", (), {**complete(), "d_A": lambda A, dA: dA}))
    assert "half" not in registry()


def test_an_operation_of_any_number_of_arguments_needs_its_adjoint() -> None:
    with pytest.raises(TypeError, match="lacks adjoint"):
        operation(type("half", (), {**complete(), "args": "*"}))


def test_a_name_is_declared_once() -> None:
    with pytest.raises(TypeError, match="declared twice"):
        operation(type("inv", (), complete()))
