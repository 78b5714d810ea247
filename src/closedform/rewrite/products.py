"""Products in normal form: scalars gathered, words shortened, scalar stretches of a word taken out."""

from __future__ import annotations

from itertools import product as choices
from typing import TYPE_CHECKING

from closedform.core.dim import ONE
from closedform.core.errors import Refusal
from closedform.core.expr import Expr, Shape
from closedform.core.limits import said
from closedform.core.walk import tree_size
from closedform.ops.build import identity, num, zero
from closedform.rewrite.denominators import cleared
from closedform.rewrite.exponents import merged
from closedform.rewrite.pairs import NAMED, named_forms
from closedform.rewrite.softmax import over_the_sum
from closedform.rewrite.term import Rational, Scalars, Term, Word, is_zero, join, multiply, split, split_scalar
from closedform.rewrite.words import Letters, closed, cut, flipped, opened, shortened, word_key

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier


def multiplied(s: Simplifier, factors: tuple[Expr, ...], shape: Shape) -> Expr:
    """The product of simplified factors, from left to right."""
    if any(is_zero(g) for g in factors):
        s.fire("zero-product")
        return zero(*shape)
    if s.expand and any(g.op.name == "add" for g in factors):
        return _distributed(s, factors, shape)
    coefficient: Rational = 1
    scalars: Scalars = {}
    run: Letters = []
    rows = ONE
    for g in factors:
        if g.is_scalar:
            coefficient *= split_scalar(g, scalars, 1)
            continue
        term = split(g)
        coefficient *= term.coefficient
        for base, k in term.scalars.items():
            multiply(scalars, base, k)
        rows = rows if run else g.rows
        run.extend(term.word or ((identity(g.rows), 1),))
        if rows is ONE and g.cols is ONE:
            coefficient *= scalar_word(s, opened(s, run), scalars)
            run = []
    word: Word = ()
    if run:
        number, word = _word(s, opened(s, run), scalars)
        word = closed(word)
        coefficient *= number
    if not coefficient:
        return zero(*shape)
    if len(scalars) > 1:
        if any(base.op.name in NAMED for base in scalars):
            named_forms(s, scalars)
        for g in merged(s, scalars, "pow"):
            coefficient *= split_scalar(g, scalars, 1)
        coefficient *= cleared(s, scalars)
    term = Term(coefficient, scalars, word, shape)
    if any(k < 0 and base.op.name == "sum" for base, k in scalars.items()):
        term = over_the_sum(s, term)
    term.scalars = s.sorted_scalars(term.scalars)
    return join(term)


def _distributed(s: Simplifier, factors: tuple[Expr, ...], shape: Shape) -> Expr:
    options = [g.args if g.op.name == "add" else (g,) for g in factors]
    count = 1
    for option in options:
        count *= len(option)
    if count > s.most:
        raise Refusal(said("expansion", f"multiplying out gives {count:,} terms", s.most))
    s.fire("multiply-out")
    return s.sum([multiplied(s, pick, shape) for pick in choices(*options)], shape)


def _word(s: Simplifier, run: Letters, scalars: Scalars) -> tuple[Rational, Word]:
    coefficient: Rational = 1
    pieces, letters = cut(run)
    while True:
        for piece in pieces:
            coefficient *= scalar_word(s, piece, scalars)
        number, letters = shortened(s, letters, scalars)
        coefficient *= number
        at = next((i for i, (base, _) in enumerate(letters, 1) if base.cols is ONE), 0)
        column, row = letters[:at], letters[at:]
        if len(column) > 1:
            number, column = _diagonals_applied(s, column, scalars)
            coefficient *= number
        if len(row) > 1 and row[0][0].rows is ONE:
            first, turned = flipped(s, row, scalars)
            number, turned = _diagonals_applied(s, turned, scalars)
            last, row = flipped(s, turned, scalars)
            coefficient *= first * number * last
        pieces, letters = cut(column + row)
        if not pieces:
            return coefficient, tuple(letters)


def _diagonals_applied(s: Simplifier, letters: Letters, scalars: Scalars) -> tuple[Rational, Letters]:
    """diag(u) before a column is the entrywise product with u."""
    coefficient: Rational = 1
    while True:
        places = [i for i, (b, k) in enumerate(letters[:-1]) if b.op.name in ("diag", "kron") and k == 1]
        places = [i for i in places if letters[i][0].op.name == "diag" or (i == len(letters) - 2 and _unrolls(*letters[i:]))]
        if not places:
            return coefficient, letters
        if not coefficient:
            return 0, []
        at = places[-1]
        base, rest = letters[at][0], letters[at + 1 :]
        if base.op.name == "kron":
            s.fire("kronecker-vec")
            left, right = base.args
            inside = s.product((right, rest[0][0].args[0], s.transposed(left)))
            term = split(s.apply("vec", (inside,)))
        else:
            s.fire("diagonal-times-vector")
            column = join(Term(1, {}, tuple(rest), (rest[0][0].rows, ONE)))
            term = split(s.entrywise_product((base.args[0], column), (base.rows, ONE)))
        coefficient *= term.coefficient
        for g, k in term.scalars.items():
            multiply(scalars, g, k)
        number, letters = shortened(s, letters[:at] + list(term.word), scalars)
        coefficient *= number


def _unrolls(left: tuple[Expr, int], right: tuple[Expr, int]) -> bool:
    """Does kron(B, A)*vec(X) fit as vec(A*X*B')?"""
    if right[0].op.name != "vec" or right[1] != 1:
        return False
    inside = right[0].args[0]
    return inside.rows is left[0].args[1].cols and inside.cols is left[0].args[0].cols


def scalar_word(s: Simplifier, letters: Letters, scalars: Scalars) -> Rational:
    """Multiply the scalars by the value of a word that is 1 x 1; the rational part comes back."""
    coefficient: Rational = 1
    pieces, rest = cut(letters)
    if len(pieces) > 1:
        for piece in pieces:
            coefficient *= scalar_word(s, piece, scalars)
        return coefficient
    del rest
    coefficient, letters = shortened(s, letters, scalars)
    if len(letters) > 1:
        number, letters = _diagonals_applied(s, letters, scalars)
        coefficient *= number
    if not letters or not coefficient:
        return coefficient
    pieces, _ = cut(letters)
    if len(pieces) > 1:
        for piece in pieces:
            coefficient *= scalar_word(s, piece, scalars)
        return coefficient
    if len(letters) == 1:
        return coefficient * split_scalar(letters[0][0], scalars, 1)
    if len(letters) == 2 and all(k == 1 for _, k in letters):
        merged = _merged_inner(s, letters[0][0], letters[1][0])
        if merged is not None:
            return coefficient * split_scalar(merged, scalars, 1)
    beside: Scalars = {}
    sign, turned = flipped(s, letters, beside)
    for factor_of, more, word in ((1, {}, letters), (sign, beside, turned)):
        value = _named_inner(s, word)
        if value is not None:
            for base, k in more.items():
                multiply(scalars, base, k)
            return coefficient * factor_of * split_scalar(value, scalars, 1)
    word = letters
    if word_key(s, turned) < word_key(s, letters):
        word, coefficient = turned, coefficient * sign
        for base, k in beside.items():
            multiply(scalars, base, k)
    multiply(scalars, join(Term(1, {}, tuple(word), (word[0][0].rows, word[-1][0].cols))), 1)
    return coefficient


def _named_inner(s: Simplifier, word: Letters) -> Expr | None:
    """A word that is 1 x 1 and begins with ones, a unit vector or a stacked matrix, by its shorter name; else None."""
    first, rest = word[0][0], word[1:]
    head = first.args[0] if first.op.name == "transpose" else first
    if first.op.name == "ones" or head.op.name == "ones":
        s.fire("ones-sum")
        if len(rest) > 1 and rest[-1][0].op.name == "ones":  # 1'*A*1
            rest = rest[:-1]
        return s.apply("sum", (join(Term(1, {}, tuple(rest), (rest[0][0].rows, rest[-1][0].cols))),))
    if head is first or len(word) != 2 or rest[0][1] != 1:
        return None
    if head.op.name == "unit":
        i = head.params[0]
        return s.apply("index", (rest[0][0],), (i, i, ONE, ONE))
    if head.op.name == "vec" and rest[0][0].op.name == "vec":
        s.fire("vec-inner-product")
        return s.apply("trace", (s.product((s.transposed(head.args[0]), rest[0][0].args[0])),))
    return None


def _merged_inner(s: Simplifier, row: Expr, column: Expr) -> Expr | None:
    """u'*v as a sum of entries when something cancels between u and v entry by entry."""
    left = s.transposed(row)
    if not any(g.op.name in ("hadamard", "entrypow") for g in (left, column)):
        return None
    product = s.entrywise_product((left, column), column.shape)
    if tree_size(product) >= max(tree_size(left), tree_size(column)):
        return None
    s.fire("inner-cancels")
    return s.apply("sum", (product,))


def negated(s: Simplifier, e: Expr) -> Expr:
    """Minus a simplified expression, in normal form."""
    return s.product((num(-1), e)) if not is_zero(e) else e
