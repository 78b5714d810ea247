"""Random well-shaped expressions: generated code and node-by-node evaluation agree."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import numpy as np
import pytest
from tests.codegen.support import SIZES, K, M, N, close, point, reference, symbol

from closedform.codegen.function import compile_function
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr
from closedform.core.op import f
from closedform.ops.build import entry_power, identity, negative, num, power, product, times, total, transpose

NUMBERS = tuple(Fraction(*pair) for pair in ((1, 2), (-1, 1), (2, 1), (1, 3), (-3, 1), (5, 7)))


class Maker:
    """Draws expressions of a wanted shape; earlier ones are used again, so that parts are shared."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.made: dict[tuple[Dim, Dim], list[Expr]] = {}

    def dim(self) -> Dim:
        return self.random.choice((ONE, K, M, N))

    def make(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        known = self.made.setdefault((rows, cols), [])
        if known and self.random.random() < 0.2:
            return self.random.choice(known)
        e = self.leaf(rows, cols) if depth == 0 else self.node(rows, cols, depth)
        known.append(e)
        return e

    def leaf(self, rows: Dim, cols: Dim) -> Expr:
        kind = self.random.random()
        if rows is ONE and cols is ONE:
            return self.random.choice((num(self.random.choice(NUMBERS)), symbol("s"), symbol("t"), f.size(N), f.pi()))
        if kind < 0.2:
            return f.ones(rows, cols)
        if kind < 0.25:
            return f.zeros(rows, cols)
        if rows is cols and kind < 0.4:
            return f.eye(rows)
        given = "symmetric" if rows is cols and kind < 0.5 else ""
        name = f"{'S' if given else 'X'}{self.random.randint(1, 2)}_{rows}_{cols}"
        return symbol(name, *((rows,) if cols is ONE else (rows, cols)), given=given)

    def node(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        pick = self.random.choice
        below = depth - 1
        choices = ["add", "add", "product", "product", "scaled", "times", "transpose", "tanh", "named", "over", "exp"]
        if rows is ONE and cols is ONE:
            choices += ["trace", "trace", "norm", "sum", "bilinear", "bilinear"]
        else:
            choices += ["softsign", "row", "col", "slice"]
        if rows is cols and rows is not ONE:
            choices += ["inv", "diag", "diag"]
        if cols is ONE and rows is not ONE:
            choices += ["diagonal", "unit"]
        kind = pick(choices)
        same = lambda: self.make(rows, cols, below)  # noqa: E731
        if kind == "add":
            return total(*(self.maybe_negative(same()) for _ in range(pick((2, 2, 3)))))
        if kind == "product":
            dims = [rows, *(self.dim() for _ in range(pick((1, 1, 2, 3)))), cols]
            return product(*(self.make(a, b, below) for a, b in itertools.pairwise(dims)))
        if kind == "scaled":
            return product(self.make(ONE, ONE, below), same())
        if kind == "times":
            return times(same(), same())
        if kind == "transpose":
            return transpose(self.make(cols, rows, below))
        if kind == "tanh":
            return f.tanh(same())
        if kind == "exp":
            return f.exp(f.tanh(same()))
        if kind == "named":
            return f.named(same(), pick(("U", "V", "W")))
        if kind == "over":
            v = total(entry_power(same(), 2), self.constant(rows, cols))
            return times(same(), entry_power(v, pick((-1, -1, Fraction(-1, 2), -2))))
        if kind == "softsign":
            v = same()
            return product(v, power(f.norm2(v), -1))
        if kind == "row":
            return product(self.make(rows, ONE, below), f.ones(ONE, cols)) if cols is not ONE else same()
        if kind == "col":
            return product(f.ones(rows, ONE), self.make(ONE, cols, below)) if rows is not ONE else same()
        if kind == "slice":
            return f.index(self.make(rows + 1, cols, 0), Dim.of(2), rows + 1, ONE, cols)
        if kind == "inv":
            a = f.tanh(same())
            return f.inv(total(a, product(num(9), identity(rows))))
        if kind == "diag":
            return f.diag(self.make(rows, ONE, below))
        if kind == "diagonal":
            return f.diagonal(self.make(rows, rows, below))
        if kind == "unit":
            return f.unit(Dim.of(1), rows)
        n = self.dim()
        if kind == "bilinear":
            return product(self.make(ONE, n, below), self.make(n, ONE, below))
        if kind == "norm":
            return f.norm2(self.make(n, self.dim(), below))
        if kind == "sum":
            return f.sum(self.make(n, self.dim(), below))
        return f.trace(self.make(n, n, below))

    def maybe_negative(self, e: Expr) -> Expr:
        return negative(e) if self.random.random() < 0.3 else e

    def constant(self, rows: Dim, cols: Dim) -> Expr:
        return num(1) if rows is ONE and cols is ONE else f.ones(rows, cols)


@pytest.mark.parametrize("seed", range(200))
def test_code_equals_value(seed: int) -> None:
    maker = Maker(seed)
    e = maker.make(maker.dim(), maker.dim(), 2 + seed % 3)
    sizes = SIZES if seed % 4 else {**SIZES, "n": 1, "m": 1}
    env = point(e, sizes, seed)
    given = {name: sizes[name] for name in ("k", "m", "n")}
    with np.errstate(all="ignore"):
        function = compile_function(e, [symbol("given", K, M), symbol("too", N)], form="matrix")
        found, wanted = function(**env, **given), reference(e, env, sizes)
    scale = np.max(np.abs(wanted[np.isfinite(wanted)]), initial=1.0)
    assert close(found / scale, wanted / scale, 1e-8), function.source
    assert found.dtype == np.float64
    assert found.flags.writeable
    assert not any(np.shares_memory(found, value) for value in env.values())
    assert max(map(len, function.source.splitlines())) < 140
