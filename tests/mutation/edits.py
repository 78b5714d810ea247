"""One error planted in an expression: at one place of the written formula, or wherever a part of it occurs."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from tests.equality.mutants import edits_of, single_edits

from closedform.core.dim import Dim
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make
from closedform.core.walk import rebuild
from closedform.ops.build import num

Path = tuple[int, ...]
T = TypeVar("T")

MISTAKEN: dict[str, tuple[str, ...]] = {
    "sin": ("cos",), "cos": ("sin",), "exp": ("expm1",), "expm1": ("exp",), "log": ("log1p",), "log1p": ("log",),
    "sinh": ("cosh",), "cosh": ("sinh",), "tanh": ("sigmoid",), "sigmoid": ("tanh", "softplus"), "softplus": ("sigmoid",),
    "step": ("sign",), "sign": ("step",), "abs": ("relu",), "relu": ("abs",), "tril": ("triu",), "triu": ("tril",),
    "softmax": ("logsoftmax",), "logsoftmax": ("softmax",), "norm2": ("norm1",), "norm1": ("norm2",), "det": ("logdet",),
    "maximum": ("minimum",), "minimum": ("maximum",), "max": ("min",), "min": ("max",), "svdu": ("svdv",), "svdv": ("svdu",),
    "trace": ("sum",), "sum": ("norm1",), "normnuc": ("norm2",), "normspec": ("norm2",), "dexpm": ("dlogm",),
}  # fmt: skip
"""Functions that are taken for one another."""


def errors_of(node: Expr, others: Sequence[Expr] = ()) -> Iterator[tuple[str, Expr]]:
    """A node with one error in it, of every kind; ``others`` are names that may be taken for it."""
    yield from edits_of(node)
    for kind, build in _further(node, others):
        try:
            edited = build[0] if len(build) == 1 else make(*build)  # type: ignore[arg-type, misc]
        except (InputError, IndexError):
            continue
        if edited is not node and edited.shape == node.shape:
            yield kind, edited


def _further(node: Expr, others: Sequence[Expr]) -> Iterator[tuple[str, tuple[object, ...]]]:
    name, args, params = node.op.name, node.args, node.params
    for mistaken in MISTAKEN.get(name, ()):
        yield "another function", (mistaken, args, params)
    if name in ("inv", "transpose", "named", "pinv"):
        yield f"dropped {'transpose' if name == 'transpose' else 'inverse'}", (args[0],)
    elif name in ("pow", "entrypow"):
        yield "dropped power", (args[0],)
    elif name == "number":
        yield "factor", (num(params[0] - 1),)
    elif name == "matrixpow":
        yield "power", (name, args, (params[0] + 1,))
    elif name == "eye":
        yield "another constant", ("ones", (), (params[0], params[0]))
    elif name == "ones":
        yield "another constant", ("eye", (), params[:1])
    elif name == "hadamard" and len(args) > 2:
        for k in range(len(args)):
            yield "dropped factor", (name, (*args[:k], *args[k + 1 :]))
    elif name == "hadamard":
        for a in args:
            yield "dropped factor", (a,)
    elif name == "index":
        yield "another place", (name, args, tuple(_shifted(p) for p in params))
    elif name == "unit":
        yield "another place", (name, args, (_shifted(params[0]), params[1]))
    elif name == "symbol":
        for other in others:
            yield "another name", (other,)
    if len(args) == 1 and name not in ("inv", "transpose", "named", "pinv", "series", "member", "moved"):
        yield "dropped function", (args[0],)
    if name == "kron":
        yield "another product", ("khatrirao", args)


def _shifted(place: Dim) -> Dim:
    return Dim.of(place.integer % 2 + 1) if place.integer is not None else place


def paths(e: Expr, most: int = 400) -> list[Path]:
    """The places of the written-out formula, from the root, at most so many."""
    out: list[Path] = []
    waiting: list[tuple[Path, Expr]] = [((), e)]
    for path, node in waiting:
        out.append(path)
        if len(waiting) < most:
            waiting.extend(((*path, k), a) for k, a in enumerate(node.args))
    return out[:most]


def at(e: Expr, path: Path) -> Expr:
    """What stands at a place."""
    for k in path:
        e = e.args[k]
    return e


def placed(e: Expr, path: Path, new: Expr) -> Expr:
    """The expression with another part at one place."""
    chain = [e]
    for k in path:
        chain.append(chain[-1].args[k])
    for node, k in zip(reversed(chain[:-1]), reversed(path), strict=True):
        new = rebuild(node, (*node.args[:k], new, *node.args[k + 1 :]))
    return new


def mutants_of(e: Expr, others: Iterable[Expr] = ()) -> list[tuple[str, Expr]]:
    """Every expression of the same shape with one error in it, without repetitions: errors at one place, then errors
    wherever a part occurs."""
    names = list(others)
    out: dict[Expr, str] = {}
    for path in paths(e):
        for kind, edited in errors_of(at(e, path), names):
            try:
                new = placed(e, path, edited)
            except InputError:
                continue
            if new.shape == e.shape and new is not e:
                out.setdefault(new, kind)
    for kind, new in single_edits(e):
        if new.shape == e.shape and new is not e:
            out.setdefault(new, kind)
    return [(kind, new) for new, kind in out.items()]


def in_turn(pairs: Iterable[tuple[str, T]], rng: random.Random) -> Iterator[tuple[str, T]]:
    """Pairs (kind, what), drawn by lot so that every kind has its turn."""
    by_kind: dict[str, list[tuple[str, T]]] = {}
    for pair in pairs:
        by_kind.setdefault(pair[0], []).append(pair)
    kinds = list(by_kind.values())
    rng.shuffle(kinds)
    for row in kinds:
        rng.shuffle(row)
    while kinds:
        yield from (row.pop() for row in kinds)
        kinds = [row for row in kinds if row]


def some(e: Expr, count: int, seed: int, others: Iterable[Expr] = ()) -> list[tuple[str, Expr]]:
    """Some of the mutants, every kind in its turn."""
    return list(itertools.islice(in_turn(mutants_of(e, others), random.Random(seed)), count))
