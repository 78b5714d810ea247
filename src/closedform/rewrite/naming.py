"""Names for what an expression repeats: ``let P = softmax(A*x); A'*(diag(P) - P*P')*A``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from closedform.core.bound import indices
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, rebuild, tree_size
from closedform.rewrite.term import split

WORTH = 22
"""Formulas shorter than this are written out."""
SHARE = 0.72
"""Names are given when they bring the formula below this share of its length."""
SMALLEST = 5
"""What is named has at least this many nodes."""
SAVED = 8
"""… and its name saves at least this many."""
NEVER = frozenset({"transpose", "norm2", "norm1", "named", "symbol", "number", "size", "ones", "zeros", "eye", "unit", "pi", "d",
                   "family", "tangent"})  # fmt: skip

PREFERRED = {"scalar": ("c", "s", "r", "a", "b"), "vector": ("p", "u", "v", "w", "z", "q", "h"),
             "matrix": ("P", "M", "Z", "H", "W", "V", "Q", "R")}  # fmt: skip


def _sum_letters(e: Expr) -> tuple[str, ...]:
    """A difference from a variable is a residual; a sum with one goes into a function."""
    if e.op.name != "add" or e.is_scalar or not any(_is_variable(t) for t in e.args):
        return ()
    letter = "r" if any(_negated(t) for t in e.args) else "z"
    return (letter if e.is_column else letter.upper(),)


def _is_variable(term: Expr) -> bool:
    word = split(term).word
    return len(word) == 1 and word[0][0].op.name == "symbol"


def with_names(e: Expr, taken: Iterable[str]) -> Expr:
    """The expression with its repeated parts named, where that makes it much shorter."""
    size = tree_size(e)
    if size < WORTH:
        return e
    nodes = postorder(e)
    chosen = _repeated(e, nodes)
    if not chosen:
        return e
    names = Names(taken)
    done: dict[Expr, Expr] = {}
    for node in nodes:
        new = rebuild(node, tuple(done[a] for a in node.args))
        done[node] = make("named", (new,), (names(new),)) if node in chosen else new
    named = done[e]
    return named if written_size(named) <= SHARE * size else e


def written_size(e: Expr) -> int:
    """The length of a formula whose named parts are written once."""
    own: dict[Expr, int] = {}
    total = 0
    for node in postorder(e):
        own[node] = node.op.weight(node) + sum(own[a] for a in node.args)
        if node.op.name == "named":
            total += own[node.args[0]]
            own[node] = 1
    return total + own[e]


def _repeated(root: Expr, nodes: list[Expr]) -> set[Expr]:
    """The largest parts that would be written more than once, each part inside them counted once."""
    count: dict[Expr, int] = dict.fromkeys(nodes, 0)
    count[root] = 1
    chosen: set[Expr] = set()
    for node in reversed(nodes):
        times = count[node]
        length = tree_size(node)
        saved = (times - 1) * (length - 1)
        if saved >= SAVED and not indices(node) and node.op.name not in NEVER and length >= SMALLEST and not _negated(node):
            chosen.add(node)
            times = 1
        times = min(times, 10**6)
        if node.op.name == "named":
            times = 1
        for a in node.args:
            count[a] += times
    return chosen


def _negated(node: Expr) -> bool:
    return node.op.name == "mul" and node.args[0].op.name == "number"


class Names:
    """Hands out names that are not in use."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.numbered: Iterator[int] = iter(range(1, 10**9))

    def __call__(self, e: Expr) -> str:
        kind = "scalar" if e.is_scalar else "vector" if e.is_column else "matrix"
        letters = [*_sum_letters(e), *PREFERRED[kind]]
        for name in letters:
            if name not in self.taken:
                self.taken.add(name)
                return name
        stem = {"scalar": "c", "vector": "h", "matrix": "M"}[kind]
        while True:
            name = f"{stem}{next(self.numbered)}"
            if name not in self.taken:
                self.taken.add(name)
                return name
