"""Second derivatives of vectors and matrices by orthogonal matrices: the stacked Jacobian is put back into its space."""

from __future__ import annotations

import pytest

import closedform as cf


@pytest.mark.parametrize(
    ("text", "wrt", "given"),
    [
        ("A", ["A", "A"], "A: n n orthogonal"),
        ("A*x", ["A", "A"], "x: n; A: n n orthogonal"),
        ("A*x", ["A", "A"], "x: k; A: n k orthonormal"),
        ("A*x", ["A", "x"], "x: n; A: n n orthogonal"),
        ("A*B*x", ["A", "B"], "x: n; A: n n orthogonal; B: n n orthogonal"),
        ("A*B*x", ["A", "B"], "x: n; A: n n orthogonal; B: n n symmetric"),
    ],
)
def test_a_second_derivative_by_an_orthogonal_matrix_passes_its_check(text: str, wrt: list[str], given: str) -> None:
    d = cf.derive(text, wrt, given)
    assert d.certificate.ok
    assert cf.parse(str(d), given) is d.expr
