"""Random stacks of matrices over finite fields that have the declared facts of a symbol by construction.

What holds for random points of a variety holds on all of it: symmetric matrices stand for positive definite ones, which
are Zariski-dense among them; orthogonal matrices come from the Cayley transform, with both signs of the determinant;
idempotent matrices have every rank in turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from closedform.core.errors import Refusal
from closedform.core.expr import Expr, make
from closedform.core.infer import facts as known_facts
from closedform.equality.field import Modulus

Generator = np.random.Generator

OPEN = frozenset({"pd", "psd", "invertible", "positive", "nonnegative", "unit", "integer", "contraction", "constant"})
"""Facts that say nothing about polynomials: what holds where they hold, holds everywhere."""

SETTLED: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"orthonormal", "pd"}), "identity"),
    (frozenset({"orthonormal", "psd"}), "identity"),
    (frozenset({"idempotent", "invertible"}), "identity"),
    (frozenset({"orthonormal", "idempotent"}), "identity"),
    (frozenset({"idempotent", "contraction"}), "zero"),
    (frozenset({"skew", "diagonal"}), "zero"),
    (frozenset({"skew", "lower"}), "zero"),
    (frozenset({"skew", "upper"}), "zero"),
    (frozenset({"skew", "psd"}), "zero"),
    (frozenset({"skew", "idempotent"}), "zero"),
)
"""Facts that leave one square matrix."""


def drawn(symbol: Expr, sizes: Mapping[str, int], field: Modulus, rng: Generator, *, square: bool = False) -> Any:
    """Random values of a symbol or of a family; with ``square`` the free entries are squares.

    Refusal where facts are declared together for which there is no construction.
    """
    if symbol.op.name == "family":
        one = make("symbol", (), symbol.params[:5])
        count = symbol.params[5].value(sizes)
        members = [drawn(one, sizes, field, rng, square=square).reshape(field.count, 1, -1) for _ in range(count)]
        return np.concatenate(members, axis=1)
    rows, cols = symbol.rows.value(sizes), symbol.cols.value(sizes)
    known = known_facts(symbol)
    if not known - OPEN:
        return entries(field, rng, rows, cols, square)
    return _with_facts(symbol, known, rows, cols, field, rng, square)


def entries(field: Modulus, rng: Generator, rows: int, cols: int, square: bool = False) -> Any:
    """Independent residues other than 0."""
    found = rng.integers(1, field.m3, (field.count, rows, cols))
    return found * found % field.m3 if square else found


def _with_facts(symbol: Expr, known: frozenset[str], rows: int, cols: int, field: Modulus, rng: Generator, square: bool) -> Any:
    if "simplex" in known:
        if known - OPEN - {"simplex"}:
            raise _no_construction(symbol, known)
        free = entries(field, rng, rows, cols, square)
        free[:, -1] = (1 - free[:, :-1].sum(axis=1)) % field.m3[:, 0]
        return free
    for together, which in SETTLED:
        if together <= known and rows == cols:
            return np.broadcast_to(np.eye(rows, dtype=np.int64) * (which == "identity"), (field.count, rows, rows)).copy()
    if "orthonormal" in known:
        return _orthonormal(symbol, known, rows, cols, field, rng)
    if "idempotent" in known:
        return _idempotent(symbol, known, rows, field, rng)
    return _patterned(known, entries(field, rng, rows, cols, square), field)


def _no_construction(symbol: Expr, known: frozenset[str]) -> Refusal:
    listed = ", ".join(sorted(known))
    return Refusal(f"{symbol.params[0]}: there is no construction over finite fields of a matrix that is {listed}")


def _patterned(known: frozenset[str], value: Any, field: Modulus) -> Any:
    if "diagonal" in known:
        return value * np.eye(*value.shape[1:], dtype=np.int64)
    if "lower" in known:
        return np.tril(value)
    if "upper" in known:
        return np.triu(value)
    below = np.tril(value, -1)
    if "symmetric" in known:
        return np.tril(value) + below.swapaxes(1, 2)
    if "skew" in known:
        return (below - below.swapaxes(1, 2)) % field.m3
    return value


def _orthonormal(symbol: Expr, known: frozenset[str], rows: int, cols: int, field: Modulus, rng: Generator) -> Any:
    """Columns of (I - K) inv(I + K) for a skew K, with random signs: both parts of the orthogonal group."""
    if known & {"positive", "nonnegative", "integer", "unit", "idempotent", "contraction"}:
        raise _no_construction(symbol, known)
    eye = np.eye(rows, dtype=np.int64)
    signs = rng.integers(0, 2, (field.count, 1, rows)) * 2 - 1
    signs[:, 0, 0] = signs[:, 0, 1:].prod(axis=1) * (1 - 2 * (np.arange(field.count) % 2))  # either determinant in turn
    if rows == cols and known & {"diagonal", "lower", "upper"}:
        return eye * signs % field.m3
    K = _patterned(frozenset({"skew"}), entries(field, rng, rows, rows), field)
    inverse, fine = field.inverse((eye + K) % field.m3)
    basis = field.matmul((eye - K) % field.m3, inverse)
    basis = np.where(fine[:, None, None], basis, eye)
    if rows == cols and "symmetric" in known:
        signs = _in_turn(field.count, rows) * 2 - 1
        return field.matmul(basis * signs % field.m3, basis.swapaxes(1, 2))
    if rows == cols and "skew" in known:
        if rows % 2:
            raise Refusal(f"{symbol.params[0]}: a skew matrix of odd size is singular")
        turn = np.kron(np.eye(rows // 2, dtype=np.int64), np.array([[0, -1], [1, 0]]))
        return field.matmul(field.matmul(basis, turn % field.m3), basis.swapaxes(1, 2))
    return (basis * signs % field.m3)[:, :, :cols]


def _in_turn(count: int, n: int) -> Any:
    """Rows of ones followed by zeros: of rank about half first, then of every rank from 0 to n in turn."""
    ranks = [(n // 2 + 1 + k) % (n + 1) for k in range(count)]
    return np.array([[[int(j < r) for j in range(n)]] for r in ranks], dtype=np.int64)


def _idempotent(symbol: Expr, known: frozenset[str], n: int, field: Modulus, rng: Generator) -> Any:
    if known & {"lower", "upper", "integer", "positive", "nonnegative", "unit"} and "diagonal" not in known:
        raise _no_construction(symbol, known)
    ranked = _in_turn(field.count, n) * np.eye(n, dtype=np.int64)
    if "diagonal" in known:
        return ranked
    if "symmetric" in known:
        basis = _orthonormal(symbol, frozenset({"orthonormal"}), n, n, field, rng)
        return field.matmul(field.matmul(basis, ranked), basis.swapaxes(1, 2))
    basis = entries(field, rng, n, n)
    inverse, fine = field.inverse(basis)
    found = field.matmul(field.matmul(basis, ranked), inverse)
    return np.where(fine[:, None, None], found, ranked)
