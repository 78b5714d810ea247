"""Other ways to write an expression, which must have the same normal form.

What must be the same: under one ranking of the symbols (``Order(ranks(e))`` of the first of them) every way to write an
expression has the same normal form, closed, multiplied out and shortest.  The ranking is the user's: terms and factors
stand in the order in which their symbols first appeared, so ``B + A`` and ``A + B`` are printed as they were typed, and a
text is the same only where its symbols appear in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from closedform.core.errors import InputError
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, rebuild, substitute
from closedform.ops.build import num
from closedform.rewrite.best import shortest
from closedform.rewrite.engine import Simplifier
from closedform.rewrite.order import Order

Local = Callable[[Expr, Random, Order], Expr]


def _cut(random: Random, parts: Sequence[Expr], name: str) -> Expr:
    """The parts with brackets around some neighbours."""
    if len(parts) < 3:
        return make(name, tuple(parts))
    low = random.randrange(len(parts) - 1)
    high = random.randrange(low + 2, len(parts) + 1)
    if high - low == len(parts):
        return make(name, tuple(parts))
    inner = make(name, tuple(parts[low:high]))
    return make(name, (*parts[:low], inner, *parts[high:]))


def reordered(e: Expr, random: Random, order: Order) -> Expr:
    """Terms of a sum, factors of an entrywise product and scalar factors in another order."""
    parts = list(e.args)
    if e.op.name in ("add", "hadamard"):
        random.shuffle(parts)
        return make(e.op.name, tuple(parts))
    if e.op.name != "mul" or not any(g.is_scalar for g in parts):
        return e
    moved = [g for g in parts if g.is_scalar]
    kept = [g for g in parts if not g.is_scalar]
    random.shuffle(moved)
    for g in moved:
        kept.insert(random.randrange(len(kept) + 1), g)
    return make("mul", tuple(kept))


def bracketed(e: Expr, random: Random, order: Order) -> Expr:
    """Brackets around neighbouring terms and factors."""
    return _cut(random, e.args, e.op.name) if e.op.name in ("add", "mul", "hadamard") else e


def turned(e: Expr, random: Random, order: Order) -> Expr:
    """Two transposes around a part."""
    if e.is_scalar or random.random() < 0.6:
        return e
    return make("transpose", (make("transpose", (e,)),))


def padded(e: Expr, random: Random, order: Order) -> Expr:
    """A zero, a one or an identity that says nothing."""
    if random.random() < 0.7:
        return e
    if e.is_scalar:
        return random.choice((make("add", (e, num(0))), make("mul", (num(1), e)), make("pow", (e, num(1)))))
    ones, zeros = make("ones", (), e.shape), make("zeros", (), e.shape)
    options = [make("add", (zeros, e)), make("mul", (num(1), e)), make("hadamard", (e, ones))]
    if e.rows.integer != 1:
        options.append(make("mul", (make("eye", (), (e.rows,)), e)))
    return random.choice(options)


def first(e: Expr, random: Random, order: Order) -> Expr:
    """A part in its closed normal form before the whole."""
    return e if random.random() < 0.6 else Simplifier(order).canonical(e)


def short_first(e: Expr, random: Random, order: Order) -> Expr:
    """A part in its shortest form before the whole."""
    return e if random.random() < 0.6 else shortest(e, order).expr


def mirrored(e: Expr, random: Random, order: Order) -> Expr:
    """A product as the transpose of the product of the transposes."""
    if e.op.name not in ("mul", "add") or random.random() < 0.5:
        return e
    factors = e.args[::-1] if e.op.name == "mul" else e.args
    return make("transpose", (make(e.op.name, tuple(make("transpose", (g,)) for g in factors)),))


WAYS: dict[str, Local] = {
    "reordered": reordered,
    "bracketed": bracketed,
    "transposed twice": turned,
    "padded": padded,
    "parts first": first,
    "mirrored": mirrored,
}
"""What may be done at each node."""
SHORT_FIRST = "shortest parts first"
"""The same for parts in their shortest form, which is a matter of the shortest form alone."""


def variant(e: Expr, way: str, random: Random, order: Order) -> Expr:
    """The expression written in another way: what the way does, done at every node."""
    local = short_first if way == SHORT_FIRST else WAYS[way]
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        new = rebuild(node, tuple(done[a] for a in node.args))
        try:
            done[node] = local(new, random, order) if node.args else new
        except InputError:  # brackets that do not fit (x*(y'*A)*… has other shapes)
            done[node] = new
    return done[e]


def renamed(e: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """The expression with other names, whose alphabetical order is another; and the way back."""
    table: dict[Expr, Expr] = {}
    for node in postorder(e):
        if node.op.name == "symbol":
            name = node.params[0]
            other = f"{chr(ord('z') - (ord(name[0].lower()) - ord('a')))}{name}"
            table[node] = make("symbol", (), (other, *node.params[1:]))
    return substitute(e, table), {new: old for old, new in table.items()}
