"""Where an operation is not differentiable its rule gives what the language says: 0 at a kink, equal shares at a tie."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.contract import fresh, name_of, node_of

import closedform as cf
from closedform.core.expr import Expr, registry
from closedform.core.op import f
from closedform.numeric.evaluate import evaluate

ZERO_AT_0 = ("abs", "sign", "step", "relu", "norm1", "norm2")
SHARED_AT_TIES = ("max", "min", "maximum", "minimum")
REPEATED = ("eigvalsh", "eigvecs", "lambda_max", "pinv", "svdvals", "svdu", "svdv", "normnuc", "normspec")
"""Not differentiable where values or the rank coincide, which is said; the derivative there is not defined."""


def at_zero(name: str, declaration: str) -> list[tuple[Expr, Any]]:
    """Each argument with the derivative by it where all arguments are 0."""
    sizes = {"m": 2, "n": 3}
    scope = fresh(declaration)
    e = node_of(name, scope)
    function = e if e.is_scalar else f.sum(e)
    env = {name_of(a): np.zeros([] if a.is_scalar else [d.value(sizes) for d in a.shape]) for a in e.args}
    return [(a, np.asarray(evaluate(cf.derive(function, name_of(a), scope).expr, env, sizes))) for a in e.args]


@pytest.mark.parametrize(("name", "declaration"), [(name, d) for name in ZERO_AT_0 for d in registry()[name].draws])
def test_the_derivative_at_a_kink_is_0(name: str, declaration: str) -> None:
    for _, value in at_zero(name, declaration):
        assert (value == 0).all()


@pytest.mark.parametrize(("name", "declaration"), [(name, d) for name in SHARED_AT_TIES for d in registry()[name].draws])
def test_ties_share_equally(name: str, declaration: str) -> None:
    for argument, value in at_zero(name, declaration):
        entries = 3.0 if declaration == "A: n" else 6.0
        share = 1 / entries if name in ("max", "min") else 0.5 * entries if argument.is_scalar else 0.5
        assert np.allclose(value, share, rtol=1e-15)


def test_the_operations_with_kinks_are_known_and_their_notes_read() -> None:
    kinked = {name: op for name, op in registry().items() if op.kink}
    assert kinked.keys() == {*ZERO_AT_0, *SHARED_AT_TIES, *REPEATED}
    for op in kinked.values():
        note = op.kink.format(**dict.fromkeys(op.args or (), "A"))
        assert f"{op.word} is not " in note
        assert " A" in note or op.name in ("maximum", "minimum")
