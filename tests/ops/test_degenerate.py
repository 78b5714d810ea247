"""Matrices that are singular, zero or of a repeated spectrum whatever their entries are: right for all sizes, or refused."""

from __future__ import annotations

import numpy as np
import pytest

import closedform as cf
from closedform.lang.read import parse
from closedform.ops.rank import always_singular, rank_bound, without_minors


@pytest.mark.parametrize(
    ("text", "given", "bound"),
    [
        ("x*x'", "x: n", 1),
        ("x*x' + y*y'", "x: n; y: n", 2),
        ("t*ones(n, n)", "t: scalar", 1),
        ("X*X'", "X: n 3", 3),
        ("inv(A)*X*Y*A'", "A: n n; X: n 2; Y: 2 n", 2),
        ("let P = x*x'; P*A", "x: n; A: n n", 1),
        ("0*A", "A: n n", 0),
        ("A + x*x'", "A: n n; x: n", None),
        ("x'*x*A", "x: n; A: n n", None),
        ("A*(x'*t*x)*A", "x: n; A: n n; t: scalar", None),
        ("X*Y", "X: n m; Y: m n", None),
        ("(x*x').*A", "x: n; A: n n", None),
        ("(x*x')[1:2,1:2]", "x: n", 2),
    ],
)
def test_the_bound_of_a_rank(text: str, given: str, bound: int | None) -> None:
    e = parse(text, given).expr
    assert rank_bound(e) == bound
    assert always_singular(e) is (bound is not None and e.rows.integer is None)
    assert without_minors(e) is (bound == 0)


@pytest.mark.parametrize(
    ("text", "variable", "given", "gradient"),
    [
        ("det(x*x')", "x", "x: n", "2*adj(x*x')*x"),
        ("det(x*y')", "x", "x: n; y: n", "adj(x*y')'*y"),
        ("det(x*x' + y*y')", "x", "x: n; y: n", "2*adj(x*x' + y*y')*x"),
        ("det(t*ones(n, n))", "t", "t: scalar", "sum(adj(t*ones(n, n)))"),
        ("det(x*x')", "x", "x: 2", "2*adj(x*x')*x"),
        ("det(x*x')", "x", "x: 3", "zeros(3)"),
        ("det(0*X)", "X", "X: n n", "zeros(n, n)"),
        ("det(X*Y)", "X", "X: n m; Y: m n", "det(X*Y)*inv(X*Y)'*Y'"),
    ],
)
def test_the_determinant_of_what_is_singular(text: str, variable: str, given: str, gradient: str) -> None:
    d = cf.derive(text, variable, given)
    assert str(d) == gradient
    assert not d.conditions or "Y" in gradient


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_the_gradient_of_a_singular_determinant_at_every_size(n: int) -> None:
    value = cf.derive("det(x*x')", "x", "x: n").function()(x=np.arange(1.0, n + 1))
    np.testing.assert_allclose(value, [2.0] if n == 1 else np.zeros(n), atol=1e-12)


def test_an_answer_that_holds_nowhere_is_refused() -> None:
    with pytest.raises(cf.Refusal, match="was singular wherever"):
        cf.derive("inv(x*x')", "x", "x: 3")
    with pytest.raises(cf.Refusal, match="was singular wherever"):
        cf.derive("logdet(x*x')", "x", "x: 3")


@pytest.mark.parametrize("text", ["adj(x*x')", "adj(x*y' + y*ones(1, n))", "adj(t*ones(n, n) - x*y')"])
def test_the_adjugate_of_what_is_singular_is_refused(text: str) -> None:
    with pytest.raises(cf.Refusal, match="is singular at all sizes but small ones"):
        cf.derive(text, "x", "x: n; y: n; t: scalar")


@pytest.mark.parametrize("norm", ["norm1", "norm2", "normnuc", "normspec"])
def test_the_norm_of_a_zero_is_constant(norm: str) -> None:
    assert str(cf.derive(f"{norm}(V*(zeros(k)*t))", "V", "V: n k; t: scalar")) == "zeros(n, k)"
    d = cf.derive(f"x'*x + t*{norm}(x - x)", "x", "x: n; t: scalar")
    assert str(d) == "2*x"
    assert d.derivation[0].rule == "simplify"


@pytest.mark.parametrize(
    ("text", "said", "column"),
    [
        ("1/normspec(0*x)", r"normspec\(0\*x\) is 0 whatever its variables are, where it has to be nonzero", 2),
        ("sin(x'*x/(t-t))", "t - t is 0 whatever", 10),
        ("t + log(0*sum(x))", r"0\*sum\(x\) is 0 whatever its variables are, where it has to be positive", 8),
        ("x'*x*(t-t)^-2", "t - t is 0 whatever", 6),
        ("x'*x/sqrt(s - s)", "s - s is 0 whatever", 10),
    ],
)
def test_a_division_by_zero_is_refused_with_its_place(text: str, said: str, column: int) -> None:
    with pytest.raises(cf.Refusal, match=said) as caught:
        cf.derive(text, "x", "x: n; t: scalar; s: scalar")
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("text", "given", "said"),
    [
        ("svdu(x*y')", "x: p; y: p", "svdu: x\\*y' has equal singular values wherever it was tried"),
        ("svdv(x*y')", "x: 4; y: 3", "svdv: x\\*y' has equal singular values wherever"),
        ("svdu(x*y')", "x: 4; y: 3", "equal singular values or values of 0"),
        ("eigvecs(x*x')", "x: n", "eigvecs: x\\*x' has equal eigenvalues"),
        ("eigvecs(sum(x)*eye(n))", "x: n", "equal eigenvalues"),
        ("eigvecs(zeros(n, n)*sum(x))", "x: n", "equal eigenvalues"),
    ],
)
def test_vectors_of_a_repeated_spectrum_are_refused(text: str, given: str, said: str) -> None:
    with pytest.raises(cf.Refusal, match=said):
        cf.derive(text, "x", given)


@pytest.mark.parametrize(("text", "given"), [("svdu(X)", "X: n+k n"), ("eigvecs(X*X')", "X: n 2"), ("svdu(X)", "X: 1 n")])
def test_vectors_of_a_simple_spectrum_are_not(text: str, given: str) -> None:
    assert cf.derive(text, "X", given).certificate.ok


@pytest.mark.parametrize("text", ["normspec(X)", "normnuc(X)", "sum(svdvals(X))"])
def test_a_size_that_is_not_known_is_named(text: str) -> None:
    with pytest.raises(cf.Refusal, match=r"needs the size min\(m, n\); declare the larger"):
        cf.derive(text, ["X", "X"], "X: m n")
    assert cf.derive(text, "X", "X: m n").certificate.ok
