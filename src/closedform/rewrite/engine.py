"""The simplifier: walks an expression once, arguments first, and records every rewrite that changes a node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from closedform.core.dim import Dim
from closedform.core.expr import Expr, Shape, make
from closedform.core.infer import facts
from closedform.core.limits import limits, tick
from closedform.core.walk import rebuild, unsettled
from closedform.ops.build import num
from closedform.ops.elementwise import DECLARED
from closedform.rewrite import diagonals, entrywise, functions, inverse, linear, norms, products, series, sums
from closedform.rewrite.catalog import TIDY, rule
from closedform.rewrite.order import Order
from closedform.rewrite.sizes import size_number
from closedform.rewrite.term import Rational, Scalars, Term

ENTRYWISE = frozenset(row["name"] for row in DECLARED)


TURNED_INSIDE = frozenset({"add", "mul", "kron", "inv", "matrixpow", "sympow", "tril", "triu", "blocks", "series"})
"""Operations through which a transpose goes to the arguments."""


SINGLE = {"zeros": 0, "ones": 1, "eye": 1, "unit": 1, "commutation": 1, "duplication": 1, "elimination": 1}
"""Constants that are a number where they have one entry."""

CHAINS = frozenset({"add", "mul", "hadamard"})
WORK = 6
"""A node that is brought to normal form counts as so many steps, and one for two arguments."""
LONG = 64
"""In expressions with more nodes than this, chains of sums and of products are simplified in one go."""


@dataclass(frozen=True)
class Rewrite:
    """One recorded rewrite: the names of the rules that fired and the node before and after."""

    rules: tuple[str, ...]
    before: Expr
    after: Expr


class Simplifier:
    """Brings expressions to normal form under an order of symbols.

    With ``expand`` products of sums are multiplied out, to ``most`` terms (else to the cap on them); without it sums stay closed
    and common factors are taken out.
    ``records`` holds every rewrite in the order in which it was made: replacing ``before`` by ``after`` one after the
    other leads from the input to the output.
    """

    def __init__(self, order: Order, *, expand: bool = False, most: int | None = None) -> None:
        self.order = order
        self.expand = expand
        self.most = most or limits.expansion or float("inf")
        self.records: list[Rewrite] = []
        self._done: dict[Expr, Expr] = {}
        self._fired: list[str] = []
        self._turned: dict[Expr, tuple[Expr, list[str]]] = {}

    def fire(self, name: str) -> None:
        """Note that a rule of the catalogue was used in the rewrite under way."""
        if name not in self._fired:
            self._fired.append(rule(name).name)

    def settle(self, nodes: Iterable[Expr]) -> None:
        """Take nodes as they are."""
        for node in nodes:
            self._done[node] = node

    def canonical(self, e: Expr) -> Expr:
        """The normal form."""
        done = self._done
        found = done.get(e)
        if found is not None:
            return found
        nodes = unsettled(e, done.__contains__)
        chained = _links(nodes) if len(nodes) > LONG else frozenset()
        held: dict[Expr, Expr] = {}
        links: set[Expr] = set()
        for node in nodes:
            raw = rebuild(node, tuple(held.get(a) or done[a] for a in node.args))
            tick(WORK + len(raw.args) // 2)
            if node in chained:
                held[node] = raw
                links.add(raw)
                continue
            after = self._chain(raw, links) if links else self._node(raw)
            if after is not raw:
                self.records.append(Rewrite(tuple(self._fired) or TIDY, raw, after))
            self._fired.clear()
            done[node] = after
            done[raw] = after
            done[after] = after
        return done[e]

    def _chain(self, raw: Expr, links: set[Expr]) -> Expr:
        """The normal form of a node at the head of a chain of sums or of products, in one go.

        A node that is equal to a link of another operation has its own normal form already.
        """
        if not any(a in links and a.op is raw.op for a in raw.args):
            return self._node(raw)
        parts: list[Expr] = []
        stack = [raw]
        while stack:
            e = stack.pop()
            if e is raw or (e in links and e.op is raw.op):
                stack.extend(reversed(e.args))
            else:
                parts.append(e)
        return self.apply(raw.op.name, tuple(parts), (), raw.shape)

    def _node(self, raw: Expr) -> Expr:
        if not raw.args:
            if raw.op.name == "size":
                return size_number(self, raw.params[0])
            return num(SINGLE[raw.op.name]) if raw.is_scalar and raw.op.name in SINGLE else raw
        for a in raw.args:
            if "facts" not in a.memo:
                facts(a)
        return self.apply(raw.op.name, raw.args, raw.params, raw.shape)

    # ---- what the handlers build with: arguments simplified, results simplified --------------------------------
    def apply(self, name: str, args: tuple[Expr, ...], params: tuple[Any, ...] = (), shape: Shape | None = None) -> Expr:
        """The normal form of an operation on arguments in normal form."""
        if name == "add":
            return sums.added(self, list(args), shape or args[0].shape)
        if name == "mul":
            return self.product(args) if shape is None else products.multiplied(self, args, shape)
        handler = HANDLERS.get(name)
        if handler is not None:
            return handler(self, *args, *params)
        if name in ENTRYWISE:
            return entrywise.applied(self, name, args[0])
        if name == "hadamard":
            return entrywise.entrywise_product(self, args, args[0].shape)
        if name == "blocks":
            return linear.blocks(self, args, params[0], shape or make(name, args, params).shape)
        return make(name, args, params)

    def product(self, factors: tuple[Expr, ...]) -> Expr:
        return products.multiplied(self, factors, make("mul", factors).shape)

    def sum(self, terms: list[Expr], shape: Shape) -> Expr:
        return sums.added(self, terms, shape)

    def entries(self, terms: list[Term], shape: Shape) -> Expr | None:
        return diagonals.unit_sum(self, terms, shape)

    def negated(self, e: Expr) -> Expr:
        return products.negated(self, e)

    def transposed(self, e: Expr) -> Expr:
        """The transpose, each part turned once."""
        if e.op.name not in TURNED_INSIDE:
            return linear.transposed(self, e)
        for node in unsettled(e, self._is_turned):
            outer, self._fired = self._fired, []
            self._turned[node] = linear.transposed(self, node), self._fired
            self._fired = outer
        out, names = self._turned[e]
        for name in names:
            self.fire(name)
        return out

    def _is_turned(self, e: Expr) -> bool:
        return e in self._turned or e.op.name not in TURNED_INSIDE

    def diagonal_matrix(self, x: Expr) -> Expr:
        return diagonals.diagonal_matrix(self, x)

    def entrywise_product(self, factors: tuple[Expr, ...], shape: Shape) -> Expr:
        return entrywise.entrywise_product(self, factors, shape)

    def entry_power(self, x: Expr, k: Rational) -> Expr:
        return entrywise.powered(self, x, num(k))

    def scalar_power(self, x: Expr, k: Expr) -> Expr:
        return entrywise.scalar_powered(self, x, k)

    def sorted_scalars(self, scalars: Scalars) -> Scalars:
        """The powers in the user's order of symbols."""
        if len(scalars) < 2:
            return scalars
        return dict(sorted(scalars.items(), key=lambda pair: self.order.key(pair[0])))


def _links(nodes: Iterable[Expr]) -> frozenset[Expr]:
    """Sums in sums, entrywise products in entrywise products and scalar products in products that stand nowhere else."""
    uses: dict[Expr, int] = {}
    parent: dict[Expr, Expr] = {}
    for node in nodes:
        for a in node.args:
            uses[a] = uses.get(a, 0) + 1
            parent[a] = node
    return frozenset(
        node
        for node, count in uses.items()
        if count == 1
        and node.op.name in CHAINS
        and parent[node].op is node.op
        and (node.op.name != "mul" or all(g.is_scalar for g in node.args))
    )


def _expm(s: Simplifier, A: Expr) -> Expr:
    return functions.function(s, "expm", A)


def _logm(s: Simplifier, A: Expr) -> Expr:
    return functions.function(s, "logm", A)


def _sqrtm(s: Simplifier, A: Expr) -> Expr:
    return functions.function(s, "sqrtm", A)


def _dexpm(s: Simplifier, A: Expr, E: Expr) -> Expr:
    return functions.frechet(s, "dexpm", A, E)


def _dlogm(s: Simplifier, A: Expr, E: Expr) -> Expr:
    return functions.frechet(s, "dlogm", A, E)


def _unvec(s: Simplifier, x: Expr, rows: Dim, cols: Dim) -> Expr:
    return linear.unvec(s, x, rows, cols)


def _tril(s: Simplifier, A: Expr) -> Expr:
    return linear.triangle(s, "tril", A)


def _triu(s: Simplifier, A: Expr) -> Expr:
    return linear.triangle(s, "triu", A)


HANDLERS: dict[str, Callable[..., Expr]] = {
    "transpose": Simplifier.transposed,
    "trace": linear.trace,
    "sum": linear.entry_sum,
    "diag": diagonals.diagonal_matrix,
    "diagonal": diagonals.diagonal,
    "tril": _tril,
    "triu": _triu,
    "vec": linear.vec,
    "unvec": _unvec,
    "kron": linear.kron,
    "index": linear.index,
    "inv": inverse.inverse,
    "pinv": inverse.pseudo_inverse,
    "det": inverse.determinant,
    "logdet": inverse.log_determinant,
    "matrixpow": inverse.matrix_power,
    "pow": entrywise.scalar_powered,
    "entrypow": entrywise.powered,
    "norm2": norms.norm2,
    "norm1": norms.norm1,
    "series": series.series,
    "sympow": series.symbolic,
    "moved": series.still,
    "expm": _expm,
    "logm": _logm,
    "sqrtm": _sqrtm,
    "dexpm": _dexpm,
    "dlogm": _dlogm,
    "sylvester": functions.sylvester,
    "lyap": functions.lyapunov,
}
"""The normal form of each operation that has rules of its own; the others keep their node."""
