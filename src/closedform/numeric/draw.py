"""Random and special arrays that have the declared facts of a symbol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from closedform.core.dim import ONE
from closedform.core.errors import Refusal
from closedform.core.expr import Expr, make
from closedform.core.infer import facts as known_facts

Generator = np.random.Generator
Facts = frozenset[str]

MOST_ENTRIES = 1_000_000
"""Of larger variables no values are drawn."""
CONDITION = 100.0
"""Invertible matrices are drawn with a condition number below this (at sizes where that takes no luck)."""


def _normal(rng: Generator, shape: tuple[int, ...]) -> Any:
    return rng.standard_normal(shape)


def _positive(rng: Generator, shape: tuple[int, ...]) -> Any:
    return rng.uniform(0.3, 2.0, shape)


def _small(rng: Generator, shape: tuple[int, ...]) -> Any:
    return 0.1 * rng.standard_normal(shape)


def _small_positive(rng: Generator, shape: tuple[int, ...]) -> Any:
    return rng.uniform(0.03, 0.2, shape)


def _large(rng: Generator, shape: tuple[int, ...]) -> Any:
    return 4.0 * rng.standard_normal(shape)


def _large_positive(rng: Generator, shape: tuple[int, ...]) -> Any:
    return rng.uniform(2.0, 6.0, shape)


def _unit(rng: Generator, shape: tuple[int, ...]) -> Any:
    return rng.uniform(0.1, 0.9, shape)


def _wide_positive(rng: Generator, shape: tuple[int, ...]) -> Any:
    return 10.0 ** rng.uniform(-2.0, 3.0, shape)


def _balanced(rng: Generator, shape: tuple[int, ...]) -> Any:
    return 1.2 * rng.standard_normal(shape) / np.sqrt(shape[-1])  # long products neither grow nor vanish


STYLES: dict[str, Callable[[Generator, tuple[int, ...]], Any]] = {
    "normal": _normal,
    "positive": _positive,
    "balanced": _balanced,
    "small": _small,
    "small positive": _small_positive,
    "near identity": _small,
    "large": _large,
    "large positive": _large_positive,
    "wide positive": _wide_positive,
}
"""Ways to draw entries of which nothing is declared."""

SCALE = {"small": 0.1, "small positive": 0.1, "large": 4.0, "large positive": 4.0, "wide positive": 30.0}
"""What a style does to entries that are declared positive."""


def draw(symbol: Expr, sizes: Mapping[str, int], rng: Generator, style: str = "normal") -> Any:
    """A random value with the declared facts of a symbol: a number for a scalar, else a matrix.

    Where nothing is declared the entries are standard normal, or as the ``style`` says.  Refusal where there are more than
    ``MOST_ENTRIES``.

    >>> from closedform.core.dim import Dim
    >>> from closedform.core.op import f
    >>> n = Dim.of("n")
    >>> S = draw(f.symbol("S", n, n, 2, frozenset({"pd", "psd", "symmetric", "invertible"})), {"n": 3}, np.random.default_rng(0))
    >>> bool((S == S.T).all() and np.linalg.eigvalsh(S).min() > 0)
    True
    """
    if symbol.op.name == "family":
        return _family(symbol, sizes, rng, style)
    known = known_facts(symbol)
    rows, cols = symbol.rows.value(sizes), symbol.cols.value(sizes)
    if rows * cols > MOST_ENTRIES:
        name = symbol.params[0]
        raise Refusal(f"{name} has {rows * cols:,} entries, too many to draw values of; write a name for its size")
    if not known:
        value = STYLES[style](rng, (rows, cols))
        if style == "near identity" and rows == cols:
            value = value + np.eye(rows)
    else:
        value = _matrix(known, rows, cols, rng, style)
    return value[0, 0] if symbol.rows is ONE and symbol.cols is ONE else value


def _family(family: Expr, sizes: Mapping[str, int], rng: Generator, style: str) -> Any:
    """The members of a family, each with its facts, as rows."""
    one = make("symbol", (), family.params[:5])
    members = [np.ravel(draw(one, sizes, rng, style)) for _ in range(family.params[5].value(sizes))]
    return np.array(members)


def _entries(known: Facts, shape: tuple[int, ...], rng: Generator, style: str) -> Any:
    """Entries that are positive, whole numbers and so on, as declared."""
    positive = bool(known & {"positive", "nonnegative"})
    if "integer" in known:
        low, high = (1 if "positive" in known else 0, 5) if positive or "positive" in style else (-3, 4)
        return rng.integers(low, high, shape).astype(float)
    if "unit" in known:
        return _small_positive(rng, shape) if style.startswith("small") else _unit(rng, shape)
    if positive:
        return _positive(rng, shape) * SCALE.get(style, 1.0)
    return STYLES[style](rng, shape)


def _matrix(known: Facts, rows: int, cols: int, rng: Generator, style: str) -> Any:
    if "simplex" in known:
        value = rng.uniform(0.2, 1.2, (rows, cols))
        return value / value.sum()
    if "orthonormal" in known:
        return _orthonormal(known, rows, cols, rng)
    if "idempotent" in known:
        return _idempotent(known, rows, rng)
    if "pd" in known or "psd" in known:
        value = _definite(known, rows, rng, style)
    elif "invertible" in known:
        value = _invertible(known, rows, cols, rng, style)
    else:
        value = patterned(known, _entries(known, (rows, cols), rng, style))
        if style == "near identity" and rows == cols and not known & {"skew", "integer", "unit"}:
            value = value + np.eye(rows)
    if "contraction" in known:
        length = float(np.linalg.norm(value, 2))
        value = value * (rng.uniform(0.3, 0.9) / length if length else 1.0)
    return value


def patterned(known: Facts, value: Any) -> Any:
    """Zeros and mirrored entries where the facts want them; entries keep their kind."""
    if "diagonal" in known:
        return value * np.eye(*value.shape)
    if "lower" in known:
        return np.tril(value)
    if "upper" in known:
        return np.triu(value)
    if "symmetric" in known:
        return np.tril(value) + np.tril(value, -1).T
    if "skew" in known:
        return np.tril(value, -1) - np.tril(value, -1).T
    return value


def _definite(known: Facts, n: int, rng: Generator, style: str) -> Any:
    scale = SCALE.get(style, 1.0)
    if "diagonal" in known:
        values = np.abs(_entries(known, (n,), rng, style))
        return np.diag(values + (1.0 if "integer" in known else 0.0 if "unit" in known else 0.1 * scale))
    if "integer" in known:
        root = _entries(known, (n, n), rng, style)
        return root @ root.T + np.eye(n)
    if "unit" in known:
        root = _unit(rng, (n, n))
        return 0.35 * (root @ root.T) / n + 0.5 * np.eye(n)
    base = _positive if known & {"positive", "nonnegative"} or "positive" in style else _normal
    root = base(rng, (n, n)) * (0.15 if style == "near identity" else 1.0)
    return scale * ((root @ root.T) / n + (1.0 if style == "near identity" else 0.5) * np.eye(n))


def _invertible(known: Facts, rows: int, cols: int, rng: Generator, style: str) -> Any:
    """Drawn again until the condition number is moderate; a triangular one has its diagonal kept away from 0."""
    value = np.eye(rows, cols)
    for _ in range(40):
        value = _entries(known, (rows, cols), rng, style)
        if style == "near identity" and not known & {"skew", "integer", "unit"}:
            value = value + np.eye(rows, cols)
        if known & {"lower", "upper"} and not known & {"unit", "integer"}:
            on = np.diag(value)
            value = value + np.diag(np.where(on < 0, -0.5, 0.5) * SCALE.get(style, 1.0))
        value = patterned(known, value)
        singular = np.linalg.svd(value, compute_uv=False)
        if singular[-1] * CONDITION > singular[0]:
            break
    return value


def _orthonormal(known: Facts, rows: int, cols: int, rng: Generator) -> Any:
    """Orthonormal columns, with either sign of the determinant when square."""
    signs = np.where(rng.random(cols) < 0.5, -1.0, 1.0)
    square = rows == cols
    if "pd" in known or "psd" in known or ("idempotent" in known and square):
        return np.eye(rows, cols)
    if known & {"positive", "nonnegative", "integer"}:
        value = np.eye(rows)[:, rng.permutation(rows)[:cols]]
        if known & {"lower", "upper", "symmetric"}:
            value = np.eye(rows, cols)
        return value if known & {"positive", "nonnegative"} else value * signs
    if square and known & {"diagonal", "lower", "upper"}:
        return np.diag(signs)
    basis, _ = np.linalg.qr(rng.standard_normal((rows, cols)))
    if square and "symmetric" in known:
        value = (basis * signs) @ basis.T
        return 0.5 * (value + value.T)
    if square and "skew" in known:
        turn = np.kron(np.eye(rows // 2), [[0.0, -1.0], [1.0, 0.0]])
        value = basis @ turn @ basis.T
        return 0.5 * (value - value.T)
    return basis * signs


def _idempotent(known: Facts, n: int, rng: Generator) -> Any:
    """A projection on a space of about half the dimension."""
    rank = max(1, n // 2)
    if known & {"invertible", "pd"}:
        return np.eye(n)
    if known & {"diagonal", "integer", "lower", "upper"}:
        return np.diag((rng.permutation(n) < rank).astype(float))
    basis, _ = np.linalg.qr((_positive if known & {"nonnegative", "positive"} else _normal)(rng, (n, rank)))
    if known & {"nonnegative", "positive", "unit"}:
        line = _positive(rng, (n, 1))
        return line @ line.T / float((line * line).sum())
    if "symmetric" in known:
        value = basis @ basis.T
        return 0.5 * (value + value.T)
    other = basis + 0.3 * rng.standard_normal((n, rank))
    return basis @ np.linalg.solve(other.T @ basis, other.T)
