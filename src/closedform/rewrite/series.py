"""Normal form of sums with an index and of powers with a symbolic exponent."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from closedform.core.bound import amount, indices, reindex, summation, unused
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, Shape, make
from closedform.core.infer import known
from closedform.core.walk import postorder, tree_size
from closedform.ops.build import identity, num, transpose, zero
from closedform.ops.series import surely_nonnegative, symbolic_power
from closedform.rewrite.term import Scalars, Term, Word, instead, is_zero, join, letters, split

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier

MOST_TERMS = 60
"""Terms into which the terms of a sum are taken apart for a Kronecker delta."""

LINEAR = frozenset({"transpose", "trace", "sum", "diag", "diagonal", "vec", "unvec", "tril", "triu"})
"""Operations of one argument through which a Kronecker delta is taken."""


def series(s: Simplifier, body: Expr, name: str, low: Dim, high: Dim) -> Expr:
    """The sum of a simplified body over an index."""
    length = high - low + 1
    few = length.integer
    if is_zero(body):
        return zero(*body.shape)
    if few is not None and few <= 1:
        out = s.canonical(reindex(body, name, low)) if few == 1 else zero(*body.shape)
        s.fire("sum-of-few-terms")
        return out
    if name not in indices(body) and surely_nonnegative(length):
        number = s.canonical(amount(length))
        s.fire("sum-of-constants")
        return s.product((number, body))
    if low.integer == 0 and split(body).scalars.get(make("size", (), (Dim.of(name),)), 0) > 0:
        s.fire("first-term-zero")
        return series(s, body, name, ONE, high)
    if body.op.name == "transpose":
        return transpose(series(s, body.args[0], name, low, high))
    found = _without_deltas(s, body, name, low, high)
    if found is not None:
        return found
    if body.op.name == "add" and s.expand:
        return s.sum([series(s, t, name, low, high) for t in body.args], body.shape)
    return _taken_out(s, body, name, low, high)


def joined(s: Simplifier, terms: list[Term]) -> list[Term]:
    """Sums over one range as one sum, where that is shorter."""
    ranges: dict[tuple[Dim, Dim], list[tuple[Term, Expr]]] = {}
    for t in () if s.expand else terms:
        e = _sum_alone(t)
        if e is not None:
            ranges.setdefault(e.params[1:], []).append((t, e))
    for (low, high), found in ranges.items():
        if len(found) < 2:
            continue
        name = unused()
        bodies = [s.product((num(t.coefficient), reindex(e.args[0], e.params[0], Dim.of(name)))) for t, e in found]
        whole = series(s, s.sum(bodies, bodies[0].shape), name, low, high)
        if tree_size(whole) < sum(tree_size(join(t)) for t, _ in found):
            s.fire("sums-together")
            new = split(whole)
            new.coefficient *= not is_zero(whole)
            return joined(s, instead(terms, tuple(t for t, _ in found), new))
    return terms


def _sum_alone(t: Term) -> Expr | None:
    """The sum with an index that a term is a multiple of by a number."""
    factors = [*t.scalars.items(), *t.word]
    if len(factors) == 1 and factors[0][1] == 1 and factors[0][0].op.name == "series":
        return factors[0][0]
    return None


# ---- factors that do not depend on the index ------------------------------------------------------------------------
def _taken_out(s: Simplifier, body: Expr, name: str, low: Dim, high: Dim) -> Expr:
    term = split(body)
    outside: Scalars = {base: k for base, k in term.scalars.items() if name not in indices(base)}
    inside: Scalars = {base: k for base, k in term.scalars.items() if base not in outside}
    word = term.word
    if len(inside) == 1 and not word:
        ((base, k),) = inside.items()
        if k == 1 and base.op.name == "mul" and base.is_scalar:
            run = letters(base)
            if run[0][0].rows is ONE and run[-1][0].cols is ONE and not any(b.is_scalar for b, _ in run):
                word, inside = run, {}
    front = 0
    while front < len(word) and name not in indices(word[front][0]):
        front += 1
    back = len(word)
    while back > front and name not in indices(word[back - 1][0]):
        back -= 1
    middle = word[front:back]
    if term.coefficient == 1 and not outside and len(middle) == len(word):
        return summation(body, name, low, high)
    shape: Shape = (middle[0][0].rows, middle[-1][0].cols) if middle else (ONE, ONE)
    core = join(Term(1, inside, middle, shape))
    total = series(s, core, name, low, high)
    number = join(Term(term.coefficient, outside, (), (ONE, ONE)))
    inner = [*_factors(word[:front]), total, *_factors(word[back:])] if middle else [total, *_factors(word)]
    parts = [number, *inner]
    out = s.product(tuple(parts))
    s.fire("sum-of-multiples")
    return out


def _factors(word: Word) -> list[Expr]:
    return [join(Term(1, {}, (pair,), pair[0].shape)) for pair in word]


# ---- Kronecker deltas -----------------------------------------------------------------------------------------------
def _delta(e: Expr) -> tuple[Dim, Dim, Dim] | None:
    """i, j and N when the expression is e(i, N)[j]."""
    if e.op.name != "index" or e.args[0].op.name != "unit" or not e.is_scalar:
        return None
    (i, count), j = e.args[0].params, e.params[0]
    return i, j, count


def _holds(e: Expr, name: str) -> bool:
    """Does a Kronecker delta with the index occur in the expression, under its own sum?"""
    if name not in indices(e):
        return False
    for node in postorder(e):
        delta = _delta(node)
        if delta is not None and (name in delta[0].names) is not (name in delta[1].names):
            return True
    return False


def _solved(e: Expr, name: str, low: Dim, high: Dim) -> Dim | None:
    """The one value of an index at which a Kronecker delta is 1; None when it may lie outside of the sum."""
    delta = _delta(e)
    if delta is None:
        return None
    side, other, count = delta
    if name not in side.names:
        side, other = other, side
    shift = side - Dim.of(name)
    if name not in side.names or name in other.names or name in shift.names:
        return None
    value = other - shift  # and 1 <= other <= count
    below = surely_nonnegative(ONE - shift - low) or surely_nonnegative(value - low)
    above = surely_nonnegative(high - count + shift) or surely_nonnegative(high - value)
    return value if below and above else None


def _never(e: Expr, name: str, low: Dim, high: Dim) -> bool:
    """Is a Kronecker delta 0 for every value of the index?"""
    delta = _delta(e)
    if delta is None:
        return False
    side, other, _ = delta
    value = (other if name in side.names else side) - (side if name in side.names else other) + Dim.of(name)
    return name not in value.names and (surely_nonnegative(low - 1 - value) or surely_nonnegative(value - high - 1))


def _without_deltas(s: Simplifier, body: Expr, name: str, low: Dim, high: Dim) -> Expr | None:
    """The sum with the terms that hold a Kronecker delta done; None when there is none that can be done."""
    if not _holds(body, name):
        return None
    done: list[Expr] = []
    rest: list[Expr] = []
    for part in _apart(s, body, name):
        term = split(part)
        for base, k in term.scalars.items():
            value = _solved(base, name, low, high) if k > 0 else None
            if value is None and k > 0 and _never(base, name, low, high):
                done.append(zero(*body.shape))
                break
            if value is not None:
                others = {b: x for b, x in term.scalars.items() if b is not base}
                done.append(reindex(join(Term(term.coefficient, others, term.word, term.shape)), name, value))
                break
        else:
            rest.append(part)
    if not done:
        return None
    done = [e for e in done if not is_zero(e)]
    terms = [s.canonical(e) for e in done]
    if rest:
        terms.append(series(s, s.sum(rest, body.shape), name, low, high))
    out = s.sum(terms, body.shape) if terms else zero(*body.shape)
    s.fire("kronecker-delta")
    return out


def _apart(s: Simplifier, body: Expr, name: str) -> list[Expr]:
    """The terms of a body, with sums that hold a Kronecker delta multiplied out."""
    out: list[Expr] = []
    stack = [body]
    while stack:
        e = stack.pop()
        if len(out) + len(stack) > MOST_TERMS:
            return [body]
        opened = _opened(s, e, name) if _holds(e, name) else None
        if opened is None:
            out.append(e)
        else:
            stack.extend(reversed(opened))
    return out


def _opened(s: Simplifier, e: Expr, name: str) -> list[Expr] | None:
    """The terms of one factor that is a sum with a Kronecker delta in it, each with the other factors."""
    if e.op.name == "add":
        return list(e.args)
    if e.op.name in LINEAR:
        inner = _opened(s, e.args[0], name) if _holds(e.args[0], name) else None
        return None if inner is None else [s.apply(e.op.name, (t,), e.params) for t in inner]
    term = split(e)
    for base, k in term.scalars.items():
        if k == 1 and base is not e and _holds(base, name) and _delta(base) is None:
            inner = _opened(s, base, name)
            if inner is not None:
                others = {b: x for b, x in term.scalars.items() if b is not base}
                outside = join(Term(term.coefficient, others, term.word, term.shape))
                return [s.product((t, outside)) for t in inner]
    for at, (base, k) in enumerate(term.word):
        if k == 1 and base is not e and _holds(base, name):
            inner = _opened(s, base, name)
            if inner is not None:
                number = join(Term(term.coefficient, term.scalars, (), (ONE, ONE)))
                left, right = _factors(term.word[:at]), _factors(term.word[at + 1 :])
                return [s.product((number, *left, t, *right)) for t in inner]
    return None


# ---- transposes and powers ------------------------------------------------------------------------------------------
def transposed_series(s: Simplifier, e: Expr) -> Expr:
    """The transpose of a sum: of the terms where that is shorter."""
    inside = summation(s.transposed(e.args[0]), *e.params)
    outside = transpose(e)
    return inside if tree_size(inside) < tree_size(outside) else outside


def symbolic(s: Simplifier, A: Expr, k: Dim) -> Expr:
    """A^k of a simplified matrix with a symbolic k."""
    fixed = k.integer
    if fixed is not None and fixed >= 0:
        return s.apply("matrixpow", (A,), (fixed,)) if fixed > 1 else A if fixed else identity(A.rows)
    if A.op.name == "eye":
        return A
    proper = surely_nonnegative(k - 1)
    if proper and known(A, "idempotent"):
        s.fire("idempotent")
        return A
    if proper and A.op.name == "diag":
        return s.diagonal_matrix(s.apply("entrypow", (A.args[0], s.canonical(amount(k)))))
    if A.op.name == "sympow":
        return symbolic(s, A.args[0], A.params[0] * k)
    if A.op.name == "matrixpow":
        return symbolic(s, A.args[0], Dim.of(A.params[0]) * k)
    if proper and A.op.name == "mul":
        term = split(A)
        if term.coefficient != 1 or term.scalars:
            core = join(Term(1, {}, term.word, A.shape))
            number = join(Term(term.coefficient, term.scalars, (), (ONE, ONE)))
            return s.product((s.scalar_power(number, s.canonical(amount(k))), symbolic(s, core, k)))
    return make("sympow", (A,), (k,))


def merged(s: Simplifier, left: tuple[Expr, int], right: tuple[Expr, int]) -> tuple[Expr, int] | None:
    """Two neighbours of a word as one power, when one of them has a symbolic exponent."""
    if left[0].op.name != "sympow" and right[0].op.name != "sympow":
        return None
    (A, j), (B, k) = _root(left), _root(right)
    if A is not B or left[1] < 0 or right[1] < 0:
        return None
    s.fire("powers-merge")
    return symbolic_power(A, j + k), 1


def _root(letter: tuple[Expr, int]) -> tuple[Expr, Dim]:
    base, k = letter
    return (base.args[0], base.params[0] * k) if base.op.name == "sympow" else (base, Dim.of(1) * Fraction(k))


def still(s: Simplifier, M: Expr, x: Expr, B: Expr, i: Dim, j: Dim, count: Dim) -> Expr:
    """The member of a family that a variable may stand for: they are equal once the derivative has been taken."""
    return M
