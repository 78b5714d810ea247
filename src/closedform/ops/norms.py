"""Norms of vectors and matrices."""

from __future__ import annotations

from typing import Any

from closedform.core.expr import Expr, Shape
from closedform.core.op import f, operation
from closedform.ops.build import inner, power, product
from closedform.ops.leaves import SCALAR


def _nonnegative(A: Expr) -> list[str]:
    return ["nonnegative"]


def _scalar(A: Expr) -> Shape:
    return SCALAR


@operation
class norm2:
    """The Euclidean norm of a vector, the Frobenius norm of a matrix: the root of the sum of squares.

    Source: Petersen and Pedersen, The Matrix Cookbook (2012), section 2.6.
    """

    args = ("A",)
    code = "np.linalg.norm({A})"
    latex = r"\lVert {A} \rVert"
    unicode = "‖{A}‖"
    draws = ("A: m n", "A: n")
    why = "d norm2(X) = tr(X'*dX)/norm2(X)"
    kink = "norm2 is not differentiable where {A} = 0; its gradient counts as 0 there"
    shape = _scalar
    facts = _nonnegative

    def d_A(A: Expr, dA: Expr) -> Expr:
        return product(power(f.norm2(A), -1), inner(A, dA))

    def value(xp: Any, A: Any) -> Any:
        return xp.sqrt(xp.sum(A * A))


@operation
class norm1:
    """The sum of the absolute values of the entries."""

    args = ("A",)
    code = "np.sum(np.abs({A}))"
    latex = r"\lVert {A} \rVert_1"
    unicode = "‖{A}‖₁"
    draws = ("A: m n", "A: n")
    why = "d norm1(X) = tr(sign(X)'*dX)"
    kink = "norm1 is not differentiable where an entry of {A} is 0; its derivative counts as 0 there"
    shape = _scalar
    facts = _nonnegative

    def d_A(A: Expr, dA: Expr) -> Expr:
        return inner(f.sign(A), dA)

    def value(xp: Any, A: Any) -> Any:
        return xp.sum(xp.where(xp.real(A) < 0, -A, A))
