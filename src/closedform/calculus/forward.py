"""The differential of any expression, pushed forward through the shared graph."""

from __future__ import annotations

from dataclasses import dataclass

from closedform.core.expr import Expr, make
from closedform.core.limits import tick
from closedform.core.walk import depends, postorder
from closedform.ops.build import total, zeros_like

RULE = 4
"""A rule of differentiation counts as so many steps, and one for each argument."""


@dataclass(frozen=True)
class Push:
    """One step: d(node) in terms of the differentials of its arguments."""

    node: Expr
    differential: Expr


def differential(root: Expr, leaf: Expr, tangent: Expr, steps: list[Push] | None = None) -> Expr:
    """d(root) when ``leaf`` moves by ``tangent``; zero where it does not occur.  Not simplified."""
    nodes = postorder(root)
    active = depends(nodes, leaf)
    moved: dict[Expr, Expr] = {leaf: tangent}
    for node in nodes:
        if node is leaf or node not in active:
            continue
        tick(RULE + len(node.args))
        moved[node] = one_step(node, moved)
        if steps is not None:
            steps.append(Push(node, moved[node]))
    return moved.get(root) or zeros_like(root)


def one_step(node: Expr, moved: dict[Expr, Expr]) -> Expr:
    """The differential of a node from those of its arguments (an argument that is not in the table does not move)."""
    op = node.op
    if op.name == "named":  # the name is that of the value, not of its differential
        return moved[node.args[0]]
    if op.joint:
        if op.name == "add":
            return total(*[moved[a] for a in node.args if a in moved])
        return make(op.name, tuple(moved[a] if a in moved else zeros_like(a) for a in node.args), node.params)
    parts = [op.differential(slot, moved[a], node) for slot, a in enumerate(node.args) if a in moved]
    return total(*parts)
