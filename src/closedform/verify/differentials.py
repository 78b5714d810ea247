"""The values of lines of a derivation, in which d(e) is the differential of e and dX the direction of a variable X.

The value of d(e) is the derivative of e along the directions of the variables, taken numerically (complex step where e is
analytic, else differences), so that no rule of differentiation is shared with the line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from closedform.core.bound import reindex
from closedform.core.dim import Dim
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, substitute
from closedform.numeric.difference import COMPLEX_STEP, derivative
from closedform.numeric.evaluate import Bound, Program

REAL_PART = 1e-6
"""How much the real part may change under the complex step of a function that is analytic."""


@dataclass
class Marked:
    """Lines with symbols in place of their differentials, directions and sums that hold differentials."""

    lines: tuple[Expr, ...] = ()
    differentials: dict[Expr, Expr] = field(default_factory=dict)
    """Symbol to the e of d(e)."""
    directions: dict[Expr, Expr] = field(default_factory=dict)
    """Symbol to the direction dX."""
    sums: dict[Expr, Expr] = field(default_factory=dict)
    """Symbol to a sum with an index, under which differentials depend on the index."""

    @property
    def symbols(self) -> list[Expr]:
        return [*self.differentials, *self.directions, *self.sums]


def with_differential(*lines: Expr) -> set[Expr]:
    """The nodes of the lines under which a differential stands."""
    found: set[Expr] = set()
    for node in postorder(*lines):
        if node.op.name == "d" or any(a in found for a in node.args):
            found.add(node)
    return found


def marked(lines: Sequence[Expr]) -> Marked:
    """The lines with symbols in place of what is not an expression in the language.

    >>> from closedform.core.op import f
    >>> from closedform.lang.read import parse
    >>> found = marked([f.d(parse("x'*x", "x: n").expr)])
    >>> [str(e) for e in found.differentials.values()]
    ["x'*x"]
    """
    out = Marked()
    inside = with_differential(*lines)
    table: dict[Expr, Expr] = {}
    stack, seen = list(reversed(lines)), set[Expr]()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        name = node.op.name
        kept = (
            out.differentials if name == "d"
            else out.directions if name == "tangent"
            else out.sums if name == "series" and node in inside
            else None
        )  # fmt: skip
        if kept is None:
            stack.extend(reversed(node.args))
            continue
        table[node] = make("symbol", (), (f"§{len(table)}", *node.shape, 2, frozenset()))
        kept[table[node]] = node.args[0] if name == "d" else node
    out.lines = tuple(substitute(line, table) for line in lines)
    return out


def unrolled(e: Expr, sizes: Mapping[str, int]) -> Expr:
    """The expression with each sum that holds a differential written term by term.

    >>> from closedform.core.op import f
    >>> from closedform.lang.read import parse
    >>> e = parse("sum(i in 1..n, t^i)", "t: scalar; n: scalar integer positive").expr
    >>> print(unrolled(f.series(f.d(e.args[0]), *e.params), {"n": 2}))
    d(t^1) + d(t^2)
    """
    while True:
        inside = with_differential(e)
        table: dict[Expr, Expr] = {}
        stack, seen = [e], set[Expr]()
        while stack:
            node = stack.pop()
            if node in seen or node not in inside:
                continue
            seen.add(node)
            if node.op.name == "series":
                table[node] = _terms(node, sizes)
            else:
                stack.extend(node.args)
        if not table:
            return e
        e = substitute(e, table)


def _terms(series: Expr, sizes: Mapping[str, int]) -> Expr:
    name, low, high = series.params
    span = range(low.value(sizes), high.value(sizes) + 1)
    terms = tuple(reindex(series.args[0], name, Dim.of(i)) for i in span)
    if len(terms) == 1:
        return terms[0]
    return make("add", terms) if terms else make("zeros", (), series.shape)


class Motion:
    """Variables that move: their values, and the direction of each, by name."""

    def __init__(self, at: Mapping[str, Any], towards: Mapping[str, Any]) -> None:
        self.at = dict(at)
        self.towards = dict(towards)
        self.error = 0.0
        """The largest estimated error of a differential, relative to it."""
        self.spread = 0.0
        """The largest derivative of a part of what is differentiated."""

    def differentials(self, program: Program, bound: Bound, values: list[Any], inner: Sequence[Expr]) -> list[Any]:
        """The derivatives of some nodes of a program along the directions."""
        leaves = {node: name for _, name, node in program.inputs if name in self.at}
        if not inner:
            return []
        last = max(inner, key=program.place.__getitem__)
        known: dict[complex, list[Any]] = {}

        def follow(s: complex) -> list[Any]:
            if s not in known:
                steps = {leaf: self.at[name] + s * self.towards[name] for leaf, name in leaves.items()}
                known[s] = bound.moved(values, steps, last)
            return known[s]

        changing = program.dependents(leaves, last)
        analytic = _analytic(program, changing)
        out = []
        for e in inner:
            place = program.place[e]
            if e in leaves:
                out.append(self.towards[leaves[e]])
            elif place not in changing:
                out.append(np.zeros(np.shape(values[place])))
            else:
                out.append(self._along(follow, place, values[place], place in analytic))
        if 1j * COMPLEX_STEP in known:
            moved = known[1j * COMPLEX_STEP]
            self.spread = max([self.spread, *(_largest(np.imag(moved[i])) / COMPLEX_STEP for i in changing if i in analytic)])
        self.spread = max([self.spread, *(_largest(values[i]) for i in changing if i not in analytic)])
        return out

    def _along(self, follow: Callable[[complex], list[Any]], place: int, here: Any, analytic: bool) -> Any:
        if analytic:
            value = follow(1j * COMPLEX_STEP)[place]
            if np.all(np.abs(np.real(value) - here) <= REAL_PART * (np.abs(here) + REAL_PART * _largest(here))):
                return np.imag(value) / COMPLEX_STEP

        def phi(s: Sequence[complex]) -> Any:
            return follow(s[0])[place]

        slope = derivative(phi, 1, analytic=False, floor=1e-3 * _largest(here))
        self.error = max(self.error, slope.error)
        return slope.value

    def filled(self, lines: Marked, bound: Bound, values: list[Any], towards: Mapping[str, Any] | None = None) -> list[Any]:
        """The values of a program's nodes with the differentials and directions of its lines in place.

        ``towards`` are other directions for the dX that stand in the lines themselves.
        """
        program = bound.program
        shown = self.towards if towards is None else towards
        changes: dict[Expr, Any] = {}
        found = self.differentials(program, bound, values, list(lines.differentials.values()))
        changes.update(zip(lines.differentials, found, strict=True))
        changes.update((mark, shown[dX.params[0]]) for mark, dX in lines.directions.items() if dX.params[0] in shown)
        for mark, series in lines.sums.items():
            changes[mark] = self._sum(series, bound, values, towards)
        present = {mark: value for mark, value in changes.items() if mark in program.place}
        return bound.moved(values, present)

    def _sum(self, series: Expr, bound: Bound, values: list[Any], towards: Mapping[str, Any] | None) -> Any:
        """The value of a sum under which differentials stand."""
        terms = marked([unrolled(series, bound.sizes)])
        program = Program(*terms.differentials.values(), *terms.lines)
        inner = program.at(bound.sizes)
        env = {name: values[place] for place, name, _ in bound.program.inputs}
        for mark in terms.symbols:
            env[mark.params[0]] = np.zeros(tuple(d.value(bound.sizes) for d in mark.shape))
        filled = self.filled(terms, inner, inner.values(env), towards)
        return filled[program.place[terms.lines[0]]]


def _analytic(program: Program, changing: Sequence[int]) -> set[int]:
    """The places of those of the nodes that are analytic functions of what moves."""
    moving = set(changing)
    out: set[int] = set()
    for i in changing:
        node = program.nodes[i]
        parts = postorder(node) if node.op.name == "series" else (node,)
        below = (program.place[a] for a in (node.args if node.op.name != "series" else parts) if a in program.place)
        if all(p.op.analytic for p in parts) and all(j in out or j not in moving or j == i for j in below):
            out.add(i)
    return out


def _largest(value: Any) -> float:
    size = np.abs(value)
    return float(np.max(size, initial=0.0, where=np.isfinite(size)))
