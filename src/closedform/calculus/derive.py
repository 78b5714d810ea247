"""One differentiation: which way it goes, and what is read off."""

from __future__ import annotations

from dataclasses import dataclass

from closedform.calculus.composition import is_long
from closedform.calculus.forward import Push, differential
from closedform.calculus.identify import Reader
from closedform.calculus.reverse import pull_back
from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.ops.build import num, zero
from closedform.rewrite.best import Simplified, shortest
from closedform.rewrite.engine import Rewrite, Simplifier
from closedform.rewrite.order import Order


@dataclass(frozen=True)
class Stage:
    """The record of one differentiation, from which its derivation is written.

    ``pushes`` are the rules of the differential.  ``raw`` is what stands before the direction in it, ``tidied`` the
    rewrites that follow, ``result`` the derivative in mixed layout, and ``settled`` that on the space of the variable.
    ``layered``: the gradient of a long composition, by reverse accumulation from layer to layer.
    """

    function: Expr
    leaf: Expr
    order: Order
    raw: Expr
    result: Expr
    settled: Expr
    pushes: tuple[Push, ...] = ()
    tidied: tuple[Rewrite, ...] = ()
    layered: bool = False

    @property
    def active(self) -> bool:
        """Does the variable occur in the function?"""
        return bool(self.pushes) or self.layered

    @property
    def jacobian(self) -> bool:
        """Was a Jacobian read off the differential?"""
        return not (self.function.is_scalar or self.leaf.is_scalar)


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
    return Stage(function, leaf, order, raw, done.expr, done.expr, tuple(pushes), done.records)


def _gradient(function: Expr, leaf: Expr, order: Order, own: frozenset[Expr]) -> Stage:
    """The G with df = tr(G'*dX): the differential, transposed; of a long composition by reverse accumulation."""
    pushes: list[Push] = []
    layered = is_long(function, leaf)
    if layered:
        raw = pull_back(function, leaf, num(1))
    else:
        tangent = tangent_of(leaf)
        raw = pull_back(differential(function, leaf, tangent, pushes), tangent, num(1))
    done = shortest(raw, order, own)
    return Stage(function, leaf, order, raw, done.expr, done.expr, tuple(pushes), done.records, layered)


def _jacobian(function: Expr, leaf: Expr, order: Order, own: frozenset[Expr]) -> Stage:
    """The J with dvec F = J*dvec X, read off the differential."""
    pushes: list[Push] = []
    tangent = tangent_of(leaf)
    raw = differential(function, leaf, tangent, pushes)
    simplifier = Simplifier(order)
    read = Reader(simplifier, tangent).whole(simplifier.canonical(raw))
    done: Simplified = shortest(read, order, own)
    if function.rows * function.cols is ONE and leaf.rows * leaf.cols is ONE:
        done = Simplified(zero(ONE, ONE), ()) if done.expr.op.name == "zeros" else done
    return Stage(function, leaf, order, read, done.expr, done.expr, tuple(pushes), done.records)
