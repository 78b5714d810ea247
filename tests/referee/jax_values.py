"""Expressions as JAX functions: a reading of its own, which shares no code with the evaluator or the generated code."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_backend_optimization_level=0"  # it compiles much, runs little

import jax
import jax.numpy as jnp
import jax.scipy.linalg
import jax.scipy.special
import numpy as np

from closedform.core.dim import Dim
from closedform.core.expr import Expr
from closedform.core.walk import postorder

jax.config.update("jax_enable_x64", True)


class Unread(LookupError):
    """An operation that JAX has no differentiable function for."""


def column(values: Any) -> Any:
    return jnp.reshape(values, (-1, 1))


def symmetric(S: Any) -> Any:
    return 0.5 * (S + S.T)


def stacked(A: Any) -> Any:
    return jnp.reshape(A.T, (-1, 1))


def unstacked(x: Any, rows: int, cols: int) -> Any:
    return jnp.reshape(x, (cols, rows)).T


def product(*factors: Any) -> Any:
    out = factors[0]
    for g in factors[1:]:
        out = out * g if out.shape == (1, 1) or g.shape == (1, 1) else out @ g
    return out


def summed(*terms: Any) -> Any:
    return sum(terms[1:], terms[0])


def entries(*factors: Any) -> Any:
    out = factors[0]
    for g in factors[1:]:
        out = out * g
    return out


def power(a: Any, b: Any) -> Any:
    whole = not isinstance(b, jax.core.Tracer) and b.shape == (1, 1) and float(b[0, 0]).is_integer()
    return jnp.power(a, int(b[0, 0])) if whole and abs(int(b[0, 0])) < 64 else jnp.power(a, b)


def blocks(*parts: Any) -> Any:
    *cells, layout = parts
    rows, at = [], 0
    for count in layout:
        rows.append(jnp.concatenate(cells[at : at + count], axis=1))
        at += count
    return jnp.concatenate(rows, axis=0)


def commutation(m: int, n: int) -> Any:
    return jax.vmap(lambda e: stacked(unstacked(e, m, n).T)[:, 0], out_axes=1)(jnp.eye(m * n))


def half(A: Any) -> Any:
    return jnp.concatenate([A[j:, j : j + 1] for j in range(A.shape[0])])


def elimination(n: int) -> Any:
    return jax.vmap(lambda e: half(unstacked(e, n, n))[:, 0], out_axes=1)(jnp.eye(n * n))


def duplication(n: int) -> Any:
    L = elimination(n)
    both = L + L @ commutation(n, n)
    return jnp.where(both > 0, 1.0, 0.0).T


def adjugate(A: Any) -> Any:
    n = A.shape[0]
    keep = [jnp.array([k for k in range(n) if k != i], dtype=int) for i in range(n)]
    if n == 1:
        return jnp.ones((1, 1))
    minors = [[(-1) ** (i + j) * jnp.linalg.det(A[keep[j]][:, keep[i]]) for j in range(n)] for i in range(n)]
    return jnp.array(minors)


def sylvester(A: Any, B: Any, C: Any) -> Any:
    m, n = C.shape
    system = jnp.kron(jnp.eye(n), A) + jnp.kron(B.T, jnp.eye(m))
    return unstacked(jnp.linalg.solve(system, stacked(C)), m, n)


def frechet(A: Any, E: Any) -> Any:
    n = A.shape[0]
    return jax.scipy.linalg.expm(jnp.block([[A, E], [jnp.zeros((n, n)), A]]))[:n, n:]


def singular(X: Any) -> Any:
    return jnp.linalg.svd(X, full_matrices=False)[1]


def pinv(X: Any) -> Any:
    return jnp.linalg.solve(X.T @ X, X.T) if X.shape[0] >= X.shape[1] else jnp.linalg.solve(X @ X.T, X).T


def crossentropy(p: Any, z: Any) -> Any:
    return -jnp.sum(p * jax.nn.log_softmax(z, axis=0))


TABLE: dict[str, Callable[..., Any]] = {
    "add": summed, "mul": product, "hadamard": entries, "transpose": jnp.transpose, "pow": power, "entrypow": power,
    "named": lambda A, name: A, "number": lambda v: v.numerator / v.denominator, "size": float, "pi": lambda: jnp.pi,
    "zeros": lambda r, c: jnp.zeros((r, c)), "ones": lambda r, c: jnp.ones((r, c)), "eye": jnp.eye,
    "unit": lambda i, n: column(jnp.zeros(n).at[i - 1].set(1.0)), "commutation": commutation, "elimination": elimination,
    "duplication": duplication, "diag": lambda x: jnp.diag(x[:, 0]), "diagonal": lambda A: column(jnp.diagonal(A)),
    "tril": jnp.tril, "triu": jnp.triu, "vec": stacked, "unvec": unstacked, "vech": half, "blocks": blocks,
    "index": lambda A, r, s, c, d: A[r - 1 : s, c - 1 : d], "trace": jnp.trace, "sum": jnp.sum, "kron": jnp.kron,
    "khatrirao": lambda A, B: jnp.concatenate([jnp.kron(A[:, j : j + 1], B[:, j : j + 1]) for j in range(A.shape[1])], axis=1),
    "member": lambda F, i, r, c: jnp.reshape(F[i - 1], (r, c)), "moved": lambda M, x, B, i, j, n: M + x - B if i == j else M,
    "matrixpow": jnp.linalg.matrix_power, "sympow": jnp.linalg.matrix_power, "inv": jnp.linalg.inv, "det": jnp.linalg.det,
    "logdet": lambda A: jnp.linalg.slogdet(A)[1], "adj": adjugate, "pinv": pinv,
    "chol": lambda S: jnp.linalg.cholesky(symmetric(S)), "sylvester": sylvester, "lyap": lambda A, Q: sylvester(A, A.T, Q),
    "norm2": lambda A: jnp.sqrt(jnp.sum(A * A)), "norm1": lambda A: jnp.sum(jnp.abs(A)), "max": jnp.max, "min": jnp.min,
    "normnuc": lambda X: jnp.sum(singular(X)), "normspec": lambda X: singular(X)[0], "svdvals": lambda X: column(singular(X)),
    "eigvalsh": lambda S: column(jnp.linalg.eigvalsh(symmetric(S))),
    "lambda_max": lambda S: jnp.linalg.eigvalsh(symmetric(S))[-1],
    "expm": jax.scipy.linalg.expm, "dexpm": frechet, "maximum": jnp.maximum, "minimum": jnp.minimum,
    "softmax": lambda x: jax.nn.softmax(x, axis=0 if x.shape[1] == 1 else 1), "softmax_rows": lambda X: jax.nn.softmax(X, axis=1),
    "logsoftmax": lambda x: jax.nn.log_softmax(x, axis=0 if x.shape[1] == 1 else 1),
    "logsumexp": lambda x: jax.scipy.special.logsumexp(x), "crossentropy": crossentropy,
    "logsumexp_rows": lambda X: jax.scipy.special.logsumexp(X, axis=1, keepdims=True),
    "abs": jnp.abs, "sign": jnp.sign, "step": lambda x: jnp.where(x > 0, 1.0, 0.0), "relu": jax.nn.relu, "exp": jnp.exp,
    "log": jnp.log, "log1p": jnp.log1p, "expm1": jnp.expm1, "sqrt": jnp.sqrt, "sin": jnp.sin, "cos": jnp.cos, "tan": jnp.tan,
    "asin": jnp.arcsin, "acos": jnp.arccos, "atan": jnp.arctan, "sinh": jnp.sinh, "cosh": jnp.cosh, "tanh": jnp.tanh,
    "erf": jax.scipy.special.erf, "sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus, "silu": jax.nn.silu,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
}  # fmt: skip
"""Every operation that JAX can differentiate; a scalar is 1 x 1."""


def jax_function(e: Expr, sizes: Mapping[str, int]) -> Callable[[Mapping[str, Any]], Any]:
    """The value of an expression without sums, as a matrix, from the values of its symbols by name."""
    nodes = postorder(e)
    for node in nodes:
        if node.op.name not in TABLE and node.op.name not in ("symbol", "family"):
            raise Unread(node.op.name)

    def value(env: Mapping[str, Any]) -> Any:
        values: dict[Expr, Any] = {}
        for node in nodes:
            if node.op.name in ("symbol", "family"):
                values[node] = env[node.params[0]]
                continue
            params = [p.value(sizes) if isinstance(p, Dim) else p for p in node.params]
            found = jnp.asarray(TABLE[node.op.name](*[values[a] for a in node.args], *params), dtype=float)
            values[node] = jnp.reshape(found, (1, 1)) if found.ndim == 0 else found
        return values[e]

    return value


def derivative(e: Expr, wrt: Sequence[Expr], env: Mapping[str, Any], sizes: Mapping[str, int], towards: Sequence[Any]) -> Any:
    """The derivative by automatic differentiation, contracted with a direction of each variable: one number for each entry
    of the function.  Of a scalar the gradient by the first variable is taken whole."""
    value = jax_function(e, sizes)
    names = [x.params[0] for x in wrt]
    arrays = {name: jnp.asarray(v, dtype=float) for name, v in env.items()}
    directions = [jnp.asarray(np.atleast_2d(V), dtype=float) for V in towards]

    def along(slope: Callable[[Mapping[str, Any]], Any], name: str, V: Any) -> Callable[[Mapping[str, Any]], Any]:
        def moved(at: Mapping[str, Any]) -> Any:
            return jax.jvp(lambda X: slope({**at, name: X}), (at[name],), (V,))[1]

        return moved

    if not e.is_scalar:
        slope = value
        for name, V in zip(names, directions, strict=True):
            slope = along(slope, name, V)
        return np.asarray(stacked(slope(arrays)))[:, 0]
    first, V = names[0], directions[0]

    def gradient(at: Mapping[str, Any]) -> Any:
        return jax.grad(lambda X: value({**at, first: X})[0, 0])(at[first])

    slope = gradient
    for name, W in zip(names[1:], directions[1:], strict=True):
        slope = along(slope, name, W)
    return np.asarray(jnp.sum(slope(arrays) * V))[None]
