"""Reverse accumulation: the gradient of a scalar, one pullback for each node of the shared graph."""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass

from closedform.calculus.forward import RULE
from closedform.core.bound import amount, opened, summation
from closedform.core.expr import Expr, make
from closedform.core.limits import tick
from closedform.core.op import hole
from closedform.core.walk import depends, postorder, unsettled
from closedform.ops.build import compact, num, product, total, transpose, zeros_like
from closedform.ops.powers import LONGEST_POWER


@dataclass(frozen=True)
class Pullback:
    """One step: the inner product of the cotangent with d(node) becomes those with the differentials of its arguments."""

    node: Expr
    cotangent: Expr
    parts: tuple[tuple[Expr, Expr], ...]


def pull_back(
    root: Expr, leaf: Expr, seed: Expr, steps: list[Pullback] | None = None, still: frozenset[Expr] = frozenset()
) -> Expr:
    """The cotangent of a leaf: the adjoint of the differential of ``root`` at ``leaf``, applied to ``seed``.

    The expression comes back as it is accumulated, not simplified; its size is linear in that of the graph.  ``still``
    are nodes known not to hold the leaf: what is below them is not looked at.
    """
    nodes = unsettled(root, still.__contains__) if still else postorder(root)
    active = depends(nodes, leaf)
    arrived: dict[Expr, list[Expr]] = {root: [seed]}
    for node in reversed(nodes):
        if node not in active or node is leaf:
            continue
        cotangent = total(*arrived.pop(node)) if node in arrived else None
        if cotangent is None:
            continue
        tick(RULE + len(node.args))
        parts = cotangents(node, cotangent, active, (leaf,))
        for argument, part in parts:
            arrived.setdefault(argument, []).append(part)
        if steps is not None:
            steps.append(Pullback(node, cotangent, parts))
    found: Sequence[Expr] = arrived.get(leaf, ())
    return total(*found) if found else zeros_like(leaf)


def cotangents(node: Expr, cotangent: Expr, active: Container[Expr], leaves: Collection[Expr]) -> tuple[tuple[Expr, Expr], ...]:
    """The cotangents of those arguments of a node that are active, from its own: one pullback.

    Of a sum with an index the leaves take what comes from each of the terms.
    """
    if node.op.name == "series":
        below = postorder(node.args[0])
        return tuple((leaf, _from_terms(node, leaf, cotangent)) for leaf in below if leaf in leaves)
    return tuple((a, compact(_slot(node, slot, cotangent))) for slot, a in enumerate(node.args) if a in active)


def _from_terms(node: Expr, leaf: Expr, cotangent: Expr) -> Expr:
    """The cotangent of a leaf that comes through a sum with an index."""
    body, name = opened(node)
    return summation(pull_back(body, leaf, cotangent), name, *node.params[1:])


def _slot(node: Expr, slot: int, cotangent: Expr) -> Expr:
    op = node.op
    if op.linear_in(slot):
        return op.adjoint(slot, cotangent, node)
    if op.name == "matrixpow" and node.params[0] > LONGEST_POWER:
        scale = _multiple_of_identity(cotangent)
        if scale is not None:  # under a trace the k terms of the differential are one
            k = node.params[0]
            return product(num(k), scale, transpose(make("matrixpow", node.args, (k - 1,))))
    if op.name == "sympow":
        scale = _multiple_of_identity(cotangent)
        if scale is not None:
            size = node.params[0]
            return product(amount(size), scale, transpose(make("sympow", node.args, (size - 1,))))
    argument = hole(node.args[slot])
    return pull_back(op.differential(slot, argument, node), argument, cotangent, still=frozenset((node, *node.args)))


def _multiple_of_identity(cotangent: Expr) -> Expr | None:
    """c when the expression is c times the identity, as the pullback of a trace writes it."""
    if cotangent.op.name == "eye":
        return num(1)
    if cotangent.op.name == "mul" and cotangent.args[-1].op.name == "eye" and all(g.is_scalar for g in cotangent.args[:-1]):
        return product(*cotangent.args[:-1])
    return None
