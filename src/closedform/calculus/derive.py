"""One differentiation: which way it goes, and what is read off."""

from __future__ import annotations

from dataclasses import dataclass, field

from closedform.calculus.forward import Push, differential
from closedform.calculus.identify import Reader
from closedform.calculus.reverse import Pullback, pull_back
from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.ops.build import num, zero
from closedform.rewrite.best import Simplified, shortest
from closedform.rewrite.engine import Rewrite, Simplifier
from closedform.rewrite.order import Order


@dataclass(frozen=True)
class Stage:
    """The record of one differentiation, from which its derivation is written.

    ``pullbacks`` are the steps of reverse accumulation (scalar functions), ``pushes`` those of the differential
    (everything else).  ``raw`` is what they gave, ``tidied`` the rewrites that follow, ``differential`` the differential
    that was read (None under reverse accumulation) and ``result`` the derivative in mixed layout.
    """

    function: Expr
    leaf: Expr
    tangent: Expr
    raw: Expr
    result: Expr
    pullbacks: tuple[Pullback, ...] = ()
    pushes: tuple[Push, ...] = ()
    differential: Expr | None = None
    read: Expr | None = None
    tidied: tuple[Rewrite, ...] = field(default=())


def tangent_of(leaf: Expr) -> Expr:
    """The direction of a variable."""
    return make("tangent", (), (leaf.params[0], leaf.rows, leaf.cols))


def differentiate(function: Expr, leaf: Expr, order: Order, own: frozenset[Expr] = frozenset()) -> Stage:
    """The derivative in mixed layout of any function by a scalar, vector or matrix.

    ``own`` are sums that are written as they were typed.
    """
    if leaf.is_scalar:
        return _by_scalar(function, leaf, order, own)
    if function.is_scalar:
        return _gradient(function, leaf, order, own)
    return _jacobian(function, leaf, order, own)


def _by_scalar(function: Expr, leaf: Expr, order: Order, own: frozenset[Expr]) -> Stage:
    """dF/dt: the differential in the direction 1."""
    pushes: list[Push] = []
    raw = differential(function, leaf, num(1), pushes)
    done = shortest(raw, order, own)
    return Stage(function, leaf, num(1), raw, done.expr, pushes=tuple(pushes), differential=raw, tidied=done.records)


def _gradient(function: Expr, leaf: Expr, order: Order, own: frozenset[Expr]) -> Stage:
    """The G with df = tr(G'*dX), by reverse accumulation."""
    pullbacks: list[Pullback] = []
    raw = pull_back(function, leaf, num(1), pullbacks)
    done = shortest(raw, order, own)
    return Stage(function, leaf, tangent_of(leaf), raw, done.expr, pullbacks=tuple(pullbacks), tidied=done.records)


def _jacobian(function: Expr, leaf: Expr, order: Order, own: frozenset[Expr]) -> Stage:
    """The J with dvec F = J*dvec X, read off the differential."""
    pushes: list[Push] = []
    tangent = tangent_of(leaf)
    raw = differential(function, leaf, tangent, pushes)
    simplifier = Simplifier(order)
    flat = simplifier.canonical(raw)
    read = Reader(simplifier, tangent).jacobian(flat)
    done: Simplified = shortest(read, order, own)
    if function.rows * function.cols is ONE and leaf.rows * leaf.cols is ONE:
        done = Simplified(zero(ONE, ONE), ()) if done.expr.op.name == "zeros" else done
    return Stage(
        function, leaf, tangent, raw, done.expr, pushes=tuple(pushes), differential=flat, read=read,
        tidied=tuple(simplifier.records) + done.records,
    )  # fmt: skip
