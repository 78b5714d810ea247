"""Forward and reverse accumulation are transposes of each other, on random expressions with every word of the language."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, note
from hypothesis import settings as configured
from hypothesis import strategies as st
from tests.contract import inner, like, name_of
from tests.strategies import POINTS, SCOPE, expressions, scalars, symbols_of

from closedform.calculus.forward import differential
from closedform.calculus.reverse import pull_back
from closedform.core.dim import ONE
from closedform.core.errors import Refusal
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder
from closedform.lang.text import text
from closedform.numeric.difference import derivative
from closedform.numeric.evaluate import evaluate


def shaped(e: Expr, sizes: dict[str, int], rng: Any) -> Any:
    return rng.standard_normal([] if e.is_scalar else [d.value(sizes) for d in e.shape])


def pairings(e: Expr, x: Expr) -> list[tuple[float, float]]:
    """<G, dF> and <pullback of G, dX> at the points, for a random G and dX."""
    dX, G = like(x, "E"), like(e, "G")
    forward, reverse = differential(e, x, dX), pull_back(e, x, G)
    assert forward.shape == e.shape
    assert reverse.shape == x.shape
    out = []
    for sizes, env in POINTS:
        rng = np.random.default_rng(1)
        g, towards = shaped(e, sizes, rng), shaped(x, sizes, rng)
        here = {**env, name_of(dX): towards, name_of(G): g}
        out.append((inner(g, evaluate(forward, here, sizes)), inner(evaluate(reverse, here, sizes), towards)))
    return out


@configured(max_examples=150)
@given(expressions(depth=2, kron=True, wide=True), st.data())
def test_reverse_is_the_transpose_of_forward(e: Expr, data: st.DataObject) -> None:
    found = symbols_of(e)
    assume(found)
    x = data.draw(st.sampled_from(found))
    note(f"{text(e)} by {x}")
    try:
        pairs = pairings(e, x)
    except Refusal:
        assume(False)
        return
    for left, right in pairs:
        if np.isfinite(left):
            assert abs(left - right) <= 1e-7 * max(1.0, abs(left))


@configured(max_examples=100)
@given(scalars(smooth=True), st.data())
def test_forward_is_the_derivative_of_the_value(e: Expr, data: st.DataObject) -> None:
    found = symbols_of(e)
    assume(found)
    x = data.draw(st.sampled_from(found))
    note(f"{text(e)} by {x}")
    dX = like(x, "E")
    moved = differential(e, x, dX)
    for sizes, env in POINTS:
        towards = shaped(x, sizes, np.random.default_rng(2))

        def along(s: Any, sizes: Any = sizes, env: Any = env, towards: Any = towards) -> Any:
            return evaluate(e, {**env, name_of(x): env[name_of(x)] + s[0] * towards}, sizes)

        value = evaluate(moved, {**env, name_of(dX): towards}, sizes)
        wanted = derivative(along, 1, analytic=True).value
        if np.isfinite(wanted) and abs(wanted) < 1e6:
            assert abs(value - wanted) <= 1e-7 * max(1.0, abs(wanted))


def test_what_does_not_move_has_differential_and_cotangent_zero() -> None:
    A, x = SCOPE.symbols["A"], SCOPE.symbols["x"]
    e = make("trace", (A,))
    assert differential(e, x, like(x, "E")).op.name == "number"
    zero = pull_back(e, x, make("number", (), (1,)))
    assert zero.op.name == "zeros"
    assert zero.shape == x.shape


@pytest.mark.parametrize("depth", [10, 100, 400])
def test_reverse_accumulation_is_linear_in_the_graph(depth: int) -> None:
    """A graph in which every node is used twice has 2^depth paths; the pullback visits each node once."""
    x = SCOPE.symbols["x"]
    e = x
    for _ in range(depth):
        e = make("hadamard", (e, make("sin", (e,))))
    root = make("sum", (e,))
    raw = pull_back(root, x, make("number", (), (1,)))
    assert raw.shape == (x.rows, ONE)
    assert len(postorder(raw)) < 20 * len(postorder(root))
