"""What is known of every entry of an expression."""

from __future__ import annotations

from closedform.core.expr import Expr
from closedform.core.infer import known

PATTERNS = ("lower", "upper")
"""Facts that put zeros in places (diagonal implies both)."""


def everywhere(A: Expr, fact: str) -> bool:
    """Does a fact about entries hold of all of them?

    A triangular or diagonal matrix that is declared positive has zeros off its pattern, so it is positive on the pattern
    only.

    >>> from closedform.lang.declare import declare
    >>> scope = declare("A: n n positive; D: n n diagonal positive")
    >>> everywhere(scope.symbols["A"], "positive"), everywhere(scope.symbols["D"], "positive")
    (True, False)
    """
    if not known(A, fact):
        return False
    return fact not in ("positive", "unit") or A.is_scalar or not any(known(A, p) for p in PATTERNS)
