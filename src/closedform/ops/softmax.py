"""Softmax and its kin, stable by construction.  Those ending in ``_rows`` act on each row of a matrix."""

from __future__ import annotations

from typing import Any

from closedform.core.dim import ONE
from closedform.core.expr import Expr, Shape, misfit
from closedform.core.infer import known
from closedform.core.op import f, operation
from closedform.ops.build import minus, negative, product, times, transpose
from closedform.ops.leaves import SCALAR


def _vector(word: str, x: Expr) -> Shape:
    if x.rows is not ONE and x.cols is not ONE:
        raise misfit(
            word,
            f"{word} needs a vector",
            x,
            hint=f"{word}_rows acts on each row of a matrix" if word in ("softmax", "logsumexp") else "",
        )
    return x.shape


def _top(xp: Any, x: Any, axis: int | None) -> Any:
    return xp.max(xp.real(x), axis=axis, keepdims=True)


@operation
class softmax:
    """exp(x) over its sum.  x : a vector -> a vector of positive numbers that sum to 1."""

    args = ("x",)
    code = "softmax({x})"
    latex = r"\operatorname{{softmax}}\left({x}\right)"
    draws = ("x: n",)
    why = "d softmax(x) = p.*dx - p*(p'*dx) with p = softmax(x)"

    def shape(x: Expr) -> Shape:
        return _vector("softmax", x)

    def facts(x: Expr) -> list[str]:
        return ["simplex", "positive"] if x.is_column else ["positive"]

    def d_x(x: Expr, dx: Expr) -> Expr:
        p = f.softmax(x)
        step = times(p, dx)
        return minus(step, product(f.sum(step), p))

    def value(xp: Any, x: Any) -> Any:
        e = xp.exp(x - _top(xp, x, None))
        return e / xp.sum(e)

    def cost(x: Expr) -> int:
        return 3


@operation
class softmax_rows:
    """The softmax of each row.  X : m x n -> m x n with rows that sum to 1."""

    args = ("X",)
    code = "softmax_rows({X})"
    latex = r"\operatorname{{softmax}}_{{\mathrm{{rows}}}}\left({X}\right)"
    draws = ("X: m n",)
    why = "d softmax_rows(X) = P.*dX - diag((P.*dX)*1)*P with P = softmax_rows(X)"

    def shape(X: Expr) -> Shape:
        return X.shape

    def facts(X: Expr) -> list[str]:
        return ["positive"]

    def d_X(X: Expr, dX: Expr) -> Expr:
        P = f.softmax_rows(X)
        step = times(P, dX)
        return minus(step, product(f.diag(product(step, f.ones(X.cols, ONE))), P))

    def value(xp: Any, X: Any) -> Any:
        e = xp.exp(X - _top(xp, X, 1))
        return e / xp.sum(e, axis=1, keepdims=True)


@operation
class logsumexp:
    """log(sum(exp(x))).  x : a vector -> scalar."""

    args = ("x",)
    code = "logsumexp({x})"
    latex = r"\operatorname{{logsumexp}}\left({x}\right)"
    draws = ("x: n",)
    why = "d logsumexp(x) = softmax(x)'*dx"

    def shape(x: Expr) -> Shape:
        _vector("logsumexp", x)
        return SCALAR

    def facts(x: Expr) -> list[str]:
        return []

    def d_x(x: Expr, dx: Expr) -> Expr:
        p = f.softmax(x)
        return product(transpose(p), dx) if x.is_column else product(p, transpose(dx))

    def value(xp: Any, x: Any) -> Any:
        top = _top(xp, x, None)
        return top[0, 0] + xp.log(xp.sum(xp.exp(x - top)))


@operation
class logsumexp_rows:
    """The logsumexp of each row.  X : m x n -> m x 1."""

    args = ("X",)
    code = "logsumexp_rows({X})"
    latex = r"\operatorname{{logsumexp}}_{{\mathrm{{rows}}}}\left({X}\right)"
    draws = ("X: m n",)
    why = "d logsumexp_rows(X) = (softmax_rows(X).*dX)*1"

    def shape(X: Expr) -> Shape:
        return X.rows, ONE

    def facts(X: Expr) -> list[str]:
        return []

    def d_X(X: Expr, dX: Expr) -> Expr:
        return product(times(f.softmax_rows(X), dX), f.ones(X.cols, ONE))

    def value(xp: Any, X: Any) -> Any:
        top = _top(xp, X, 1)
        return top + xp.log(xp.sum(xp.exp(X - top), axis=1, keepdims=True))


@operation
class logsoftmax:
    """log(softmax(x)) = x - logsumexp(x).  x : a vector -> a vector."""

    args = ("x",)
    code = "logsoftmax({x})"
    latex = r"\operatorname{{logsoftmax}}\left({x}\right)"
    draws = ("x: n",)
    why = "d logsoftmax(x) = dx - (softmax(x)'*dx)*1"

    def shape(x: Expr) -> Shape:
        return _vector("logsoftmax", x)

    def facts(x: Expr) -> list[str]:
        return []

    def d_x(x: Expr, dx: Expr) -> Expr:
        p = f.softmax(x)
        inside = product(transpose(p), dx) if x.is_column else product(dx, transpose(p))
        return minus(dx, product(inside, f.ones(*x.shape)))

    def value(xp: Any, x: Any) -> Any:
        top = _top(xp, x, None)
        return x - (top + xp.log(xp.sum(xp.exp(x - top))))


@operation
class crossentropy:
    """-p'*logsoftmax(z).  p, z : n x 1 -> scalar."""

    args = ("p", "z")
    code = "-np.sum({p} * logsoftmax({z}))"
    draws = ("p: n; z: n",)
    why = "d crossentropy(p, z) = (sum(p)*softmax(z) - p)'*dz - logsoftmax(z)'*dp"
    why_p = "d crossentropy(p, z) = crossentropy(dp, z)"
    why_z = "d crossentropy(p, z) = (sum(p)*softmax(z) - p)'*dz"

    def shape(p: Expr, z: Expr) -> Shape:
        if not p.is_column or p.shape != z.shape:
            raise misfit("crossentropy", "two column vectors of one length are needed", p, z)
        return SCALAR

    def facts(p: Expr, z: Expr) -> list[str]:
        return ["nonnegative"] if known(p, "nonnegative") else []

    def adjoint_p(G: Expr, p: Expr, z: Expr) -> Expr:
        return product(negative(G), f.logsoftmax(z))

    def d_z(p: Expr, z: Expr, dz: Expr) -> Expr:
        slope = minus(f.softmax(z) if known(p, "simplex") else product(f.sum(p), f.softmax(z)), p)
        return product(transpose(slope), dz)

    def uses(p: Expr, z: Expr) -> str:
        return f"the entries of {p} sum to 1" if known(p, "simplex") and not p.args else ""

    def value(xp: Any, p: Any, z: Any) -> Any:
        top = _top(xp, z, None)
        return -xp.sum(p * (z - (top + xp.log(xp.sum(xp.exp(z - top))))))
