"""Arrays for the declarations of these tests, and values by plain loops over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

GIVEN = (
    "x[N]: p; y[N]: scalar; Z[M]: p q; Q[M]: p p pd; S: p p pd; u: p; w: p; W: m p; A: p p; X: p p; a: p; b: p; "
    "t: scalar; k: scalar integer"
)
"""Families of vectors, scalars and matrices beside plain variables."""

SIZES = {"N": 5, "M": 4, "p": 3, "q": 2, "m": 6, "k": 3, "j": 2, "l": 4}


def arrays(seed: int = 0) -> dict[str, Any]:
    """One array for each declared name."""
    rng = np.random.default_rng(seed)
    N, M, p, q, m = (SIZES[name] for name in ("N", "M", "p", "q", "m"))
    draw = rng.standard_normal
    root = draw((M, p, p))
    return {
        "x": draw((N, p)), "y": draw(N), "Z": draw((M, p, q)), "Q": root @ root.transpose(0, 2, 1) + np.eye(p),
        "S": 2.0 * np.eye(p) + 0.3, "u": draw(p), "w": draw(p), "W": draw((m, p)), "A": draw((p, p)), "X": draw((p, p)),
        "a": draw(p), "b": draw(p), "t": 0.7, "k": float(SIZES["k"]),
    }  # fmt: skip


Function = Callable[[Mapping[str, Any]], Any]


def slope(f: Function, env: Mapping[str, Any], name: str, direction: Any) -> Any:
    """The derivative of a function of arrays along a direction of one of them, by differences of order 4."""
    h = 1e-3

    def at(s: float) -> Any:
        return f({**env, name: env[name] + s * h * direction})

    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)
