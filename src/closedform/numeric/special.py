"""Which facts an array has, and special arrays that have them: what generic draws never meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from closedform.core.expr import Expr
from closedform.core.infer import facts as known_facts
from closedform.numeric.draw import patterned


def satisfies(value: Any, known: Iterable[str], tolerance: float = 1e-9) -> bool:
    """Does an array have the facts?  A positive matrix with a pattern of zeros is positive off the pattern.

    >>> satisfies(np.eye(2), {"pd", "orthogonal"}), satisfies(np.eye(2), {"skew"})
    (True, False)
    """
    A = np.atleast_2d(np.asarray(value, dtype=float))
    listed = frozenset(known)
    kept = A.reshape(-1)
    if listed & {"diagonal", "lower", "upper"} and A.shape[0] == A.shape[1]:
        kept = A[patterned(listed, np.ones(A.shape)) != 0]
    return all(_has(fact, A, kept, tolerance) for fact in sorted(listed))


def _has(fact: str, A: Any, kept: Any, tolerance: float) -> bool:
    match fact:
        case "symmetric" | "skew" | "diagonal" | "lower" | "upper":
            return _small(A - patterned(frozenset({fact}), A), tolerance)
        case "orthogonal" | "orthonormal":
            return _small(A.T @ A - np.eye(A.shape[1]), tolerance)
        case "psd":
            return bool(np.linalg.eigvalsh(0.5 * (A + A.T)).min() >= -tolerance)
        case "pd":
            return bool(np.linalg.eigvalsh(0.5 * (A + A.T)).min() > tolerance)
        case "invertible":
            return bool(np.linalg.svd(A, compute_uv=False).min() > tolerance)
        case "positive":
            return bool(kept.min() > 0)
        case "nonnegative":
            return bool(A.min() >= 0)
        case "unit":
            return bool(kept.min() > 0 and kept.max() < 1)
        case "simplex":
            return bool(A.min() >= 0 and abs(A.sum() - 1) <= tolerance)
        case "idempotent":
            return _small(A @ A - A, tolerance)
        case "contraction":
            return bool(np.linalg.norm(A, 2) < 1)
        case "integer":
            return bool((np.round(A) == A).all())
        case "constant":
            return True
    raise LookupError(f"{fact!r} is not a fact")


def _small(A: Any, tolerance: float) -> bool:
    return bool(np.abs(A).max(initial=0.0) <= tolerance)


def special(symbol: Expr, sizes: Mapping[str, int]) -> list[Any]:
    """Values that generic draws never meet (identity, reversal, zero, shifts, repeated eigenvalues ...), those of
    them that have the declared facts of the symbol.

    >>> from closedform.core.dim import Dim
    >>> from closedform.core.op import f
    >>> n = Dim.of("n")
    >>> len(special(f.symbol("Q", n, n, 2, frozenset({"orthogonal", "orthonormal", "invertible"})), {"n": 3}))
    5
    """
    rows, cols = symbol.rows.value(sizes), symbol.cols.value(sizes)
    one = np.eye(rows, cols)
    ones = np.ones((rows, cols))
    first = np.zeros((rows, cols))
    first[0, 0] = 1.0
    repeated = one.copy()
    repeated[-1, -1] = 2.0
    turn = np.zeros((rows, cols))
    for i in range(0, min(rows, cols) - 1, 2):
        turn[i, i + 1], turn[i + 1, i] = -1.0, 1.0
    out = [
        one, -one, one[:, ::-1], 0 * one, 2 * one, 0.5 * one, -0.5 * one, repeated,
        np.eye(rows, cols, k=1), np.eye(rows, cols, k=-1), np.roll(one, 1, axis=0), first, -first,
        ones, -ones, ones / ones.size, 0.5 * ones, ones / np.sqrt(rows), one + ones, np.tril(ones), np.triu(ones), turn,
        np.diag(np.where(np.arange(rows) % 2, -1.0, 1.0))[:, :cols],
    ]  # fmt: skip
    known = known_facts(symbol)
    kept: list[Any] = []
    for value in out:
        if value.shape == (rows, cols) and satisfies(value, known) and not any(np.array_equal(value, k) for k in kept):
            kept.append(value)
    return [v[0, 0] for v in kept] if symbol.is_scalar else kept


def special_sizes(names: Iterable[str]) -> list[dict[str, int]]:
    """Extreme sizes: all of them 1, each one 1 beside 3, and all equal.

    >>> special_sizes(["m", "n"])
    [{'m': 1, 'n': 1}, {'m': 1, 'n': 3}, {'m': 3, 'n': 1}, {'m': 3, 'n': 3}]
    """
    listed = list(names)
    rows = [{x: 1 for x in listed}] + [{x: 1 if x == y else 3 for x in listed} for y in listed] + [{x: 3 for x in listed}]
    return [row for i, row in enumerate(rows) if row not in rows[:i]]
