"""Singular values and vectors in thin form, and the norms made of singular values.

With k the smaller side of X : m x n, X = U*diag(s)*V' for U = svdu(X) : m x k, s = svdvals(X) : k x 1 in descending
order and V = svdv(X) : n x k.  Each pair of columns of U and V is determined up to a common sign.

Source of the differentials: Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation (2008), section 3.2; Townsend, Differentiating the singular value decomposition (2016).
"""

from __future__ import annotations

from typing import Any

from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, Shape
from closedform.core.infer import known
from closedform.core.op import f, operation
from closedform.ops.build import entry_power, inner, minus, power, product, recip, times, total, transpose, zeros_like
from closedform.ops.leaves import SCALAR
from closedform.ops.spectral import column, finite, reciprocal_gaps


def thin(word: str, X: Expr) -> Dim:
    """The smaller side of a matrix; where it is not known which that is, a size of its own.

    >>> n = Dim.of("n")
    >>> str(thin("svdu", f.zeros(n + 1, n)))
    'n'
    """
    rows, cols = X.shape
    if rows.at_least(cols) or known(X, "orthonormal"):
        return cols
    if cols.at_least(rows):
        return rows
    return Dim.smaller(rows, cols)


def _factors(X: Expr) -> tuple[Expr, Expr, Expr]:
    return f.svdu(X), f.svdvals(X), f.svdv(X)


def _beyond(Q: Expr, moved: Expr) -> Expr:
    """(I - Q*Q')*moved, what moves out of the span of the columns of Q."""
    return minus(moved, product(Q, transpose(Q), moved))


def _outside(Q: Expr, moved: Expr, values: Expr) -> Expr:
    return product(_beyond(Q, moved), f.diag(recip(values)))


@operation
class svdvals:
    """The singular values in descending order.  X : m x n -> k x 1, k the smaller of m and n."""

    args = ("X",)
    code = "np.linalg.svd({X}, compute_uv=False)[:, None]"
    draws = ("X: n+p n", "X: n n+p", "X: n n")
    why = "d svdvals(X) = diag(U'*dX*V) with U = svdu(X), V = svdv(X)"
    kink = "svdvals is not differentiable where a singular value of {X} is 0 or two are equal"
    analytic = False

    def shape(X: Expr) -> Shape:
        return thin("svdvals", X), ONE

    def facts(X: Expr) -> list[str]:
        return ["positive"] if known(X, "invertible") or known(X, "orthonormal") else ["nonnegative"]

    def d_X(X: Expr, dX: Expr) -> Expr:
        U, _, V = _factors(X)
        return f.diagonal(product(transpose(U), dX, V))

    def value(xp: Any, X: Any) -> Any:
        return xp.linalg.svd(finite(xp, X), compute_uv=False)[:, None]


@operation
class svdu:
    """The left singular vectors, as columns in the order of the singular values.  X : m x n -> m x k."""

    args = ("X",)
    code = "np.linalg.svd({X}, full_matrices=False)[0]"
    draws = ("X: n+p n", "X: n n+p", "X: n n")
    why = (
        "d U = U*(F.*(M*diag(s) + diag(s)*M')) + (I - U*U')*dX*V*diag(1./s) with M = U'*dX*V, F[i,j] = 1/(s[j]^2 - s[i]^2), "
        "zero where i = j"
    )
    kink = (
        "svdu is not differentiable where a singular value of {X} is 0 or two are equal; every pair of singular vectors is "
        "determined up to its sign"
    )
    analytic = False

    def shape(X: Expr) -> Shape:
        return X.rows, thin("svdu", X)

    def facts(X: Expr) -> list[str]:
        return ["orthogonal" if X.rows is thin("svdu", X) else "orthonormal"]

    def d_X(X: Expr, dX: Expr) -> Expr:
        U, s, V = _factors(X)
        M = product(transpose(U), dX, V)
        inside = total(product(M, f.diag(s)), product(f.diag(s), transpose(M)))
        return _turned(U, s, inside, product(dX, V))

    def value(xp: Any, X: Any) -> Any:
        return xp.linalg.svd(finite(xp, X), full_matrices=False)[0]


@operation
class svdv:
    """The right singular vectors, as columns in the order of the singular values.  X : m x n -> n x k."""

    args = ("X",)
    code = "np.linalg.svd({X}, full_matrices=False)[2].T"
    draws = ("X: n+p n", "X: n n+p", "X: n n")
    why = (
        "d V = V*(F.*(diag(s)*M + M'*diag(s))) + (I - V*V')*dX'*U*diag(1./s) with M = U'*dX*V, F[i,j] = 1/(s[j]^2 - s[i]^2), "
        "zero where i = j"
    )
    kink = (
        "svdv is not differentiable where a singular value of {X} is 0 or two are equal; every pair of singular vectors is "
        "determined up to its sign"
    )
    analytic = False

    def shape(X: Expr) -> Shape:
        return X.cols, thin("svdv", X)

    def facts(X: Expr) -> list[str]:
        return ["orthogonal" if X.cols is thin("svdv", X) else "orthonormal"]

    def d_X(X: Expr, dX: Expr) -> Expr:
        U, s, V = _factors(X)
        M = product(transpose(U), dX, V)
        inside = total(product(f.diag(s), M), product(transpose(M), f.diag(s)))
        return _turned(V, s, inside, product(transpose(dX), U))

    def value(xp: Any, X: Any) -> Any:
        return xp.linalg.svd(finite(xp, X), full_matrices=False)[2].T


def _turned(Q: Expr, values: Expr, inside: Expr, outside: Expr) -> Expr:
    """Q*(F.*inside) + (I - Q*Q')*outside*diag(1./s), without the terms that are 0 whatever the entries."""
    parts = []
    if Q.cols is not ONE:
        squares = entry_power(values, 2)
        parts.append(product(Q, times(reciprocal_gaps(squares), inside)))
    if Q.rows is not Q.cols:
        parts.append(_outside(Q, outside, values))
    return total(*parts) if parts else zeros_like(Q)


@operation
class normnuc:
    """The nuclear norm, the sum of the singular values.  X : m x n -> scalar.

    Source: Watson, Characterization of the subdifferential of some matrix norms (1992).
    """

    args = ("X",)
    code = "np.linalg.norm({X}, 'nuc')"
    latex = r"\lVert {X} \rVert_{{*}}"
    unicode = "‖{X}‖_*"
    draws = ("X: n+p n", "X: n n+p", "X: n n", "X: n")
    why = "d normnuc(X) = tr((U*V')'*dX) with U = svdu(X), V = svdv(X)"
    kink = "normnuc is not differentiable where {X} does not have full rank"
    analytic = False

    def shape(X: Expr) -> Shape:
        return SCALAR

    def facts(X: Expr) -> list[str]:
        return ["nonnegative"]

    def d_X(X: Expr, dX: Expr) -> Expr:
        if X.rows is ONE or X.cols is ONE:
            return _euclidean(X, dX)
        U, _, V = _factors(X)
        return inner(product(U, transpose(V)), dX)

    def value(xp: Any, X: Any) -> Any:
        return xp.sum(xp.linalg.svd(finite(xp, X), compute_uv=False))


@operation
class normspec:
    """The spectral norm, the largest singular value.  X : m x n -> scalar.

    Source: Watson, Characterization of the subdifferential of some matrix norms (1992).
    """

    args = ("X",)
    code = "np.linalg.norm({X}, 2)"
    latex = r"\lVert {X} \rVert_{{\mathrm{{spec}}}}"
    unicode = "‖{X}‖_spec"
    draws = ("X: n+p n", "X: n n+p", "X: n n", "X: n")
    why = "d normspec(X) = u'*dX*v with u = svdu(X)[:,1], v = svdv(X)[:,1]"
    kink = "normspec is not differentiable where the largest singular value of {X} is a repeated one or 0"
    analytic = False

    def shape(X: Expr) -> Shape:
        return SCALAR

    def facts(X: Expr) -> list[str]:
        return ["nonnegative"]

    def d_X(X: Expr, dX: Expr) -> Expr:
        if X.rows is ONE or X.cols is ONE:
            return _euclidean(X, dX)
        U, _, V = _factors(X)
        return product(transpose(column(U, ONE)), dX, column(V, ONE))

    def value(xp: Any, X: Any) -> Any:
        return xp.linalg.svd(finite(xp, X), compute_uv=False)[0]


def _euclidean(x: Expr, dx: Expr) -> Expr:
    """The differential of the Euclidean norm, to which both norms come down for a row or a column."""
    return product(power(f.norm2(x), -1), inner(x, dx))
