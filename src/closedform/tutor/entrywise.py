"""An expression by its entries: the (i, j)-th entry as a sum with indices.

An entry is a sum of terms; a term is a product of scalars and Kronecker deltas under sums over bound indices.  The rows of a
matrix like a Jacobian are counted by a pair of indices, the fast one first, where they are the stacked columns of a
matrix: that is how Kronecker products and commutation matrices disappear.
"""

from __future__ import annotations

from collections.abc import Iterator

from closedform.core.bound import amount, opened
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, make
from closedform.core.op import f
from closedform.core.walk import tree_size
from closedform.ops.build import power, root
from closedform.rewrite.engine import ENTRYWISE
from closedform.tutor.entry_terms import (
    Bound,
    NoEntries,
    Place,
    Term,
    assembled,
    bind,
    contracted,
    multiplied,
    parted,
    side,
    sides,
    summed,
    times,
)

LONGEST = 200
"""Expressions with more nodes than this are not written by entries."""


def entry(e: Expr, rows: Place = (), cols: Place = ()) -> Expr:
    """The entry of an expression at a place, as a scalar expression with sums; NoEntries where there is none.

    >>> from closedform.lang.read import parse
    >>> i = Dim.of("i")
    >>> print(entry(parse("A*x", "A: m n; x: n").expr, ((i, Dim.of("m")),)))
    sum(j in 1..n, A[i,j]*x[j])
    """
    if tree_size(e) > LONGEST:
        raise NoEntries("too long")
    return assembled(terms(e, rows, cols))


def places(e: Expr, letters: Iterator[str], split: tuple[tuple[Dim, ...], tuple[Dim, ...]]) -> tuple[Place, Place]:
    """A place for each side of an expression, with free letters; ``split`` is how its sides are counted."""
    row, col = ([(Dim.of(next(letters)), size) for size in sizes if size is not ONE] for sizes in split)
    return tuple(row), tuple(col)


def terms(e: Expr, rows: Place, cols: Place) -> list[Term]:
    """The terms of an entry."""
    name = e.op.name
    rule = RULES.get(name)
    if rule is not None:
        return rule(e, rows, cols)
    if name in ENTRYWISE:
        return [Term((make(name, (assembled(terms(e.args[0], rows, cols)),)),))]
    return [Term((at(e, rows, cols),))]


def at(e: Expr, rows: Place, cols: Place) -> Expr:
    """The entry of something that is not taken apart."""
    if len(rows) > 1 or len(cols) > 1:
        raise NoEntries(f"{e.op.word or e.op.name} is not counted by pairs of indices")
    if e.is_scalar:
        return e
    (i, _), (j, _) = (rows or ((ONE, ONE),))[0], (cols or ((ONE, ONE),))[0]
    return f.index(e, i, i, j, j)


# ---- one rule for each operation ------------------------------------------------------------------------------
def _add(e: Expr, rows: Place, cols: Place) -> list[Term]:
    return [t for a in e.args for t in terms(a, rows, cols)]


def _mul(e: Expr, rows: Place, cols: Place) -> list[Term]:
    """Scalars go with anything; runs of matrices that multiply to 1 x 1 are scalars too."""
    out: list[Term] = [Term(())]
    run: list[Expr] = []
    for g in e.args:
        if g.is_scalar:
            out = times(out, _whole(terms(g, (), ())))
            continue
        run.append(g)
        if run[0].rows is ONE and g.cols is ONE:
            inside = _chain(run, (), ())
            out, run = times(out, inside if run == list(e.args) else _whole(inside)), []
    return times(out, _chain(run, rows, cols)) if run else out


def _whole(parts: list[Term]) -> list[Term]:
    """A scalar factor as one factor, unless there are deltas in it."""
    return parts if any(t.deltas for t in parts) else [Term((assembled(parts),))]


def _chain(run: list[Expr], rows: Place, cols: Place) -> list[Term]:
    """An entry of a product of matrices: sums over the indices between the factors."""
    place = rows
    out: list[Term] = [Term(())]
    sums: Bound = ()
    for k, g in enumerate(run):
        after: Place = cols
        bound: Bound = ()
        if k + 1 < len(run):
            after, bound = bind(side(run[k + 1], 0) or side(g, 1) or (g.cols,))
        out = multiplied(out, terms(g, place, after))
        place, sums = after, sums + bound
    return summed(out, sums)


def _transpose(e: Expr, rows: Place, cols: Place) -> list[Term]:
    return terms(e.args[0], cols, rows)


def _hadamard(e: Expr, rows: Place, cols: Place) -> list[Term]:
    out: list[Term] = [Term(())]
    for g in e.args:
        out = times(out, terms(g, rows, cols))
    return out


def _entrypow(e: Expr, rows: Place, cols: Place) -> list[Term]:
    a, b = (assembled(terms(g, *((), ()) if g.is_scalar else (rows, cols))) for g in e.args)
    return [Term((power(a, b),))]


def _binary(e: Expr, rows: Place, cols: Place) -> list[Term]:
    a, b = (assembled(terms(g, *((), ()) if g.is_scalar else (rows, cols))) for g in e.args)
    return [Term((make(e.op.name, (a, b)),))]


def _pow(e: Expr, rows: Place, cols: Place) -> list[Term]:
    a, b = e.args
    if a.op.name == "norm2" and b.op.name == "number" and b.params[0] == 2:
        return _squares(a.args[0])
    return [Term((power(assembled(terms(a, (), ())), assembled(terms(b, (), ()))),))]


def _squares(A: Expr) -> list[Term]:
    (row, one), (col, two) = (bind(s) for s in sides(A))
    return [Term((power(assembled(terms(A, row, col)), 2),), (), one + two)]


def _norm2(e: Expr, rows: Place, cols: Place) -> list[Term]:
    return [Term((root(assembled(_squares(e.args[0]))),))]


def _trace(e: Expr, rows: Place, cols: Place) -> list[Term]:
    A = e.args[0]
    place, bound = bind(side(A, 0) or side(A, 1) or (A.rows,))
    return summed(terms(A, place, place), bound)


def _sum(e: Expr, rows: Place, cols: Place) -> list[Term]:
    A = e.args[0]
    (row, one), (col, two) = (bind(s) for s in sides(A))
    return summed(terms(A, row, col), one + two)


def _logsumexp(e: Expr, rows: Place, cols: Place) -> list[Term]:
    A = e.args[0]
    (row, one), (col, two) = (bind(s) for s in sides(A))
    inside = [Term((f.exp(assembled(terms(A, row, col))),), (), one + two)]
    return [Term((f.log(assembled(inside)),))]


def _eye(e: Expr, rows: Place, cols: Place) -> list[Term]:
    if [n for _, n in rows] != [n for _, n in cols]:
        raise NoEntries("the two sides of an identity are counted in different ways")
    return [contracted(Term((), tuple((i, j, n) for (i, n), (j, _) in zip(rows, cols, strict=True))))]


def _ones(e: Expr, rows: Place, cols: Place) -> list[Term]:
    return [Term(())]


def _zeros(e: Expr, rows: Place, cols: Place) -> list[Term]:
    return []


def _unit(e: Expr, rows: Place, cols: Place) -> list[Term]:
    if len(rows) > 1:
        raise NoEntries("a unit vector is not counted by pairs of indices")
    return [Term((), ((rows[0][0], e.params[0], e.rows),))] if rows else [Term(())]


def _diag(e: Expr, rows: Place, cols: Place) -> list[Term]:
    return times(_eye(e, rows, cols), terms(e.args[0], rows, ()))


def _diagonal(e: Expr, rows: Place, cols: Place) -> list[Term]:
    return terms(e.args[0], rows, rows)


def _vec(e: Expr, rows: Place, cols: Place) -> list[Term]:
    A = e.args[0]
    return terms(A, *parted(rows, A.rows))


def _unvec(e: Expr, rows: Place, cols: Place) -> list[Term]:
    return terms(e.args[0], rows + cols, ())


def _kron(e: Expr, rows: Place, cols: Place) -> list[Term]:
    A, B = e.args
    (fast, slow), (fast_col, slow_col) = parted(rows, B.rows), parted(cols, B.cols)
    return times(terms(A, slow, slow_col), terms(B, fast, fast_col))


def _khatrirao(e: Expr, rows: Place, cols: Place) -> list[Term]:
    A, B = e.args
    fast, slow = parted(rows, B.rows)
    return times(terms(A, slow, cols), terms(B, fast, cols))


def _commutation(e: Expr, rows: Place, cols: Place) -> list[Term]:
    m, n = e.params
    (a, b), (c, d) = parted(rows, n), parted(cols, m)
    return times(_eye(e, a, d), _eye(e, b, c))


def _index(e: Expr, rows: Place, cols: Place) -> list[Term]:
    A, (r, _, c, _) = e.args[0], e.params
    if len(rows) > 1 or len(cols) > 1:
        raise NoEntries("a slice is not counted by pairs of indices")
    return terms(A, _moved(rows, r, A.rows), _moved(cols, c, A.cols))


def _moved(place: Place, low: Dim, size: Dim) -> Place:
    """A place in a slice as one in what it is cut from."""
    if size is ONE:
        return ()
    return ((place[0][0] + low - 1 if place else low, size),)


def _matrixpow(e: Expr, rows: Place, cols: Place) -> list[Term]:
    k = e.params[0]
    if k > 3:
        return [Term((at(e, rows, cols),))]
    return _chain([e.args[0]] * k, rows, cols)


def _series(e: Expr, rows: Place, cols: Place) -> list[Term]:
    body, name = opened(e)
    return summed(terms(body, rows, cols), ((name, *e.params[1:]),))


def _named(e: Expr, rows: Place, cols: Place) -> list[Term]:
    return terms(e.args[0], rows, cols)


def _size(e: Expr, rows: Place, cols: Place) -> list[Term]:
    return [Term((amount(e.params[0]),))]


RULES = {
    "add": _add, "mul": _mul, "transpose": _transpose, "hadamard": _hadamard, "entrypow": _entrypow, "pow": _pow,
    "maximum": _binary, "minimum": _binary, "norm2": _norm2, "trace": _trace, "sum": _sum, "logsumexp": _logsumexp,
    "eye": _eye, "ones": _ones, "zeros": _zeros, "unit": _unit, "diag": _diag, "diagonal": _diagonal, "vec": _vec,
    "unvec": _unvec, "kron": _kron, "khatrirao": _khatrirao, "commutation": _commutation, "index": _index,
    "matrixpow": _matrixpow, "series": _series, "named": _named, "size": _size,
}  # fmt: skip
"""How an entry of each operation is written; every other one is written as an entry of itself."""
