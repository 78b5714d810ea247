"""In which arithmetic each part of an expression is evaluated.

A value lives in one of three worlds: residues modulo p; residues modulo q, where p = 2q + 1; or *hidden*, as the power
g^v modulo p of an element g of order q, where v is the value modulo q.  An exponential is an honest residue modulo p
whose argument is hidden: exp(v) = g^v.  A logarithm is a hidden value whose argument is a residue: log(s) hides as s.
Sums and multiples of hidden values are products and powers, so the laws of exponentials and logarithms hold exactly.

Source: Wu et al., Mirage: A Multi-Level Superoptimizer for Tensor Programs (OSDI 2025), for the two moduli.
"""

from __future__ import annotations

from closedform.core.expr import Expr
from closedform.core.walk import postorder, unsettled
from closedform.equality.structural import MOVES

P, Q, HIDDEN = 0, 1, 2
"""The worlds: modulo p, modulo q, and as a power of g modulo p."""

EXPONENTIALS = frozenset({"exp", "expm1", "sigmoid", "silu", "sinh", "cosh", "tanh", "softmax", "softmax_rows"})
LOGARITHMS = frozenset({"log", "log1p", "logdet", "softplus", "logsumexp", "logsumexp_rows", "logsoftmax", "crossentropy"})
LINEAR = frozenset({*MOVES, "add", "mul", "hadamard", "trace", "sum", "blocks", "series"})
"""Operations through which a logarithm stays one: sums of multiples of it."""
OF_HIDDEN = frozenset({"softplus", "logsumexp", "logsumexp_rows", "logsoftmax"})

Part = tuple[Expr, int]


def logarithmic(e: Expr) -> bool:
    """Is it put together from logarithms by sums and multiples?"""
    found: bool | None = e.memo.get("logarithmic")
    if found is None:
        for node in unsettled(e, _settled):
            name = node.op.name
            inside = name in LINEAR and any(a.memo["logarithmic"] for a in node.args)
            node.memo["logarithmic"] = name in LOGARITHMS or inside
        found = bool(e.memo["logarithmic"])
    return found


def _settled(e: Expr) -> bool:
    return "logarithmic" in e.memo


NUMERIC = frozenset({"number", "size", "add", "mul"})


def exponent_is_number(e: Expr) -> bool:
    """Is the exponent of a power a number once the sizes are known: put together from numbers and sizes?"""
    return all(node.op.name in NUMERIC for node in postorder(e.args[1]))


def exponent_is_whole(e: Expr) -> bool:
    """Is it a whole number then?"""
    nodes = postorder(e.args[1])
    return exponent_is_number(e) and all(n.op.name != "number" or n.params[0].denominator == 1 for n in nodes)


def needs(node: Expr, world: int, *, paired: bool) -> list[Part]:
    """The values from which a value is computed; with the node itself among them where another world gives it."""
    name, args = node.op.name, node.args
    if world == HIDDEN:
        return _hidden_needs(node)
    if name in EXPONENTIALS and world == P and paired:
        return [(args[0], HIDDEN), (args[0], P)] if name == "silu" else [(args[0], HIDDEN)]
    if name in ("pow", "entrypow") and not exponent_is_number(node) and world == P and paired:
        return [(args[0], P), (args[1], Q)]
    return [] if name == "series" else [(a, world) for a in args]


def _hidden_needs(node: Expr) -> list[Part]:
    name, args = node.op.name, node.args
    if not logarithmic(node):
        return [(node, Q)]
    if name in OF_HIDDEN:
        return [(args[0], HIDDEN)]
    if name in LOGARITHMS:
        return [(args[0], Q), (args[1], HIDDEN)] if name == "crossentropy" else [(args[0], P)]
    if name in ("mul", "hadamard"):
        if sum(logarithmic(a) for a in args) > 1:
            return [(node, Q)]
        return [(a, HIDDEN if logarithmic(a) else Q) for a in args]
    return [] if name == "series" else [(a, HIDDEN) for a in args]


def paired_is_needed(nodes: list[Expr]) -> bool:
    """Does an expression hold exponentials, logarithms or powers that are no whole numbers?"""
    for node in nodes:
        name = node.op.name
        if name in EXPONENTIALS or name in LOGARITHMS or name in ("sqrt", "norm2"):
            return True
        if name in ("pow", "entrypow") and not exponent_is_whole(node):
            return True
    return False
