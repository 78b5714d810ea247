"""Products of matrices in the cheapest order, without forming inverses, diagonal matrices or matrices of ones.

The order is the classical matrix-chain optimum for representative sizes: 1 for a size that is 1, large for a name, so
that x'*A*B*x multiplies vectors first.  Source: Cormen et al., Introduction to Algorithms, section 14.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from closedform.codegen.program import SCALAR, Program, Value
from closedform.core.dim import ONE, Dim

TYPICAL = 64
"""The size that a name stands for when orders are compared."""

FACTORISE, FORM = 0.7, 4.0
"""Costs, as multiples of n^3, of a solve beside its substitutions and of an inverse that is written out (high: a solve
is more accurate)."""

LONGEST = 48
"""Longer chains are multiplied from the end that is a vector."""


class Factor(NamedTuple):
    """A factor of a product, or the product of several: ``dense`` (the value itself), ``diag`` (the value is the column
    of its diagonal), ``inv`` (the inverse of the value), ``ones`` (a row or a column of ones)."""

    kind: str
    value: Value
    rows: Dim
    cols: Dim


@lru_cache(maxsize=4096)
def typical(dim: Dim) -> float:
    """A number for a size when costs are compared.

    >>> typical(Dim.of("n") + 1), typical(ONE)
    (65.0, 1.0)
    """
    return max(1.0, float(sum(factor * TYPICAL ** len(names) for names, factor in dim.terms)))


def ones_factors(p: Program, rows: Dim, cols: Dim) -> list[Factor]:
    """A matrix of ones as a column of ones times a row of ones."""
    out = []
    for shape in ((rows, ONE), (ONE, cols)):
        if shape != SCALAR:
            out.append(Factor("ones", p.call("np.ones(({rows}, {cols}))", (), shape, rows=shape[0], cols=shape[1]), *shape))
    return out


def dense(p: Program, g: Factor) -> Value:
    """The matrix that a factor stands for, written out."""
    if g.kind == "diag":
        return p.call("np.diagflat({0})", (g.value,), (g.rows, g.cols))
    if g.kind == "inv":
        return p.call("np.linalg.inv({0})", (g.value,), (g.rows, g.cols))
    return g.value


def _kind(kinds: Sequence[str]) -> str:
    if len(kinds) == 1:
        return kinds[0]
    return "diag" if all(k == "diag" for k in kinds) else "dense"


def _forming(g: Factor | tuple[str, float]) -> float:
    kind, n = (g.kind, typical(g.rows)) if isinstance(g, Factor) else g
    return FORM * n**3 if kind == "inv" else n * n if kind == "diag" else 0.0


def _cost(left: tuple[str, float, float], right: tuple[str, float, float]) -> float:
    """The cost of one product; each side is (kind, rows, columns)."""
    (a, r, m), (b, m2, c) = left, right
    if m != m2 or r * m == 1 or m2 * c == 1:  # one of them is a number
        return r * m * m2 * c
    if a == "diag" and b == "diag":
        return r
    if a == "inv":
        return FACTORISE * r**3 + r * r * c + (_forming((b, c)) if b in ("diag", "inv") else 0.0)
    if b == "inv":
        return 1.01 * (FACTORISE * c**3 + c * c * r) + (_forming((a, r)) if a == "diag" else 0.0)
    if a == "diag":
        return r * c
    if b == "diag":
        return 1.01 * r * c
    return r * m * c


def combine(p: Program, left: Factor, right: Factor) -> Factor:
    """The product of two factors as one."""
    rows, cols = left.rows, right.cols
    if (left.rows, left.cols) == SCALAR:
        return _scaled(p, left.value, right)
    if (right.rows, right.cols) == SCALAR:
        return _scaled(p, right.value, left)
    a, b = left.kind, right.kind
    if a == "diag" and b == "diag":
        return Factor("diag", p.mul(left.value, right.value), rows, cols)
    if a == "ones" and b == "ones":
        if left.rows is ONE and right.cols is ONE:
            return Factor("dense", p.size(left.cols), ONE, ONE)
        return Factor("dense", p.call("np.ones(({rows}, {cols}))", (), (rows, cols), rows=rows, cols=cols), rows, cols)
    if a == "inv":
        return Factor("dense", p.solve(left.value, dense(p, right)), rows, cols)
    if b == "inv" and a != "diag":
        solved = p.solve(p.transposed(right.value), p.transposed(dense(p, left)))
        return Factor("dense", p.transposed(solved), rows, cols)
    if a == "diag":
        return Factor("dense", left.value if b == "ones" else p.mul(left.value, dense(p, right)), rows, cols)
    if b == "diag":
        row = p.transposed(right.value)
        return Factor("dense", row if a == "ones" else p.mul(left.value, row), rows, cols)
    if b == "ones" and right.cols is ONE:
        return Factor("dense", p.sum(left.value, None if rows is ONE else 1), rows, cols)
    if a == "ones" and left.rows is ONE:
        return Factor("dense", p.sum(right.value, None if cols is ONE else 0), rows, cols)
    if b == "ones":
        return Factor("dense", p.call("np.repeat({0}, {n}, axis=1)", (left.value,), (rows, cols), n=cols), rows, cols)
    if a == "ones":
        return Factor("dense", p.call("np.repeat({0}, {n}, axis=0)", (right.value,), (rows, cols), n=rows), rows, cols)
    return Factor("dense", p.matmul(left.value, right.value), rows, cols)


def _scaled(p: Program, number: Value, g: Factor) -> Factor:
    if g.kind == "diag":
        return Factor("diag", p.mul(number, g.value), g.rows, g.cols)
    return Factor("dense", p.mul(number, dense(p, g)), g.rows, g.cols)


class Chain:
    """The best orders for every run of factors of a product up to a length.

    ``cost[i][j]`` is the cost of the factors i to j - 1.
    """

    def __init__(self, p: Program, factors: Sequence[Factor], longest: int | None = None) -> None:
        self.p, self.factors = p, factors
        n = len(factors)
        self.cost = [[0.0] * (n + 1) for _ in range(n + 1)]
        self._cut = [[0] * (n + 1) for _ in range(n + 1)]
        self._made: dict[tuple[int, int], Factor] = {(i, i + 1): g for i, g in enumerate(factors)}
        sizes = [(typical(g.rows), typical(g.cols)) for g in factors]
        kinds = {(i, i + 1): g.kind for i, g in enumerate(factors)}
        for length in range(2, (longest or n) + 1):
            for i in range(n - length + 1):
                j = i + length
                kinds[i, j] = _kind([kinds[i, i + 1], kinds[i + 1, j]])
                best = float("inf")
                for k in range(j - 1, i, -1):
                    left = (kinds[i, k], sizes[i][0], sizes[k - 1][1])
                    right = (kinds[k, j], sizes[k][0], sizes[j - 1][1])
                    found = self.cost[i][k] + self.cost[k][j] + _cost(left, right)
                    if found < best:
                        best, self._cut[i][j] = found, k
                self.cost[i][j] = best

    def factor(self, i: int, j: int) -> Factor:
        """The product of the factors i to j - 1."""
        todo, wanted = [(i, j)], []
        while todo:
            run = todo.pop()
            if run not in self._made:
                wanted.append(run)
                k = self._cut[run[0]][run[1]]
                todo += [(run[0], k), (k, run[1])]
        for a, b in reversed(wanted):
            k = self._cut[a][b]
            self._made[a, b] = combine(self.p, self._made[a, k], self._made[k, b])
        return self._made[i, j]

    def cut(self, i: int, j: int) -> int:
        return self._cut[i][j]


def multiply(p: Program, factors: Sequence[Factor], scale: Value | None = None) -> Value:
    """The product of the factors times a number, the number applied where it costs least.

    >>> p = Program()
    >>> n = Dim.of("n")
    >>> A, x = p.name("A", (n, n)), p.name("x", (n, ONE))
    >>> product = multiply(p, [Factor("dense", A, n, n), Factor("dense", A, n, n), Factor("dense", x, n, ONE)])
    >>> product.args[1].op  # A*(A*x)
    'matmul'
    """
    if len(factors) > LONGEST:
        whole = _fold(p, factors)
    elif len(factors) == 1:
        whole = factors[0]
    else:
        chain = Chain(p, factors)
        n = len(factors)
        k = chain.cut(0, n)
        left, right = chain.factor(0, k), chain.factor(k, n)
        if scale is not None and left.cols is ONE and left.rows is not ONE and right.cols is not ONE:
            left, scale = _scaled(p, scale, left), None  # an outer product: scale the column
        whole = combine(p, left, right)
    if scale is None:
        return dense(p, whole)
    return dense(p, _scaled(p, scale, whole))


def _fold(p: Program, factors: Sequence[Factor]) -> Factor:
    if factors[-1].cols is ONE:
        out = factors[-1]
        for g in reversed(factors[:-1]):
            out = combine(p, g, out)
        return out
    out = factors[0]
    for g in factors[1:]:
        out = combine(p, out, g)
    return out


def traced(p: Program, factors: Sequence[Factor]) -> Value:
    """The trace of a product: sum(P .* Q') for the cheapest way to cut the cyclic product into P and Q."""
    n = len(factors)
    if n > LONGEST // 2:
        return p.call("np.trace({0})", (dense(p, _fold(p, factors)),), SCALAR)
    if n == 1:
        return _trace_of(p, factors[0])
    chain = Chain(p, [*factors, *factors], n)
    best, at = float("inf"), (0, 0)
    for i in range(n):
        rows = typical(factors[i].rows)
        if (found := chain.cost[i][i + n] + (rows if rows > 1 else -1.0)) < best:
            best, at = found, (i, i)
        for j in range(i + 1, n):
            inner = typical(factors[j].rows)
            forming = 0.0
            if j - i == 1:
                forming += _forming(factors[i]) if factors[i].kind == "inv" else 0.0
            if i + n - j == 1:
                forming += _forming(factors[j]) if factors[j].kind == "inv" else 0.0
            if (found := chain.cost[i][j] + chain.cost[j][i + n] + rows * inner + forming) <= best:
                best, at = found, (i, j)
    i, j = at
    if i == j:
        return _trace_of(p, chain.factor(i, i + n))
    left, right = chain.factor(i, j), chain.factor(j, i + n)
    for a, b in ((left, right), (right, left)):
        if a.kind == "diag":
            return p.sum(p.mul(a.value, _diagonal_of(p, b)))
    return p.sum(_matched(p, dense(p, left), dense(p, right)))


def _matched(p: Program, a: Value, b: Value) -> Value:
    """P .* Q', or P' .* Q where that is the simpler text; both have the same sum."""
    return p.mul(p.transposed(a), b) if a.op == "T" and b.op != "T" else p.mul(a, p.transposed(b))


def _trace_of(p: Program, g: Factor) -> Value:
    if (g.rows, g.cols) == SCALAR:
        return dense(p, g)
    if g.kind == "diag":
        return p.sum(g.value)
    value = dense(p, g)
    return p.call("np.trace({0})", (value.args[0] if value.op == "T" else value,), SCALAR)


def _diagonal_of(p: Program, g: Factor) -> Value:
    if g.kind == "diag":
        return g.value
    value = dense(p, g)
    if value.op == "T":
        value = value.args[0]
    return p.call("np.diagonal({0})[:, None]", (value,), (g.rows, ONE))


def diagonal(p: Program, factors: Sequence[Factor]) -> Value:
    """The diagonal of a product as a column: the row sums of P .* Q'."""
    n = len(factors)
    if n == 1 or n > LONGEST or (factors[0].rows, factors[-1].cols) == SCALAR:
        return _diagonal_of(p, factors[0] if n == 1 else _fold(p, factors))
    chain = Chain(p, factors)
    rows = typical(factors[0].rows)
    best, at = chain.cost[0][n] + rows, 0
    for k in range(1, n):
        ends = [g for g in ([factors[0]] if k == 1 else []) + ([factors[-1]] if k == n - 1 else []) if g.kind == "inv"]
        found = chain.cost[0][k] + chain.cost[k][n] + rows * typical(factors[k].rows) + sum(map(_forming, ends))
        if found < best:
            best, at = found, k
    if not at:
        return _diagonal_of(p, chain.factor(0, n))
    left, right = chain.factor(0, at), chain.factor(at, n)
    for a, b in ((left, right), (right, left)):
        if a.kind == "diag":
            return p.mul(a.value, _diagonal_of(p, b))
    product = p.mul(dense(p, left), p.transposed(dense(p, right)))
    return product if left.cols is ONE else p.sum(product, 1)
