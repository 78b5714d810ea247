"""Functions that generated code calls: each a few lines, written out in the source that uses it."""

from __future__ import annotations

import re
from collections.abc import Iterable

SOURCES: dict[str, str] = {
    "whole": '''
def whole(t):
    """A whole number as an int; ValueError for any other."""
    if t != np.floor(t):
        raise ValueError(f"a whole number is needed, got {t}")
    return int(t)
''',
    "softmax": '''
def softmax(x):
    """exp(x) over its sum; the largest entry is taken off first, so that nothing overflows."""
    e = np.exp(x - np.max(x))
    return e / np.sum(e)
''',
    "softmax_rows": '''
def softmax_rows(X):
    """The softmax of each row."""
    E = np.exp(X - np.max(X, axis=1, keepdims=True))
    return E / np.sum(E, axis=1, keepdims=True)
''',
    "logsumexp": '''
def logsumexp(x):
    """log(sum(exp(x))) without overflow."""
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))
''',
    "logsumexp_rows": '''
def logsumexp_rows(X):
    """The logsumexp of each row as a column."""
    top = np.max(X, axis=1, keepdims=True)
    return top + np.log(np.sum(np.exp(X - top), axis=1, keepdims=True))
''',
    "logsoftmax": '''
def logsoftmax(x):
    """log(softmax(x)) without overflow."""
    z = x - np.max(x)
    return z - np.log(np.sum(np.exp(z)))
''',
    "sigmoid": '''
def sigmoid(x):
    """1 / (1 + exp(-x)), exact in both tails."""
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1.0) / (1.0 + e)
''',
    "softplus": '''
def softplus(x):
    """log(1 + exp(x)) without overflow."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))
''',
    "silu": '''
def silu(x):
    """x * sigmoid(x)."""
    return x * sigmoid(x)
''',
    "gelu": '''
def gelu(x):
    """x times the normal distribution function at x."""
    return 0.5 * x * erfc(x / -np.sqrt(2.0))
''',
    "step": '''
def step(x):
    """1 above 0, else 0."""
    return np.heaviside(x, 0.0)
''',
    "log_of_det": '''
def log_of_det(A):
    """log(det(A)) without overflow; nan where the determinant is negative."""
    sign, log = np.linalg.slogdet(A)
    return np.where(sign < 0, np.nan, log)[()]
''',
    "logm": '''
def logm(A):
    """The principal logarithm of a matrix; nan where it is not real."""
    L = scipy.linalg.logm(A)
    return L if np.isrealobj(L) else np.full(np.shape(A), np.nan)
''',
    "dlogm": '''
def dlogm(A, E):
    """The Frechet derivative of the logarithm at A in the direction E: a block of the logarithm of [A, E; 0, A]."""
    n = len(A)
    scale = np.linalg.norm(E) / np.linalg.norm(A) or 1.0
    return scale * logm(np.block([[A, E / scale], [np.zeros((n, n)), A]]))[:n, n:]
''',
    "sqrtm": '''
def sqrtm(A):
    """The principal square root of a matrix; nan where it is not real."""
    R = scipy.linalg.sqrtm(A)
    return R if np.isrealobj(R) else np.full(np.shape(A), np.nan)
''',
    "adjugate": '''
def adjugate(A):
    """The transposed matrix of cofactors, also of a singular matrix, by its singular values."""
    U, s, Vt = np.linalg.svd(A)
    others = np.array([np.prod(np.delete(s, i)) for i in range(len(s))])
    return np.linalg.det(U) * np.linalg.det(Vt) * (Vt.T * others) @ U.T
''',
    "vech": '''
def vech(A):
    """The columns of the lower triangle stacked."""
    return A.T[np.triu_indices(len(A))][:, None]
''',
    "duplication": '''
def duplication(n):
    """The matrix D with D vech(S) = vec(S) for symmetric S."""
    place = np.zeros((n, n), dtype=int)
    place[np.triu_indices(n)] = np.arange(n * (n + 1) // 2)
    return np.eye(n * (n + 1) // 2)[np.maximum(place, place.T).reshape(-1)]
''',
    "elimination": '''
def elimination(n):
    """The matrix L with L vec(A) = vech(A)."""
    return np.eye(n * n)[np.arange(n * n).reshape(n, n)[np.triu_indices(n)]]
''',
}
"""The helper functions by name."""

IMPORTED = {"erf": "from scipy.special import erf", "erfc": "from scipy.special import erfc"}
"""Functions that come from a library by name."""

MODULES = ("scipy.linalg", "scipy.special")
"""Modules of which templates call functions by their full name."""

KNOWN = frozenset({*SOURCES, *IMPORTED})

_WORD = re.compile(r"(?<![\w.])([A-Za-z_]\w*)(?=\()")
_PYTHON = frozenset({"float", "int", "range", "sum", "max", "min", "len", "abs", "slice", "tuple", "ValueError"})


def wanted(texts: Iterable[str]) -> tuple[list[str], list[str], set[str]]:
    """Import lines, helper names (in an order in which each is defined before its use), and unknown function names."""
    words: set[str] = set()
    modules: set[str] = set()
    queue = list(texts)
    while queue:
        text = queue.pop()
        modules |= {m for m in MODULES if m + "." in text}
        for word in _WORD.findall(text):
            if word not in words:
                words.add(word)
                if word in SOURCES:
                    queue.append(_body(word))
    imports = [
        "import numpy as np",
        *(f"import {m}" for m in sorted(modules)),
        *(IMPORTED[w] for w in sorted(words & set(IMPORTED))),
    ]
    order: list[str] = []
    for name in SOURCES:
        _define(name, words, order)
    return imports, order, words - KNOWN - _PYTHON


def _body(name: str) -> str:
    """The statements of a helper, without its head and docstring."""
    return SOURCES[name].split('"""\n', 1)[1]


def _define(name: str, words: set[str], order: list[str]) -> None:
    if name in words and name not in order:
        for needed in _WORD.findall(_body(name)):
            if needed in SOURCES and needed != name:
                _define(needed, words, order)
        order.append(name)
