"""Proofs of equality, from the cheap to the dear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from closedform.core.errors import InputError
from closedform.core.expr import Expr
from closedform.core.walk import tree_size
from closedform.equality.completion import vanishes
from closedform.equality.determinants import Named, assumed
from closedform.equality.network import sums
from closedform.ops.build import minus
from closedform.rewrite.best import normal_form, shortest
from closedform.rewrite.order import Order, ranks
from closedform.rewrite.term import is_zero

LONGEST = 1500
"""Formulas with more nodes than this are not searched for a proof."""
LONGEST_SEARCH = 300


class Proof(NamedTuple):
    """How a proof goes: its stage, sentences, the rules used, and what it needs besides the formulas' own domains."""

    stage: str
    reasons: tuple[str, ...]
    rules: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


def prove(a: Expr, b: Expr) -> Proof | None:
    """The first proof of a = b that is found, or None.

    >>> from closedform.lang.read import parse
    >>> prove(*(parse(t, "A: n n; B: n n").expr for t in ("tr(A*B)", "tr(B*A)"))).stage
    'normal form'
    """
    if a is b:
        return Proof("normal form", ("both sides are the same expression",))
    if tree_size(a) + tree_size(b) > LONGEST:
        return None
    return next(_proofs(a, b), None)


def _proofs(a: Expr, b: Expr) -> Iterator[Proof]:
    order = Order(ranks(a, b))
    left, right = _normal(a, order), _normal(b, order)
    if left is right:
        yield Proof("normal form", ("both sides have the same normal form, " + _short(left),))
    difference = _normal(minus(left, right), order)
    if is_zero(difference):
        yield Proof("normal form", ("the difference has the normal form 0",))
    if tree_size(difference) > LONGEST_SEARCH:
        return
    if shortest(a, order).expr is shortest(b, order).expr:
        yield Proof("normal form", ("both sides simplify to the same expression",))
    named = Named(order)
    changed = named.rewritten(minus(a, b))
    if named.used:
        again = _normal(changed, order)
        if is_zero(again):
            yield Proof("named identity", tuple(named.used), tuple(named.used), assumed(named))
        yield from _networks(again, tuple(named.used), assumed(named))
    yield from _networks(difference, (), ())
    found = vanishes(difference)
    if found is not None:
        listed = ", ".join(_short(e) for e in found.inverses[:6])
        yield Proof(
            "completion",
            (
                f"the difference reduces to 0 by {found.relations} relations such as u*P = 1 for the inverses u of P, and "
                f"{found.consequences} consequences of theirs",
                f"the inverses are {listed}",
            ),
        )


def _networks(difference: Expr, rules: tuple[str, ...], conditions: tuple[str, ...]) -> Iterator[Proof]:
    if sums(difference) == {}:
        said = ("written as sums over indices, both sides have the same terms",)
        yield Proof("index network", (*rules, *said), rules, conditions)


def _normal(e: Expr, order: Order) -> Expr:
    """The normal form, or the expression where it would be too large."""
    try:
        return normal_form(e, order)
    except InputError:  # too many terms to multiply out
        return e


def _short(e: Expr) -> str:
    text = str(e)
    return text if len(text) <= 60 else text[:57] + "…"
