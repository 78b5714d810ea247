"""Sums with an index, families of variables and their members, and powers with a symbolic exponent."""

from __future__ import annotations

from typing import Any

from closedform.core.bound import MARK, amount, marked, summation, unused
from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError
from closedform.core.expr import Expr, Shape, misfit
from closedform.core.infer import known
from closedform.core.op import f, operation
from closedform.ops.build import identity, negative, product, transpose

ADDITIVE = ("symmetric", "skew", "diagonal", "lower", "upper", "psd", "nonnegative", "integer")
"""Facts that a sum has when every term has them; the empty sum has them too."""

OF_EVERY_POWER = ("symmetric", "diagonal", "lower", "upper", "orthogonal", "invertible", "psd", "pd", "nonnegative", "integer",
                  "idempotent")  # fmt: skip
"""Facts that A^0 = I has, and A^k with A."""

OF_PROPER_POWERS = ("positive", "contraction")
"""Facts that A^k has with A for k >= 1 alone."""


def _span(*sizes: Dim) -> int:
    return sum(1 if s.integer is not None or (len(s.terms) == 1 and len(s.terms[0][0]) == 1) else 3 for s in sizes)


@operation
class series:
    """The sum of a body over an index from ``low`` to ``high``; zero when there is no term.

    The index is a size that occurs in the body; it is bound here (core/bound.py).
    """

    args = ("A",)
    params = ("name", "low", "high")
    word = ""
    code = ""
    draws = ()
    why = "the differential of a sum is the sum of the differentials"

    def shape(A: Expr, name: str, low: Dim, high: Dim) -> Shape:
        if any(name in d.names for d in A.shape):
            raise InputError("sum: the terms of a sum need one shape; here it changes with the index")
        return A.shape

    def facts(A: Expr, name: str, low: Dim, high: Dim) -> list[str]:
        return [fact for fact in ADDITIVE if known(A, fact)]

    def adjoint_A(G: Expr, A: Expr, name: str, low: Dim, high: Dim) -> Expr:
        return G  # of each term; reverse accumulation adds them up

    def value(xp: Any, *parts: Any) -> Any:
        raise LookupError("a sum with an index is evaluated term by term")

    def weight(e: Expr) -> int:
        return 2 + _span(*e.params[1:])


@operation
class family:
    """A declared family z[N]: its members stacked on the first axis, each as a row."""

    args = ()
    params = ("name", "rows", "cols", "axes", "declared", "count")
    word = ""
    code = "{name}"
    draws = ()

    def shape(name: str, rows: Dim, cols: Dim, axes: int, declared: frozenset[str], count: Dim) -> Shape:
        return count, rows * cols

    def facts(name: str, rows: Dim, cols: Dim, axes: int, declared: frozenset[str], count: Dim) -> frozenset[str]:
        return declared & {"positive", "nonnegative", "unit", "integer", "constant"}

    def value(xp: Any, *params: Any) -> Any:
        raise LookupError("a family has no value of its own")


@operation
class member:
    """The i-th member of a family, counted from 1."""

    args = ("F",)
    params = ("i", "rows", "cols")
    word = ""
    code = "{F}[{i} - 1].reshape({rows}, {cols})"
    draws = ()

    def shape(F: Expr, i: Dim, rows: Dim, cols: Dim) -> Shape:
        last = (F.rows - i).integer
        if (i.integer is not None and i.integer < 1) or (last is not None and last < 0):
            raise InputError(f"{F.params[0]}[{i}]: the members are {F.params[0]}[1] to {F.params[0]}[{F.rows}]")
        return rows, cols

    def facts(F: Expr, i: Dim, rows: Dim, cols: Dim) -> frozenset[str]:
        found: frozenset[str] = F.params[4] if F.op.name == "family" else frozenset()
        return found

    def adjoint_F(G: Expr, F: Expr, i: Dim, rows: Dim, cols: Dim) -> Expr:
        row = transpose(G if G.is_column else f.vec(transpose(G)))
        return product(f.unit(i, F.rows), row) if F.rows is not ONE else row

    def value(xp: Any, F: Any, i: int, rows: int, cols: int) -> Any:
        if not 1 <= i <= F.shape[0]:
            raise IndexError(f"member {i} of {F.shape[0]}")
        return xp.reshape(F[i - 1], (rows, cols))

    def weight(e: Expr) -> int:
        return _span(e.params[0])  # the family itself counts 1


@operation
class moved:
    """The i-th member M of a family whose j-th member, held by B, is a variable: M where i is not j, else x."""

    args = ("M", "x", "B")
    params = ("i", "j", "count")
    word = ""
    code = ""
    draws = ()
    why = "only the member with this index moves"

    def shape(M: Expr, x: Expr, B: Expr, i: Dim, j: Dim, count: Dim) -> Shape:
        return M.shape

    def facts(M: Expr, x: Expr, B: Expr, i: Dim, j: Dim, count: Dim) -> list[str]:
        return []

    def d_M(M: Expr, x: Expr, B: Expr, i: Dim, j: Dim, count: Dim, dM: Expr) -> Expr:
        return dM

    def d_x(M: Expr, x: Expr, B: Expr, i: Dim, j: Dim, count: Dim, dx: Expr) -> Expr:
        return dx if i is j else product(kronecker_delta(i, j, count), dx)

    def d_B(M: Expr, x: Expr, B: Expr, i: Dim, j: Dim, count: Dim, dB: Expr) -> Expr:
        return negative(dB if i is j else product(kronecker_delta(i, j, count), dB))

    def value(xp: Any, M: Any, x: Any, B: Any, i: int, j: int, count: int) -> Any:
        return M + x - B if i == j else M

    def weight(e: Expr) -> int:
        return 0


def kronecker_delta(i: Dim, j: Dim, count: Dim) -> Expr:
    """1 where two indices are equal, else 0: the entry e(i, N)[j] of a unit vector."""
    return f.index(f.unit(i, count), j, j, ONE, ONE)


@operation
class sympow:
    """The k-th power of a square matrix, k a size or an index: A^0 is the identity."""

    args = ("A",)
    params = ("k",)
    word = ""
    code = "np.linalg.matrix_power({A}, {k})"
    draws = ()
    why = "d X^k = the sum over i of X^i*dX*X^(k-1-i)"

    def shape(A: Expr, k: Dim) -> Shape:
        if not A.is_square:
            raise misfit("^", "a power needs a square matrix", A, hint="Use .^ for the power of each entry")
        return A.shape

    def domain(A: Expr, k: Dim) -> list[tuple[str, Expr]]:
        return [] if marked((k,)) or surely_nonnegative(k) else [("nonnegative", amount(k))]

    def facts(A: Expr, k: Dim) -> list[str]:
        out = [fact for fact in OF_EVERY_POWER if known(A, fact)]
        if surely_nonnegative(k - 1):
            out += [fact for fact in OF_PROPER_POWERS if known(A, fact)]
        return out

    def d_A(A: Expr, k: Dim, dA: Expr) -> Expr:
        return power_rule(A, k, dA)

    def value(xp: Any, A: Any, k: int) -> Any:
        if k < 0:
            raise ValueError("a power with an exponent below 0")
        return xp.linalg.matrix_power(A, k)

    def weight(e: Expr) -> int:
        return 1 + _span(e.params[0])


def surely_nonnegative(dim: Dim) -> bool:
    """Is the polynomial at least 0 wherever its names are at least 1?  (Of a bound index nothing is known.)

    >>> n = Dim.of("n")
    >>> surely_nonnegative(n - 1), surely_nonnegative(n - 2)
    (True, False)
    """
    if any(name.startswith(MARK) for name in dim.names):
        return False
    least = sum(factor for _, factor in dim.terms)
    return least >= 0 and all(factor > 0 for names, factor in dim.terms if names)


def symbolic_power(A: Expr, k: Dim) -> Expr:
    """A^k, in the simplest form there is for a whole number k."""
    fixed = k.integer
    if fixed is None:
        return f.sympow(A, k)
    if fixed == 0:
        return identity(A.rows)
    return A if fixed == 1 else f.matrixpow(A, fixed) if fixed > 0 else f.sympow(A, k)


def power_rule(A: Expr, k: Dim, dA: Expr) -> Expr:
    """The differential of A^k: the sum over i = 0..k-1 of A^i*dA*A^(k-1-i).

    >>> from closedform.lang.declare import declare
    >>> A = declare("A: n n").symbols["A"]
    >>> print(power_rule(A, Dim.of("k"), f.tangent("A", A.rows, A.cols)))
    sum(i in 0..k-1, A^i*dA*A^(k - i - 1))
    """
    name = unused()
    i = Dim.of(name)
    terms = product(f.sympow(A, i), dA, f.sympow(A, k - 1 - i))
    return summation(terms, name, Dim.of(0), k - 1)
