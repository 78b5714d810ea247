"""Every operation keeps the contract of its declaration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.contract import fresh, like, node_of, relative, violations
from tests.contract.cases import CASES, LEAVES

from closedform.core.expr import registry


def named(case: object) -> str | None:
    return case if isinstance(case, str) else None


@pytest.mark.parametrize(("name", "declaration", "params"), CASES, ids=named)
def test_the_contract_holds(name: str, declaration: str, params: tuple[Any, ...]) -> None:
    assert violations(name, declaration, params) == []


def test_every_operation_is_tested_or_has_a_reason_not_to_be() -> None:
    tested = {name for name, _, _ in CASES}
    assert tested | LEAVES.keys() == registry().keys()
    assert not tested & LEAVES.keys()


def test_no_adjoint_is_refused() -> None:
    for name, declaration, params in CASES:
        e = node_of(name, fresh(declaration), params)
        for slot, argument in enumerate(e.args):
            if e.op.linear_in(slot):
                assert e.op.adjoint(slot, like(e, "G"), e).shape == argument.shape


def test_relative_deviation_is_infinite_for_what_is_not_a_number() -> None:
    assert relative(np.nan, 1.0) == np.inf
    assert relative(np.ones(2), np.ones(3)) == np.inf
    assert relative(1.0, 1.0) == 0.0
