"""Transposes pushed as far inside as they go, so that A + A' and P*Q*P' are seen to be symmetric however they are written.

The results are only compared with each other: they are never part of an answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import prod

from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.core.infer import facts
from closedform.core.walk import unsettled
from closedform.ops.build import num, product, transpose
from closedform.ops.elementwise import DECLARED

ALONG = frozenset({"inv", "pinv", "adj", "expm", "logm", "sqrtm", "matrixpow", "sympow", "kron", "hadamard", "entrypow",
                   "maximum", "minimum"})  # fmt: skip
"""Operations that commute with the transpose, besides the entrywise functions."""

ENTRYWISE = frozenset(str(row["name"]) for row in DECLARED)
SWAPPED = {"tril": "triu", "triu": "tril"}
LARGEST = 64
"""A sum or a product with more parts is not looked into."""


Pair = tuple[Expr, Expr]
"""An expression and its transpose, both with all transposes pushed inside."""


def turned(e: Expr) -> Expr:
    """The transpose of an expression with all transposes pushed inside.

    >>> from closedform.core.dim import Dim
    >>> from closedform.core.op import f
    >>> A, B = (f.symbol(name, Dim.of("n"), Dim.of("n"), 2, frozenset()) for name in "AB")
    >>> print(turned(f.mul(A, f.transpose(f.inv(B)))))
    inv(B)*A'
    """
    return _pair(e)[1]


def upright(e: Expr) -> Expr:
    """The expression itself with all transposes pushed inside."""
    return _pair(e)[0]


def self_transpose(terms: Sequence[Expr]) -> bool:
    """Is a sum of terms its own transpose, because the terms and their transposes are the same?"""
    parts = _terms(terms)
    return len(parts) <= LARGEST and Counter(map(turned, parts)) == Counter(map(upright, parts))


def middle(factors: Sequence[Expr]) -> tuple[Expr, ...] | None:
    """The M of a product P*M*P', scalars aside; nothing in the middle of P*P', and None when the product is neither."""
    whole = _product([upright(g) for g in factors])
    flat = [] if whole is None else [g for g in _parts(whole, "mul") if not g.is_scalar]
    half = len(flat) // 2
    if not flat or len(flat) > LARGEST or any(turned(flat[i]) is not flat[-1 - i] for i in range(half)):
        return None
    return (flat[half],) if len(flat) % 2 else ()


def _pair(e: Expr) -> Pair:
    for node in unsettled(e, _is_paired):
        node.memo["mirror"] = _paired(node, [a.memo["mirror"] for a in node.args])
    found: Pair = e.memo["mirror"]
    return found


def _is_paired(e: Expr) -> bool:
    return "mirror" in e.memo


def _paired(e: Expr, args: list[Pair]) -> Pair:
    name = e.op.name
    if e.is_scalar or _found_symmetric(e):
        return e, e
    if name == "transpose":
        return args[0][1], args[0][0]
    if name == "named":
        return args[0]
    if name in ("zeros", "ones"):
        return e, make(name, (), e.shape[::-1])
    if name == "add":
        return _sum([a[0] for a in args]) or e, _sum([a[1] for a in args]) or transpose(e)
    if name == "mul":
        factors = gathered(e.args)
        ahead = [g if g.is_scalar else g.memo["mirror"][0] for g in factors]
        back = [g if g.is_scalar else g.memo["mirror"][1] for g in factors]
        return _product(ahead) or e, _product(back, reverse=True) or transpose(e)
    if name in ALONG or name in ENTRYWISE:
        return make(name, tuple(a[0] for a in args), e.params), make(name, tuple(a[1] for a in args), e.params)
    if name in SWAPPED:
        return make(name, (args[0][0],)), make(SWAPPED[name], (args[0][1],))
    return e, transpose(e)


def _sum(terms: Sequence[Expr]) -> Expr | None:
    parts = tuple(part for t in terms for part in _parts(t, "add"))
    return make("add", parts) if len(parts) <= LARGEST else None


def _product(factors: Sequence[Expr], *, reverse: bool = False) -> Expr | None:
    """The product of scalars and of matrices in their order or the opposite one; None where it is not so simple.

    The numbers make one number, and a sum without other matrices beside it is multiplied out.
    """
    matrices = [g for g in factors if not g.is_scalar]
    parts = [part for g in (reversed(matrices) if reverse else matrices) for part in _parts(g, "mul")]
    inside = [g for g in parts if not g.is_scalar]
    if len(inside) > LARGEST or not _is_chain(inside):
        return None
    scalars = [*(g for g in factors if g.is_scalar), *(g for g in parts if g.is_scalar)]
    if len(inside) == 1 and inside[0].op.name == "add":
        return _sum([_scaled(scalars, (t,)) for t in inside[0].args])
    return _scaled(scalars, inside)


def _scaled(scalars: Sequence[Expr], factors: Sequence[Expr]) -> Expr:
    """The product of scalars, in an order that is always the same, and factors, with one number in front."""
    listed = [*sorted(scalars, key=id), *(part for g in factors for part in _parts(g, "mul"))]
    coefficient = prod((g.params[0] for g in listed if g.op.name == "number"), start=Fraction(1))
    rest = [g for g in listed if g.op.name != "number"]
    return product(*([] if coefficient == 1 and rest else [num(coefficient)]), *rest)


def _found_symmetric(e: Expr) -> bool:
    """Is it known, without looking further, to be symmetric?"""
    return e.op.name == "eye" or "symmetric" in (facts(e) if not e.args else e.memo.get("facts", ()))


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


def _is_chain(inside: Sequence[Expr]) -> bool:
    """Are matrices multiplied one with the next, none of the products before the end being a scalar?"""
    joined = all(a.cols is b.rows for a, b in pairwise(inside))
    return bool(inside) and joined and not any(inside[0].rows is ONE and g.cols is ONE for g in inside[:-1])


def _parts(e: Expr, name: str) -> tuple[Expr, ...]:
    return e.args if e.op.name == name else (e,)


def _terms(terms: Sequence[Expr]) -> list[Expr]:
    return [part for t in terms for part in _parts(upright(t), "add")]
