"""Directions in which a declared variable may move, and the orthogonal projection on them.

A symmetric (psd, pd), skew, diagonal or triangular matrix moves in a linear space, a point of the simplex keeps its
sum, and a matrix Q with orthonormal columns moves so that Q'Z is skew.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from closedform.core.expr import Expr
from closedform.core.facts import SPACE
from closedform.core.infer import facts as known_facts


def space(variable: Expr) -> frozenset[str]:
    """The declared facts that restrict the directions of a variable; none for a scalar."""
    return frozenset() if variable.is_scalar else known_facts(variable) & SPACE


def curved(facts: frozenset[str]) -> bool:
    """Do the directions change from point to point?"""
    return "orthonormal" in facts


def project(facts: frozenset[str], point: Any, Z: Any) -> Any:
    """The projection of Z (or of a stack of them) on the directions that a variable with these facts has at a point.

    >>> project(frozenset({"symmetric"}), None, np.array([[0.0, 2.0], [0.0, 0.0]])).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    if "diagonal" in facts:
        Z = Z * np.eye(*Z.shape[-2:])
    else:
        if "lower" in facts:
            Z = np.tril(Z)
        if "upper" in facts:
            Z = np.triu(Z)
        if "symmetric" in facts:
            Z = 0.5 * (Z + np.swapaxes(Z, -1, -2))
    if "skew" in facts:
        Z = 0.5 * (Z - np.swapaxes(Z, -1, -2))
    if "simplex" in facts:
        Z = Z - np.mean(Z, axis=(-2, -1), keepdims=True)
    if curved(facts):
        inside = point.T @ Z
        Z = Z - point @ (0.5 * (inside + np.swapaxes(inside, -1, -2)))
    return Z


def independent(facts: frozenset[str], Z: Any) -> Any:
    """The independent entries of a direction, each once, in the places that stand for them; zero elsewhere."""
    return np.tril(Z) if facts & {"symmetric", "skew"} else Z


def direction(variable: Expr, point: Any, structure: str, rng: np.random.Generator) -> Any:
    """A random direction of about the size of an entry of the point; any direction where the structure is free."""
    if variable.is_scalar:
        return np.float64(rng.uniform(0.5, 1.0) * (1.0 if rng.random() < 0.5 else -1.0))
    Z = rng.standard_normal(point.shape)
    if structure != "free":
        facts = space(variable)
        if facts:
            Z = project(facts, point, Z)
    length = float(np.sqrt((Z * Z).sum()))
    if length == 0.0:  # a space of a single point, as orthogonal and diagonal at once
        return Z
    scale = float(np.sqrt((point * point).mean()))
    return Z * (min(1.0, max(scale, 0.05)) / length)
