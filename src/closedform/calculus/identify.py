"""Reading the Jacobian off a differential: the J with vec(dF) = J*vec(dX).

The differential is an expression that is linear in the direction dX.  It is read from the outside in; a vector-valued
function of a vector needs no Kronecker product, and one appears only where a matrix is left on either side.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from closedform.calculus.equations import MATRICES
from closedform.calculus.forward import RULE
from closedform.calculus.reverse import pull_back
from closedform.core.bound import opened, summation
from closedform.core.dim import ONE, Dim
from closedform.core.errors import Refusal
from closedform.core.expr import Expr, make
from closedform.core.limits import tick
from closedform.core.op import f
from closedform.core.walk import postorder, unsettled
from closedform.ops.build import identity, num, product, times, total, transpose
from closedform.ops.kronecker import interleaving
from closedform.rewrite.engine import Simplifier
from closedform.rewrite.term import Term, join, split

DEEP = 200
"""Differentials with more nodes than this may be deep."""


def summed(e: Expr, read: Callable[[Expr], Expr]) -> Expr:
    """What is read off each term of a sum with an index, added up."""
    body, name = opened(e)
    return summation(read(body), name, *e.params[1:])


class Reader:
    """Reads Jacobians of expressions in normal form that are linear in one leaf."""

    def __init__(self, simplifier: Simplifier, leaf: Expr) -> None:
        self.s = simplifier
        self.leaf = leaf
        self.length: Dim = leaf.rows * leaf.cols
        self._read: dict[Expr, Expr] = {}
        self._active: set[Expr] = {leaf}
        self._seen: set[Expr] = set()

    def moves(self, e: Expr) -> bool:
        """Does the leaf occur in the expression?"""
        if e not in self._seen:
            for node in unsettled(e, self._seen.__contains__):
                self._seen.add(node)
                if any(a in self._active for a in node.args):
                    self._active.add(node)
        return e in self._active

    def whole(self, e: Expr) -> Expr:
        """The J with vec(e) = J*vec(leaf) of a whole differential; of a deep one the columns in it are read first."""
        nodes = postorder(e)
        if len(nodes) > DEEP:
            for node in nodes:
                if node.is_column and not node.is_scalar and self.moves(node):
                    with suppress(Refusal):  # it may not be needed by itself
                        self.jacobian(node)
        return self.jacobian(e)

    def jacobian(self, e: Expr) -> Expr:
        """The J with vec(e) = J*vec(leaf)."""
        found = self._read.get(e)
        if found is None:
            tick(RULE + len(e.args))
            found = self._read[e] = self._jacobian(e)
        return found

    def _jacobian(self, e: Expr) -> Expr:
        name = e.op.name
        if not self.moves(e):
            return make("zeros", (), (e.rows * e.cols, self.length))
        if e is self.leaf:
            return identity(self.length)
        if e.is_scalar and name not in ("index", "mul"):
            return self.row(e)
        if name == "add":
            return total(*[self.jacobian(t) for t in e.args if self.moves(t)])
        if name == "mul":
            return self._product(e)
        if name == "series":
            return summed(e, self.jacobian)
        if name == "transpose":
            inside = e.args[0]
            if inside.rows is ONE or inside.cols is ONE:
                return self.jacobian(inside)
            return product(f.commutation(inside.rows, inside.cols), self.jacobian(inside))
        if name == "hadamard":
            moving, mask = self._masked(e)
            return product(f.diag(_vec(mask)), self.jacobian(moving))
        if name in ("vec", "unvec", "named"):
            return self.jacobian(e.args[0])
        if name == "diag":
            n = identity(e.rows)
            return product(f.khatrirao(n, n), self.jacobian(e.args[0]))
        if name == "diagonal":
            return self._diagonal(e.args[0])
        if name in ("tril", "triu"):
            mask = make(name, (f.ones(e.rows, e.cols),))
            return product(f.diag(_vec(mask)), self.jacobian(e.args[0]))
        if name == "index":
            return self._entries(e)
        if name == "blocks":
            return self._blocks(e)
        if name == "kron":
            return self._kronecker(e)
        if name == "khatrirao":  # kron(A, 1).*kron(1, B), of which one side moves
            A, B = e.args
            parts = (f.kron(A, f.ones(B.rows, ONE)), f.kron(f.ones(A.rows, ONE), B))
            at = 0 if self.moves(A) else 1
            return product(f.diag(_vec(parts[1 - at])), self.jacobian(parts[at]))
        if name in MATRICES and not any(self.moves(a) for a in e.args[:-1]):
            return product(MATRICES[name](*e.args), self.jacobian(e.args[-1]))
        raise Refusal(
            f"{e.op.word or name}: the Jacobian through it has no form in the words of this version (it stands at {_brief(e)})"
        )

    def row(self, e: Expr) -> Expr:
        """The Jacobian of a scalar: its gradient, stacked, as a row."""
        return transpose(_vec(pull_back(e, self.leaf, num(1))))

    def _product(self, e: Expr) -> Expr:
        term = split(e)
        for base, k in term.scalars.items():
            if self.moves(base):
                rest = dict(term.scalars)
                del rest[base]
                if k != 1:
                    raise Refusal(f"^: a differential is not linear at {_brief(e)}")
                outside = join(Term(term.coefficient, rest, term.word, e.shape if not e.is_scalar else (ONE, ONE)))
                return product(_vec(outside), self.row(base))
        outside = join(Term(term.coefficient, term.scalars, (), (ONE, ONE)))
        at = next(i for i, (base, _) in enumerate(term.word) if self.moves(base))
        core = self._word(list(term.word), at, e)
        return core if outside.op.name == "number" and outside.params[0] == 1 else product(outside, core)

    def _word(self, word: list[tuple[Expr, int]], at: int, e: Expr) -> Expr:
        moving = word[at][0]
        left = [_letter(p) for p in word[:at]]
        right = [_letter(p) for p in word[at + 1 :]]
        if moving.cols is not ONE and moving.rows is not ONE:
            if e.is_column:
                return _times(left, self.applied(moving, _chain(right)))
            if e.rows is ONE:
                return self.jacobian(self.s.transposed(join(Term(1, {}, tuple(word), e.shape))))
        elif not right and moving.is_column:
            return _times(left, self.jacobian(moving))
        elif not left and moving.rows is ONE:
            return product(*reversed([transpose(g) for g in right]), self.jacobian(moving))
        a = _chain(left) if left else identity(moving.rows)
        b = transpose(_chain(right)) if right else identity(moving.cols)
        inner = self.jacobian(moving)
        if a.op.name == "eye" and b.op.name == "eye":
            return inner
        return product(f.kron(b, a), inner)

    def applied(self, E: Expr, v: Expr) -> Expr:
        """The Jacobian of E*v for a matrix E that moves and a column v that does not."""
        name = E.op.name
        if name == "series":
            return summed(E, partial(self.applied, v=v))
        if name == "add":
            return total(*[self.applied(t, v) for t in E.args if self.moves(t)])
        if name == "diag":
            return product(f.diag(v), self.jacobian(E.args[0]))
        if name == "mul":
            return self._applied_product(E, v)
        if name == "transpose":
            inner = E.args[0]
            if inner.op.name in ("add", "hadamard"):
                turned = tuple(self.s.transposed(t) for t in inner.args)
                return self.applied(make(inner.op.name, turned), v)
            return product(f.kron(identity(E.rows), transpose(v)), self.jacobian(inner))
        if name == "hadamard":
            moving, mask = self._masked(E)
            inside = self._diagonal_inside(moving)
            if inside is not None:  # (M.*(L*diag(u)*R))*v = ((M*diag(v)*R').*L)*u
                left, u, right = inside
                return product(times(product(mask, f.diag(v), transpose(right)), left), self.jacobian(u))
        return product(f.kron(transpose(v), identity(E.rows)), self.jacobian(E))

    def _applied_product(self, E: Expr, v: Expr) -> Expr:
        term = split(E)
        outside = join(Term(term.coefficient, term.scalars, (), (ONE, ONE)))
        if self.moves(outside):
            return self.jacobian(self.s.product((E, v)))
        at = next(i for i, (base, _) in enumerate(term.word) if self.moves(base))
        left = [outside, *[_letter(p) for p in term.word[:at]]]
        moving = term.word[at][0]
        right = [_letter(p) for p in term.word[at + 1 :]]
        w = product(_chain(right), v) if right else v
        if moving.is_column:
            return product(w, *left, self.jacobian(moving))
        if moving.rows is ONE:
            return product(*left, transpose(w), self.jacobian(moving))
        return product(*left, self.applied(moving, self.s.canonical(w)))

    def _diagonal_inside(self, e: Expr) -> tuple[Expr, Expr, Expr] | None:
        """L, u, R when the expression is L*diag(u)*R with only u moving."""
        if e.op.name == "diag":
            return identity(e.rows), e.args[0], identity(e.rows)
        if e.op.name != "mul":
            return None
        term = split(e)
        if any(self.moves(base) for base in term.scalars):
            return None
        at = next(i for i, (base, _) in enumerate(term.word) if self.moves(base))
        if term.word[at][0].op.name != "diag":
            return None
        outside = join(Term(term.coefficient, term.scalars, (), (ONE, ONE)))
        left = [_letter(p) for p in term.word[:at]] or [identity(e.rows)]
        right = [_letter(p) for p in term.word[at + 1 :]] or [identity(e.cols)]
        return product(outside, *left), term.word[at][0].args[0], _chain(right)

    def _diagonal(self, A: Expr) -> Expr:
        inside = self._diagonal_inside(A)
        if inside is not None:  # diag(L*diag(u)*R) = (L.*R')*u
            left, u, right = inside
            return product(times(left, transpose(right)), self.jacobian(u))
        n = identity(A.rows)
        return product(transpose(f.khatrirao(n, n)), self.jacobian(A))

    def _masked(self, e: Expr) -> tuple[Expr, Expr]:
        """The factor of an entrywise product that moves, and the product of the others."""
        moving = next(g for g in e.args if self.moves(g))
        rest = [g for g in e.args if g is not moving]
        mask = rest[0]
        for g in rest[1:]:
            mask = times(mask, g)
        return moving, mask

    def _entries(self, e: Expr) -> Expr:
        inside = e.args[0]
        r, s, c, d = e.params
        if inside.is_column:
            return f.index(self.jacobian(inside), r, s, Dim.of(1), self.length)
        if inside.rows is ONE:
            return f.index(self.jacobian(inside), c, d, Dim.of(1), self.length)
        if e.is_scalar:
            return self.row(e)
        rows, cols = transpose(placing(r, s, inside.rows)), transpose(placing(c, d, inside.cols))
        return product(f.kron(cols, rows), self.jacobian(inside))

    def _blocks(self, e: Expr) -> Expr:
        if e.is_column or e.rows is ONE:
            cells = tuple(self.jacobian(c) for c in e.args)
            return f.blocks(*cells, (1,) * len(cells))
        parts, at, top = [], 0, Dim.of(0)
        for count in e.params[0]:
            left = Dim.of(0)
            for cell in e.args[at : at + count]:
                if self.moves(cell):
                    rows = placing(top + 1, top + cell.rows, e.rows)
                    cols = placing(left + 1, left + cell.cols, e.cols)
                    parts.append(product(f.kron(cols, rows), self.jacobian(cell)))
                left = left + cell.cols
            at, top = at + count, top + e.args[at].rows
        return total(*parts)

    def _kronecker(self, e: Expr) -> Expr:
        A, B = e.args
        order = interleaving(A, B)
        if self.moves(A):
            return product(order, f.kron(identity(A.rows * A.cols), _vec(B)), self.jacobian(A))
        return product(order, f.kron(_vec(A), identity(B.rows * B.cols)), self.jacobian(B))


def placing(low: Dim, high: Dim, count: Dim) -> Expr:
    """The columns low..high of the identity of a size: puts rows there, its transpose takes them out."""
    if low.integer == 1 and high is count:
        return identity(count)
    if low is high:
        return f.unit(low, count)
    width = high - low + 1
    heights = (low - 1, None, count - high)
    parts = [identity(width) if h is None else f.zeros(h, width) for h in heights if h is None or h.integer != 0]
    return parts[0] if len(parts) == 1 else f.blocks(*parts, (1,) * len(parts))


def _letter(pair: tuple[Expr, int]) -> Expr:
    return join(Term(1, {}, (pair,), pair[0].shape))


def _chain(factors: list[Expr]) -> Expr:
    return product(*factors)


def _times(left: list[Expr], e: Expr) -> Expr:
    return product(*left, e) if left else e


def _vec(e: Expr) -> Expr:
    return e if e.is_column else transpose(e) if e.rows is ONE else f.vec(e)


def _brief(e: Expr) -> str:
    text = str(e)
    return text if len(text) < 60 else text[:57] + "…"
