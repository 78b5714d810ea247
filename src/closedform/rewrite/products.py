"""Products in normal form: scalars gathered, words shortened, scalar stretches of a word taken out."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from itertools import product as choices
from typing import TYPE_CHECKING, Any

from closedform.core.dim import ONE
from closedform.core.errors import Refusal
from closedform.core.expr import Expr, Shape
from closedform.core.infer import known
from closedform.core.walk import tree_size
from closedform.ops.build import identity, num, zero
from closedform.rewrite import series as symbolic
from closedform.rewrite.stacked import kronecker_pair, stacked
from closedform.rewrite.term import Rational, Scalars, Term, Word, factor, is_zero, join, multiply, split, split_scalar

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier

Letters = list[tuple[Expr, int]]


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
        number, word = _word(s, run, scalars)
        coefficient *= number
    if not coefficient:
        return zero(*shape)
    if len(scalars) > 1 and any(base.op.name == "sigmoid" for base in scalars):
        s.named_forms(scalars)
    return join(Term(coefficient, s.sorted_scalars(scalars), word, shape))


def _distributed(s: Simplifier, factors: tuple[Expr, ...], shape: Shape) -> Expr:
    options = [g.args if g.op.name == "add" else (g,) for g in factors]
    count = 1
    for option in options:
        count *= len(option)
    if count > s.most:
        raise Refusal(f"multiplying out gives {count} terms, above the limit of {s.most}")
    s.fire("multiply-out")
    return s.sum([multiplied(s, pick, shape) for pick in choices(*options)], shape)


def _cut(letters: Letters) -> tuple[list[Letters], Letters]:
    """The scalar stretches of a word (between inner sizes of 1), and what is left of it."""
    cuts = [0] if letters[0][0].rows is ONE else []
    cuts += [i for i, (base, _) in enumerate(letters, 1) if base.cols is ONE]
    if len(cuts) < 2:
        return [], letters
    pieces = [letters[a:b] for a, b in pairwise(cuts)]
    return pieces, letters[: cuts[0]] + letters[cuts[-1] :]


def _word(s: Simplifier, run: Letters, scalars: Scalars) -> tuple[Rational, Word]:
    coefficient: Rational = 1
    pieces, letters = _cut(run)
    for piece in pieces:
        coefficient *= scalar_word(s, piece, scalars)
    letters = shortened(s, letters)
    if len(letters) > 1 and letters[-1][0].cols is ONE:
        number, letters = _diagonals_applied(s, letters, scalars)
        coefficient *= number
    elif len(letters) > 1 and letters[0][0].rows is ONE:
        first, turned = flipped(s, letters, scalars)
        number, turned = _diagonals_applied(s, turned, scalars)
        last, letters = flipped(s, turned, scalars)
        coefficient *= first * number * last
    for at, (base, k) in enumerate(letters):
        sign = _symmetrizer(base) if k > 1 else 0
        if sign:
            s.fire("symmetrizer")
            coefficient *= (2 * sign) ** (k - 1)
            letters[at] = (base, 1)
    return coefficient, tuple(letters)


def _symmetrizer(e: Expr) -> int:
    """1 for K(n, n) + I and I - K(n, n), -1 for K(n, n) - I, whose halves (up to sign) are projectors; else 0."""
    if e.op.name != "add" or len(e.args) != 2:
        return 0
    parts = [split(t) for t in e.args]
    letters = [p.word[0] if len(p.word) == 1 and not p.scalars else None for p in parts]
    kinds = {pair[0].op.name: p.coefficient for pair, p in zip(letters, parts, strict=True) if pair and pair[1] == 1}
    turned = [pair[0] for pair in letters if pair and pair[0].op.name == "commutation"]
    if set(kinds) != {"commutation", "eye"} or turned[0].params[0] is not turned[0].params[1]:
        return 0
    plus = kinds["eye"]
    return int(plus) if abs(kinds["commutation"]) == 1 == abs(plus) else 0


def flipped(s: Simplifier, letters: Letters, scalars: Scalars) -> tuple[Rational, Letters]:
    """The word of the transpose; numbers and scalars that come out of its letters go into a factor and a table."""
    coefficient: Rational = 1
    out: Letters = []
    for base, k in reversed(letters):
        turned = s.transposed(base)
        if turned is base or turned.op.name != "mul":
            out.append((turned, k))
            continue
        term = split(turned)
        coefficient *= Fraction(term.coefficient) ** k
        for g, exponent in term.scalars.items():
            multiply(scalars, g, exponent * k)
        if k == 1 or len(term.word) == 1:
            out.extend((g, exponent * k) for g, exponent in term.word)
        else:
            out.append((join(Term(1, {}, term.word, turned.shape)), k))
    return coefficient.numerator if coefficient.denominator == 1 else coefficient, out


def shortened(s: Simplifier, letters: Letters) -> Letters:
    """Neighbours that cancel or merge: powers, inverses, orthogonal and idempotent factors, diagonal matrices."""
    out: Letters = []
    todo = list(reversed(letters))
    while todo:
        base, k = todo.pop()
        if base.op.name == "eye" or (base.op.name == "commutation" and ONE in base.params):
            continue
        if not out:
            out.append((base, k))
            continue
        last, j = out[-1]
        power = symbolic.merged(s, (last, j), (base, k))
        if power is not None:
            out.pop()
            todo.append(power)
            continue
        turned = None
        if (stacked(base) and k == 1) or (stacked(last) and j == 1):
            turned = kronecker_pair(s, factor(last, j), factor(base, k))
        if turned is not None:
            out.pop()
            todo.extend((g, 1) for g in reversed(turned))
            continue
        if last is base and base.is_square:
            out.pop()
            if j * k < 0:
                s.fire("inverse-cancels")
            total_power = j + k
            if total_power > 1 and base.op.name == "diag" and total_power > 0:
                todo.append((s.diagonal_matrix(s.entry_power(base.args[0], total_power)), 1))
                continue
            if total_power > 1 and base.op.name == "sqrtm":
                s.fire("square-root")
                todo.extend([(base, total_power - 2), (base.args[0], 1)] if total_power > 2 else [(base.args[0], 1)])
                continue
            if total_power > 1 and known(base, "idempotent"):
                s.fire("idempotent")
                total_power = 1
            if total_power:
                out.append((base, total_power))
        elif j == 1 == k and last.op.name == "chol" and base.op.name == "transpose" and base.args[0] is last:
            s.fire("cholesky-product")
            out.pop()
            todo.append((last.args[0], 1))
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
            _penrose(s, out)
    return out


PENROSE = {"XPX": "X", "PXP": "P", "xXP": "x", "PXx": "x", "Xxp": "X", "pxX": "X", "pPX": "p", "XPp": "p", "Ppx": "P",
           "xpP": "P", "xpx": "x", "pxp": "p"}  # fmt: skip
"""The Penrose conditions as words in X, its pseudo-inverse P and their transposes x and p."""


def _penrose(s: Simplifier, letters: Letters) -> None:
    """Three last factors that the Penrose conditions make one."""
    if len(letters) < 3 or any(k != 1 for _, k in letters[-3:]):
        return
    three = [base for base, _ in letters[-3:]]
    plain = [g.args[0] if g.op.name == "transpose" else g for g in three]
    inverses = {g for g in plain if g.op.name == "pinv"}
    if len(inverses) != 1:
        return
    (P,) = inverses
    X = P.args[0]
    names = {P: "P", X: "X", s.transposed(P): "p", s.transposed(X): "x"}
    word = PENROSE.get("".join(names.get(g, "?") for g in three))
    if word is not None:
        s.fire("penrose")
        letters[-3:] = [(next(g for g, name in names.items() if name == word), 1)]


def _orthonormal_pair(left: Expr, right: Expr) -> bool:
    if left.op.name == "transpose" and left.args[0] is right:
        return known(right, "orthonormal")
    return right.op.name == "transpose" and right.args[0] is left and known(left, "orthogonal")


def _diagonals_applied(s: Simplifier, letters: Letters, scalars: Scalars) -> tuple[Rational, Letters]:
    """diag(u) before a column is the entrywise product with u."""
    coefficient: Rational = 1
    while True:
        places = [i for i, (b, k) in enumerate(letters[:-1]) if b.op.name in ("diag", "kron") and k == 1]
        places = [i for i in places if letters[i][0].op.name == "diag" or (i == len(letters) - 2 and _unrolls(*letters[i:]))]
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
        return s.apply("sum", (join(Term(1, {}, tuple(rest), (rest[0][0].rows, ONE))),))
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


def word_key(s: Simplifier, letters: Letters) -> Any:
    """Fewest transposes first, then the user's order."""
    keys = [s.order.key(base) for base, _ in letters]
    return sum(k[1] for k in keys), keys, [k for _, k in letters]


def negated(s: Simplifier, e: Expr) -> Expr:
    """Minus a simplified expression, in normal form."""
    return s.product((num(-1), e)) if not is_zero(e) else e
