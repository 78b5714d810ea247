"""Symbolic sizes: polynomials in named positive integers with rational coefficients, interned.

Two sizes are equal only if they are the same polynomial: different names are different sizes.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from fractions import Fraction

from closedform.core.errors import Refusal
from closedform.core.limits import tick

Monomial = tuple[str, ...]
"""The names of a product of sizes, sorted, with repetition."""
Rational = int | Fraction
"""A coefficient: a whole number, which is much faster, wherever it is one."""
Terms = tuple[tuple[Monomial, Rational], ...]

_table: weakref.WeakValueDictionary[Terms, Dim] = weakref.WeakValueDictionary()
_lock = threading.Lock()


MOST_TERMS = 300
"""A size is a sum of at most so many products …"""
MOST_FACTORS = 64
"""… of at most so many names each."""
DIGITS = 60
LARGEST = 10**DIGITS
"""The largest number that a size may be."""

_smaller: dict[str, tuple[Dim, Dim]] = {}
"""The sizes that are the smaller of two others, by their names."""


class Dim:
    """A size.  Build one with ``Dim.of``; compare with ``is`` or ``==``.

    >>> n = Dim.of("n")
    >>> str(n * (n + 1))
    'n*(n + 1)'
    >>> (n + 1) * 2 == 2 * n + 2
    True
    """

    __slots__ = ("__weakref__", "terms")
    terms: Terms

    @staticmethod
    def of(value: int | str | Dim) -> Dim:
        """The size that an integer or a name stands for."""
        if isinstance(value, Dim):
            return value
        if isinstance(value, str):
            return _make({(value,): 1})
        return _make({(): value if value.__class__ is int else Fraction(value)})

    def __add__(self, other: int | Dim) -> Dim:
        return _make(_sum(self.terms, other.terms if isinstance(other, Dim) else (((), other),)))

    def __sub__(self, other: int | Dim) -> Dim:
        return self + Dim.of(other) * -1

    def __mul__(self, other: int | Fraction | Dim) -> Dim:
        right: Terms = other.terms if isinstance(other, Dim) else (((), Fraction(other)),)
        out: dict[Monomial, Rational] = {}
        for left_names, left in self.terms:
            for right_names, factor in right:
                names = tuple(sorted(left_names + right_names)) if left_names and right_names else left_names + right_names
                out[names] = out.get(names, 0) + left * factor
        return _make(out)

    __radd__ = __add__
    __rmul__ = __mul__

    @property
    def integer(self) -> int | None:
        """The value when the size is a number, else None."""
        if not self.terms:
            return 0
        if len(self.terms) == 1 and self.terms[0][0] == () and self.terms[0][1].denominator == 1:
            return int(self.terms[0][1])
        return None

    @property
    def names(self) -> frozenset[str]:
        """The names that occur."""
        found = {name for names, _ in self.terms for name in names}
        for name in [name for name in found if name in _smaller]:
            found.remove(name)
            found.update(*(side.names for side in _smaller[name]))
        return frozenset(found)

    @staticmethod
    def smaller(a: Dim, b: Dim) -> Dim:
        """The smaller of two sizes, where it is not known which: a size with a name of its own.

        >>> Dim.smaller(Dim.of("m"), Dim.of("n")).value({"m": 3, "n": 2})
        2
        """
        if a is b:
            return a
        low, high = sorted((a, b), key=str)
        known = (low.integer, high.integer)
        if known[0] is not None and known[1] is not None:
            return Dim.of(min(known[0], known[1]))
        name = f"min({low}, {high})"
        _smaller[name] = (low, high)
        return Dim.of(name)

    def at_least(self, other: Dim) -> bool:
        """Is it as large as another size, or larger, for all positive values of the names?

        >>> n = Dim.of("n")
        >>> (2 * n).at_least(n + 1), n.at_least(2 * n), n.at_least(Dim.of("m"))
        (True, False, False)
        """
        gap = (self - other).terms
        return all(factor > 0 for names, factor in gap if names) and sum(factor for _, factor in gap) >= 0

    @property
    def undecided(self) -> bool:
        """Does it hold the smaller of two sizes, so that it has no spelling in the language?"""
        return any(name in _smaller for names, _ in self.terms for name in names)

    def value(self, sizes: Mapping[str, int]) -> int:
        """The number at given sizes of the names; KeyError when one is missing."""
        if len(self.terms) == 1 and len(self.terms[0][0]) < 2:  # a name, or a number: most sizes
            names, factor = self.terms[0]
            if factor == 1:
                return 1 if not names else _smaller_value(names[0], sizes) if names[0] in _smaller else sizes[names[0]]
            if not names and factor.denominator == 1:
                return factor.numerator
        total: Rational = 0
        for names, factor in self.terms:
            for name in names:
                factor = factor * (_smaller_value(name, sizes) if name in _smaller else sizes[name])
            total += factor
        if total.denominator != 1:
            raise ValueError(f"the size {self} is not a whole number at {dict(sizes)}")
        return int(total)

    def substitute(self, sizes: Mapping[str, Dim]) -> Dim:
        """The size with names replaced by sizes."""
        if not any(name in sizes for name in self.names):
            return self
        total = Dim.of(0)
        for names, factor in self.terms:
            term = Dim.of(1) * factor
            for name in names:
                if name in _smaller:
                    low, high = _smaller[name]
                    term = term * Dim.smaller(low.substitute(sizes), high.substitute(sizes))
                else:
                    term = term * sizes.get(name, Dim.of(name))
            total = total + term
        return total

    def __str__(self) -> str:
        return _text(self)

    def __repr__(self) -> str:
        return f"Dim({_text(self)})"

    def __reduce__(self) -> tuple[object, ...]:
        return (_from_terms, (self.terms,))


def _smaller_value(name: str, sizes: Mapping[str, int]) -> int:
    low, high = _smaller[name]
    return min(low.value(sizes), high.value(sizes))


def _sum(left: Terms, right: Terms) -> dict[Monomial, Rational]:
    out = dict(left)
    for names, factor in right:
        out[names] = out.get(names, 0) + factor
    return out


def _from_terms(terms: Terms) -> Dim:
    return _make(dict(terms))


def _make(terms: Mapping[Monomial, Rational]) -> Dim:
    tick(1 + len(terms) // 4)
    kept = [(names, factor.numerator if factor.denominator == 1 else factor) for names, factor in terms.items() if factor]
    if len(kept) > 1:
        kept.sort(key=_leading)
    key = tuple(kept)
    found = _table.get(key)
    if found is not None:
        return found
    if len(key) > MOST_TERMS or (key and (len(key[0][0]) > MOST_FACTORS or abs(key[-1][1]) > LARGEST)):
        raise Refusal(f"a size is a sum of at most {MOST_TERMS} products of at most {MOST_FACTORS} sizes, up to 10^{DIGITS}")
    with _lock:
        found = _table.get(key)
        if found is None:
            found = object.__new__(Dim)
            found.terms = key
            _table[key] = found
    return found


def _leading(term: tuple[Monomial, Rational]) -> tuple[int, Monomial]:
    """The products of most factors come first."""
    return -len(term[0]), term[0]


def _text(dim: Dim) -> str:
    if not dim.terms:
        return "0"
    common: list[str] = []
    if len(dim.terms) > 1:  # n*n + n reads n*(n + 1)
        common = list(dim.terms[0][0])
        for names, _ in dim.terms[1:]:
            rest = list(names)
            kept = []
            for name in common:
                if name in rest:
                    rest.remove(name)
                    kept.append(name)
            common = kept
    scale = 1
    for _, factor in dim.terms:
        scale = scale * factor.denominator // _gcd(scale, factor.denominator)
    pieces = []
    for names, factor in dim.terms:
        left = list(names)
        for name in common:
            left.remove(name)
        pieces.append(_monomial(left, int(factor * scale)))
    if pieces[0].startswith("-"):  # n - k rather than -k + n
        pieces.sort(key=lambda piece: piece.startswith("-"))
    body = pieces[0] + "".join(f" - {p[1:]}" if p.startswith("-") else f" + {p}" for p in pieces[1:])
    if common:
        body = "*".join(common) + f"*({body})"
    elif scale > 1 and len(pieces) > 1:
        body = f"({body})"
    return body if scale == 1 else f"{body}/{scale}"


def _monomial(names: list[str], factor: int) -> str:
    if not names:
        return str(factor)
    head = {1: "", -1: "-"}.get(factor, f"{factor}*")
    return head + "*".join(names)


def _gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


ONE = Dim.of(1)
"""The size of a scalar in either direction.  Kept here so that the weak table never drops it."""
