"""Trace and sums."""

from __future__ import annotations

from typing import Any

from closedform.core.dim import ONE
from closedform.core.expr import Expr, Shape, misfit
from closedform.core.infer import known
from closedform.core.op import operation
from closedform.ops.build import identity, ones_like, product
from closedform.ops.leaves import SCALAR


@operation
class trace:
    """The sum of the diagonal.  A : n x n -> scalar."""

    args = ("A",)
    word = "tr"
    code = "np.trace({A})"
    latex = r"\operatorname{{tr}}\left({A}\right)"
    draws = ("A: n n",)
    why = "d tr(A) = tr(dA)"

    def shape(A: Expr) -> Shape:
        if not A.is_square:
            raise misfit("tr", "the trace needs a square matrix", A)
        return SCALAR

    def facts(A: Expr) -> list[str]:
        if known(A, "pd"):
            return ["positive"]
        return ["nonnegative"] if known(A, "psd") or known(A, "nonnegative") else []

    def adjoint_A(G: Expr, A: Expr) -> Expr:
        return product(G, identity(A.rows))

    def value(xp: Any, A: Any) -> Any:
        return xp.trace(A)


@operation
class sum_:
    """The sum of all entries.  A : m x n -> scalar."""

    args = ("A",)
    code = "np.sum({A})"
    latex = r"\operatorname{{sum}}\left({A}\right)"
    draws = ("A: m n",)
    why = "d sum(A) = sum(dA)"

    def shape(A: Expr) -> Shape:
        return ONE, ONE

    def facts(A: Expr) -> list[str]:
        return [k for k in ("positive", "nonnegative", "integer") if known(A, k)]

    def adjoint_A(G: Expr, A: Expr) -> Expr:
        return product(G, ones_like(A))

    def value(xp: Any, A: Any) -> Any:
        return xp.sum(A)
