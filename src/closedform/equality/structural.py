"""Operations that only move, repeat or drop entries, on stacks of matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def _transpose(a: Any, blank: int) -> Any:
    return a.swapaxes(1, 2)


def _same(a: Any, blank: int, *params: Any) -> Any:
    return a


def _diag(a: Any, blank: int) -> Any:
    n = a.shape[1]
    out = np.full((a.shape[0], n, n), blank, dtype=np.int64)
    out[:, np.arange(n), np.arange(n)] = a[:, :, 0]
    return out


def _diagonal(a: Any, blank: int) -> Any:
    return np.diagonal(a, axis1=1, axis2=2)[:, :, None]


def _tril(a: Any, blank: int) -> Any:
    return np.where(np.tri(a.shape[1], a.shape[2]) > 0, a, blank)


def _triu(a: Any, blank: int) -> Any:
    return np.where(np.tri(a.shape[2], a.shape[1]).T > 0, a, blank)


def _vec(a: Any, blank: int) -> Any:
    return a.swapaxes(1, 2).reshape(a.shape[0], -1, 1)


def _unvec(a: Any, blank: int, rows: int, cols: int) -> Any:
    return a.reshape(a.shape[0], cols, rows).swapaxes(1, 2)


def _vech(a: Any, blank: int) -> Any:
    return a.swapaxes(1, 2)[:, *np.triu_indices(a.shape[1])][:, :, None]


def _index(a: Any, blank: int, r: int, s: int, c: int, d: int) -> Any:
    if not (1 <= r <= s <= a.shape[1] and 1 <= c <= d <= a.shape[2]):
        raise IndexError(f"[{r}:{s}, {c}:{d}] of a matrix of shape {a.shape[1:]}")
    return a[:, r - 1 : s, c - 1 : d]


def _member(a: Any, blank: int, i: int, rows: int, cols: int) -> Any:
    if not 1 <= i <= a.shape[1]:
        raise IndexError(f"member {i} of {a.shape[1]}")
    return a[:, i - 1].reshape(a.shape[0], rows, cols)


MOVES: dict[str, Callable[..., Any]] = {
    "transpose": _transpose,
    "named": _same,
    "diag": _diag,
    "diagonal": _diagonal,
    "tril": _tril,
    "triu": _triu,
    "vec": _vec,
    "unvec": _unvec,
    "vech": _vech,
    "index": _index,
    "member": _member,
}
"""Each takes a stack, what stands in places that it leaves blank, and its parameters as numbers."""


def blocks(cells: list[Any], layout: tuple[int, ...]) -> Any:
    """Rows of blocks put together."""
    at, rows = 0, []
    for count in layout:
        rows.append(np.concatenate(cells[at : at + count], axis=2))
        at += count
    return np.concatenate(rows, axis=1)
