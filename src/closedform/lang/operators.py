"""The Python operators of expressions, as in NumPy: ``*`` is elementwise, ``@`` the matrix product, entries count from 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from numbers import Integral, Rational, Real

from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make, misfit
from closedform.lang.elaborate import (
    Value,
    divide_entrywise,
    entries,
    multiply,
    power_entrywise,
    settle,
    times_entrywise,
)
from closedform.ops.build import negative, num


def apply(symbol: str, left: object, right: object) -> Expr:
    """Two operands joined by an operator; ``[]`` takes an index on the right.

    >>> apply("+", num(1), 0.5).args[1].params
    (Fraction(1, 2),)
    """
    if symbol == "[]":
        return _entry(operand(left, symbol), right)
    a, b = operand(left, symbol), operand(right, symbol)
    if symbol == "@":
        return _matrix_product(a, b, plain=not (isinstance(left, Expr) and isinstance(right, Expr)))
    return settle(_OPERATORS[symbol](a, b))


def operand(value: object, symbol: str) -> Expr:
    """The expression that a Python value stands for: itself, or an exact number (a float as it is printed)."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, Rational) and not isinstance(value, bool):
        return num(Fraction(int(value.numerator), int(value.denominator)))
    if isinstance(value, Real) and not isinstance(value, bool):
        number = float(value)
        if not math.isfinite(number):
            raise InputError(f"{symbol}: the number {number} is not finite")
        return num(Fraction(float.__repr__(number)))
    hint = ""
    if hasattr(value, "shape"):
        hint = "; an array enters as a declared name, whose value is given to the function that is derived"
    raise InputError(f"{symbol}: an expression or a number is wanted, not {type(value).__name__}{hint}")


def _subtract(a: Expr, b: Expr) -> Expr:
    if a.shape != b.shape:
        return make("add", (a, b))
    return _add(a, negative(b))


def _add(a: Expr, b: Expr) -> Expr:
    return make("add", (*a.args, b) if a.op.name == "add" else (a, b))


def _times(a: Expr, b: Expr) -> Value:
    if a.op.name == "number" and a.params[0] == -1:
        return negative(b)
    return times_entrywise(a, b)


def _plain(a: Expr, b: Expr) -> Value:
    return negative(b) if a.op.name == "number" and a.params[0] == -1 else multiply(a, b)


def _matrix_product(a: Expr, b: Expr, *, plain: bool) -> Expr:
    if plain:
        raise InputError("@: a number is not a matrix; write * for the product with a scalar")
    if a.cols is not b.rows:
        hint = ""
        if a.is_scalar or b.is_scalar:
            hint = "Write * for the product with a scalar"
        elif a.is_column and b.is_column and a.rows is b.rows:
            left, right = (e.params[0] if e.op.name == "symbol" else "…" for e in (a, b))
            hint = f"Write {left}.T @ {right} for the inner product, {left} @ {right}.T for the outer one"
        elif a.rows is b.rows:
            hint = "Perhaps the first wants .T"
        elif a.cols is b.cols:
            hint = "Perhaps the second wants .T"
        raise misfit("@", f"the inner sizes {a.cols} and {b.rows} of a product must agree", a, b, hint=hint)
    return settle(multiply(a, b))


_OPERATORS: dict[str, Callable[[Expr, Expr], Value]] = {
    "+": _add, "-": _subtract, ".*": _times, "./": divide_entrywise, ".^": power_entrywise, "*": _plain,
}  # fmt: skip


def _entry(e: Expr, key: object) -> Expr:
    """e[key], counted from 0, the end of a slice excluded; an integer keeps its axis, so that a row stays a row."""
    keys = key if isinstance(key, tuple) else (key,)
    if len(keys) > 2:
        raise InputError(f"[ ]: an expression has two axes, not {len(keys)}")
    if len(keys) == 1:
        if not (e.cols is ONE or e.rows is ONE):
            raise misfit("[ ]", "a matrix wants two indices", e, hint="Write A[i, :] for a row, A[:, j] for a column")
        count = e.rows if e.cols is ONE else e.cols
        return entries(e, (_range(keys[0], count),))
    return entries(e, (_range(keys[0], e.rows), _range(keys[1], e.cols)))


def _range(key: object, count: Dim) -> tuple[Dim, Dim] | None:
    """First and last place, counted from 1, of a Python index or slice."""
    fixed = count.integer
    if isinstance(key, slice):
        if key.step not in (None, 1):
            raise InputError(f"[ ]: a slice with the step {key.step!r}; only consecutive entries can be taken")
        if key.start is None and key.stop is None:
            return None
        low = Dim.of(0) if key.start is None else _place(key.start, count)
        high = count if key.stop is None else _place(key.stop, count)
        if fixed is not None:
            low, high = (Dim.of(min(max(end.integer or 0, 0), fixed)) for end in (low, high))
        gap = (high - low).integer
        if gap is not None and gap <= 0:
            raise InputError(f"[ ]: the slice {low}:{high} is empty")
        return low + 1, high
    place = _place(key, count)
    below, above = place.integer, (place - count).integer
    if (below is not None and below < 0) or (above is not None and above >= 0):
        raise InputError(f"[ ]: the index {key} is outside 0..{count - 1}; entries count from 0 in Python")
    return place + 1, place + 1


def _place(key: object, count: Dim) -> Dim:
    if isinstance(key, bool) or not isinstance(key, Integral):
        raise InputError(f"[ ]: an index is an integer or a slice, not {type(key).__name__}")
    at = int(key)
    return Dim.of(at) if at >= 0 else count + at
