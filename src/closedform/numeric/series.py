"""Sums with an index, evaluated term by term."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from closedform.core.bound import indices
from closedform.core.errors import Refusal
from closedform.core.expr import Expr

if TYPE_CHECKING:
    from closedform.numeric.evaluate import Bound, Program

MOST_TERMS = 10_000
"""A sum with more terms is not added up to check an answer."""


def refuse_long(nodes: Iterable[Expr]) -> None:
    """Refusal when a sum has more terms than can be added up, whatever the sizes are."""
    for node in nodes:
        if node.op.name == "series":
            _, low, high = node.params
            count = (high - low + 1).integer
            if count is not None and count > MOST_TERMS:
                raise Refusal(f"a sum of {count} terms cannot be checked: at most {MOST_TERMS} are added up")


def fixed_parts(e: Expr) -> list[Expr]:
    """The largest parts of the body of a sum that are the same in every term.

    >>> from closedform.lang.read import parse
    >>> e = parse("sum(i in 1..N, u'*inv(S)*x[i])", "x[N]: n; u: n; S: n n").expr
    >>> [str(part) for part in fixed_parts(e)]
    ["u'", 'inv(S)', 'x']
    """
    out: dict[Expr, None] = {}
    seen: set[tuple[Expr, frozenset[str]]] = set()
    stack = [(e.args[0], frozenset({e.params[0]}))]
    while stack:
        node, bound = stack.pop()
        if (node, bound) in seen:
            continue
        seen.add((node, bound))
        if not indices(node) & bound:
            out[node] = None
            continue
        inside = bound | {node.params[0]} if node.op.name == "series" else bound
        stack.extend((a, inside) for a in reversed(node.args))
    return list(out)


def scope(*roots: Expr, given: frozenset[Expr] = frozenset()) -> list[Expr]:
    """The nodes that are evaluated once, arguments first: of a sum its fixed parts, of ``given`` nodes nothing below."""
    seen: set[Expr] = set()
    out: list[Expr] = []
    stack: list[tuple[Expr, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if ready:
            out.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            if node not in given:
                parts = fixed_parts(node) if node.op.name == "series" else node.args
                stack.extend((a, False) for a in reversed(parts) if a not in seen)
    return out


class Loop:
    """The function of a sum at fixed sizes: its fixed parts to its value."""

    __slots__ = ("_bound", "body", "name", "program", "shape", "sizes")

    def __init__(self, program: Program, node: Expr, sizes: Mapping[str, int]) -> None:
        self.program, self.sizes = program, dict(sizes)
        (self.body,), self.name = node.args, node.params[0]
        self.shape = () if node.is_scalar else tuple(d.value(sizes) for d in node.shape)
        self._bound: dict[int, Bound] = {}

    def __call__(self, xp: Any, *parts: Any) -> Any:
        *values, _, low, high = parts
        return self._total(self._at(i).continued(values) for i in range(low, high + 1))

    def moved(self, parts: Sequence[Any], before: Sequence[Any], low: int, high: int) -> Any:
        """The sum where its fixed parts have moved: its singular vectors and eigenvectors are followed (numeric/vectors.py)."""
        given = zip(self.program.given, parts, before, strict=True)
        changes = {node: value for node, value, old in given if value is not old}
        bounds = [self._at(i) for i in range(low, high + 1)]
        return self._total(bound.moved(bound.continued(before), changes) for bound in bounds)

    def _at(self, i: int) -> Bound:
        """The program of the term with an index."""
        bound = self._bound.get(i)
        if bound is None:
            bound = self._bound[i] = self.program.at({**self.sizes, self.name: i})
        return bound

    def _total(self, terms: Iterable[list[Any]]) -> Any:
        """The sum of the terms, each given with the values of all nodes of its program."""
        total: Any = None
        for values in terms:
            term = values[self.program.place[self.body]]
            total = term if total is None else total + term
        return np.zeros(self.shape) if total is None else total
