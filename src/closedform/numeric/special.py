"""Which facts an array has, and special arrays that have them: what generic draws never meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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


def _eye(rows: int, cols: int) -> Any:
    return np.eye(rows, cols)


def _reversal(rows: int, cols: int) -> Any:
    return np.eye(rows, cols)[:, ::-1]


def _repeated(rows: int, cols: int) -> Any:
    value = np.eye(rows, cols)
    value[-1, -1] = 2.0
    return value


def _above(rows: int, cols: int) -> Any:
    return np.eye(rows, cols, k=1)


def _below(rows: int, cols: int) -> Any:
    return np.eye(rows, cols, k=-1)


def _cycle(rows: int, cols: int) -> Any:
    return np.roll(np.eye(rows, cols), 1, axis=0)


def _first(rows: int, cols: int) -> Any:
    value = np.zeros((rows, cols))
    value[0, 0] = 1.0
    return value


def _ones(rows: int, cols: int) -> Any:
    return np.ones((rows, cols))


def _mean(rows: int, cols: int) -> Any:
    return np.ones((rows, cols)) / (rows * cols)


def _length_one(rows: int, cols: int) -> Any:
    return np.ones((rows, cols)) / np.sqrt(rows)


def _shifted(rows: int, cols: int) -> Any:
    return np.eye(rows, cols) + np.ones((rows, cols))


def _lower(rows: int, cols: int) -> Any:
    return np.tril(np.ones((rows, cols)))


def _upper(rows: int, cols: int) -> Any:
    return np.triu(np.ones((rows, cols)))


def _turn(rows: int, cols: int) -> Any:
    value = np.zeros((rows, cols))
    for i in range(0, min(rows, cols) - 1, 2):
        value[i, i + 1], value[i + 1, i] = -1.0, 1.0
    return value


def _signs(rows: int, cols: int) -> Any:
    return np.eye(rows, cols) * np.where(np.arange(cols) % 2, -1.0, 1.0)


KINDS: tuple[tuple[str, float, Callable[[int, int], Any]], ...] = (
    ("identity", 1.0, _eye), ("minus identity", -1.0, _eye), ("reversal", 1.0, _reversal), ("zero", 0.0, _eye),
    ("twice the identity", 2.0, _eye), ("half the identity", 0.5, _eye), ("minus half the identity", -0.5, _eye),
    ("two eigenvalues", 1.0, _repeated), ("shift up", 1.0, _above), ("shift down", 1.0, _below), ("cycle", 1.0, _cycle),
    ("first entry", 1.0, _first), ("minus first entry", -1.0, _first), ("ones", 1.0, _ones), ("minus ones", -1.0, _ones),
    ("mean", 1.0, _mean), ("halves", 0.5, _ones), ("ones of length one", 1.0, _length_one), ("identity and ones", 1.0, _shifted),
    ("lower ones", 1.0, _lower), ("upper ones", 1.0, _upper), ("turn", 1.0, _turn), ("signs", 1.0, _signs),
)  # fmt: skip
"""Values that generic draws never meet: name, factor, the matrix of some size."""


def special_value(symbol: Expr, sizes: Mapping[str, int], kind: int) -> tuple[str, Any] | None:
    """The name and the value of the first kind from a given one on (in a circle) that has the facts of the symbol.

    >>> from closedform.core.dim import Dim
    >>> from closedform.core.op import f
    >>> n = Dim.of("n")
    >>> S = f.symbol("S", n, n, 2, frozenset({"pd", "psd", "symmetric", "invertible"}))
    >>> special_value(S, {"n": 2}, 1)[0]
    'twice the identity'
    """
    rows, cols = symbol.rows.value(sizes), symbol.cols.value(sizes)
    known = known_facts(symbol)
    for k in range(kind, kind + len(KINDS)):
        name, factor, build = KINDS[k % len(KINDS)]
        value = factor * build(rows, cols)
        if not known or satisfies(value, known):
            return name, value[0, 0] if symbol.is_scalar else value
    return None


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
    known = known_facts(symbol)
    kept: list[Any] = []
    for _, factor, build in KINDS:
        value = factor * build(rows, cols)
        if satisfies(value, known) and not any(np.array_equal(value, k) for k in kept):
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
