"""Formulas that differ in no more than the order of what is added or multiplied entry by entry."""

from __future__ import annotations

from closedform.core.expr import Expr
from closedform.core.walk import postorder

COMMUTE = frozenset({"add", "hadamard"})


def alike(a: Expr, b: Expr) -> bool:
    """Are two formulas the same but for the order of the terms of sums, of entrywise factors and of scalars?

    >>> from closedform.lang.read import parse
    >>> given = "A: n n; B: n n; x: n; t: scalar"
    >>> alike(parse("t*(A + B)*x", given).expr, parse("(B + A)*x*t", given).expr)
    True
    >>> alike(parse("A*B", given).expr, parse("B*A", given).expr)
    False
    """
    if a.shape != b.shape:
        return False
    keys: dict[Expr, int] = {}
    known: dict[object, int] = {}
    for node in postorder(a, b):
        key = _key(node, [keys[x] for x in node.args])
        keys[node] = known.setdefault(key, len(known))
    return keys[a] == keys[b]


def _key(node: Expr, inside: list[int]) -> object:
    name = node.op.name
    if not node.args:
        return node
    if name in COMMUTE:
        return name, tuple(sorted(inside))
    if name == "mul":
        scalars = sorted(k for k, x in zip(inside, node.args, strict=True) if x.is_scalar)
        return name, tuple(scalars), tuple(k for k, x in zip(inside, node.args, strict=True) if not x.is_scalar)
    return name, node.params, tuple(inside)
