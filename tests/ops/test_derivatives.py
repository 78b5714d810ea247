"""Derivatives through functions of matrices, equations, spectra, factors and extremes: every answer passes its check."""

from __future__ import annotations

import numpy as np
import pytest

import closedform as cf

SQUARE = "A: n n; B: n n; C: n n; E: n n; Q: n n; t: scalar"
SYMMETRIC = "S: n n symmetric; M: n n symmetric; c: n; C: n n; t: scalar"
DEFINITE = "S: n n pd; C: n n; M: n n symmetric; t: scalar"
TALL = "X: n+p n; Y: n+p n; C: n+p n; H: n n; c: n; t: scalar"
WIDE = "X: n n+p; Y: n n+p; C: n+p n; H: n n; c: n; t: scalar"
PLAIN = "X: m n; A: k m; C: n m; y: m; x: n; b: m; t: scalar"

FIRST = [
    ("sum(C.*expm(A))", "A", SQUARE),
    ("tr(expm(A*B))", "B", SQUARE),
    ("sum(C.*logm(A))", "A", SQUARE),
    ("tr(sqrtm(A))", "A", SQUARE),
    ("sum(C.*sqrtm(A*B))", "A", SQUARE),
    ("sum(C.*dexpm(A, E))", "A", SQUARE),
    ("sum(C.*dexpm(A, E))", "E", SQUARE),
    ("sum(C.*dlogm(A, E))", "A", SQUARE),
    ("sum(C.*dlogm(A, E))", "E", SQUARE),
    ("sum(C.*lyap(A, Q))", "A", SQUARE),
    ("sum(C.*lyap(A, Q))", "Q", SQUARE),
    ("sum(C.*sylvester(A, B, E))", "A", SQUARE),
    ("sum(C.*sylvester(A, B, E))", "B", SQUARE),
    ("sum(C.*sylvester(A, B, E))", "E", SQUARE),
    ("sum(C.*adj(A))", "A", SQUARE),
    ("sum(C.*chol(S))", "S", DEFINITE),
    ("logdet(chol(S))", "S", DEFINITE),
    ("sum(C.*chol(B*B'))", "B", "B: n m; C: n n"),
    ("sum(c.*eigvalsh(S))", "S", SYMMETRIC),
    ("sum(C.*eigvecs(S).^2)", "S", SYMMETRIC),
    ("sum(C.*eigvecs(S))", "S", SYMMETRIC),
    ("lambda_max(S)", "S", SYMMETRIC),
    ("lambda_max(X'*X)", "X", PLAIN),
    ("sum(c.*svdvals(X))", "X", TALL),
    ("sum(c.*svdvals(X))", "X", WIDE),
    ("sum(C.*svdu(X))", "X", TALL),
    ("sum(H.*svdu(X))", "X", WIDE),
    ("sum(H.*svdv(X))", "X", TALL),
    ("sum(C.*svdv(X))", "X", WIDE),
    ("sum(H.*svdu(B))", "B", "B: n n; H: n n"),
    ("normnuc(A*X)", "X", PLAIN),
    ("normspec(A*X)", "X", PLAIN),
    ("normspec(x) + normnuc(x')", "x", PLAIN),
    ("norm2(pinv(X))^2", "X", PLAIN),
    ("sum(C.*pinv(X))", "X", PLAIN),
    ("norm2(y - X*pinv(X)*y)^2", "X", PLAIN),
    ("max(X*x + b)", "x", PLAIN),
    ("min(X*x/3 - b)^2", "x", PLAIN),
    ("max(X)", "X", PLAIN),
    ("b'*vech(A)", "A", "A: n n; b: n*(n+1)/2"),
]

BY_SCALAR = [
    ("expm(A + t*B)", SQUARE),
    ("logm(eye(n) + t^2*A*A')", SQUARE),
    ("sqrtm(eye(n) + t^2*A*A')", SQUARE),
    ("lyap(A + t*B, Q)", SQUARE),
    ("sylvester(A, B + t*Q, t*E)", SQUARE),
    ("adj(A + t*B)", SQUARE),
    ("chol(S + t*M)", DEFINITE),
    ("eigvalsh(S + t*M)", SYMMETRIC),
    ("sum(C.*eigvecs(S + t*M))", SYMMETRIC),
    ("lambda_max(S + t*M)", SYMMETRIC),
    ("sum(c.*svdvals(X + t*Y))", TALL),
    ("svdu(X + t*Y)", TALL),
    ("svdv(X + t*Y)", WIDE),
    ("normnuc(X + t*Y)", TALL),
    ("normspec(X + t*Y)", WIDE),
    ("pinv(X + t*C')", PLAIN),
]


@pytest.mark.parametrize(("text", "wrt", "given"), FIRST)
def test_gradients(text: str, wrt: str, given: str) -> None:
    derived = cf.derive(text, wrt, given, structure="free")
    assert derived.certificate is not None and derived.certificate.ok
    assert cf.parse(str(derived), given) is derived.expr


@pytest.mark.parametrize(("text", "given"), BY_SCALAR)
@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_by_a_scalar(text: str, given: str, order: int) -> None:
    derived = cf.derive(text, ["t"] * order, given)
    assert derived.certificate is not None and derived.certificate.ok


@pytest.mark.parametrize(
    ("text", "wrt", "given", "answer"),
    [
        ("sum(C.*dexpm(A, E))", "E", SQUARE, "dexpm(A', C)"),
        ("sum(C.*lyap(A, Q))", "Q", SQUARE, "lyap(A', C)"),
        ("sum(C.*sylvester(A, B, E))", "E", SQUARE, "sylvester(A', B', C)"),
        ("sum(c.*svdvals(X))", "X", TALL, "svdu(X)*diag(c)*svdv(X)'"),
        ("normspec(X)", "X", PLAIN, "svdu(X)[:,1]*svdv(X)[:,1]'"),
        ("normnuc(X)", "X", PLAIN, "svdu(X)*svdv(X)'"),
        ("lambda_max(S)", "S", SYMMETRIC, "eigvecs(S)[:,n]*eigvecs(S)[:,n]'"),
    ],
)
def test_answers(text: str, wrt: str, given: str, answer: str) -> None:
    assert str(cf.derive(text, wrt, given)) == answer


@pytest.mark.parametrize(
    ("text", "x", "gradient"),
    [
        ("max(x)", [1.0, 3.0, 3.0, 2.0], [0.0, 0.5, 0.5, 0.0]),
        ("min(x)", [1.0, 3.0, 1.0, 1.0], [1 / 3, 0.0, 1 / 3, 1 / 3]),
        ("max(x - ones(n)/10)", [0.3, 0.3, 0.1, 0.3], [1 / 3, 1 / 3, 0.0, 1 / 3]),
        ("max(x/3)", [0.0, 0.0, 0.0, 0.0], [1 / 12, 1 / 12, 1 / 12, 1 / 12]),
    ],
)
def test_ties_share_equally(text: str, x: list[float], gradient: list[float]) -> None:
    derived = cf.derive(text, "x", "x: n")
    assert np.allclose(derived.function()(x=np.array(x)), gradient, rtol=0, atol=1e-15)
    assert any("share equally" in note for note in derived.notes)


@pytest.mark.parametrize("seed", range(20))
def test_the_largest_of_a_compound_argument_is_recognized_in_floating_point(seed: int) -> None:
    rng = np.random.default_rng(seed)
    A, b, x = rng.standard_normal((5, 3)), rng.standard_normal(5), rng.standard_normal(3)
    found = cf.derive("max(A*x/3 - b + 2*b.*b)", "x", "A: m n; b: m; x: n").function()(A=A, b=b, x=x)
    assert np.allclose(found, A[np.argmax(A @ x / 3 - b + 2 * b * b)] / 3)


def test_the_derivative_of_a_function_of_the_symmetric_part_is_symmetric() -> None:
    rng = np.random.default_rng(0)
    root = rng.standard_normal((4, 4))
    S, C = root @ root.T + np.eye(4), rng.standard_normal((4, 4))
    for text in ("sum(C.*chol(S))", "sum(C.*eigvecs(S))"):
        gradient = cf.derive(text, "S", DEFINITE, structure="free").function()(S=S, C=C)
        assert np.allclose(gradient, gradient.T)


def test_conditions_and_notes() -> None:
    assert cf.derive("sum(expm(A))", "A", SQUARE).conditions == ()
    assert cf.derive("logdet(chol(S))", "S", DEFINITE).conditions == ()
    assert cf.derive("logdet(chol(A*A'))", "A", SQUARE).conditions == ("A*A' is positive definite",)
    assert "two eigenvalues of S are equal" in " ".join(cf.derive("sum(eigvalsh(S).^2)", "S", SYMMETRIC).notes)
    assert "full rank" in " ".join(cf.derive("normnuc(X)", "X", PLAIN).notes)


def test_where_a_logarithm_is_defined_is_a_condition() -> None:
    assert cf.derive("sum(logm(S))", "S", DEFINITE).conditions == ()
    assert len(cf.derive("sum(logm(A))", "A", SQUARE).conditions) == 1


@pytest.mark.parametrize("word", ["chol", "eigvalsh", "eigvecs", "lambda_max"])
def test_an_argument_that_is_not_known_to_be_symmetric_is_refused(word: str) -> None:
    with pytest.raises(cf.InputError, match="symmetric"):
        cf.parse(f"{word}(A)", "A: n n")
    for given in ("A: n n pd", "A: n n diagonal"):
        assert cf.parse(f"{word}(A)", given).op.name == word
    assert cf.parse(f"{word}(A'*A)", "A: m n").op.name == word


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("expm(A)", "A: m n"),
        ("dexpm(A, B)", "A: n n; B: m m"),
        ("sylvester(A, B, C)", "A: n n; B: m m; C: m n"),
        ("lyap(A, Q)", "A: n n; Q: n m"),
        ("adj(A)", "A: m n"),
        ("vech(A)", "A: m n"),
        ("chol(A)", "A: m n"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(text: str, given: str) -> None:
    with pytest.raises(cf.InputError, match="needs"):
        cf.parse(text, given)
