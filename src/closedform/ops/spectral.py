"""Eigenvalues and eigenvectors of symmetric matrices.

The functions are those of the symmetric part of their argument, so their differentials see only that part of dS.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, Shape, misfit
from closedform.core.infer import known
from closedform.core.op import f, operation
from closedform.ops.build import identity, minus, num, product, recip, times, total, transpose
from closedform.ops.leaves import SCALAR


def symmetric_part(E: Expr) -> Expr:
    """(E + E')/2.

    >>> from closedform.lang.declare import declare
    >>> scope = declare("A: n n; S: n n symmetric")
    >>> str(symmetric_part(scope.symbols["A"])), str(symmetric_part(scope.symbols["S"]))
    ("1/2*(A + A')", 'S')
    """
    if E.is_scalar or known(E, "symmetric"):
        return E
    return product(num(Fraction(1, 2)), total(E, transpose(E)))


def finite(xp: Any, A: Any) -> Any:
    """The array, 1 x 1 for a number; an error where it is not finite, which LAPACK would tell on the standard output."""
    A = xp.atleast_2d(A)
    if not xp.isfinite(A).all():
        raise ArithmeticError("the matrix is not finite")
    return A


def symmetrized(xp: Any, A: Any) -> Any:
    """The symmetric part of an array; a number is 1 x 1."""
    A = finite(xp, A)
    return 0.5 * (A + A.T)


def column(E: Expr, j: Dim) -> Expr:
    """Column j of a matrix, counted from 1."""
    return E if E.cols is ONE else f.index(E, ONE, E.rows, j, j)


def reciprocal_gaps(values: Expr) -> Expr:
    """The matrix with the entries 1/(w_j - w_i), and zeros on its diagonal."""
    n = values.rows
    ones = f.ones(n, ONE)
    gaps = minus(product(ones, transpose(values)), product(values, transpose(ones)))
    return minus(recip(total(gaps, identity(n))), identity(n))


def _square(word: str, S: Expr) -> None:
    if not S.is_square:
        raise misfit(word, f"{word} needs a square matrix, declared symmetric", S)


@operation
class eigvalsh:
    """The eigenvalues of a symmetric matrix in ascending order.  S : n x n -> n x 1.

    Source: Magnus and Neudecker, Matrix Differential Calculus, section 8.9.
    """

    args = ("S",)
    code = "np.linalg.eigvalsh({S})[:, None]"
    draws = ("S: n n symmetric",)
    why = "d eigvalsh(S) = diag(V'*dS*V) with V = eigvecs(S)"
    kink = "eigvalsh is not differentiable where two eigenvalues of {S} are equal"
    analytic = False

    def shape(S: Expr) -> Shape:
        _square("eigvalsh", S)
        return S.rows, ONE

    def facts(S: Expr) -> list[str]:
        return ["positive"] if known(S, "pd") else []

    def d_S(S: Expr, dS: Expr) -> Expr:
        V = f.eigvecs(S)
        return f.diagonal(product(transpose(V), dS, V))

    def value(xp: Any, S: Any) -> Any:
        return xp.linalg.eigvalsh(symmetrized(xp, S))[:, None]


@operation
class eigvecs:
    """Orthonormal eigenvectors of a symmetric matrix, as columns in the order of its eigenvalues.  S : n x n -> n x n.

    Each is determined up to its sign.

    Source: Magnus and Neudecker, Matrix Differential Calculus, section 8.9; Giles, Collected matrix derivative results
    for forward and reverse mode algorithmic differentiation (2008), section 3.1.
    """

    args = ("S",)
    code = "np.linalg.eigh({S})[1]"
    draws = ("S: n n symmetric",)
    why = "d V = V*(F.*(V'*dS*V)) with V = eigvecs(S), w = eigvalsh(S), F[i,j] = 1/(w[j] - w[i]), zero where i = j"
    kink = "eigvecs is not differentiable where two eigenvalues of {S} are equal; every eigenvector is determined up to its sign"
    analytic = False

    def shape(S: Expr) -> Shape:
        _square("eigvecs", S)
        return S.shape

    def facts(S: Expr) -> list[str]:
        return ["orthogonal"]

    def d_S(S: Expr, dS: Expr) -> Expr:
        V = f.eigvecs(S)
        inside = product(transpose(V), symmetric_part(dS), V)
        return product(V, times(reciprocal_gaps(f.eigvalsh(S)), inside))

    def value(xp: Any, S: Any) -> Any:
        return xp.linalg.eigh(symmetrized(xp, S))[1]


@operation
class lambda_max:
    """The largest eigenvalue of a symmetric matrix.  S : n x n -> scalar.

    Source: Magnus and Neudecker, Matrix Differential Calculus, section 8.9.
    """

    args = ("S",)
    code = "np.linalg.eigvalsh({S})[-1]"
    latex = r"\lambda_{{\max}}\left({S}\right)"
    unicode = "λ_max({S})"
    draws = ("S: n n symmetric",)
    why = "d lambda_max(S) = v'*dS*v with v = eigvecs(S)[:,n]"
    kink = "lambda_max is not differentiable where the largest eigenvalue of {S} is a repeated one"
    analytic = False

    def shape(S: Expr) -> Shape:
        _square("lambda_max", S)
        return SCALAR

    def facts(S: Expr) -> list[str]:
        return ["positive"] if known(S, "pd") else []

    def d_S(S: Expr, dS: Expr) -> Expr:
        v = column(f.eigvecs(S), S.rows)
        return product(transpose(v), dS, v)

    def value(xp: Any, S: Any) -> Any:
        return xp.linalg.eigvalsh(symmetrized(xp, S))[-1]
