"""Sizes as numbers in formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, make
from closedform.ops.build import num
from closedform.rewrite.term import Scalars, Term, join, multiply

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier


def size_number(s: Simplifier, dim: Dim) -> Expr:
    """A size as a number: a polynomial in the named sizes."""
    if dim.undecided or (len(dim.terms) == 1 and len(dim.terms[0][0]) == 1 and dim.terms[0][1] == 1):
        return make("size", (), (dim,))
    parts = []
    for names, factor in dim.terms:
        scalars: Scalars = {}
        for name in names:
            multiply(scalars, make("size", (), (Dim.of(name),)), 1)
        parts.append(join(Term(factor, s.sorted_scalars(scalars), (), (ONE, ONE))))
    return parts[0] if len(parts) == 1 else s.sum(parts, (ONE, ONE)) if parts else num(0)
