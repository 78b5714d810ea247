"""The one table of binding powers, shared by the parser and all printers.

Tightest first: postfix transposes, entries and powers, then unary minus, then the products, then sums.
"""

from __future__ import annotations

LOWEST = 0
SUM = 10
PRODUCT = 20
UNARY = 30
POWER = 40
POSTFIX = 50
ATOM = 60

INFIX: dict[str, int] = {
    "+": SUM,
    "-": SUM,
    "*": PRODUCT,
    "/": PRODUCT,
    ".*": PRODUCT,
    "./": PRODUCT,
    "⊗": PRODUCT,
    "^": POWER,
    ".^": POWER,
}
"""Binding power of each infix operator; all associate to the left."""
