"""Eigenvectors and singular vectors that are followed from one matrix to the next.

Each is determined up to its sign, and the signs of LAPACK jump, between a diagonal matrix and one next to it for example.
Where a matrix moves, its vectors keep the signs that they have had.
"""

from __future__ import annotations

from typing import Any

import numpy as np

VECTORS = frozenset({"svdu", "svdv", "eigvecs"})
"""The operations whose columns are determined up to signs."""


def followed(columns: Any, before: Any) -> Any:
    """The columns with the signs with which each is nearer to what it was before.

    >>> followed(np.array([[0.0, 1.0], [1.0, 0.1]]), np.array([[0.1, -1.0], [1.0, 0.0]])).tolist()
    [[0.0, -1.0], [1.0, -0.1]]
    """
    return columns * np.where(np.real(np.sum(np.conj(before) * columns, axis=0)) < 0, -1.0, 1.0)
