"""Back-propagation with names: the gradient of a long composition, one line a layer.

The function is written with names for its layers (``Z`` for what goes into a function, ``A`` for what comes out of it,
``R`` for a residual).  From the outside in, the differential of each name is replaced by those of the names inside it;
what stands before it, the cotangent, gets a name of its own (``delta``) where it is long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from closedform.calculus.composition import by_name, is_layer, with_layers
from closedform.calculus.derive import Stage
from closedform.calculus.lines import local_differential
from closedform.calculus.reverse import cotangents
from closedform.calculus.rules import law
from closedform.calculus.step import Step, direction, marked, named_as_symbols, pairing
from closedform.calculus.tidy import tidied, turned
from closedform.core.expr import Expr, make
from closedform.core.walk import depends, postorder, substitute, tree_size
from closedform.lang.text import text
from closedform.ops.build import num, product, total
from closedform.rewrite.best import shortest

NAMED = "what goes into the layers and comes out of them gets names"

POWERS = frozenset({"pow", "matrixpow", "sympow"})

PLAIN = 6
"""Cotangents with fewer nodes than this get no name."""


def layered(stage: Stage, given: Mapping[Expr, str]) -> Iterator[Step]:
    """The lines of the gradient of a long composition; the last one is tr(G'*dX) with G written in the names.

    ``given`` are parts that have a name in the answer.
    """
    whole = make("d", (stage.function,))
    function = with_layers(stage.function, stage.leaf, given)
    if function is not stage.function:
        named = make("d", (function,))
        yield Step("name-layers", whole, named, NAMED)
        whole = named
    back = _Back(function, stage)
    while (layer := back.next_layer()) is not None:
        rule, because = back.through(layer)
        after = back.shown()
        if after is not whole:
            yield Step(rule, whole, after, because)
            whole = after
    after = back.standard()
    if after is not whole:
        yield Step("collect-terms", whole, after, "tr(G'*dX)" if not stage.leaf.is_column else "g'*dx")


class _Back:
    """Reverse accumulation over a function whose layers have names."""

    def __init__(self, function: Expr, stage: Stage) -> None:
        self.leaf = stage.leaf
        self.order = stage.order
        nodes = postorder(function)
        self.active = depends(nodes, self.leaf)
        self.left = [n for n in reversed(nodes) if n in self.active and n is not self.leaf]
        self.open: dict[Expr, list[Expr]] = {function: [num(1)]}
        self.root = function
        self.taken = {n.params[0] for n in nodes if n.op.name in ("symbol", "named", "family")}
        self.named = by_name(function)

    def next_layer(self) -> Expr | None:
        """The layer that comes next from the outside; None when only the variable is left."""
        return next((n for n in self.left if n.op.name == "named" or n is self.root), None)

    def through(self, layer: Expr) -> tuple[str, str]:
        """Replace the differential of a layer by those inside it; the name of the rule, and why."""
        fresh = self._named_cotangent(layer)
        inside = self._inside(layer)
        for node in inside:
            self.left.remove(node)
            arrived = self.open.pop(node, None)
            if arrived is not None:
                for argument, part in cotangents(node, total(*arrived), self.active, self.leaf):
                    self.open.setdefault(argument, []).append(part)
        rule = next((n for n in inside if is_layer(n)), None)
        because = self._because(layer, inside)
        if fresh is not None:
            because = f"{because}, and {fresh.params[0]} = {_said(fresh.args[0])}"
        return f"d-{rule.op.name}" if rule is not None else "d-linear", because

    def _named_cotangent(self, layer: Expr) -> Expr | None:
        """Give what stands before the differential of a layer a name, where it is long and comes before a function."""
        if layer not in self.open or layer.op.name != "named" or is_layer(layer.args[0]) or layer.params[0][0] not in "Zz":
            return None
        cotangent = self._cotangent(layer)
        stem = "delta" + layer.params[0][1:]
        if _size(cotangent) < PLAIN or stem in self.taken:
            return None
        self.taken.add(stem)
        self.open[layer] = [make("named", (cotangent,), (stem,))]
        return self.open[layer][0]

    def _cotangent(self, node: Expr) -> Expr:
        """What stands before a differential, simplified and written in the names."""
        written = substitute(total(*self.open[node]), self.named)
        symbols = named_as_symbols(written)  # what the names stand for stays as it was put
        found = shortest(substitute(written, symbols), self.order).expr
        found = substitute(found, {symbol: name for name, symbol in symbols.items()})
        self.open[node] = [found]
        return found

    def _inside(self, layer: Expr) -> list[Expr]:
        """The nodes from a layer down to the next names, the outer ones first."""
        out = [layer]
        for node in self.left:
            users = [user for user in self.left if node in user.args]
            if users and node.op.name != "named" and all(user in out for user in users):
                out.append(node)
        return out

    def shown(self) -> Expr:
        """The sum of inner products that is left."""
        terms = [self._term(node) for node in self.open]
        return total(*terms) if terms else num(0)

    def standard(self) -> Expr:
        """The same when only the variable is left, as tr(G'*dX)."""
        return pairing(self._cotangent(self.leaf), direction(self.leaf)) if self.leaf in self.open else num(0)

    def _term(self, node: Expr) -> Expr:
        G, moved = self._cotangent(node), marked(node, self.leaf)
        if node.is_scalar or node is self.leaf:
            return pairing(G, moved)
        flat = turned(G)
        if _size(flat) > _size(G) + 1:
            return pairing(G, moved)
        inside = product(flat, moved) if node.is_column else make("trace", (product(flat, moved),))
        return tidied(inside)

    def _because(self, layer: Expr, inside: list[Expr]) -> str:
        """The differential of the layer in those of the names inside it."""
        if layer is self.root:
            outer = next((n for n in inside if is_layer(n) or n.op.name in POWERS), None)
            if outer is not None and outer.op.name in ("matrixpow", "sympow"):
                return "d tr(X^k) = k*tr(X^(k - 1)*dX)"
            return law(outer, self.active) if outer is not None else "d is linear"
        moved = local_differential(layer.args[0], [n for n in inside if n is not layer], self.leaf)
        return f"d{layer.params[0]} = {_said(substitute(moved, self.named))}"


def _size(e: Expr) -> int:
    """The length of a formula whose named parts are written by their names."""
    return tree_size(substitute(e, named_as_symbols(e)))


def _said(e: Expr) -> str:
    """Its text."""
    return text(substitute(e, named_as_symbols(e)))
