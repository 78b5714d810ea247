"""Normal form of diagonals, of diagonal matrices, and of sums of unit vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from closedform.core.dim import ONE
from closedform.core.expr import Expr, Shape, make
from closedform.core.infer import known
from closedform.core.walk import tree_size
from closedform.ops.build import identity, num, zero
from closedform.rewrite.linear import blocks, core_of, over
from closedform.rewrite.term import Scalars, Term, factor, is_zero, join, split
from closedform.rewrite.words import flipped, word_key

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier


def diagonal_matrix(s: Simplifier, x: Expr) -> Expr:
    """diag of a simplified vector."""
    if x.is_scalar:
        return x
    if is_zero(x):
        return zero(x.rows, x.rows)
    shape = (x.rows, x.rows)
    if x.op.name == "add" and s.expand:
        return s.sum([diagonal_matrix(s, t) for t in x.args], shape)
    term = split(x)
    core = core_of(term, x.shape)
    if core.op.name == "ones":
        s.fire("diagonal-of-ones")
        return over(s, term, identity(x.rows), shape)
    if core.op.name == "diagonal" and known(core.args[0], "diagonal"):
        return over(s, term, core.args[0], shape)
    return over(s, term, make("diag", (core,)), shape)


def diagonal(s: Simplifier, A: Expr) -> Expr:
    """The diagonal of a simplified matrix as a vector."""
    if A.is_scalar:
        return A
    if is_zero(A):
        return zero(A.rows, ONE)
    if A.op.name == "add" and s.expand:
        return s.sum([diagonal(s, t) for t in A.args], (A.rows, ONE))
    term = split(A)
    core = core_of(term, A.shape)
    shape = (A.rows, ONE)
    if core.op.name == "eye":
        return over(s, term, make("ones", (), (A.rows, ONE)), shape)
    if core.op.name == "diag":
        return over(s, term, core.args[0], shape)
    if core.op.name in ("transpose", "tril", "triu"):
        return over(s, term, diagonal(s, core.args[0]), shape)
    if core.op.name == "mul":
        cuts = [i for i, (base, _) in enumerate(term.word, 1) if base.cols is ONE]
        if cuts and cuts[0] < len(term.word):
            s.fire("diagonal-of-outer-product")
            left, right = term.word[: cuts[0]], term.word[cuts[0] :]
            u = join(Term(1, {}, left, shape))
            v = s.transposed(join(Term(1, {}, right, (ONE, A.rows))))
            return over(s, term, s.entrywise_product((u, v), shape), shape)
        for at, (base, k) in enumerate(term.word):
            if base.op.name == "diag" and k == 1:
                s.fire("diagonal-of-scaled")
                n = identity(base.rows)
                before = join(Term(1, {}, term.word[:at], (A.rows, base.rows))) if at else n
                after = join(Term(1, {}, term.word[at + 1 :], (base.rows, A.cols))) if at + 1 < len(term.word) else n
                mask = s.entrywise_product((before, s.transposed(after)), before.shape)
                return over(s, term, s.product((mask, base.args[0])), shape)
        if len(term.word) == 2 and any(base.op.name in ("hadamard", "entrypow") for base, k in term.word if k == 1):
            A, B = (factor(*letter) for letter in term.word)
            masked = s.entrywise_product((A, s.transposed(B)), A.shape)
            if tree_size(masked) < tree_size(A):
                s.fire("diagonal-of-product")
                return over(s, term, s.product((masked, make("ones", (), (A.cols, ONE)))), shape)
        beside: Scalars = {}
        letters = list(term.word)
        sign, turned = flipped(s, letters, beside)
        if not beside and abs(sign) == 1 and word_key(s, turned) < word_key(s, letters):
            s.fire("diagonal-transpose")
            core = join(Term(1, {}, tuple(turned), A.shape))
            return over(s, Term(term.coefficient * sign, term.scalars, (), shape), make("diagonal", (core,)), shape)
    return over(s, term, make("diagonal", (core,)), shape)


def unit_sum(s: Simplifier, terms: list[Term], shape: Shape) -> Expr | None:
    """A sum of scalars times unit vectors of a whole length, as a column (or row) of entries; None when it is not one."""
    length = (shape[0] if shape[1] is ONE else shape[1]).integer
    if length is None or length > 64 or (shape[0] is not ONE and shape[1] is not ONE):
        return None
    entries: list[list[Expr]] = [[] for _ in range(length)]
    for t in terms:
        if len(t.word) != 1 or t.word[0][1] != 1:
            return None
        base = t.word[0][0]
        base = base.args[0] if base.op.name == "transpose" else base
        if base.op.name != "unit" or base.params[0].integer is None:
            return None
        entries[base.params[0].integer - 1].append(join(Term(t.coefficient, t.scalars, (), (ONE, ONE))))
    s.fire("entries")
    cells = tuple(s.sum(e, (ONE, ONE)) if e else num(0) for e in entries)
    return blocks(s, cells, (1,) * length if shape[1] is ONE else (length,), shape)
