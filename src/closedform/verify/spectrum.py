"""Matrices whose singular vectors or eigenvectors are nowhere differentiable: their values coincide at every point."""

from __future__ import annotations

from typing import Any

import numpy as np

from closedform.core.errors import Refusal
from closedform.core.expr import Expr
from closedform.core.walk import depends, postorder
from closedform.verify.point import Point, Points

VECTORS = {"svdu": "singular values", "svdv": "singular values", "eigvecs": "eigenvalues"}
"""Operations that give vectors, with the values that have to differ."""
POINTS = 4
SMALL = 3
"""Points with a smaller size are looked at only where there are no others: two values differ too easily."""
EQUAL = 1e-9


def admit_vectors(function: Expr, wrt: tuple[Expr, ...], seed: int = 0) -> None:
    """Refuse singular vectors and eigenvectors of matrices whose values coincide wherever it was tried.

    >>> from closedform.lang.read import parse
    >>> read = parse("eigvecs(x*x')", "x: n")
    >>> admit_vectors(read.expr, (read.scope.symbols["x"],))
    Traceback (most recent call last):
        ...
    closedform.core.errors.Refusal: eigvecs: x*x' has equal eigenvalues wherever it was tried: its vectors have no derivative
    """
    nodes = postorder(function)
    vectors = [n for n in nodes if n.op.name in VECTORS]
    moving = set().union(*(depends(nodes, x) for x in wrt)) if vectors else set()
    vectors = [n for n in vectors if n in moving and not n.is_scalar]
    if not vectors:
        return
    points = Points((function,), seed=seed)
    with np.errstate(all="ignore"):
        found = [points.next() for _ in range(POINTS)]
    large = [point for point in found if all(size >= SMALL for size in point.sizes.values())]
    for node in vectors:
        if node.args[0] not in points.program.place:  # inside of a sum: it has a value for each term
            continue
        if all(_coincide(node, point) for point in large or found):
            (matrix,), values = node.args, VECTORS[node.op.name]
            zero = " or values of 0" if _has_rest(node) else ""
            said = f"{_short(matrix)} has equal {values}{zero} wherever it was tried"
            raise Refusal(f"{node.op.word}: {said}: its vectors have no derivative")


def _has_rest(node: Expr) -> bool:
    """Are vectors beyond those of the values involved, so that no value may be 0?"""
    return node.op.name != "eigvecs" and node.rows is not node.cols


def _coincide(node: Expr, point: Point) -> bool:
    A: Any = np.atleast_2d(point.of(node.args[0]))
    if node.op.name == "eigvecs":
        values = np.linalg.eigvalsh(0.5 * (A + A.T))
    else:
        values = np.linalg.svd(A, compute_uv=False)
        if _has_rest(node):
            values = np.append(values, 0.0)
    gaps = np.abs(np.diff(np.sort(values)))
    return bool(np.min(gaps, initial=np.inf) <= EQUAL * np.max(np.abs(values), initial=0.0))


def _short(e: Expr) -> str:
    text = str(e)
    return text if len(text) <= 60 else f"{text[:57]}..."
