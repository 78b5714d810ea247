"""Sums over samples as operations on whole arrays: the sum over i of x_i*x_i' is X'*X, with the x_i the rows of X.

A column (or a scalar) that changes with the index becomes the matrix whose i-th row it is.  A sum for which there is no
such form stays as it is, and becomes a loop.
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

from closedform.codegen.template import ENTRYWISE
from closedform.core.bound import indices, nesting
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, make
from closedform.core.op import f
from closedform.core.walk import postorder, rebuild
from closedform.ops.build import entry_power, negative, product, root, times, total, transpose
from closedform.rewrite.term import Rational, Scalars, Term, Word, join, letters, split

BY_ROWS = {"softmax": "softmax_rows", "logsumexp": "logsumexp_rows"}
"""Functions of a column, and what does the same for each row."""


class _NoForm(Exception):
    """There is no operation on whole arrays."""


def batched(e: Expr) -> Expr:
    """The expression with its sums over samples as operations on whole arrays, as far as that is possible.

    >>> from closedform.lang.read import parse
    >>> print(batched(parse("sum(i in 1..N, (x[i] - u)*(x[i] - u)')", "x[N]: p; u: p").expr))
    (x - ones(N)*u')'*(x - ones(N)*u')
    """
    if not nesting(e):
        return e
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        new = rebuild(node, tuple(done[a] for a in node.args))
        if new.op.name == "series":
            with suppress(_NoForm):
                new = _Batch(new).summed(new.args[0])
        done[node] = new
    return done[e]


class _Batch:
    """The terms of one sum side by side."""

    def __init__(self, e: Expr) -> None:
        self.name, self.low, self.high = e.params
        self.at = Dim.of(self.name)
        self.length = self.high - self.low + 1
        self._rows: dict[Expr, Expr] = {}
        if any(name in self.low.names | self.high.names for name in indices(e)):
            raise _NoForm  # a range that changes with another index

    def fixed(self, e: Expr) -> bool:
        return self.name not in indices(e)

    def ones(self) -> Expr:
        return f.ones(self.length, ONE)

    # ---- sums ---------------------------------------------------------------------------------------------------
    def summed(self, e: Expr) -> Expr:
        """The sum of a body over the index."""
        if e.op.name == "add" and not (e.is_column or e.rows is ONE):
            return total(*[self.summed(t) for t in e.args])
        if self.fixed(e):
            raise _NoForm
        if e.is_scalar:
            return f.sum(self.rows(e))
        if e.is_column:
            return self._column(e)
        if e.rows is ONE or e.op.name == "transpose":
            return transpose(self.summed(transpose(e)))
        return self._matrix(e)

    def _column(self, e: Expr) -> Expr:
        """The sum of columns, each with its own number before it: X'*s."""
        term = split(e)
        weights = {b: k for b, k in term.scalars.items() if not self.fixed(b)}
        if not weights or not term.word:
            return product(transpose(self.rows(e)), self.ones())
        rest = {b: k for b, k in term.scalars.items() if b not in weights}
        number = join(Term(term.coefficient, rest, (), (ONE, ONE)))
        return _scaled(number, product(transpose(self.rows(_side(term.word))), self._scalars(weights)))

    def _matrix(self, e: Expr) -> Expr:
        term = split(e)
        closed = {b: k for b, k in term.scalars.items() if self.fixed(b)}
        weights = {b: k for b, k in term.scalars.items() if b not in closed}
        number = join(Term(term.coefficient, closed, (), (ONE, ONE)))
        cut = next((k for k, (base, _) in enumerate(term.word, 1) if base.cols is ONE), 0)
        if cut:
            left = _side(term.word[:cut])
            right = transpose(_side(term.word[cut:]))
            return _scaled(number, product(transpose(self._weighted(weights, left)), self.rows(right)))
        moving = [k for k, (base, _) in enumerate(term.word) if not self.fixed(base)]
        if len(moving) == 1:
            k = moving[0]
            base, exponent = term.word[k]
            if base.op.name == "diag" and exponent == 1:
                core = f.diag(product(transpose(self._weighted(weights, base.args[0])), self.ones()))
                return _scaled(number, product(*_factors(term.word[:k]), core, *_factors(term.word[k + 1 :])))
        raise _NoForm

    def _weighted(self, weights: Scalars, e: Expr) -> Expr:
        """The rows of a column, each with its own number before it."""
        rows = self.rows(e)
        if not weights:
            return rows
        scale = self._scalars(weights)
        return times(scale if rows.cols is ONE else product(scale, f.ones(ONE, rows.cols)), rows)

    # ---- rows ---------------------------------------------------------------------------------------------------
    def rows(self, e: Expr) -> Expr:
        """The matrix whose rows are the values of a column (or scalar) for each value of the index."""
        found = self._rows.get(e)
        if found is None:
            found = self._rows[e] = self._repeated(e) if self.fixed(e) else self._made(e)
        return found

    def _repeated(self, e: Expr) -> Expr:
        if e.is_scalar:
            return product(e, self.ones())
        if e.op.name == "mul" and e.args[0].op.name == "number":
            return _scaled(e.args[0], product(self.ones(), transpose(product(*e.args[1:]))))
        return product(self.ones(), transpose(e))

    def _made(self, e: Expr) -> Expr:
        name = e.op.name
        if name in ("member", "index", "unit"):
            return self._picked(e)
        if name == "add":
            return total(*[self.rows(t) for t in e.args])
        if name == "mul":
            return self._product(e)
        if name == "named":
            return self.rows(e.args[0])
        if name in ENTRYWISE and all(a.is_column for a in e.args) and len({a.shape for a in e.args}) == 1:
            return make(name, tuple(self.rows(a) for a in e.args))
        if name == "hadamard" and e.is_column:
            return make(name, tuple(self.rows(a) for a in e.args))
        if name == "pow":
            return self._power(*e.args)
        if name == "entrypow" and e.args[0].is_column and e.args[1].is_scalar and self.fixed(e.args[1]):
            return entry_power(self.rows(e.args[0]), e.args[1])
        if name in BY_ROWS and e.args[0].is_column:
            return make(BY_ROWS[name], (self.rows(e.args[0]),))
        if name == "sum" and e.args[0].is_column:
            inside = self.rows(e.args[0])
            return product(inside, f.ones(inside.cols, ONE))
        if name == "norm2" and e.args[0].is_column:
            return root(self._squares(e.args[0]))
        raise _NoForm

    def _squares(self, e: Expr) -> Expr:
        inside = self.rows(e)
        return product(entry_power(inside, 2), f.ones(inside.cols, ONE))

    def _picked(self, e: Expr) -> Expr:
        """A member, an entry, a row or column of a matrix, a unit vector: rows of an array, from the first to the last."""
        if e.op.name == "unit":
            if not self.fixed_size(e.params[1]):
                raise _NoForm
            return self._part(f.eye(e.params[1]), e.params[0])
        inside = e.args[0]
        if e.op.name == "member":
            if inside.op.name != "family" or inside.params[3] > 1:
                raise _NoForm
            return self._part(inside, e.params[0])
        r, s, c, d = e.params
        if self.fixed(inside):
            if r is s and self.name in r.names and self.fixed_size(c, d) and (e.is_scalar or c is d):
                return self._part(f.index(inside, ONE, inside.rows, c, d), r)
            if c is d and self.name in c.names and self.fixed_size(r, s):
                return self._part(transpose(f.index(inside, r, s, ONE, inside.cols)), c)
        elif inside.is_column and self.fixed_size(r, s):
            rows = self.rows(inside)
            return f.index(rows, ONE, rows.rows, r, s)
        raise _NoForm

    def fixed_size(self, *dims: Dim) -> bool:
        return not any(self.name in d.names for d in dims)

    def _part(self, array: Expr, place: Dim) -> Expr:
        shift = place - self.at
        if self.name in shift.names:
            raise _NoForm
        first, last = self.low + shift, self.high + shift
        return array if first is ONE and last is array.rows else f.index(array, first, last, ONE, array.cols)

    # ---- products and powers ------------------------------------------------------------------------------------
    def _product(self, e: Expr) -> Expr:
        term = split(e)
        closed = {b: k for b, k in term.scalars.items() if self.fixed(b)}
        weights = {b: k for b, k in term.scalars.items() if b not in closed}
        number = join(Term(term.coefficient, closed, (), (ONE, ONE)))
        if not term.word:
            return _scaled(number, self._scalars(weights))
        *left, (last, exponent) = term.word
        if not last.is_column or exponent != 1:
            raise _NoForm
        out = self._weighted(weights, last)
        for base, k in reversed(left):
            factor = join(Term(1, {}, ((base, k),), base.shape))
            if self.fixed(base):
                out = product(out, transpose(factor))
            elif base.op.name == "diag" and k == 1:
                out = times(self.rows(base.args[0]), out)
            else:
                raise _NoForm
        return _scaled(number, out)

    def _scalars(self, scalars: Scalars) -> Expr:
        """The product of powers of scalars that change with the index, as a column."""
        parts = [self._scalar(base, k) for base, k in scalars.items()]
        out = parts[0]
        for part in parts[1:]:
            out = times(out, part)
        return out

    def _scalar(self, base: Expr, k: Rational) -> Expr:
        if base.op.name == "norm2" and base.args[0].is_column:
            if k < 0:
                raise _NoForm  # a vector over its own norm is 0 at 0
            squares = self._squares(base.args[0])
            return squares if k == 2 else entry_power(squares, Fraction(k) / 2)
        whole = self._word(base) if base.op.name == "mul" else self.rows(base)
        return whole if k == 1 else entry_power(whole, Fraction(k))

    def _word(self, base: Expr) -> Expr:
        """A product u'*M*v that is a number."""
        word = letters(base)
        if any(b.is_scalar for b, _ in word) or word[0][0].rows is not ONE or word[-1][0].cols is not ONE or len(word) < 2:
            return self.rows(base)
        (row, j), *middle, (column, k) = word
        if j != 1 or k != 1 or not all(self.fixed(b) for b, _ in middle):
            raise _NoForm
        inside = _factors(tuple(middle))
        if self.fixed(column):
            return product(self.rows(transpose(row)), *inside, column)
        if self.fixed(row):
            return product(self.rows(column), transpose(product(row, *inside)))
        left = product(self.rows(transpose(row)), *inside)
        right = self.rows(column)
        return product(times(left, right), f.ones(right.cols, ONE)) if right.cols is not ONE else times(left, right)

    def _power(self, base: Expr, exponent: Expr) -> Expr:
        if exponent.op.name == "number":
            return self._scalar(base, exponent.params[0])
        if self.fixed(exponent):
            return entry_power(self.rows(base), exponent)
        if self.fixed(base):
            return entry_power(base, self.rows(exponent))
        return entry_power(self.rows(base), self.rows(exponent))


def _scaled(number: Expr, e: Expr) -> Expr:
    if number.op.name == "number" and abs(number.params[0]) == 1:
        return e if number.params[0] == 1 else negative(e)
    return product(number, *(e.args if e.op.name == "mul" else (e,)))


def _factors(word: Word) -> list[Expr]:
    return [join(Term(1, {}, (pair,), pair[0].shape)) for pair in word]


def _side(word: Word) -> Expr:
    return join(Term(1, {}, tuple(word), (word[0][0].rows, word[-1][0].cols)))
