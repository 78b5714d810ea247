"""A term: a rational coefficient, powers of scalars, and a word of matrix factors.

    2 * (x'*x)^-1 * A' * A * x     coefficient 2, scalars {x'*x: -1}, word (A', 1) (A, 1) (x, 1)

A word is a tuple of (factor, exponent); an exponent other than 1 belongs to a square factor, a negative one to its
inverse.  In a word no inner size is 1 except between the two halves of an outer product.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from closedform.core.dim import ONE
from closedform.core.errors import DivisionByZero
from closedform.core.expr import Expr, Shape, make
from closedform.core.limits import tick
from closedform.ops.build import identity, num, power, product, transpose
from closedform.ops.mirror import gathered

Word = tuple[tuple[Expr, int], ...]
Rational = int | Fraction
Scalars = dict[Expr, Rational]

UNIT: Rational = 1
"""Coefficients and exponents are whole numbers or fractions; whole numbers are much faster."""
HALF = Fraction(1, 2)


@dataclass
class Term:
    """coefficient * product of scalars * word, of a given shape (an empty word stands for the identity, or 1)."""

    coefficient: Rational
    scalars: Scalars
    word: Word
    shape: Shape

    @property
    def key(self) -> tuple[frozenset[tuple[Expr, Rational]], Word]:
        """What two terms share when their coefficients can be added."""
        return frozenset(self.scalars.items()), self.word


def whole(value: Rational) -> Rational:
    """The number as an integer where it is one: whole numbers are much faster."""
    return value.numerator if value.denominator == 1 else value


def multiply(into: Scalars, base: Expr, exponent: Rational) -> None:
    """Multiply a product of scalar powers by one more."""
    total = into.get(base, 0) + exponent
    if total:
        into[base] = total
    else:
        into.pop(base, None)


def instead(terms: list[Term], gone: tuple[Term, ...], new: Term) -> list[Term]:
    """The terms of a sum with a new one in the place of some, added to the one that is like it."""
    like = next((v for v in terms if v.key == new.key and not any(v is g for g in gone)), None)
    kept = [v for v in terms if v is not like and not any(v is g for g in gone)]
    if like is not None:
        new.coefficient += like.coefficient
    return [*kept, new] if new.coefficient else kept


def split(e: Expr) -> Term:
    """The term that a simplified expression is."""
    name = e.op.name
    if name == "number":
        return Term(whole(e.params[0]), {}, (), e.shape)
    scalars: Scalars = {}
    if name != "mul":
        outside = split_scalar(e, scalars, UNIT) if e.is_scalar else UNIT
        return Term(outside, scalars, () if e.is_scalar else letters(e), e.shape)
    tick(1 + len(e.args) // 2)
    coefficient: Rational = UNIT
    word: list[tuple[Expr, int]] = []
    run: list[Expr] = []
    shape: Shape = (ONE, ONE)
    for g in e.args:
        if g.is_scalar:
            coefficient *= split_scalar(g, scalars, UNIT)
            continue
        shape = (shape[0] if run else g.rows, g.cols)
        run.append(g)
        if shape[0] is ONE and shape[1] is ONE:
            multiply(scalars, product(*run), UNIT)
            run = []
    for g in run:
        word.extend(letters(g))
    return Term(coefficient, scalars, tuple(word), e.shape)


def split_scalar(e: Expr, into: Scalars, exponent: Rational) -> Rational:
    """Multiply ``into`` by e^exponent and give back the rational part."""
    name = e.op.name
    if name == "number":
        value = worked_out(e.params[0], exponent)
        if value is not None:
            return whole(value)
    elif name == "pow" and e.args[1].op.name == "number":
        inside = whole(e.args[1].params[0])
        if exponent.denominator == 1 or (inside.denominator != 1 and inside.numerator == 1):
            return split_scalar(e.args[0], into, inside * exponent)
    elif name == "sqrt" and exponent.denominator == 1:
        return split_scalar(e.args[0], into, HALF * exponent)
    elif name == "mul" and exponent.denominator == 1:
        inner = split(e)
        number = UNIT if inner.coefficient == 1 else worked_out(Fraction(inner.coefficient), exponent)
        if number is not None:
            for base, k in inner.scalars.items():
                multiply(into, base, k * exponent)
            return whole(number)
    multiply(into, e, exponent)
    return UNIT


def letters(e: Expr) -> Word:
    """A factor as (base, exponent): powers, inverses and their transposes opened."""
    name = e.op.name
    if name == "mul":
        return tuple(pair for g in gathered(e.args) for pair in (((g, 1),) if g.is_scalar else letters(g)))
    if name == "inv":
        return tuple((base, -k) for base, k in reversed(letters(e.args[0]))) if e.args[0].op.name != "mul" else ((e.args[0], -1),)
    if name == "matrixpow":
        inside = letters(e.args[0])
        if len(inside) == 1:
            return ((inside[0][0], inside[0][1] * e.params[0]),)
    if name == "transpose" and e.args[0].op.name in ("inv", "matrixpow"):
        inside = letters(e.args[0])
        if len(inside) == 1:
            return ((transpose(inside[0][0]), inside[0][1]),)
    return ((e, 1),)


def factor(base: Expr, exponent: int) -> Expr:
    """The factor that a letter of a word stands for."""
    if exponent == 1:
        return base
    turned = base.op.name == "transpose"
    core = base.args[0] if turned and exponent < 0 else base
    count = abs(exponent)
    out = make("inv", (core,)) if exponent < 0 else core
    if turned and exponent < 0:
        out = transpose(out)
    return out if count == 1 else make("matrixpow", (out,), (count,))


def scalar_power(base: Expr, exponent: Rational) -> Expr:
    """base^exponent, roots written as roots."""
    if exponent == 1:
        return base
    return make("sqrt", (base,)) if exponent == HALF else power(base, exponent)


LARGEST = 4096
"""Powers of numbers are worked out up to this many bits."""


def worked_out(value: Fraction, exponent: Rational) -> Fraction | None:
    """value^exponent as a number, where the exponent is whole and the result not too long; else None.

    DivisionByZero where that is one.
    """
    if exponent.denominator != 1:
        return None
    if exponent == 1:
        return value
    if not value and exponent < 0:
        raise DivisionByZero("/: division by zero")
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if abs(exponent.numerator) > 1 and bits * abs(exponent.numerator) > LARGEST:
        return None
    return value**exponent.numerator


def _with_numbers(term: Term) -> Term:
    """The term with whole powers of numbers moved from its scalars into its coefficient."""
    coefficient, scalars = term.coefficient, dict(term.scalars)
    for base, k in term.scalars.items():
        if base.op.name == "number":
            value = worked_out(base.params[0], k)
            if value is not None:
                coefficient *= value
                del scalars[base]
    return Term(coefficient, scalars, term.word, term.shape)


def join(term: Term) -> Expr:
    """The expression of a term: number, scalars, word, and what is divided by."""
    if any(base.op.name == "number" for base in term.scalars):
        term = _with_numbers(term)
    if not term.coefficient:
        return num(0) if term.shape[0] is ONE and term.shape[1] is ONE else make("zeros", (), term.shape)
    tick(1 + len(term.scalars) + len(term.word) // 4)
    above: list[Expr] = []
    below: list[Expr] = []
    words: list[Expr] = []
    top, bottom = term.coefficient.numerator, term.coefficient.denominator
    for base, exponent in term.scalars.items():
        if exponent < 0:
            below.append(scalar_power(base, -exponent))
        elif base.op.name == "mul" and exponent == 1:
            words.append(base)
        else:
            above.append(scalar_power(base, exponent))
    word = [factor(base, k) for base, k in term.word]
    if not word and not (term.shape[0] is ONE and term.shape[1] is ONE):
        word = [identity(term.shape[0])]
    if words and not word:
        *words, last = words
        parts = [*above, *words, *last.args]
        if words or (above and len(last.args) and above[-1].op.name == "mul"):
            parts = [*above, *words, last]
    else:
        parts = [*above, *words, *word]
    if top != 1 or not parts:
        parts.insert(0, num(top))
    if bottom != 1:
        below.insert(0, num(bottom))
    if below:
        if len(below) == 1 and below[0].op.name == "number":
            under = num(Fraction(1, bottom))
        elif len(below) == 1:
            last = below[0]
            plain = last.op.name == "pow" and last.args[1].op.name == "number"
            under = power(last.args[0], -last.args[1].params[0]) if plain else power(last, -1)
        else:
            flat = [p for b in below for p in (b.args if b.op.name == "mul" and b is below[0] else (b,))]
            under = power(product(*flat), -1)
        if len(parts) == 1 and parts[0].op.name == "number" and parts[0].params[0] == 1:
            return under
        if parts[0].op.name == "number" and len(parts) == 1 and under.op.name == "number":
            return num(term.coefficient)
        parts.append(under)
    return parts[0] if len(parts) == 1 else make("mul", tuple(_spliced(parts)))


def _spliced(parts: list[Expr]) -> list[Expr]:
    """A product that comes first, or after a sign, is spliced in: brackets there say nothing."""
    at = 1 if parts[0].op.name == "number" and parts[0].params[0] == -1 else 0
    return [*parts[:at], *parts[at].args, *parts[at + 1 :]] if parts[at].op.name == "mul" else parts


def is_zero(e: Expr) -> bool:
    """Is it the zero of its shape, as far as one sees at once?"""
    return e.op.name == "zeros" or (e.op.name == "number" and not e.params[0])
