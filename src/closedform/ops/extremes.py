"""The largest and the smallest entry."""

from __future__ import annotations

from typing import Any

from closedform.core.expr import Expr, Shape, make
from closedform.core.infer import known
from closedform.core.op import f, operation
from closedform.ops.build import minus, ones_like, power, product, times
from closedform.ops.entries import everywhere
from closedform.ops.leaves import SCALAR

BOUNDS = ("positive", "nonnegative", "unit", "integer")


def _attained(name: str, A: Expr) -> Expr:
    """1 where an entry is the largest (or the smallest) one, else 0.

    The entries are compared with one of themselves, which is exact only while both are computed alike.  A sum or a
    product could be taken apart in the difference, so it is kept together as its own minimum with that entry.
    """
    best = make(name, (A,))
    same = A
    if A.op.name not in ("symbol", "named"):
        same = f.minimum(A, best) if name == "max" else f.maximum(A, best)
    bound = product(best, ones_like(A))
    return minus(ones_like(A), f.sign(minus(bound, same) if name == "max" else minus(same, bound)))


def _shared(name: str, A: Expr, dA: Expr) -> Expr:
    """The mean of dA over the entries at which the bound is attained."""
    if A.is_scalar:
        return dA
    p = _attained(name, A)
    return product(f.sum(times(p, dA)), power(f.sum(p), -1))


@operation
class max_:
    """The largest entry.  A : m x n -> scalar.

    Source: Clarke, Optimization and Nonsmooth Analysis (1983), section 2.8; of the subgradients at a tie, the mean.
    """

    args = ("A",)
    code = "np.max({A})"
    latex = r"\max\left({A}\right)"
    draws = ("A: m n", "A: n")
    why = "d max(x) = sum(p.*dx)/sum(p) with p = 1 where x is largest, else 0"
    kink = "max is not differentiable where the largest entry of {A} is attained more than once; such entries share equally"

    def shape(A: Expr) -> Shape:
        return SCALAR

    def facts(A: Expr) -> list[str]:
        return [k for k in BOUNDS if known(A, k)]

    def d_A(A: Expr, dA: Expr) -> Expr:
        return _shared("max", A, dA)

    def value(xp: Any, A: Any) -> Any:
        return xp.reshape(A, -1)[xp.argmax(xp.real(A))]


@operation
class min_:
    """The smallest entry.  A : m x n -> scalar.

    Source: Clarke, Optimization and Nonsmooth Analysis (1983), section 2.8; of the subgradients at a tie, the mean.
    """

    args = ("A",)
    code = "np.min({A})"
    latex = r"\min\left({A}\right)"
    draws = ("A: m n", "A: n")
    why = "d min(x) = sum(p.*dx)/sum(p) with p = 1 where x is smallest, else 0"
    kink = "min is not differentiable where the smallest entry of {A} is attained more than once; such entries share equally"

    def shape(A: Expr) -> Shape:
        return SCALAR

    def facts(A: Expr) -> list[str]:
        return [k for k in BOUNDS if everywhere(A, k)]

    def d_A(A: Expr, dA: Expr) -> Expr:
        return _shared("min", A, dA)

    def value(xp: Any, A: Any) -> Any:
        return xp.reshape(A, -1)[xp.argmin(xp.real(A))]
