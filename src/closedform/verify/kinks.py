"""Where an operation is not differentiable: ties between its pieces, coinciding singular values and eigenvalues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

EXTREMES = frozenset({"max", "min"})
PIECEWISE = EXTREMES | {"abs", "sign", "step", "relu", "norm1", "maximum", "minimum"}
"""Operations with pieces, of which a point meets one: an answer that is wrong on another shows at other points only."""
JUMPING = frozenset({"sign", "step"})
"""Those of them that are not continuous."""
SPECTRAL = frozenset({"normnuc", "normspec", "svdvals", "svdu", "svdv", "eigvalsh", "eigvecs", "lambda_max"})
"""Operations that are not differentiable where singular values or eigenvalues coincide (or the former vanish)."""
RANKED = frozenset({"pinv"})
"""Operations that are not continuous where a rank changes."""
TIE = 1e-14
"""So near a kink, relative to the size of the arguments, counts as on it."""
BEND = 1e-4
"""The step with which a bend is looked for."""
BLUR = 1e-12
"""Entries that differ by less than this, relative to the largest, differ by rounding."""
SINGULAR = 1e-7
"""A singular value below this, relative to the largest, may count as 0 for a rank."""
COINCIDING = 1e-9
"""Singular values and eigenvalues whose difference is below this, relative to the largest, count as one."""


def ties(name: str, arguments: Sequence[Any]) -> Any:
    """Which entries of the arguments stand where a function goes over from one of its pieces to another.

    >>> ties("abs", [np.array([1.0, 0.0])]).tolist(), ties("max", [np.array([2.0, 1.0, 2.0])]).tolist()
    ([False, True], [True, False, True])
    """
    first = arguments[0]
    if name in EXTREMES:
        extreme = first == (np.max if name == "max" else np.min)(first)
        return extreme & (np.sum(extreme) > 1)
    gaps = first - arguments[1] if len(arguments) == 2 else first
    return ~(np.abs(gaps) > TIE * max(1.0, *(largest(v) for v in arguments)))


def unsettled(argument: Any, *, positive: bool = False) -> bool:
    """Does rounding decide on which side of a jump an entry is?  (Of inv(S)*S - I, say, or where what is positive underflows.)

    >>> unsettled(np.array([1.0, 1e-17])), unsettled(np.array([1.0, 0.0])), unsettled(np.array([1.0, 0.0]), positive=True)
    (True, False, True)
    """
    size = np.abs(argument)
    if positive:
        return bool((size == 0).any())
    return bool(((size > 0) & (size <= BLUR * max(1.0, largest(size)))).any())


def blurred(name: str, argument: Any) -> bool:
    """Is it rounding alone that makes one entry the largest, or the smallest?  (Of a matrix that would be symmetric.)

    >>> blurred("max", np.array([1.0, 1.0 + 1e-15])), blurred("max", np.array([1.0, 1.0]))
    (True, False)
    """
    gaps = np.abs(argument - (np.max if name == "max" else np.min)(argument))
    return bool(((gaps > 0) & (gaps <= BLUR * largest(argument))).any())


def rankless(value: Any) -> bool:
    """Is the rank of a matrix less than full, as far as can be seen?  (A rank that does not change may be less.)

    >>> rankless(np.diag([1.0, 1e-12])), rankless(np.diag([1.0, 0.1]))
    (True, False)
    """
    if not np.isfinite(value).all():
        return False
    values = np.linalg.svd(np.atleast_2d(value), compute_uv=False)
    return bool(values[-1] <= SINGULAR * values[0])


def degenerate(name: str, value: Any) -> bool:
    """Do the values on which the smoothness of a function of singular values or eigenvalues rests coincide, or vanish?

    The sum of the singular values is smooth where some coincide; the largest where it is the only one.

    >>> degenerate("svdvals", np.eye(2)), degenerate("normnuc", np.eye(2)), degenerate("normspec", np.diag([2.0, 1.0, 1.0]))
    (True, False, False)
    """
    return bool(coincidences(name, value).any())


def coincidences(name: str, value: Any) -> Any:
    """Which neighbours coincide among those values (a last singular value with 0).

    >>> coincidences("svdvals", np.diag([2.0, 1.0, 1.0])).tolist()
    [False, True, False]
    """
    if not np.isfinite(value).all():  # LAPACK has nothing to say of it
        return np.ones(1, dtype=bool)
    if name.startswith(("svd", "norm")):
        values = np.append(np.linalg.svd(value, compute_uv=False), 0.0)
    else:
        values = np.linalg.eigvalsh((value + value.T) / 2)[::-1]
    if name in ("normspec", "lambda_max"):
        gaps = values[:1] - values[1:2]
    else:
        gaps = (values[:-1] - values[1:])[-1 if name == "normnuc" else 0 :]
    return gaps <= COINCIDING * max(1e-300, largest(values))


def bends(value: Callable[[float], Any]) -> bool:
    """Has a function a bend at 0?  Its second difference shrinks like the step then, not like its square.

    >>> bends(lambda s: abs(s)), bends(lambda s: s * s)
    (True, False)
    """
    here = value(0.0)
    far, near = (largest(value(step) - 2 * here + value(-step)) / step for step in (BEND, BEND / 10))
    return near > max(0.5 * far, 1e-6 * largest(here))


def largest(value: Any) -> float:
    """The largest absolute value of the entries that are finite."""
    size = np.abs(value)
    return float(np.max(size, initial=0.0, where=np.isfinite(size)))
