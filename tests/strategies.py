"""Well-shaped random expressions, for properties that hold of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st

import closedform.ops  # noqa: F401  (registers the operations)
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, make
from closedform.core.op import f
from closedform.core.walk import leaves, postorder, rebuild
from closedform.lang.declare import declare
from closedform.numeric.draw import draw
from closedform.numeric.evaluate import evaluate
from closedform.ops.build import entry_power, identity, negative, num, power, product, times, total, transpose

GIVEN = (
    "A: n n; B: n n; S: n n symmetric; P: n n pd; W: n n skew; Q: n n orthogonal; D: n n diagonal; L: n n lower; "
    "E: n n nonnegative; M: n n idempotent; R: n n invertible; X: m n; Y: m n; Z: n m; C: m m symmetric; V: m n orthonormal; "
    "x: n; y: n; u: n positive; p: n simplex; z: m; w: m; r: 1 n; s: scalar; t: scalar; c: scalar positive; k: scalar unit"
)
"""What the letters of random expressions mean."""

SCOPE = declare(GIVEN)
M, N = Dim.of("m"), Dim.of("n")
SIZES: tuple[dict[str, int], ...] = ({"m": 5, "n": 3}, {"m": 4, "n": 2}, {"m": 3, "n": 3})
"""Sizes to evaluate at: n <= m, for the columns of V."""

Shape = tuple[Dim, Dim]
BY_SHAPE: dict[Shape, list[Expr]] = {}
for _symbol in SCOPE.symbols.values():
    BY_SHAPE.setdefault(_symbol.shape, []).append(_symbol)

NUMBERS = tuple(Fraction(*pair) for pair in ((2, 1), (-1, 1), (3, 1), (-2, 1), (1, 2), (-3, 2)))
SMOOTH = ("exp", "tanh", "sin", "cos", "sigmoid", "softplus", "atan", "erf")
KINKED = ("abs", "relu", "sign", "step")


class Maker:
    """Makes an expression of a wanted shape; ``pick`` chooses one of several options wherever there is a choice."""

    def __init__(
        self, pick: Callable[[Sequence[Any]], Any], *, smooth: bool = False, kron: bool = False, wide: bool = False
    ) -> None:
        self.pick = pick
        self.smooth = smooth
        self.kron = kron
        self.wide = wide

    def one_in(self, count: int) -> bool:
        return self.pick(range(count)) == 0

    def dim(self) -> Dim:
        found: Dim = self.pick((ONE, N, N, M))
        return found

    def make(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        if depth == 0:
            return self.leaf(rows, cols)
        ways: list[Callable[[Dim, Dim, int], Expr]] = [
            self.leaf, self.sum, self.sum, self.product, self.product, self.scaled, self.turned, self.entries, self.applied,
        ]  # fmt: skip
        if rows is ONE and cols is ONE:
            ways += [self.trace, self.trace, self.summed, self.quadratic, self.quadratic, self.norm, self.logdet, self.power]
            ways += [self.log_sum, self.entropy]
        elif rows is cols:
            ways += [self.inverse, self.inverse, self.diagonal_matrix, self.gram, self.matrix_power, self.triangle]
        elif cols is ONE:
            ways += [self.diagonal, self.soft, self.row_sum]
        if self.kron and rows is cols is not ONE:
            ways.append(self.kronecker)
        if self.wide:
            ways += self.more(rows, cols)
        return self.pick(ways)(rows, cols, depth - 1)

    # ---- what an expression may be -----------------------------------------------------------------------------
    def leaf(self, rows: Dim, cols: Dim, depth: int = 0) -> Expr:
        found = list(BY_SHAPE.get((rows, cols), ()))
        if rows is ONE and cols is ONE:
            return self.pick((*found, num(self.pick(NUMBERS)), f.size(N)))
        if (cols, rows) in BY_SHAPE and rows is not cols and (rows, cols) not in BY_SHAPE:
            found += [transpose(e) for e in BY_SHAPE[cols, rows]]
        constants = [f.ones(rows, cols), f.zeros(rows, cols), *([identity(rows)] if rows is cols else [])]
        return self.pick(constants if not found or self.one_in(10) else found)

    def sum(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        terms = [self.make(rows, cols, depth) for _ in range(self.pick((2, 2, 3)))]
        if self.one_in(2):
            terms.append(self.pick(terms))
        return total(*(negative(t) if self.one_in(4) else t for t in terms))

    def product(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        dims = [rows, *(self.dim() for _ in range(self.pick((1, 1, 2)))), cols]
        return product(*(self.make(a, b, depth) for a, b in pairwise(dims)))

    def scaled(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return product(self.pick((num(self.pick(NUMBERS)), self.make(ONE, ONE, depth))), self.make(rows, cols, depth))

    def turned(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return transpose(self.make(cols, rows, depth))

    def entries(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return times(self.make(rows, cols, depth), self.make(rows, cols, depth))

    def applied(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        word = self.pick(SMOOTH if self.smooth else SMOOTH + KINKED)
        inside = self.make(rows, cols, depth)
        return make(word, (f.tanh(inside) if word == "exp" else inside,))

    def trace(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        n = self.pick((N, N, M))
        return f.trace(self.make(n, n, depth))

    def summed(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        n = self.dim()
        inside = self.make(N if n is ONE else n, self.dim(), depth)
        return f.sum(inside)

    def quadratic(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        n = self.pick((N, M))
        left = self.make(n, ONE, depth)
        right = left if self.one_in(2) else self.make(n, ONE, depth)
        if self.one_in(2):
            return product(transpose(left), right)
        return product(transpose(left), self.make(n, n, depth), right)

    def norm(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return power(f.norm2(self.make(self.pick((N, M)), self.dim(), depth)), 2)

    def logdet(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return f.logdet(self.definite(depth))

    def power(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        base = total(num(2), f.tanh(self.make(ONE, ONE, depth)))
        return power(base, self.pick((2, 3, -1, -2, Fraction(1, 2))))

    def log_sum(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return f.logsumexp(f.tanh(self.make(self.pick((N, M)), ONE, depth)))

    def entropy(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return f.crossentropy(self.pick((SCOPE.symbols["p"], SCOPE.symbols["u"])), f.tanh(self.make(N, ONE, depth)))

    def definite(self, depth: int) -> Expr:
        n = self.pick((N, N, M))
        if n is N and self.one_in(2):
            return SCOPE.symbols["P"]
        inside = f.tanh(self.make(n, self.pick((N, M)), depth))
        return total(product(inside, transpose(inside)), identity(n))

    def inverse(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        if rows is N:
            e = self.pick([SCOPE.symbols[name] for name in "PQR"])
            if self.one_in(2):
                return f.inv(e)
            return f.inv(product(e, SCOPE.symbols["R"]))
        inside = f.tanh(self.make(rows, N, depth))
        return f.inv(total(product(inside, transpose(inside)), identity(rows)))

    def diagonal_matrix(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return f.diag(self.make(rows, ONE, depth))

    def gram(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        n = self.pick((N, M))
        inside = self.make(rows, n, depth)
        if self.one_in(2):
            return product(inside, transpose(inside))
        return product(inside, self.make(n, n, depth), transpose(inside))

    def matrix_power(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return f.matrixpow(self.make(rows, cols, depth), self.pick((2, 3)))

    def triangle(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return self.pick((f.tril, f.triu))(self.make(rows, cols, depth))

    def diagonal(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return f.diagonal(self.make(rows, rows, depth))

    def soft(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        inside = self.make(rows, cols, depth)
        return self.pick((f.softmax, f.logsoftmax, partial(entry_power, b=2)))(inside)

    def row_sum(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        n = self.pick((N, M))
        return product(self.make(rows, n, depth), f.ones(n, ONE))

    def kronecker(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        n = self.pick((N, M))  # (x kron I) brought back to size: (e' kron I)*kron(A, B)*(e kron I)
        e = f.kron(f.unit(Dim.of(1), n), identity(rows))
        return product(transpose(e), f.kron(self.make(n, n, 0), self.make(rows, rows, depth)), e)

    # ---- the less common words ---------------------------------------------------------------------------------
    def more(self, rows: Dim, cols: Dim) -> list[Callable[[Dim, Dim, int], Expr]]:
        ways: list[Callable[[Dim, Dim, int], Expr]] = [self.entry_bound]
        if rows is ONE and cols is ONE:
            ways += [self.extreme, self.other_norm, self.largest, self.entry]
        elif rows is cols:
            ways += [self.matrix_function, self.matrix_function, self.equation, self.frechet]
        elif cols is ONE:
            ways += [self.spectrum, self.slice, self.log_sum_rows]
        if rows is not ONE and cols is not ONE:
            ways += [self.soft_rows, self.stacked, self.pseudo_inverse, self.sliced]
        return ways

    def positive(self, n: Dim, depth: int) -> Expr:
        inside = f.tanh(self.make(n, self.pick((N, M)), depth))
        return total(product(inside, transpose(inside)), identity(n))

    def entry_bound(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return self.pick((f.maximum, f.minimum))(self.make(rows, cols, depth), self.make(rows, cols, depth))

    def extreme(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return self.pick((f.max, f.min))(self.make(self.pick((N, M)), self.dim(), depth))

    def other_norm(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return self.pick((f.norm1, f.normnuc, f.normspec, f.norm2))(self.make(self.pick((N, M)), self.pick((N, M)), depth))

    def largest(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return f.lambda_max(self.positive(self.pick((N, M)), depth))

    def entry(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        i, j = Dim.of(self.pick((1, 2))), Dim.of(self.pick((1, 2)))
        return f.index(self.make(N, M, depth), i, i, j, j)

    def matrix_function(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        if self.one_in(3):
            return f.expm(f.tanh(self.make(rows, rows, depth)))
        return self.pick((f.logm, f.sqrtm, f.chol))(self.positive(rows, depth))

    def equation(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        if self.one_in(2):
            return f.lyap(self.positive(rows, depth), self.make(rows, rows, depth))
        return f.sylvester(self.positive(rows, depth), self.positive(rows, depth), self.make(rows, rows, depth))

    def frechet(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        if self.one_in(2):
            return f.dexpm(f.tanh(self.make(rows, rows, depth)), self.make(rows, rows, depth))
        return f.dlogm(self.positive(rows, depth), self.make(rows, rows, depth))

    def spectrum(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return f.eigvalsh(self.positive(rows, depth))

    def slice(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return f.index(self.make(rows, M, depth), ONE, rows, Dim.of(2), Dim.of(2))

    def log_sum_rows(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return f.logsumexp_rows(f.tanh(self.make(rows, self.pick((N, M)), depth)))

    def soft_rows(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        return f.softmax_rows(self.make(rows, cols, depth))

    def stacked(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        """A matrix taken apart and put together again."""
        inside = self.make(rows, cols, depth)
        if self.one_in(2):
            return f.unvec(product(f.commutation(cols, rows), f.vec(transpose(inside))), rows, cols)
        first = f.index(inside, ONE, ONE, ONE, cols)
        rest = f.index(self.make(rows, cols, depth), Dim.of(2), rows, ONE, cols)
        return f.blocks(first, rest, (1, 1))

    def pseudo_inverse(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        if rows is N and cols is N:
            return f.adj(self.make(rows, cols, depth))
        if (rows, cols) == (N, M):
            return f.pinv(self.pick([SCOPE.symbols[name] for name in "XYV"]))
        return f.pinv(SCOPE.symbols["Z"]) if (rows, cols) == (M, N) else self.make(rows, cols, depth)

    def sliced(self, rows: Dim, cols: Dim, depth: int) -> Expr:
        inside = self.make(rows, cols, depth)
        return product(f.index(identity(rows), ONE, rows, ONE, ONE), f.index(inside, ONE, ONE, ONE, cols))


@st.composite
def expressions(
    draw: st.DrawFn,
    rows: Dim | None = None,
    cols: Dim | None = None,
    depth: int = 3,
    *,
    smooth: bool = False,
    kron: bool = False,
    wide: bool = False,
) -> Expr:
    """A random expression of a shape (of any shape when none is given), at most so many operations deep."""

    def pick(options: Sequence[Any]) -> Any:
        return draw(st.sampled_from(options))

    maker = Maker(pick, smooth=smooth, kron=kron, wide=wide)
    return maker.make(rows or maker.dim(), cols or maker.dim(), depth)


def scalars(depth: int = 3, *, smooth: bool = False) -> st.SearchStrategy[Expr]:
    """A random scalar expression."""
    return expressions(ONE, ONE, depth, smooth=smooth)


@st.composite
def shuffled(draw: st.DrawFn, e: Expr) -> Expr:
    """The expression with the terms of its sums, and the factors of its entrywise products, in another order."""
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        new = rebuild(node, tuple(done[a] for a in node.args))
        if new.op.name in ("add", "hadamard"):
            new = make(new.op.name, tuple(draw(st.permutations(new.args))))
        done[node] = new
    return done[e]


def point(sizes: Mapping[str, int], seed: int) -> dict[str, Any]:
    """Arrays for all letters."""
    rng = np.random.default_rng(seed)
    return {name: draw(e, sizes, rng, "balanced") for name, e in SCOPE.symbols.items()}


POINTS = tuple((sizes, point(sizes, seed)) for seed, sizes in enumerate(SIZES))


def values(e: Expr) -> list[Any]:
    """The values of an expression at the points."""
    return [evaluate(e, env, sizes) for sizes, env in POINTS]


def symbols_of(e: Expr) -> list[Expr]:
    return leaves(e, "symbol")
