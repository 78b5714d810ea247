"""Products multiplied out and transposes pushed inside, so that A + A' and P*Q*P' are seen to be symmetric in any writing.

The results are only compared with each other: they are never part of an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from closedform.core.dim import ONE
from closedform.core.expr import Expr, Shape, make
from closedform.core.infer import facts
from closedform.core.walk import unsettled
from closedform.ops.build import num, product, transpose, zero
from closedform.ops.elementwise import DECLARED

ALONG = frozenset({"inv", "pinv", "adj", "expm", "logm", "sqrtm", "matrixpow", "sympow", "kron", "hadamard", "entrypow",
                   "maximum", "minimum"})  # fmt: skip
"""Operations that commute with the transpose, besides the entrywise functions."""

ENTRYWISE = frozenset(str(row["name"]) for row in DECLARED)
SWAPPED = {"tril": "triu", "triu": "tril"}
LARGEST = 64
"""A product of more factors, and what multiplies out to more terms, is not looked into."""
MULTIPLIED_OUT = 4
"""Powers up to this one are products."""

Pair = tuple[Expr, Expr]
"""An expression and its transpose, both multiplied out and with all transposes pushed inside."""

Terms = list[tuple[Fraction, tuple[Expr, ...]]]
"""A sum: of each term the number in front, and its scalars and matrices, the scalars first."""


def turned(e: Expr) -> Expr:
    """The transpose of an expression, multiplied out and with all transposes pushed inside.

    >>> from closedform.core.dim import Dim
    >>> from closedform.core.op import f
    >>> A, B = (f.symbol(name, Dim.of("n"), Dim.of("n"), 2, frozenset()) for name in "AB")
    >>> print(turned(f.mul(A, f.transpose(f.inv(B)))))
    inv(B)*A'
    """
    return _pair(e)[1]


def upright(e: Expr) -> Expr:
    """The expression itself, multiplied out and with all transposes pushed inside."""
    return _pair(e)[0]


def self_transpose(e: Expr) -> bool:
    """Is an expression its own transpose, because the terms and their transposes are the same?"""
    return turned(e) is upright(e)


def middle(factors: Sequence[Expr]) -> tuple[Expr, ...] | None:
    """The M of a product P*M*P', scalars aside; nothing in the middle of P*P', and None when the product is neither."""
    flat = [part for g in factors if not g.is_scalar for part in _letters(g) if not part.is_scalar]
    half = len(flat) // 2
    if not flat or len(flat) > LARGEST or any(turned(flat[i]) is not upright(flat[-1 - i]) for i in range(half)):
        return None
    return (flat[half],) if len(flat) % 2 else ()


def _letters(e: Expr) -> Sequence[Expr]:
    """The factors of a product, or of the transpose of one."""
    if e.op.name == "transpose" and e.args[0].op.name == "mul":
        inside = gathered(e.args[0].args)
        return [transpose(g) for g in reversed(inside)]
    return gathered(e.args) if e.op.name == "mul" else (e,)


def _pair(e: Expr) -> Pair:
    for node in unsettled(e, _is_paired):
        ahead, back = _paired(node, [a.memo["mirror"] for a in node.args])
        node.memo["mirror"] = (ahead, ahead if _found(node, "symmetric") else back)
    found: Pair = e.memo["mirror"]
    return found


def _is_paired(e: Expr) -> bool:
    return "mirror" in e.memo


def _paired(e: Expr, args: list[Pair]) -> Pair:
    name = e.op.name
    if e.is_scalar:
        return e, e
    if not args and _found(e, "skew"):
        return e, _sum([(Fraction(-1), (e,))], e.shape)
    if name == "transpose":
        return args[0][1], args[0][0]
    if name == "named":
        return args[0]
    if name == "zeros":
        return e, zero(e.cols, e.rows)
    if name == "ones":
        columns = {n: make("ones", (), (n, ONE)) for n in e.shape}
        return _outer(columns[e.rows], columns[e.cols]), _outer(columns[e.cols], columns[e.rows])
    if name == "add":
        return _added(e, [a[0] for a in args], e.shape), _added(transpose(e), [a[1] for a in args], e.shape[::-1])
    if name == "mul" or (name == "matrixpow" and e.params[0] <= MULTIPLIED_OUT):
        factors = gathered(e.args) if name == "mul" else list(e.args) * e.params[0]
        ahead = [g if g.is_scalar else _pair(g)[0] for g in factors]
        back = [g if g.is_scalar else _pair(g)[1] for g in reversed(factors)]
        return _multiplied(e, ahead, e.shape), _multiplied(transpose(e), back, e.shape[::-1])
    if name in ALONG or name in ENTRYWISE:
        return make(name, tuple(a[0] for a in args), e.params), make(name, tuple(a[1] for a in args), e.params)
    if name in SWAPPED:
        return _term_by_term(name, args[0][0]), _term_by_term(SWAPPED[name], args[0][1])
    return e, transpose(e)


def _outer(x: Expr, y: Expr) -> Expr:
    """x*y', one of them when the other has one entry."""
    rows = make("ones", (), (ONE, y.rows))
    return x if y.rows is ONE else rows if x.rows is ONE else product(x, rows)


def _added(e: Expr, terms: Sequence[Expr], shape: Shape) -> Expr:
    """The sum of the terms, or the expression as it stands where they are too many."""
    spread = [term for t in terms for term in _terms(t)]
    return _sum(spread, shape) if len(spread) <= LARGEST else e


def _multiplied(e: Expr, factors: Sequence[Expr], shape: Shape) -> Expr:
    """The product of scalars and matrices, or the expression as it stands where it is not so simple."""
    done: Terms = [(Fraction(1), ())]
    for g in factors:
        after = [(g.params[0], ())] if g.op.name == "number" else [(Fraction(1), (g,))] if g.is_scalar else _terms(g)
        done = [(c * d, (*left, *right)) for c, left in done for d, right in after]
        if len(done) > LARGEST or any(len(word) > LARGEST for _, word in done):
            return e
    return _sum(done, shape) if all(_is_chain(word) for _, word in done) else e


def _term_by_term(name: str, e: Expr) -> Expr:
    """An operation that is linear, of each term of a matrix that is multiplied out."""
    done: Terms = []
    for coefficient, word in _terms(e):
        scalars = [g for g in word if g.is_scalar]
        core = make(name, (product(*(g for g in word if not g.is_scalar)),))
        done.append((coefficient, (*scalars, core)))
    return _sum(done, e.shape)


def _terms(e: Expr) -> Terms:
    """The terms of a matrix that is multiplied out already."""
    out: Terms = []
    for t in e.args if e.op.name == "add" else (e,):
        word = t.args if t.op.name == "mul" else (t,)
        out.append((word[0].params[0], word[1:]) if word[0].op.name == "number" else (Fraction(1), word))
    return [] if e.op.name == "zeros" else out


def _sum(terms: Terms, shape: Shape) -> Expr:
    """The sum of terms, equal ones taken together, in an order that is always the same."""
    collected: dict[tuple[Expr, ...], Fraction] = {}
    for coefficient, word in terms:
        scalars = sorted((g for g in word if g.is_scalar), key=id)
        key = (*scalars, *(g for g in word if not g.is_scalar))
        collected[key] = collected.get(key, Fraction(0)) + coefficient
    parts = [product(*([] if c == 1 else [num(c)]), *word) for word, c in collected.items() if c]
    if len(parts) < 2:
        return parts[0] if parts else zero(*shape)
    return make("add", tuple(sorted(parts, key=id)))


def _found(e: Expr, fact: str) -> bool:
    """Is it known, without looking further, to be symmetric, or skew?"""
    return fact in (facts(e) if not e.args else e.memo.get("facts", ()))


def gathered(factors: Sequence[Expr]) -> list[Expr]:
    """The factors of a product, with those that make a scalar in front of other matrices as one factor.

    >>> from closedform.core.dim import Dim
    >>> from closedform.core.op import f
    >>> x = f.symbol("x", Dim.of("n"), ONE, 1, frozenset())
    >>> [str(g) for g in gathered([transpose(x), x, transpose(x)])]
    ["x'*x", "x'"]
    """
    last = max((at for at, g in enumerate(factors) if not g.is_scalar), default=0)
    out: list[Expr] = []
    run: list[Expr] = []
    for at, g in enumerate(factors):
        (out if g.is_scalar else run).append(g)
        if run and at < last and run[0].rows is ONE and run[-1].cols is ONE:
            out.append(product(*run))
            run = []
    return [*out, *run]


def _is_chain(word: Sequence[Expr]) -> bool:
    """Are the matrices of a word multiplied one with the next, none of the products before the end being a scalar?"""
    inside = [g for g in word if not g.is_scalar]
    joined = all(a.cols is b.rows for a, b in pairwise(inside))
    return bool(inside) and joined and not any(inside[0].rows is ONE and g.cols is ONE for g in inside[:-1])
