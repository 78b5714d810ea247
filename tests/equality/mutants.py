"""Formulas with one planted error: a sign, a factor, a transposed factor, swapped factors, a dropped term."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from closedform.core.dim import ONE
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, substitute
from closedform.lang.read import parse
from closedform.numeric.draw import draw
from closedform.numeric.evaluate import Program
from closedform.numeric.sizes import sizes_for
from closedform.ops.build import negative, num, product, transpose

IDENTITIES: list[dict[str, str]] = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "identities.toml").read_text(encoding="utf-8")
)["identity"]

POINTS = 4
APART = 1e-6
"""A mutant is kept when the two sides differ by more than this at one of the points, relative to the largest number that
occurs on the way."""

SINGULAR = 1e9
"""At points where a matrix with a larger condition number is inverted, nothing is compared."""


class Mutant(NamedTuple):
    """One side of an identity, and the other one with an error in it."""

    identity: str
    error: str
    left: Expr
    right: Expr


def sides(identity: Mapping[str, str]) -> tuple[Expr, Expr]:
    return parse(identity["left"], identity["given"]).expr, parse(identity["right"], identity["given"]).expr


def single_edits(e: Expr) -> Iterator[tuple[str, Expr]]:
    """Every expression that comes of one planted error, with its kind."""
    for node in postorder(e):
        for kind, edited in edits_of(node):
            try:
                yield kind, substitute(e, {node: edited}) if node is not e else edited
            except (InputError, AssertionError):
                continue


def edits_of(node: Expr) -> Iterator[tuple[str, Expr]]:
    """One node with one error in it, of every kind."""
    name, args = node.op.name, node.args
    attempts: list[tuple[str, Any]] = []
    if name not in ("number", "size"):
        attempts += [("sign", (negative, node))]
        attempts += [("factor", (product, num(2), node)), ("factor", (product, num(Fraction(1, 3)), node))]
    elif name == "number":
        attempts.append(("factor", (num, node.params[0] + 1)))
    if not node.is_scalar and name != "transpose":
        attempts.append(("transposed factor", (transpose, node)))
    if name in ("mul", "kron", "hadamard", "khatrirao"):
        for k in range(len(args) - 1):
            swapped = (*args[:k], args[k + 1], args[k], *args[k + 2 :])
            attempts.append(("swapped factors", (make, name, swapped, node.params)))
        if name == "mul":
            for k in range(len(args)):
                attempts.append(("dropped factor", (product, *args[:k], *args[k + 1 :])))
    if name == "add":
        for k in range(len(args)):
            rest = (*args[:k], *args[k + 1 :])
            attempts.append(("dropped term", (make, "add", rest) if len(rest) > 1 else (_same, rest[0])))
            attempts.append(("sign", (make, "add", (*args[:k], negative(args[k]), *args[k + 1 :]))))
    for kind, (build, *parts) in attempts:
        try:
            edited = build(*parts)
        except (InputError, IndexError):
            continue
        if edited is not node and (edited.shape == node.shape or ONE in node.shape):
            yield kind, edited


def _same(e: Expr) -> Expr:
    return e


def differ(a: Expr, b: Expr) -> bool:
    """Do two expressions differ in floating point at a random point?  Points where either has no value are passed over."""
    if a.shape != b.shape:
        return False
    symbols = {node.params[0]: node for node in postorder(a, b) if node.op.name == "symbol"}
    program = Program(a, b)
    inverted = [node.args[0] for node in postorder(a, b) if node.op.name in ("inv", "logdet", "adj")]
    rng = np.random.default_rng(20240607)
    sizes = [s for s, _ in zip(sizes_for(a, b, seed=5), range(POINTS), strict=False)]
    for k in range(POINTS):
        here = sizes[k % len(sizes)]
        env = {name: draw(symbol, here, rng) for name, symbol in symbols.items()}
        with np.errstate(all="ignore"):
            values = program.at(here).values(env)
        left, right = (np.asarray(values[program.place[e]]) for e in (a, b))
        regular = all(np.linalg.cond(np.atleast_2d(values[program.place[m]])) < SINGULAR for m in inverted)
        if regular and all(np.isfinite(v).all() for v in values):
            scale = max(np.abs(v).max(initial=0.0) for v in values)
            if np.abs(left - right).max(initial=0.0) > APART * scale:
                return True
    return False


def mutants(step: int = 1) -> Iterator[Mutant]:
    """Differing mutants of the identities, of their right sides, then of their left sides: those of every ``step``-th edit."""
    count = 0
    for turned in (False, True):
        for identity in IDENTITIES:
            left, right = sides(identity)[:: -1 if turned else 1]
            seen: set[Expr] = {right}
            for error, edited in single_edits(right):
                if edited not in seen and edited.shape == left.shape:
                    seen.add(edited)
                    count += 1
                    if count % step == 0 and differ(left, edited):
                        yield Mutant(identity["name"], error, left, edited)
