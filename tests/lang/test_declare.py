"""Declarations: sizes, facts, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest

from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError
from closedform.lang.declare import Scope, declaration, declare

n = Dim.of("n")


def test_text_and_mapping_declare_the_same() -> None:
    one = declare("S: n n pd; C: n n symmetric; x: n; t: scalar positive")
    two = declare({"S": "n n pd", "C": "n n symmetric", "x": "n", "t": "scalar positive"})
    assert one.symbols == two.symbols
    assert list(one.symbols) == ["S", "C", "x", "t"]
    assert one.sizes == {"n"}


@pytest.mark.parametrize(
    ("text", "shape", "axes"),
    [
        ("scalar", (ONE, ONE), 0),
        ("", (ONE, ONE), 0),
        ("positive", (ONE, ONE), 0),
        ("scalar positive", (ONE, ONE), 0),
        ("n", (n, ONE), 1),
        ("n 1", (n, ONE), 2),
        ("1 n", (ONE, n), 2),
        ("1", (ONE, ONE), 1),
        ("n, 3", (n, Dim.of(3)), 2),
        ("p-1 2*n", (Dim.of("p") - 1, 2 * n), 2),
        ("p - 1", (Dim.of("p") - 1, ONE), 1),
        ("n (p-1) constant", (n, Dim.of("p") - 1), 2),
        ("n*(n+1)/2", (n * (n + 1) * Fraction(1, 2), ONE), 1),
        ("m^2 n", (Dim.of("m") * Dim.of("m"), n), 2),
    ],
)
def test_shapes(text: str, shape: tuple[Dim, Dim], axes: int) -> None:
    symbol = declare({"A": text}).symbols["A"]
    assert symbol.shape == shape
    assert symbol.params[3] == axes
    assert declare({"A": declaration(symbol)}).symbols["A"] is symbol


def test_facts_are_closed_under_implication() -> None:
    assert declare("S: n n pd").symbols["S"].params[4] == {"pd", "psd", "symmetric", "invertible"}
    assert declare("p: n simplex").symbols["p"].params[4] == {"simplex", "nonnegative"}


def test_constants() -> None:
    scope = declare("A: n n constant; x: n")
    assert scope.constant("A") and not scope.constant("x") and not scope.constant("q")


def test_nothing_is_declared() -> None:
    assert not declare(None).symbols and not declare("").symbols and not declare({}).symbols
    assert not declare(" ; ").symbols
    assert declare("x: n;").symbols
    scope = declare("x: n")
    assert declare(scope) is scope


def test_scope_text_declares_it_again() -> None:
    scope = declare("A: m n; S: n n pd; t: scalar; Σ: n-m n")
    assert declare(str(scope)).symbols == scope.symbols
    assert str(Scope({})) == ""


def test_names() -> None:
    names = ("lambda", "sin", "x_1", "W1", "K", "e", "Γ", "class")
    assert list(declare("; ".join(f"{name}: n" for name in names)).symbols) == [*names[:6], "Gamma", "class"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("x: -3", "at least 1"),
        ("x: 0", "at least 1"),
        ("x: n-n", "at least 1"),
        ("x: -n", "at least 1"),
        ("x: 2.5", "whole number"),
        ("x: n/2", "whole number"),
        ("x: 2n", "2\\*n"),
        ("x: n m p", "not a fact"),
        ("x: n m 3", "at most two sizes"),
        ("x: scalar n", "scalar and given sizes"),
        ("x: n scalar", "scalar and given sizes"),
        ("X: n n positve", "'positive' is meant"),
        ("x: n positve", "'positive' is meant"),
        ("X: n n positive_definite", "'pd' is meant"),
        ("X: pd n n", "not a fact"),
        ("x: positive 3", "before the facts"),
        ("x: vector", "one size"),
        ("X: m n symmetric", "not square"),
        ("x: n pd", "not square"),
        ("X: n n symmetric skew", "at once"),
        ("X: n n simplex", "column"),
        ("R: 2 4 orthonormal", "more columns, 4, than rows, 2"),
        ("R: n 2*n orthonormal", "more columns"),
        ("x: n; x: m", "twice"),
        ("Σ: n; Sigma: n", "twice"),
        ("n: n", "used as a size"),
        ("x: n; n: scalar", "used as a size"),
        ("x n", "':' is wanted"),
        ("x", "':' is wanted"),
        ("x: n: m", "a size is wanted"),
        ("3: n", "a name is wanted"),
        (": n", "a name is wanted"),
        ("x;import os: n", "':' is wanted"),
        ("__x: n", "cannot be the name"),
        ("let: n", "cannot be the name"),
        ("x: __import__('os')", "cannot be the name of a size"),
        ("x: n(", "a size is wanted"),
        ("x: (n", "not closed"),
        ("x: n+", "a size is wanted"),
        ("x: n/0", "whole number"),
        ("x: 2^99", "power of a size"),
        ("x: 1e300", "too large"),
        ("х: n", "Cyrillic"),
        ("x\x00: n", "U\\+0000"),
        ({"x": 3}, "mapped to"),
        ({3: "n"}, "mapped to"),
        ({"x;import os": "n"}, "':' is wanted"),
        ({"x": "n; y: m"}, "declaration of one name"),
        ({"x: n; y": "n"}, "unexpected"),
        ({"": "n"}, "a name is wanted"),
        (3, "not int"),
        (b"x: n", "not bytes"),
        (["x: n"], "not list"),
    ],
)
def test_what_is_refused(given: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        declare(given)


@pytest.mark.parametrize("given", ["z[N]: p", {"z[N]": "p"}])
def test_families(given: object) -> None:
    scope = declare(given)
    assert str(scope) == "z[N]: p"
    assert scope.sizes == {"N", "p"}
