"""The exact value of each operation over a finite field."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from closedform.core.expr import Expr
from closedform.core.walk import fold
from closedform.equality import opaque
from closedform.equality.structural import MOVES, blocks
from closedform.equality.worlds import exponent_is_number, exponent_is_whole

if TYPE_CHECKING:
    from closedform.equality.evaluate import Evaluation, World

CONSTANTS = frozenset({"zeros", "ones", "eye", "unit", "commutation", "duplication", "elimination"})
SIGNED = frozenset({"abs", "sign", "step", "relu", "maximum", "minimum", "norm1"})


def exact(ev: Evaluation, w: World, node: Expr, parts: list[Any]) -> Any:
    """The value of a node from those of its arguments, all in one world of residues."""
    name = node.op.name
    rule = RULES.get(name)
    if rule is not None:
        return rule(ev, w, node, *parts)
    numbers = ev.numbers(node.params)
    if name in MOVES:
        return MOVES[name](parts[0], 0, *numbers)
    if name in CONSTANTS:
        found = np.asarray(node.op.value(np, *numbers)).astype(np.int64)
        return np.broadcast_to(found, (w.field.count, *found.shape))
    return unknown(ev, w, node, parts)


def unknown(ev: Evaluation, w: World, node: Expr, parts: list[Any]) -> Any:
    """The value of a function without an exact one."""
    name = node.op.name
    ev.assume(name)
    if len(parts) == 1 and parts[0].shape[1:] == ev.shape(node) and node.op.params == () and name in ev.entrywise:
        return opaque.of_entries(name, parts[0], w.field)
    numbers = "".join(str(n) for n in ev.numbers(node.params))
    return opaque.of_matrices(name + numbers, parts, ev.shape(node), w.field)


def _number(ev: Evaluation, w: World, node: Expr) -> Any:
    value: Fraction = node.params[0]
    found, fine = w.field.fraction(value.numerator, value.denominator)
    ev.require(fine)
    return found


def _size(ev: Evaluation, w: World, node: Expr) -> Any:
    return w.field.integer(ev.number(node.params[0]))


def _add(ev: Evaluation, w: World, node: Expr, *terms: Any) -> Any:
    out = terms[0]
    for t in terms[1:]:
        out = out + t  # fewer than 2^31 terms below 2^31 each
    return out % w.field.m3


def _mul(ev: Evaluation, w: World, node: Expr, *factors: Any) -> Any:
    out = factors[0]
    for g in factors[1:]:
        out = w.field.matmul(out, g)
    return out


def _hadamard(ev: Evaluation, w: World, node: Expr, *factors: Any) -> Any:
    out = factors[0]
    for g in factors[1:]:
        out = w.field.times(out, g)
    return out


def _blocks(ev: Evaluation, w: World, node: Expr, *cells: Any) -> Any:
    return blocks(list(cells), node.params[0])


def _inv(ev: Evaluation, w: World, node: Expr, A: Any) -> Any:
    found, fine = w.field.inverse(A)
    ev.require(fine)
    return found


def _det(ev: Evaluation, w: World, node: Expr, A: Any) -> Any:
    return w.field.determinant(A)


def _adj(ev: Evaluation, w: World, node: Expr, A: Any) -> Any:
    return w.field.times(_inv(ev, w, node, A), w.field.determinant(A))


def _pinv(ev: Evaluation, w: World, node: Expr, X: Any) -> Any:
    """The pseudo-inverse of a matrix of full rank."""
    ev.assume("pinv")
    T = X.swapaxes(1, 2)
    if X.shape[1] >= X.shape[2]:
        return w.field.matmul(_inv(ev, w, node, w.field.matmul(T, X)), T)
    return w.field.matmul(T, _inv(ev, w, node, w.field.matmul(X, T)))


def _trace(ev: Evaluation, w: World, node: Expr, A: Any) -> Any:
    return np.trace(A, axis1=1, axis2=2)[:, None, None] % w.field.m3


def _sum(ev: Evaluation, w: World, node: Expr, A: Any) -> Any:
    return A.sum(axis=(1, 2))[:, None, None] % w.field.m3


def _kron(ev: Evaluation, w: World, node: Expr, A: Any, B: Any) -> Any:
    out = A[:, :, None, :, None] * B[:, None, :, None, :] % w.field.m4[..., None]
    return out.reshape(w.field.count, A.shape[1] * B.shape[1], A.shape[2] * B.shape[2])


def _khatrirao(ev: Evaluation, w: World, node: Expr, A: Any, B: Any) -> Any:
    return (A[:, :, None, :] * B[:, None, :, :] % w.field.m4).reshape(w.field.count, -1, A.shape[2])


def _matrixpow(ev: Evaluation, w: World, node: Expr, A: Any) -> Any:
    return w.field.matrix_power(A, node.params[0])


def _sympow(ev: Evaluation, w: World, node: Expr, A: Any) -> Any:
    k = ev.number(node.params[0])
    if k < 0:
        raise ValueError("a power with an exponent below 0")
    return w.field.matrix_power(A, k)


def _power(ev: Evaluation, w: World, node: Expr, a: Any, b: Any) -> Any:
    """Powers with a number as the exponent; fractions of squares only, where the order of the squares allows them."""
    if not exponent_is_number(node):
        return unknown(ev, w, node, [a, b])
    value = fold(node.args[1], partial(_exponent, ev))
    if value.denominator == 1:
        if value < 0:
            a, fine = w.field.reciprocal(a)
            ev.require(fine)
        return w.field.power(a, abs(value.numerator))
    return fractional(ev, w, node, a, value)


def _exponent(ev: Evaluation, node: Expr, parts: list[Fraction]) -> Fraction:
    """The number that an exponent is at given sizes."""
    match node.op.name:
        case "number":
            return Fraction(node.params[0])
        case "size":
            return Fraction(ev.number(node.params[0]))
        case "add":
            return sum(parts, Fraction(0))
    return Fraction(prod(parts))


def fractional(ev: Evaluation, w: World, node: Expr, a: Any, value: Fraction) -> Any:
    """A power a^(r/s) of a square, by the inverse of s modulo the number of squares."""
    ev.assume("roots")
    orders = [m // 2 for m in w.field.list]
    try:
        powers = [value.numerator * pow(value.denominator, -1, order) % order for order in orders]
    except ValueError:
        return unknown(ev, w, node, [a])
    if not ev.absolute:
        ev.require(((w.field.squares(a) == 1) | ((a == 0) & (value > 0))).all(axis=(1, 2)))
    else:
        a = ev.positive(w.field, a)
    return w.field.power(a, np.array(powers, dtype=np.int64)[:, None, None])


def _sqrt(ev: Evaluation, w: World, node: Expr, a: Any) -> Any:
    ev.assume("roots")
    found, fine = w.field.root(ev.positive(w.field, a) if ev.absolute else a)
    ev.require(fine)
    return found


def _norm2(ev: Evaluation, w: World, node: Expr, A: Any) -> Any:
    return _sqrt(ev, w, node, _sum(ev, w, node, A * A % w.field.m3))


def _signed(ev: Evaluation, w: World, node: Expr, *parts: Any) -> Any:
    """Functions of the sign, the sign of a residue being 1 for squares and -1 for the others."""
    name = node.op.name
    ev.assume("signs")
    m = w.field.m3
    half = (m + 1) // 2
    a = parts[0] if len(parts) == 1 else (parts[0] - parts[1]) % m
    sign = w.field.squares(a)
    size = a * sign % m
    match name:
        case "abs":
            return size
        case "sign":
            return sign % m
        case "step":
            return (1 + sign) * half % m * (a != 0)
        case "relu":
            return (a + size) % m * half % m
        case "norm1":
            return _sum(ev, w, node, size)
    middle = parts[0] + parts[1] + (size if name == "maximum" else -size)
    return middle % m * half % m


def _circular(ev: Evaluation, w: World, node: Expr, a: Any) -> Any:
    ev.assume(node.op.name)
    found, fine = opaque.circular(node.op.name, a, w.field)
    ev.require(fine)
    return found


def _sylvester(ev: Evaluation, w: World, node: Expr, A: Any, B: Any, C: Any) -> Any:
    """The X with A X + X B = C, from the linear system that vec X solves."""
    one, two = (np.eye(n, dtype=np.int64)[None] for n in (B.shape[1], A.shape[1]))
    system = (_kron(ev, w, node, one, A) + _kron(ev, w, node, B.swapaxes(1, 2), two)) % w.field.m3
    found, _, fine = w.field.eliminated(system, MOVES["vec"](C, 0))
    ev.require(fine)
    return MOVES["unvec"](found, 0, A.shape[1], B.shape[1])


def _lyap(ev: Evaluation, w: World, node: Expr, A: Any, C: Any) -> Any:
    return _sylvester(ev, w, node, A, A.swapaxes(1, 2), C)


RULES: dict[str, Callable[..., Any]] = {
    "number": _number, "size": _size, "add": _add, "mul": _mul, "hadamard": _hadamard, "blocks": _blocks,
    "inv": _inv, "det": _det, "adj": _adj, "pinv": _pinv, "trace": _trace, "sum": _sum, "kron": _kron,
    "khatrirao": _khatrirao, "matrixpow": _matrixpow, "sympow": _sympow, "pow": _power, "entrypow": _power,
    "sqrt": _sqrt, "norm2": _norm2, "sin": _circular, "cos": _circular, "tan": _circular,
    "sylvester": _sylvester, "lyap": _lyap, **dict.fromkeys(SIGNED, _signed),
}  # fmt: skip
"""The rule of each operation with an exact value that is computed from its arguments in their own world."""


def directly_rooted(nodes: list[Expr]) -> frozenset[str]:
    """Symbols that must be drawn as squares: declared positive, or a logarithm or root is taken of their products."""
    found = set()
    for node in nodes:
        powers = node.op.name in ("pow", "entrypow") and not exponent_is_whole(node)
        if node.op.name in ("log", "sqrt") or powers:
            stack = [node.args[0]]
            while stack:
                e = stack.pop()
                if e.op.name in ("symbol", "family"):
                    found.add(e.params[0])
                elif e.op.name in ("mul", "hadamard", "pow", "entrypow", "transpose", "vec", "unvec", "index", "member", "named"):
                    stack.extend(e.args[:1] if e.op.name in ("pow", "entrypow") else e.args)
    for e in nodes:
        if e.op.name in ("symbol", "family") and e.params[4] & {"positive", "nonnegative", "unit"}:
            found.add(e.params[0])
    return frozenset(found)
