"""Is a text the derivative of another?  Differences of the one are compared with the value of the other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from tests.fuzz.points import draw, draw_sizes, moved, project, shape_of, size_names, space
from tests.fuzz.syntax import Declared, Tree, Unreadable, declarations, free_names, latin, parse
from tests.fuzz.values import Evaluator, Members

Array = Any
SHARP = 1e-6
"""The largest relative uncertainty of a difference quotient that is used."""
TOLERANCE = 1e-5
NUDGE = 1e-14
NOISE = 1.0
"""A deviation that comes of moving the point by ``NUDGE`` is rounding."""
FAR = 1e-3
"""A relative deviation that rounding does not explain; a smaller one counts where it is met twice."""


class Asked(NamedTuple):
    """A question, and what is declared in full."""

    expression: str
    wrt: tuple[str, ...]
    declared: str
    layout: str = "mixed"
    structure: str = "projected"


class Outcome(NamedTuple):
    """``verdict``: right, wrong, undefined (no value of the answer where there is one), or nowhere (no point was found)."""

    verdict: str
    detail: str = ""
    points: tuple[tuple[dict[str, int], dict[str, Any]], ...] = ()


def mixed_partial(value: Callable[[Sequence[float]], Array], order: int, top: float) -> tuple[Array, float]:
    """The derivative d^k/ds1..dsk at 0 by central differences at h, h/2, h/4, and its uncertainty."""
    rows: list[Array] = []
    for h in (top, top / 2, top / 4):
        signs = itertools.product((1, -1), repeat=order)
        rows.append(sum(np.prod(s) * value([h * k for k in s]) for s in signs) / (2 * h) ** order)
    first = [(4 * b - a) / 3 for a, b in itertools.pairwise(rows)]
    best = (16 * first[1] - first[0]) / 15
    return best, float(np.abs(best - first[1]).max(initial=0))


def kinked(value: Callable[[Sequence[float]], Array], order: int, scale: float) -> bool:
    """Does a one-sided slope differ from the other one however near?"""
    for k in range(order):
        jumps = []
        for h in (1e-4, 1e-5):
            up, down = ([h * (j == k) for j in range(order)], [-h * (j == k) for j in range(order)])
            jumps.append(np.abs(value(up) - 2 * value([0.0] * order) + value(down)).max(initial=0) / h)
        if jumps[1] > max(1e-3 * scale, 0.5 * jumps[0]) and jumps[1] > 1e-6:
            return True
    return False


def contracted(answer: Array, shapes: Sequence[tuple[int, int]], steps: Sequence[Array]) -> Array:
    """The answer in mixed layout at directions: ``shapes`` of the function and its derivatives before the answer."""
    for shape, z in zip(reversed(shapes), reversed(steps), strict=True):
        if z.size == 1:
            answer = answer * z.item()
        elif shape == (1, 1):
            answer = np.sum(answer * z).reshape(1, 1)
        else:
            answer = (answer @ z.reshape(-1, 1, order="F")).reshape(shape, order="F")
    return answer


def derivative_shape(shape: tuple[int, int], x: tuple[int, int]) -> tuple[int, int]:
    """The shape of a derivative in mixed layout."""
    if x == (1, 1):
        return shape
    return x if shape == (1, 1) else (shape[0] * shape[1], x[0] * x[1])


def is_turned(layout: str, *, gradient: bool) -> bool:
    """Is the answer the transpose of the one in mixed layout?  ``gradient``: of a scalar by a vector or a matrix."""
    return layout == ("numerator" if gradient else "denominator")


class Place:
    """One point: the values of all names, and the function and the answer there."""

    def __init__(self, asked: Asked, declared: Mapping[str, Declared], trees: Sequence[Tree], rng: np.random.Generator) -> None:
        self.asked, self.declared, self.rng = asked, declared, rng
        self.vectors: dict[int, tuple[Array, ...]] = {}
        """The eigenvectors and singular vectors met when each tree was first evaluated: where it is moved they keep their signs."""
        free = set().union(*(free_names(t) for t in trees), *(free_names(parse(v)) for v in asked.wrt))
        names = (size_names(declared) | free) - declared.keys()
        self.sizes = draw_sizes(names, rng)
        self.env = {**self.sizes, **draw(declared, self.sizes, rng)}
        known = {k: v for k, v in self.env.items() if isinstance(v, int)}
        titles = {name: name.partition("[")[0] for name in asked.wrt}
        self.shapes = {name: shape_of(declared[title], known) for name, title in titles.items()}
        self.spaces = {name: space(declared[title], self.shapes[name]) for name, title in titles.items()}

    def member(self, name: str) -> tuple[str, int]:
        """The family and the place of a variable such as z[j]."""
        title, _, index = name.rstrip("]").partition("[")
        return title, Evaluator(self.env).whole(parse(index), self.env) - 1

    def at(self, name: str) -> Array:
        """The value of a variable."""
        if "[" not in name:
            return np.asarray(self.env[name], float).reshape(self.shapes[name])
        title, k = self.member(name)
        if not 0 <= k < len(self.env[title].items):
            raise Unreadable("there is no such member")
        return self.env[title].items[k]

    def function(self, tree: Tree, moves: Sequence[tuple[str, Array]], steps: Sequence[float], *, curved: bool = False) -> Array:
        """The value of a tree where variables are moved along directions."""
        env = dict(self.env)
        for (name, z), s in zip(moves, steps, strict=True):
            kind = self.spaces[name] if curved else ""
            if "[" in name:
                title, k = self.member(name)
                items = env[title].items.copy()
                items[k] = moved(kind, items[k], z, s)
                env[title] = Members(items)
            else:
                env[name] = moved(kind, np.asarray(env[name], float).reshape(self.shapes[name]), z, s)
        evaluator = Evaluator(env, self.vectors.get(id(tree), ()))
        value = evaluator(tree)
        self.vectors.setdefault(id(tree), tuple(evaluator.vectors))
        if evaluator.edge:
            raise _Unfit(evaluator.edge)
        return value

    def direction(self, name: str, across: bool) -> Array:
        """A direction of the variable: in its space, or across it."""
        self.at(name)
        z = self.rng.standard_normal(self.shapes[name])
        if self.asked.structure == "free" or not self.spaces[name]:
            return z
        inside = project(self.spaces[name], self.at(name), z)
        return z - inside if across else inside


def has_point(asked: Asked, seed: int, tries: int = 12) -> bool:
    """Is there a point at which the expression and its derivative have values?"""
    return judge(asked, None, seed, tries=tries, wanted=1).verdict != "nowhere"


def judge(
    asked: Asked, answer: str | None, seed: int, *, earlier: str | None = None, tries: int = 12, wanted: int = 2
) -> Outcome:
    """Compare an answer with differences at random points; without an answer only look for such points.

    ``earlier`` is the answer by all variables but the last, which is wanted where a variable moves on a curve.
    """
    declared = declarations(asked.declared)
    asked = asked._replace(wrt=tuple(latin(name) for name in asked.wrt))
    names = frozenset(declared)
    trees = [parse(asked.expression, names)] + [parse(t, names) for t in (answer, earlier) if t is not None]
    rng = np.random.default_rng(seed)
    found: list[tuple[dict[str, int], dict[str, Any]]] = []
    doubted: list[Outcome] = []
    for _ in range(tries):
        try:
            place = Place(asked, declared, trees, rng)
            detail = _compared(place, trees, answer is not None, earlier is not None)
        except _Unfit:
            continue
        except Unreadable as error:
            if isinstance(error, _Undefined):
                return Outcome("undefined", str(error), ((place.sizes, place.env),))
            continue
        if detail:
            doubted.append(Outcome("wrong", detail.partition(": ")[2], ((place.sizes, place.env),)))
            if detail.startswith("far") or len(doubted) > 1:
                return doubted[-1]
            continue
        found.append((place.sizes, place.env))
        if len(found) == wanted:
            break
    return Outcome("right" if found else "nowhere", "", tuple(found))


class _Unfit(Exception):
    """Not a point at which the derivative can be had by differences."""


class _Undefined(Unreadable):
    """The answer has no value here."""


def _compared(place: Place, trees: Sequence[Tree], answered: bool, inductive: bool) -> str:
    asked, wrt = place.asked, place.asked.wrt
    base = place.function(trees[0], [], [])
    if not np.isfinite(base).all() or np.abs(base).max(initial=0) > 1e6:
        raise _Unfit
    shapes = [base.shape]
    for name in wrt:
        shapes.append(derivative_shape(shapes[-1], place.shapes[name]))
    gradient = shapes[-2] == (1, 1) and place.shapes[wrt[-1]] != (1, 1)
    turned = is_turned(asked.layout, gradient=gradient)
    for trial in range(2):
        across = [trial == 1 and bool(place.rng.integers(2)) for _ in wrt]
        moves = [(name, place.direction(name, a)) for name, a in zip(wrt, across, strict=True)]
        if asked.structure == "independent" and place.spaces[wrt[0]]:
            across = [False]
            moves = [(wrt[0], place.direction(wrt[0], False))]
        want, error, scale = _difference(place, trees, moves, inductive)
        if not answered:
            continue
        got = Evaluator(place.env)(trees[1])
        expected = shapes[-1][::-1] if turned else shapes[-1]
        if got.shape != expected:
            return f"far: shape {got.shape} instead of {expected} at {place.sizes}"
        if not np.isfinite(got).all():
            raise _Undefined(f"the answer is not finite at {place.sizes}")
        got = got.T if turned else got
        if asked.structure == "independent" and place.spaces[wrt[0]]:
            have = _independent(place, got, moves[0][1])
        else:
            have = contracted(got, shapes[:-1], [z for _, z in moves])
            curved_or_flat = asked.structure != "free"
            if curved_or_flat and any(a and place.spaces[n] for a, n in zip(across, wrt, strict=True)):
                want = np.zeros_like(want)
        size = max(scale, float(np.abs(got).max(initial=0)))
        off = float(np.abs(have - want).max(initial=0))
        if not off <= TOLERANCE * size + 30 * error and off > NOISE * _noise(place, trees[1]):
            return f"{'far' if off > FAR * size + 100 * error else 'near'}: off by {off:.3g} (size {size:.3g}, uncertainty {error:.1g}) at {place.sizes}"
    return ""


def _noise(place: Place, tree: Tree) -> float:
    """How much the answer changes when the point moves by next to nothing."""
    before = Evaluator(place.env)(tree)
    moved = {}
    for name, value in place.env.items():
        if isinstance(value, np.ndarray) and not np.array_equal(value, np.round(value)):
            value = value * (1 + NUDGE * place.rng.standard_normal(value.shape))
        moved[name] = value
    after = Evaluator(moved)(tree)
    return float(np.abs(after - before).max(initial=0)) if np.isfinite(after).all() else np.inf


def _difference(
    place: Place, trees: Sequence[Tree], moves: Sequence[tuple[str, Array]], inductive: bool
) -> tuple[Array, float, float]:
    """The directional derivative by differences; _Unfit where it is not sharp."""
    order = len(moves)
    for name, z in moves:
        if not np.isfinite(z).all():
            raise _Unfit(name)

    def value(steps: Sequence[float]) -> Array:
        if not inductive:
            return place.function(trees[0], moves, steps)
        at = place.function(trees[-1], moves[-1:], steps[-1:], curved=True)
        shapes = [place.function(trees[0], [], []).shape]
        for name, _ in moves[:-2]:
            shapes.append(derivative_shape(shapes[-1], place.shapes[name]))
        return contracted(at, shapes, [z for _, z in moves[:-1]])

    counted = 1 if inductive else order
    for top in (0.03, 0.004, 0.0005)[: 3 if counted == 1 else 2]:
        try:
            best, error = mixed_partial(value, counted, top)
        except (Unreadable, _Unfit):
            continue
        if not np.isfinite(best).all():
            continue
        scale = max(float(np.abs(best).max(initial=0)), 1e-3 * float(np.abs(value([0.0] * counted)).max(initial=0)), 1e-6)
        if error <= SHARP * scale:
            if kinked(value, counted, scale):
                raise _Unfit
            return best, error, scale
    raise _Unfit


def _independent(place: Place, got: Array, z: Array) -> Array:
    """The derivative along z from the derivatives by the independent entries, each written wherever its entry stands."""
    kind = place.spaces[place.asked.wrt[0]]
    if kind == "symmetric":
        if not np.allclose(got, got.T, atol=1e-8 * (1 + np.abs(got).max())):
            return np.full((1, 1), np.inf)
        return np.sum(np.tril(got) * z).reshape(1, 1)
    if kind == "skew":
        if not np.allclose(got, -got.T, atol=1e-8 * (1 + np.abs(got).max())):
            return np.full((1, 1), np.inf)
        return np.sum(np.tril(got, -1) * z).reshape(1, 1)
    if not np.allclose(got, project(kind, z, got), atol=1e-8 * (1 + np.abs(got).max())):
        return np.full((1, 1), np.inf)
    return np.sum(got * z).reshape(1, 1)
