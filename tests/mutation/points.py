"""Random arrays with declared facts, and points at which a printed formula has a value.  No code of the package draws."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from tests.mutation.values import Formula, NoValue

Generator = np.random.Generator


class Leaf(NamedTuple):
    """A declared name: its shape as polynomials in sizes, its facts, how many members (None unless it is a family)."""

    name: str
    rows: Any
    cols: Any
    facts: frozenset[str]
    members: Any = None


class Point(NamedTuple):
    """Arrays by name, and sizes by name."""

    env: dict[str, Any]
    sizes: dict[str, int]


STYLES = ("normal", "positive", "unit", "small", "near identity")


def drawn(facts: frozenset[str], rows: int, cols: int, rng: Generator, style: str = "normal") -> Any:
    """A matrix with the facts; those of which nothing is declared are drawn in a style."""
    A = _plain(facts, rows, cols, rng, style)
    if "simplex" in facts:
        A = np.abs(A) + 0.1
        return A / A.sum()
    if "orthonormal" in facts or "orthogonal" in facts:
        if facts & {"diagonal", "lower", "upper", "integer"}:
            return np.diag(rng.choice([-1.0, 1.0], rows))
        Q = np.linalg.qr(rng.standard_normal((rows, cols)))[0]
        return (Q * rng.choice([-1.0, 1.0], rows)) @ Q.T if "symmetric" in facts else Q
    if "idempotent" in facts:
        k = max(1, rows // 2)
        U = rng.standard_normal((rows, k))
        W = U if "symmetric" in facts else U + 0.5 * rng.standard_normal((rows, k))
        return U @ np.linalg.solve(W.T @ U, W.T)
    if "diagonal" in facts:
        A = np.diag(np.abs(np.diag(A)) + 0.1 if facts & {"pd", "psd"} else np.diag(A))
    elif "psd" in facts or "pd" in facts:
        A = A @ A.T / rows + (0.3 if style != "small" else 0.01) * np.eye(rows)
    elif "lower" in facts:
        A = np.tril(A) + (0.5 * np.eye(rows) if "invertible" in facts else 0.0)
    elif "upper" in facts:
        A = np.triu(A) + (0.5 * np.eye(rows) if "invertible" in facts else 0.0)
    elif "symmetric" in facts:
        A = (A + A.T) / 2
    elif "skew" in facts:
        A = (A - A.T) / 2
    if "contraction" in facts:
        A = 0.7 * A / np.linalg.norm(A, 2)
    return A


def _plain(facts: frozenset[str], rows: int, cols: int, rng: Generator, style: str) -> Any:
    shape = rows, cols
    if "integer" in facts:
        return rng.integers(1 if "positive" in facts else 0 if "nonnegative" in facts else -2, 4, shape).astype(float)
    if "unit" in facts:
        return rng.uniform(0.05, 0.95, shape)
    if facts & {"positive", "nonnegative"}:
        return rng.uniform(0.1, 2.0, shape)
    if style == "positive":
        return rng.uniform(0.2, 2.0, shape)
    if style == "unit":
        return rng.uniform(0.05, 0.6, shape)
    if style == "near identity" and rows == cols and not facts:
        return np.eye(rows) + 0.1 * rng.standard_normal(shape)
    return rng.standard_normal(shape) * (0.2 if style == "small" else 1.0)


def sizes_of(names: Sequence[str], pool: Sequence[int] = (3, 2, 4, 5)) -> list[dict[str, int]]:
    """Choices of sizes for names, different ones as far as they go."""
    many = [*pool, *range(6, 6 + max(0, len(names) - len(pool)))]
    rows = itertools.islice(itertools.permutations(many, len(names)), 0, None, max(1, 5 ** max(0, len(names) - 2)))
    return [dict(zip(names, row, strict=True)) for row in itertools.islice(rows, 12)]


def points(leaves: Sequence[Leaf], names: Sequence[str], needed: Sequence[Formula], seed: int, most: int = 3) -> Iterator[Point]:
    """Points at which every one of the formulas has a value: as many as asked for, or as are found in some tries."""
    rng = np.random.default_rng(seed)
    found = 0
    for style in STYLES * 2:
        for sizes in sizes_of(names):
            try:
                env = {leaf.name: _leaf(leaf, sizes, rng, style) for leaf in leaves}
                for formula in needed:
                    formula.at(env, sizes)
            except (NoValue, ValueError, np.linalg.LinAlgError):
                continue
            yield Point(env, sizes)
            found += 1
            if found == most:
                return
            if found % 2:
                break  # the next one in another way


NEAR = 1e-10


def around(point: Point, loose: Sequence[str] = (), count: int = 4, seed: int = 0) -> Iterator[Point]:
    """Points so near that only what rests on rounding changes; ``loose`` are names whose entries may change one by one."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        env = {}
        for name, value in point.env.items():
            if name in loose:
                env[name] = value * (1 + NEAR * rng.standard_normal(value.shape))
                continue
            scale = 1 + NEAR * rng.standard_normal()  # one number for a matrix: it keeps its facts
            env[name] = [v * scale for v in value] if isinstance(value, list) else value * scale
        yield Point(env, point.sizes)


def _leaf(leaf: Leaf, sizes: Mapping[str, int], rng: Generator, style: str) -> Any:
    rows, cols = leaf.rows.value(sizes), leaf.cols.value(sizes)
    if "orthonormal" in leaf.facts and rows < cols:
        raise NoValue("more columns than rows")
    if leaf.members is not None:
        return [drawn(leaf.facts, rows, cols, rng, style) for _ in range(leaf.members.value(sizes))]
    return drawn(leaf.facts, rows, cols, rng, style)
