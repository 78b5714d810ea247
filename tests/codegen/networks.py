"""Random expressions of Kronecker products, commutation, duplication and elimination matrices and what goes with them."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

import closedform.ops  # noqa: F401  (registers the operations)
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr
from closedform.core.op import f
from closedform.ops.build import num, transpose
from closedform.ops.vechs import half

M, N, P = (Dim.of(name) for name in "mnp")
SQUARE = {half(n): n for n in (M, N, P)}
"""The size of a matrix by the number of entries of its lower triangle."""

Sizes = list[Dim]
Made = Callable[[], Expr]


def product(dims: Sizes) -> Dim:
    out = ONE
    for d in dims:
        out = out * d
    return out


def some_sizes(rng: random.Random) -> Sizes:
    """Sizes whose product counts the rows or the columns of a matrix."""
    if rng.random() < 0.3:
        return rng.choice([[N, N], [half(N)], [half(N), N], [N, N, M]])
    return [rng.choice([M, N, P]) for _ in range(rng.choice([0, 1, 1, 2, 2]))]


def leaf(r: Sizes, c: Sizes, rng: random.Random) -> Expr:
    rows, cols = product(r), product(c)
    name = "".join(ch if ch.isalnum() else "_" for ch in f"{rows}x{cols}")
    choices: list[Made] = [lambda: f.symbol(f"{rng.choice('AB')}{name}", rows, cols, 2, frozenset())] * 3
    if (rows, cols) != (ONE, ONE):
        choices.append(lambda: f.ones(rows, cols))
        if rows is cols:
            choices += [lambda: f.eye(rows)] * 2
    return rng.choice(choices)()


def expression(r: Sizes, c: Sizes, depth: int, rng: random.Random) -> Expr:
    """An expression with rows counted by the sizes r and columns by c."""
    if depth <= 0:
        return leaf(r, c, rng)

    def part(rows: Sizes, cols: Sizes) -> Expr:
        return expression(rows, cols, depth - 1, rng)

    def matrix_product() -> Expr:
        inner = some_sizes(rng)
        other = inner[::-1] if rng.random() < 0.3 else inner  # the same size in another factorisation
        scale = [num(Fraction(rng.choice([-2, 3, 1]), rng.choice([1, 2])))] if rng.random() < 0.3 else []
        return f.mul(*scale, part(r, inner), part(other, c))

    def kron() -> Expr:
        i, j = rng.randint(0, len(r)), rng.randint(0, len(c))
        return f.kron(part(r[:i], c[:j]), part(r[i:], c[j:]))

    def khatrirao() -> Expr:
        i = rng.randint(0, len(r))
        return f.khatrirao(part(r[:i], c), part(r[i:], c))

    def trace() -> Expr:
        n = some_sizes(rng) or [N]
        return f.trace(part(n, n))

    choices: list[Made] = [matrix_product, matrix_product]
    if not r and not c:
        return rng.choice([*choices, trace, lambda: f.sum(part(some_sizes(rng) or [M], some_sizes(rng)))])()
    choices += [
        lambda: f.add(part(r, c), part(r[::-1], c)),
        lambda: f.hadamard(part(r, c), part(r, c)),
        lambda: transpose(part(c, r)),
        lambda: leaf(r, c, rng),
    ]
    if r and c:
        choices += [kron] * 6 + [khatrirao, lambda: f.unvec(part(c + r, []), product(r), product(c))]
    if product(r) is product(c):
        choices += [lambda: f.diag(part(r, []))] * 2
        if len(r) == 2:
            choices += [lambda: f.commutation(*r)] * 3
    if product(c) is ONE and len(r) > 1:
        choices += [lambda: f.vec(part(r[1:], r[:1]))] * 2 + [khatrirao, lambda: f.diagonal(part(r, r))]
    if len(r) == 2 and r[0] is r[1] and half(r[0]) in SQUARE:
        choices += [lambda: f.mul(f.duplication(r[0]), part([half(r[0])], c))] * 2
        choices += [lambda: f.mul(transpose(f.elimination(r[0])), part([half(r[0])], c))] * 2
    if len(r) == 1 and r[0] in SQUARE:
        n = SQUARE[r[0]]
        choices += [lambda: f.mul(f.elimination(n), part([n, n], c))] * 2
        choices += [lambda: f.mul(transpose(f.duplication(n)), part([n, n], c))] * 2
    return rng.choice(choices)()
