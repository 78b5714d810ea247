"""Functions that have no exact value in a finite field: as arbitrary functions of their arguments.

Equal arguments give equal values, so that what agrees here agrees for every function in their place; what differs here
may still be equal.  Some laws are built in: sin^2 + cos^2 = 1, odd and even functions, |x| = x or -x.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np

from closedform.equality.field import Modulus

ODD = frozenset({"erf", "asin", "atan", "sin", "tan"})
WHOLE = frozenset({"max", "min"})
"""Functions of all entries whatever their order."""


def _mixed(x: Any) -> Any:
    """The finalizer of SplitMix64, a bijection of 64-bit numbers."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _salt(name: str) -> Any:
    return np.uint64((crc32(name.encode()) + 1) * 0x9E3779B97F4A7C15 % 2**64)


def of_entries(name: str, a: Any, field: Modulus) -> Any:
    """An arbitrary function of each entry, odd where the named one is."""
    turned = (field.m3 - a) % field.m3
    odd = name in ODD
    key = np.minimum(a, turned) if odd or name == "cos" else a
    out = (_mixed(key.astype(np.uint64) ^ _salt(name)) % field.m3.astype(np.uint64)).astype(np.int64)
    return np.where(a == key, out, (field.m3 - out) % field.m3) * (a != 0) if odd else out


def of_matrices(name: str, parts: list[Any], shape: tuple[int, int], field: Modulus) -> Any:
    """An arbitrary function of whole matrices, with values of a shape."""
    with np.errstate(over="ignore"):
        total = np.full(field.count, _salt(name), dtype=np.uint64)
        for a in parts:
            flat = a.reshape(field.count, -1)
            if name in WHOLE:
                flat = np.sort(flat, axis=1)
            for k in range(flat.shape[1]):
                total = _mixed(total * np.uint64(3) + flat[:, k].astype(np.uint64) + np.uint64(1))
        places = np.arange(shape[0] * shape[1], dtype=np.uint64)[None] * np.uint64(0x9E3779B97F4A7C15)
        out = _mixed(total[:, None] + places).reshape(field.count, *shape) % field.m3.astype(np.uint64)
    return out.astype(np.int64)


def circular(name: str, a: Any, field: Modulus) -> tuple[Any, Any]:
    """sin, cos, tan from an arbitrary odd t of each entry: 2t/(1 + t^2), (1 - t^2)/(1 + t^2), their quotient."""
    t = of_entries("tan", a, field)
    square = t * t % field.m3
    above = 2 * t if name in ("sin", "tan") else 1 - square
    below = 1 - square if name == "tan" else 1 + square
    inverse, fine = field.reciprocal(below % field.m3)
    return above % field.m3 * inverse % field.m3, fine
