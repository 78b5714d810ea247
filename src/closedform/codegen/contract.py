"""A product of arrays with tied indices as array operations on two arrays at a time.

The order is the cheapest for representative sizes: of every way to pair up to seven arrays, else step by step.

Source: Pfeifer, Haegeman and Verstraete, Faster identification of optimal contraction sequences for tensor networks
(2014), for the search over subsets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import prod
from typing import NamedTuple

from closedform.codegen.chain import typical
from closedform.codegen.labels import Label, Labels, distinct, size
from closedform.codegen.network import Operand
from closedform.codegen.program import Program, Value
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Shape

LETTERS = "ijklmnopqrstuvwxyzabcdefghABCDEFGHIJKLMNOPQRSTUVWXYZ"

SEARCHED = 7
"""Up to so many arrays every order is compared."""

WRITTEN, BATCHED = 6.0, 4.0
"""Costs, beside a multiplication, of an entry that is written to memory, and of a multiplication in a contraction that
is not one product of matrices."""


class Tensor(NamedTuple):
    """An array of the program with one index for each of its axes."""

    value: Value
    axes: Labels


def entries(dims: Iterable[Dim]) -> Shape:
    """The shape that a value with any number of axes counts as: a column of its entries."""
    return size(dims), ONE


def spelled(*rows: Sequence[Label]) -> list[str]:
    """The subscripts of np.einsum for rows of indices."""
    letters = dict(zip(distinct(*rows), LETTERS, strict=False))
    return ["".join(letters[x] for x in row) for row in rows]


def reshaped(p: Program, value: Value, dims: Sequence[Dim], shape: Shape) -> Value:
    """The entries of an array with other axes, in the same order."""
    listed = ", ".join(f"{{d{i}}}" for i in range(len(dims))) + ("," if len(dims) == 1 else "")
    return p.call(f"np.reshape({{0}}, ({listed}))", (value,), shape, **{f"d{i}": d for i, d in enumerate(dims)})


def tensor(p: Program, o: Operand) -> Tensor:
    """A matrix with an axis for each of its indices."""
    axes = o.rows + o.cols
    if len(o.rows) == 1 == len(o.cols):
        return Tensor(o.value, axes)
    shape = entries(x.dim for x in axes)
    if len(axes) == 1:
        return Tensor(p.call("{0}[:, 0]" if o.rows else "{0}[0]", (o.value,), shape), axes)
    return Tensor(reshaped(p, o.value, [x.dim for x in axes], shape), axes)


def permuted(p: Program, t: Tensor, axes: Labels) -> Tensor:
    """The array with its axes in another order."""
    if t.axes == axes:
        return t
    order = ", ".join(str(t.axes.index(x)) for x in axes)
    return Tensor(p.call(f"np.transpose({{0}}, ({order}))", (t.value,), entries(x.dim for x in axes)), axes)


def contract(p: Program, tensors: Sequence[Tensor], axes: Labels, contiguous: bool = False) -> Value:
    """The product of the arrays, summed over all indices but ``axes``, which are its axes in this order.

    Every one of ``axes`` is an index of one of the arrays.  With ``contiguous`` the entries of the result lie in memory in
    the order of its axes where that costs nothing.
    """
    parts = _reduced(p, tensors, axes)
    order = _searched if len(parts) <= SEARCHED else _greedy
    for i, j in order([frozenset(t.axes) for t in parts], frozenset(axes)):
        a, b = parts[i], parts[j]
        rest = [t for k, t in enumerate(parts) if k not in (i, j)]
        needed = set(distinct(axes, *(t.axes for t in rest)))
        kept = axes if not rest else tuple(x for x in distinct(a.axes, b.axes) if x in needed)
        parts = [*rest, _pair(p, a, b, kept, contiguous and not rest)]
    return permuted(p, parts[0], axes).value


def only(p: Program, t: Tensor, kept: Labels) -> Tensor:
    """The array at equal values of equal indices, summed over the indices that are not kept."""
    if t.axes == kept:
        return t
    source, target = spelled(t.axes, kept)
    return Tensor(p.call(f'np.einsum("{source}->{target}", {{0}})', (t.value,), entries(x.dim for x in kept)), kept)


def _reduced(p: Program, parts: Sequence[Tensor], axes: Labels) -> list[Tensor]:
    """The arrays without repeated indices and without those that no other has and that are summed."""
    out = []
    for i, t in enumerate(parts):
        needed = set(distinct(axes, *(u.axes for k, u in enumerate(parts) if k != i)))
        out.append(only(p, t, tuple(x for x in distinct(t.axes) if x in needed)))
    return out


def _pair(p: Program, a: Tensor, b: Tensor, kept: Labels, contiguous: bool) -> Tensor:
    """The product of two arrays."""
    shared = [x for x in a.axes if x in b.axes]
    summed = [x for x in shared if x not in kept]
    for left, right in ((a, b), (b, a)):
        if left.axes == right.axes == kept and kept:
            return Tensor(p.mul(left.value, right.value), kept)
        if len(shared) == len(summed) == 1 and (made := _matrix_product(p, left, right, summed[0], kept)):
            return made
    first, second, target = spelled(a.axes, b.axes, kept)
    by_matrices = summed and len(summed) == len(shared)
    option = ", optimize=True" if by_matrices else ', order="C"' if contiguous else ""
    text = f'np.einsum("{first},{second}->{target}", {{0}}, {{1}}{option})'
    return Tensor(p.call(text, (a.value, b.value), entries(x.dim for x in kept)), kept)


def _matrix_product(p: Program, a: Tensor, b: Tensor, inner: Label, kept: Labels) -> Tensor | None:
    """a @ b (transposed where needed) when that has the wanted axes in their order."""
    if not 1 <= len(a.axes) <= 2 or not 1 <= len(b.axes) <= 2 or not kept:
        return None
    rows, cols = (tuple(x for x in t.axes if x is not inner) for t in (a, b))
    if rows + cols != kept:
        return None
    left = a.value if a.axes[-1] is inner else p.transposed(a.value)
    right = b.value if b.axes[0] is inner else p.transposed(b.value)
    shape = (rows[0].dim, cols[0].dim) if len(kept) == 2 else entries(x.dim for x in kept)
    return Tensor(p.value("matmul", (left, right), (), shape), kept)


# ---- the order ----------------------------------------------------------------------------------------------------
Set = frozenset[Label]


def _extent(axes: Iterable[Label]) -> float:
    return prod(typical(x.dim) for x in axes)


def _step(a: Set, b: Set, kept: Set) -> float:
    """The cost of one product of two arrays."""
    batched = (a & b & kept) and (a & b) - kept
    return _extent(a | b) * (BATCHED if batched else 1.0) + WRITTEN * _extent(kept)


def _searched(parts: list[Set], axes: Set) -> list[tuple[int, int]]:
    """The best order; the product of two arrays stands after those that are left."""
    n = len(parts)
    everything = range(n)
    kept: dict[frozenset[int], Set] = {}
    best: dict[frozenset[int], tuple[float, frozenset[int] | None]] = {}
    for count in range(1, n + 1):
        for chosen in combinations(everything, count):
            group = frozenset(chosen)
            inside = frozenset().union(*(parts[i] for i in chosen))
            outside = axes.union(*(parts[i] for i in everything if i not in group))
            kept[group] = parts[chosen[0]] if count == 1 else inside & outside
            best[group] = (0.0, None) if count == 1 else min(
                ((best[s][0] + best[group - s][0] + _step(kept[s], kept[group - s], kept[group]), s) for s in _halves(chosen)),
                key=_price,
            )  # fmt: skip
    steps: list[tuple[frozenset[int], frozenset[int]]] = []
    todo = [frozenset(everything)]
    while todo:
        group = todo.pop()
        half = best[group][1]
        if half is not None:
            steps.append((half, group - half))
            todo += [half, group - half]
    current = [frozenset({i}) for i in everything]
    out = []
    for a, b in reversed(steps):
        i, j = sorted((current.index(a), current.index(b)))
        out.append((i, j))
        current = [s for s in current if s not in (a, b)] + [a | b]
    return out


def _price(found: tuple[float, frozenset[int]]) -> float:
    return found[0]


def _halves(chosen: tuple[int, ...]) -> Iterable[frozenset[int]]:
    """The ways to part a set in two, one half of each: the one with the first element."""
    first, *others = chosen
    for count in range(len(others)):
        for some in combinations(others, count):
            yield frozenset((first, *some))


def _greedy(parts: list[Set], axes: Set) -> list[tuple[int, int]]:
    """The cheapest product of two first, and so on."""
    current = list(parts)
    out = []
    while len(current) > 1:
        found: tuple[float, int, int, Set] | None = None
        for i, j in combinations(range(len(current)), 2):
            others = axes.union(*(s for k, s in enumerate(current) if k not in (i, j)))
            kept = (current[i] | current[j]) & others
            cost = _step(current[i], current[j], kept)
            if found is None or cost < found[0]:
                found = cost, i, j, kept
        assert found is not None
        _, i, j, kept = found
        out.append((i, j))
        current = [s for k, s in enumerate(current) if k not in (i, j)] + [kept]
    return out
