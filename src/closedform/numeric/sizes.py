"""Sizes for a check: small, mutually different numbers for the names, and smaller numbers for large integers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from closedform.core.bound import MARK, indices, marked
from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, make
from closedform.core.infer import facts
from closedform.core.walk import postorder
from closedform.numeric.ranges import Terms, ordered

POOL = (3, 4, 2, 5, 7, 6)
CAP = 8
"""Integer sizes above this are shrunk in a check."""
TWIN = {3: 4, 4: 3, 2: 5, 5: 2, 7: 6, 6: 7}
"""For each size one of the other parity: signs such as (-1)^n come out at either."""
SMALL = (4, 3, 5, 6, 2, 7, 8)
"""What they are shrunk to."""
AS_IT_IS = 64
"""Sizes up to this may stay where nothing smaller fits."""
MOST_FACTORS = 4
"""A size that is a product has at most so many factors."""


class Demands:
    """What sizes must satisfy for expressions to have a value."""

    def __init__(self, nodes: Sequence[Expr]) -> None:
        self.names: list[str] = []
        self.indices: list[str] = []
        """Names that occur only as positions, never in a shape."""
        self.positive: list[Dim] = []
        self.ordered: list[tuple[Dim, Dim]] = []
        self.even: list[Dim] = []
        self.integers: set[int] = set()
        self.terms = [Terms(node) for node in nodes if node.op.name == "series" and not indices(node)]
        loose: dict[Dim, None] = {}
        """Sizes that may be anything: ranges of sums and exponents."""
        shapes: dict[Dim, None] = {}
        positions: dict[Dim, None] = {}
        for node in nodes:
            name, params = node.op.name, node.params
            for k, p in enumerate(params):
                if isinstance(p, Dim):
                    place = name in ("index", "moved") or (name in ("unit", "member") and k == 0)
                    held = positions if place else loose if name in ("series", "sympow") or marked((p,)) else shapes
                    held[p] = None
            if name == "symbol":
                self._symbol(node)
            self.ordered += [pair for pair in ordered(node) if not marked(pair)]
            if name == "series" and not marked(params) and (params[2] - params[1]).integer is None:
                self.ordered.append(params[1:])
        self.ordered = [pair for pair in dict.fromkeys(self.ordered) if pair[0] is not pair[1]]
        for dim in shapes:
            if dim.integer is None:
                self.positive.append(dim)
                self.names += [x for x in _listed(dim) if x not in self.names]
            else:
                self.integers.add(dim.integer)
        for dim in loose:
            self.names += [x for x in _listed(dim) if x not in self.names]
        for dim in positions:
            self.indices += [x for x in _listed(dim) if x not in self.names and x not in self.indices]

    def _symbol(self, node: Expr) -> None:
        known = facts(node)
        if "orthonormal" in known and node.rows is not node.cols:
            self.ordered.append((node.cols, node.rows))
        if "skew" in known and known & {"invertible", "orthonormal"}:
            self.even.append(node.rows)

    def met(self, sizes: dict[str, int], least: int) -> bool:
        """Do the sizes satisfy the demands, every one being at least ``least``?"""
        try:
            return (
                all(d.value(sizes) >= least for d in self.positive)
                and all(a.value(sizes) <= b.value(sizes) for a, b in self.ordered)
                and all(d.value(sizes) % 2 == 0 for d in self.even)
                and all(t.met(sizes) for t in self.terms)
            )
        except ValueError:  # a size that is not a whole number
            return False


def sizes_for(*exprs: Expr, seed: int = 0) -> Iterator[dict[str, int]]:
    """Sizes for every name in the expressions, mutually different as far as the numbers from 2 to 7 go.

    The sequence ends; Refusal when not even one choice satisfies what the expressions demand of their sizes.

    >>> from closedform.core.op import f
    >>> A = f.symbol("A", Dim.of("m"), Dim.of("n"), 2, frozenset())
    >>> next(sizes_for(A))["m"] != next(sizes_for(A))["n"]
    True
    """
    return choices(Demands(postorder(*exprs)), np.random.default_rng(seed))


def choices(demands: Demands, rng: np.random.Generator, limit: int = 64) -> Iterator[dict[str, int]]:
    """The sequence of ``sizes_for`` for demands that are known."""
    names = demands.names
    if not names and not demands.indices:
        yield {}
        return
    pool = [v for v in POOL if v not in demands.integers]
    if len(pool) < len(names):
        pool = list(POOL)
    seen: set[tuple[int, ...]] = set()
    for attempt in range(3 * limit):
        stage = attempt // limit
        if (seen and stage) or len(seen) >= limit:
            return
        if stage == 0:
            places = rng.permutation(max(len(pool), len(names))) if attempt else range(len(names))
            order = [pool[i % len(pool)] for i in places][: len(names)]
        else:
            order = [int(v) for v in rng.integers(2, CAP + 1, len(names))]
        for row in (order, [TWIN.get(v, v) for v in order], order[::-1]):  # of two sizes, either may have to be the larger
            sizes = dict(zip(names, row, strict=True))
            sizes.update((i, int(rng.integers(1, 4))) for i in demands.indices)
            key = tuple(sizes.values())
            if key not in seen and demands.met(sizes, 2 if stage == 0 else 1):
                seen.add(key)
                yield sizes
    if not seen:
        raise Refusal(f"no sizes from 2 to {CAP} of {', '.join(names + demands.indices)} fit the expression")


def _listed(dim: Dim) -> list[str]:
    return [name for names, _ in dim.terms for name in names if not name.startswith(MARK)]


def shrink(exprs: Sequence[Expr], fits: Callable[[Sequence[Expr]], bool] | None = None) -> tuple[list[Expr], dict[int, int]]:
    """The expressions with integer sizes above the cap replaced by small ones, and which became which.

    Equal sizes stay equal, different ones different, and the differences of nearby sizes and the products and sums
    among them stay what they are, as far as ``fits`` demands it of the expressions together: the 9 of eye(9), the
    derivative of a 3 x 3 matrix by itself, is 3*3.  Refusal, naming the cap, where an expression does not allow it.

    >>> from closedform.core.op import f
    >>> x = f.symbol("x", Dim.of(100), ONE, 1, frozenset())
    >>> shrink([f.sum(x)])[1]
    {100: 4}
    """
    nodes = postorder(*exprs)
    big = sorted({d.integer for node in nodes for d in _sizes_of(node) if d.integer is not None and d.integer > CAP})
    if not big:
        return list(exprs), {}
    for table in _tables(big, Demands(nodes).integers):
        try:
            small = _resized(nodes, exprs, table)
        except InputError:
            continue
        if fits is None or fits(small):
            return small, {old: new for old, new in table.items() if old != new}
    listed = ", ".join(str(b) for b in big)
    raise Refusal(
        f"the check of the answer runs at sizes up to {CAP}, and this expression does not allow to shrink {listed}; "
        f"write a name for the size"
    )


def _sizes_of(node: Expr) -> list[Dim]:
    """The sizes that a node brings along: of its shape when it is a leaf, else those among its parameters."""
    if node.op.name in ("series", "sympow", "member", "moved"):
        return []  # ranges, exponents and positions
    return [p for p in node.params if isinstance(p, Dim)]


def _tables(big: list[int], present: set[int]) -> Iterator[dict[int, int]]:
    """Ways to replace large sizes: each by a number of its own, nearby ones together, products and sums as such."""
    free = [v for v in SMALL if v not in present] + [v for v in SMALL if v in present]
    plain = {b: free[i % len(free)] if i < len(free) else 9 + i for i, b in enumerate(big)}
    yield plain
    shifted: dict[int, int] = {}
    start, low = 0, 3
    for i, b in enumerate(big):
        if i and b - big[i - 1] > CAP:
            start, low = i, low + (big[i - 1] - big[start]) + 1
        shifted[b] = low + b - big[start]
    yield shifted
    for base in (plain, shifted):
        derived: dict[int, int] = {}
        for b in big:
            derived[b] = _composed(b, derived, present) or base[b]
        if derived != base:
            yield derived
    if big[-1] <= AS_IT_IS:
        yield dict(zip(big, big, strict=True))


def _composed(b: int, smaller: dict[int, int], present: set[int]) -> int | None:
    """The new size of one that is a product, a triangle number or a sum of smaller ones."""
    known = {p: p for p in present if 1 < p <= CAP} | smaller
    for a, new in known.items():
        if b == a * (a + 1) // 2:
            return new * (new + 1) // 2
    product = _multiplied(b, known)
    if product is not None:
        return product
    for a, new in known.items():
        if b - a in known:
            return new + known[b - a]
    return None


def _multiplied(b: int, known: dict[int, int]) -> int | None:
    """The product of the new sizes of at least two factors of a number, the largest ones first; None where there are none."""
    waiting = [(b, 1, 0, MOST_FACTORS)]
    factors = sorted(known, reverse=True)
    while waiting:
        rest, made, first, left = waiting.pop()
        if rest == 1:
            return made
        if left:
            rows = [
                (rest // a, made * known[a], k, left - 1) for k, a in enumerate(factors) if k >= first and rest % a == 0 and a < b
            ]
            waiting += reversed(rows)
    return None


def _resized(nodes: list[Expr], exprs: Sequence[Expr], table: dict[int, int]) -> list[Expr]:
    done: dict[Expr, Expr] = {}
    for node in nodes:
        args = tuple(done[a] for a in node.args)
        params = node.params
        if node.op.name == "index":
            params = _positions(node, args[0], table)
        elif any(isinstance(p, Dim) for p in params):
            if node.op.name in ("unit", "size") and params[0].integer is not None and params[0].integer > CAP:
                raise InputError(f"the position or number {params[0]} cannot be shrunk")
            params = tuple(_small(p, table) if isinstance(p, Dim) else p for p in params)
            if node.op.name == "unit" and _over(params[0], params[1]):
                raise InputError(f"the position {params[0]} does not fit")
        done[node] = node if args == node.args and params == node.params else make(node.op.name, args, params)
    return [done[e] for e in exprs]


def _positions(node: Expr, argument: Expr, table: dict[int, int]) -> tuple[Dim, ...]:
    """The rows and columns of an index in the smaller argument: all of them, or the same ones where they fit."""
    out: list[Dim] = []
    for (low, high), old, new in zip((node.params[:2], node.params[2:]), node.args[0].shape, argument.shape, strict=True):
        if low is ONE and high is old:
            out += [low, new]
        elif _over(low, new) or _over(high, new) or (old is not new and _over(low, Dim.of(CAP))):
            raise InputError(f"the positions {low}:{high} do not fit")
        elif high is old and old is not new:
            out += [low, new]  # from a position to the end
        else:
            out += [low, high]
    return tuple(out)


def _over(a: Dim, b: Dim) -> bool:
    gap = (a - b).integer
    return gap is not None and gap > 0


def _small(dim: Dim, table: dict[int, int]) -> Dim:
    return Dim.of(table[dim.integer]) if dim.integer in table else dim
