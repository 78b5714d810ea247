"""What positions, members and exponents ask of sizes, outside of sums with an index and inside of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from closedform.core.bound import indices, marked
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr

Pair = tuple[Dim, Dim]
Range = tuple[str, Dim, Dim]
"""An index and where it runs from and to."""

MOST = 600
"""So many terms of nested sums are looked at."""

ZERO = Dim.of(0)


def ordered(node: Expr) -> list[Pair]:
    """Pairs of sizes of which a node needs the first to be at most the second."""
    name, params = node.op.name, node.params
    if name == "index":
        r, s, c, d = params
        return [(ONE, r), (r, s), (s, node.args[0].rows), (ONE, c), (c, d), (d, node.args[0].cols)]
    if name == "unit":
        return [(ONE, params[0]), params]
    if name == "member":
        return [(ONE, params[0]), (params[0], node.args[0].rows)]
    if name == "sympow":
        return [(ZERO, params[0])]
    return []


class Terms:
    """What the terms of a sum ask of sizes, each for its own value of the index."""

    def __init__(self, series: Expr) -> None:
        self.asked: dict[tuple[tuple[Range, ...], Pair], None] = {}
        seen: set[tuple[Expr, tuple[Range, ...]]] = set()
        stack: list[tuple[Expr, tuple[Range, ...]]] = [(series.args[0], (series.params,))]
        while stack:
            node, chain = stack.pop()
            if (node, chain) in seen or not indices(node):
                continue
            seen.add((node, chain))
            wanted = ordered(node)
            if node.op.name not in ("index", "unit", "member", "sympow", "series", "size"):
                wanted = [(ONE, p) for p in node.params if isinstance(p, Dim)]
            for pair in wanted:
                if marked(pair):
                    self.asked[chain, pair] = None
            inside = (*chain, node.params) if node.op.name == "series" else chain
            stack.extend((a, inside) for a in node.args)

    def met(self, sizes: Mapping[str, int]) -> bool:
        """Do the sizes give every term a value?"""
        for chain, (low, high) in self.asked:
            for count, at in enumerate(_values(chain, dict(sizes))):
                if low.value(at) > high.value(at):
                    return False
                if count == MOST:
                    break
        return True


def _values(chain: tuple[Range, ...], sizes: dict[str, int]) -> Iterator[dict[str, int]]:
    """The sizes with every value of the indices, the innermost running fastest."""
    if not chain:
        yield sizes
        return
    name, low, high = chain[0]
    for i in range(low.value(sizes), high.value(sizes) + 1):
        yield from _values(chain[1:], {**sizes, name: i})
