"""Words of matrix factors: shortened, turned round, and cut where an inner size is 1."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.core.infer import known
from closedform.rewrite import series as symbolic
from closedform.rewrite import tails
from closedform.rewrite.stacked import kronecker_pair, stacked
from closedform.rewrite.term import Rational, Scalars, Term, Word, factor, is_zero, join, multiply, split, whole

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier

Letters = list[tuple[Expr, int]]

MOST_ONES = 64
"""Powers of a matrix of ones up to this are opened."""


def cut(letters: Letters) -> tuple[list[Letters], Letters]:
    """The scalar stretches of a word (between inner sizes of 1), and what is left of it."""
    cuts = [0] if letters and letters[0][0].rows is ONE else []
    cuts += [i for i, (base, _) in enumerate(letters, 1) if base.cols is ONE]
    if len(cuts) < 2:
        return [], letters
    pieces = [letters[a:b] for a, b in pairwise(cuts)]
    return pieces, letters[: cuts[0]] + letters[cuts[-1] :]


def opened(s: Simplifier, letters: Letters) -> Letters:
    """A word of several letters with the matrices of ones as outer products, so that it is cut between their halves."""
    if len(letters) == 1 and letters[0][1] == 1:
        return letters
    out: Letters = []
    for base, k in letters:
        if base.op.name == "ones" and ONE not in base.shape and 1 <= k <= MOST_ONES:
            s.fire("ones-outer-product")
            out += [(make("ones", (), (base.rows, ONE)), 1), (make("ones", (), (ONE, base.cols)), 1)] * k
        else:
            out.append((base, k))
    return out


def closed(word: Word) -> Word:
    """The word that is nothing but an outer product of ones as one letter."""
    if len(word) == 2 and all(base.op.name == "ones" for base, _ in word):
        return ((make("ones", (), (word[0][0].rows, word[1][0].cols)), 1),)
    return word


def word_key(s: Simplifier, letters: Letters) -> Any:
    """Fewest transposes first, then the user's order."""
    keys = [s.order.key(base) for base, _ in letters]
    return sum(k[1] for k in keys), keys, [k for _, k in letters]


def flipped(s: Simplifier, letters: Letters, scalars: Scalars) -> tuple[Rational, Letters]:
    """The word of the transpose; numbers and scalars that come out of its letters go into a factor and a table."""
    coefficient: Rational = 1
    out: Letters = []
    for base, k in reversed(letters):
        turned = s.transposed(base)
        if turned is base or turned.op.name != "mul":
            out.append((turned, k))
            continue
        number, opened = powered_letters(turned, k, scalars)
        coefficient *= number
        out.extend(opened)
    return whole(coefficient), out


def powered_letters(e: Expr, k: int, scalars: Scalars) -> tuple[Rational, Letters]:
    """The number and the letters of e^k for a simplified e; its scalars go into a table."""
    term = split(e)
    for base, exponent in term.scalars.items():
        multiply(scalars, base, exponent * k)
    number = term.coefficient if k == 1 else whole(Fraction(term.coefficient) ** k)
    if k == 1 or len(term.word) == 1:
        return number, [(base, exponent * k) for base, exponent in term.word]
    return number, [(join(Term(1, {}, term.word, e.shape)), k)]


def shortened(s: Simplifier, letters: Letters, scalars: Scalars) -> tuple[Rational, Letters]:
    """Neighbours that cancel or merge: powers, inverses, orthogonal and idempotent factors, diagonal matrices.

    Numbers and scalars that come out go into a factor and a table.  What a merge gives is read again together with what
    stands before it, so that brackets make no difference.
    """
    coefficient: Rational = 1
    out: Letters = []
    todo = list(reversed(letters))
    while todo:
        base, k = todo.pop()
        if base.op.name == "eye" or (base.op.name == "commutation" and ONE in base.params):
            continue
        single = _alone(s, base, k)
        if single is not None:
            number, e, power = single
            coefficient *= number
        elif not out:
            out.append((base, k))
            continue
        else:
            pair = _together(s, out[-1], (base, k))
            if pair is None:
                out.append((base, k))
                ending = tails.tail(s, out)
                if ending is not None:
                    count, fewer = ending
                    del out[-count:]
                    todo.extend(reversed(fewer))
                continue
            out.pop()
            e, power = pair
        if isinstance(e, list):
            todo.extend(reversed(e))
            continue
        if is_zero(e):
            return 0, []
        number, opened = powered_letters(e, power, scalars)
        coefficient *= number
        todo.extend(reversed(opened))
    return whole(coefficient), out


def cancels(s: Simplifier, left: tuple[Expr, int], right: tuple[Expr, int]) -> bool:
    """Do two letters make one, or none, side by side?"""
    if left[0].cols is not right[0].rows:
        return False
    return len(shortened(s, [left, right], {})[1]) < 2


def _alone(s: Simplifier, base: Expr, k: int) -> tuple[Rational, Expr | Letters, int] | None:
    """A letter that is shorter by itself, as a number times a power; None when it is not."""
    if k < 0 and known(base, "orthogonal"):
        s.fire("orthogonal-inverse")
        return 1, s.transposed(base), -k
    if k < 0 and base.op.name == "pinv":
        s.fire("inverse-of-pseudo-inverse")
        return 1, [(base.args[0], -k)], 1
    if k < 0 and base.op.name == "diag":
        s.fire("inverse-of-diagonal")
        return 1, s.diagonal_matrix(s.entry_power(base.args[0], k)), 1
    if abs(k) > 1 and known(base, "orthogonal") and known(base, "symmetric"):
        s.fire("orthonormal")
        return 1, [(base, 1)] if k % 2 else [], 1
    if abs(k) > 1 and base.op.name == "sqrtm":
        s.fire("square-root")
        return 1, _powers_of_root(base, k), 1
    if k > 1:
        if known(base, "idempotent"):
            s.fire("idempotent")
            return 1, [(base, 1)], 1
        if base.op.name == "diag":
            return 1, s.diagonal_matrix(s.entry_power(base.args[0], k)), 1
        sign = _symmetrizer(base)
        if sign:
            s.fire("symmetrizer")
            return (2 * sign) ** (k - 1), [(base, 1)], 1
    return None


def _together(s: Simplifier, left: tuple[Expr, int], right: tuple[Expr, int]) -> tuple[Expr | Letters, int] | None:
    """Two neighbours as letters, or as a power of an expression; None when they stay as they are."""
    (last, j), (base, k) = left, right
    power = symbolic.merged(s, left, right)
    if power is not None:
        return [power], 1
    if (stacked(base) and k == 1) or (stacked(last) and j == 1):
        merged = kronecker_pair(s, factor(last, j), factor(base, k))
        if merged is not None:
            return (merged, 1) if isinstance(merged, Expr) else ([(g, 1) for g in merged], 1)
    if last is base and base.is_square:
        if j * k < 0:
            s.fire("inverse-cancels")
        return ([(base, j + k)] if j + k else []), 1
    if j * k < 0 and (_is_root(base, last) or _is_root(last, base)):
        s.fire("square-root")
        return (_powers_of_root(base, 2 * j + k) if _is_root(base, last) else _powers_of_root(last, j + 2 * k)), 1
    if j == -1 == k and base.op.name == "chol" and last.op.name == "transpose" and last.args[0] is base:
        s.fire("cholesky-product")
        return [(base.args[0], -1)], 1
    if j != 1 or k != 1:
        return None
    fewer = tails.pair(s, last, base)
    return None if fewer is None else (fewer, 1)


def _is_root(R: Expr, A: Expr) -> bool:
    return R.op.name == "sqrtm" and R.args[0] is A


def _powers_of_root(R: Expr, k: int) -> Letters:
    """R^k for a square root R of A as a power of A, times R or inv(R) where k is odd."""
    sign = 1 if k > 0 else -1
    whole, odd = divmod(abs(k), 2)
    return [*([(R.args[0], sign * whole)] if whole else []), *([(R, sign)] if odd else [])]


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
