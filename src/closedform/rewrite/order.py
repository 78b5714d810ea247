"""A total order of expressions that follows the user's own order of symbols and is the same in every process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from closedform.core.bound import MARK
from closedform.core.dim import Dim
from closedform.core.expr import Expr
from closedform.core.limits import tick
from closedform.core.walk import tree_size, unsettled

LOOKED_AT = 6
"""How many leading symbols of an expression decide before its structure does."""

Key = tuple[Any, ...]


def ranks(*expressions: Expr) -> dict[str, int]:
    """The place of each symbol name in order of first appearance, reading from left to right."""
    out: dict[str, int] = {}
    seen: set[Expr] = set()
    stack = list(reversed(expressions))
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.op.name in ("symbol", "family"):
            out.setdefault(node.params[0], len(out))
        stack.extend(reversed(node.args))
    return out


class Order:
    """Sort keys under a ranking of symbol names; names that are not ranked come last, alphabetically."""

    def __init__(self, rank: Mapping[str, int]) -> None:
        self.rank = rank
        self._keys: dict[Expr, Key] = {}

    def key(self, e: Expr) -> Key:
        """First the user's order of symbols, then fewer transposes, then shorter, then structure."""
        found = self._keys.get(e)
        if found is None:
            for node in unsettled(e, self._keys.__contains__):
                self._keys[node] = self._make(node)
            found = self._keys[e]
        return found

    def _make(self, node: Expr) -> Key:
        tick(2 + len(node.args) // 4)
        if node.op.name in ("symbol", "family"):
            name = node.params[0]
            return ((self.rank.get(name, 10**6),), 0, 1, "symbol", name, ())
        children = tuple(self._keys[a] for a in node.args)
        if len(children) == 1:
            lead, turned = children[0][0], children[0][1]
        else:
            lead, turned = (), 0
            for child in children:
                turned += child[1]
                if len(lead) < LOOKED_AT:
                    lead = (lead + child[0])[:LOOKED_AT]
        if node.op.name == "transpose":
            turned += 1
        return (lead, turned, tree_size(node), node.op.name, _text(node.params), children)


def _text(params: Iterable[object]) -> str:
    return ",".join(str(p).rjust(9, "0") if isinstance(p, int) else _size_text(p) for p in params)


def _size_text(p: object) -> str:
    """The text of a parameter; the indices of outer sums come before those of inner ones."""
    text = str(p)
    if MARK not in text or not isinstance(p, Dim):
        return text
    outer = {name: Dim.of(MARK + chr(ord("z") - int(name[1:]))) for name in p.names if name[1:].isdecimal() and len(name) < 3}
    return str(p.substitute(outer))
