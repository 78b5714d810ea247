"""What it costs to evaluate an operation, in steps: one step is what NumPy takes for one call on a small array."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt, prod
from typing import Any

from numpy import ndarray

from closedform.core.expr import Expr

HEAVY = {
    "inv": 3, "det": 2, "logdet": 3, "chol": 4, "pinv": 14, "adj": 80, "kron": 6, "khatrirao": 3, "blocks": 3,
    "expm": 10, "dexpm": 28, "logm": 80, "dlogm": 140, "sqrtm": 8, "sylvester": 28, "lyap": 28,
    "eigvalsh": 4, "eigvecs": 5, "lambda_max": 5, "svdvals": 4, "svdu": 6, "svdv": 6, "normnuc": 5, "normspec": 5,
}  # fmt: skip
"""Operations that take several steps."""
SMALL = 400
"""So many entries are worked on in one step."""
CUBIC = HEAVY.keys() - {"kron", "khatrirao", "blocks"} | {"mul", "matrixpow", "sympow"}
"""Operations that take longer for each entry, the larger the matrix is ..."""
SHORT = 128
"""... from so many rows or columns on."""
LIGHT = 2
"""Operations that take more steps than this are counted before they are carried out."""
OVERHEAD = 2
"""Steps that it takes to come to a node."""


def weight(node: Expr) -> int:
    """The steps for a node at small sizes.

    >>> from closedform.lang.read import parse
    >>> weight(parse("A + A", "A: n n").expr), weight(parse("inv(A)", "A: n n").expr)
    (1, 3)
    """
    return HEAVY.get(node.op.name, 1) + len(node.args) // 4


def beforehand(node: Expr, steps: int, parts: Sequence[Any]) -> int:
    """The further steps for large arguments of a node that takes several, so that they are counted before they are taken."""
    sizes = [int(part.size) for part in parts if isinstance(part, ndarray)]
    if node.op.name in ("kron", "khatrirao"):
        return steps * prod(sizes) // SMALL
    largest = max(sizes, default=0)
    return steps * largest // SMALL * (1 + isqrt(largest) // SHORT)


def further(node: Expr, steps: int, value: Any) -> int:
    """The further steps for a large value of a node that takes so many at small sizes."""
    count = steps * int(value.size) // SMALL
    return count * (1 + max(value.shape) // SHORT) if node.op.name in CUBIC else count
