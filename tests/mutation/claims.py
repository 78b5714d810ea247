"""Claims about the values of operations, attacked with all small matrices.

For an operation and facts declared of its arguments, a claim says that its value has a fact.  Here every claim is put to
arguments of sizes 1 and 2 with all entries among a few numbers, and to special and random ones of size 3: pairs of them
all, so that B = -A, B = A' and repeated eigenvalues occur.  No draw is shared with tests/contract/claims.py.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from tests.mutation.points import drawn

from closedform.core.dim import Dim
from closedform.core.expr import Expr

FACTS = (
    "symmetric", "skew", "diagonal", "lower", "upper", "orthogonal", "orthonormal", "psd", "pd", "invertible", "positive",
    "nonnegative", "unit", "simplex", "idempotent", "contraction", "integer",
)  # fmt: skip
TIGHT = 1e-9
ROUGH = 1e-6
"""A claim counts as refuted only where it fails by more than this, and as met only within the other."""


TINY = 1e-13


def having(A: Any, slack: float, kept: Any = None) -> Any:
    """Which of the facts each of a stack of matrices has, up to a slack: a row for each matrix.

    ``kept`` marks the entries that are not zero by declaration; what is said of the entries is said of these.
    """
    count, rows, cols = A.shape
    turned, size = np.swapaxes(A, 1, 2), np.maximum(1.0, np.abs(A).max(axis=(1, 2)))
    entries = A.reshape(count, -1) if kept is None else A[:, kept]
    near = slack * size
    singular = np.linalg.svd(A, compute_uv=False)

    def at_most(gap: Any, bound: Any = near) -> Any:
        return np.abs(gap).max(axis=(1, 2)) <= bound

    least, most = entries.min(axis=1, initial=np.inf), entries.max(axis=1, initial=-np.inf)
    below = 0.0 if slack == TIGHT else -near
    found = {
        "orthonormal": at_most(turned @ A - np.eye(cols), near * size),
        "positive": least > 0,
        "nonnegative": least >= below,
        "unit": (least > 0) & (most < 1),
        "simplex": (least >= below) & (np.abs(A.sum(axis=(1, 2)) - 1) <= near) & (cols == 1),
        "contraction": singular[:, 0] < 1 - (slack if slack == TIGHT else 0.0),
        "integer": at_most(A - np.round(A)),
    }
    if rows == cols:
        symmetric, eigenvalues = at_most(A - turned), np.linalg.eigvalsh((A + turned) / 2)
        lower, upper = (at_most(A * zeros) for zeros in (np.triu(np.ones((rows, rows)), 1), np.tril(np.ones((rows, rows)), -1)))
        found |= {
            "symmetric": symmetric,
            "skew": at_most(A + turned),
            "diagonal": lower & upper,
            "lower": lower,
            "upper": upper,
            "orthogonal": found["orthonormal"],
            "psd": symmetric & (eigenvalues[:, 0] >= -near),
            "pd": symmetric & (eigenvalues[:, 0] > TINY - near * 1e-3),
            "invertible": singular[:, -1] > TINY,
            "idempotent": at_most(A @ A - A, near * size),
        }
    return np.stack([found.get(fact, np.zeros(count, dtype=bool)) for fact in FACTS], axis=1)


@cache
def pool(rows: int, cols: int) -> tuple[Any, ...]:
    """Matrices of a shape: all of small entries where that is few, special and random ones."""
    if rows * cols == 1:
        return tuple(np.array([[v]]) for v in (1.0, 0.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, 0.3))
    rng = np.random.default_rng(10 * rows + cols)
    out = [np.zeros((rows, cols)), np.ones((rows, cols)), -np.ones((rows, cols)), np.ones((rows, cols)) / (rows * cols)]
    if rows * cols <= 4:
        out += [np.reshape(v, (rows, cols)) for v in itertools.product((-1.0, 0.0, 1.0), repeat=rows * cols)]
        out += [np.reshape(v, (rows, cols)) for v in itertools.product((0.5, 2.0), repeat=rows * cols)]
    one = np.eye(rows, cols)
    out += [
        one,
        -one,
        2 * one,
        0.5 * one,
        -0.5 * one,
        one[::-1],
        np.roll(one, 1, 0),
        np.eye(rows, cols, 1),
        np.eye(rows, cols, -1),
    ]
    if rows == cols:
        signs = np.diag((-1.0) ** np.arange(rows))
        line = np.linspace(1, 2, rows)[:, None]
        out += [signs, 0.5 * signs, 2 * signs, np.diag([2.0] + [1.0] * (rows - 1)), np.diag([0.3] + [0.6] * (rows - 1))]
        out += [line @ line.T / float((line * line).sum()), np.tril(np.ones((rows, rows))), np.triu(np.ones((rows, rows)))]
        c, s = np.cos(0.7), np.sin(0.7)
        turn = np.eye(rows)
        turn[:2, :2] = [[c, -s], [s, c]]
        out += [turn, turn @ signs, 0.9 * turn, turn - turn.T, 3 * (turn - turn.T)]
        out += [drawn(frozenset(more), rows, cols, rng) for more in SQUARE_DRAWS]
        out += [0.25 * drawn(frozenset({"pd", "psd", "symmetric"}), rows, cols, rng, "small") for _ in range(2)]
    out += [
        np.abs(rng.standard_normal((rows, cols))),
        rng.uniform(0.1, 0.9, (rows, cols)),
        rng.integers(-2, 4, (rows, cols)) * 1.0,
    ]
    out += [rng.standard_normal((rows, cols)), 0.2 * rng.standard_normal((rows, cols))]
    if cols == 1:
        out += [drawn(frozenset({"simplex"}), rows, 1, rng), one[:, :1]]
    if rows >= cols:
        out += [drawn(frozenset({"orthonormal"}), rows, cols, rng)]
    kept: list[Any] = []
    for A in out:
        kept += [A] if not any(np.array_equal(A, B) for B in kept) else []
    return tuple(kept)


SQUARE_DRAWS: tuple[set[str], ...] = (
    {"symmetric"}, {"skew"}, {"pd", "psd", "symmetric"}, {"lower", "invertible"}, {"upper", "invertible"}, {"diagonal"},
    {"orthogonal", "orthonormal"}, {"orthogonal", "orthonormal", "symmetric"}, {"idempotent"}, {"idempotent", "symmetric"},
    {"contraction"}, {"symmetric", "positive"}, {"lower", "unit"}, {"symmetric", "unit"}, {"diagonal", "positive"},
    {"skew", "integer"}, {"symmetric", "integer"},
)  # fmt: skip


class Trial(NamedTuple):
    """Arguments, and the value of an operation at them."""

    places: tuple[int, ...]
    value: Any


class Round(NamedTuple):
    """Trials of one choice of sizes: the facts of the members of each pool, their places in these, their values."""

    marks: list[Any]
    places: Any
    values: Any
    lacking: dict[str, Any]

    def lacks(self, pattern: str) -> Any:
        """Which facts each value lacks; with a pattern of zeros, facts of the entries are about the others."""
        if pattern not in self.lacking:
            self.lacking[pattern] = ~having(self.values, ROUGH, _off(pattern, self.values[0]))
        return self.lacking[pattern]


class Attack:
    """An operation at all small arguments: which facts each argument has, and which each value lacks."""

    def __init__(self, e: Expr, most: int = 1200) -> None:
        self.e = e
        self.symbols = list(dict.fromkeys(a for a in e.args if a.op.name == "symbol"))
        self.rounds = [self._round(sizes, most) for sizes in self._sizes()]

    def _sizes(self) -> list[dict[str, int]]:
        names = sorted({x for part in (self.e, *self.e.args) for d in part.shape for x in d.names})
        names += sorted({x for p in self.e.params if isinstance(p, Dim) for x in p.names if x not in names})
        out: list[dict[str, int]] = []
        for pair in ((1, 1), (2, 2), (3, 3), (2, 3), (3, 2), (1, 2), (2, 1)):
            sizes = {name: pair[k % 2] for k, name in enumerate(names)}
            try:
                whole = all(d.value(sizes) >= 1 for part in (self.e, *self.e.args) for d in part.shape)
            except ValueError:
                continue
            if whole and sizes not in out:
                out.append(sizes)
        return out

    def _round(self, sizes: Mapping[str, int], most: int) -> Round:
        """Facts of the members of each pool, the places of the trials in them, and their values."""
        pools = [pool(s.rows.value(sizes), s.cols.value(sizes)) for s in self.symbols]
        marks = [having(np.stack(row), TIGHT) for row in pools]
        trials = [t for t in (self._trial(places, pools, sizes) for places in _places(pools, most)) if t is not None]
        places, values = np.array([t.places for t in trials]), np.array([t.value for t in trials])
        return Round(marks, places, values, {})

    def _trial(self, places: tuple[int, ...], pools: list[Any], sizes: Mapping[str, int]) -> Trial | None:
        arrays = {s: row[k] for s, row, k in zip(self.symbols, pools, places, strict=True)}
        parts = [arrays[a] if a in arrays else np.array([[float(a.params[0])]]) for a in self.e.args]
        parts = [p[0, 0] if a.is_scalar else p for a, p in zip(self.e.args, parts, strict=True)]
        params = [p.value(sizes) if isinstance(p, Dim) else p for p in self.e.params]
        shape = tuple(d.value(sizes) for d in self.e.shape)
        try:
            with np.errstate(all="ignore"):
                if not all(
                    _meets(c, self._argument(a, arrays, sizes)) for c, a in self.e.op.domain(*self.e.args, *self.e.params)
                ):
                    return None
                value = self.e.op.value(np, *parts, *params)
        except (np.linalg.LinAlgError, ValueError, ArithmeticError, TypeError, IndexError):
            return None
        value = np.reshape(np.asarray(value), shape)
        return Trial(places, value) if np.isrealobj(value) and np.isfinite(value).all() and np.abs(value).max() < 1e6 else None

    def _argument(self, a: Expr, arrays: Mapping[Expr, Any], sizes: Mapping[str, int]) -> Any:
        from closedform.numeric.evaluate import evaluate

        if a in arrays:
            return arrays[a]
        return np.atleast_2d(evaluate(a, {s.params[0]: v for s, v in arrays.items()}, sizes))

    def refuted(self, given: Mapping[Expr, frozenset[str]], claimed: frozenset[str]) -> set[str]:
        """The facts that the value lacks at some arguments that have the given facts.

        ``claimed`` is what is said of the value: with a pattern of zeros, other facts are about the other entries.
        """
        pattern = next((p for p in ("diagonal", "lower", "upper") if p in claimed), "")
        out: set[str] = set()
        for row in self.rounds:
            if not len(row.places):
                continue
            admitted = np.ones(len(row.places), dtype=bool)
            for k, s in enumerate(self.symbols):
                wanted = [FACTS.index(f) for f in given.get(s, frozenset()) if f in FACTS]
                admitted &= row.marks[k][row.places[:, k]][:, wanted].all(axis=1)
            out |= {f for f, lacks in zip(FACTS, row.lacks(pattern)[admitted].any(axis=0), strict=True) if lacks}
        return out


def _places(pools: Sequence[Sequence[Any]], most: int) -> Iterator[tuple[int, ...]]:
    """Which members of the pools are taken together: each with itself, its negative and its transpose, then by lot."""
    if len(pools) == 1:
        yield from ((k,) for k in range(len(pools[0])))
        return
    first = pools[0]
    for k, A in enumerate(first):
        for B in (A, -A, A.T):
            like = [next((j for j, C in enumerate(row) if np.array_equal(B, C)), k % len(row)) for row in pools[1:]]
            yield (k, *like)
    lot = random.Random(0)
    for _ in range(most):
        yield tuple(lot.randrange(len(row)) for row in pools)


def _off(pattern: str, value: Any) -> Any:
    if not pattern or value.shape[0] != value.shape[1]:
        return None
    ones = np.ones(value.shape)
    return {"diagonal": np.eye(len(value)), "lower": np.tril(ones), "upper": np.triu(ones)}[pattern] > 0


def _meets(condition: str, value: Any) -> bool:
    A = np.atleast_2d(value)
    match condition:
        case "invertible":
            return bool(np.linalg.cond(A) < 1e6)
        case "full rank":
            return bool(np.linalg.cond(A) < 1e6)
        case "pd":
            return bool(np.linalg.eigvalsh((A + A.T) / 2).min() > 1e-6)
        case "positive":
            return bool(A.min() > 0)
        case "nonnegative":
            return bool(A.min() >= 0)
        case "nonzero":
            return bool(np.abs(A).min() > 0)
        case "in (-1, 1)":
            return bool(np.abs(A).max() < 1)
        case "above -1":
            return bool(A.min() > -1)
    return True
