"""Neighbours in a word that act on stacked columns: Kronecker and Khatri-Rao products and commutation matrices.

Source: Magnus and Neudecker, Matrix Differential Calculus, chapters 2 and 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.core.infer import known
from closedform.ops.build import identity

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier

STACKED = frozenset({"kron", "commutation", "khatrirao"})
"""Operations on stacked columns, with product rules of their own."""


def kronecker_pair(s: Simplifier, left: Expr, right: Expr) -> Expr | list[Expr] | None:
    """Two neighbours that act on stacked columns, merged: an expression, or letters; None when they stay as they are."""
    if left.op.name == "commutation" and right.op.name == "vec":
        inside = right.args[0]
        if left.params != (inside.rows, inside.cols):
            return None
        s.fire("commutation-vec")
        return s.apply("vec", (s.transposed(inside),))
    for turn, other in ((left, right), (right, left)):
        if turn.op.name == "commutation" and _is_diagonal_mask(other):
            s.fire("commutation-diagonal")
            return other
    rows = _row_sums(s, left, right)
    if rows is not None:
        return rows
    if right.op.name == "khatrirao" and left.op.name in ("kron", "commutation"):
        return _khatri_rao(s, left, right)
    if left.op.name == "transpose" and left.args[0].op.name == "khatrirao" and right.op.name in ("kron", "commutation"):
        mirrored = _khatri_rao(s, s.transposed(right), left.args[0])
        return [s.transposed(g) for g in mirrored] if mirrored else None
    if left.op.name not in ("kron", "commutation") or right.op.name not in ("kron", "commutation"):
        return _absorbed(s, left, right)
    if left.op.name == "commutation":
        if right.op.name == "commutation":
            if left.params == right.params[::-1]:
                s.fire("commutation-cancels")
                return []
            return None
        A, B = right.args
        if left.params == (B.rows, A.rows):  # K(p, m)*kron(A, B) = kron(B, A)*K(q, n)
            s.fire("commutation-kronecker")
            return [s.apply("kron", (B, A)), make("commutation", (), (B.cols, A.cols))]
        return None
    if right.op.name == "kron":
        (A, B), (C, D) = left.args, right.args
        if A.cols is C.rows and B.cols is D.rows:
            s.fire("kronecker-product")
            return s.apply("kron", (s.product((A, C)), s.product((B, D))))
    return None


def _row_sums(s: Simplifier, left: Expr, right: Expr) -> Expr | None:
    """kron(1', B)*diag(vec(M)) = B*khatrirao(M', I)' and kron(B, 1')*diag(vec(M)) = B*khatrirao(I, M)'; their transposes."""
    first = left.op.name == "kron" and right.op.name == "diag"
    if not first and not (left.op.name == "diag" and right.op.name == "kron"):
        return None
    stack, mask = (left, right) if first else (right, left)
    if mask.args[0].op.name != "vec":
        return None
    M = mask.args[0].args[0]
    along = 1 if first else 0
    A, B = stack.args
    if A.op.name == "ones" and A.shape[1 - along] is ONE and A.shape[along] is M.cols and B.shape[along] is M.rows:
        other, pair = B, (s.transposed(M), identity(M.rows))
    elif B.op.name == "ones" and B.shape[1 - along] is ONE and B.shape[along] is M.rows and A.shape[along] is M.cols:
        other, pair = A, (identity(M.cols), M)
    else:
        return None
    s.fire("row-sums")
    stacked_rows = s.apply("khatrirao", pair)
    return s.product((other, s.transposed(stacked_rows)) if first else (stacked_rows, other))


def _is_diagonal_mask(e: Expr) -> bool:
    """Is it diag(vec(D)) for a diagonal matrix D?"""
    return e.op.name == "diag" and e.args[0].op.name == "vec" and known(e.args[0].args[0], "diagonal")


def stacked(e: Expr) -> bool:
    return e.op.name in STACKED or (e.op.name == "transpose" and e.args[0].op.name == "khatrirao")


def _khatri_rao(s: Simplifier, left: Expr, right: Expr) -> list[Expr] | None:
    C, D = right.args
    if left.op.name == "commutation":
        if left.params != (D.rows, C.rows):
            return None
        pair = (D, C)
    else:
        A, B = left.args
        if A.cols is not C.rows or B.cols is not D.rows:
            return None
        pair = (s.product((A, C)), s.product((B, D)))
    s.fire("kronecker-khatri-rao")
    return [make("khatrirao", pair)]


def _absorbed(s: Simplifier, left: Expr, right: Expr) -> Expr | None:
    """L*kron(x', B) = kron(x', L*B) and its kin: beside a row or column a Kronecker product is a product."""
    if right.op.name == "kron":
        A, B = right.args
        pair = (A, s.product((left, B))) if A.rows is ONE else (s.product((left, A)), B) if B.rows is ONE else None
    elif left.op.name == "kron":
        A, B = left.args
        pair = (A, s.product((B, right))) if A.cols is ONE else (s.product((A, right)), B) if B.cols is ONE else None
    else:
        pair = None
    if pair is None:
        return None
    s.fire("kronecker-product")
    return s.apply("kron", pair)
