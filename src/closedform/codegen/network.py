"""Matrices as sums of tensor networks: products of small arrays whose indices are tied to one another.

The matrix kron(A, B) is the network A[i, k]*B[j, l] with the rows counted by (i, j) and the columns by (k, l).  An
identity ties its row index to its column index and has no array, a commutation matrix swaps two indices, and
diag(vec(M)) is the array M with the same pair of indices for rows and columns.  None of them is ever written out.

Source: Penrose, Applications of negative dimensional tensors (1971); Magnus and Neudecker, Matrix Differential
Calculus, chapters 2 and 3, for the matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import NamedTuple

from closedform.codegen.labels import Labels, Wiring, distinct, labels, size
from closedform.codegen.program import SCALAR, Value
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Shape

Groups = tuple[Labels, ...]


class Operand(NamedTuple):
    """A matrix of the program with the indices that count its rows and its columns."""

    value: Value
    rows: Labels
    cols: Labels


class Term(NamedTuple):
    """A number times the sum, over the indices that are in neither ``rows`` nor ``cols``, of a product of arrays.

    ``repeats`` is the number of values of the summed indices that no array has.
    """

    coefficient: Fraction
    scales: tuple[Value, ...]
    repeats: Dim
    operands: tuple[Operand, ...]
    rows: Labels
    cols: Labels

    def resolved(self, w: Wiring) -> Term:
        operands = tuple(Operand(o.value, w.resolve(o.rows), w.resolve(o.cols)) for o in self.operands)
        return self._replace(operands=operands, rows=w.resolve(self.rows), cols=w.resolve(self.cols))

    def renamed(self) -> Term:
        """The term with indices of its own."""
        return self.resolved(Wiring(distinct(*self.held(), self.rows, self.cols)))

    def held(self) -> Iterable[Labels]:
        """The indices of the arrays."""
        for o in self.operands:
            yield o.rows
            yield o.cols

    def summed(self, gone: Labels) -> Term:
        """The term after indices left its rows and columns: those that no array has count as repeats."""
        kept = set(distinct(*self.held(), self.rows, self.cols))
        lost = [x.dim for x in distinct(gone) if x not in kept]
        return self._replace(repeats=size([self.repeats, *lost]))

    def times(self, coefficient: Fraction, scales: tuple[Value, ...]) -> Term:
        return self._replace(coefficient=self.coefficient * coefficient, scales=self.scales + scales)


class Network(NamedTuple):
    """A matrix as a sum of terms, whose rows may be factored differently."""

    shape: Shape
    terms: tuple[Term, ...]

    def times(self, coefficient: Fraction, scales: tuple[Value, ...] = ()) -> Network:
        return Network(self.shape, tuple(t.times(coefficient, scales) for t in self.terms)) if coefficient else zero(self.shape)


def zero(shape: Shape) -> Network:
    return Network(shape, ())


def single(shape: Shape, rows: Labels, cols: Labels, *operands: Operand) -> Network:
    return Network(shape, (Term(Fraction(1), (), ONE, operands, rows, cols),))


def matrix(value: Value, shape: Shape) -> Network:
    """A matrix of the program as it is."""
    if shape == SCALAR:
        return single(shape, (), ()).times(Fraction(1), (value,))
    if value.op == "neg":
        return matrix(value.args[0], shape).times(Fraction(-1))
    rows, cols = labels(shape[0]), labels(shape[1])
    operand = Operand(value.args[0], cols, rows) if value.op == "T" else Operand(value, rows, cols)
    return single(shape, rows, cols, operand)


def identity(n: Dim) -> Network:
    index = labels(n)
    return single((n, n), index, index)


def ones(shape: Shape) -> Network:
    return single(shape, labels(shape[0]), labels(shape[1]))


def commutation(m: Dim, n: Dim) -> Network:
    """K(m, n): vec(A), counted by (column, row), to vec(A')."""
    row, col = labels(m), labels(n)
    return single((m * n, m * n), row + col, col + row)


# ---- of one network -----------------------------------------------------------------------------------------------
def _each(a: Network, shape: Shape, change: Callable[[Term], Term | None]) -> Network | None:
    out = []
    for t in a.terms:
        changed = change(t)
        if changed is None:
            return None
        out.append(changed)
    return Network(shape, tuple(out))


def transpose(a: Network) -> Network:
    return Network(a.shape[::-1], tuple(t._replace(rows=t.cols, cols=t.rows) for t in a.terms))


def vec(a: Network) -> Network:
    shape = (a.shape[0] * a.shape[1], ONE)
    return Network(shape, tuple(t._replace(rows=t.cols + t.rows, cols=()) for t in a.terms))


def unvec(a: Network, rows: Dim, cols: Dim) -> Network | None:
    def change(t: Term) -> Term | None:
        row, col, w = labels(rows), labels(cols), Wiring()
        if not w.identify(t.rows + t.cols, col + row):
            return None
        return t._replace(rows=row, cols=col).resolved(w)

    return _each(a, (rows, cols), change)


def diagonal_matrix(a: Network) -> Network:
    return Network((a.shape[0], a.shape[0]), tuple(t._replace(cols=t.rows) for t in a.terms))


def _tied(a: Network, shape: Shape, kept: bool) -> Network | None:
    def change(t: Term) -> Term | None:
        w = Wiring()
        if not w.identify(t.rows, t.cols):
            return None
        tied = t.resolved(w)
        return tied._replace(rows=tied.rows if kept else (), cols=()).summed(tied.rows)

    return _each(a, shape, change)


def diagonal(a: Network) -> Network | None:
    return _tied(a, (a.shape[0], ONE), kept=True)


def trace(a: Network) -> Network | None:
    return _tied(a, SCALAR, kept=False)


def total(a: Network) -> Network:
    """The sum of all entries."""
    return Network(SCALAR, tuple(t._replace(rows=(), cols=()).summed(t.rows + t.cols) for t in a.terms))


# ---- of two networks ----------------------------------------------------------------------------------------------
def _pairs(a: Network, b: Network, shape: Shape, tied: Callable[[Term, Term], tuple[Groups, Labels, Labels]]) -> Network | None:
    """Every term of one with every term of the other; ``tied`` says which rows of indices become equal (in pairs) and
    which are the rows and the columns of the result."""
    out = []
    for s in a.terms:
        for other in b.terms:
            t = other.renamed()
            groups, rows, cols = tied(s, t)
            w = Wiring()
            if not all(w.identify(g, h) for g, h in zip(groups[::2], groups[1::2], strict=True)):
                return None
            both = Term(
                s.coefficient * t.coefficient, s.scales + t.scales, s.repeats * t.repeats, s.operands + t.operands, rows, cols
            )
            gone = tuple(x for g in groups for x in w.resolve(g))
            out.append(both.resolved(w).summed(gone))
    return Network(shape, tuple(out))


def product(a: Network, b: Network) -> Network | None:
    return _pairs(a, b, (a.shape[0], b.shape[1]), lambda s, t: ((s.cols, t.rows), s.rows, t.cols))


def hadamard(a: Network, b: Network) -> Network | None:
    return _pairs(a, b, a.shape, lambda s, t: ((s.rows, t.rows, s.cols, t.cols), s.rows, s.cols))


def kron(a: Network, b: Network) -> Network | None:
    shape = (a.shape[0] * b.shape[0], a.shape[1] * b.shape[1])
    return _pairs(a, b, shape, lambda s, t: ((), s.rows + t.rows, s.cols + t.cols))


def khatrirao(a: Network, b: Network) -> Network | None:
    shape = (a.shape[0] * b.shape[0], a.shape[1])
    return _pairs(a, b, shape, lambda s, t: ((s.cols, t.cols), s.rows + t.rows, s.cols))


def plus(a: Network, b: Network) -> Network:
    return Network(a.shape, a.terms + b.terms)
