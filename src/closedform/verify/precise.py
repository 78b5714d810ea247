"""Values of expressions with as many digits as asked for.

Each operation has its value in mpmath arithmetic: by a row of the tables below, or, where it only moves, adds and
multiplies entries, by its own ``value`` on arrays of such numbers.  An operation with neither (eigenvectors, which are
determined up to their sign) makes the evaluation fail with ``NoValue``.  Nothing is shared with the rules of
differentiation, and nothing but entries being moved with the evaluation in floating point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from closedform.core.dim import Dim
from closedform.core.expr import Expr
from closedform.core.walk import postorder
from closedform.verify.written_out import NoValue

MOVING = frozenset((
    "hadamard", "transpose", "named", "diag", "diagonal", "tril", "triu", "vec", "unvec", "index", "blocks",
    "vech", "kron", "khatrirao", "member", "moved", "trace", "sum",
))  # fmt: skip
"""Operations whose own ``value`` is exact on arrays of precise numbers."""
CONSTANT = frozenset(["zeros", "ones", "eye", "unit", "commutation", "duplication", "elimination"])
"""Arrays of zeros and ones."""
VARIABLE = frozenset(["symbol", "family"])
LEAVES = VARIABLE | {"number", "size", "pi", "series"}
"""What has a value of its own, and sums, which are written out."""
NAMED_ALIKE = (
    "acos", "asin", "atan", "cos", "cosh", "erf", "exp", "expm1", "log", "log1p", "sin", "sinh", "sqrt", "tan", "tanh",
)  # fmt: skip
"""Entrywise operations that mpmath has under the same name."""
GROWING = frozenset(["cos", "cosh", "exp", "expm1", "sin", "sinh", "tan", "tanh"])
"""Those whose value needs as many more digits (of pi, of log 2) as their argument has before the point."""
MOST_BITS = 1 << 12
"""An argument of theirs with more binary places before the point than this has no value here."""
WHOLE_BITS = 64
"""A whole exponent with more binary places is a number like any other: its power is not multiplied out."""
MOST_DOUBLINGS = 30
"""The exponential of a matrix with entries of more binary places before the point has no value here."""

FAILURES = (ArithmeticError, ValueError, TypeError, IndexError, LookupError, AttributeError)
"""What mpmath and NumPy raise where a function has no value."""


class Arithmetic:
    """The values of operations with a number of digits.

    >>> from closedform.lang.read import parse
    >>> at = Arithmetic(60)
    >>> e = parse("log(1 + exp(t))", "t: scalar").expr
    >>> print(at.context.nstr(at.values([e], {"t": at.number(-100)}, {})[e], 3))
    3.72e-44
    """

    def __init__(self, digits: int) -> None:
        import mpmath

        self.context: Any = mpmath.MPContext()
        self.context.dps = digits
        c = self.context
        self.entrywise: dict[str, Callable[[Any], Any]] = {
            name: self._bounded(getattr(c, name)) if name in GROWING else getattr(c, name) for name in NAMED_ALIKE
        }
        self.exp = self.entrywise["exp"]
        self.entrywise |= {
            "abs": c.fabs, "sign": c.sign, "step": self._step, "relu": self._relu, "sigmoid": self._sigmoid,
            "softplus": self._softplus, "gelu": self._gelu, "silu": self._silu,
        }  # fmt: skip
        self.matrixwise: dict[str, Callable[..., Any]] = {
            "add": self._sum, "mul": self._product, "pow": self._power, "entrypow": self._power,
            "maximum": self._maximum, "minimum": self._minimum,
            "max": self._max, "min": self._min, "norm2": self._norm2, "norm1": self._norm1,
            "softmax": self._softmax, "softmax_rows": self._softmax_rows, "logsumexp": self._logsumexp,
            "logsumexp_rows": self._logsumexp_rows, "logsoftmax": self._logsoftmax, "crossentropy": self._crossentropy,
            "inv": self._inv, "det": self._det, "logdet": self._logdet, "adj": self._adj, "pinv": self._pinv,
            "chol": self._chol, "matrixpow": self._matrix_power, "sympow": self._matrix_power, "expm": self._expm,
            "dexpm": self._dexpm, "logm": self._logm, "dlogm": self._dlogm, "sqrtm": self._sqrtm,
            "sylvester": self._sylvester, "lyap": self._lyap, "eigvalsh": self._eigvalsh, "lambda_max": self._lambda_max,
            "svdvals": self._svdvals, "normnuc": self._normnuc, "normspec": self._normspec,
        }  # fmt: skip

    def _bounded(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The function where its argument is not so large that the digits of a constant would take for ever."""

        def value(x: Any) -> Any:
            if x and self.context.isfinite(x) and self.context.mag(x) > MOST_BITS:
                raise NoValue("the argument of a function that grows or repeats is too large")
            return function(x)

        return value

    def number(self, value: Any) -> Any:
        """A number, exactly."""
        if isinstance(value, Fraction):
            return self.context.mpf(value.numerator) / value.denominator
        return self.context.mpf(value)

    def array(self, value: Any) -> Any:
        """A floating-point scalar or array, exactly."""
        if np.ndim(value) == 0:
            return self.context.mpf(float(value))
        out = np.empty(np.shape(value), dtype=object)
        for place, entry in np.ndenumerate(value):
            out[place] = self.context.mpf(float(entry))
        return out

    def knows(self, e: Expr) -> bool:
        """Has every operation of an expression a precise value somewhere?"""
        named = {*LEAVES, *MOVING, *CONSTANT, *self.entrywise, *self.matrixwise}
        return all(node.op.name in named for node in postorder(e))

    def values(self, roots: list[Expr], env: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[Expr, Any]:
        """The value of every node below some expressions without sums; NoValue where one has none."""
        out: dict[Expr, Any] = {}
        for node in postorder(*roots):
            if node.op.name in VARIABLE:
                out[node] = env[node.params[0]]
                continue
            params = [p.value(sizes) if isinstance(p, Dim) else p for p in node.params]
            try:
                value = self._value(node, [out[a] for a in node.args], params)
            except NoValue:
                raise
            except (*FAILURES, self.context.NoConvergence) as error:
                raise NoValue(f"{node.op.name} has no precise value: {error}") from error
            out[node] = self._shaped(value, node.is_scalar)
        return out

    def _shaped(self, value: Any, scalar: bool) -> Any:
        c = self.context
        if scalar:
            value = np.ravel(np.asarray(value, dtype=object))[0]
            value = c.mpf(value) if not isinstance(value, c.mpc) else value
            if isinstance(value, c.mpc) or not c.isfinite(value):
                raise NoValue("a value is not a real number")
            return value
        value = np.asarray(value, dtype=object)
        value = value if value.ndim == 2 else np.reshape(value, (1, 1))
        if any(isinstance(v, c.mpc) or not c.isfinite(v) for v in value.flat):
            raise NoValue("an entry is not a real number")
        return value

    def _value(self, node: Expr, parts: list[Any], params: list[Any]) -> Any:
        name = node.op.name
        if name == "number" or name == "size":
            return self.number(params[0])
        if name == "pi":
            return +self.context.pi
        if name in CONSTANT:
            return self.array(node.op.value(np, *params))
        if name in MOVING:
            return node.op.value(np, *map(_held, parts), *params)
        if name in self.entrywise:
            return self._each(self.entrywise[name], *parts)
        if name in self.matrixwise:
            return self.matrixwise[name](*parts, *params)
        raise NoValue(f"{name} has no precise value")

    def _each(self, function: Callable[..., Any], *parts: Any) -> Any:
        if all(np.ndim(p) == 0 for p in parts):
            return function(*parts)
        return np.frompyfunc(function, len(parts), 1)(*parts)

    def _sum(self, *terms: Any) -> Any:
        out = terms[0]
        for t in terms[1:]:
            out = out + t
        return out

    def _product(self, *factors: Any) -> Any:
        out = factors[0]
        for g in factors[1:]:
            if np.ndim(out) and np.ndim(g):
                out = out @ g
                out = out[0, 0] if out.shape == (1, 1) else out
            else:  # an array first: mpmath takes long to see that it is not to multiply it
                out = out * g if np.ndim(out) else g * out
        return out

    # ---- entry by entry ------------------------------------------------------------------------------------------
    def _step(self, x: Any) -> Any:
        return self.context.mpf(1 if x > 0 else 0)

    def _relu(self, x: Any) -> Any:
        return x if x > 0 else 0 * x

    def _sigmoid(self, x: Any) -> Any:
        return 1 / (1 + self.exp(-x))

    def _softplus(self, x: Any) -> Any:
        return self.context.log1p(self.exp(-abs(x))) + (x if x > 0 else 0)

    def _gelu(self, x: Any) -> Any:
        return x * self.context.ncdf(x)

    def _silu(self, x: Any) -> Any:
        return x * self._sigmoid(x)

    def _power(self, a: Any, b: Any) -> Any:
        return self._each(self._one_power, a, b)

    def _one_power(self, a: Any, b: Any) -> Any:
        if self.context.isint(b) and self.context.mag(b) <= WHOLE_BITS:
            return a ** int(b)
        if a <= 0:
            raise NoValue("a power of a number that is not positive")
        return self.exp(b * self.context.log(a))

    def _maximum(self, A: Any, B: Any) -> Any:
        return self._each(max, A, B)

    def _minimum(self, A: Any, B: Any) -> Any:
        return self._each(min, A, B)

    def _max(self, A: Any) -> Any:
        return max(np.ravel(A))

    def _min(self, A: Any) -> Any:
        return min(np.ravel(A))

    def _norm2(self, A: Any) -> Any:
        return self.context.sqrt(sum((v * v for v in np.ravel(A)), self.context.mpf(0)))

    def _norm1(self, A: Any) -> Any:
        return sum((abs(v) for v in np.ravel(A)), self.context.mpf(0))

    def _softmax(self, x: Any) -> Any:
        e = self._each(self.exp, x)
        return e / np.sum(e)

    def _softmax_rows(self, X: Any) -> Any:
        e = self._each(self.exp, X)
        return e / np.sum(e, axis=1, keepdims=True)

    def _logsumexp(self, x: Any) -> Any:
        return self.context.log(np.sum(self._each(self.exp, x)))

    def _logsumexp_rows(self, X: Any) -> Any:
        return self._each(self.context.log, np.sum(self._each(self.exp, X), axis=1, keepdims=True))

    def _logsoftmax(self, x: Any) -> Any:
        return x - self._logsumexp(x)

    def _crossentropy(self, p: Any, z: Any) -> Any:
        return -np.sum(p * self._logsoftmax(z))

    # ---- matrices ------------------------------------------------------------------------------------------------
    def _matrix(self, A: Any) -> Any:
        return self.context.matrix(np.atleast_2d(np.asarray(A, dtype=object)).tolist())

    def _from(self, M: Any) -> Any:
        return np.array(M.tolist(), dtype=object).reshape(M.rows, M.cols)

    def _solved(self, A: Any, B: Any) -> tuple[Any, Any]:
        """inv(A)*B and det(A), by elimination with the largest pivots."""
        c = self.context
        A, B = (np.array(np.atleast_2d(np.asarray(M, dtype=object)), dtype=object) for M in (A, B))
        n, det = len(A), c.mpf(1)
        for k in range(n):
            top = max(range(k, n), key=lambda i: abs(A[i, k]))
            if A[top, k] == 0:
                raise NoValue("a matrix is singular")
            if top != k:
                A[[k, top]], B[[k, top]], det = A[[top, k]], B[[top, k]], -det
            det *= A[k, k]
            for i in range(k + 1, n):
                ratio = A[i, k] / A[k, k]
                A[i, k:] = A[i, k:] - A[k, k:] * ratio
                B[i] = B[i] - B[k] * ratio
        for k in reversed(range(n)):
            B[k] = (B[k] - A[k, k + 1 :] @ B[k + 1 :]) / A[k, k] if k + 1 < n else B[k] / A[k, k]
        return B, det

    def inverse(self, A: Any) -> Any:
        """The inverse; NoValue of a singular matrix."""
        n = len(np.atleast_2d(np.asarray(A, dtype=object)))
        return self._solved(A, self.array(np.eye(n)))[0]

    def _inv(self, A: Any) -> Any:
        return self.inverse(A)

    def _det(self, A: Any) -> Any:
        A = np.atleast_2d(np.asarray(A, dtype=object))
        try:
            return self._solved(A, self.array(np.zeros((len(A), 1))))[1]
        except NoValue:
            return self.context.mpf(0)

    def _logdet(self, A: Any) -> Any:
        return self.context.log(abs(self._det(A)))

    def _adj(self, A: Any) -> Any:
        A = np.atleast_2d(np.asarray(A, dtype=object))
        try:
            inverse, det = self._solved(A, self.array(np.eye(len(A))))
            return inverse * det
        except NoValue:  # singular: cofactor by cofactor
            out = np.empty(A.shape, dtype=object)
        for i in range(len(A)):
            for j in range(len(A)):
                minor = np.delete(np.delete(A, i, axis=0), j, axis=1)
                out[j, i] = (-1) ** (i + j) * (self._det(minor) if len(minor) else self.context.mpf(1))
        return out

    def _pinv(self, X: Any) -> Any:
        X = np.atleast_2d(np.asarray(X, dtype=object))
        if X.shape[0] >= X.shape[1]:
            return self.inverse(X.T @ X) @ X.T
        return X.T @ self.inverse(X @ X.T)

    def _chol(self, S: Any) -> Any:
        S = np.atleast_2d(np.asarray(S, dtype=object))
        A = (S + S.T) / 2
        L = self.array(np.zeros(A.shape))
        for j in range(len(A)):
            rest = A[j:, j] - L[j:, :j] @ L[j, :j] if j else A[j:, j]
            if rest[0] <= 0:
                raise NoValue("a matrix is not positive definite")
            L[j:, j] = rest / self.context.sqrt(rest[0])
        return L

    def _matrix_power(self, A: Any, k: int) -> Any:
        if k < 0:
            raise NoValue("a power with an exponent below 0")
        A = np.atleast_2d(np.asarray(A, dtype=object))
        out = self.array(np.eye(len(A)))
        for bit in bin(k)[2:]:
            out = out @ out
            out = out @ A if bit == "1" else out
        return out

    def _expm(self, A: Any) -> Any:
        if max(self.context.mag(v) for v in np.ravel(A)) > MOST_DOUBLINGS:
            raise NoValue("the exponential of a large matrix")
        return self._from(self.context.expm(self._matrix(A)))

    def _logm(self, A: Any) -> Any:
        return self._real(self._from(self.context.logm(self._matrix(A))))

    def _sqrtm(self, A: Any) -> Any:
        return self._real(self._from(self.context.sqrtm(self._matrix(A))))

    def _real(self, A: Any) -> Any:
        """The matrix without imaginary parts that are rounding; NoValue where there are others."""
        c = self.context
        size = max(abs(v) for v in A.flat)
        if any(abs(c.im(v)) > size * c.eps * 1e6 for v in A.flat):
            raise NoValue("a function of a matrix is not real")
        return self._each(c.re, A)

    def _beside(self, A: Any, E: Any) -> Any:
        return np.block([[A, E], [0 * A, A]])

    def _dexpm(self, A: Any, E: Any) -> Any:
        A, E = (np.atleast_2d(np.asarray(M, dtype=object)) for M in (A, E))
        return self._expm(self._beside(A, E))[: len(A), len(A) :]

    def _dlogm(self, A: Any, E: Any) -> Any:
        A, E = (np.atleast_2d(np.asarray(M, dtype=object)) for M in (A, E))
        return self._logm(self._beside(A, E))[: len(A), len(A) :]

    def _sylvester(self, A: Any, B: Any, C: Any) -> Any:
        A, B, C = (np.atleast_2d(np.asarray(M, dtype=object)) for M in (A, B, C))
        m, n = C.shape
        system = np.kron(self.array(np.eye(n)), A) + np.kron(B.T, self.array(np.eye(m)))
        return np.reshape(self._solved(system, np.reshape(C, (-1, 1), order="F"))[0], (m, n), order="F")

    def _lyap(self, A: Any, Q: Any) -> Any:
        return self._sylvester(A, np.transpose(A), Q)

    def _eigvalsh(self, S: Any) -> Any:
        S = np.atleast_2d(np.asarray(S, dtype=object))
        return self._from(self.context.eigsy(self._matrix((S + S.T) / 2), eigvals_only=True)).reshape(-1, 1)

    def _lambda_max(self, S: Any) -> Any:
        return self._eigvalsh(S)[-1, 0]

    def _svdvals(self, X: Any) -> Any:
        return self._from(self.context.svd_r(self._matrix(X), compute_uv=False)).reshape(-1, 1)

    def _normnuc(self, X: Any) -> Any:
        return np.sum(self._svdvals(X))

    def _normspec(self, X: Any) -> Any:
        return self._svdvals(X)[0, 0]


def _held(value: Any) -> Any:
    """A precise number as an array without axes: mpmath takes long to see that it is not to multiply an array itself."""
    if np.ndim(value):
        return value
    out = np.empty((), dtype=object)
    out[()] = value
    return out
