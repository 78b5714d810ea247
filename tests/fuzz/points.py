"""Random points that declarations allow, and the directions in which a variable can move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.linalg as sla
from tests.fuzz.syntax import Declared, Unreadable, free_names
from tests.fuzz.values import Evaluator, Members

Array = Any


def draw_sizes(names: set[str], rng: np.random.Generator) -> dict[str, int]:
    """Small sizes, different where there is room."""
    sizes = [int(s) for s in rng.permutation([2, 3, 4, 5, 3, 2, 4])]
    return {name: sizes[k % len(sizes)] for k, name in enumerate(sorted(names))}


def size_names(declared: Mapping[str, Declared]) -> set[str]:
    """The names of sizes in declarations."""
    found: set[str] = set()
    for one in declared.values():
        found |= free_names((one.sizes, *([one.count] if one.count else [])))
    return found - {d.name for d in declared.values() if "integer" in d.facts}


def shape_of(one: Declared, sizes: Mapping[str, int]) -> tuple[int, int]:
    """Rows and columns of a declared name."""
    read = Evaluator(dict(sizes))
    found = [read.whole(tree, sizes) for tree in one.sizes]
    if any(not 1 <= s <= 40 for s in found):
        raise Unreadable(f"{one.name} has the sizes {found}")
    rows, cols = (*found, 1, 1)[:2]
    return rows, cols


def draw(declared: Mapping[str, Declared], sizes: Mapping[str, int], rng: np.random.Generator) -> dict[str, Any]:
    """A value for every declared name.  Unreadable where the facts cannot be had together."""
    counted = {name: int(rng.integers(1, 4)) for name, one in declared.items() if not one.sizes and "integer" in one.facts}
    known = {**sizes, **counted}
    out: dict[str, Any] = dict(counted)
    for name, one in declared.items():
        if name in counted:
            continue
        rows, cols = shape_of(one, known)
        if one.count is not None:
            count = Evaluator(known).whole(one.count, known)
            out[name] = Members(np.stack([matrix(rows, cols, one.facts, rng) for _ in range(count)]))
        else:
            out[name] = matrix(rows, cols, one.facts, rng)
    return out


def matrix(rows: int, cols: int, facts: frozenset[str], rng: np.random.Generator) -> Array:
    """A matrix with the facts."""
    a = 0.8 * rng.standard_normal((rows, cols))
    square = rows == cols
    if rows == cols == 1:
        facts = facts - {"symmetric", "lower", "upper", "diagonal", "psd"} | ({"positive"} if facts & {"pd", "psd"} else set())
    if "simplex" in facts:
        a = np.exp(a) / np.exp(a).sum()
    elif facts & {"orthogonal", "orthonormal"}:
        if rows < cols:
            raise Unreadable("more columns than rows cannot be orthonormal")
        a = np.linalg.qr(a)[0]
        if "symmetric" in facts:
            a = np.eye(rows) - 2 * np.outer(a[:, 0], a[:, 0])
    elif "idempotent" in facts:
        half = max(1, rows // 2)
        if "diagonal" in facts:
            a = np.diag((np.arange(rows) < half) * 1.0)
        elif facts & {"symmetric", "psd"}:
            q = np.linalg.qr(a)[0][:, :half]
            a = q @ q.T
        else:
            a = a + 2 * np.eye(rows)
            a = a[:, :half] @ np.linalg.inv(a)[:half]
    elif facts & {"pd", "psd"}:
        a = np.abs(a) if facts & {"positive", "nonnegative", "unit"} else a
        a = np.diag(np.abs(a).sum(1) + 0.3) if "diagonal" in facts else a @ a.T / rows + 0.4 * np.eye(rows)
        a = a / (1.3 * a.max()) if "unit" in facts else a
    else:
        if "integer" in facts:
            a = np.round(2 * a)
        if "unit" in facts:
            a = 1 / (1 + np.exp(-a))
        if facts & {"positive", "nonnegative"}:
            a = np.abs(a) + ("positive" in facts) * (1.0 if "integer" in facts else 0.1)
        if square and "diagonal" in facts:
            a = np.diag(np.diag(a))
        if square and "symmetric" in facts and "diagonal" not in facts:
            a = a + a.T if "integer" in facts else (a + a.T) / 2
        if "skew" in facts:
            a = a - a.T
        if "lower" in facts and "symmetric" not in facts:
            a = np.tril(a)
        if "upper" in facts and "symmetric" not in facts:
            a = np.triu(a)
    if "contraction" in facts:
        a = a / (1.5 * np.linalg.norm(a, 2))
    if not holds(a, facts):
        raise Unreadable("the facts do not go together")
    return a


def holds(a: Array, facts: frozenset[str]) -> bool:
    """Has the matrix all the facts?"""
    i = np.eye(a.shape[1])
    checks = {
        "symmetric": lambda: np.allclose(a, a.T), "skew": lambda: np.allclose(a, -a.T),
        "diagonal": lambda: np.allclose(a, np.diag(np.diag(a))), "lower": lambda: np.allclose(a, np.tril(a)),
        "upper": lambda: np.allclose(a, np.triu(a)), "orthogonal": lambda: np.allclose(a.T @ a, i) and a.shape[0] == a.shape[1],
        "orthonormal": lambda: np.allclose(a.T @ a, i), "psd": lambda: np.linalg.eigvalsh(a).min() > -1e-9,
        "pd": lambda: np.linalg.eigvalsh(a).min() > 1e-9, "invertible": lambda: np.linalg.cond(a) < 1e6,
        "positive": lambda: (a > 0).all(), "nonnegative": lambda: (a >= 0).all(), "unit": lambda: ((a > 0) & (a < 1)).all(),
        "simplex": lambda: a.shape[1] == 1 and abs(a.sum() - 1) < 1e-9 and (a >= 0).all(),
        "idempotent": lambda: np.allclose(a @ a, a), "contraction": lambda: np.linalg.norm(a, 2) < 1,
        "integer": lambda: np.allclose(a, np.round(a)), "constant": lambda: True,
    }  # fmt: skip
    try:
        return all(checks[fact]() for fact in facts)
    except (ValueError, np.linalg.LinAlgError):
        return False


# ---- the space of a variable -------------------------------------------------------------------------------------
SPACES = ("diagonal", "orthogonal", "orthonormal", "simplex", "symmetric", "skew", "lower", "upper")
CLOSED = {"pd": "symmetric", "psd": "symmetric"}


def space(one: Declared, shape: tuple[int, int]) -> str:
    """The space that the facts of a variable keep it in; empty when it is free."""
    if not one.sizes:
        return ""
    facts = one.facts | {CLOSED[f] for f in one.facts if f in CLOSED}
    if len(facts & {"lower", "upper"}) == 2 or (facts & {"lower", "upper"} and "symmetric" in facts):
        facts |= {"diagonal"}
    return next((s for s in SPACES if s in facts), "")


def project(kind: str, x: Array, g: Array) -> Array:
    """The orthogonal projection of a matrix on the directions of a space at x."""
    if kind == "symmetric":
        return (g + g.T) / 2
    if kind == "skew":
        return (g - g.T) / 2
    if kind == "diagonal":
        return np.diag(np.diag(g))
    if kind in ("lower", "upper"):
        return np.tril(g) if kind == "lower" else np.triu(g)
    if kind in ("orthogonal", "orthonormal"):
        return g - x @ (x.T @ g + g.T @ x) / 2
    if kind == "simplex":
        return g - g.mean()
    return g


def moved(kind: str, x: Array, z: Array, s: float) -> Array:
    """The point at s of a curve in the space that starts at x in the direction z."""
    if kind in ("orthogonal", "orthonormal"):
        return (x + s * z) @ np.linalg.inv(np.real(sla.sqrtm(np.eye(x.shape[1]) + s * s * z.T @ z)))
    return x + s * z
