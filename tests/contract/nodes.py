"""Nodes of an operation made from declarations, with arguments drawn at sizes that are different primes."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import count
from typing import Any

import numpy as np

from closedform.core.dim import Dim
from closedform.core.expr import Expr, make
from closedform.lang.declare import Scope, declare
from closedform.numeric.draw import draw
from closedform.numeric.evaluate import evaluate
from closedform.numeric.sizes import Demands
from closedform.numeric.tangent import direction

PRIMES: tuple[dict[str, int], ...] = (
    {"m": 2, "n": 3, "p": 5, "q": 7, "k": 11},
    {"m": 7, "n": 5, "p": 3, "q": 2, "k": 13},
    {"m": 3, "n": 2, "p": 7, "q": 5, "k": 11},
)
"""Sizes that are different primes, so that a swapped or mistaken one cannot pass."""

EVEN = {"m": 2, "n": 2, "p": 2, "q": 4, "k": 2}
"""Sizes at which there are invertible skew matrices, traces of 0, and even powers."""

UNUSUAL: tuple[dict[str, int], ...] = (
    {"m": 5, "n": 2, "p": 7, "q": 3, "k": 3},
    {"m": 4, "n": 3, "p": 5, "q": 2, "k": 2},
    {"m": 3, "n": 1, "p": 2, "q": 2, "k": 2},
    {"m": 1, "n": 2, "p": 3, "q": 2, "k": 1},
)
"""Sizes for facts that ask for many rows, or for few."""

Arrays = dict[str, Any]
_serial = count()


def fresh(declaration: str) -> Scope:
    """The symbols of a declaration under names that no other test uses, so that their nodes are made anew."""
    tag = f"_{next(_serial)}"
    scope = declare(declaration)
    return Scope({name + tag: renamed(e, name + tag) for name, e in scope.symbols.items()}, scope.sizes)


def renamed(symbol: Expr, name: str) -> Expr:
    return make("symbol", (), (name, *symbol.params[1:]))


def node_of(name: str, scope: Scope, params: Sequence[Any] = ()) -> Expr:
    """The node of an operation whose arguments are the declared symbols, in their order.

    A Fraction among the parameters is an argument instead: a number.
    """
    numbers = tuple(make("number", (), (p,)) for p in params if isinstance(p, Fraction))
    rest = tuple(p for p in params if not isinstance(p, Fraction))
    return make(name, (*scope.symbols.values(), *numbers), rest)


def sizes_of(e: Expr) -> list[dict[str, int]]:
    """Sets of sizes for the names in the shapes of a node's arguments and of itself."""
    rows = [{name: row[name] for name in size_names(e)} for row in PRIMES]
    return [row for row in rows if Demands([*e.args, e]).met(row, 1)]


def size_names(e: Expr) -> list[str]:
    """The names in the shapes of a node's arguments and of itself, and among its parameters."""
    names = {x for part in (e, *e.args) for d in part.shape for x in d.names}
    return sorted(names | {x for p in e.params if isinstance(p, Dim) for x in p.names})


def relative(found: Any, wanted: Any) -> float:
    """The largest deviation, relative to the size of what is wanted (or to 1)."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    if found.shape != wanted.shape or not (np.isfinite(found).all() and np.isfinite(wanted).all()):
        return float("inf")
    return float(np.max(np.abs(found - wanted), initial=0.0) / max(1.0, float(np.max(np.abs(wanted), initial=0.0))))


def inner(a: Any, b: Any) -> float:
    return float(np.sum(np.asarray(a) * np.asarray(b)))


class Draw:
    """Arguments of a node at one choice of sizes."""

    def __init__(self, e: Expr, sizes: Mapping[str, int], seed: int = 0) -> None:
        self.e, self.sizes = e, dict(sizes)
        self.rng = np.random.default_rng(seed + zlib.crc32(e.op.name.encode()))
        self.arguments = [a for a in e.args if a.op.name == "symbol"]
        self.env: Arrays = {a.params[0]: draw(a, sizes, self.rng) for a in self.arguments}

    def of(self, e: Expr, **more: Any) -> Any:
        return evaluate(e, {**self.env, **more}, self.sizes)

    def moved(self, e: Expr, argument: Expr, towards: Any, s: Sequence[complex], **more: Any) -> Any:
        """The value of an expression when one argument moves by s times a direction."""
        return self.of(e, **{**more, argument.params[0]: self.env[argument.params[0]] + s[0] * towards})

    def shape(self, e: Expr) -> tuple[int, ...]:
        return () if e.is_scalar else (e.rows.value(self.sizes), e.cols.value(self.sizes))

    def direction(self, argument: Expr, structure: str = "projected") -> Any:
        return direction(argument, self.env[argument.params[0]], structure, self.rng)

    def normal(self, e: Expr) -> Any:
        return self.rng.standard_normal(self.shape(e))


def like(e: Expr, letter: str) -> Expr:
    """A symbol of the shape of an expression, of which nothing is declared."""
    return make("symbol", (), (f"{letter}_{next(_serial)}", e.rows, e.cols, 2, frozenset()))


def name_of(symbol: Expr) -> str:
    return str(symbol.params[0])
