"""The Cholesky factor, the pseudo-inverse and the adjugate."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from closedform.core.errors import Refusal
from closedform.core.expr import Expr, Shape, misfit
from closedform.core.infer import known
from closedform.core.op import f, operation
from closedform.ops.build import minus, negative, num, product, total, transpose
from closedform.ops.rank import always_singular
from closedform.ops.spectral import finite, symmetric_part, symmetrized


@operation
class chol:
    """The lower Cholesky factor: the lower triangular L with positive diagonal and L*L' = S.  S : n x n, pd -> n x n.

    It is the function of the symmetric part of S.

    Source: Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation (2008);
    Murray, Differentiation of the Cholesky decomposition (2016).
    """

    args = ("S",)
    code = "np.linalg.cholesky({S})"
    draws = ("S: n n pd",)
    why = "d L = L*(tril(M) - diag(diag(M))/2) with L = chol(S), M = inv(L)*(dS + dS')*inv(L)'/2"

    def shape(S: Expr) -> Shape:
        if not S.is_square:
            raise misfit("chol", "chol needs a square matrix, declared pd", S)
        return S.shape

    def domain(S: Expr) -> list[tuple[str, Expr]]:
        return [("pd", S)]

    def facts(S: Expr) -> list[str]:
        return ["lower", "invertible", *(k for k in ("diagonal",) if known(S, k)), *(["positive"] if S.is_scalar else [])]

    def d_S(S: Expr, dS: Expr) -> Expr:
        L = f.chol(S)
        inverse = f.inv(L)
        M = product(inverse, symmetric_part(dS), transpose(inverse))
        return product(L, minus(f.tril(M), product(num(Fraction(1, 2)), f.diag(f.diagonal(M)))))

    def value(xp: Any, S: Any) -> Any:
        A = symmetrized(xp, S)
        return _columns(xp, A) if xp.iscomplexobj(A) else xp.linalg.cholesky(A)


def _columns(xp: Any, A: Any) -> Any:
    """The factor column by column, without conjugation, so that it is analytic in the entries."""
    L = xp.zeros_like(A)
    for j in range(A.shape[0]):
        rest = A[j:, j] - L[j:, :j] @ L[j, :j]
        L[j:, j] = rest / xp.sqrt(rest[0]) if rest[0].real > 0 else xp.nan
    return L


@operation
class pinv:
    """The Moore-Penrose inverse.  X : m x n -> n x m.  Its differential holds where the rank does not change.

    Source: Golub and Pereyra, The differentiation of pseudo-inverses and nonlinear least squares problems whose
    variables separate (1973), theorem 4.3.
    """

    args = ("X",)
    code = "np.linalg.pinv({X})"
    latex = "{X}^{{+}}"
    unicode = "{X}⁺"
    draws = ("X: m n", "X: n n invertible")
    why = "d P = -P*dX*P + P*P'*dX'*(I - X*P) + (I - P*X)*dX'*P'*P with P = pinv(X)"
    kink = "pinv is not differentiable (nor continuous) where the rank of {X} changes"
    analytic = False

    def shape(X: Expr) -> Shape:
        return X.cols, X.rows

    def facts(X: Expr) -> list[str]:
        kept = [k for k in ("symmetric", "skew", "diagonal", "psd", "pd", "invertible", "orthogonal") if known(X, k)]
        if known(X, "invertible"):
            kept += [k for k in ("lower", "upper") if known(X, k)]
        return kept

    def d_X(X: Expr, dX: Expr) -> Expr:
        P = f.pinv(X)
        first = negative(product(P, dX, P))
        if X.is_scalar or known(X, "invertible"):
            return first
        turned = transpose(dX)
        left = product(P, transpose(P), turned)
        right = product(turned, transpose(P), P)
        return total(first, left, negative(product(left, X, P)), right, negative(product(P, X, right)))

    def value(xp: Any, X: Any) -> Any:
        return xp.linalg.pinv(finite(xp, X))


@operation
class adj:
    """The adjugate: the transposed matrix of cofactors, with A*adj(A) = det(A)*I.  A : n x n -> n x n.

    Its derivative is written where A is invertible.

    Source: Magnus and Neudecker, Matrix Differential Calculus, section 8.6.
    """

    args = ("A",)
    code = "adjugate({A})"
    draws = ("A: n n invertible",)
    why = "d adj(X) = tr(adj(X)*dX)*inv(X) - adj(X)*dX*inv(X)"

    def shape(A: Expr) -> Shape:
        if not A.is_square:
            raise misfit("adj", "the adjugate needs a square matrix", A)
        return A.shape

    def domain(A: Expr) -> list[tuple[str, Expr]]:
        return [] if always_singular(A) else [("invertible", A)]

    def facts(A: Expr) -> list[str]:
        kept = ("symmetric", "diagonal", "lower", "upper", "psd", "pd", "invertible", "orthogonal")
        return [k for k in kept if known(A, k)] + (["positive"] if A.is_scalar else [])

    def d_A(A: Expr, dA: Expr) -> Expr:
        if always_singular(A):
            raise Refusal(f"adj: {A} is singular at all sizes but small ones; the derivative of its adjugate has no closed form")
        cofactors, inverse = f.adj(A), f.inv(A)
        return minus(product(f.trace(product(cofactors, dA)), inverse), product(cofactors, dA, inverse))

    def value(xp: Any, A: Any) -> Any:
        A = xp.atleast_2d(A)
        n = A.shape[0]
        out = xp.empty_like(A)
        for i in range(n):
            for j in range(n):
                minor = xp.delete(xp.delete(A, i, axis=0), j, axis=1)
                out[j, i] = (-1.0) ** (i + j) * xp.linalg.det(minor)
        return out
