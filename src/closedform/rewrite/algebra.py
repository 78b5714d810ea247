"""Sums and products in normal form: like terms collected, words shortened, common factors taken out."""

from __future__ import annotations

from fractions import Fraction
from itertools import product as choices
from math import gcd
from typing import TYPE_CHECKING, Any

from closedform.core.dim import ONE
from closedform.core.errors import Refusal
from closedform.core.expr import Expr, Shape, make
from closedform.core.infer import known
from closedform.core.walk import tree_size
from closedform.ops.build import identity, num, product, transpose, zero
from closedform.rewrite.term import Rational, Scalars, Term, Word, join, multiply, split, split_scalar

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier

MOST_TERMS = 2000
"""A product of sums is multiplied out up to this many terms."""

Letters = list[tuple[Expr, int]]


def is_zero(e: Expr) -> bool:
    """Is it the zero of its shape, as far as one sees at once?"""
    return e.op.name == "zeros" or e.op.name == "number" and not e.params[0]


# ---- products ------------------------------------------------------------------------------------------------
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
            coefficient *= scalar_word(s, run, scalars)
            run = []
    word: Word = ()
    if run:
        factor, word = _word(s, run, scalars)
        coefficient *= factor
    if not coefficient:
        return zero(*shape)
    return join(Term(coefficient, s.sorted_scalars(scalars), word, shape))


def _distributed(s: Simplifier, factors: tuple[Expr, ...], shape: Shape) -> Expr:
    options = [g.args if g.op.name == "add" else (g,) for g in factors]
    count = 1
    for option in options:
        count *= len(option)
    if count > MOST_TERMS:
        raise Refusal(f"multiplying out gives {count} terms, above the limit of {MOST_TERMS}")
    s.fire("multiply-out")
    return added(s, [multiplied(s, pick, shape) for pick in choices(*options)], shape)


def _cut(letters: Letters) -> tuple[list[Letters], Letters]:
    """The scalar stretches of a word (between inner sizes of 1), and what is left of it."""
    cuts = [0] if letters[0][0].rows is ONE else []
    cuts += [i for i, (base, _) in enumerate(letters, 1) if base.cols is ONE]
    if len(cuts) < 2:
        return [], letters
    pieces = [letters[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    return pieces, letters[: cuts[0]] + letters[cuts[-1] :]


def _word(s: Simplifier, run: Letters, scalars: Scalars) -> tuple[Rational, Word]:
    coefficient: Rational = 1
    pieces, letters = _cut(run)
    for piece in pieces:
        coefficient *= scalar_word(s, piece, scalars)
    letters = shortened(s, letters)
    if len(letters) > 1 and letters[-1][0].cols is ONE:
        factor, letters = _diagonals_applied(s, letters, scalars)
        coefficient *= factor
    elif len(letters) > 1 and letters[0][0].rows is ONE:
        factor, letters = _diagonals_applied(s, flipped(s, letters), scalars)
        coefficient *= factor
        letters = flipped(s, letters)
    return coefficient, tuple(letters)


def flipped(s: Simplifier, letters: Letters) -> Letters:
    """The word of the transpose."""
    return [(s.transposed(base), k) for base, k in reversed(letters)]


def shortened(s: Simplifier, letters: Letters) -> Letters:
    """Neighbours that cancel or merge: powers, inverses, orthogonal and idempotent factors, diagonal matrices."""
    out: Letters = []
    for base, k in letters:
        if base.op.name == "eye":
            continue
        if not out:
            out.append((base, k))
            continue
        last, j = out[-1]
        if last is base and base.is_square:
            out.pop()
            if j * k < 0:
                s.fire("inverse-cancels")
            total_power = j + k
            if total_power > 1 and known(base, "idempotent"):
                s.fire("idempotent")
                total_power = 1
            if total_power:
                out.append((base, total_power))
        elif j == 1 == k and _orthonormal_pair(last, base):
            s.fire("orthonormal")
            out.pop()
        elif j == 1 == k and last.op.name == "diag" == base.op.name:
            s.fire("diagonal-product")
            merged = split(s.entrywise_product((last.args[0], base.args[0]), last.args[0].shape))
            out.pop()
            if merged.coefficient == 1 and not merged.scalars:
                out.append((s.diagonal_matrix(join(merged)), 1))
            else:
                out.extend([(last, 1), (base, 1)])
        else:
            out.append((base, k))
    return out


def _orthonormal_pair(left: Expr, right: Expr) -> bool:
    if left.op.name == "transpose" and left.args[0] is right:
        return known(right, "orthonormal")
    return right.op.name == "transpose" and right.args[0] is left and known(left, "orthogonal")


def _diagonals_applied(s: Simplifier, letters: Letters, scalars: Scalars) -> tuple[Rational, Letters]:
    """diag(u) before a column is the entrywise product with u."""
    coefficient: Rational = 1
    while True:
        places = [i for i, (b, k) in enumerate(letters[:-1]) if b.op.name in ("diag", "kron") and k == 1]
        places = [i for i in places if letters[i][0].op.name == "diag" or i == len(letters) - 2 and _unrolls(*letters[i:])]
        if not places:
            return coefficient, letters
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
        letters = letters[:at] + list(term.word)


def _unrolls(left: tuple[Expr, int], right: tuple[Expr, int]) -> bool:
    """Does kron(B, A)*vec(X) fit as vec(A*X*B')?"""
    if right[0].op.name != "vec" or right[1] != 1:
        return False
    inside = right[0].args[0]
    return inside.rows is left[0].args[1].cols and inside.cols is left[0].args[0].cols


def scalar_word(s: Simplifier, letters: Letters, scalars: Scalars) -> Rational:
    """Multiply the scalars by the value of a word that is 1 x 1; the rational part comes back."""
    coefficient: Rational = 1
    pieces, rest = _cut(letters)
    if len(pieces) > 1:
        for piece in pieces:
            coefficient *= scalar_word(s, piece, scalars)
        return coefficient
    del rest
    letters = shortened(s, letters)
    if len(letters) > 1:
        coefficient, letters = _diagonals_applied(s, letters, scalars)
    if not letters:
        return coefficient
    if len(letters) == 1:
        return coefficient * split_scalar(letters[0][0], scalars, 1)
    for word in (letters, flipped(s, letters)):
        if word[0][0].op.name == "ones" or word[0][0].op.name == "transpose" and word[0][0].args[0].op.name == "ones":
            s.fire("ones-sum")
            column = join(Term(1, {}, tuple(word[1:]), (word[1][0].rows, ONE)))
            return coefficient * split_scalar(s.apply("sum", (column,)), scalars, 1)
        if word[0][0].op.name == "transpose" and word[0][0].args[0].op.name == "unit" and len(word) == 2 and word[1][1] == 1:
            i = word[0][0].args[0].params[0]
            entry = s.apply("index", (word[1][0],), (i, i, i - i + 1, i - i + 1))
            return coefficient * split_scalar(entry, scalars, 1)
        if word[0][0].op.name == "transpose" and word[0][0].args[0].op.name == "vec" and word[1][0].op.name == "vec" and len(word) == 2:
            s.fire("vec-inner-product")
            pair = s.product((s.transposed(word[0][0].args[0].args[0]), word[1][0].args[0]))
            return coefficient * split_scalar(s.apply("trace", (pair,)), scalars, 1)
    word = min((letters, flipped(s, letters)), key=lambda w: word_key(s, w))
    from_word = join(Term(1, {}, tuple(word), (word[0][0].rows, word[-1][0].cols)))
    multiply(scalars, from_word, 1)
    return coefficient


def word_key(s: Simplifier, letters: Letters) -> Any:
    """Fewest transposes first, then the user's order."""
    keys = [s.order.key(base) for base, _ in letters]
    return sum(k[1] for k in keys), keys, [k for _, k in letters]


# ---- sums ----------------------------------------------------------------------------------------------------
def added(s: Simplifier, parts: list[Expr], shape: Shape) -> Expr:
    """The sum of simplified terms."""
    table: dict[Any, Term] = {}
    for term in _opened(parts):
        if not term.coefficient:
            continue
        found = table.get(term.key)
        if found is None:
            table[term.key] = term
        else:
            s.fire("collect")
            found.coefficient += term.coefficient
    terms = [t for t in table.values() if t.coefficient]
    if not terms:
        return zero(*shape)
    if shape[0].integer is not None and shape[1].integer is not None and not (shape[0] is ONE and shape[1] is ONE):
        entries = s.entries(terms, shape)
        if entries is not None:
            return entries
    if len(terms) == 1:
        return join(terms[0])
    terms.sort(key=lambda t: term_key(s, t))
    if s.expand:
        return make("add", tuple(join(t) for t in terms))
    return factored(s, terms, shape)


def _opened(parts: list[Expr]) -> list[Term]:
    """The terms of the parts, sums (and numbers times sums) opened.  Fresh objects: the caller changes them."""
    out = []
    for part in parts:
        if part.op.name == "add":
            out.extend(_opened(list(part.args)))
            continue
        term = split(part)
        inside = None
        if len(term.word) == 1 and not term.scalars and term.word[0][1] == 1:
            inside = term.word[0][0]
        elif not term.word and part.is_scalar and len(term.scalars) == 1:
            (base, k), = term.scalars.items()
            inside = base if k == 1 else None
        if inside is not None and inside.op.name == "add" and len(parts) > 1:
            for t in _opened(list(inside.args)):
                t.coefficient *= term.coefficient
                out.append(t)
        else:
            out.append(term)
    return out


LAST = ((10**9,), 0)
FIRST = ((-1,), 0)


def term_key(s: Simplifier, term: Term) -> Any:
    """Descending powers in the user's order of symbols; a constant matrix first, a constant number last."""
    lead = [(s.order.key(base)[0], -k) for base, k in term.scalars.items()]
    lead += [(s.order.key(base)[0], -k) for base, k in term.word]
    if not lead or lead[0][0] == ():
        lead.insert(0, FIRST if term.word or not (term.shape[0] is ONE and term.shape[1] is ONE) else LAST)
    full = [s.order.key(base) for base, _ in (*term.scalars.items(), *term.word)]
    return lead, sum(k[1] for k in full), len(full), full, [k for _, k in (*term.scalars.items(), *term.word)]


def content(terms: list[Term]) -> Rational:
    """The rational number that divides every coefficient; its sign is that of the first."""
    top, bottom = 0, 1
    for t in terms:
        top = gcd(top, t.coefficient.numerator)
        bottom = bottom * t.coefficient.denominator // gcd(bottom, t.coefficient.denominator)
    if any(abs(t.coefficient) != abs(terms[0].coefficient) for t in terms):
        bottom = 1 if bottom == 1 else bottom
    value: Rational = Fraction(top, bottom) if bottom != 1 else top
    return -value if terms[0].coefficient < 0 else value


def factored(s: Simplifier, terms: list[Term], shape: Shape) -> Expr:
    """The sum of two or more terms with what they share in front, behind and beside them taken out."""
    terms = _same_words(s, terms)
    if len(terms) == 1:
        return join(terms[0])
    number = content(terms)
    if number != 1:
        terms = [Term(_divided(t.coefficient, number), t.scalars, t.word, t.shape) for t in terms]
    shared = _shared_scalars(terms)
    if shared:
        less = []
        for t in terms:
            rest = dict(t.scalars)
            for base, k in shared.items():
                multiply(rest, base, -k)
            less.append(Term(t.coefficient, rest, t.word, t.shape))
        plain, taken = _by_words(s, terms, shape), _by_words(s, less, shape)
        inside = split(taken)
        together: Scalars = dict(shared)
        for base, k in inside.scalars.items():
            multiply(together, base, k)
        outside = join(Term(inside.coefficient, s.sorted_scalars(together), inside.word, shape))
        if tree_size(outside) < tree_size(plain):
            s.fire("common-scalar")
            plain = outside
    else:
        plain = _by_words(s, terms, shape)
    if number == 1:
        return plain
    inner = split(plain)
    return join(Term(inner.coefficient * number, inner.scalars, inner.word, shape))


def _same_words(s: Simplifier, terms: list[Term]) -> list[Term]:
    """Terms that differ in their scalars only, put together."""
    groups: dict[Word, list[Term]] = {}
    for t in terms:
        if t.word:
            groups.setdefault(t.word, []).append(t)
    if len(groups) == len(terms) or not any(len(g) > 1 for g in groups.values()):
        return terms
    s.fire("common-word")
    out: list[Term] = []
    for t in terms:
        group = groups.get(t.word, [t])
        if len(group) == 1:
            out.append(t)
        elif group[0] is t:
            amount = split(added(s, [join(Term(g.coefficient, g.scalars, (), (ONE, ONE))) for g in group], (ONE, ONE)))
            out.append(Term(amount.coefficient, amount.scalars, t.word, t.shape))
    return out


def _divided(a: Rational, b: Rational) -> Rational:
    value = Fraction(a) / b
    return value.numerator if value.denominator == 1 else value


def _shared_scalars(terms: list[Term]) -> Scalars:
    out: Scalars = {}
    for base, k in terms[0].scalars.items():
        exponents = [t.scalars.get(base, 0) for t in terms]
        if all(x > 0 for x in exponents):
            out[base] = min(exponents)
        elif all(x < 0 for x in exponents):
            out[base] = max(exponents)
        del k
    return out


def _by_words(s: Simplifier, terms: list[Term], shape: Shape) -> Expr:
    terms = _grouped(s, terms)
    if len(terms) == 1:
        return join(terms[0])
    left: list[tuple[Expr, int]] = []
    right: list[tuple[Expr, int]] = []
    words = [list(t.word) for t in terms]
    while all(len(w) > 1 for w in words) and all(w[0] == words[0][0] for w in words):
        left.append(words[0][0])
        words = [w[1:] for w in words]
    while all(len(w) > 1 for w in words) and all(w[-1] == words[0][-1] for w in words):
        right.insert(0, words[0][-1])
        words = [w[:-1] for w in words]
    if not left and not right:
        return _closed(s, terms)
    s.fire("common-factor")
    rows = words[0][0][0].rows
    cols = words[0][-1][0].cols
    inner = added(s, [join(Term(t.coefficient, t.scalars, tuple(w), (rows, cols))) for t, w in zip(terms, words, strict=True)], (rows, cols))  # fmt: skip
    return multiplied(s, (*_factors(left), inner, *_factors(right)), shape)


def _factors(letters: list[tuple[Expr, int]]) -> list[Expr]:
    return [join(Term(1, {}, (pair,), pair[0].shape)) for pair in letters]


def _grouped(s: Simplifier, terms: list[Term]) -> list[Term]:
    """Terms that share their last (or first) factor put together, the most frequent one first."""
    if len(terms) < 3:
        return terms
    while True:
        counts: dict[tuple[int, Expr, int], list[Term]] = {}
        for t in terms:
            if len(t.word) > 1:
                for end in (-1, 0):
                    counts.setdefault((end, *t.word[end]), []).append(t)
        ranked = [(len(ts), end, ts) for (end, _, _), ts in counts.items() if len(ts) > 1]
        if not ranked or len(ranked[0][2]) == len(terms):
            return terms
        _, end, group = max(ranked, key=lambda r: (r[0], r[1]))
        if len(group) == len(terms):
            return terms
        merged = split(_by_words(s, group, group[0].shape))
        if len(merged.word) == 1 and merged.word[0][0].op.name == "add":
            return terms
        at = terms.index(group[0])
        kept = [t for t in terms if not any(t is g for g in group)]
        terms = [*kept[:at], merged, *kept[at:]]
        if len(terms) < 3:
            return terms


def _closed(s: Simplifier, terms: list[Term]) -> Expr:
    """The sum as one node, written the way round that needs fewer transposes."""
    parts = [join(t) for t in terms]
    out = make("add", tuple(parts))
    if out.is_column:
        return out
    turns = sum(s.order.key(p)[1] for p in parts)
    if turns <= 1:
        return out
    turned = [s.transposed(p) for p in parts]
    if sum(s.order.key(p)[1] for p in turned) + 1 < turns:
        s.fire("transpose-out")
        return transpose(added(s, turned, (out.cols, out.rows)))
    return out


def negated(s: Simplifier, e: Expr) -> Expr:
    """Minus a simplified expression, in normal form."""
    return s.product((num(-1), e)) if not is_zero(e) else e

