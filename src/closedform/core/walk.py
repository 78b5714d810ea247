"""Walks over the shared graph of an expression, none of them recursive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from closedform.core.expr import Expr, make
from closedform.core.limits import tick

T = TypeVar("T")

VISITED = 4
"""Visits to so many nodes count as one piece of work."""


def postorder(*roots: Expr) -> list[Expr]:
    """Every node below the roots once, arguments before the nodes that use them."""
    seen: set[Expr] = set()
    out: list[Expr] = []
    stack: list[tuple[Expr, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if ready:
            out.append(node)
        elif node not in seen:
            seen.add(node)
            if node.args:
                stack.append((node, True))
                stack.extend((a, False) for a in reversed(node.args) if a not in seen)
            else:
                out.append(node)
    tick(1 + len(out) // VISITED)
    return out


def unsettled(root: Expr, settled: Callable[[Expr], bool]) -> list[Expr]:
    """The nodes for which something is still to be found out, arguments first; settled ones are not entered."""
    if settled(root):
        return []
    if all(settled(a) for a in root.args):
        return [root]
    seen: set[Expr] = set()
    out: list[Expr] = []
    stack: list[tuple[Expr, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            out.append(node)
        elif node not in seen and not settled(node):
            seen.add(node)
            stack.append((node, True))
            stack.extend((a, False) for a in reversed(node.args) if a not in seen)
    tick(1 + len(out) // VISITED)
    return out


def rebuild(node: Expr, args: tuple[Expr, ...]) -> Expr:
    """The node with other arguments (the same node when they are the same)."""
    return node if args == node.args else make(node.op.name, args, node.params)


def substitute(root: Expr, table: Mapping[Expr, Expr]) -> Expr:
    """The expression with every occurrence of the keys replaced, outermost first."""
    if not table:
        return root
    done: dict[Expr, Expr] = dict(table)
    stack = [root]
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
            continue
        todo = [a for a in node.args if a not in done]
        if todo:
            stack.extend(todo)
            continue
        stack.pop()
        done[node] = rebuild(node, tuple(done[a] for a in node.args))
    return done[root]


def leaves(root: Expr, name: str) -> list[Expr]:
    """The distinct leaves of one operation (``"symbol"`` …) in order of first appearance."""
    return [node for node in postorder(root) if node.op.name == name]


def depends(nodes: Iterable[Expr], on: Expr) -> set[Expr]:
    """Those of the nodes (in postorder) in which a leaf occurs."""
    out: set[Expr] = set()
    for node in nodes:
        if node is on or any(a in out for a in node.args):
            out.add(node)
    return out


def contains(root: Expr, leaf: Expr) -> bool:
    """Does the leaf occur in the expression?"""
    return leaf in postorder(root)


def fold(root: Expr, combine: Callable[[Expr, list[T]], T]) -> T:
    """Compute a value for each node from the values of its arguments; the value of the root comes back."""
    values: dict[Expr, T] = {}
    for node in postorder(root):
        values[node] = combine(node, [values[a] for a in node.args])
    return values[root]


def tree_size(root: Expr, most: int = 10**9) -> int:
    """How many nodes the written-out tree has (shared ones counted each time), at most ``most``."""
    found: int | None = root.memo.get("size")
    if found is None:
        for node in unsettled(root, _has_size):
            node.memo["size"] = min(10**9, node.op.weight(node) + sum(a.memo["size"] for a in node.args))
        found = root.memo["size"]
    return min(most, found)


def _has_size(e: Expr) -> bool:
    return "size" in e.memo
