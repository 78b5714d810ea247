"""Functions of a square matrix, the exponential, the logarithm and the square root, and their Fréchet derivatives."""

from __future__ import annotations

from functools import cache
from typing import Any

from closedform.core.dim import ONE
from closedform.core.expr import Expr, Shape, make, misfit
from closedform.core.infer import known
from closedform.core.op import f, operation
from closedform.ops.build import transpose, zero

KEPT = ("symmetric", "diagonal", "lower", "upper")
"""Facts that a function of a matrix inherits from the matrix."""

OFF_THE_CUT = "without eigenvalues on (-inf, 0]"
"""Where the principal logarithm and square root are defined and smooth."""

NEAR = 0.25
"""So near the identity the rule for the logarithm has no error above rounding."""
MOST_ROOTS = 60


def _square(word: str, A: Expr) -> Shape:
    if not A.is_square:
        raise misfit(word, f"{word} needs a square matrix", A)
    return A.shape


def _pair(word: str, A: Expr, E: Expr) -> Shape:
    if not A.is_square or A.shape != E.shape:
        raise misfit(word, f"{word} needs two square matrices of one size", A, E)
    return A.shape


def _principal(A: Expr) -> list[tuple[str, Expr]]:
    return [] if known(A, "pd") else [(OFF_THE_CUT, A)]


def _directional(A: Expr, E: Expr) -> list[str]:
    kept = [k for k in KEPT if known(A, k) and known(E, k)]
    return kept + (["skew"] if known(A, "symmetric") and known(E, "skew") else [])


def _second(name: str, A: Expr, E: Expr, dA: Expr) -> Expr:
    """The differential in A of the Fréchet derivative L(A, E).

    f([A, E; 0, A]) has the block L(A, E) at its upper right, so the differential is that block of the Fréchet
    derivative at [A, E; 0, A] in the direction [dA, 0; 0, dA].  Source: Higham and Relton, Higher order Fréchet
    derivatives of matrix functions and the level-2 condition number (2014), theorem 3.5.
    """
    n, nothing, layout = A.rows, zero(*A.shape), (2, 2)
    at = f.blocks(A, E, nothing, A, layout)
    towards = f.blocks(dA, nothing, nothing, dA, layout)
    return f.index(make(name, (at, towards)), ONE, n, n + 1, n * 2)


def _root(xp: Any, A: Any) -> Any:
    """The principal square root of a real matrix, nan where it is not real."""
    import warnings

    from scipy.linalg import sqrtm

    A = xp.atleast_2d(A)
    if not xp.isfinite(A).all():  # where the algorithm goes on for long
        return xp.full(A.shape, xp.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a singular matrix
        root = sqrtm(A)
    return xp.full(A.shape, xp.nan) if xp.iscomplexobj(root) else root


def _logarithm(xp: Any, A: Any) -> Any:
    """The principal logarithm of a real matrix, nan where it is not real.

    Square roots are taken until the matrix is near the identity; log(I + X), the integral over s from 0 to 1 of
    inv(I + s*X)*X, is then exact by the Gauss-Legendre rule.  Source: Higham, Functions of Matrices (2008), section 11.5.
    """
    one = xp.eye(xp.shape(A)[0])
    root, doublings = A, 0
    while not xp.abs(root - one).sum() < NEAR:
        if doublings == MOST_ROOTS or not xp.isfinite(root).all():
            return xp.full(xp.shape(A), xp.nan)
        root, doublings = _root(xp, root), doublings + 1
    nodes, weights = _gauss_legendre(xp)
    X = root - one
    parts = xp.linalg.solve(one + nodes[:, None, None] * X, X[None])
    return 2.0**doublings * (weights[:, None, None] * parts).sum(axis=0)


@cache
def _gauss_legendre(xp: Any) -> tuple[Any, Any]:
    """The nodes and the weights of the rule for integrals from 0 to 1."""
    nodes, weights = xp.polynomial.legendre.leggauss(8)
    return 0.5 * (1.0 + nodes), 0.5 * weights


def _exponential(xp: Any, A: Any) -> Any:
    """The exponential of a matrix, nan where it is not finite."""
    from scipy.linalg import expm

    return expm(A) if xp.isfinite(A).all() else xp.full(A.shape, xp.nan)


def _beside(xp: Any, A: Any, E: Any) -> tuple[Any, float]:
    """[A, E/s; 0, A] and s, with E/s no longer than A."""
    scale = max(float(xp.linalg.norm(E) / xp.linalg.norm(A)), 1e-300)
    return xp.block([[A, E / scale], [xp.zeros_like(A), A]]), scale


@operation
class expm:
    """The matrix exponential.  A : n x n -> n x n.

    Source: Higham, Functions of Matrices (2008), chapter 10.
    """

    args = ("A",)
    code = "scipy.linalg.expm({A})"
    draws = ("A: n n",)
    why = "d expm(X) = dexpm(X, dX), the integral over s from 0 to 1 of expm(s*X)*dX*expm((1 - s)*X)"

    def shape(A: Expr) -> Shape:
        return _square("expm", A)

    def facts(A: Expr) -> list[str]:
        out = ["invertible", *(k for k in KEPT if known(A, k))]
        if A.is_scalar or known(A, "symmetric"):
            out.append("pd")
        if A.is_scalar:
            out.append("positive")
        return out + (["orthogonal"] if known(A, "skew") else [])

    def d_A(A: Expr, dA: Expr) -> Expr:
        return f.dexpm(A, dA)

    def value(xp: Any, A: Any) -> Any:
        return _exponential(xp, xp.atleast_2d(A))


@operation
class dexpm:
    """The Fréchet derivative of the matrix exponential at A in the direction E.  A, E : n x n -> n x n.

    It is linear in E, and its adjoint there is the one at A'.

    Source: Al-Mohy and Higham, Computing the Fréchet derivative of the matrix exponential (2009); Higham, Functions of
    Matrices (2008), section 3.2.
    """

    args = ("A", "E")
    code = "scipy.linalg.expm_frechet({A}, {E}, compute_expm=False)"
    draws = ("A: n n; E: n n",)
    why = "dexpm(X, E) is the upper right block of expm([X, E; 0, X])"

    def shape(A: Expr, E: Expr) -> Shape:
        return _pair("dexpm", A, E)

    facts = _directional

    def d_A(A: Expr, E: Expr, dA: Expr) -> Expr:
        return _second("dexpm", A, E, dA)

    def adjoint_E(G: Expr, A: Expr, E: Expr) -> Expr:
        return f.dexpm(transpose(A), G)

    def value(xp: Any, A: Any, E: Any) -> Any:
        A, E = xp.atleast_2d(A), xp.atleast_2d(E)
        scale = xp.abs(E).max() / max(xp.abs(A).max(), 1.0)
        if not scale:
            return xp.zeros_like(A)
        n = len(A)
        return scale * _exponential(xp, xp.block([[A, E / scale], [xp.zeros_like(A), A]]))[:n, n:]


@operation
class logm:
    """The principal matrix logarithm.  A : n x n without eigenvalues on (-inf, 0] -> n x n.

    Source: Higham, Functions of Matrices (2008), chapter 11.
    """

    args = ("A",)
    code = "logm({A})"
    draws = ("A: n n pd", "A: n n lower positive")
    why = "d logm(X) = dlogm(X, dX), the integral over s from 0 to 1 of inv(s*(X - I) + I)*dX*inv(s*(X - I) + I)"
    analytic = False

    def shape(A: Expr) -> Shape:
        return _square("logm", A)

    def domain(A: Expr) -> list[tuple[str, Expr]]:
        return _principal(A)

    def facts(A: Expr) -> list[str]:
        return [*(k for k in KEPT if known(A, k)), *(["skew"] if known(A, "orthogonal") else [])]

    def d_A(A: Expr, dA: Expr) -> Expr:
        return f.dlogm(A, dA)

    def value(xp: Any, A: Any) -> Any:
        return _logarithm(xp, xp.atleast_2d(A))


@operation
class dlogm:
    """The Fréchet derivative of the matrix logarithm at A in the direction E.  A, E : n x n -> n x n.

    It is linear in E, and its adjoint there is the one at A'.

    Source: Al-Mohy, Higham and Relton, Computing the Fréchet derivative of the matrix logarithm and estimating the
    condition number (2013).
    """

    args = ("A", "E")
    code = "dlogm({A}, {E})"
    draws = ("A: n n pd; E: n n", "A: n n lower positive; E: n n")
    why = "dlogm(X, E) is the upper right block of logm([X, E; 0, X])"
    analytic = False

    def shape(A: Expr, E: Expr) -> Shape:
        return _pair("dlogm", A, E)

    def domain(A: Expr, E: Expr) -> list[tuple[str, Expr]]:
        return _principal(A)

    facts = _directional

    def d_A(A: Expr, E: Expr, dA: Expr) -> Expr:
        return _second("dlogm", A, E, dA)

    def adjoint_E(G: Expr, A: Expr, E: Expr) -> Expr:
        return f.dlogm(transpose(A), G)

    def value(xp: Any, A: Any, E: Any) -> Any:
        at, scale = _beside(xp, xp.atleast_2d(A), E)
        n = len(at) // 2
        return scale * _logarithm(xp, at)[:n, n:]


@operation
class sqrtm:
    """The principal square root of a matrix.  A : n x n without eigenvalues on (-inf, 0] -> n x n.

    Source: Higham, Functions of Matrices (2008), chapter 6; its differential solves R*dR + dR*R = dA.
    """

    args = ("A",)
    code = "sqrtm({A})"
    draws = ("A: n n pd", "A: n n lower positive")
    why = "d sqrtm(X) = sylvester(R, R, dX) with R = sqrtm(X), since R*dR + dR*R = dX"
    analytic = False

    def shape(A: Expr) -> Shape:
        return _square("sqrtm", A)

    def domain(A: Expr) -> list[tuple[str, Expr]]:
        return _principal(A)

    def facts(A: Expr) -> list[str]:
        out = [k for k in (*KEPT, "psd", "pd", "invertible", "orthogonal") if known(A, k)]
        return out + (["nonnegative"] if A.is_scalar else [])

    def d_A(A: Expr, dA: Expr) -> Expr:
        root = f.sqrtm(A)
        return f.sylvester(root, root, dA)

    def value(xp: Any, A: Any) -> Any:
        return _root(xp, A)
