"""Blocks of the inverse and the determinant of a 2 x 2 block matrix, by Schur complements.

Source: Horn and Johnson, Matrix Analysis (2013), section 0.8.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from closedform.core.dim import Dim
from closedform.core.expr import Expr
from closedform.core.infer import known

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier

FIRST = Dim.of(1)


def inverse_block(s: Simplifier, M: Expr, r: Dim, e: Dim, c: Dim, d: Dim) -> Expr | None:
    """The rows r..e and columns c..d of inv(M) for a 2 x 2 block matrix M, when they are one block of the partition and
    the block that is inverted on the way is known to be invertible; else None."""
    if M.op.name != "blocks" or M.params[0] != (2, 2):
        return None
    A, B, C, D = M.args
    if not A.is_square or not D.is_square:
        return None
    rows, cols = _half(r, e, A.rows, M.rows), _half(c, d, A.rows, M.rows)
    if rows is None or cols is None:
        return None
    if rows == cols:
        corner, other = (A, D) if rows == 0 else (D, A)
        left, right = (B, C) if rows == 0 else (C, B)
        if not known(other, "invertible"):
            return None
        s.fire("schur-complement")
        return _complement_inverse(s, corner, left, other, right)
    if rows == 0 and known(A, "invertible"):  # -inv(A)*B*inv(D - C*inv(A)*B)
        s.fire("schur-complement")
        return s.negated(s.product((s.apply("inv", (A,)), B, _complement_inverse(s, D, C, A, B))))
    if rows == 1 and known(A, "invertible"):  # -inv(D - C*inv(A)*B)*C*inv(A)
        s.fire("schur-complement")
        return s.negated(s.product((_complement_inverse(s, D, C, A, B), C, s.apply("inv", (A,)))))
    return None


def _half(low: Dim, high: Dim, first: Dim, whole: Dim) -> int | None:
    if low is FIRST and high is first:
        return 0
    return 1 if low is first + 1 and high is whole else None


def _complement_inverse(s: Simplifier, corner: Expr, left: Expr, other: Expr, right: Expr) -> Expr:
    """inv(corner - left*inv(other)*right)."""
    inside = s.product((left, s.apply("inv", (other,)), right))
    return s.apply("inv", (s.sum([corner, s.negated(inside)], corner.shape),))
