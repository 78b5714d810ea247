"""Normal form of norms: constants outside, and no factor inside that does not change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.core.infer import known
from closedform.ops.build import identity, num
from closedform.rewrite.term import Scalars, Term, Word, is_zero, join, split
from closedform.rewrite.words import flipped, shortened

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier

LONGEST = 16
"""Words of more letters are not looked into."""


def norm2(s: Simplifier, A: Expr) -> Expr:
    """norm2 without a constant factor, a transpose or a rotation inside."""
    return _norm(s, "norm2", A)


def norm1(s: Simplifier, A: Expr) -> Expr:
    """norm1 without a constant factor or a transpose inside."""
    return _norm(s, "norm1", A)


def _norm(s: Simplifier, name: str, A: Expr) -> Expr:
    if A.op.name == "transpose":
        return _norm(s, name, A.args[0])
    if is_zero(A):
        return num(0)
    if name == "norm2" and A.op.name == "kron":
        s.fire("norm-of-kronecker")
        return s.product((_norm(s, name, A.args[0]), _norm(s, name, A.args[1])))
    term = split(A)
    word = _unrotated(s, term.word) if name == "norm2" else term.word
    outside: Scalars = {
        b: k for b, k in term.scalars.items() if known(b, "positive") or (b.op.name == "number" and b.params[0] > 0)
    }
    if word is not term.word:
        inside = join(Term(term.coefficient, term.scalars, word, (word[0][0].rows, word[-1][0].cols)))
        return _norm(s, name, inside)
    if (term.coefficient == 1 and not outside) or A.is_scalar:
        return make(name, (A,))
    s.fire("norm-of-multiple")
    rest = {b: k for b, k in term.scalars.items() if b not in outside}
    core = make(name, (join(Term(1, rest, term.word, A.shape)),))
    number = join(Term(-term.coefficient if term.coefficient < 0 else term.coefficient, outside, (), (ONE, ONE)))
    return s.product((number, core))


def _unrotated(s: Simplifier, word: Word) -> Word:
    """The word without orthonormal columns in front of it and without their transpose behind it."""
    kept = word
    while len(kept) > 1 and kept[0][1] == 1 and known(kept[0][0], "orthonormal"):
        kept = kept[1:]
    while len(kept) > 1 and kept[-1][1] == 1 and known(s.transposed(kept[-1][0]), "orthonormal"):
        kept = kept[:-1]
    if len(kept) < len(word):
        s.fire("norm-of-rotation")
        return kept
    return word


def squared(s: Simplifier, A: Expr) -> Expr | None:
    """norm2(A)^2 as the inner product x'*M*x or the trace of A'*A, where two factors make one there; else None."""
    term = split(A)
    if term.coefficient != 1 or term.scalars or not 0 < len(term.word) <= LONGEST:
        return None
    letters = list(term.word)
    scalars: Scalars = {}
    number, turned = flipped(s, letters, scalars)
    for row in (turned + letters, letters + turned):
        if row[0][0].rows is not row[-1][0].cols:
            continue
        factor, fewer = shortened(s, row, scalars)
        if scalars or factor != 1 or len(fewer) >= len(row) or any(abs(k) > 1 for _, k in fewer):
            continue
        s.fire("norm-of-factor")
        rows = row[0][0].rows
        inside = join(Term(number, {}, tuple(fewer), (rows, rows))) if fewer else identity(rows)
        return inside if inside.is_scalar else s.apply("trace", (inside,))
    return None
