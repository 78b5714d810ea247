"""Short ways to build common expressions.  They choose the operation by shape; they do not simplify."""

from __future__ import annotations

from fractions import Fraction

from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, make, misfit


def num(value: int | Fraction) -> Expr:
    """The number."""
    return make("number", (), (Fraction(value),))


def total(*terms: Expr) -> Expr:
    """The sum; sums inside are spliced in."""
    flat: list[Expr] = []
    for t in terms:
        flat.extend(t.args if t.op.name == "add" else (t,))
    return flat[0] if len(flat) == 1 else make("add", tuple(flat))


def product(*factors: Expr) -> Expr:
    """The matrix product from left to right, a scalar going with anything; a product on the left is spliced in."""
    first, rest = factors[0], factors[1:]
    if not rest:
        return first
    return make("mul", (first.args if first.op.name == "mul" else (first,)) + rest)


def compact(e: Expr) -> Expr:
    """A product without factors of 1 and identities, which say nothing."""
    if e.op.name != "mul":
        return e
    kept = [g for g in e.args if not (g.op.name == "number" and g.params[0] == 1)]
    without = [g for g in kept if g.op.name != "eye"]
    if any(not g.is_scalar for g in without) and product(*without).shape == e.shape:  # x'*x*eye(n) keeps its identity
        kept = without
    if len(kept) == len(e.args):
        return e
    return product(*kept) if kept else num(1)


def negative(e: Expr) -> Expr:
    """The expression times -1."""
    if e.op.name == "number":
        return num(-e.params[0])
    if e.op.name == "mul" and e.args[0].op.name == "number":
        opposite, rest = -e.args[0].params[0], e.args[1:]
        return product(*rest) if opposite == 1 else product(num(opposite), *rest)
    return make("mul", (num(-1), *(e.args if e.op.name == "mul" else (e,))))


def minus(a: Expr, b: Expr) -> Expr:
    """The difference."""
    return total(a, negative(b))


def power(a: Expr, b: Expr | int | Fraction) -> Expr:
    """A scalar to a scalar power."""
    return make("pow", (a, b if isinstance(b, Expr) else num(b)))


def times(a: Expr, b: Expr) -> Expr:
    """The entrywise product; a scalar may stand on either side."""
    if a.is_scalar or b.is_scalar:
        return product(a, b)
    if a.shape != b.shape:
        raise misfit(".*", "the entrywise product needs equal shapes or a scalar", a, b)
    flat = (a.args if a.op.name == "hadamard" else (a,)) + (b,)
    return make("hadamard", flat)


def entry_power(a: Expr, b: Expr | int | Fraction) -> Expr:
    """The entrywise power; a scalar may stand on either side."""
    exponent = b if isinstance(b, Expr) else num(b)
    if a.is_scalar and exponent.is_scalar:
        return make("pow", (a, exponent))
    return make("entrypow", (a, exponent))


def transpose(e: Expr) -> Expr:
    """The transpose; of a scalar the scalar, of a transpose what it was taken of."""
    if e.is_scalar:
        return e
    return e.args[0] if e.op.name == "transpose" else make("transpose", (e,))


def ones_like(e: Expr) -> Expr:
    """Ones of the shape of an expression; 1 for a scalar."""
    return num(1) if e.is_scalar else make("ones", (), e.shape)


def zeros_like(e: Expr) -> Expr:
    """The zero of the shape of an expression; 0 for a scalar."""
    return zero(e.rows, e.cols)


def zero(rows: Dim, cols: Dim) -> Expr:
    """The zero of a shape; 0 for a scalar."""
    return num(0) if rows is ONE and cols is ONE else make("zeros", (), (rows, cols))


def identity(n: Dim) -> Expr:
    """The identity of a size; 1 for size 1."""
    return num(1) if n is ONE else make("eye", (), (n,))


def inner(a: Expr, b: Expr) -> Expr:
    """The Frobenius inner product tr(a'*b) as a scalar."""
    if a.is_scalar:
        return product(a, b)
    if a.cols is ONE:
        return product(transpose(a), b)
    if a.rows is ONE:
        return product(a, transpose(b))
    return make("trace", (product(transpose(a), b),))


def recip(e: Expr) -> Expr:
    """One over each entry."""
    return entry_power(e, -1)


def root(e: Expr) -> Expr:
    """The entrywise square root."""
    return make("sqrt", (e,))
