"""What the words of the language mean, on NumPy and SciPy; shares nothing with the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg as sla
import scipy.special
from tests.fuzz.syntax import Unreadable

Array = Any


def square(a: Array) -> Array:
    if a.shape[0] != a.shape[1]:
        raise Unreadable(f"a square matrix is wanted, not {a.shape}")
    return a


def column(a: Array) -> Array:
    if a.shape[1] != 1:
        raise Unreadable(f"a column is wanted, not {a.shape}")
    return a


def _axis(a: Array) -> int:
    if 1 not in a.shape:
        raise Unreadable(f"a vector is wanted, not {a.shape}")
    return 0 if a.shape[1] == 1 else 1


def alike(a: Array, b: Array, *, scalars: bool = False) -> None:
    if a.shape != b.shape and not (scalars and 1 in (a.size, b.size)):
        raise Unreadable(f"equal shapes are wanted, not {a.shape} and {b.shape}")


def _sym(a: Array) -> Array:
    return (square(a) + a.T) / 2


def _real(a: Array) -> Array:
    return a.real if np.abs(a.imag).max(initial=0) <= 1e-10 * max(1.0, np.abs(a.real).max(initial=0)) else a.real * np.nan


def _of_spectrum(function: Callable[[Array], Array], a: Array) -> Array:
    """A function of a matrix that wants no eigenvalue on the closed negative axis."""
    values = np.linalg.eigvals(square(a))
    if np.any((np.abs(values.imag) < 1e-9) & (values.real <= 0)):
        return a * np.nan
    return _real(np.asarray(function(a), complex))


def _direction(function: Callable[[Array], Array], a: Array, e: Array) -> Array:
    alike(square(a), e)
    n = len(a)
    return function(np.block([[a, e], [np.zeros((n, n)), a]]))[:n, n:]


def _expm(a: Array) -> Array:
    return sla.expm(square(a))


def _logm(a: Array) -> Array:
    return _of_spectrum(sla.logm, a)


def _adj(a: Array) -> Array:
    n = len(square(a))
    out = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            out[j, i] = (-1) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1))
    return out


def _lse(a: Array, axis: int) -> Array:
    top = a.max(axis=axis, keepdims=True)
    return top + np.log(np.exp(a - top).sum(axis=axis, keepdims=True))


def _soft(a: Array, axis: int) -> Array:
    return np.exp(a - _lse(a, axis))


def _chol(a: Array) -> Array:
    return np.linalg.cholesky(_sym(a))


def inverse(a: Array) -> Array:
    if np.linalg.cond(square(a)) > 1e10:
        return a * np.nan
    return np.linalg.inv(a)


def _pinv(a: Array) -> Array:
    s = np.linalg.svd(a, compute_uv=False)
    if s[-1] < 1e-8 * s[0]:
        return a.T * np.nan
    return np.linalg.pinv(a)


def _svd(a: Array) -> tuple[Array, Array, Array]:
    u, s, v = np.linalg.svd(a, full_matrices=False)
    return u, s.reshape(-1, 1), v.T


def _sylvester(a: Array, b: Array, c: Array) -> Array:
    m, n = len(square(a)), len(square(b))
    if c.shape != (m, n):
        raise Unreadable("the sizes of sylvester do not fit")
    system = np.kron(np.eye(n), a) + np.kron(b.T, np.eye(m))
    return (inverse(system) @ c.reshape(-1, 1, order="F")).reshape(m, n, order="F")


def _lyap(a: Array, q: Array) -> Array:
    return _sylvester(a, a.T, q)


def _solve(a: Array, b: Array) -> Array:
    if len(square(a)) != len(b):
        raise Unreadable("the sizes of solve do not fit")
    return inverse(a) @ b


def _diag(a: Array) -> Array:
    return np.diag(a[:, 0]) if a.shape[1] == 1 else np.diag(square(a)).reshape(-1, 1)


def _khatrirao(a: Array, b: Array) -> Array:
    if a.shape[1] != b.shape[1]:
        raise Unreadable("khatrirao wants as many columns on both sides")
    return np.column_stack([np.kron(a[:, j], b[:, j]) for j in range(a.shape[1])])


def _dot(a: Array, b: Array) -> Array:
    alike(column(a), column(b))
    return a.T @ b


def _crossentropy(p: Array, z: Array) -> Array:
    alike(column(p), column(z))
    return -p.T @ (z - _lse(z, 0))


def _outer(a: Array, b: Array) -> Array:
    return column(a) @ column(b).T


def _larger(a: Array, b: Array) -> Array:
    alike(a, b, scalars=True)
    return np.maximum(a, b)


def _smaller(a: Array, b: Array) -> Array:
    alike(a, b, scalars=True)
    return np.minimum(a, b)


def _vech(a: Array) -> Array:
    n = len(square(a))
    return np.concatenate([a[j:, j] for j in range(n)])


def _norm(a: Array) -> Array:
    return np.sqrt((a * a).sum())


WORDS: dict[str, tuple[int, Callable[..., Array]]] = {
    "tr": (1, lambda a: np.trace(square(a))), "det": (1, lambda a: np.linalg.det(square(a))),
    "logdet": (1, lambda a: np.linalg.slogdet(square(a))[1]), "inv": (1, inverse), "pinv": (1, _pinv), "adj": (1, _adj),
    "tril": (1, np.tril), "triu": (1, np.triu), "diag": (1, _diag), "vec": (1, lambda a: a.reshape(-1, 1, order="F")),
    "vech": (1, _vech), "sum": (1, np.sum), "mean": (1, np.mean), "max": (1, np.max), "min": (1, np.min),
    "rowsum": (1, lambda a: a.sum(1, keepdims=True)), "colsum": (1, lambda a: a.sum(0, keepdims=True)),
    "norm": (1, _norm), "norm2": (1, _norm), "norm1": (1, lambda a: np.abs(a).sum()),
    "normnuc": (1, lambda a: _svd(a)[1].sum()), "normspec": (1, lambda a: _svd(a)[1][0]),
    "exp": (1, np.exp), "log": (1, np.log), "log1p": (1, np.log1p), "expm1": (1, np.expm1), "sqrt": (1, np.sqrt),
    "sin": (1, np.sin), "cos": (1, np.cos), "tan": (1, np.tan), "asin": (1, np.arcsin), "acos": (1, np.arccos),
    "atan": (1, np.arctan), "sinh": (1, np.sinh), "cosh": (1, np.cosh), "tanh": (1, np.tanh),
    "erf": (1, scipy.special.erf), "abs": (1, np.abs), "sign": (1, np.sign),
    "step": (1, lambda a: np.where(np.isnan(a), np.nan, (a > 0) * 1.0)), "relu": (1, lambda a: np.maximum(a, 0.0)),
    "sigmoid": (1, scipy.special.expit), "softplus": (1, lambda a: np.logaddexp(a, 0.0)),
    "gelu": (1, lambda a: a * scipy.special.ndtr(a)), "silu": (1, lambda a: a * scipy.special.expit(a)),
    "recip": (1, lambda a: 1.0 / a), "square": (1, lambda a: a * a), "softmax": (1, lambda a: _soft(a, _axis(a))),
    "softmax_rows": (1, lambda a: _soft(a, 1)), "logsoftmax": (1, lambda a: a - _lse(a, _axis(a))),
    "logsumexp": (1, lambda a: _lse(a, _axis(a))), "logsumexp_rows": (1, lambda a: _lse(a, 1)),
    "expm": (1, _expm), "logm": (1, _logm), "sqrtm": (1, lambda a: _of_spectrum(sla.sqrtm, a)), "chol": (1, _chol),
    "eigvalsh": (1, lambda a: np.linalg.eigvalsh(_sym(a))), "eigvecs": (1, lambda a: np.linalg.eigh(_sym(a))[1]),
    "lambda_max": (1, lambda a: np.linalg.eigvalsh(_sym(a))[-1]), "svdvals": (1, lambda a: _svd(a)[1]),
    "svdu": (1, lambda a: _svd(a)[0]), "svdv": (1, lambda a: _svd(a)[2]),
    "kron": (2, np.kron), "khatrirao": (2, _khatrirao), "dot": (2, _dot), "outer": (2, _outer), "maximum": (2, _larger),
    "minimum": (2, _smaller), "crossentropy": (2, _crossentropy), "solve": (2, _solve), "lyap": (2, _lyap),
    "dexpm": (2, lambda a, e: _direction(_expm, a, e)), "dlogm": (2, lambda a, e: _direction(_logm, a, e)),
    "sylvester": (3, _sylvester),
}  # fmt: skip
"""How many arguments each word takes, and its value."""


def _unit(i: int, n: int) -> Array:
    if not 1 <= i <= n:
        raise Unreadable(f"e({i}, {n})")
    return np.eye(n)[:, [i - 1]]


def _commutation(m: int, n: int) -> Array:
    k = np.zeros((m * n, m * n))
    for i in range(m):
        for j in range(n):
            k[j + i * n, i + j * m] = 1.0
    return k


def _below(n: int) -> list[int]:
    """Where vec of an n x n matrix holds the lower triangle."""
    return [i + j * n for j in range(n) for i in range(j, n)]


def _duplication(n: int) -> Array:
    out = np.zeros((n * n, n * (n + 1) // 2))
    for c, at in enumerate(_below(n)):
        i, j = at % n, at // n
        out[at, c] = out[j + i * n, c] = 1.0
    return out


def _elimination(n: int) -> Array:
    return np.eye(n * n)[_below(n), :]


def _zeros(m: int, n: int = 1) -> Array:
    return np.zeros((m, n))


def _ones(m: int, n: int = 1) -> Array:
    return np.ones((m, n))


SIZED: dict[str, tuple[tuple[int, ...], Callable[..., Array]]] = {
    "eye": ((1,), np.eye), "ones": ((1, 2), _ones), "zeros": ((1, 2), _zeros), "e": ((2,), _unit), "K": ((2,), _commutation),
    "D": ((1,), _duplication), "L": ((1,), _elimination),
}  # fmt: skip


def edge(word: str, a: Array, out: Any) -> str:
    """Why a function is not smooth at an argument, or hardly computed there."""
    if word == "logdet" and np.linalg.cond(a) > 1e9:
        return "the logarithm of zero"
    if word in ("norm", "norm2") and out < 1e-9:
        return "the norm of zero"
    if word in ("eigvecs", "eigvalsh", "lambda_max"):
        gaps = np.diff(np.linalg.eigvalsh(_sym(a)))
        return "equal eigenvalues" if gaps.min(initial=1) < 1e-5 * max(1.0, np.abs(a).max()) else ""
    if word in ("svdu", "svdv", "svdvals", "normnuc", "normspec"):
        s = np.linalg.svd(a, compute_uv=False)
        close = np.diff(s, append=0.0) if word != "normspec" else s[1:2] - s[:1]
        return "equal singular values" if np.abs(close).min(initial=1) < 1e-5 * max(1.0, s[0]) else ""
    if word in ("sigmoid", "tanh", "erf", "gelu", "silu", "softplus") and np.abs(a).max() > 15:
        return "saturation"
    if word in ("sign", "step") and np.any((a != 0) & (np.abs(a) < 1e-9)):
        return "a jump"
    if word in ("max", "min") and a.size > 1:
        v = np.sort(a, axis=None)
        return "a tie" if (v[-1] - v[-2] if word == "max" else v[1] - v[0]) < 1e-9 else ""
    return ""
