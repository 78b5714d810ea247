"""Powers of one base with symbolic exponents, and exponentials: beside each other their exponents add."""

from __future__ import annotations

from typing import TYPE_CHECKING

from closedform.core.dim import ONE
from closedform.core.expr import Expr
from closedform.ops.build import num
from closedform.rewrite.term import Scalars

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier


def merged(s: Simplifier, table: Scalars, name: str) -> list[Expr]:
    """x^a*x^b as x^(a + b) and exp(a)*exp(b) as exp(a + b), in a table of factors and their exponents.

    What is merged is taken out of the table, and what it becomes is given back; ``name`` is the operation of the power.
    """
    out: list[Expr] = []
    growing = [g for g in table if g.op.name == "exp"]
    if len(growing) > 1:
        s.fire("powers-merge")
        parts = [s.product((num(table.pop(g)), g.args[0])) for g in growing]
        out.append(s.apply("exp", (s.sum(parts, parts[0].shape),)))
    symbolic = [g for g in table if g.op.name == name and g.args[1].op.name != "number" and g.args[1].is_scalar]
    for root in dict.fromkeys(g.args[0] for g in symbolic):
        same = [g for g in symbolic if g.args[0] is root and g in table]
        if len(same) + (root in table) < 2:
            continue
        s.fire("powers-merge")
        exponents = [s.product((num(table.pop(g)), g.args[1])) for g in same]
        if root in table:
            exponents.append(num(table.pop(root)))
        out.append(s.apply(name, (root, s.sum(exponents, (ONE, ONE)))))
    return out
