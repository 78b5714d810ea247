"""The rewrite rules by name: what each says, why it holds, where it fires and where it must not.

The name is the step label in derivations, the id of the rule's test and its anchor in the documentation.
"""

from __future__ import annotations

from closedform.rewrite.catalog import algebra, entries, functions, kronecker, series
from closedform.rewrite.catalog.row import Row

TIDY = ("tidy-up",)
"""Bookkeeping: order of terms and factors, brackets, identities, double transposes."""

ROWS: tuple[Row, ...] = (*algebra.ROWS, *kronecker.ROWS, *entries.ROWS, *functions.ROWS, *series.ROWS)

_BY_NAME = {row.name: row for row in ROWS}


def rule(name: str) -> Row:
    """The rule of that name."""
    return _BY_NAME[name]
