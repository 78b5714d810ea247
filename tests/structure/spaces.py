"""The spaces of structured variables, from their parametrisations alone: bases, projections, curves, entries."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.table.brute import STENCIL, Arrays, Function, jacobian

UNIT_STEP = 2e-3


def unit(shape: tuple[int, int], i: int, j: int) -> Any:
    E = np.zeros(shape)
    E[i, j] = 1.0
    return E


def basis(fact: str, at: Any) -> list[Any]:
    """Matrices that span the tangent space of a fact at a point (not orthonormal)."""
    m, n = at.shape
    cells = [(i, j) for j in range(n) for i in range(m)]
    if fact == "symmetric":
        return [unit((m, n), i, j) + unit((m, n), j, i) for i, j in cells if i >= j]
    if fact == "skew":
        return [unit((m, n), i, j) - unit((m, n), j, i) for i, j in cells if i > j]
    if fact == "diagonal":
        return [unit((m, n), i, i) for i in range(m)]
    if fact == "lower":
        return [unit((m, n), i, j) for i, j in cells if i >= j]
    if fact == "upper":
        return [unit((m, n), i, j) for i, j in cells if i <= j]
    if fact == "simplex":
        return [unit((m, n), i, 0) - unit((m, n), 0, 0) for i in range(1, m)]
    assert fact == "orthonormal"
    turns = [at @ (unit((n, n), i, j) - unit((n, n), j, i)) for i in range(n) for j in range(i)]
    rest = np.linalg.svd(at)[0][:, n:]  # what stands at right angles to the columns
    return turns + [np.outer(column, row) for column in rest.T for row in np.eye(n)]


def projector(fact: str, at: Any) -> Any:
    """The orthogonal projection on the tangent space, as a matrix that acts on vec."""
    directions = np.stack([B.reshape(-1, order="F") for B in basis(fact, at)], axis=1)
    Q = np.linalg.qr(directions)[0]
    return Q @ Q.T


def free_gradient(function: Function, env: Arrays, name: str) -> Any:
    """The gradient with the entries of the variable taken as free, by differences."""
    return jacobian(function, env, name, UNIT_STEP).reshape(env[name].shape, order="F")


def projected_gradient(function: Function, env: Arrays, name: str, fact: str) -> Any:
    G = free_gradient(function, env, name)
    return (projector(fact, env[name]) @ G.reshape(-1, order="F")).reshape(G.shape, order="F")


def retracted(fact: str, at: Any, direction: Any) -> Any:
    """A point of the space near ``at`` + ``direction``: the end of a curve that sets out along a tangent direction."""
    if fact != "orthonormal":
        return at + direction
    U, _, Vt = np.linalg.svd(at + direction, full_matrices=False)
    return U @ Vt


def along(fact: str, field: Function, env: Arrays, name: str, step: float = 1e-2) -> Any:
    """The matrix whose product with a tangent direction is the derivative of vec(field) along it, zero on what is normal.

    The derivative is taken along curves inside the space, so that nothing outside it plays a part.
    """
    at = env[name]
    directions = np.stack([B.reshape(-1, order="F") for B in basis(fact, at)], axis=1)
    slopes = []
    for column in directions.T:
        Z = column.reshape(at.shape, order="F")
        total: Any = 0.0
        for place, weight in STENCIL:
            total = total + weight * field({**env, name: retracted(fact, at, step * place * Z)})
        slopes.append(np.reshape(total / step, -1, order="F"))
    return np.stack(slopes, axis=1) @ np.linalg.pinv(directions)


def by_entries(function: Function, env: Arrays, name: str, fact: str) -> Any:
    """The derivative by each independent entry, written wherever the entry stands, with its sign there."""
    out = np.zeros(env[name].shape)
    for B in entries(fact, env[name].shape):
        total = 0.0
        for place, weight in STENCIL:
            total += weight * float(np.squeeze(function({**env, name: env[name] + UNIT_STEP * place * B})))
        out += total / UNIT_STEP * B
    return out


def entries(fact: str, shape: tuple[int, int]) -> list[Any]:
    """How the matrix changes when one independent entry does: 1 (or -1) wherever the entry stands."""
    one = [np.sign(B) for B in basis(fact, np.zeros(shape))]
    assert all(set(np.unique(B)) <= {-1.0, 0.0, 1.0} for B in one)
    return one
