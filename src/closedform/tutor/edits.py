"""Single changes to a formula: the slips people make, read in either direction.

An edit turns one node into another.  *Planted* in a true formula it makes the slip; *mended* in an answer it undoes the
slip.  So each edit has two names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise, permutations, product
from typing import NamedTuple

from closedform.core.dim import ONE
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make
from closedform.ops.build import entry_power, negative, num, ones_like, power, times, total, transpose
from closedform.ops.build import product as multiplied
from closedform.rewrite.engine import ENTRYWISE

FUNCTIONS = {"exp": "expm", "log": "logm", "sqrt": "sqrtm"}
FUNCTIONS.update({matrix: entry for entry, matrix in list(FUNCTIONS.items())})
"""Functions of each entry and of a matrix that share a name on paper."""
SCALES = (Fraction(2), Fraction(1, 2))
FULL = 3
"""Products of so many matrices are rearranged in every way, with every transpose."""
MANY = 6
"""Longer products are left alone."""


class Edit(NamedTuple):
    """A node and what it becomes; the slip it plants, the slip it mends, how far it goes, and a word on it."""

    new: Expr
    plants: str
    mends: str
    rank: int
    said: str
    """What mending does to {old}, as a clause; {new} is what it becomes."""


def edits(node: Expr, *, every: bool = False) -> Iterator[Edit]:
    """Every single change of a node that keeps its shape (``every``: also those that change it)."""
    yield from _transposes(node)
    yield from _functions(node)
    yield from _powers(node)
    name = node.op.name
    if name == "mul":
        yield from rearranged(node, every=every)
        yield from _entrywise_product(node)
        yield from _moved_out(node)
    elif name == "hadamard":
        yield from _matrix_product(node)
        yield from _moved_in(node)
    elif name == "add":
        yield from _terms(node)
    elif every and name in ("trace", "sum"):
        for inside in (node.args[0], transpose(node.args[0])):
            yield Edit(inside, "matrix for scalar", "scalar for matrix", 2, "{old} becomes {new}")


def attempt(build: object, *parts: object) -> Expr | None:
    """What a builder makes of the parts; None where they do not fit."""
    try:
        out = build(*parts)  # type: ignore[operator]
    except InputError:
        return None
    return out if isinstance(out, Expr) else None


def _transposes(node: Expr) -> Iterator[Edit]:
    if node.is_scalar:
        return
    if node.op.name == "transpose":
        yield Edit(node.args[0], "missing transpose", "misplaced transpose", 2, "{old} stands without its transpose")
    else:
        yield Edit(transpose(node), "misplaced transpose", "missing transpose", 2, "{old} is transposed")


def _functions(node: Expr) -> Iterator[Edit]:
    name = node.op.name
    slip = "entrywise function taken as matrix function"
    if name in FUNCTIONS:
        new = attempt(make, FUNCTIONS[name], node.args)
        if new is not None and not node.is_scalar:
            yield Edit(new, slip, slip, 2, "{old} is read as {new}")
    if node.is_scalar and name not in ENTRYWISE:
        return
    if name == "inv" and not node.is_scalar:
        yield Edit(entry_power(node.args[0], -1), slip, slip, 2, "{old} is read entry by entry, {new}")
    if name == "entrypow" and node.is_square and node.args[1].op.name == "number" and not node.is_scalar:
        k = node.args[1].params[0]
        if k == -1:
            yield Edit(make("inv", (node.args[0],)), slip, slip, 2, "{old} is read as the inverse, {new}")
        elif k.denominator == 1 and k >= 2:
            yield Edit(make("matrixpow", (node.args[0],), (int(k),)), slip, slip, 2, "{old} is read as the power {new}")
    if name == "matrixpow":
        k, base = node.params[0], node.args[0]
        yield Edit(entry_power(base, k), slip, slip, 2, "{old} is read entry by entry, {new}")
        turned = base.op.name == "transpose"
        inside = base.args[0] if turned else base
        if inside.op.name == "inv":
            plain = entry_power(inside.args[0], -k)
            yield Edit(transpose(plain) if turned else plain, slip, slip, 2, "{old} is read entry by entry, {new}")
    if name in ENTRYWISE and len(node.args) == 1 and node.op.differentials:
        slope = attempt(node.op.differential, 0, ones_like(node.args[0]), node)
        if slope is not None and slope.shape == node.shape:
            yield Edit(
                slope, "derivative for the function", "function for its derivative", 2, "{old} gives way to its derivative"
            )
            squared = entry_power(node, 2)
            yield Edit(squared, "wrong power", "wrong power", 2, "{old} is squared (entry by entry)")
            change = "{old} gives way to {new}"
            yield Edit(times(node, _complement(node)), "wrong function", "wrong function", 3, change)
            yield Edit(_complement(node), "wrong function", "wrong function", 3, change)


def _complement(node: Expr) -> Expr:
    return total(ones_like(node), negative(node))


def _powers(node: Expr) -> Iterator[Edit]:
    name = node.op.name
    if name == "inv":
        yield Edit(node.args[0], "missing inverse", "misplaced inverse", 2, "{old} stands without its inverse")
        squared = attempt(multiplied, node, node)
        if squared is not None and not node.is_scalar:
            yield Edit(squared, "wrong power", "wrong power", 2, "{old} is squared")
    elif node.is_square and not node.is_scalar and name in ("symbol", "add", "mul", "transpose", "expm", "named", "hadamard"):
        yield Edit(make("inv", (node,)), "misplaced inverse", "missing inverse", 2, "{old} is inverted")
    if name in ("pow", "entrypow") and node.args[1].op.name == "number":
        k = node.args[1].params[0]
        for other in dict.fromkeys((k + 1, k - 1, -k, 2 * k, k / 2)):
            if other not in (k, 0):
                new = node.args[0] if other == 1 else (power if name == "pow" else entry_power)(node.args[0], other)
                yield Edit(new, "wrong power", "wrong power", 2, "{old} has the power " + str(other))
        yield Edit(node.args[0], "wrong power", "wrong power", 2, "{old} stands without its power")
    elif node.is_scalar and name not in ("number", "size", "add", "mul", "named", "pi"):
        for other in (Fraction(2), Fraction(-1), Fraction(1, 2), Fraction(-2), Fraction(-1, 2), Fraction(3)):
            yield Edit(power(node, other), "wrong power", "wrong power", 2, "{old} has the power " + str(other))


# ---- products ----------------------------------------------------------------------------------------------------
def rearranged(node: Expr, *, every: bool = False) -> Iterator[Edit]:
    """The factors in other orders and with other transposes; ``every`` also where the shape changes."""
    yield from arranged(*split(node), node, every=every)


def arranged(scalars: Sequence[Expr], factors: Sequence[Expr], node: Expr | None, *, every: bool = False) -> Iterator[Edit]:
    """The products of factors in other orders and with other transposes; ``node`` is the product as it was, if it was one."""
    count = len(factors)
    if not 1 < count <= MANY:
        return
    seen: set[Expr | None] = {node}
    for order, turned in _arrangements(count):
        if order == tuple(range(count)) and not any(turned):
            continue
        row = [transpose(factors[i]) if t else factors[i] for i, t in zip(order, turned, strict=True)]
        new = joined(scalars, row)
        if new is None or new in seen or (node is not None and new.shape != node.shape and not every):
            continue
        seen.add(new)
        yield _named(new, factors, row, order, turned, fits=node is not None)


def split(*parts: Expr) -> tuple[list[Expr], list[Expr]]:
    """The scalar factors of a product, and the others, products inside it taken apart."""
    scalars: list[Expr] = []
    factors: list[Expr] = []
    stack = list(reversed(parts))
    while stack:
        one = stack.pop()
        if one.op.name == "mul":
            stack.extend(reversed(one.args))
        else:
            (scalars if one.is_scalar else factors).append(one)
    return scalars, factors


def joined(scalars: Sequence[Expr], row: Sequence[Expr]) -> Expr | None:
    """The product of a row of factors, a row times a column inside it taken as a scalar where that is needed."""
    numbers = [s.params[0] for s in scalars if s.op.name == "number"]
    if len(numbers) > 1 or 1 in numbers:  # constants are brought together
        constant = Fraction(1)
        for factor in numbers:
            constant *= factor
        scalars = [s for s in scalars if s.op.name != "number"]
        scalars = [num(constant), *scalars] if constant != 1 else scalars
    plain = _chained(row)
    if plain is None:
        for i in range(len(row) - 1):
            a, b = row[i], row[i + 1]
            if a.rows is ONE and b.cols is ONE and a.cols is b.rows:
                rest = joined((), [*row[:i], *row[i + 2 :]]) if len(row) > 2 else num(1)
                if rest is not None:
                    plain = multiplied(multiplied(a, b), rest) if len(row) > 2 else multiplied(a, b)
                    break
    if plain is None:
        return None
    if not scalars:
        return plain
    return multiplied(*scalars, *(plain.args if plain.op.name == "mul" and not plain.args[0].is_scalar else (plain,)))


def _chained(row: Sequence[Expr]) -> Expr | None:
    rows, cols = row[0].shape
    for other in row[1:]:
        if rows is ONE and cols is ONE:
            rows, cols = other.shape
        elif other.rows is cols:
            cols = other.cols
        else:
            return None
    return multiplied(*row)


def _arrangements(count: int) -> Iterator[tuple[tuple[int, ...], tuple[bool, ...]]]:
    """Orders and transposes, those that change little first."""
    straight = tuple(range(count))
    none = (False,) * count
    for turned in product((False, True), repeat=count):
        if sum(turned) <= (count if count <= FULL else 2):
            yield straight, turned
    orders = permutations(straight) if count <= 4 else _single_moves(count)
    for order in orders:
        if order != straight:
            yield order, none
            if count <= FULL:
                for turned in product((False, True), repeat=count):
                    if any(turned):
                        yield order, turned


def _single_moves(count: int) -> Iterator[tuple[int, ...]]:
    for i in range(count):
        rest = [k for k in range(count) if k != i]
        for j in range(count):
            yield (*rest[:j], i, *rest[j:])


def _inner(row: Sequence[Expr]) -> int:
    return sum(1 for a, b in pairwise(row) if a.rows is ONE and b.cols is ONE and a.cols is b.rows)


def _named(
    new: Expr, factors: Sequence[Expr], row: Sequence[Expr], order: tuple[int, ...], turned: tuple[bool, ...], *, fits: bool
) -> Edit:
    moved = order != tuple(range(len(order)))
    before, after = _inner(factors), _inner(row)
    if not fits:  # two columns side by side are no outer product
        after = min(before, after)
    if before > after:
        return Edit(new, "outer for inner product", "inner for outer product", 2 + (sum(turned) > 2), "{old} becomes {new}")
    if before < after:
        return Edit(new, "inner for outer product", "outer for inner product", 2 + (sum(turned) > 2), "{old} becomes {new}")
    if not any(turned):
        return Edit(new, "factors commuted", "factors commuted", 2, "{old} becomes {new}")
    extra = sum(1 for f, t in zip(factors, turned, strict=True) if t and f.op.name != "transpose")
    missing = 2 * extra >= sum(turned)
    kind = ("misplaced transpose", "missing transpose") if missing else ("missing transpose", "misplaced transpose")
    return Edit(new, *kind, 2 + (sum(turned) > 1) + (sum(turned) > 2) + moved, "{old} becomes {new}")


def _entrywise_product(node: Expr) -> Iterator[Edit]:
    slip = "elementwise and matrix product confused"
    for k in range(len(node.args) - 1):
        a, b = node.args[k : k + 2]
        if a.shape == b.shape and not a.is_scalar:
            new = attempt(multiplied, *node.args[:k], times(a, b), *node.args[k + 2 :])
            if new is not None:
                yield Edit(new, slip, slip, 2, "{old} becomes {new}")
    if len(node.args) > 2:
        for k in range(1, len(node.args)):
            left, right = attempt(multiplied, *node.args[:k]), attempt(multiplied, *node.args[k:])
            if left is not None and right is not None and left.shape == right.shape and not left.is_scalar:
                yield Edit(times(left, right), slip, slip, 2, "{old} becomes {new}")


def _matrix_product(node: Expr) -> Iterator[Edit]:
    slip = "elementwise and matrix product confused"
    for k in range(1, len(node.args)):
        left = node.args[0] if k == 1 else make("hadamard", node.args[:k])
        right = node.args[k] if k == len(node.args) - 1 else make("hadamard", node.args[k:])
        for a, b in ((left, right), (right, left)):
            for x in (a, transpose(a)):
                for y in (b, transpose(b)):
                    new = attempt(multiplied, x, y)
                    if new is not None:
                        yield Edit(new, slip, slip, 2 + (x is not a) + (y is not b), "{old} becomes {new}")


def _moved_out(node: Expr) -> Iterator[Edit]:
    """(P .* Q)*C and P .* (Q*C) confused."""
    slip = "elementwise operation moved past a product"
    for k, factor in enumerate(node.args):
        if factor.op.name != "hadamard":
            continue
        for i, out in enumerate(factor.args):
            rest = factor.args[:i] + factor.args[i + 1 :]
            kept = rest[0] if len(rest) == 1 else make("hadamard", rest)
            inside = attempt(multiplied, *node.args[:k], kept, *node.args[k + 1 :])
            if inside is not None and inside.shape == out.shape:
                yield Edit(times(inside, out), slip, slip, 2, "{old} becomes {new}")


def _moved_in(node: Expr) -> Iterator[Edit]:
    slip = "elementwise operation moved past a product"
    for k, factor in enumerate(node.args):
        if factor.op.name != "mul":
            continue
        rest = node.args[:k] + node.args[k + 1 :]
        other = rest[0] if len(rest) == 1 else make("hadamard", rest)
        for i, part in enumerate(factor.args):
            if part.shape == other.shape:
                new = attempt(multiplied, *factor.args[:i], times(part, other), *factor.args[i + 1 :])
                if new is not None:
                    yield Edit(new, slip, slip, 2, "{old} becomes {new}")


# ---- sums --------------------------------------------------------------------------------------------------------
def _terms(node: Expr) -> Iterator[Edit]:
    args = node.args
    if len(args) > 12:
        return
    for k, term in enumerate(args):
        before, after = args[:k], args[k + 1 :]
        yield Edit(total(*before, negative(term), *after), "wrong sign", "wrong sign", 2, "{old} becomes {new}")
        yield Edit(total(*before, *after), "dropped term", "extra term", 3, "{old} becomes {new}")
        for c in SCALES:
            scaled = multiplied(num(c), term)
            yield Edit(total(*before, scaled, *after), "wrong factor", "wrong factor", 2, "{old} becomes {new}")
        if term.is_square and not term.is_scalar:
            yield Edit(
                total(*before, transpose(term), *after), "misplaced transpose", "missing transpose", 2, "{old} becomes {new}"
            )


def without_factors(node: Expr) -> Iterator[tuple[Expr, Expr]]:
    """The product without one of its factors, with that factor."""
    if node.op.name not in ("mul", "hadamard") or len(node.args) < 2:
        return
    for k, factor in enumerate(node.args):
        if factor.op.name == "number":
            continue
        rest = node.args[:k] + node.args[k + 1 :]
        new = rest[0] if len(rest) == 1 else attempt(make, node.op.name, rest)
        if new is not None:
            yield new, factor
