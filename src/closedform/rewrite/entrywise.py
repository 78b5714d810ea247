"""Normal form of entrywise products, powers and functions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from closedform.core.dim import ONE
from closedform.core.expr import Expr, Shape, make
from closedform.core.infer import known
from closedform.ops.build import entry_power, num, ones_like, power, transpose, zero, zeros_like
from closedform.ops.entries import everywhere
from closedform.rewrite.exponents import merged
from closedform.rewrite.inverse import through_logarithm
from closedform.rewrite.norms import squared
from closedform.rewrite.pairs import named_forms
from closedform.rewrite.softmax import exponential, logarithm
from closedform.rewrite.term import HALF, Rational, Scalars, Term, is_zero, join, multiply, split, split_scalar, whole

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier

ODD = frozenset({"sin", "tan", "asin", "atan", "sinh", "tanh", "erf", "sign"})
EVEN = frozenset({"cos", "cosh", "abs"})
AT_ZERO: dict[str, Rational] = {
    "exp": 1,
    "log1p": 0,
    "expm1": 0,
    "sqrt": 0,
    "sin": 0,
    "cos": 1,
    "tan": 0,
    "asin": 0,
    "atan": 0,
    "sinh": 0,
    "cosh": 1,
    "tanh": 0,
    "erf": 0,
    "abs": 0,
    "sign": 0,
    "step": 0,
    "relu": 0,
    "gelu": 0,
    "silu": 0,
    "sigmoid": HALF,
}
"""A function, what it becomes over another one, and that one."""
UNDONE = {("exp", "log"), ("log", "exp"), ("log1p", "expm1"), ("expm1", "log1p")}


def entrywise_product(s: Simplifier, factors: tuple[Expr, ...], shape: Shape) -> Expr:
    """The entrywise product of simplified matrices of one shape."""
    if any(is_zero(g) for g in factors):
        s.fire("zero-product")
        return zero(*shape)
    if s.expand and any(g.op.name == "add" for g in factors):
        at = next(i for i, g in enumerate(factors) if g.op.name == "add")
        s.fire("multiply-out")
        parts = [entrywise_product(s, (*factors[:at], t, *factors[at + 1 :]), shape) for t in factors[at].args]
        return s.sum(parts, shape)
    coefficient: Rational = 1
    scalars: Scalars = {}
    powers: Scalars = {}
    for g in factors:
        coefficient *= _gather(s, g, 1, scalars, powers)
    named_forms(s, powers)
    if len(powers) > 1:
        for g in merged(s, powers, "entrypow"):
            coefficient *= _gather(s, g, 1, scalars, powers)
    coefficient *= _merged_vecs(s, scalars, powers)
    coefficient *= _unturned(s, scalars, powers)
    coefficient *= _masked(s, scalars, powers)
    coefficient *= _merged_structure(s, scalars, powers, shape)
    if any(is_zero(g) for g in powers):
        return zero(*shape)
    body = _written(s, powers, shape)
    inner = split(body)
    for base, k in inner.scalars.items():
        multiply(scalars, base, k)
    return join(Term(coefficient * inner.coefficient, s.sorted_scalars(scalars), inner.word, shape))


def _gather(s: Simplifier, g: Expr, exponent: Rational, scalars: Scalars, powers: Scalars) -> Rational:
    """Multiply by g.^exponent: rational part back, scalars and entrywise powers into their tables."""
    name = g.op.name
    integral = exponent.denominator == 1
    if name == "ones":
        return 1
    if name == "hadamard" and integral:
        out: Rational = 1
        for h in g.args:
            out *= _gather(s, h, exponent, scalars, powers)
        return out
    if name == "entrypow" and g.args[1].op.name == "number" and not g.args[0].is_scalar:
        inside = whole(g.args[1].params[0])
        if integral or (inside.numerator == 1 and inside.denominator != 1):
            return _gather(s, g.args[0], inside * exponent, scalars, powers)
    if name == "sqrt" and integral:
        return _gather(s, g.args[0], HALF * exponent, scalars, powers)
    if name == "mul" and integral:
        term = split(g)
        if term.coefficient != 1 or term.scalars:
            for base, k in term.scalars.items():
                multiply(scalars, base, k * exponent)
            rest = join(Term(1, {}, term.word, g.shape))
            number = term.coefficient if exponent == 1 else whole(Fraction(term.coefficient) ** exponent.numerator)
            return number * _gather(s, rest, exponent, scalars, powers)
    multiply(powers, g, exponent)
    if powers.get(g, 0) > 1 and is_mask(g):
        s.fire("mask-power")
        powers[g] = 1
    return 1


def is_mask(g: Expr) -> bool:
    """Is every entry 0 or 1, as far as one sees at once?"""
    if g.op.name in ("tril", "triu", "vec", "transpose", "diag"):
        return is_mask(g.args[0])
    return g.op.name in ("ones", "eye", "unit", "step", "commutation")


def _merged_structure(s: Simplifier, scalars: Scalars, powers: Scalars, shape: Shape) -> Rational:
    """Diagonal and rank-one factors of an entrywise product of matrices turned into products."""
    if shape[0] is ONE or shape[1] is ONE or len(powers) < 2:
        return 1
    diagonal = [g for g, k in powers.items() if g.op.name in ("diag", "eye") and k == 1]
    if diagonal:
        s.fire("diagonal-mask")
        column: Expr | None = None
        for g, k in list(powers.items()):
            if g in diagonal and g is not diagonal[0] and g.op.name == "eye":
                continue
            part = s.apply("diagonal", (g,))
            part = part if k == 1 else s.entry_power(part, k)
            column = part if column is None else s.entrywise_product((column, part), part.shape)
        assert column is not None
        powers.clear()
        result = split(s.apply("diag", (column,)))
        for base, k in result.scalars.items():
            multiply(scalars, base, k)
        powers[join(Term(1, {}, result.word, shape))] = 1
        return result.coefficient
    return 1


def _merged_vecs(s: Simplifier, scalars: Scalars, powers: Scalars) -> Rational:
    """vec(A).*vec(B).^2 as vec(A.*B.^2); the rational part comes back."""
    columns = [g for g in powers if g.op.name == "vec"]
    if not columns or (len(columns) == 1 and powers[columns[0]] == 1) or len({g.args[0].shape for g in columns}) > 1:
        return 1
    s.fire("vec-entrywise")
    inside = [s.entry_power(g.args[0], powers.pop(g)) for g in columns]
    return _gather(s, s.apply("vec", (s.entrywise_product(tuple(inside), inside[0].shape),)), 1, scalars, powers)


def _unturned(s: Simplifier, scalars: Scalars, powers: Scalars) -> Rational:
    """D.*A' as D.*A for a diagonal matrix D; the rational part comes back."""
    if len(powers) < 2 or not any(k > 0 and known(g, "diagonal") for g, k in powers.items()):
        return 1
    coefficient: Rational = 1
    for g, k in list(powers.items()):
        other = s.transposed(g)
        if other is not g and s.order.key(other) < s.order.key(g):
            s.fire("diagonal-factor")
            del powers[g]
            coefficient *= _gather(s, other, k, scalars, powers)
    return coefficient


def _masked(s: Simplifier, scalars: Scalars, powers: Scalars) -> Rational:
    """tril(A).*B.^2 as tril(A.*B.^2); the rational part comes back."""
    mask = next((g for g, k in powers.items() if g.op.name in ("tril", "triu") and k > 0), None)
    if mask is None or len(powers) == 1 or any(k < 0 for k in powers.values()):
        return 1
    s.fire("triangle-mask")
    inside = tuple(s.entry_power(g.args[0] if g is mask else g, k) for g, k in powers.items())
    powers.clear()
    return _gather(s, s.apply(mask.op.name, (s.entrywise_product(inside, mask.shape),)), 1, scalars, powers)


def _rank_one(g: Expr) -> tuple[Expr, Expr] | None:
    """The column and the row of an outer product."""
    if g.op.name != "mul":
        return None
    term = split(g)
    if term.coefficient != 1 or term.scalars:
        return None
    cuts = [i for i, (base, _) in enumerate(term.word, 1) if base.cols is ONE]
    if not cuts or cuts[0] == len(term.word):
        return None
    left, right = term.word[: cuts[0]], term.word[cuts[0] :]
    return (
        join(Term(1, {}, left, (left[0][0].rows, ONE))),
        join(Term(1, {}, right, (ONE, right[-1][0].cols))),
    )


def _written(s: Simplifier, powers: Scalars, shape: Shape) -> Expr:
    """The product of entrywise powers as an expression."""
    if not powers:
        return num(1) if shape[0] is ONE and shape[1] is ONE else make("ones", (), shape)
    if shape[0] is not ONE and shape[1] is not ONE and len(powers) > 1:
        outer = [(g, pair) for g, k in powers.items() if k == 1 and (pair := _rank_one(g)) is not None]
        if len(outer) >= 1:
            s.fire("rank-one-mask")
            columns = tuple(pair[0] for _, pair in outer)
            rows = tuple(transpose(pair[1]) for _, pair in outer)
            left = columns[0] if len(columns) == 1 else s.entrywise_product(columns, columns[0].shape)
            right = (
                s.canonical(rows[0])
                if len(rows) == 1
                else s.entrywise_product(tuple(s.canonical(r) for r in rows), (shape[1], ONE))
            )
            rest = {g: k for g, k in powers.items() if not any(g is h for h, _ in outer)}
            if not rest:
                return s.product((left, s.transposed(right)))
            return s.product((s.diagonal_matrix(left), _written(s, rest, shape), s.diagonal_matrix(right)))
    if len(powers) > 1:
        powers = dict(sorted(powers.items(), key=lambda pair: s.order.key(pair[0])))
    above = [_power(g, k) for g, k in powers.items() if k > 0]
    below = [_power(g, k) for g, k in powers.items() if k < 0]
    parts = [*above, *below]
    return parts[0] if len(parts) == 1 else make("hadamard", tuple(_spliced(parts)))


def _spliced(parts: list[Expr]) -> list[Expr]:
    return [*parts[0].args, *parts[1:]] if parts[0].op.name == "hadamard" else parts


def _power(g: Expr, k: Rational) -> Expr:
    if k == 1:
        return g
    if k == HALF:
        return make("sqrt", (g,))
    if k == -HALF:
        return entry_power(make("sqrt", (g,)), -1)
    return entry_power(g, k)


def powered(s: Simplifier, base: Expr, exponent: Expr) -> Expr:
    """base.^exponent of simplified parts that are not both scalars."""
    if exponent.op.name == "number":
        k = exponent.params[0]
        if k == 0:
            return ones_like(base)
        if k == 1:
            return base
        if is_zero(base) and k > 0:
            return base
        if base.is_scalar or base.op.name == "ones":
            return base if base.op.name == "ones" else make("entrypow", (base, exponent))
        if s.expand and base.op.name == "add" and k.denominator == 1 and 1 < k <= 4:
            return entrywise_product(s, (base,) * k.numerator, base.shape)
        scalars: Scalars = {}
        powers: Scalars = {}
        k = k.numerator if k.denominator == 1 else k
        coefficient = _gather(s, base, k, scalars, powers)
        named_forms(s, powers)
        coefficient *= _merged_vecs(s, scalars, powers)
        body = split(_written(s, powers, base.shape))
        for g, j in body.scalars.items():
            multiply(scalars, g, j)
        return join(Term(coefficient * body.coefficient, s.sorted_scalars(scalars), body.word, base.shape))
    return make("entrypow", (base, exponent))


def scalar_powered(s: Simplifier, base: Expr, exponent: Expr) -> Expr:
    """base^exponent of simplified scalars."""
    if exponent.op.name == "number":
        k = exponent.params[0]
        if k == 0:
            return num(1)
        if k == 1:
            return base
        if s.expand and base.op.name == "add" and k.denominator == 1 and 1 < k <= 4:
            return s.product((base,) * k.numerator)
        if base.op.name == "norm2" and k.denominator == 1 and k.numerator % 2 == 0:
            inner = squared(s, base.args[0])
            if inner is not None:
                return scalar_powered(s, inner, num(k / 2))
        if base.op.name == "number" and k.denominator != 1:
            exact = _exact_root(base.params[0], k)
            return num(exact) if exact is not None else join_power(base, k)
        scalars: Scalars = {}
        coefficient = split_scalar(base, scalars, k.numerator if k.denominator == 1 else k)
        if base.op.name != "number":
            named_forms(s, scalars)
        return join(Term(coefficient, s.sorted_scalars(scalars), (), base.shape))
    if base.op.name == "number" and base.params[0] == 1:
        return base
    return power(base, exponent)


def join_power(base: Expr, k: Fraction) -> Expr:
    """base^k, written as a root where it is one."""
    return join(Term(1, {base: k}, (), base.shape))


def _exact_root(value: Fraction, k: Fraction) -> Fraction | None:
    """value^k when it is rational."""
    if value < 0 or abs(k) > 64:
        return None
    parts = []
    for n in (value.numerator, value.denominator):
        r = round(n ** (1 / k.denominator)) if n < 10**15 else -1
        if r < 0 or r**k.denominator != n:
            return None
        parts.append(r)
    if not parts[0] and k < 0:
        return None
    return Fraction(parts[0], parts[1]) ** k.numerator


def _leads_negative(e: Expr) -> bool:
    return split(e.args[0] if e.op.name == "add" else e).coefficient < 0


def applied(s: Simplifier, name: str, x: Expr) -> Expr:
    """An entrywise function of a simplified argument."""
    if is_zero(x) and name in AT_ZERO:
        value = AT_ZERO[name]
        return x if not value else s.product((num(value), ones_like(x)))
    if name == "log" and (x.op.name == "ones" or (x.op.name == "number" and x.params[0] == 1)):
        return zeros_like(x)
    if (name, x.op.name) in UNDONE:
        s.fire("inverse-function")
        return x.args[0]
    if name in ("log", "exp"):
        named = logarithm(s, x) if name == "log" else exponential(s, x)
        named = named or through_logarithm(s, name, x)
        if named is not None:
            return named
    if name in ODD or name in EVEN:
        negated = s.negated(x) if _leads_negative(x) else x
        if not _leads_negative(negated) and negated is not x:
            s.fire("odd-function" if name in ODD else "even-function")
            inside = applied(s, name, negated)
            return s.product((num(-1), inside)) if name in ODD else inside
    if name in ("abs", "relu") and known(x, "nonnegative"):
        s.fire("known-sign")
        return x
    if name in ("sign", "step") and everywhere(x, "positive"):
        s.fire("known-sign")
        return ones_like(x)
    if x.op.name == "transpose":
        return s.transposed(applied(s, name, x.args[0]))
    if x.op.name == "vec":
        s.fire("vec-entrywise")
        return s.apply("vec", (applied(s, name, x.args[0]),))
    if name == "sqrt":
        return scalar_powered(s, x, num(HALF)) if x.is_scalar else powered(s, x, num(HALF))
    return make(name, (x,))
