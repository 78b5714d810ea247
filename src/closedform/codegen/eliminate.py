"""Elimination and duplication matrices as indexing.

Entry v of vech(A) is the entry of A in row b(v) and column a(v), where (a, b) are np.triu_indices.  A product with L(n)
therefore puts a(v) and b(v) in the place of a column and a row index, and its transpose fills those entries only.  The
duplication matrix is L(n)' and, off the diagonal, the same with rows and columns exchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from closedform.codegen.contract import Tensor, entries, only, permuted, tensor
from closedform.codegen.labels import Label, Labels, distinct
from closedform.codegen.network import Network, Operand, single
from closedform.codegen.program import Program, Value
from closedform.core.dim import ONE, Dim

WRITTEN_OUT = "elimination({n})"
"""The matrix L(n) as a value: what stands for it until indexing takes its place."""


class Triangle(NamedTuple):
    """The index v of a lower triangle where indices of the array that is filled are column or row indices of it: ``places``
    has each with 0 for a(v), 1 for b(v).  ``indices`` is the value of (a, b)."""

    entry: Label
    places: tuple[tuple[Label, int], ...]
    indices: Value


def triangle_indices(p: Program, n: Dim) -> Value:
    """The pair (a, b)."""
    return p.call("np.triu_indices({n})", (), (n * (n + 1) * Fraction(1, 2), ONE), n=n)


def elimination(p: Program, n: Dim) -> Network:
    """L(n), with its columns counted by (column, row) of the matrix."""
    if n is ONE:
        return single((ONE, ONE), (), ())
    half = n * (n + 1) * Fraction(1, 2)
    entry, column, row = Label(half), Label(n), Label(n)
    operand = Operand(p.call(WRITTEN_OUT, (), (half, n * n), n=n), (entry,), (column, row))
    return single((half, n * n), operand.rows, operand.cols, operand)


def duplication(p: Program, n: Dim) -> Network:
    """D(n): L(n)' and, off the diagonal, the same with row and column exchanged."""
    found = elimination(p, n)
    if n is ONE:
        return found
    t = found.terms[0]
    half = found.shape[0]
    below = t._replace(rows=t.cols, cols=t.rows)
    column, row = below.rows
    off = p.call("np.not_equal({0}[0], {0}[1]).astype(float)[:, None]", (triangle_indices(p, n),), (half, ONE))
    above = below._replace(rows=(row, column), operands=(*t.operands, Operand(off, t.rows, ())))
    return Network(found.shape[::-1], (below, above.renamed()))


def indexed(p: Program, operands: Sequence[Operand], axes: Labels) -> tuple[list[Tensor], Triangle | None, Dim]:
    """The arrays of a term with indexing in the place of elimination matrices, as far as that is possible.

    The triangle says where the term goes when row or column indices of a lower triangle are among ``axes``; the size counts
    the values of summed indices that no array has any more.
    """
    parts = [only(p, t, distinct(t.axes)) for t in (tensor(p, o) for o in operands)]
    links = [part for part, o in zip(parts, operands, strict=True) if _is_elimination(o)]
    links.sort(key=lambda link: -sum(x in axes for x in link.axes[1:]))
    triangle: Triangle | None = None
    repeats = ONE
    for link in links:
        if link not in parts or len(set(link.axes)) < 3:
            continue
        entry, column, row = link.axes
        outside = tuple((x, i) for i, x in enumerate((column, row)) if x in axes)
        if triangle is None:
            possible = len(outside) != 1 or entry in axes
        else:
            possible = triangle.entry not in (column, row) and (not outside or triangle.entry is entry)
        if not possible:
            continue
        parts.remove(link)
        indices = triangle_indices(p, row.dim)
        if outside:
            triangle = Triangle(entry, (triangle.places if triangle else ()) + outside, indices)
        parts = [_taken(p, part, entry, column, row, indices) for part in parts]
        kept = distinct(axes, (triangle.entry,) if triangle else (), *(part.axes for part in parts))
        if entry not in kept:
            repeats = repeats * entry.dim
    return parts, triangle, repeats


def _is_elimination(o: Operand) -> bool:
    whole = len(o.rows) == 1 and len(o.cols) == 2
    return whole and o.value.op == "call" and o.value.params[0] == WRITTEN_OUT and o.cols[0].dim is o.cols[1].dim


def _taken(p: Program, t: Tensor, entry: Label, column: Label, row: Label, indices: Value) -> Tensor:
    """The array at a(v) in the place of the column index and b(v) in that of the row index."""
    if column in t.axes and row in t.axes:
        rest = tuple(x for x in t.axes if x not in (column, row))
        first = permuted(p, t, (column, row, *rest))
        made = (entry, *rest)
        return Tensor(p.call("{0}[{1}]", (first.value, indices), entries(x.dim for x in made)), made)
    for place, x in enumerate((column, row)):
        if x in t.axes:
            made = tuple(entry if y is x else y for y in t.axes)
            shape = entries(y.dim for y in made)
            text = "np.take({0}, {1}[{place}], axis={axis})"
            return Tensor(p.call(text, (t.value, indices), shape, place=place, axis=t.axes.index(x)), made)
    return t
