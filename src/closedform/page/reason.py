"""Reasons: sentences with formulas in them, taken apart so that each form can write the formulas in its own way."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache

from closedform.page.formula import FUNCTIONS, Node, Unread, functions, is_name, read, tokens

Part = str | Node
"""Words, or a formula."""

MARKS = ",;:."
LONGEST = 4_000
"""Reasons longer than this are left as they are."""


@lru_cache(maxsize=1024)
def parts(because: str, known: frozenset[str] = frozenset()) -> tuple[Part, ...]:
    """The words and formulas of a reason; joined with nothing between them they are the reason.

    >>> [p if isinstance(p, str) else p.kind for p in parts("the gradient is read off df = g'*dx; A is constant")]
    ['the gradient is read off ', '=', '; ', 'name', ' is constant']
    """
    if len(because) > LONGEST:
        return (because,)
    out: list[Part] = []
    for part in _parts(because, known):
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] += part
        elif part:
            out.append(part)
    return tuple(out)


def _parts(because: str, known: frozenset[str]) -> Iterator[Part]:
    words = _words(because)
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and _is_mathematical(words[end].rstrip(MARKS), known):
            end += 1
            if words[end - 1][-1] in MARKS:
                break
        while end > at:
            whole = " ".join(words[at:end])
            found = read(whole.rstrip(MARKS), known)
            if found is not None and not (found.kind == "name" and found.value == "a"):
                yield found
                yield whole[len(whole.rstrip(MARKS)) :]
                break
            end -= 1
        if end == at:
            yield words[at]
            end = at + 1
        at = end
        if at < len(words):
            yield " "


def _words(text: str) -> list[str]:
    """The text cut at spaces that are outside of brackets."""
    out, depth, start = [], 0, 0
    for at, ch in enumerate(text):
        depth += (ch in "([") - (ch in ")]")
        if ch == " " and depth <= 0:
            out.append(text[start:at])
            start = at + 1
    return [*out, text[start:]]


def _is_mathematical(word: str, known: Collection[str]) -> bool:
    """Is every name in it one that stands in formulas?"""
    try:
        found = tokens(word)
    except Unread:
        return False
    return bool(word) and all(
        kind != "name" or is_name(name, known) or (name in functions() and opens) or name in FUNCTIONS
        for kind, name, opens in found
    )
