"""Functions of machine learning in elementary ones: softmax as exponentials over their sum, and its kin."""

from __future__ import annotations

from collections.abc import Callable

from closedform.core.dim import ONE
from closedform.core.expr import Expr
from closedform.core.op import f
from closedform.core.walk import postorder, rebuild
from closedform.ops.build import minus, negative, ones_like, power, product, recip, times, total, transpose


def _softmax(x: Expr) -> Expr:
    return product(f.exp(x), power(f.sum(f.exp(x)), -1))


def _softmax_rows(X: Expr) -> Expr:
    sums = product(f.exp(X), f.ones(X.cols, ONE))
    return times(f.exp(X), recip(product(sums, f.ones(ONE, X.cols))))


def _logsumexp(x: Expr) -> Expr:
    return f.log(f.sum(f.exp(x)))


def _logsumexp_rows(X: Expr) -> Expr:
    return f.log(product(f.exp(X), f.ones(X.cols, ONE)))


def _logsoftmax(x: Expr) -> Expr:
    return minus(x, product(f.log(f.sum(f.exp(x))), ones_like(x)))


def _crossentropy(p: Expr, z: Expr) -> Expr:
    return negative(product(transpose(p), _logsoftmax(z)))


def _sigmoid(x: Expr) -> Expr:
    return recip(total(ones_like(x), f.exp(_opposite(x))))


def _opposite(x: Expr) -> Expr:
    """-x, the sign going to the first factor of an entrywise product."""
    if x.op.name != "hadamard":
        return negative(x)
    first, *rest = x.args
    out = negative(first)
    for g in rest:
        out = times(out, g)
    return out


def _softplus(x: Expr) -> Expr:
    return f.log(total(ones_like(x), f.exp(x)))


def _silu(x: Expr) -> Expr:
    return times(x, _sigmoid(x))


WRITTEN: dict[str, Callable[..., Expr]] = {
    "softmax": _softmax,
    "softmax_rows": _softmax_rows,
    "logsumexp": _logsumexp,
    "logsumexp_rows": _logsumexp_rows,
    "logsoftmax": _logsoftmax,
    "crossentropy": _crossentropy,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "silu": _silu,
}
"""Each function in elementary ones."""

REASONS = {
    "softmax": "softmax(x) = exp(x)/sum(exp(x))",
    "softmax_rows": "softmax_rows divides each row of exp(X) by its sum",
    "logsumexp": "logsumexp(x) = log(sum(exp(x)))",
    "logsumexp_rows": "logsumexp_rows(X) = log(exp(X)*ones(n)), a number for each row",
    "logsoftmax": "logsoftmax(x) = x - log(sum(exp(x)))*ones(n)",
    "crossentropy": "crossentropy(p, z) = -p'*logsoftmax(z)",
    "sigmoid": "sigmoid(x) = 1./(1 + exp(-x))",
    "softplus": "softplus(x) = log(1 + exp(x))",
    "silu": "silu(x) = x.*sigmoid(x)",
}
"""How each reads."""


def written_out(e: Expr) -> tuple[Expr, tuple[str, ...]]:
    """The expression with these functions written out, and which ones occurred.

    >>> from closedform.lang.read import parse
    >>> print(written_out(parse("diag(softmax(x))", "x: n").expr)[0])
    diag(exp(x)/sum(exp(x)))
    """
    done: dict[Expr, Expr] = {}
    used: dict[str, None] = {}
    for node in postorder(e):
        args = tuple(done[a] for a in node.args)
        rule = WRITTEN.get(node.op.name)
        if rule is not None:
            used[node.op.name] = None
            done[node] = rule(*args)
        elif node.op.name == "mul":
            parts = [g.args if a.op.name == "softmax" else (g,) for a, g in zip(node.args, args, strict=True)]
            done[node] = product(*(g for part in parts for g in part))
        else:
            done[node] = rebuild(node, args)
    return done[e], tuple(used)
