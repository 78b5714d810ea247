"""What can be known of a matrix: fact names, three-valued answers, implications and contradictions."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from functools import lru_cache

from closedform.core.errors import InputError


class Truth(Enum):
    """The answer to "does this hold?".  UNKNOWN is not False, so an answer has no truth value of its own."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        raise TypeError("a three-valued answer has no truth value; compare it with Truth.YES")


IMPLIES: dict[str, tuple[str, ...]] = {
    "pd": ("psd", "invertible"),
    "psd": ("symmetric",),
    "diagonal": ("symmetric", "lower", "upper"),
    "orthogonal": ("invertible", "orthonormal"),
    "unit": ("positive",),
    "positive": ("nonnegative",),
    "simplex": ("nonnegative",),
}
"""One step of implication; ``closure`` follows them to the end."""

TOGETHER: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"lower", "upper"}), "diagonal"),
    (frozenset({"symmetric", "lower"}), "diagonal"),
    (frozenset({"symmetric", "upper"}), "diagonal"),
    (frozenset({"psd", "invertible"}), "pd"),
)
"""Facts that imply another one together."""

EXCLUDES: tuple[tuple[str, str], ...] = (
    ("symmetric", "skew"),
    ("pd", "skew"),
    ("positive", "skew"),
    ("orthonormal", "contraction"),
    ("unit", "integer"),
)
"""Facts that only the zero matrix, or none, has together."""

SQUARE = frozenset({"symmetric", "skew", "diagonal", "lower", "upper", "orthogonal", "psd", "pd", "invertible", "idempotent"})
"""Facts that only a square matrix can have."""

ENTRYWISE = frozenset({"positive", "nonnegative", "unit", "integer"})
"""Facts about every entry."""

NAMES = frozenset({*SQUARE, *ENTRYWISE, "orthonormal", "simplex", "contraction", "constant"})
"""Every fact that can be declared."""

SPACE = frozenset({"symmetric", "skew", "diagonal", "lower", "upper", "orthogonal", "orthonormal", "simplex"})
"""Facts that restrict a variable to a smaller space, so that its gradient is projected."""


@lru_cache(maxsize=4096)
def closure(facts: frozenset[str]) -> frozenset[str]:
    """The facts with all that they imply.

    >>> sorted(closure(frozenset({"pd"})))
    ['invertible', 'pd', 'psd', 'symmetric']
    """
    known = set(facts)
    while True:
        more = {g for f in known for g in IMPLIES.get(f, ())} | {g for need, g in TOGETHER if need <= known}
        if more <= known:
            return frozenset(known)
        known |= more


def contradiction(facts: Iterable[str]) -> tuple[str, str] | None:
    """Two of the facts that exclude each other, or None."""
    given = list(facts)
    for i, first in enumerate(given):
        for second in given[i + 1 :]:
            left, right = closure(frozenset({first})), closure(frozenset({second}))
            if any((a in left and b in right) or (b in left and a in right) for a, b in EXCLUDES):
                return first, second
    return None


def declared(name: str, facts: Iterable[str], *, square: bool) -> frozenset[str]:
    """The closure of declared facts; InputError on an unknown or contradictory one, with both witnesses."""
    listed = list(dict.fromkeys(facts))
    for fact in listed:
        if fact not in NAMES:
            raise InputError(f"{name}: {fact!r} is not a fact; the facts are {', '.join(sorted(NAMES))}")
        if fact in SQUARE and not square:
            raise InputError(f"{name} is declared {fact} but is not square")
    clash = contradiction(listed)
    if clash is not None:
        raise InputError(f"{name} cannot be {clash[0]} and {clash[1]} at once")
    return closure(frozenset(listed))


def answer(known: frozenset[str], fact: str) -> Truth:
    """YES when the fact is among the known ones, NO when they exclude it, else UNKNOWN.

    >>> answer(closure(frozenset({"pd"})), "symmetric"), answer(frozenset({"skew"}), "pd")
    (<Truth.YES: 'yes'>, <Truth.NO: 'no'>)
    """
    if fact in known:
        return Truth.YES
    if contradiction([*sorted(known), fact]) is not None:
        return Truth.NO
    return Truth.UNKNOWN
