"""The shorter of two normal forms, and the finishing touches that make it read as a person would write it."""

from __future__ import annotations

from dataclasses import dataclass

from closedform.core.errors import Refusal
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, rebuild, tree_size
from closedform.ops.build import negative
from closedform.rewrite.engine import ENTRYWISE, Rewrite, Simplifier
from closedform.rewrite.order import Order
from closedform.rewrite.term import join, split

OPAQUE = ENTRYWISE | {"norm2", "norm1", "softmax", "softmax_rows", "logsumexp", "logsumexp_rows", "logsoftmax",
                      "crossentropy", "inv", "det", "logdet", "named", "maximum", "minimum"}  # fmt: skip
"""Operations whose arguments stay as they are when products are multiplied out."""

OPENS = frozenset({"mul", "hadamard", "matrixpow", "pow", "entrypow", "transpose", "trace", "sum", "diagonal", "kron"})
"""Operations that a sum below them can be multiplied out of."""

LONGEST_EXPANSION = 300
"""Formulas with more nodes than this are not multiplied out in search of a shorter form."""


@dataclass(frozen=True)
class Simplified:
    """A shortest form found, with the rewrites that lead to it."""

    expr: Expr
    records: tuple[Rewrite, ...]


def shortest(e: Expr, order: Order) -> Simplified:
    """The normal form with sums left closed, or the multiplied-out and refactored one where that is shorter."""
    closed = Simplifier(order)
    kept = closed.canonical(e)
    best, records = polished(kept), closed.records
    if tree_size(kept) <= LONGEST_EXPANSION and _has_closed_sum(kept):
        opened = Simplifier(order, expand=True)
        opened.settle(node for node in postorder(kept) if node.op.name in OPAQUE)
        again = Simplifier(order)
        try:
            other = polished(again.canonical(opened.canonical(kept)))
        except Refusal:  # too many terms to multiply out
            other = best
        if tree_size(other) < tree_size(best):
            best, records = other, records + opened.records + again.records
    return Simplified(best, tuple(records))


def normal_form(e: Expr, order: Order) -> Expr:
    """The multiplied-out normal form: equal expressions of sums, products and their kin get the same one."""
    opened = Simplifier(order, expand=True)
    return Simplifier(order, expand=True).canonical(opened.canonical(e))


def _has_closed_sum(e: Expr) -> bool:
    return any(a.op.name == "add" for node in postorder(e) if node.op.name in OPENS for a in node.args)


def polished(e: Expr) -> Expr:
    """Sums begin with a positive term, and a sign or a number before a sum goes inside where that is no longer."""
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        new = rebuild(node, tuple(done[a] for a in node.args))
        if new.op.name == "add":
            new = _positive_first(new)
        elif new.op.name == "mul":
            new = _number_inside(new)
        done[node] = new
    return done[e]


def _negative(e: Expr) -> bool:
    head = e.args[0] if e.op.name == "mul" else e
    return head.op.name == "number" and head.params[0] < 0


def _positive_first(e: Expr) -> Expr:
    if not _negative(e.args[0]):
        return e
    at = next((i for i, t in enumerate(e.args) if not _negative(t)), None)
    if at is None:
        return e
    return make("add", (e.args[at], *e.args[:at], *e.args[at + 1 :]))


def _number_inside(e: Expr) -> Expr:
    sums = [a for a in e.args if a.op.name == "add"]
    if len(sums) != 1 or any(a.op.name != "number" for a in e.args if a is not sums[0]):
        return e
    number = split(e).coefficient
    terms = []
    for t in sums[0].args:
        if number == -1:
            terms.append(negative(t))
            continue
        term = split(t)
        term.coefficient *= number
        terms.append(join(term))
    spread = _positive_first(make("add", tuple(terms)))
    if tree_size(spread) <= tree_size(e):
        return spread
    if number < 0 and any(_negative(t) for t in sums[0].args):
        flipped = _positive_first(make("add", tuple(negative(t) for t in sums[0].args)))
        term = split(e)
        turned = split(flipped)
        out = join(type(term)(-number, turned.scalars, turned.word, e.shape))
        return out if tree_size(out) < tree_size(e) else e
    return e
