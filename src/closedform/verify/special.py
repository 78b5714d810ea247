"""An answer at special points of the domain: sizes 1, identities, zeros, repeated eigenvalues.

An answer that is right wherever a generic point falls may still have no value, or another one, at a point that no draw
meets.  Such a point counts only where the expression is differentiable: its conditions hold, nothing that moves stands at
a kink, every part is finite, and the numerical derivative tends to the one at the point from all sides.  Elsewhere it is
passed over, never held against the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from closedform.core.expr import Expr
from closedform.core.walk import postorder
from closedform.numeric.draw import draw
from closedform.numeric.special import KINDS, special_sizes, special_value
from closedform.numeric.tangent import direction, independent, project, space
from closedform.verify.comparison import DIFFERENCED, EXACT, ROUNDING, UNSURE, Outcome
from closedform.verify.contraction import off_space
from closedform.verify.kinks import SPECTRAL, degenerate
from closedform.verify.point import RANK, Point
from closedform.verify.trial import Trials

ATTEMPTS = 4
"""So many special points are tried for one inside the domain."""
TRUNCATED = 1e-30
"""The complex step leaves less than this of the directions where the first derivative vanishes."""
WRONG = 1e-5
"""A deviation above this is an error, once the expression is known to be smooth at the point."""
NEAR, FAR = 1e-4, 1e-2
"""Steps away from the point, relative to the size of the variable."""
CONTINUOUS = 0.2
"""The derivative changes over the near step by at most this share of its change over the far one."""
SIDES = 2
"""Lines through the point along which this is looked at, both ways."""
HUGE = 1e8
SMALL_NORM = 1e-9


class Place(NamedTuple):
    """A special point to be: its sizes (None: generic ones), the kinds of the values by name (none: generic)."""

    sizes: dict[str, int] | None
    kinds: dict[str, int]


class SpecialPoints:
    """The special points of a comparison; ``generic`` are sizes at which there was a point."""

    def __init__(self, comparison: Trials, seed: int, generic: dict[str, int]) -> None:
        self.comparison = comparison
        self.points = comparison.points
        self.seed = seed
        self.own = self.points.own_conditions()
        self.ranks = [pair for pair in self.points.conditions if pair[0] in RANK]
        """What the answer needs of ranks may exclude sizes, as an answer in inv(X'*X) does those where X is wide."""
        self.generic = generic
        sums = [node for node in self.points.program.nodes if node.op.name == "series"]
        self.hidden = any(inner.op.name in SPECTRAL for inner in postorder(*sums))
        """Are there spectra inside of sums, where it is not seen that values coincide?"""
        demands = self.points.demands
        single = dict.fromkeys(demands.indices, 1)
        self.sizes = [{**row, **single} for row in special_sizes(demands.names)] if demands.names else []
        self.sizes = [row for row in self.sizes if demands.met(row, 1) and self.points.affords(row)]
        self.variables = [x for x in dict.fromkeys(x.params[0] for x in comparison.question.wrt) if x in self.points.symbols]
        self.variables = [x for x in self.variables if x not in self.points.held]

    def some(self) -> Iterator[Place]:
        """A few places, others for another seed or another question."""
        turn = self.seed + len(self.points.program.nodes)
        for k in range(turn, turn + ATTEMPTS):
            which, at = k % 3, k // 3
            if which == 0 and self.sizes:
                yield Place(self.sizes[at % len(self.sizes)], {})
            elif which == 1 and self.variables:
                yield Place(None, {self.variables[at % len(self.variables)]: at * 3 % len(KINDS)})
            else:
                yield Place(None, self._everything(at % len(KINDS)))

    def all(self) -> Iterator[Place]:
        """Every size, every kind of value of each variable, and every kind of all symbols together."""
        for row in self.sizes:
            yield Place(row, {})
        for name in self.variables:
            for kind in range(len(KINDS)):
                yield Place(None, {name: kind})
        for kind in range(len(KINDS)):
            yield Place(None, self._everything(kind))

    def _everything(self, kind: int) -> dict[str, int]:
        return {name: (kind + k) % len(KINDS) for k, name in enumerate(self.points.symbols) if name not in self.points.held}

    def outcome(self, place: Place) -> Outcome | None:
        """The comparison at a special point; None where the expression is not differentiable there."""
        with np.errstate(all="ignore"):
            rng = np.random.default_rng((self.seed, len(place.kinds), *place.kinds.values()))
            drawn = self._point(place, rng)
            return None if drawn is None else self._compared(*drawn, rng)

    def _point(self, place: Place, rng: np.random.Generator) -> tuple[Point, str] | None:
        sizes = dict(self.generic if place.sizes is None else place.sizes)
        style = self.points.style
        env: dict[str, Any] = {}
        names = [] if place.sizes is None else [f"{n} = {v}" for n, v in sizes.items()]
        for name, symbol in self.points.symbols.items():
            found = None
            if name in place.kinds and symbol.op.name == "symbol":
                found = special_value(symbol, sizes, place.kinds[name])
            if found is None:
                env[name] = draw(symbol, sizes, rng, self.points.style_of(style, name))
            else:
                names.append(f"{name}: {found[0]}")
                env[name] = found[1]
        ranks = [] if place.sizes is None else self.ranks
        point = self.points.at(sizes, env, style, [*self.own, *ranks])
        if point is None or any(not _moderate(point.values[i]) for i in self.comparison.under):
            return None
        return point, ", ".join(names)

    def _compared(self, point: Point, shown: str, rng: np.random.Generator) -> Outcome | None:
        check = self.comparison
        question = check.question
        at = [point.of(x) for x in question.wrt]
        tangents = [direction(x, X, question.structure, rng) for x, X in zip(question.wrt, at, strict=True)]
        used = tangents
        if question.structure == "independent":
            used = [independent(space(x), V) for x, V in zip(question.wrt, tangents, strict=True)]
        tensor = check.tensor(point, tangents)
        finite = bool(np.isfinite(tensor).all())
        got, terms, slope = check.sides(point, tensor if finite else np.zeros(np.shape(tensor)), tangents, used)
        want = np.reshape(slope.value, -1, order="F")
        if not np.isfinite(want).all() or slope.error > UNSURE:
            return None
        error = np.inf
        if not finite and (self.hidden or self._coinciding(point)):
            return None
        if finite:
            gap = np.abs(got - want)
            scale = np.maximum(np.abs(want), terms)
            size = float(scale.max())
            error = float((gap / np.maximum(scale, 1e-3 * size)).max()) if size > 0.0 else 0.0
            off = off_space(tensor, question.wrt, at, question.structure)
            largest = max(float(np.max(np.abs(tensor), initial=0.0)), 1e-300)
            exact = check.analytic and len(tangents) == 1
            if error <= (EXACT if exact else max(EXACT, 20 * slope.error)) and off <= EXACT * largest:
                return Outcome("right", error, point.sizes)
            rounding = (ROUNDING if exact else DIFFERENCED) * check.size_of_terms(point, tangents)
            rounding = max(rounding, TRUNCATED * float(np.prod([np.max(np.abs(V)) for V in tangents])))
            if float(gap.max()) <= rounding and off <= max(EXACT * largest, rounding, ROUNDING * check.size_of_answer(point)):
                return Outcome("right", 0.0, point.sizes)
            error = max(error, off / largest)
            if error < WRONG:
                return None
        if finite and check.extreme(point):
            return None
        if (
            check.domain.broken(point)
            or check.at_a_kink(point)
            or self._at_a_norm(point)
            or not self._smooth(point, tangents, want, finite, rng)
        ):
            return None
        verdict = check.second_opinion(point) if finite else None
        if verdict is not None and verdict.kind in ("right", "zero"):  # it was rounding
            return Outcome("right", verdict.error, point.sizes) if verdict.kind == "right" else None
        where = f"at a special point ({shown}; sizes {point.sizes})"
        reason = f"the answer has no finite value {where}, where the expression is smooth"
        if finite:
            reason = f"the answer and the numerical derivative differ by {error:.1e} (relative) {where}"
        return Outcome("wrong", error, point.sizes, reason)

    def _coinciding(self, point: Point) -> bool:
        """Has a matrix singular values or eigenvalues that coincide?  (Its vectors have no derivative then, if a norm has.)"""
        nodes = [node for node in self.points.program.nodes if node.op.name in SPECTRAL]
        kinds = ["svdvals" if node.op.name.startswith(("svd", "norm")) else "eigvalsh" for node in nodes]
        values = [np.atleast_2d(point.of(node.args[0])) for node in nodes]
        return any(np.isfinite(v).all() and degenerate(kind, v) for kind, v in zip(kinds, values, strict=True))

    def _at_a_norm(self, point: Point) -> bool:
        """Is a norm taken of 0?  (Its second derivative is undefined there.)"""
        nodes = self.points.program.nodes
        norms = (nodes[i] for i in self.comparison.under if nodes[i].op.name == "norm2")
        return any(float(np.max(np.abs(point.of(node.args[0])), initial=0.0)) <= SMALL_NORM for node in norms)

    def _smooth(self, point: Point, tangents: Sequence[Any], here: Any, finite: bool, rng: np.random.Generator) -> bool:
        """Does the numerical derivative tend to its value at the point, along some lines both ways?"""
        for _ in range(SIDES):
            toward = {x: self._line(x, point.of(x), rng) for x in self.comparison.question.wrt}
            for side in (1.0, -1.0):
                near, far = (self._near(point, tangents, toward, side * step) for step in (NEAR, FAR))
                if near is None or far is None:
                    return False
                floor = 1e-7 * max(float(np.max(np.abs(v), initial=0.0)) for v in (here, far))
                if float(np.max(np.abs(near - here))) > CONTINUOUS * float(np.max(np.abs(far - here))) + floor:
                    return False
        return True

    def _line(self, x: Expr, X: Any, rng: np.random.Generator) -> Any:
        if x.is_scalar:
            return rng.choice([-1.0, 1.0]) * max(1.0, abs(float(X)))
        Z = rng.standard_normal(np.shape(X)) * max(1.0, float(np.max(np.abs(X))))
        return project(space(x), X, Z) if space(x) and self.comparison.question.structure != "free" else Z

    def _near(self, point: Point, tangents: Sequence[Any], toward: dict[Expr, Any], step: float) -> Any:
        """The numerical derivative at a point nearby; None where it cannot be had."""
        env = {name: point.values[place] for place, name, _ in self.points.program.inputs}
        for x, Z in toward.items():
            env[x.params[0]] = env[x.params[0]] + step * Z
        moved = point._replace(values=point.bound.values(env))
        slope = self.comparison.slope(moved, tangents, 0.0)
        value = np.reshape(slope.value, -1, order="F")
        return value if np.isfinite(value).all() and slope.error <= UNSURE else None


def _moderate(value: Any) -> bool:
    """Is every entry finite, and none huge?"""
    return bool(np.max(np.abs(value), initial=0.0) < HUGE)
