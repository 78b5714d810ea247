"""Indices of tensors, and the identification of one row of indices with another.

The rows of a matrix such as kron(A, B) are counted by several indices, the slowest first.  Two such factorisations of
one size are matched from the slowest index on; an index is split where the other side has a finer one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import product
from math import prod

from closedform.core.dim import ONE, Dim


class Label:
    """An index that runs over a size other than 1."""

    __slots__ = ("dim",)

    def __init__(self, dim: Dim) -> None:
        self.dim = dim

    def __repr__(self) -> str:
        return f"Label({self.dim})"


Labels = tuple[Label, ...]
"""The indices that together count one axis, the slowest first."""


def labels(*dims: Dim) -> Labels:
    """New indices for sizes; a size of 1 needs none.

    >>> labels(Dim.of("n"), ONE)
    (Label(n),)
    """
    return tuple(Label(d) for d in dims if d is not ONE)


def quotient(dim: Dim, divisor: Dim) -> Dim | None:
    """The size dim / divisor when it is a polynomial whose values are whole.

    >>> n = Dim.of("n")
    >>> str(quotient(n * n + n, n + 1)), quotient(n, n + 1), quotient(n, Dim.of(2))
    ('n', None, None)
    """
    rest, out = dim, Dim.of(0)
    names, factor = divisor.terms[0]
    while rest.terms:
        left, coefficient = list(rest.terms[0][0]), Fraction(rest.terms[0][1]) / factor
        for name in names:
            if name not in left:
                return None
            left.remove(name)
        term = ONE * coefficient
        for name in left:
            term = term * Dim.of(name)
        out, rest = out + term, rest - term * divisor
    return out if _is_whole(out) else None


def _is_whole(dim: Dim) -> bool:
    """Are the values of a polynomial whole?  They are when they are at 0 to its degree in each name."""
    if all(factor.denominator == 1 for _, factor in dim.terms):
        return True
    names = sorted(dim.names)
    reach = range(max((len(monomial) for monomial, _ in dim.terms), default=0) + 1)
    for point in product(reach, repeat=len(names)):
        at = dict(zip(names, point, strict=True))
        if sum(factor * prod(at[name] for name in monomial) for monomial, factor in dim.terms) % 1:
            return False
    return True


def size(dims: Iterable[Dim]) -> Dim:
    """The product of sizes."""
    out = ONE
    for d in dims:
        out = out * d
    return out


def refine(a: Sequence[Dim], b: Sequence[Dim]) -> tuple[Dim, ...] | None:
    """The common refinement of two factorisations of a size; None when there is none.

    >>> m, n = Dim.of("m"), Dim.of("n")
    >>> refine((m * n, n), (m, n * n)), refine((m, n), (n, m))
    ((Dim(m), Dim(n), Dim(n)), None)
    """
    left, right = deque(a), deque(b)
    out: list[Dim] = []
    while left and right:
        x, y = left.popleft(), right.popleft()
        if x is not y and (q := quotient(x, y)) is not None:
            left.appendleft(q)
            x = y
        elif x is not y and (q := quotient(y, x)) is not None:
            right.appendleft(q)
        elif x is not y:
            return None
        out.append(x)
    return None if left or right else tuple(out)


class Wiring:
    """Indices made equal to others, or split into finer ones.

    >>> m, n = Dim.of("m"), Dim.of("n")
    >>> w, whole, parts = Wiring(), labels(m * n), labels(m, n)
    >>> w.identify(whole, parts), w.resolve(whole) == w.resolve(parts)
    (True, True)
    """

    def __init__(self, renamed: Iterable[Label] = ()) -> None:
        self._into: dict[Label, Labels] = {x: (Label(x.dim),) for x in renamed}

    def resolve(self, row: Iterable[Label]) -> Labels:
        """What the indices have become."""
        out: list[Label] = []
        todo = deque(row)
        while todo:
            x = todo.popleft()
            if x in self._into:
                todo.extendleft(reversed(self._into[x]))
            else:
                out.append(x)
        return tuple(out)

    def identify(self, a: Iterable[Label], b: Iterable[Label]) -> bool:
        """Make two rows of indices equal; False when their sizes do not match."""
        left, right = deque(a), deque(b)
        while left and right:
            left.extendleft(reversed(self.resolve((left.popleft(),))))
            right.extendleft(reversed(self.resolve((right.popleft(),))))
            x, y = left.popleft(), right.popleft()
            if x is y:
                continue
            if x.dim is y.dim:
                self._into[y] = (x,)
            elif (q := quotient(x.dim, y.dim)) is not None:
                self._split(x, y, q, left)
            elif (q := quotient(y.dim, x.dim)) is not None:
                self._split(y, x, q, right)
            else:
                return False
        return not left and not right

    def _split(self, coarse: Label, fine: Label, rest: Dim, row: deque[Label]) -> None:
        faster = Label(rest)
        self._into[coarse] = (fine, faster)
        row.appendleft(faster)


def distinct(*rows: Iterable[Label]) -> Labels:
    """The different indices of some rows in the order in which they come."""
    return tuple(dict.fromkeys(x for row in rows for x in row))
