"""Bounds for the lemma of Schwartz and Zippel: the degree of a formula's entries as rational functions of the free numbers
they are drawn from, and the length of their coefficients.

Each entry is a numerator over a denominator.  ``up`` and ``down`` bound their degrees, ``bits`` the logarithm (to base 2)
of the sum of the absolute values of the coefficients of either.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from typing import NamedTuple

from closedform.core.bound import MARK
from closedform.core.dim import Dim
from closedform.core.expr import Expr
from closedform.core.infer import facts
from closedform.core.walk import postorder
from closedform.equality.worlds import exponent_is_number

MOST = 1e12
"""Bounds are not carried beyond this."""
SPAN = 8
"""A bound index is taken to be at most this much."""
FREE = frozenset({"orthonormal", "idempotent"})
"""Facts whose construction takes inverses of matrices of random entries."""


class Bound(NamedTuple):
    """Degrees of numerator and denominator, and the length of the coefficients."""

    up: float
    down: float
    bits: float


def bound(e: Expr, sizes: Mapping[str, int]) -> Bound:
    """The bounds for every entry of an expression at given sizes."""
    found: dict[Expr, Bound] = {}
    for node in postorder(e):
        b = _of(node, [found[a] for a in node.args], sizes)
        found[node] = Bound(min(MOST, b.up), min(MOST, b.down), min(MOST, b.bits))
    return found[e]


def _size(dim: Dim, sizes: Mapping[str, int]) -> int:
    return max(1, dim.value({**{name: SPAN for name in dim.names if name.startswith(MARK)}, **sizes}))


def _sum(parts: list[Bound], times: int = 1) -> Bound:
    """The bounds of a sum; each part occurs so many times with other numerators over one denominator."""
    down = sum(b.down for b in parts)
    up = max(b.up + down - b.down for b in parts)
    return Bound(up, down, sum(b.bits for b in parts) + log2(max(2, len(parts) * times)))


def _product(parts: list[Bound]) -> Bound:
    return Bound(sum(b.up for b in parts), sum(b.down for b in parts), sum(b.bits for b in parts))


def _inverse(b: Bound, n: int) -> Bound:
    """Entries of the inverse of an n x n matrix: minors over the determinant, all entries over one denominator."""
    bits = n * (b.bits + log2(n + 1))
    return Bound((n - 1) * b.up + b.down, n * b.up, bits)


def _of(node: Expr, parts: list[Bound], sizes: Mapping[str, int]) -> Bound:
    name, args = node.op.name, node.args
    if not args:
        return _leaf(node, sizes)
    first = parts[0]
    rows, cols = _size(args[0].rows, sizes), _size(args[0].cols, sizes)
    match name:
        case "add" | "blocks" | "maximum" | "minimum":
            return _sum(parts)
        case "mul":
            inner = [_size(a.cols, sizes) for a in args[:-1]]
            total = _product(parts)
            return Bound(total.up, total.down, total.bits + sum(log2(k + 1) for k in inner))
        case "hadamard" | "kron" | "khatrirao" | "crossentropy":
            return _product(parts)
        case "trace" | "sum" | "norm1" | "series":
            return Bound(first.up, first.down, first.bits + log2(rows * cols + 1))
        case "inv":
            return _inverse(first, rows)
        case "det" | "logdet":
            return Bound(rows * first.up, rows * first.down, rows * (first.bits + log2(rows + 1)))
        case "adj" | "pinv" | "lyap" | "sylvester":
            n = rows * cols if name in ("lyap", "sylvester") else max(rows, cols)
            return _product([_inverse(_product([*parts, first]), n), *parts, first])
        case "matrixpow" | "sympow":
            k = node.params[0] if name == "matrixpow" else _size(node.params[0], sizes)
            return Bound(k * first.up, k * first.down, k * (first.bits + log2(rows + 1)))
        case "pow" | "entrypow":
            if args[1].op.name != "number":
                k = 64 if exponent_is_number(node) else 1
                return Bound(k * (first.up + 1), k * (first.down + 1), k * first.bits + parts[1].bits)
            k = args[1].params[0]
            size = max(1.0, abs(float(k.numerator)), float(k.denominator))
            up, down = (first.up, first.down) if k > 0 else (first.down, first.up)
            return Bound(size * up, size * down, size * first.bits)
        case "norm2" | "sqrt":
            return Bound(2 * first.up, 2 * first.down, 2 * first.bits + log2(rows * cols + 1))
        case "softmax" | "softmax_rows" | "logsoftmax" | "sigmoid" | "tanh" | "sinh" | "cosh" | "silu":
            entries = rows * cols
            return Bound(first.up + 2 * entries, first.down + 2 * entries, first.bits + log2(entries + 1))
    return Bound(max(1, *(b.up for b in parts)), sum(b.down for b in parts), sum(b.bits for b in parts) + 1)


def _leaf(node: Expr, sizes: Mapping[str, int]) -> Bound:
    name = node.op.name
    if name == "number":
        value = node.params[0]
        return Bound(0, 0, log2(abs(value.numerator) + value.denominator))
    if name == "size":
        return Bound(0, 0, log2(_size(node.params[0], sizes) + 1))
    if name not in ("symbol", "family"):
        return Bound(1 if name == "pi" else 0, 0, 0)
    n = _size(node.rows, sizes)
    known = facts(node)
    if known & FREE:
        return Bound(2 * n, 2 * n, 2 * n * log2(n + 1))
    scale = 2 if known & {"positive", "nonnegative", "unit"} else 1  # drawn as squares, at most
    return Bound(scale, 0, log2(n + 1) if "simplex" in known else 0)


def size_degree(e: Expr) -> int:
    """A bound for the degree of an expression as a polynomial in the sizes that it holds as numbers: written as such,
    or as the traces and sums of identities, ones and their kin."""
    found: dict[Expr, int] = {}
    for node in postorder(e):
        inner = [found[a] for a in node.args]
        name = node.op.name
        if not inner:
            total = 0
            if name == "size":
                total = max((len(names) for names, _ in node.params[0].terms), default=0)
            elif name in ("eye", "ones", "commutation", "duplication", "elimination"):
                total = max((len(names) for d in node.params for names, _ in d.terms), default=0)
        elif name in ("mul", "hadamard", "kron", "khatrirao", "crossentropy"):
            total = sum(inner)
        elif name in ("add", "blocks"):
            total = max(inner)
        elif name == "matrixpow":
            total = inner[0] * int(node.params[0])
        elif name in ("pow", "entrypow") and node.args[1].op.name == "number":
            exponent = node.args[1].params[0]
            total = inner[0] * min(64, max(1, abs(exponent.numerator)))
        elif name == "series":
            total = inner[0] + 1
        else:
            total = sum(inner)
        found[node] = min(64, total)
    return found[e]


def word_degree(e: Expr) -> int:
    """How many variables stand at most in one product of the multiplied-out formula, inverses counting as one."""
    found: dict[Expr, int] = {}
    for node in postorder(e):
        inner = [found[a] for a in node.args]
        name = node.op.name
        if not inner:
            total = int(name in ("symbol", "family"))
        elif name in ("mul", "hadamard", "kron", "khatrirao"):
            total = sum(inner)
        elif name == "matrixpow":
            total = inner[0] * int(node.params[0])
        elif name in ("pow", "entrypow") and node.args[1].op.name == "number":
            total = inner[0] * min(64, max(1, abs(node.args[1].params[0].numerator)))
        else:
            total = max(inner)
        found[node] = min(64, total)
    return found[e]
