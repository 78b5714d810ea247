"""Normal form of what rearranges or adds up entries: transpose, trace, sums, diagonals, vec, entries, blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, Shape, make
from closedform.core.infer import known
from closedform.core.walk import tree_size
from closedform.ops.build import identity, num, transpose, zero
from closedform.rewrite.functions import traced
from closedform.rewrite.products import scalar_word
from closedform.rewrite.schur import inverse_block
from closedform.rewrite.series import transposed_series
from closedform.rewrite.sizes import size_number
from closedform.rewrite.term import HALF, Scalars, Term, is_zero, join, multiply, split
from closedform.rewrite.words import cancels, flipped, shortened, word_key

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier


def over(s: Simplifier, outside: Term, inner: Expr, shape: Shape) -> Expr:
    """The coefficient and scalars of a term times an expression."""
    if outside.coefficient == 1 and not outside.scalars:
        return inner
    return s.product((join(Term(outside.coefficient, outside.scalars, (), (ONE, ONE))), inner))


def core_of(term: Term, shape: Shape) -> Expr:
    return join(Term(1, {}, term.word, shape))


def transposed(s: Simplifier, A: Expr) -> Expr:
    """The transpose of a simplified expression, moved inside products."""
    if A.is_scalar:
        return A
    name = A.op.name
    if name == "transpose":
        return A.args[0]
    if known(A, "symmetric"):
        if name != "eye":
            s.fire("symmetric")
        return A
    if name == "mul":
        term = split(A)
        scalars: Scalars = dict(term.scalars)
        coefficient, letters = flipped(s, list(term.word), scalars)
        number, letters = shortened(s, letters, scalars)
        return join(Term(term.coefficient * coefficient * number, s.sorted_scalars(scalars), tuple(letters), (A.cols, A.rows)))
    if name in ("zeros", "ones"):
        return make(name, (), (A.cols, A.rows))
    if name in ("matrixpow", "sympow"):
        return s.apply(name, (s.transposed(A.args[0]),), A.params)
    if name == "series":
        return transposed_series(s, A)
    if name == "kron":
        return s.apply(name, (s.transposed(A.args[0]), s.transposed(A.args[1])))
    if name in ("tril", "triu"):
        return s.apply("triu" if name == "tril" else "tril", (s.transposed(A.args[0]),))
    if name == "blocks":
        return _turned_blocks(s, A)
    if name == "commutation":
        return make(name, (), (A.params[1], A.params[0]))
    if known(A, "skew") and name == "symbol":
        s.fire("skew")
        return s.negated(A)
    if name == "add":
        return s.sum([s.transposed(t) for t in A.args], (A.cols, A.rows))
    return transpose(A)


def trace(s: Simplifier, A: Expr) -> Expr:
    """The trace of a simplified matrix."""
    if is_zero(A):
        return num(0)
    if A.op.name == "add":
        return _of_terms(s, A, "trace", trace)
    term = split(A)
    scalars: Scalars = dict(term.scalars)
    coefficient, letters = shortened(s, list(term.word), scalars)
    side = A.rows  # of the identity that is left when everything cancels
    while len(letters) > 1 and cancels(s, letters[-1], letters[0]):
        s.fire("cyclic-trace")
        side = letters[-1][0].rows
        number, letters = shortened(s, [letters[-1], *letters[:-1]], scalars)
        coefficient *= number
    coefficient *= term.coefficient
    if not coefficient:
        return num(0)
    cuts = [i for i, (base, _) in enumerate(letters, 1) if base.cols is ONE]
    if cuts:
        s.fire("cyclic-trace")
        coefficient *= scalar_word(s, letters[cuts[0] :] + letters[: cuts[0]], scalars)
        return join(Term(coefficient, s.sorted_scalars(scalars), (), (ONE, ONE)))
    term = Term(coefficient, s.sorted_scalars(scalars), tuple(letters), A.shape)
    if not letters:
        return over(s, term, size_number(s, side), (ONE, ONE))
    if len(letters) == 1 and letters[0][1] == 1:
        base = letters[0][0]
        if base.op.name == "transpose":
            s.fire("trace-transpose")
            return over(s, term, trace(s, base.args[0]), (ONE, ONE))
        if base.op.name == "diag":
            return over(s, term, s.apply("sum", (base.args[0],)), (ONE, ONE))
        if base.op.name in ("dexpm", "dlogm"):
            return over(s, term, traced(s, base.op.name, *base.args), (ONE, ONE))
        if base.op.name == "add":
            return over(s, term, _of_terms(s, base, "trace", trace), (ONE, ONE))
        if base.op.name == "kron" and base.args[0].is_square and base.args[1].is_square:
            s.fire("trace-kronecker")
            return over(s, term, s.product((trace(s, base.args[0]), trace(s, base.args[1]))), (ONE, ONE))
    best = letters
    if 1 < len(letters) <= 12:
        scalars = {}
        sign, turned = flipped(s, letters, scalars)
        words = (letters, turned) if abs(sign) == 1 and not scalars else (letters,)
        options = [w[i:] + w[:i] for w in words for i in range(len(w))]
        best = min(options, key=lambda w: word_key(s, w))
        if best != letters:
            s.fire("cyclic-trace")
        if len(words) == 2 and best in options[len(letters) :] and best not in options[: len(letters)]:
            term.coefficient *= sign
    inside = join(Term(1, {}, tuple(best), (best[0][0].rows, best[-1][0].cols)))
    return over(s, term, make("trace", (inside,)), (ONE, ONE))


SHORT_SUM = 60
"""The trace and the sum of the entries of a sum with more nodes than this are not taken term by term."""


def _of_terms(s: Simplifier, A: Expr, name: str, functional: Callable[[Simplifier, Expr], Expr]) -> Expr:
    """A linear functional of a sum: term by term when products are multiplied out, or where that is shorter."""
    closed = make(name, (A,))
    if not s.expand and tree_size(A) > SHORT_SUM:
        return closed
    opened = s.sum([functional(s, t) for t in A.args], (ONE, ONE))
    simple = all(t.op.name in ("diag", "eye") for t in A.args)
    return opened if s.expand or simple or tree_size(opened) < tree_size(closed) else closed


def entry_sum(s: Simplifier, A: Expr) -> Expr:
    """The sum of the entries of a simplified matrix."""
    if A.is_scalar or is_zero(A):
        return A if A.is_scalar else num(0)
    if A.op.name == "add":
        return _of_terms(s, A, "sum", entry_sum)
    term = split(A)
    core = core_of(term, A.shape)
    name = core.op.name
    if name == "add":
        return over(s, term, entry_sum(s, core), (ONE, ONE))
    if name == "transpose":
        return over(s, term, entry_sum(s, core.args[0]), (ONE, ONE))
    if name == "ones":
        return over(s, term, s.product((size_number(s, A.rows), size_number(s, A.cols))), (ONE, ONE))
    if name == "eye":
        return over(s, term, size_number(s, A.rows), (ONE, ONE))
    if name == "unit":
        return over(s, term, num(1), (ONE, ONE))
    if name == "diag":
        return over(s, term, entry_sum(s, core.args[0]), (ONE, ONE))
    if name == "eigvalsh" and known(core.args[0], "symmetric"):
        s.fire("sum-of-spectrum")
        return over(s, term, s.apply("trace", (core.args[0],)), (ONE, ONE))
    if name == "svdvals":
        s.fire("sum-of-spectrum")
        return over(s, term, s.apply("normnuc", (core.args[0],)), (ONE, ONE))
    if name == "log":
        whole = _sum_of_logarithms(s, core.args[0])
        if whole is not None:
            return over(s, term, whole, (ONE, ONE))
    if name == "softmax":
        s.fire("softmax-sums-to-one")
        return over(s, term, num(1), (ONE, ONE))
    if known(core, "simplex") and core.is_column:
        s.fire("simplex-sums-to-one")
        return over(s, term, num(1), (ONE, ONE))
    if name == "hadamard" and len(core.args) == 2:
        a, b = core.args
        if core.is_column:
            s.fire("sum-of-product")
            return over(s, term, s.product((s.transposed(a), b)), (ONE, ONE))
    if name == "mul" and not core.is_column and core.rows is not ONE:
        cuts = [i for i, (base, _) in enumerate(term.word, 1) if base.cols is ONE]
        if cuts and cuts[0] < len(term.word):
            s.fire("sum-of-outer-product")
            left, right = term.word[: cuts[0]], term.word[cuts[0] :]
            halves = [join(Term(1, {}, w, (w[0][0].rows, w[-1][0].cols))) for w in (left, right)]
            return over(s, term, s.product((entry_sum(s, halves[0]), entry_sum(s, halves[1]))), (ONE, ONE))
    if name == "mul" and core.is_column and term.word[-1][0].op.name == "ones":
        inside = term.word[:-1]
        s.fire("ones-sum")
        return over(s, term, s.apply("sum", (join(Term(1, {}, inside, (inside[0][0].rows, inside[-1][0].cols))),)), (ONE, ONE))
    if name == "mul" and core.rows is ONE:
        core = s.transposed(core)
    return over(s, term, make("sum", (core,)), (ONE, ONE))


def triangle(s: Simplifier, name: str, A: Expr) -> Expr:
    """A triangle of a simplified matrix."""
    if is_zero(A) or (A.is_square and known(A, "lower" if name == "tril" else "upper")):
        return A
    if A.op.name == "add" and s.expand:
        return s.sum([triangle(s, name, t) for t in A.args], A.shape)
    if A.is_square and (A.op.name in ("tril", "triu") or known(A, "upper" if name == "tril" else "lower")):
        s.fire("triangle-of-triangle")
        return s.diagonal_matrix(s.apply("diagonal", (A,)))
    term = split(A)
    core = core_of(term, A.shape)
    if term.coefficient != 1 or term.scalars:
        return over(s, term, triangle(s, name, core), A.shape)
    return make(name, (A,))


def vec(s: Simplifier, A: Expr) -> Expr:
    """vec of a simplified matrix."""
    if A.is_column:
        return A
    if A.rows is ONE:
        return s.transposed(A)
    if is_zero(A):
        return zero(A.rows * A.cols, ONE)
    if A.op.name == "add" and s.expand:
        return s.sum([vec(s, t) for t in A.args], (A.rows * A.cols, ONE))
    term = split(A)
    core = core_of(term, A.shape)
    shape = (A.rows * A.cols, ONE)
    if core.op.name == "unvec":
        return over(s, term, core.args[0], shape)
    if core.op.name == "ones":
        return over(s, term, make("ones", (), shape), shape)
    cuts = [i for i, (base, _) in enumerate(term.word, 1) if base.cols is ONE]
    if cuts and cuts[0] < len(term.word):
        s.fire("vec-outer-product")
        left, right = term.word[: cuts[0]], term.word[cuts[0] :]
        u = join(Term(1, {}, left, (A.rows, ONE)))
        v = s.transposed(join(Term(1, {}, right, (ONE, A.cols))))
        return over(s, term, kron(s, v, u), shape)
    return over(s, term, make("vec", (core,)), shape)


def unvec(s: Simplifier, x: Expr, rows: Dim, cols: Dim) -> Expr:
    """unvec of a simplified vector."""
    if cols is ONE:
        return x
    if rows is ONE:
        return s.transposed(x)
    if is_zero(x):
        return zero(rows, cols)
    if x.op.name == "add":
        return s.sum([unvec(s, t, rows, cols) for t in x.args], (rows, cols))
    term = split(x)
    core = core_of(term, x.shape)
    if core.op.name == "vec" and core.args[0].shape == (rows, cols):
        return over(s, term, core.args[0], (rows, cols))
    if core.op.name == "ones":
        return over(s, term, make("ones", (), (rows, cols)), (rows, cols))
    return over(s, term, make("unvec", (core,), (rows, cols)), (rows, cols))


def kron(s: Simplifier, A: Expr, B: Expr) -> Expr:
    """The Kronecker product of simplified matrices."""
    shape = (A.rows * B.rows, A.cols * B.cols)
    if A.is_scalar or B.is_scalar:
        return s.product((A, B))
    if is_zero(A) or is_zero(B):
        return zero(*shape)
    if s.expand:
        for side, e in enumerate((A, B)):
            if e.op.name == "add":
                return s.sum([kron(s, t, B) if side == 0 else kron(s, A, t) for t in e.args], shape)
    a, b = split(A), split(B)
    scalars: Scalars = dict(a.scalars)
    for base, k in b.scalars.items():
        multiply(scalars, base, k)
    outside = Term(a.coefficient * b.coefficient, s.sorted_scalars(scalars), (), (ONE, ONE))
    left, right = core_of(a, A.shape), core_of(b, B.shape)
    if left.op.name == "eye" == right.op.name:
        return over(s, outside, identity(shape[0]), shape)
    if any(g.op.name == "commutation" and ONE in g.params for g in (left, right)):  # K(1, n) and K(n, 1) are identities
        left, right = (identity(g.rows) if g.op.name == "commutation" and ONE in g.params else g for g in (left, right))
        return over(s, outside, kron(s, left, right), shape)
    return over(s, outside, make("kron", (left, right)), shape)


def index(s: Simplifier, A: Expr, r: Dim, e: Dim, c: Dim, d: Dim) -> Expr:
    """Entries of a simplified matrix."""
    shape = (e - r + 1, d - c + 1)
    if is_zero(A):
        return zero(*shape)
    first = Dim.of(1)
    if r is first and c is first and e is A.rows and d is A.cols:
        return A
    name = A.op.name
    if name == "ones":
        return num(1) if shape[0] is ONE and shape[1] is ONE else make("ones", (), shape)
    if name == "transpose":
        return s.transposed(index(s, A.args[0], c, d, r, e))
    if name == "index":
        r0, _, c0, _ = A.params
        return index(s, A.args[0], r0 + r - 1, r0 + e - 1, c0 + c - 1, c0 + d - 1)
    if name in ("eye", "unit") and all(k.integer is not None for k in (r, e, c, d)) and r is e and c is d:
        hot = r is c if name == "eye" else r is A.params[0]
        if hot or name == "eye" or A.params[0].integer is not None:
            return num(1 if hot else 0)
    if name == "add" and s.expand:
        return s.sum([index(s, t, r, e, c, d) for t in A.args], shape)
    if name == "mul":
        term = split(A)
        if term.coefficient != 1 or term.scalars:
            return over(s, term, index(s, core_of(term, A.shape), r, e, c, d), shape)
    if name == "inv":
        found = inverse_block(s, A.args[0], r, e, c, d)
        if found is not None:
            return found
    if name == "blocks":
        cell = _cell(A, r, e, c, d)
        if cell is not None:
            return index(s, *cell)
    return make("index", (A,), (r, e, c, d))


def _cell(A: Expr, r: Dim, e: Dim, c: Dim, d: Dim) -> tuple[Expr, Dim, Dim, Dim, Dim] | None:
    """The block that holds the entries, with the entries counted in it; None when that is not certain."""
    at, top = 0, Dim.of(0)
    for count in A.params[0]:
        row = A.args[at : at + count]
        height = row[0].rows
        if _within(r, e, top, height):
            left = Dim.of(0)
            for cell in row:
                if _within(c, d, left, cell.cols):
                    return cell, r - top, e - top, c - left, d - left
                left = left + cell.cols
        at, top = at + count, top + height
    return None


def _within(low: Dim, high: Dim, start: Dim, length: Dim) -> bool:
    before, after = (low - start).integer, (start + length - high).integer
    return before is not None and before >= 1 and after is not None and after >= 0


def blocks(s: Simplifier, cells: tuple[Expr, ...], layout: tuple[int, ...], shape: Shape) -> Expr:
    """A matrix of simplified blocks."""
    if len(cells) == 1:
        return cells[0]
    if all(is_zero(cell) for cell in cells):
        return zero(*shape)
    cells, layout = _opened_rows(cells, layout)
    return make("blocks", cells, (layout,))


def _sum_of_logarithms(s: Simplifier, x: Expr) -> Expr | None:
    """sum(log(x)) for the eigenvalues of a symmetric matrix, or for the diagonal of a Cholesky factor."""
    if x.op.name == "eigvalsh" and known(x.args[0], "symmetric"):
        s.fire("sum-of-logarithms")
        return s.apply("logdet", x.args)
    if x.op.name == "diagonal" and x.args[0].op.name == "chol":
        s.fire("sum-of-logarithms")
        return s.product((num(HALF), s.apply("logdet", x.args[0].args)))
    return None


def _turned_blocks(s: Simplifier, A: Expr) -> Expr:
    layout = A.params[0]
    if len(set(layout)) != 1:
        return transpose(A)
    wide = layout[0]
    if any(A.args[i * wide + j].cols is not A.args[j].cols for i in range(len(layout)) for j in range(wide)):
        return transpose(A)  # its rows are cut at different columns
    turned = [s.transposed(A.args[i * wide + j]) for j in range(wide) for i in range(len(layout))]
    return make("blocks", tuple(turned), ((len(layout),) * wide,))


def _opened_rows(cells: tuple[Expr, ...], layout: tuple[int, ...]) -> tuple[tuple[Expr, ...], tuple[int, ...]]:
    """Rows that are one block of one row (or one column of one block) opened into their cells."""
    if set(layout) == {1}:
        opened: list[Expr] = []
        counts: list[int] = []
        for cell in cells:
            opened.extend(cell.args if cell.op.name == "blocks" else (cell,))
            counts.extend(cell.params[0] if cell.op.name == "blocks" else (1,))
        return tuple(opened), tuple(counts)
    if len(layout) == 1 and all(c.op.name != "blocks" or len(c.params[0]) == 1 for c in cells):
        opened = [part for c in cells for part in (c.args if c.op.name == "blocks" else (c,))]
        return tuple(opened), (len(opened),)
    return cells, layout
