"""The half-vectorization and the matrices that go from it to vec and back.

Source: Magnus and Neudecker, Matrix Differential Calculus, section 3.8; The elimination matrix: some lemmas and
applications (1980).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, Shape, misfit
from closedform.core.op import f, operation
from closedform.ops.build import product, transpose
from closedform.ops.entries import everywhere


def half(n: Dim) -> Dim:
    """n*(n + 1)/2, the number of entries on and below the diagonal.

    >>> str(half(Dim.of("n")))
    'n*(n + 1)/2'
    """
    return n * (n + 1) * Fraction(1, 2)


def _places(xp: Any, n: int) -> Any:
    """Where the entries of vech(A) stand in vec(A)."""
    return xp.arange(n * n).reshape(n, n)[xp.triu_indices(n)]


@operation
class vech:
    """The columns of the lower triangle stacked.  A : n x n -> n*(n + 1)/2 x 1."""

    args = ("A",)
    code = "vech({A})"
    latex = r"\operatorname{{vech}}\left({A}\right)"
    draws = ("A: n n",)

    def shape(A: Expr) -> Shape:
        if not A.is_square:
            raise misfit("vech", "vech needs a square matrix", A)
        return half(A.rows), ONE

    def facts(A: Expr) -> list[str]:
        return [k for k in ("positive", "nonnegative", "unit", "integer") if everywhere(A, k)]

    def adjoint_A(G: Expr, A: Expr) -> Expr:
        n = A.rows
        return f.unvec(product(transpose(f.elimination(n)), G), n, n)

    def value(xp: Any, A: Any) -> Any:
        A = xp.atleast_2d(A)
        return A.T[xp.triu_indices(A.shape[0])][:, None]


@operation
class duplication:
    """The duplication matrix D(n): D(n)*vech(S) = vec(S) for symmetric S : n x n."""

    args = ()
    params = ("n",)
    code = "duplication({n})"
    draws = ()

    def shape(n: Dim) -> Shape:
        return n * n, half(n)

    def facts(n: Dim) -> list[str]:
        return ["nonnegative"]

    def value(xp: Any, n: int) -> Any:
        place = xp.zeros((n, n), dtype=int)  # of entry (i, j) of S in vech(S)
        place[xp.triu_indices(n)] = xp.arange(n * (n + 1) // 2)
        return xp.eye(n * (n + 1) // 2)[xp.maximum(place, place.T).reshape(-1)]

    def weight(e: Expr) -> int:
        return 2


@operation
class elimination:
    """The elimination matrix L(n): L(n)*vec(A) = vech(A) for A : n x n."""

    args = ()
    params = ("n",)
    code = "elimination({n})"
    draws = ()

    def shape(n: Dim) -> Shape:
        return half(n), n * n

    def facts(n: Dim) -> list[str]:
        return ["nonnegative"]

    def value(xp: Any, n: int) -> Any:
        return xp.eye(n * n)[_places(xp, n)]

    def weight(e: Expr) -> int:
        return 2
