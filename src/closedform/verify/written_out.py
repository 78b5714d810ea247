"""Sums with an index, written term by term for an arithmetic that knows no sums."""

from __future__ import annotations

from collections.abc import Mapping

from closedform.core.bound import reindex
from closedform.core.dim import Dim
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, substitute

MOST_TERMS = 40
"""A sum with an index of more terms is not evaluated."""


class NoValue(ArithmeticError):
    """An operation has no value here: outside its domain, or none in this arithmetic."""


def written_out(e: Expr, sizes: Mapping[str, int]) -> Expr:
    """The expression with its sums with an index written term by term; NoValue of a long one.

    >>> from closedform.lang.read import parse
    >>> print(written_out(parse("sum(i in 1..n, t^i)", "t: scalar; n: scalar integer positive").expr, {"n": 2}))
    t^1 + t^2
    """
    while True:
        sums = [node for node in postorder(e) if node.op.name == "series"]
        if not sums:
            return e
        outer = sums[-1]  # in postorder an inner sum comes before the one around it
        name, low, high = outer.params
        span = range(low.value(sizes), high.value(sizes) + 1)
        if len(span) > MOST_TERMS:
            raise NoValue("a sum has many terms")
        terms = tuple(reindex(outer.args[0], name, Dim.of(i)) for i in span)
        whole = terms[0] if len(terms) == 1 else make("add", terms) if terms else make("zeros", (), outer.shape)
        e = substitute(e, {outer: whole})
