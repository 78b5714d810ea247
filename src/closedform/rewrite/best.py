"""The shorter of two normal forms, and the finishing touches that make it read as a person would write it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod

from closedform.core.dim import ONE
from closedform.core.errors import Refusal
from closedform.core.expr import Expr, make
from closedform.core.infer import known
from closedform.core.limits import counted
from closedform.core.walk import postorder, rebuild, tree_size, unsettled
from closedform.ops.build import negative, num, product, total, transpose
from closedform.rewrite.engine import ENTRYWISE, Rewrite, Simplifier
from closedform.rewrite.order import Order, ranks
from closedform.rewrite.term import Rational, Term, join, split

OPAQUE = ENTRYWISE | {"norm2", "norm1", "softmax", "softmax_rows", "logsumexp", "logsumexp_rows", "logsoftmax",
                      "crossentropy", "inv", "det", "logdet", "named", "maximum", "minimum"}  # fmt: skip
"""Operations whose arguments stay as they are when products are multiplied out."""

OPENS = frozenset({"mul", "hadamard", "matrixpow", "pow", "entrypow", "transpose", "trace", "sum", "diagonal", "kron", "series"})
"""Operations that a sum below them can be multiplied out of."""

MOST_REGROUPED = 40
"""Sums with more terms than this are not searched for equal numbers."""

LONGEST_EXPANSION = 300
"""Formulas with more nodes than this are not multiplied out in search of a shorter form …"""
MOST_IN_SEARCH = 64
"""… nor are those whose products give more terms than this."""

LARGEST_EXPANDED = 600
"""… or of which the multiplied-out form would have more nodes than this."""


@dataclass(frozen=True)
class Simplified:
    """A shortest form found, with the rewrites that lead to it."""

    expr: Expr
    records: tuple[Rewrite, ...]


@counted
def shortest(e: Expr, order: Order, own: frozenset[Expr] = frozenset()) -> Simplified:
    """The normal form with sums left closed, or the multiplied-out and refactored one where that is shorter.

    ``own`` are the sums of the question, which stay as they were typed.
    """
    closed = Simplifier(order)
    kept = closed.canonical(e)
    best, records = polished(kept, own), closed.records
    if tree_size(kept) <= LONGEST_EXPANSION and _has_closed_sum(kept) and expanded_size(kept) <= LARGEST_EXPANDED:
        opened = Simplifier(order, expand=True, most=MOST_IN_SEARCH)
        opened.settle(node for node in postorder(kept) if node.op.name in OPAQUE)
        again = Simplifier(order)
        try:
            other = polished(again.canonical(opened.canonical(kept)), own)
        except Refusal:  # too many terms to multiply out
            other = best
        if tree_size(other) < tree_size(best):
            best, records = other, records + opened.records + again.records
    return Simplified(best, tuple(records))


MOST_RANKINGS = 4
"""A form is ranked again by its own order of symbols up to so many times."""


def simplest(e: Expr) -> Expr:
    """The shortest form under the ranking of symbols that it shows itself, so that simplifying it again changes nothing.

    Where the forms go round in a circle, the first of the circle by length and text.
    """
    seen: dict[Expr, None] = {}
    while e not in seen and len(seen) < MOST_RANKINGS:
        seen[e] = None
        e = shortest(e, Order(ranks(e))).expr
    circle = list(seen)
    circle = circle[circle.index(e) :] if e in seen else [e]
    return min(circle, key=_length_and_text)


def _length_and_text(e: Expr) -> tuple[int, str]:
    return tree_size(e), str(e)


def normal_form(e: Expr, order: Order) -> Expr:
    """The multiplied-out normal form: equal expressions of sums, products and their kin get the same one."""
    opened = Simplifier(order, expand=True)
    return Simplifier(order, expand=True).canonical(opened.canonical(e))


def _has_closed_sum(e: Expr) -> bool:
    return any(a.op.name == "add" for node in postorder(e) if node.op.name in OPENS for a in node.args)


def expanded_size(e: Expr) -> int:
    """The number of nodes of the multiplied-out form, before like terms are collected."""
    counts: dict[Expr, tuple[int, int]] = {}
    for node in unsettled(e, _is_opaque):
        inside = [counts.get(a, (1, 2)) for a in node.args]
        if node.op.name == "add":
            terms = sum(t for t, _ in inside)
            counts[node] = terms, sum(size for _, size in inside) + terms
        elif node.op.name in OPENS:
            power = node.op.name in ("pow", "entrypow") and node.args[1].op.name == "number"
            exponent = int(node.args[1].params[0]) if power else node.params[0] if node.op.name == "matrixpow" else 1
            inside = inside[:1] * exponent if 1 < exponent <= 4 else inside
            terms = prod(t for t, _ in inside)
            counts[node] = terms, sum(size * (terms // t) for t, size in inside) + terms
        else:
            counts[node] = 1, 1 + sum(size for _, size in inside)
        if counts[node][1] > LARGEST_EXPANDED:
            return counts[node][1]
    return counts.get(e, (1, 1))[1]


def _is_opaque(e: Expr) -> bool:
    return e.op.name in OPAQUE


def polished(e: Expr, own: frozenset[Expr] = frozenset()) -> Expr:
    """The expression as a person would write it; ``own`` are sums that stand as they were typed.

    Sums begin with a positive term, equal numbers before several terms stand once, and a sign or a number before a sum
    goes inside where that is no longer.
    """
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        args = tuple(done[a] for a in node.args)
        new = rebuild(node, args if node.op.name == "add" else tuple(_number_into_entries(a) for a in args))
        if new.op.name == "add":
            new = _positive_first(_numbers_once(new))
        elif new.op.name == "mul":
            new = _turned_whole(_ones_together(_sign_inside(_number_inside(new), own)))
        elif new.op.name == "transpose":
            new = transpose(new.args[0])
        done[node] = new
    return _number_into_entries(done[e])


def _ones_together(e: Expr) -> Expr:
    """ones(m)*ones(n)' as ones(m, n)."""
    if e.op.name != "mul":
        return e
    args = list(e.args)
    for i in reversed(range(len(args) - 1)):
        if args[i].op.name == "ones" == args[i + 1].op.name and args[i].cols is ONE is args[i + 1].rows:
            args[i : i + 2] = [make("ones", (), (args[i].rows, args[i + 1].cols))]
    return e if len(args) == len(e.args) else product(*args)


FEWER_TRANSPOSES = 3


def _turned_whole(e: Expr) -> Expr:
    """A'*B'*C'*D' as (D*C*B*A)', where that has so many transposes fewer."""
    matrices = [g for g in e.args if not g.is_scalar] if e.op.name == "mul" else []
    if len(matrices) <= FEWER_TRANSPOSES or any(ONE in g.shape for g in matrices):
        return e
    turned = [_turned(g) for g in reversed(matrices)]
    before, after = (sum(_is_turned(g) for g in row) for row in (matrices, turned))
    if before - after <= FEWER_TRANSPOSES:
        return e
    return product(*(g for g in e.args if g.is_scalar), transpose(product(*turned)))


def _turned(g: Expr) -> Expr:
    """The transpose of a factor, that of a power as a power."""
    if known(g, "symmetric"):
        return g
    return make("matrixpow", (transpose(g.args[0]),), g.params) if g.op.name == "matrixpow" else transpose(g)


def _is_turned(g: Expr) -> bool:
    return (g.args[0] if g.op.name == "matrixpow" else g).op.name == "transpose"


def _negative(e: Expr) -> bool:
    head = e.args[0] if e.op.name in ("mul", "hadamard") else e
    head = head.args[0] if head.op.name == "mul" else head
    return head.op.name == "number" and head.params[0] < 0


def _positive_first(e: Expr) -> Expr:
    if e.op.name != "add" or not _negative(e.args[0]):
        return e
    at = next((i for i, t in enumerate(e.args) if not _negative(t)), None)
    if at is None:
        return e
    return make("add", (e.args[at], *e.args[:at], *e.args[at + 1 :]))


def _numbers_once(e: Expr) -> Expr:
    """A/2 + A'/2 + B as (A + A')/2 + B."""
    if len(e.args) < 3 or len(e.args) > MOST_REGROUPED:
        return e
    groups: dict[Fraction, list[Expr]] = {}
    for t in e.args:
        groups.setdefault(Fraction(split(t).coefficient), []).append(t)
    for number, members in groups.items():
        if abs(number) == 1 or len(members) < 2 or len(members) == len(e.args):
            continue
        inside = make("add", tuple(_times(t, 1 / number) for t in members))
        merged = join(Term(number, {inside: 1} if e.is_scalar else {}, () if e.is_scalar else ((inside, 1),), e.shape))
        rest = [merged if t is members[0] else t for t in e.args if t is members[0] or t not in members]
        shorter = total(*rest)
        if tree_size(shorter) < tree_size(e):
            return _numbers_once(shorter)
    return e


def _times(e: Expr, number: Rational) -> Expr:
    term = split(e)
    term.coefficient = Fraction(term.coefficient * number)
    return join(term)


def _number_inside(e: Expr) -> Expr:
    """2*(x + y/2) as 2*x + y: a number goes into the sum it stands before where that is no longer."""
    sums = [a for a in e.args if a.op.name == "add" or (a.op.name == "transpose" and a.args[0].op.name == "add")]
    if len(sums) != 1 or any(a.op.name != "number" for a in e.args if a is not sums[0]):
        return e
    number = split(e).coefficient
    turned = sums[0].op.name == "transpose"
    inner = sums[0].args[0] if turned else sums[0]
    spread = _positive_first(_numbers_once(total(*[negative(t) if number == -1 else _times(t, number) for t in inner.args])))
    out = transpose(spread) if turned else spread
    return out if tree_size(out) <= tree_size(e) else e


def _number_into_entries(e: Expr) -> Expr:
    """2*(x.*y) as 2*x.*y, which needs no brackets."""
    if e.op.name == "mul" and len(e.args) == 2 and e.args[0].op.name == "number" and e.args[1].op.name == "hadamard":
        first, *rest = e.args[1].args
        return make("hadamard", (negative(first) if e.args[0].params[0] == -1 else product(e.args[0], first), *rest))
    return e


def _peeled(e: Expr) -> tuple[Expr, list[str]]:
    """What stands inside transposes and inverses, through which a sign goes, and those from the outside in."""
    around: list[str] = []
    while e.op.name in ("transpose", "inv"):
        around.append(e.op.name)
        e = e.args[0]
    return e, around


def _sign_inside(e: Expr, own: frozenset[Expr]) -> Expr:
    """-(a - b)*x as (b - a)*x, unless a - b is what was typed."""
    head = e.args[0]
    if e.op.name != "mul" or head.op.name != "number" or not head.params[0] < 0:
        return e
    for at, g in enumerate(e.args):
        inner, around = _peeled(g)
        if inner.op.name != "add" or inner in own or not any(_negative(t) for t in inner.args):
            continue
        flipped = _positive_first(make("add", tuple(negative(t) for t in inner.args)))
        for name in reversed(around):
            flipped = make(name, (flipped,))
        parts = [*e.args[1:at], flipped, *e.args[at + 1 :]]
        if head.params[0] != -1:
            parts.insert(0, num(-head.params[0]))
        return product(*parts)
    return e
