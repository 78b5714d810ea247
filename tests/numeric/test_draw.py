"""Drawn arrays have the facts that are declared; sizes are small and different."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import closedform.ops  # noqa: F401  (imported for their declarations)
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr
from closedform.core.facts import NAMES, SQUARE
from closedform.core.infer import facts
from closedform.core.walk import postorder
from closedform.lang.declare import declare
from closedform.lang.read import parse
from closedform.numeric.draw import STYLES, draw
from closedform.numeric.sizes import CAP, shrink, sizes_for
from closedform.numeric.special import satisfies, special, special_sizes
from closedform.numeric.tangent import direction, independent, project, space

PAIRS = [
    "symmetric positive", "diagonal positive", "lower invertible", "upper invertible", "pd positive", "pd nonnegative",
    "pd unit", "pd integer", "pd diagonal", "pd contraction", "psd nonnegative", "symmetric contraction",
    "skew contraction", "diagonal contraction", "diagonal unit", "symmetric integer", "skew integer", "lower unit",
    "orthogonal symmetric", "orthogonal diagonal", "orthogonal nonnegative", "orthogonal integer", "orthogonal pd",
    "orthogonal lower", "idempotent symmetric", "idempotent diagonal", "idempotent invertible", "idempotent nonnegative",
    "invertible symmetric", "invertible integer", "invertible positive", "positive contraction", "lower nonnegative",
    "symmetric unit", "diagonal invertible", "positive integer", "nonnegative integer", "orthogonal idempotent",
    "invertible skew", "orthogonal skew",
]  # fmt: skip


def symbol(declaration: str) -> Expr:
    return declare(f"V: {declaration}").symbols["V"]


def shapes(fact: str) -> list[str]:
    if fact in SQUARE or " " in fact:
        return [f"n n {fact}"]
    if fact == "simplex":
        return [f"n {fact}"]
    return [f"m n {fact}", f"n {fact}", *([] if fact == "orthonormal" else [f"n n {fact}", f"scalar {fact}"])]


@pytest.mark.parametrize("declaration", [d for fact in [*sorted(NAMES), *PAIRS] for d in shapes(fact)])
@pytest.mark.parametrize("style", STYLES)
def test_a_draw_has_the_declared_facts(declaration: str, style: str) -> None:
    V = symbol(declaration)
    rng = np.random.default_rng(1)
    for n in (2, 3, 4, 6):
        if "skew" in declaration and n % 2 and facts(V) & {"invertible", "orthogonal"}:
            continue
        value = draw(V, {"n": n, "m": n + 2}, rng, style)
        assert np.ndim(value) == (0 if V.is_scalar else 2)
        assert satisfies(value, facts(V)), value


@pytest.mark.parametrize("style", STYLES)
def test_draws_differ_and_are_generic(style: str) -> None:
    rng = np.random.default_rng(2)
    V = symbol("n n symmetric")
    first, second = draw(V, {"n": 4}, rng, style), draw(V, {"n": 4}, rng, style)
    assert len(np.unique(first)) == 10
    assert not np.allclose(first, second)


def test_orthogonal_draws_have_both_determinants() -> None:
    rng = np.random.default_rng(3)
    signs = {round(float(np.linalg.det(draw(symbol("n n orthogonal"), {"n": 3}, rng)))) for _ in range(30)}
    assert signs == {-1, 1}


@pytest.mark.parametrize("declaration", ["n n", "m n", "n", "scalar", *(f"n n {fact}" for fact in sorted(SQUARE))])
def test_special_values_have_the_declared_facts(declaration: str) -> None:
    V = symbol(declaration)
    for sizes in special_sizes(["m", "n"]):
        for value in special(V, sizes):
            assert satisfies(value, facts(V))
            assert np.shape(value) == (() if V.is_scalar else (V.rows.value(sizes), V.cols.value(sizes)))


def test_special_values_hold_what_generic_draws_miss() -> None:
    values = special(symbol("n n"), {"n": 3})
    wanted = [np.eye(3), -np.eye(3), np.eye(3)[::-1], np.zeros((3, 3)), np.eye(3, k=1), np.diag([1.0, 1.0, 2.0])]
    for w in wanted:
        assert any(np.array_equal(v, w) for v in values)


# ---- sizes --------------------------------------------------------------------------------------------------------


def test_sizes_are_small_and_mutually_different() -> None:
    scope = declare("A: m n; B: n p; C: p q")
    found = list(itertools.islice(sizes_for(*scope.symbols.values()), 10))
    assert len(found) == 10
    for sizes in found:
        assert set(sizes) == {"m", "n", "p", "q"}
        assert len(set(sizes.values())) == 4
        assert min(sizes.values()) >= 2 and max(sizes.values()) <= 7


def test_of_two_sizes_either_is_the_larger_early_on() -> None:
    found = list(itertools.islice(sizes_for(symbol("m n")), 4))
    assert {s["m"] > s["n"] for s in found[:2]} == {True, False}


def test_sizes_satisfy_what_the_expression_demands() -> None:
    scope = declare("Q: m n orthonormal; X: p-1 2*n; x: k; J: s s skew invertible")
    picked = parse("x[1:3]", scope).expr
    for sizes in itertools.islice(sizes_for(*scope.symbols.values(), picked), 8):
        assert sizes["m"] >= sizes["n"] and sizes["p"] >= 2 and sizes["k"] >= 3 and sizes["s"] % 2 == 0


def test_a_position_that_has_a_name_is_inside() -> None:
    scope = declare("X: n n")
    for sizes in itertools.islice(sizes_for(parse("X[i,j]", scope).expr), 8):
        assert 1 <= sizes["i"] <= sizes["n"] and 1 <= sizes["j"] <= sizes["n"]


def test_more_names_than_small_numbers() -> None:
    sizes = next(sizes_for(*[declare(f"A: n{k} n{k + 1}").symbols["A"] for k in range(60)]))
    assert len(sizes) == 61 and all(sizes[f"n{k}"] != sizes[f"n{k + 1}"] for k in range(5))


def test_sizes_that_cannot_be_met_are_refused() -> None:
    with pytest.raises(Refusal, match="no sizes from 2 to 8 of n"):
        next(sizes_for(parse("x[12]", declare("x: n")).expr))


@pytest.mark.parametrize(
    ("given", "texts", "new"),
    [
        ("X: 100 50; A: 50 100", ["tr(A*X)", "A'"], {50: 4, 100: 3}),
        ("x: 100", ["sum(x)"], {100: 4}),
        ("x: 100", ["x[3]", "e(3, 100)"], {100: 4}),
        ("x: 100", ["sum(x[1:7])", "[ones(7); zeros(93)]"], {93: 3, 100: 10}),
        ("X: 10 20; z: 200", ["vec(X)'*z", "unvec(z, 10, 20)"], {10: 4, 20: 8, 200: 32}),
        ("x: 8; X: 3 3", ["sum(x)*X"], {}),
        ("X: 12 n; Y: 12 3", ["X*ones(n, 3) + Y"], {12: 4}),
    ],
)
def test_large_integer_sizes_are_shrunk(given: str, texts: list[str], new: dict[int, int]) -> None:
    scope = declare(given)
    small, table = shrink([parse(t, scope).expr for t in texts])
    assert table == new
    for node in postorder(*small):
        assert all(d.integer is None or d.integer <= max([CAP, *new.values()]) for d in node.shape)


@pytest.mark.parametrize(("given", "text"), [("x: 100", "x[37]"), ("x: 100", "e(37, 100)'*x"), ("x: 100", "sum(x[51:100])")])
def test_where_a_position_stands_in_the_way_the_cap_is_named(given: str, text: str) -> None:
    with pytest.raises(Refusal, match=r"sizes up to 8, .* 100"):
        shrink([parse(text, declare(given)).expr])


# ---- directions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fact", ["symmetric", "psd", "pd", "skew", "diagonal", "lower", "upper", "orthogonal", "simplex"])
def test_a_projection_is_idempotent_and_orthogonal(fact: str) -> None:
    rng = np.random.default_rng(4)
    V = symbol(f"n {fact}") if fact == "simplex" else symbol(f"n n {fact}")
    point = draw(V, {"n": 4}, rng)
    Z, W = rng.standard_normal(point.shape), rng.standard_normal(point.shape)
    P = project(space(V), point, Z)
    np.testing.assert_allclose(project(space(V), point, P), P, atol=1e-14)
    assert np.sum((Z - P) * project(space(V), point, W)) == pytest.approx(0.0, abs=1e-13)
    stack = project(space(V), point, np.stack([Z, W]))
    np.testing.assert_allclose(stack[0], P, atol=1e-14)
    move = direction(V, point, "projected", rng)
    np.testing.assert_allclose(project(space(V), point, move), move, atol=1e-14)
    if fact not in ("simplex", "orthogonal"):
        assert satisfies(move, {"symmetric"} if fact in ("psd", "pd") else {fact})


def test_the_independent_entries_of_a_symmetric_direction_are_its_lower_triangle() -> None:
    V = np.array([[1.0, 2.0], [2.0, 3.0]])
    assert independent(frozenset({"symmetric"}), V).tolist() == [[1.0, 0.0], [2.0, 3.0]]
    assert independent(frozenset({"lower"}), V) is V


def test_an_unknown_fact_is_an_error() -> None:
    with pytest.raises(LookupError):
        satisfies(np.eye(2), {"round"})
    with pytest.raises(InputError):
        declare("A: n n round")
