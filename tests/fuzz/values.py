"""Values of the trees of ``syntax`` in double precision; shares nothing with the package.

Every value has two axes: a scalar is 1 x 1, a column n x 1.  Outside a domain the value is nan.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.linalg as sla
from tests.fuzz.syntax import Tree, Unreadable
from tests.fuzz.words import SIZED, WORDS, alike, column, edge, inverse, square

Array = Any
MOST_ENTRIES = 1_000_000
MOST_TERMS = 10_000
LARGEST = 1e8
"""A larger number on the way to a value means that the value is not to be trusted."""


class Members:
    """The members of a family, stacked on the first axis, each with two axes."""

    def __init__(self, items: Array) -> None:
        self.items = items


def two_axes(value: Any) -> Array:
    """An array of floats with two axes."""
    value = np.asarray(value, float)
    return value.reshape(-1, 1) if value.ndim < 2 else value


class Evaluator:
    """The value of trees where names have values; sizes are numbers.

    ``before`` are the eigenvectors and singular vectors of an earlier evaluation of the same tree: the signs, which LAPACK
    chooses anew for every matrix, are those with which each is nearer to what it was.
    """

    def __init__(self, values: Mapping[str, Any], before: Sequence[Array] = ()) -> None:
        self.values = values
        self.before = before
        self.vectors: list[Array] = []
        self.edge = ""
        """Why functions are not smooth, or values not to be trusted, near this point; empty when nothing was noticed."""

    def __call__(self, tree: Tree) -> Array:
        self.edge = ""
        with np.errstate(all="ignore"):
            try:
                return self.of(tree, dict(self.values))
            except (np.linalg.LinAlgError, sla.LinAlgError) as error:
                raise Unreadable(str(error)) from None
            except (RecursionError, ValueError, OverflowError) as error:
                if isinstance(error, Unreadable):
                    raise
                raise Unreadable(str(error)) from None

    def whole(self, tree: Tree, scope: Mapping[str, Any]) -> int:
        v = self.of(tree, scope)
        if v.size != 1 or not np.isfinite(v).all() or abs(v.item() - round(v.item())) > 1e-9:
            raise Unreadable("a whole number is wanted")
        return round(v.item())

    def of(self, tree: Tree, scope: Mapping[str, Any]) -> Array:
        value = self.at(tree, scope)
        if value.size > MOST_ENTRIES:
            raise Unreadable("too large")
        if not np.abs(value).max(initial=0) <= LARGEST:
            self.edge = "overflow, or outside a domain"
        return value

    def at(self, tree: Tree, scope: Mapping[str, Any]) -> Array:
        head = tree[0]
        if head == "num":
            return np.full((1, 1), tree[1])
        if head == "name":
            value = scope.get(tree[1], math.pi if tree[1] == "pi" else None)
            if value is None or isinstance(value, Members):
                raise Unreadable(f"{tree[1]} has no value")
            return two_axes(value)
        if head == "t":
            return self.of(tree[1], scope).T
        if head == "neg":
            return -self.of(tree[1], scope)
        if head == "hat T":
            return self.hat(tree, scope)
        if head == "call":
            return self.call(tree[1], tree[2:], scope)
        if head == "at":
            return self.entry(tree[1], tree[2], scope)
        if head == "blocks":
            return np.block([[self.of(cell, scope) for cell in row] for row in tree[1]])
        if head == "let":
            return self.of(tree[3], {**scope, tree[1]: self.of(tree[2], scope)})
        if head == "sum":
            return self.series(tree, scope)
        return self.joined(head, *self.operands(tree, scope))

    def hat(self, tree: Tree, scope: Mapping[str, Any]) -> Array:
        base = self.of(tree[1], scope)
        if "T" in scope:
            return self.joined("^", base, two_axes(scope["T"]) * (-1 if tree[2] else 1))
        return (inverse(base) if tree[2] else base).T

    def operands(self, tree: Tree, scope: Mapping[str, Any]) -> tuple[Array, Array]:
        filled = [side[0] == "call" and side[1] in ("vector", "matrix") for side in tree[1:]]
        if sum(filled) != 1:
            return self.of(tree[1], scope), self.of(tree[2], scope)
        at = filled.index(True)
        other, c = self.of(tree[2 - at], scope), self.of(tree[1 + at][2], scope)
        if c.size != 1 or tree[0] not in ("+", "-", ".*", "./"):
            raise Unreadable("vector(c) and matrix(c) take their shape from an operand")
        full = np.full(other.shape, c.item())
        return (other, full) if at else (full, other)

    def joined(self, op: str, a: Array, b: Array) -> Array:
        if op in ("+", "-"):
            alike(a, b)
            return a + b if op == "+" else a - b
        if op == "*":
            if 1 in (a.size, b.size):
                return a * b
            if a.shape[1] != b.shape[0]:
                raise Unreadable(f"product of {a.shape} and {b.shape}")
            return a @ b
        if op in ("/", "^") and b.size != 1:
            raise Unreadable("a scalar is wanted on the right")
        if op == "/":
            return a / b
        if op == "^" and a.size != 1:
            power = b.item()
            if power != round(power):
                raise Unreadable("the power of a matrix is whole")
            return np.linalg.matrix_power(inverse(a) if power < 0 else square(a), abs(round(power)))
        alike(a, b, scalars=True)
        if op == ".*":
            return a * b
        return a / b if op == "./" else np.power(a, b)

    def call(self, word: str, args: tuple[Tree, ...], scope: Mapping[str, Any]) -> Array:
        if word in SIZED:
            counts, constant = SIZED[word]
            sizes = [self.whole(a, scope) for a in args]
            if len(sizes) not in counts or min(sizes) < 1 or math.prod(sizes) ** 2 > MOST_ENTRIES:
                raise Unreadable(f"{word} of the sizes {sizes}")
            return constant(*sizes)
        if word == "unvec":
            m, n = (self.whole(a, scope) for a in args[1:])
            v = column(self.of(args[0], scope))
            if len(v) != m * n:
                raise Unreadable("the sizes of unvec do not fit")
            return v.reshape(m, n, order="F")
        count, function = WORDS.get(word, (0, np.exp))
        if count != len(args):
            raise Unreadable(f"{word} of {len(args)} arguments")
        values = [self.of(a, scope) for a in args]
        if any(not np.isfinite(v).all() for v in values):  # noqa: SIM102 -- the list reads better alone
            if word in ("eigvalsh", "eigvecs", "lambda_max", "svdvals", "svdu", "svdv", "expm", "logm", "sqrtm", "pinv", "inv",
                        "solve", "lyap", "sylvester", "normnuc", "normspec", "dexpm", "dlogm", "chol"):  # fmt: skip
                raise Unreadable(f"{word} where it has no value")
        if word in ("kron", "khatrirao") and values[0].size * values[1].size > MOST_ENTRIES:
            raise Unreadable("too large")
        out = function(*values)
        if word in ("eigvecs", "svdu", "svdv"):
            out = self.followed(out)
        self.edge = self.edge or edge(word, values[0], out)
        return two_axes(out) if np.ndim(out) < 2 else out

    def followed(self, columns: Array) -> Array:
        """The columns with the signs that they had before."""
        known = self.before[len(self.vectors)] if len(self.vectors) < len(self.before) else columns
        if known.shape == columns.shape:
            columns = columns * np.where(np.sum(known * columns, axis=0) < 0, -1.0, 1.0)
        self.vectors.append(columns)
        return columns

    def entry(self, base: Tree, items: tuple[Tree | None, ...], scope: Mapping[str, Any]) -> Array:
        held = scope.get(base[1]) if base[0] == "name" else None
        if isinstance(held, Members):
            at = self.whole(items[0], scope) if len(items) == 1 and items[0] else 0
            if not 1 <= at <= len(held.items):
                raise Unreadable("there is no such member")
            return two_axes(held.items[at - 1])
        a = self.of(base, scope)
        if len(items) == 1:
            items = (items[0], None) if a.shape[1] == 1 else (None, items[0])
            if 1 not in a.shape:
                raise Unreadable("a matrix wants two indices")
        for axis, item in enumerate(items):
            if item is not None:
                low = self.whole(item[1] if item[0] == "range" else item, scope)
                high = self.whole(item[2], scope) if item[0] == "range" else low
                if not 1 <= low <= high <= a.shape[axis]:
                    raise Unreadable(f"the entries {low}..{high} of {a.shape[axis]}")
                a = a.take(range(low - 1, high), axis)
        return a

    def series(self, tree: Tree, scope: Mapping[str, Any]) -> Array:
        _, index, low, high, body = tree
        first = 1 if low is None else self.whole(low, scope)
        last = self.extent(body, index, scope) if high is None else self.whole(high, scope)
        if last - first > MOST_TERMS:
            raise Unreadable("too many terms")
        if last < first:
            return np.zeros(self.of(body, {**scope, index: float(first)}).shape)
        return sum(self.of(body, {**scope, index: float(i)}) for i in range(first, last + 1))

    def extent(self, tree: Any, index: str, scope: Mapping[str, Any]) -> int:
        """The length of the first thing that is indexed by an index alone."""
        todo = [tree]
        while todo:
            node = todo.pop(0)
            if not isinstance(node, tuple):
                continue
            if node and node[0] == "at" and ("name", index) in node[2] and node[1][0] == "name":
                held = scope[node[1][1]]
                if isinstance(held, Members):
                    return len(held.items)
                shape = two_axes(held).shape
                return shape[node[2].index(("name", index))] if len(node[2]) > 1 else max(shape)
            todo = [*node, *todo]
        raise Unreadable("the range of the sum is not known")
