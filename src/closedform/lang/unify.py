"""Unification of sizes.

Declared sizes, and sizes written in the expression, are rigid: n and m differ.  The sizes of other names are free until
something fixes them, and never become 1: a vector is not taken for a scalar.
"""

from __future__ import annotations

from fractions import Fraction

from closedform.core.dim import ONE, Dim
from closedform.lang.sizes import never_positive, whole

FREE = "?"
"""What the name of a size begins with while it is free."""


class Clash(Exception):
    """Two sizes that cannot be equal."""


class Sizes:
    """Free sizes and what they have been found to be.

    >>> sizes = Sizes()
    >>> a, n = sizes.fresh(), Dim.of("n")
    >>> sizes.equate(a + 1, n)
    >>> sizes.value(a)
    Dim(n - 1)
    """

    def __init__(self) -> None:
        self.bound: dict[str, Dim] = {}
        self.free: dict[Dim, str] = {}
        """Every size made by ``fresh``, and its name."""
        self.later: list[tuple[Dim, Dim]] = []

    def fresh(self) -> Dim:
        """A size that nothing is known of."""
        name = f"{FREE}{len(self.free):06d}"
        size = Dim.of(name)
        self.free[size] = name
        return size

    def value(self, size: Dim) -> Dim:
        """What a size is found to be so far."""
        while size in self.free:
            found = self.bound.get(self.free[size])
            if found is None:
                return size
            size = found
        if size is not ONE and self.bound:
            while any(name in self.bound for name in size.names):
                size = size.substitute(self.bound)
        return size

    def equate(self, a: Dim, b: Dim) -> None:
        """Make two sizes equal; Clash when they cannot be.  What does not decide anything yet is kept for later."""
        if a is b:
            return
        a, b = self.value(a), self.value(b)
        if a is b:
            return
        if a in self.free and b in self.free and self.free[a] < self.free[b]:
            a, b = b, a  # the older one stays
        for one, other in ((a, b), (b, a)):
            name = self.free.get(one)
            if name is not None and (other in self.free or name not in other.names):
                return self.bind(name, other)
        gap = a - b
        if not any(name.startswith(FREE) for name in gap.names):
            raise Clash
        if self.solve(gap) or self.cancel(a, b):
            return
        self.later.append((a, b))

    def bind(self, name: str, size: Dim) -> None:
        """Give a free size its value, which is a whole number above 1."""
        if size not in self.free and not self.allowed(size):
            raise Clash
        self.bound[name] = size

    @staticmethod
    def allowed(size: Dim) -> bool:
        """Can a free size have this value?"""
        return size is not ONE and not never_positive(size) and whole(size)

    def solve(self, gap: Dim) -> bool:
        """Bind a free size that occurs in one term alone, with the factor 1 or -1."""
        for names, factor in gap.terms:
            if len(names) == 1 and names[0].startswith(FREE) and abs(factor) == 1:
                rest = gap - Dim.of(names[0]) * factor
                if names[0] not in rest.names:
                    self.bind(names[0], rest * (Fraction(-1) / factor))
                    return True
        return False

    def cancel(self, a: Dim, b: Dim) -> bool:
        """Cancel the common factors of two products; False when that does not help."""
        if len(a.terms) != 1 or len(b.terms) != 1:
            return False
        (left, c), (right, d) = a.terms[0], b.terms[0]
        rest, kept = list(right), []
        for name in left:
            if name in rest:
                rest.remove(name)
            else:
                kept.append(name)
        if not kept and not rest:
            raise Clash
        if len(kept) == len(left):
            return False
        one, other = Dim.of(1) * c, Dim.of(1) * d
        for name in kept:
            one = one * Dim.of(name)
        for name in rest:
            other = other * Dim.of(name)
        self.equate(one, other)
        return True

    def finish(self) -> list[tuple[Dim, Dim]]:
        """Try once more what was kept for later; what still decides nothing comes back."""
        while self.later:
            again, self.later = self.later, []
            for a, b in again:
                self.equate(a, b)
            if len(self.later) >= len(again):
                break
        return self.later
