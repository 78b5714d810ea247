"""The facts that an operation claims of its value, attacked with generic, special and related arguments."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from tests.contract.nodes import EVEN, PRIMES, UNUSUAL, Arrays, name_of, size_names

from closedform.core import facts as fact_rules
from closedform.core.dim import Dim
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make
from closedform.core.infer import facts
from closedform.numeric.draw import draw
from closedform.numeric.evaluate import Program
from closedform.numeric.sizes import Demands
from closedform.numeric.special import satisfies, special

FACTS = (frozenset(), *(frozenset({fact}) for fact in sorted(fact_rules.NAMES - {"constant"})))
BETWEEN = tuple(
    frozenset(text.split())
    for text in (
        "diagonal positive", "symmetric invertible", "symmetric nonnegative", "lower invertible", "lower positive",
        "orthogonal symmetric", "pd nonnegative", "diagonal invertible", "skew invertible", "psd contraction", "integer positive",
    )
)  # fmt: skip
"""Facts that are declared together."""


def with_facts(symbol: Expr, more: frozenset[str]) -> Expr | None:
    """The symbol with more facts, or None where they do not go together."""
    name, rows, cols, axes, declared = symbol.params
    if "simplex" in more and symbol.cols.integer != 1:
        return None
    try:
        known = fact_rules.declared(name, declared | more, square=rows is cols)
    except InputError:
        return None
    return make("symbol", (), (name, rows, cols, axes, known))


def assumed(e: Expr, most: int = 60) -> Iterator[Expr]:
    """The node with its arguments replaced by ones that have facts: all alike, each alone, and mixtures drawn by lot."""
    symbols = list(dict.fromkeys(a for a in e.args if a.op.name == "symbol"))
    options = [[x for more in FACTS + BETWEEN if (x := with_facts(s, more)) is not None] for s in symbols]
    tables = [{s: x for s in symbols if (x := with_facts(s, more)) is not None} for more in FACTS + BETWEEN]
    tables += [{s: x} for s, row in zip(symbols, options, strict=True) for x in row]
    lot = random.Random(e.op.name)
    if len(symbols) > 1:
        tables += [{s: lot.choice(row) for s, row in zip(symbols, options, strict=True)} for _ in range(most)]
    seen = set()
    for table in tables:
        node = make(e.op.name, tuple(table.get(a, a) for a in e.args), e.params)
        if node not in seen:
            seen.add(node)
            yield node


STYLES = ("normal", "positive", "small", "large", "large positive")
"""Ways to draw arguments."""
ORDINARY = 3
"""So many of them where there is only one: what is large matters beside what is small."""
PAIRS = 24
"""So many times arguments are taken together by lot, when there are several."""


@cache
def arrays(rows: int, cols: int, known: frozenset[str], lot: int) -> tuple[list[Any], list[Any]]:
    """Random and special arrays of a shape that have some facts; none where there is no such matrix."""
    if "orthonormal" in known and rows < cols:
        return [], []
    s = make("symbol", (), ("X", Dim.of(rows), Dim.of(cols), 2, known))
    again = 4 if rows * cols == 1 else 1
    drawn = [draw(s, {}, np.random.default_rng(10 * lot + k), style) for k, style in enumerate(STYLES * again)]
    listed = [*special(s, {}), *(A for A in extreme(rows, cols) if satisfies(A, known))]
    return [A for A in drawn if satisfies(A, known)], listed


@cache
def extreme(rows: int, cols: int) -> list[Any]:
    """Arrays at the edge of some fact: contractions that hardly are, bands, zeros, entries near 1 and far from it."""
    rng = np.random.default_rng(rows + 10 * cols)
    noise = rng.standard_normal((rows, cols))
    one, ones = np.eye(rows, cols), np.ones((rows, cols))
    bands = 0.4 * (np.eye(rows, cols, 1) + np.eye(rows, cols, -1)) + 0.58 * one
    arrow = 0.05 * ones
    arrow[:1], arrow[:, :1] = 0.3, 0.3
    checked = np.where(np.add.outer(np.arange(rows), np.arange(cols)) % 2, -1.0, 1.0)
    turned = ones - 2.0 * np.eye(rows, cols, 1)  # of norm below the one of its absolute values
    out = [0.999 * A / np.linalg.norm(A, 2) for A in (noise, -np.abs(noise), checked, turned, turned[::-1], one)]
    out += [bands, 2.0 * bands, bands + 1e-3, arrow + 0.9 * one, arrow + 0.5 * one, 0.0 * one, -one, one[:, :1] * ones]
    out += [one * np.roll(np.linspace(0.3, 0.9, cols), 1), 0.3 * ones, 0.99 * ones, -0.99 * ones, -3.0 * ones, ones / rows]
    return [A if rows * cols > 1 else A[0, 0] for A in out]


def points(e: Expr, sizes: Mapping[str, int]) -> Iterator[Arrays]:
    """Generic and special arguments that have the declared facts; then all of them by lot, and related ones."""
    symbols = list(dict.fromkeys(a for a in e.args if a.op.name == "symbol"))
    banks = [arrays(s.rows.value(sizes), s.cols.value(sizes), facts(s), i) for i, s in enumerate(symbols)]
    names = [name_of(s) for s in symbols]
    if all(drawn for drawn, _ in banks):
        for k in range(len(STYLES) if len(symbols) > 1 else ORDINARY):
            yield {name: drawn[k % len(drawn)] for name, (drawn, _) in zip(names, banks, strict=True)}
    if all(listed for _, listed in banks):
        for k in range(max(len(listed) for _, listed in banks)):  # each of each, beside others that change
            yield {name: row[(k * (1 + i)) % len(row)] for i, (name, (_, row)) in enumerate(zip(names, banks, strict=True))}
    if len(symbols) > 1 and all(drawn + listed for drawn, listed in banks):
        lot = random.Random(e.op.name)
        for _ in range(3 * PAIRS if all(s.is_scalar for s in symbols) else PAIRS):
            yield {name: lot.choice(drawn + listed) for name, (drawn, listed) in zip(names, banks, strict=True)}
        for s, (drawn, listed) in zip((symbols[0], symbols[-1]), (banks[0], banks[-1]), strict=True):
            yield from related(symbols, s, drawn[:2] + listed[:3])


def related(symbols: Sequence[Expr], one: Expr, values: Sequence[Any]) -> Iterator[Arrays]:
    """Arguments that follow from one: the others equal to it, its negative, its transpose, or it upside down."""
    others = [s for s in symbols if s is not one]
    if any(s.shape != one.shape for s in others):
        return
    for A in values:
        for B in (A, -A, np.transpose(A), np.flip(A, 0) if np.ndim(A) else A):
            if np.shape(A) == np.shape(B) and all(not facts(s) or satisfies(B, facts(s)) for s in others):
                yield {name_of(one): A, **{name_of(s): B for s in others}}


def false_facts(e: Expr) -> Iterator[str]:
    """Facts that are claimed of the value and do not hold at some admissible argument."""
    for node in assumed(e):
        claimed = facts(node)
        wrong = {fact for value in admissible(node) for fact in unmet(value, claimed)} if claimed else set()
        if wrong:
            given = "; ".join(f"{name_of(s)} {' '.join(sorted(s.params[4]))}" for s in node.args if s.op.name == "symbol")
            yield f"facts: {', '.join(sorted(wrong))} of {node} given {given}"


def admissible(node: Expr) -> Iterator[Any]:
    """The values of a node at generic, special and related arguments that have their facts."""
    program = Program(node)
    names, demands = size_names(node), Demands([*node.args, node])
    rows = [{name: row[name] for name in names} for row in (PRIMES[0], EVEN, *PRIMES[1:], *UNUSUAL)]
    fitting = [sizes for k, sizes in enumerate(rows) if sizes not in rows[:k] and demands.met(sizes, 1)]
    ones = dict.fromkeys(names, 1)
    for sizes in (*fitting[:2], *([ones] if ones not in fitting[:2] and demands.met(ones, 1) else [])):
        bound = program.at(sizes)
        for env in points(node, sizes):
            with np.errstate(all="ignore"):
                yield bound.values(env)[program.place[node]]


def unmet(value: Any, claimed: frozenset[str]) -> set[str]:
    """The facts that a value does not have (none where it is not finite)."""
    if not np.isfinite(value).all():
        return set()
    scale = max(1.0, float(np.max(np.abs(value), initial=0.0)))
    edge = 1e-14 * scale if np.size(value) > 1 else 1e-30  # a small singular value is one as long as it is not rounding
    rows, cols = np.atleast_2d(value).shape
    if rows != cols and claimed & fact_rules.SQUARE:
        return set(claimed & fact_rules.SQUARE)
    return {
        fact
        for fact in claimed
        if not satisfies(value, {fact, *(claimed & PATTERNS)}, edge if fact in ("invertible", "pd") else 1e-8 * scale)
    }


PATTERNS = frozenset({"diagonal", "lower", "upper"})
"""Facts that put zeros in places; what is said of the entries is said of the others."""
