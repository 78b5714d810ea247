"""What a sum is divided by: cleared where something is multiplied with it, and shared by the terms that meet over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from closedform.core.expr import Expr
from closedform.core.limits import tick
from closedform.core.walk import tree_size
from closedform.rewrite.term import Rational, Scalars, Term, instead, multiply, split, split_scalar

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier


def cleared(s: Simplifier, scalars: Scalars) -> Rational:
    """(q/v + 1)*v as q + v, where that is no longer; the rational part comes back."""
    coefficient: Rational = 1
    for base in [b for b in scalars if b.op.name == "add"]:
        below = divisors(base)
        for v in [b for b in scalars if b in below and b is not base] if below else ():
            k = scalars.get(base, 0)
            if abs(k) != 1 or scalars[v] * k < 1:
                continue
            whole = s.sum([s.product((v, t)) for t in base.args], base.shape)
            if tree_size(whole) <= tree_size(base):
                s.fire("clear-denominator")
                multiply(scalars, base, -k)
                multiply(scalars, v, -k)
                coefficient *= split_scalar(whole, scalars, k)
    return coefficient


def divisors(e: Expr) -> frozenset[Expr]:
    """What the terms of a sum of scalars are divided by."""
    found: frozenset[Expr] | None = e.memo.get("divisors")
    if found is None:
        tick(1 + len(e.args))
        found = frozenset(base for t in e.args for base, k in split(t).scalars.items() if k <= -1)
        e.memo["divisors"] = found
    return found


def met(s: Simplifier, terms: list[Term]) -> list[Term]:
    """c/d - a*c/d^2 as b*c/d^2 where d = a + b: what is left of a fraction when a part of its denominator is taken off."""
    table: dict[Any, Term] = {t.key: t for t in terms}
    for u in terms:
        for base in [b for b, k in u.scalars.items() if k < 0 and b.op.name == "add" and len(b.args) == 2]:
            for part, other in (base.args, base.args[::-1]):
                new = _met(table, u, base, split(part), split(other))
                if new is not None:
                    t, whole = new
                    s.fire("common-denominator")
                    return met(s, instead(terms, (t, u), whole))
    return terms


def _met(table: dict[Any, Term], u: Term, base: Expr, part: Term, other: Term) -> tuple[Term, Term] | None:
    """The term t of a sum with u = -t*part/base, and t + u = t*other/base."""
    scalars = dict(u.scalars)
    multiply(scalars, base, 1)
    for b, k in part.scalars.items():
        multiply(scalars, b, -k)
    t = table.get((frozenset(scalars.items()), u.word))
    if t is None or t is u or t.coefficient * part.coefficient != -u.coefficient:
        return None
    left = dict(t.scalars)
    multiply(left, base, -1)
    for b, k in other.scalars.items():
        multiply(left, b, k)
    return t, Term(t.coefficient * other.coefficient, left, u.word, u.shape)
