"""vec, Kronecker products and their friends: the identities, by the language, in symbols and in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.table.brute import derivatives, gap, point, value_of

import closedform as cf
from closedform.lang.declare import declare
from closedform.numeric.draw import draw
from closedform.numeric.evaluate import evaluate


def value(text: str) -> Any:
    return evaluate(cf.parse(text), {}, {})


def test_a_kronecker_product_of_numbers() -> None:
    wanted = [[5, 6, 10, 12], [7, 8, 14, 16], [15, 18, 20, 24], [21, 24, 28, 32]]
    for text in ("kron([1, 2; 3, 4], [5, 6; 7, 8])", "[1, 2; 3, 4] ⊗ [5, 6; 7, 8]"):
        assert value(text).tolist() == wanted
    assert value("vec([1, 2; 3, 4])").ravel().tolist() == [1, 3, 2, 4]
    assert value("vech([1, 2; 3, 4])").ravel().tolist() == [1, 3, 4]


IDENTITIES = [
    ("vec(A*B*C)", "kron(C', A)*vec(B)", "A: m n; B: n p; C: p q"),
    ("vec(A*B)", "kron(eye(p), A)*vec(B)", "A: m n; B: n p"),
    ("vec(A*B)", "kron(B', eye(m))*vec(A)", "A: m n; B: n p"),
    ("vec(x*y')", "kron(y, x)", "x: m; y: n"),
    ("tr(A'*B)", "vec(A)'*vec(B)", "A: m n; B: m n"),
    ("tr(A*B*C*D)", "vec(D')'*kron(C', A)*vec(B)", "A: m n; B: n p; C: p q; D: q m"),
    ("kron(A, B)'", "kron(A', B')", "A: m n; B: p q"),
    ("kron(A*C, B*D)", "kron(A, B)*kron(C, D)", "A: m n; B: p q; C: n k; D: q r"),
    ("inv(kron(A, B))", "kron(inv(A), inv(B))", "A: m m invertible; B: n n invertible"),
    ("tr(kron(A, B))", "tr(A)*tr(B)", "A: m m; B: n n"),
    ("det(kron(A, B))", "det(A)^n*det(B)^m", "A: m m; B: n n"),
    ("K(m,n)*vec(A)", "vec(A')", "A: m n"),
    ("K(m,n)'", "K(n,m)", ""),
    ("K(n,m)*K(m,n)", "eye(m*n)", ""),
    ("K(p,m)*kron(A, B)*K(n,q)", "kron(B, A)", "A: m n; B: p q"),
    ("D(n)*vech(S)", "vec(S)", "S: n n symmetric"),
    ("L(n)*vec(A)", "vech(A)", "A: n n"),
    ("L(n)*D(n)", "eye(n*(n+1)/2)", ""),
    ("D(n)*L(n)*(K(n,n) + eye(n*n))*vec(A)", "vec(A) + vec(A')", "A: n n"),
    ("K(n,n)*D(n)", "D(n)", ""),
    ("khatrirao(A, B)*x", "vec(B*diag(x)*A')", "A: m n; B: p n; x: n"),
    ("unvec(kron(B', A)*vec(X), p, q)", "A*X*B", "A: p m; X: m n; B: n q"),
]


@pytest.mark.parametrize(("left", "right", "given"), IDENTITIES)
def test_an_identity_holds_in_numbers(left: str, right: str, given: str) -> None:
    sizes = {"m": 2, "n": 3, "p": 5, "q": 7, "k": 4, "r": 6}
    rng = np.random.default_rng(7)
    env = {name: draw(symbol, sizes, rng) for name, symbol in declare(given).symbols.items()}
    a, b, simplified = (
        evaluate(e, env, sizes) for e in (cf.parse(left, given), cf.parse(right, given), cf.simplify(left, given))
    )
    assert np.shape(a) == np.shape(b)
    assert np.allclose(a, b, rtol=1e-10, atol=1e-12)
    assert np.allclose(simplified, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "given", "short"),
    [
        ("kron(C', A)*vec(B)", "A: m n; B: n p; C: p q", "vec(A*B*C)"),
        ("kron(A, B)*kron(C, D)", "A: m n; B: p q; C: n k; D: q r", "kron(A*C, B*D)"),
        ("kron(A, B)'", "A: m n; B: p q", "kron(A', B')"),
        ("vec(x*y')", "x: m; y: n", "kron(y, x)"),
        ("tr(kron(A, B))", "A: m m; B: n n", "tr(A)*tr(B)"),
        ("det(kron(A, B))", "A: m m; B: n n", "det(A)^n*det(B)^m"),
        ("K(n,m)*K(m,n)", "", "eye(m*n)"),
        ("K(m,n)'", "", "K(n, m)"),
        ("unvec(kron(B', A)*vec(X), p, q)", "A: p m; X: m n; B: n q", "A*X*B"),
    ],
)
def test_what_an_identity_simplifies_to(text: str, given: str, short: str) -> None:
    assert str(cf.simplify(text, given)) == short


@pytest.mark.parametrize(
    ("expression", "wrt", "given", "answer"),
    [
        ("A*X*B", "X", "A: p m; X: m n; B: n q", "kron(B', A)"),
        ("vec(A*X*B)", "X", "A: p m; X: m n; B: n q", "kron(B', A)"),
        ("unvec(kron(B', A)*vec(X), p, q)", "X", "A: p m; X: m n; B: n q", "kron(B', A)"),
        ("X'", "X", "X: m n", "K(m, n)"),
        ("K(m,n)*vec(X)", "X", "X: m n", "K(m, n)"),
        ("vech(X)", "X", "X: n n", "L(n)"),
        ("D(n)*x", "x", "x: n*(n+1)/2", "D(n)"),
        ("kron(x, y)", "x", "x: m; y: n", "kron(eye(m), y)"),
        ("kron(x, y)", "y", "x: m; y: n", "kron(x, eye(n))"),
        ("tr(kron(X, A))", "X", "X: m m; A: n n", "tr(A)*eye(m)"),
        ("logdet(kron(A, X))", "X", "A: m m; X: n n", "m*inv(X)'"),
        ("vec(X)'*kron(B', A)*vec(X)", "X", "X: m n; A: m m; B: n n", "A*X*B + A'*X*B'"),
    ],
)
def test_derivatives_of_stacked_matrices(expression: str, wrt: str, given: str, answer: str) -> None:
    d = cf.derive(expression, wrt, given)
    assert str(d) == answer
    assert d.certificate is not None and d.certificate.ok


@pytest.mark.parametrize(
    ("expression", "wrt", "given"),
    [
        ("kron(X, A)", "X", "X: m n; A: n m"),
        ("kron(A, X)", "X", "X: m n; A: n m"),
        ("kron(X, X)", "X", "X: m n"),
        ("khatrirao(A, X)", "X", "A: p n; X: m n"),
        ("khatrirao(X, A)", "X", "A: p n; X: m n"),
        ("tr(kron(A, X)*B)", "X", "X: m m; A: n n; B: m*n m*n"),
        ("inv(kron(A, X))", "X", "A: m m invertible; X: n n"),
        ("norm2(kron(x, y))^2", "x", "x: m; y: n"),
    ],
)
def test_what_has_no_one_form_is_right(expression: str, wrt: str, given: str) -> None:
    env = point(given)
    symbols = declare(given).symbols
    flat = {name: array.reshape(-1) if symbols[name].params[3] == 1 else array for name, array in env.items()}
    for layout, wanted in derivatives(value_of(expression, given), [wrt], env).items():
        turned = cf.derive(expression, wrt, given, layout=layout)
        assert gap(value_of(turned.expr, given)(env), wanted) < 1e-7
        assert gap(turned.function(form="matrix")(**flat), wanted) < 1e-7
        assert cf.parse(str(turned), given) is turned.expr


def test_declared_letters_are_variables() -> None:
    """K, D and L are matrices where they are declared; the long names then stand for the constants."""
    d = cf.derive("tr(K*X')", "X", "K: m n; X: m n")
    assert str(d) == "K"
    d = cf.derive("K*X'", "X", "K: p n; X: m n")
    assert "commutation(m, n)" in str(d)
    assert str(cf.parse("K(m,n)*vec(A)", "A: m n")) == "K(m, n)*vec(A)"
