"""One derivation in several styles: by differentials, by the chain rule, by entries."""

from __future__ import annotations

from closedform.core.errors import InputError
from closedform.page.derivation import Derivation
from closedform.result import Derivative
from closedform.tutor.chain_rule import Chain, chain_of
from closedform.tutor.entries import Entries, entries_of

STYLES = ("differential", "chain", "entries")


def derivation_of(answer: Derivative, style: str = "differential") -> Derivation | Chain | Entries:
    """The derivation of an answer: by differentials, as J(f∘g) = J(f)*J(g), or entry by entry.

    ``str()`` is a readable page, ``.steps`` are its lines.  InputError on another style, and by several variables for the
    last two; Refusal where the function is not written by entries.

    >>> from closedform.session import derive
    >>> d = derive("norm2(A*x)^2", "x", "A: m n; x: n")
    >>> [derivation_of(d, style).steps[-1].rule for style in ("differential", "chain")]
    ['identify', 'linear-inside']
    """
    if style == "differential":
        return answer.derivation
    if style == "chain":
        return chain_of(answer)
    if style == "entries":
        return entries_of(answer)
    raise InputError(f"style: {style!r} is not one of {', '.join(STYLES)}")
