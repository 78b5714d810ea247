"""Back-propagation with names: the gradient of a long composition, one line a layer.

The function is written with names for its layers (``Z`` for what goes into a function, ``A`` for what comes out of it,
``R`` for a residual).  From the outside in, the differential of each name is replaced by those of the names inside it;
what stands before it, the cotangent, gets a name of its own (``delta``) where it is long.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from closedform.calculus.composition import is_layer, with_layers
from closedform.calculus.derive import Stage
from closedform.calculus.lines import local_differential
from closedform.calculus.moves import ADDED
from closedform.calculus.reverse import cotangents
from closedform.calculus.rewriting import because
from closedform.calculus.rules import is_bookkeeping, law
from closedform.calculus.step import Step, direction, marked, pairing
from closedform.calculus.tidy import tidied, turned
from closedform.core.expr import Expr, make
from closedform.core.walk import depends, postorder, rebuild, substitute, tree_size
from closedform.lang.text import text
from closedform.ops.build import num, product, total, zeros_like
from closedform.rewrite.best import shortest
from closedform.rewrite.term import is_zero

NAMED = "what goes into the layers and comes out of them gets names"

POWERS = frozenset({"pow", "matrixpow", "sympow"})

SAID = frozenset({"softmax-sums-to-one", "simplex-sums-to-one", "orthonormal", "orthogonal-inverse", "idempotent", "skew"})
"""Rules that rest on a fact: where one shortens what stands before a differential, the line says so."""

PLAIN = 6
"""Cotangents with fewer nodes than this get no name."""


def layered(stage: Stage, given: Mapping[Expr, str], taken: frozenset[str]) -> Iterator[Step]:
    """The lines of the gradient of a long composition; the last one is tr(G'*dX) with G written in the names.

    ``given`` are parts that have a name in the answer, ``taken`` the names that are in use.
    """
    whole = make("d", (stage.function,))
    function = with_layers(stage.function, stage.leaf, given, taken)
    if function is not stage.function:
        named = make("d", (function,))
        yield Step("name-layers", whole, named, NAMED)
        whole = named
    back = _Back(function, stage, taken)
    while back.left:
        rule, reason = back.through()
        after = back.whole()
        if after is not whole:
            yield Step(rule, whole, after, "; ".join((reason, *back.facts_used())))
            whole = after
    after = back.standard()
    if after is not whole:
        yield Step(ADDED[0], whole, after, "; ".join((ADDED[1], *back.facts_used())))


class _Back:
    """Reverse accumulation from layer to layer.

    It is carried out with a symbol for each name; ``names`` holds what the symbols stand for, ``contents`` the same in
    symbols.  ``open`` are the symbols whose differentials still stand, with their cotangents.
    """

    def __init__(self, function: Expr, stage: Stage, taken: frozenset[str]) -> None:
        self.leaf = stage.leaf
        self.order = stage.order
        self.names: dict[Expr, Expr] = {}
        self.contents: dict[Expr, Expr] = {}
        self.written: dict[Expr, Expr] = {}
        """What is written by a symbol where it comes up."""
        self._simple: dict[Expr, Expr] = {}
        self._used: dict[str, None] = {}
        root = self._opened(function)
        moving = {self.leaf}
        self.left: list[Expr] = []
        """The layers that are still to be gone through, the outermost first; the first of all is the function itself."""
        for symbol, content in self.contents.items():
            if not moving.isdisjoint(postorder(content)):
                moving.add(symbol)
                self.left.insert(0, symbol)
        self.moving = moving
        self.root = make("d", (root,))  # stands for the function: a key that no symbol is
        self.contents[self.root] = root
        self.left.insert(0, self.root)
        self.open: dict[Expr, list[Expr]] = {self.root: [num(1)]}
        self.taken = taken | {n.params[0] for n in postorder(function) if n.op.name in ("symbol", "named", "family")}

    def _opened(self, function: Expr) -> Expr:
        """The function with symbols for its names."""
        done: dict[Expr, Expr] = {}
        for node in postorder(function):
            new = rebuild(node, tuple(done[a] for a in node.args))
            done[node] = self._symbol(node.params[0], new.args[0], node) if node.op.name == "named" else new
        return done[function]

    def _symbol(self, name: str, content: Expr, named: Expr) -> Expr:
        axes = 0 if content.is_scalar else 1 if content.is_column else 2
        symbol = make("symbol", (), (name, content.rows, content.cols, axes, frozenset()))
        self.names[symbol], self.contents[symbol], self.written[content] = named, content, symbol
        return symbol

    def through(self) -> tuple[str, str]:
        """Replace the differential of the outermost layer by those inside it; the name of the rule, and why."""
        layer = self.left.pop(0)
        content = self.contents[layer]
        fresh = self._named_cotangent(layer)
        nodes = postorder(content)
        active: set[Expr] = set()
        for leaf in self.moving.intersection(nodes):
            active |= depends(nodes, leaf)
        arrived = {content: self.open.pop(layer, [zeros_like(content)])}
        inside = [n for n in reversed(nodes) if n in active]
        for node in inside:
            if node in self.moving:
                self.open.setdefault(node, []).extend(arrived.get(node, []))
            elif node in arrived:
                for argument, part in cotangents(node, total(*arrived[node]), active, self.moving):
                    arrived.setdefault(argument, []).append(part)
        reason = self._because(layer, [n for n in inside if n not in self.moving], active)
        if fresh is not None:
            reason = f"{reason}, and {fresh.params[0]} = {text(self.contents[fresh])}"
        rule = next((n for n in inside if is_layer(n)), None) or next(iter(_products(inside, active)), None)
        return f"d-{rule.op.name}" if rule is not None else "d-linear", reason

    def _named_cotangent(self, layer: Expr) -> Expr | None:
        """Give what stands before the differential of a layer a name, where it is long and comes before a function."""
        if layer is self.root or layer not in self.open or is_layer(self.contents[layer]) or layer.params[0][0] not in "Zz":
            return None
        cotangent = self._cotangent(layer)
        stem = "delta" + layer.params[0][1:]
        if tree_size(cotangent) < PLAIN or stem in self.taken:
            return None
        self.taken |= {stem}
        named = make("named", (substitute(cotangent, self.names),), (stem,))
        self.open[layer] = [self._symbol(stem, cotangent, named)]
        return self.open[layer][0]

    def _cotangent(self, layer: Expr) -> Expr:
        """What stands before a differential, simplified and written in the symbols."""
        parts = self.open[layer]
        if layer is self.leaf:  # what has come to it is simplified together at the end
            self.open[layer] = [self._simplified(part) for part in parts]
            return total(*self.open[layer])
        self.open[layer] = [self._simplified(total(*parts))]
        return self.open[layer][0]

    def _simplified(self, e: Expr) -> Expr:
        found = self._simple.get(e)
        if found is None:
            done = shortest(substitute(e, self.written), self.order)
            found = done.expr
            used = ((name, record.before) for record in done.records for name in record.rules if name in SAID)
            self._used.update(dict.fromkeys(because(name, before) for name, before in used))
            self._simple[e] = self._simple[found] = found
        return found

    def facts_used(self) -> list[str]:
        """The facts that the simplification of cotangents has rested on since this was last asked."""
        said = list(self._used)
        self._used.clear()
        return said

    def whole(self) -> Expr:
        """The sum of inner products that is left, in the names."""
        terms = [self._term(layer) for layer in self.open]
        return substitute(total(*terms), self.names) if terms else num(0)

    def standard(self) -> Expr:
        """The same when only the variable is left, as tr(G'*dX)."""
        if self.leaf not in self.open:
            return num(0)
        gradient = self._simplified(total(*self.open[self.leaf]))
        centred = {node: num(0) for node in postorder(gradient) if node.op.name == "sum" and self._is_centred(node.args[0])}
        self._used.update((f"{text(node)} = 0", None) for node in centred)
        gradient = self._simplified(substitute(gradient, centred)) if centred else gradient
        return substitute(pairing(gradient, direction(self.leaf)), self.names)

    def _is_centred(self, symbol: Expr) -> bool:
        """Do the entries of what has the name add up to zero?"""
        content = self.contents.get(symbol)
        return content is not None and is_zero(shortest(make("sum", (content,)), self.order).expr)

    def _term(self, layer: Expr) -> Expr:
        G, moved = self._cotangent(layer), marked(layer, self.leaf)
        if layer.is_scalar or layer is self.leaf:
            return pairing(G, moved)
        flat = turned(G)
        if tree_size(flat) > tree_size(G) + 1:
            return pairing(G, moved)
        inside = product(flat, moved) if layer.is_column else make("trace", (product(flat, moved),))
        return tidied(inside)

    def _because(self, layer: Expr, inside: list[Expr], active: set[Expr]) -> str:
        """The differential of the layer in those of the names inside it."""
        if layer is self.root:
            outer = next((n for n in inside if is_layer(n) or n.op.name in POWERS), None)
            if outer is not None and outer.op.name in ("matrixpow", "sympow"):
                return "d tr(X^k) = k*tr(X^(k - 1)*dX)"
            return "; ".join(dict.fromkeys(law(n, active) for n in _products(inside, active))) or "d is linear"
        moved = substitute(local_differential(self.contents[layer], inside, active, self.leaf), self.written)
        marks = {n: direction(n.args[0]) for n in postorder(moved) if n.op.name == "d"}
        return f"d{layer.params[0]} = {text(substitute(moved, marks))}"


def _products(inside: Iterable[Expr], active: Container[Expr]) -> list[Expr]:
    """The nodes through which d does not simply pass, the outermost first; the power of a norm is one of them."""
    found = [n for n in inside if n.args and not is_bookkeeping(n, active)]
    below = {n.args[0] for n in found if n.op.name == "pow" and n.args[0].op.name == "norm2"}
    return [n for n in found if n not in below]
