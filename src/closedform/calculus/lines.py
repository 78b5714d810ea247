"""The differential, line by line: from the outside in, one rule a line, everywhere at once."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from closedform.calculus.forward import Push, one_step
from closedform.calculus.rules import is_bookkeeping, is_multiple, reason
from closedform.calculus.step import Step, marked
from closedform.calculus.tidy import tidied
from closedform.core.expr import Expr, make
from closedform.core.walk import substitute
from closedform.ops.build import inner, num, power, product

LINEAR = "d-linear"
"""The rule of lines in which d only passes through sums, constant factors, traces and their like."""


MOST_LINES = 40
"""So many rules of a differential get a line of their own; those that are left then are one line together."""
MOST_NAMED = 3
"""So many of those are written beside it."""


class Differential:
    """The differential of a function while its rules are applied.

    ``whole`` is the expression reached: d(e) stands for the differential of a part that is still to be taken.
    """

    def __init__(self, pushes: Sequence[Push], leaf: Expr, whole: Expr, names: Mapping[Expr, Expr] | None = None) -> None:
        self.leaf = leaf
        self.whole = whole
        self.names = names or {}
        """What parts that have a name are written as."""
        self.nodes = [push.node for push in reversed(pushes)]
        self.active = {*self.nodes, leaf}
        self.waiting = {node: 0 for node in self.nodes}
        for node in self.nodes:
            for a in dict.fromkeys(node.args):
                if a in self.waiting:
                    self.waiting[a] += 1
        self._tidy: dict[Expr, Expr] = {}

    def steps(self) -> Iterator[Step]:
        """The lines, until the direction of the variable is all that is left."""
        left = dict.fromkeys(self.nodes)
        count = 0
        while left:
            if count >= MOST_LINES and len(left) > 1:
                yield self._rest(list(left))
                return
            first = next(node for node in left if self._is_ready(node))
            kind = self._kind(first)
            group: list[Expr] = []
            while found := [n for n in left if self._is_ready(n) and self._belongs(n, kind)]:
                for node in found:
                    self._take(node, kind, left, group)
                if kind != LINEAR:
                    break
            before = self.whole
            shown = [node for node in group if self._apply(node)]
            self.whole = substitute(self.whole, self.names)
            if self.whole is not before:
                count += 1
                yield Step(kind, before, self.whole, reason(shown, self.active))

    def _rest(self, left: Sequence[Expr]) -> Step:
        """The rules that are left, the outermost first, as one line."""
        before = self.whole
        moved: dict[Expr, Expr] = {}
        for node in reversed(left):
            inside = {a: moved.get(a) or marked(a, self.leaf) for a in node.args if a in self.active}
            moved[node] = inside[node.args[0]] if node.op.name == "named" else one_step(node, inside)
        table = {make("d", (node,)): e for node, e in moved.items()}
        self.whole = substitute(tidied(substitute(before, table), self._tidy), self.names)
        laws = dict.fromkeys(reason([node], self.active) for node in left if node.op.name not in ("named", "transpose"))
        return Step(
            "d-rest", before, self.whole, f"{'; '.join(list(laws)[:MOST_NAMED])} ({len(left)} places, one after the other)"
        )

    def _is_ready(self, node: Expr) -> bool:
        return not self.waiting[node]

    def _belongs(self, node: Expr, kind: str) -> bool:
        """Is the rule of a node one of a line of some kind?  Numbers come out of d in every line in which it is linear."""
        return self._kind(node) == kind or node.op.name == "transpose" or (kind == LINEAR and is_multiple(node, self.active))

    def _take(self, node: Expr, kind: str, left: dict[Expr, None], group: list[Expr]) -> None:
        """Put a node into the group of a line, with what it is the name of."""
        while True:
            del left[node]
            group.append(node)
            for a in dict.fromkeys(node.args):
                if a in self.waiting:
                    self.waiting[a] -= 1
            inside = self._shell(node)
            if inside is None or inside not in left or self.waiting[inside] or self._kind(inside) != kind:
                return
            node = inside

    def _shell(self, node: Expr) -> Expr | None:
        """What is to be differentiated when a node is only a name of it, or a number times it."""
        if node.op.name != "named" and not is_multiple(node, self.active):
            return None
        return next((a for a in node.args if a in self.waiting), None)

    def _kind(self, node: Expr) -> str:
        while (inside := self._shell(node)) is not None:
            node = inside
        return LINEAR if is_bookkeeping(node, self.active) else f"d-{node.op.name}"

    def _apply(self, node: Expr) -> bool:
        """Put the rule of a node in place; False where its differential no longer stands."""
        local = marked(node.args[0], self.leaf) if node.op.name == "named" else _of_norm(node, self.leaf)
        if local is None:
            local = one_step(node, {a: marked(a, self.leaf) for a in node.args if a in self.active})
        after = substitute(self.whole, {make("d", (node,)): local})
        if after is self.whole:
            return False
        self.whole = tidied(after, self._tidy)
        return True


def local_differential(root: Expr, inside: Sequence[Expr], active: Container[Expr], leaf: Expr) -> Expr:
    """The differential of a part in those of the parts it is made of: the rules of the nodes ``inside`` (outer ones first).

    ``active`` are all nodes that move; of those that are not inside, the differential is written d(...).
    """
    moved: dict[Expr, Expr] = {}
    for node in reversed(inside):
        tangents = {a: moved.get(a) or marked(a, leaf) for a in node.args if a in active}
        moved[node] = _of_norm(node, leaf) or one_step(node, tangents)
    return tidied(moved.get(root) or marked(root, leaf))


def _of_norm(node: Expr, leaf: Expr) -> Expr | None:
    """d of a power of a norm, which needs no norm below a line: k*norm2(X)^(k-2)*tr(X'*dX)."""
    if node.op.name != "pow":
        return None
    base, exponent = node.args
    if base.op.name != "norm2" or exponent.op.name != "number" or base.args[0].is_scalar:
        return None
    k = exponent.params[0]
    if k < 2:
        return None
    moved = inner(base.args[0], marked(base.args[0], leaf))
    return product(num(k), moved) if k == 2 else product(num(k), power(base, k - 2), moved)
