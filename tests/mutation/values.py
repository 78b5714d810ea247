"""The value of a printed formula, by NumPy and SciPy alone: every value is a matrix, a scalar is 1 x 1.

This evaluator judges the others, so it shares no code with the package: it reads the text (reading.py) and knows what the
words of the language mean.  What has no value is ``NoValue``: a matrix too near to a singular one, a shape that does not
fit, a number that is not finite.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np
import scipy.linalg
import scipy.special
from tests.mutation.reading import Tree, tree_of

SINGULAR = 1e8
"""A matrix with a larger condition number has no inverse here."""

Env = Mapping[str, Any]


class NoValue(Exception):
    """A formula has no value at a point."""


class Formula:
    """A printed formula, read once; its value at arrays (matrices, families as lists of matrices) and sizes.

    >>> float(Formula("x'*inv(S)*x").at({"x": np.ones((2, 1)), "S": 2 * np.eye(2)}, {"n": 2})[0, 0])
    1.0
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.named, self.tree = tree_of(text)

    def at(self, env: Env, sizes: Mapping[str, int]) -> Any:
        known = dict(env)
        try:
            with np.errstate(all="ignore"):
                for name, tree in self.named.items():
                    known[name] = _value(tree, known, sizes)
                value = _value(self.tree, known, sizes)
        except (ValueError, IndexError, ArithmeticError, np.linalg.LinAlgError) as error:
            raise NoValue(f"{self.text}: {error}") from error
        if not np.isfinite(value).all():
            raise NoValue(f"{self.text} is not finite")
        return value


def _value(tree: Tree, env: Env, sizes: Mapping[str, int]) -> Any:
    match tree:
        case ("number", number):
            return np.array([[number]])
        case ("name", name):
            if name in env:
                return env[name]
            return np.array([[np.pi if name == "pi" else float(sizes[name])]])
        case ("call", word, args):
            return _called(word, [_value(a, env, sizes) for a in args], env)
        case ("entry", inside, slices):
            return _entry(_value(inside, env, sizes), slices, env, sizes)
        case ("blocks", rows):
            return np.block([[_value(cell, env, sizes) for cell in row] for row in rows])
        case ("series", index, low, high, body):
            places = range(_integer(low, env, sizes), _integer(high, env, sizes) + 1)
            if not places:
                raise NoValue("a sum of no terms")
            return reduce(np.add, [_value(body, {**env, index: np.array([[float(i)]])}, sizes) for i in places])
        case ("'", inside):
            return _value(inside, env, sizes).T
        case ("minus", inside):
            return -_value(inside, env, sizes)
        case (sign, left, right):
            return _joined(sign, _value(left, env, sizes), _value(right, env, sizes))
    raise LookupError(tree)


def _integer(tree: Tree, env: Env, sizes: Mapping[str, int]) -> int:
    return round(float(_value(tree, env, sizes)[0, 0]))


def _entry(value: Any, slices: tuple[Any, ...], env: Env, sizes: Mapping[str, int]) -> Any:
    places = [(_integer(a, env, sizes), _integer(b, env, sizes)) if a is not None else (1, None) for a, b in slices]
    if any(a < 1 for a, _ in places):
        raise NoValue("a place before the first")
    if isinstance(value, list):
        return value[places[0][0] - 1]
    if len(places) == 1:
        places = [(1, 1), *places] if value.shape[0] == 1 else [*places, (1, 1)]
    for (_, last), size in zip(places, value.shape, strict=True):
        if last is not None and last > size:
            raise NoValue("a place after the last")
    (a, b), (c, d) = places
    return value[a - 1 : b, c - 1 : d]


def _same(a: Any, b: Any) -> None:
    if a.shape != b.shape:
        raise NoValue(f"shapes {a.shape} and {b.shape}")


def _joined(sign: str, a: Any, b: Any) -> Any:
    scalar = a.size == 1 or b.size == 1
    match sign:
        case "+" | "-":
            _same(a, b)
            return a + b if sign == "+" else a - b
        case "*":
            return a * b if scalar else a @ b
        case "/":
            if b.size != 1:
                raise NoValue("division by a matrix")
            return a / b
        case ".*" | "./" | ".^":
            if not scalar:
                _same(a, b)
            return a * b if sign == ".*" else a / b if sign == "./" else np.power(a, b)
        case "⊗":
            return np.kron(a, b)
        case "^":
            return (
                np.power(a, b) if a.size == 1 else np.linalg.matrix_power(a if b[0, 0] >= 0 else inverse(a), abs(round(b[0, 0])))
            )
    raise LookupError(sign)


# ---- words -----------------------------------------------------------------------------------------------------------
def inverse(A: Any) -> Any:
    _regular(A)
    return np.linalg.inv(A)


def _regular(A: Any) -> None:
    if A.shape[0] != A.shape[1] or not np.isfinite(A).all() or not np.linalg.cond(A) < SINGULAR:
        raise NoValue("a singular matrix")


def _scalar(value: Any) -> Any:
    return np.reshape(np.asarray(value, dtype=float), (1, 1))


def _symmetric(A: Any) -> Any:
    return (A + A.T) / 2


def _logdet(A: Any) -> Any:
    _regular(A)
    return _scalar(np.linalg.slogdet(A)[1])


def _logsumexp(X: Any) -> Any:
    return scipy.special.logsumexp(X, axis=1, keepdims=True)


def _adjugate(A: Any) -> Any:
    """The transposed matrix of cofactors."""
    n = len(A)
    out = np.ones((n, n))
    for i in range(n):
        for j in range(n):
            minor = np.delete(np.delete(A, i, 0), j, 1)
            out[j, i] = (-1.0) ** (i + j) * np.linalg.det(minor)
    return out


def _real(A: Any) -> Any:
    if np.iscomplexobj(A) and np.abs(A.imag).max() > 1e-9:
        raise NoValue("no real value")
    return np.real(A)


def _logm(A: Any) -> Any:
    _regular(A)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # its estimate of the error, which points far apart need not mind
        return _real(scipy.linalg.logm(A))


def _upper_corner(function: Any, A: Any, E: Any) -> Any:
    """The Fréchet derivative: the corner of the function of [A, E; 0, A]."""
    n = len(A)
    return function(np.block([[A, E], [np.zeros((n, n)), A]]))[:n, n:]


def _sylvester(A: Any, B: Any, C: Any) -> Any:
    gaps = np.abs(np.linalg.eigvals(A)[:, None] + np.linalg.eigvals(B)[None, :])
    if gaps.min() < 1e-8:
        raise NoValue("eigenvalues that cancel")
    return scipy.linalg.solve_sylvester(A, B, C)


def _khatrirao(A: Any, B: Any) -> Any:
    return np.column_stack([np.kron(A[:, j], B[:, j]) for j in range(A.shape[1])])


def _diag(A: Any) -> Any:
    return np.diag(A[:, 0]) if A.shape[1] == 1 else np.diag(A)[:, None]


def _vec(A: Any) -> Any:
    return A.T.reshape(-1, 1)


def _vech(A: Any) -> Any:
    return np.concatenate([A[j:, j] for j in range(len(A))])[:, None]


def _line(function: Any) -> Any:
    """A function of rows, for a row or a column."""

    def of(x: Any) -> Any:
        return function(x) if x.shape[0] == 1 else function(x.T).T

    return of


def _pinv(X: Any) -> Any:
    if np.linalg.cond(X) > SINGULAR:
        raise NoValue("a matrix without full rank")
    return np.linalg.pinv(X)


def _softmax(X: Any) -> Any:
    return np.exp(X - _logsumexp(X))


def _svd(place: int) -> Any:
    def of(X: Any) -> Any:
        found = np.linalg.svd(X, full_matrices=False)[place]
        return found[:, None] if place == 1 else found.T if place == 2 else found

    return of


def _gelu(x: Any) -> Any:
    return 0.5 * x * (1 + scipy.special.erf(x / np.sqrt(2)))


ENTRYWISE: dict[str, Any] = {
    "exp": np.exp, "log": np.log, "log1p": np.log1p, "expm1": np.expm1, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos,
    "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "erf": scipy.special.erf, "abs": np.abs, "sign": np.sign, "step": lambda x: (x > 0) * 1.0, "relu": lambda x: x * (x > 0),
    "sigmoid": scipy.special.expit, "softplus": lambda x: np.logaddexp(0.0, x), "gelu": _gelu,
    "silu": lambda x: x * scipy.special.expit(x), "recip": lambda x: 1 / x, "square": lambda x: x**2,
}  # fmt: skip

WORDS: dict[str, Any] = ENTRYWISE | {
    "tr": lambda A: _scalar(np.trace(A)), "det": lambda A: _scalar(np.linalg.det(A)), "logdet": _logdet, "inv": inverse,
    "pinv": _pinv, "adj": _adjugate, "diag": _diag, "tril": np.tril, "triu": np.triu, "vec": _vec, "vech": _vech,
    "sum": lambda A: _scalar(A.sum()), "mean": lambda A: _scalar(A.mean()), "rowsum": lambda A: A.sum(1, keepdims=True),
    "colsum": lambda A: A.sum(0, keepdims=True), "dot": lambda a, b: a.T @ b, "outer": lambda a, b: a @ b.T,
    "max": lambda A: _scalar(A.max()), "min": lambda A: _scalar(A.min()), "maximum": np.maximum, "minimum": np.minimum,
    "norm": lambda A: _scalar(np.linalg.norm(A)), "norm2": lambda A: _scalar(np.linalg.norm(A)),
    "norm1": lambda A: _scalar(np.abs(A).sum()), "normnuc": lambda A: _scalar(np.linalg.svd(A)[1].sum()),
    "normspec": lambda A: _scalar(np.linalg.norm(A, 2)), "kron": np.kron, "khatrirao": _khatrirao,
    "softmax": _line(_softmax), "softmax_rows": _softmax, "logsoftmax": _line(lambda X: X - _logsumexp(X)),
    "logsumexp": lambda x: _scalar(scipy.special.logsumexp(x)), "logsumexp_rows": _logsumexp,
    "crossentropy": lambda p, z: -p.T @ (z - scipy.special.logsumexp(z)), "expm": scipy.linalg.expm, "logm": _logm,
    "sqrtm": lambda A: _real(scipy.linalg.sqrtm(A)), "chol": lambda A: np.linalg.cholesky(_symmetric(A)),
    "dexpm": lambda A, E: _upper_corner(scipy.linalg.expm, A, E), "dlogm": lambda A, E: _upper_corner(_logm, A, E),
    "solve": lambda A, B: inverse(A) @ B, "lyap": lambda A, Q: _sylvester(A, A.T, Q), "sylvester": _sylvester,
    "eigvalsh": lambda S: np.linalg.eigvalsh(_symmetric(S))[:, None], "eigvecs": lambda S: np.linalg.eigh(_symmetric(S))[1],
    "lambda_max": lambda S: _scalar(np.linalg.eigvalsh(_symmetric(S))[-1]), "svdvals": _svd(1), "svdu": _svd(0),
    "svdv": _svd(2),
}  # fmt: skip


def _commutation(m: int, n: int) -> Any:
    K = np.zeros((m * n, m * n))
    for i in range(m):
        for j in range(n):
            K[i * n + j, j * m + i] = 1.0
    return K


def _duplication(n: int) -> Any:
    D = np.zeros((n * n, n * (n + 1) // 2))
    for j in range(n):
        for i in range(j, n):
            k = j * n - j * (j + 1) // 2 + i
            D[j * n + i, k] = D[i * n + j, k] = 1.0
    return D


def _elimination(n: int) -> Any:
    return np.eye(n * n)[[j * n + i for j in range(n) for i in range(j, n)]]


SIZED: dict[str, Any] = {
    "eye": np.eye, "ones": lambda m, n=1: np.ones((m, n)), "zeros": lambda m, n=1: np.zeros((m, n)),
    "e": lambda i, n: np.eye(n)[:, i - 1 : i], "commutation": _commutation, "duplication": _duplication,
    "elimination": _elimination, "K": _commutation, "D": _duplication, "L": _elimination,
}  # fmt: skip
"""Words whose arguments are sizes."""


def _called(word: str, args: list[Any], env: Env) -> Any:
    if word in SIZED and not (word in env and len(word) == 1):
        return SIZED[word](*[round(float(a[0, 0])) for a in args])
    if word == "unvec":
        rows, cols = (round(float(a[0, 0])) for a in args[1:])
        return args[0].reshape(cols, rows).T
    return WORDS[word](*args)
