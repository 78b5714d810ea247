"""Inverse, determinant and log-determinant."""

from __future__ import annotations

from typing import Any

from closedform.core.expr import Expr, Shape, misfit
from closedform.core.infer import known
from closedform.core.op import f, operation
from closedform.ops.build import negative, num, product
from closedform.ops.leaves import SCALAR
from closedform.ops.rank import always_singular, without_minors

KEPT_BY_INVERSE = ("symmetric", "skew", "diagonal", "lower", "upper", "orthogonal", "pd")


def _square(word: str, A: Expr) -> None:
    if not A.is_square:
        raise misfit(word, f"{word} needs a square matrix", A)


@operation
class inv:
    """The inverse.  A : n x n, invertible -> n x n.

    Source: Magnus and Neudecker, Matrix Differential Calculus, section 8.4.
    """

    args = ("A",)
    code = "np.linalg.inv({A})"
    latex = "{A}^{{-1}}"
    unicode = "{A}⁻¹"
    draws = ("A: n n invertible",)
    why = "d inv(X) = -inv(X)*dX*inv(X)"

    def shape(A: Expr) -> Shape:
        _square("inv", A)
        return A.shape

    def domain(A: Expr) -> list[tuple[str, Expr]]:
        return [("invertible", A)]

    def facts(A: Expr) -> list[str]:
        return ["invertible", *(["pd"] if known(A, "psd") else []), *(k for k in KEPT_BY_INVERSE if known(A, k))]

    def d_A(A: Expr, dA: Expr) -> Expr:
        inverse = f.inv(A)
        return negative(product(inverse, dA, inverse))

    def value(xp: Any, A: Any) -> Any:
        return xp.linalg.inv(A)


@operation
class det:
    """The determinant.  A : n x n -> scalar.

    Its derivative is written with inv(A), where A is invertible; with adj(A) where it never is, as for A = x*y'.

    Source: Magnus and Neudecker, Matrix Differential Calculus, section 8.3 (Jacobi's formula).
    """

    args = ("A",)
    code = "np.linalg.det({A})"
    latex = r"\det\left({A}\right)"
    draws = ("A: n n invertible",)
    why = "d det(X) = tr(adj(X)*dX) = det(X)*tr(inv(X)*dX)"

    def shape(A: Expr) -> Shape:
        _square("det", A)
        return SCALAR

    def domain(A: Expr) -> list[tuple[str, Expr]]:
        if without_minors(A):
            return []
        return [("nonzero", f.adj(A)) if always_singular(A) else ("invertible", A)]

    def facts(A: Expr) -> list[str]:
        if known(A, "pd"):
            return ["positive"]
        return (["nonnegative"] if known(A, "psd") else []) + (["invertible"] if known(A, "invertible") else [])

    def d_A(A: Expr, dA: Expr) -> Expr:
        if without_minors(A):
            return num(0)
        if always_singular(A):
            return f.trace(product(f.adj(A), dA))
        return product(f.det(A), f.trace(product(f.inv(A), dA)))

    def value(xp: Any, A: Any) -> Any:
        return xp.linalg.det(A)


@operation
class logdet:
    """The logarithm of the absolute determinant, log|det A|.  A : n x n, invertible -> scalar.

    Source: Magnus and Neudecker, Matrix Differential Calculus, section 8.3.
    """

    args = ("A",)
    code = "np.linalg.slogdet({A})[1]"
    latex = r"\log\lvert\det\left({A}\right)\rvert"
    unicode = "log|det({A})|"
    draws = ("A: n n invertible",)
    why = "d log|det(X)| = tr(inv(X)*dX)"

    def shape(A: Expr) -> Shape:
        _square("logdet", A)
        return SCALAR

    def domain(A: Expr) -> list[tuple[str, Expr]]:
        return [("invertible", A)]

    def facts(A: Expr) -> list[str]:
        return []

    def d_A(A: Expr, dA: Expr) -> Expr:
        return f.trace(product(f.inv(A), dA))

    def value(xp: Any, A: Any) -> Any:
        sign, log = xp.linalg.slogdet(A)
        if not xp.iscomplexobj(sign):
            return log
        turn = sign * (1.0 if sign.real >= 0 else -1.0)  # log|det| continued from the real axis
        return log + 1j * xp.angle(turn)
