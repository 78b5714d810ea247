"""The value of an expression at arrays.

A ``Program`` is one or several expressions put in order once; ``at`` fixes the sizes, and the result is evaluated at
many points.  A scalar is 0-d, everything else 2-D; real and complex arrays both work.  What has no value (a singular
inverse, a logarithm of a negative number) is nan, never an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy import ndarray

from closedform.core.dim import Dim
from closedform.core.expr import Expr
from closedform.core.limits import tick
from closedform.numeric.cost import LIGHT, OVERHEAD, SMALL, beforehand, further, weight
from closedform.numeric.series import Loop, fixed_parts, scope
from closedform.numeric.threads import one
from closedform.numeric.vectors import VECTORS, followed
from closedform.ops.build import transpose

Step = tuple[int, Callable[..., Any], tuple[int, ...], tuple[Any, ...], bool, int]
"""Where the value goes, the function, where its arguments are, its parameters, whether the node is a scalar, its cost."""

FAILURES = (np.linalg.LinAlgError, ArithmeticError, ValueError, IndexError, TypeError)
"""What NumPy and SciPy raise where a function has no value."""

FREE = {"symbol": "", "tangent": "d", "family": ""}
"""Leaves whose value comes from the point, with what stands before their name in it."""


def evaluate(e: Expr, env: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    """The value of an expression: 0-d for a scalar, else 2-D.

    >>> from closedform.core.op import f
    >>> n, one = Dim.of("n"), Dim.of(1)
    >>> x = f.symbol("x", n, one, 1, frozenset())
    >>> float(evaluate(f.mul(f.transpose(x), x), {"x": [1.0, 2.0, 3.0]}, {"n": 3}))
    14.0
    """
    with np.errstate(all="ignore"):
        bound = Program(e).at(sizes)
        return bound.values(env)[bound.program.place[e]]


def as_input(value: Any, node: Expr) -> Any:
    """The value of a leaf in the form the evaluator uses; the members of a family are rows."""
    if node.op.name == "family":
        array = as_value(value, False, False)
        return array.reshape(len(array), -1)
    return as_value(value, node.rows.integer == 1, node.is_scalar)


def as_value(value: Any, rows_are_one: bool, scalar: bool) -> Any:
    """An array in the form the evaluator uses: 0-d for a scalar, a column (or row) for one axis, else two axes."""
    array = np.asarray(value)
    if array.dtype.kind not in "fc":
        array = array.astype(float)
    if scalar:
        return array.reshape(())[()]
    if array.ndim >= 2:
        return array
    return array.reshape((1, -1) if rows_are_one else (-1, 1))


class Program:
    """Expressions in an order in which they can be evaluated, arguments first.

    ``nodes`` is that order and ``place`` says where each node stands in it.  The values of ``given`` nodes are handed
    in; the terms of a sum with an index are a program of their own.  ``cost`` is that of one evaluation, in steps.
    """

    __slots__ = ("_dependents", "_ready", "_sized", "_steps", "_terms", "cost", "given", "inputs", "nodes", "place", "roots",
                 "vectors")  # fmt: skip

    def __init__(self, *roots: Expr, given: Iterable[Expr] = ()) -> None:
        self.roots = roots
        self.given = tuple(given)
        handed = frozenset(self.given)
        self.nodes = scope(*self.given, *roots, given=handed)
        self.place = {node: i for i, node in enumerate(self.nodes)}
        self.inputs: list[tuple[int, str, Expr]] = []
        """Leaves that the point supplies: place, name, node."""
        self._ready: list[Any] = [None] * len(self.nodes)
        self._steps: list[Step] = []
        self._sized: list[tuple[int, Expr]] = []
        self._dependents: dict[tuple[frozenset[Expr], Expr | None], list[int]] = {}
        self._terms: dict[Expr, Program] = {}
        for i, node in enumerate(self.nodes):
            if node in handed:
                continue
            if node.op.name in FREE:
                self.inputs.append((i, FREE[node.op.name] + node.params[0], node))
            elif not node.args and not _has_sizes(node):
                self._ready[i] = _constant(node, node.params)
            else:
                if _has_sizes(node):
                    self._sized.append((len(self._steps), node))
                parts: Iterable[Expr] = node.args
                if node.op.name == "series":
                    parts = fixed_parts(node)
                    self._terms[node] = Program(node.args[0], given=parts)
                places = tuple(self.place[a] for a in parts)
                function, extra = _function(node, self.place)
                read = places + tuple(self.place[a] for a in extra)
                self._steps.append((i, function, read, node.params, node.is_scalar, weight(node)))
        terms = self._terms
        self.vectors: frozenset[int] = frozenset(
            i for i, node in enumerate(self.nodes) if node.op.name in VECTORS or (node in terms and terms[node].vectors)
        )
        """The places of singular vectors and eigenvectors, and of sums with such in their terms."""
        self.cost: int = len(self.nodes) + sum(step[5] for step in self._steps) + sum(t.cost for t in self._terms.values())

    def at(self, sizes: Mapping[str, int]) -> Bound:
        """The program at fixed sizes."""
        return Bound(self, sizes)

    def dependents(self, leaves: Iterable[Expr], last: Expr | None = None) -> list[int]:
        """The places of the nodes, up to one of them, that change with the leaves (the leaves not counted)."""
        return [self._steps[k][0] for k in self._steps_after(leaves, last)]

    def _steps_after(self, leaves: Iterable[Expr], last: Expr | None) -> list[int]:
        key = (frozenset(leaves), last)
        found = self._dependents.get(key)
        if found is None:
            end = len(self.nodes) if last is None else self.place[last] + 1
            reached = bytearray(len(self.nodes))
            for leaf in key[0]:
                reached[self.place[leaf]] = 1
            found = []
            for k, (i, _, places, _, _, _) in enumerate(self._steps):
                if i < end and any(reached[j] for j in places):
                    reached[i] = 1
                    found.append(k)
            self._dependents[key] = found
        return found


class Bound:
    """A program at fixed sizes.  A list of values goes with it: one for each node of the program."""

    __slots__ = ("_base", "_steps", "program", "sizes")

    def __init__(self, program: Program, sizes: Mapping[str, int]) -> None:
        one()
        self.program = program
        self.sizes = dict(sizes)
        numbers: dict[Dim, int] = {}
        self._base = program._ready[:]
        self._steps = program._steps[:]
        tick(1 + 2 * len(program._sized))
        for k, node in program._sized:
            params = []
            for p in node.params:
                if isinstance(p, Dim):
                    if p not in numbers:
                        numbers[p] = p.value(sizes)
                    p = numbers[p]
                params.append(p)
            i, function, places, _, scalar, cost = self._steps[k]
            if node in program._terms:
                function = Loop(program._terms[node], node, sizes)
            self._steps[k] = (i, function, places, tuple(params), scalar, cost)

    def values(self, env: Mapping[str, Any]) -> list[Any]:
        """The value of every node at a point."""
        values = self.begun(env, -1)
        self._run(values, self._steps)
        return values

    def begun(self, env: Mapping[str, Any], last: int) -> list[Any]:
        """The values of the nodes up to a place, at a point; those after it are missing."""
        values = self._base[:]
        for i, name, node in self.program.inputs:
            values[i] = as_input(env[name], node)
        self._run(values, [step for step in self._steps if step[0] <= last])
        return values

    def completed(self, values: list[Any], last: int) -> list[Any]:
        """The values with those of the nodes after a place."""
        self._run(values, [step for step in self._steps if step[0] > last])
        return values

    def continued(self, given: Iterable[Any]) -> list[Any]:
        """The value of every node when the given nodes have these values."""
        values = self._base[:]
        for node, value in zip(self.program.given, given, strict=True):
            values[self.program.place[node]] = value
        self._run(values, self._steps)
        return values

    def moved(self, values: list[Any], changes: Mapping[Expr, Any], last: Expr | None = None) -> list[Any]:
        """The values when some leaves change; only what depends on them is computed again, up to one of the nodes
        (those under the first root come first).  Singular vectors and eigenvectors keep their signs."""
        out = values[:]
        for leaf, value in changes.items():
            out[self.program.place[leaf]] = value
        steps, start = [self._steps[k] for k in self.program._steps_after(changes, last)], 0
        for end, step in enumerate(steps) if self.program.vectors else ():
            if step[0] in self.program.vectors:
                self._run(out, steps[start:end])
                self._follow(out, values, step)
                start = end + 1
        self._run(out, steps[start:])
        return out

    def _follow(self, out: list[Any], before: list[Any], step: Step) -> None:
        """One step in which singular vectors and eigenvectors keep the signs that they had before."""
        i, function, places, params, _, _ = step
        if isinstance(function, Loop):
            out[i] = function.moved([out[j] for j in places], [before[j] for j in places], *params[1:])
        else:
            self._run(out, [step])
            out[i] = followed(out[i], before[i])

    def _run(self, values: list[Any], steps: list[Step]) -> None:
        for i, function, places, params, scalar, cost in steps:
            parts = [values[j] for j in places]
            tick(cost + OVERHEAD if cost <= LIGHT else cost + beforehand(self.program.nodes[i], cost, parts))
            try:
                value = function(np, *parts, *params)
                if scalar:
                    if value.__class__ is ndarray and value.ndim:
                        value = value[0, 0]
                elif value.__class__ is not ndarray or value.ndim != 2:
                    value = np.reshape(value, (1, 1))
                elif value.size > SMALL and cost <= LIGHT:
                    tick(further(self.program.nodes[i], cost, value))
            except FAILURES:
                value = self._second_try(i, function, parts, params)
            values[i] = value

    def _second_try(self, i: int, function: Callable[..., Any], parts: list[Any], params: tuple[Any, ...]) -> Any:
        """The value with scalars taken as 1 x 1 matrices (a determinant of a scalar, say), or nan of the right shape."""
        node = self.program.nodes[i]
        if not all(np.ndim(p) for p in parts):
            try:
                value = function(np, *[np.reshape(p, (1, 1)) if np.ndim(p) == 0 else p for p in parts], *params)
                return np.reshape(value, ())[()] if node.is_scalar else np.reshape(value, self._shape(node))
            except FAILURES:
                pass
        return np.nan if node.is_scalar else np.full(self._shape(node), np.nan)

    def _shape(self, node: Expr) -> tuple[int, int]:
        return node.rows.value(self.sizes), node.cols.value(self.sizes)


def _has_sizes(node: Expr) -> bool:
    return any(isinstance(p, Dim) for p in node.params)


def _constant(node: Expr, params: tuple[Any, ...]) -> Any:
    try:
        value = node.op.value(np, *params)
    except OverflowError:  # a rational number beyond the range of floating point
        return np.inf
    if node.op.name == "number" and value == 0 and params[0] != 0:  # one that is lost
        return np.nan
    return value


def _function(node: Expr, place: Mapping[Expr, int]) -> tuple[Callable[..., Any], tuple[Expr, ...]]:
    """The function of a node and the nodes, of those that have a place, that it needs besides its arguments."""
    if node.op.name == "mul":
        guarded = [(k, norm) for k, norm in _over_own_norm(node) if norm in place]
        if guarded:
            return _quotient(node.op.value, len(node.args), [k for k, _ in guarded]), tuple(norm for _, norm in guarded)
    return node.op.value, ()


def _quotient(value: Callable[..., Any], count: int, slots: list[int]) -> Callable[..., Any]:
    """The product in which a vector over its own norm counts as 0 at 0; the norms follow the factors."""

    def product(xp: Any, *parts: Any) -> Any:
        factors = list(parts[:count])
        for k, norm in zip(slots, parts[count:], strict=True):
            if norm == 0:
                factors[k] = 1.0
        return value(xp, *factors)

    return product


def _over_own_norm(node: Expr) -> list[tuple[int, Expr]]:
    """Factors 1/norm2(v) of a product that also has the factor v or v': their places with the norms."""
    found = []
    for k, factor in enumerate(node.args):
        if factor.op.name != "pow" or factor.args[1].op.name != "number" or factor.args[1].params[0] != -1:
            continue
        base = factor.args[0]
        rest = node.args[:k] + node.args[k + 1 :]
        tick(1 + len(rest) // 256)
        for norm in base.args if base.op.name == "mul" else (base,):
            if norm.op.name == "norm2" and _has_run(rest, norm.args[0]):
                found.append((k, norm))
    return found


def _has_run(factors: tuple[Expr, ...], v: Expr) -> bool:
    """Do consecutive factors (scalars aside) make up v or its transpose?"""
    wanted: set[tuple[Expr, ...]] = {(v,), (transpose(v),)}
    if v.op.name == "mul":
        parts = tuple(a for a in v.args if a.op.name != "number") or v.args
        wanted |= {parts, tuple(transpose(a) for a in reversed(parts))}
    for row in (factors, tuple(a for a in factors if not a.is_scalar)):
        for run in wanted:
            if any(row[i : i + len(run)] == run for i in range(len(row) - len(run) + 1)):
                return True
    return False
