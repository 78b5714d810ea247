"""Exact arithmetic on stacks of matrices over finite fields: the k-th matrix of a stack modulo the k-th prime.

The primes lie between 2^30 and 2^31 and are 3 modulo 4, so that -1 is not a square and every square has exactly one
square root that is itself a square.  A product of two residues fits into 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

LOW, HIGH = 2**30, 2**31
PLAIN_PRIMES = 2.4e7
"""At least so many primes that are 3 modulo 4 lie between LOW and HIGH (there are about 2.5e7)."""
PAIRED_PRIMES = 7e5
"""About so many pairs of primes q, p = 2q + 1 with q = 3 modulo 4 and p between LOW and HIGH (estimated: 8e5)."""

SIEVE = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)


def is_prime(n: int) -> bool:
    """Is an odd number between 50 and 2^31 a prime?  (Miller and Rabin; the bases 2, 3, 5, 7 decide below 3.2e9.)

    >>> is_prime(2**31 - 1), is_prime(2**31 - 3)
    (True, False)
    """
    if any(n % s == 0 for s in SIEVE):
        return False
    odd, twos = n - 1, 0
    while not odd & 1:
        odd >>= 1
        twos += 1
    for base in (2, 3, 5, 7):
        x = pow(base, odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def _candidates(seed: int, low: int, high: int) -> Iterator[int]:
    """Random numbers that are 3 modulo 4."""
    rng = np.random.default_rng([seed, low])
    while True:
        yield from (int(v) * 4 + 3 for v in rng.integers(low // 4, high // 4 - 1, 64))


@lru_cache(maxsize=64)
def plain_primes(seed: int, count: int) -> tuple[int, ...]:
    """Different random primes that are 3 modulo 4."""
    found: dict[int, None] = {}
    for n in _candidates(seed, LOW, HIGH):
        if is_prime(n):
            found[n] = None
            if len(found) == count:
                break
    return tuple(found)


@lru_cache(maxsize=64)
def paired_primes(seed: int, count: int) -> tuple[int, ...]:
    """Different random primes p = 7 modulo 8 for which q = (p - 1)/2 is a prime, and 3 modulo 4, too.

    >>> all(is_prime(p) and is_prime(p // 2) for p in paired_primes(0, 2))
    True
    """
    found: dict[int, None] = {}
    for q in _candidates(seed, LOW // 2, HIGH // 2):
        if all((2 * q + 1) % s for s in SIEVE) and is_prime(q) and is_prime(2 * q + 1):
            found[2 * q + 1] = None
            if len(found) == count:
                break
    return tuple(found)


class Modulus:
    """Arithmetic on stacks of matrices, the k-th one modulo the k-th number.

    Every method that divides or takes a root also gives, for each matrix of the stack, whether it could.
    """

    __slots__ = ("count", "list", "m3", "m4")

    def __init__(self, moduli: tuple[int, ...]) -> None:
        self.list = moduli
        self.count = len(moduli)
        self.m3 = np.array(moduli, dtype=np.int64)[:, None, None]
        self.m4 = self.m3[:, :, :, None]

    def integer(self, value: int) -> Any:
        """The residues of a whole number."""
        return np.array([value % m for m in self.list], dtype=np.int64)[:, None, None]

    def fraction(self, numerator: int, denominator: int) -> tuple[Any, Any]:
        """The residues of a fraction, where the modulus does not divide the denominator (none divides one below 2^29)."""
        fine = np.array([denominator % m != 0 for m in self.list])
        found = [numerator * pow(denominator, -1, m) % m if denominator % m else 0 for m in self.list]
        return np.array(found, dtype=np.int64)[:, None, None], fine

    def times(self, a: Any, b: Any) -> Any:
        """The entrywise product; a 1 x 1 matrix multiplies anything."""
        return a * b % self.m3

    def matmul(self, a: Any, b: Any) -> Any:
        """The matrix product; a 1 x 1 matrix multiplies anything."""
        if a.shape[1:] == (1, 1) or b.shape[1:] == (1, 1) or a.shape[2] == 1:
            return a * b % self.m3
        return (a[:, :, :, None] * b[:, None, :, :] % self.m4).sum(axis=2) % self.m3

    def power(self, a: Any, exponents: Any) -> Any:
        """Entrywise powers; exponents are stacks of non-negative numbers, or one number for each modulus."""
        exponents = np.broadcast_to(exponents, np.broadcast_shapes(a.shape, np.shape(exponents)))
        a = np.broadcast_to(a, exponents.shape)
        each = a[0].size
        flat = [
            pow(x, e, self.list[k // each])
            for k, (x, e) in enumerate(zip(a.ravel().tolist(), exponents.ravel().tolist(), strict=True))
        ]
        return np.array(flat, dtype=np.int64).reshape(a.shape)

    def reciprocal(self, a: Any) -> tuple[Any, Any]:
        """One over each entry."""
        fine = (a != 0).all(axis=(1, 2))
        each = a[0].size
        flat = [pow(x, -1, self.list[k // each]) if x else 0 for k, x in enumerate(a.ravel().tolist())]
        return np.array(flat, dtype=np.int64).reshape(a.shape), fine

    def squares(self, a: Any) -> Any:
        """1 for each square other than 0, -1 for each other number, 0 for 0 (moduli that are primes)."""
        each = a[0].size
        flat = [pow(x, self.list[k // each] // 2, self.list[k // each]) for k, x in enumerate(a.ravel().tolist())]
        signs = np.array(flat, dtype=np.int64).reshape(a.shape)
        return np.where(signs > 1, -1, signs)

    def root(self, a: Any) -> tuple[Any, Any]:
        """The square roots that are themselves squares."""
        half = np.array([(m + 1) // 4 for m in self.list], dtype=np.int64)[:, None, None]
        found = self.power(a, half)
        return found, (found * found % self.m3 == a).all(axis=(1, 2))

    def eliminated(self, a: Any, right: Any) -> tuple[Any, Any, Any]:
        """The solution of a X = right, the determinants of a, and which a are invertible (Gauss and Jordan)."""
        n = a.shape[1]
        work = np.concatenate([a, np.broadcast_to(right, (self.count, *right.shape[1:]))], axis=2)
        stack = np.arange(self.count)
        fine = np.ones(self.count, dtype=bool)
        det = np.ones(self.count, dtype=np.int64)
        for k in range(n):
            filled = work[:, k:, k] != 0
            fine &= filled.any(axis=1)
            pivot = filled.argmax(axis=1) + k
            if (pivot != k).any():
                row = work[stack, pivot]
                work[stack, pivot] = work[:, k]
                work[:, k] = row
                det = np.where(pivot != k, -det, det)
            lead = work[:, k, k].copy()
            det = det * lead % self.m3[:, 0, 0]
            scale = [pow(x, -1, m) if x else 0 for x, m in zip(lead.tolist(), self.list, strict=True)]
            top = work[:, k] * np.array(scale, dtype=np.int64)[:, None] % self.m3[:, 0]
            column = work[:, :, k].copy()
            column[:, k] = 0
            work = (work - column[:, :, None] * top[:, None, :] % self.m3) % self.m3
            work[:, k] = top
        return work[:, :, n:], det[:, None, None] % self.m3, fine

    def inverse(self, a: Any) -> tuple[Any, Any]:
        """The inverses, and which exist."""
        if a.shape[1:] == (1, 1):
            return self.reciprocal(a)
        found, _, fine = self.eliminated(a, np.eye(a.shape[1], dtype=np.int64)[None])
        return found, fine

    def determinant(self, a: Any) -> Any:
        """The determinants."""
        if a.shape[1:] == (1, 1):
            return a
        return self.eliminated(a, np.zeros((1, a.shape[1], 0), dtype=np.int64))[1]

    def matrix_power(self, a: Any, k: int) -> Any:
        """The k-th powers of square matrices, k at least 0."""
        out = np.broadcast_to(np.eye(a.shape[1], dtype=np.int64), a.shape)
        while k:
            if k & 1:
                out = self.matmul(out, a)
            a, k = self.matmul(a, a), k >> 1
        return out
