"""Two formulas compared in floating point: at random points, on both sides of kinks, and at special points.

Agreement is weak evidence: a coefficient that is wrong by one part in 10^9 passes.  A difference counts only where it is
far above what rounding can do: above what the two values move by when the point moves by one part in 10^13.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from closedform.core.errors import Refusal
from closedform.core.expr import Expr
from closedform.core.infer import facts
from closedform.core.walk import postorder
from closedform.numeric.draw import draw
from closedform.numeric.evaluate import Bound, Program
from closedform.numeric.sizes import Demands, choices
from closedform.numeric.special import special

TOLERANCE = 1e-9
"""Values closer than this, relative to the larger, agree."""
APART = 1e-6
"""A relative difference above this may be a refutation."""
NUDGE = 1e-13
NUDGES = 3
NOISE = 1e3
"""How far above the effect of nudges a difference must lie."""
UNSURE = 1e-4
"""Points where nudges move the values by more than this, relatively, say nothing."""
STYLES = ("normal", "positive", "small", "near identity", "normal", "positive", "large positive", "small positive", "balanced")
FEWEST = 6
"""Points at which two formulas must agree."""
MOST_SPECIAL = 40
"""Special points at one choice of sizes."""
LARGEST = 400_000


class Gap(NamedTuple):
    """Where two values differ: the entry, both values, and the point."""

    sizes: dict[str, int]
    entry: tuple[int, int]
    values: tuple[float, float]
    point: str
    env: dict[str, Any]


@dataclass
class Outcome:
    """``kind``: "agree", "differ" or "none" (too few points where both sides have a value)."""

    kind: str
    points: int = 0
    special: int = 0
    deviation: float = 0.0
    sizes: list[dict[str, int]] = field(default_factory=list)
    gap: Gap | None = None


class Floating:
    """The comparison of two formulas of one shape in floating point."""

    def __init__(self, a: Expr, b: Expr, seed: int) -> None:
        self.a, self.b, self.seed = a, b, seed
        self.program = Program(a, b)
        self.nodes = postorder(a, b)
        symbols: dict[str, Expr] = {}
        for _, name, node in self.program.inputs:
            if name not in symbols or len(facts(node)) > len(facts(symbols[name])):
                symbols[name] = node
        self.symbols = symbols

    def sizes(self) -> list[dict[str, int]]:
        """A few choices of sizes, mutually different ones first."""
        found = list(islice(choices(Demands(self.nodes), np.random.default_rng(self.seed)), 24))
        return [c for c in found if self._affordable(c)][:6]

    def _affordable(self, sizes: Mapping[str, int]) -> bool:
        try:
            return all(n.rows.value(sizes) * n.cols.value(sizes) <= LARGEST for n in self.nodes if n.op.name != "index")
        except (KeyError, ValueError):
            return True  # a size with an index in it

    def run(self, *, at: list[dict[str, int]] | None = None, quick: bool = False) -> Outcome:
        """Compare at random and special points; the first difference ends it.  ``quick`` looks for a difference at a
        few random points only."""
        try:
            sizes = at or self.sizes()
        except Refusal:
            return Outcome("none")
        out = Outcome("none")
        if not sizes:
            return out
        rng = np.random.default_rng([self.seed, 7])
        for k, style in enumerate(STYLES[:4] if quick else (*STYLES, *STYLES[:3])):
            here = sizes[k % len(sizes)]
            env = {name: draw(symbol, here, rng, style) for name, symbol in self.symbols.items()}
            if self._compare(here, env, "random", rng, out):
                return out
        if not quick:
            for here in sizes[:2]:
                for env in islice(self._special(here, rng), MOST_SPECIAL):
                    if self._compare(here, env, "special", rng, out):
                        return out
        if out.points >= (2 if quick else FEWEST):
            out.kind = "agree"
        return out

    def _special(self, sizes: Mapping[str, int], rng: np.random.Generator) -> Iterator[dict[str, Any]]:
        """Special values of all symbols together, then of each one beside random ones of the others."""
        known = {name: special(symbol, sizes) for name, symbol in self.symbols.items() if symbol.op.name == "symbol"}
        base = {name: draw(symbol, sizes, rng) for name, symbol in self.symbols.items()}
        for k in range(max((len(v) for v in known.values()), default=0)):
            yield {**base, **{name: v[k % len(v)] for name, v in known.items() if v}}
        for name, values in known.items():
            for value in values:
                yield {**base, name: value}

    def _compare(self, sizes: Mapping[str, int], env: dict[str, Any], point: str, rng: np.random.Generator, out: Outcome) -> bool:
        """Add a point to the outcome; True when it shows a difference."""
        with np.errstate(all="ignore"):
            bound = self.program.at(sizes)
            left, right = self._values(bound, env)
            if not (_finite(left) and _finite(right)):
                return False
            gap = np.abs(left - right)
            scale = max(float(np.abs(left).max(initial=0.0)), float(np.abs(right).max(initial=0.0)))
            worst = float(gap.max(initial=0.0))
            if point == "special" and worst <= TOLERANCE * scale:
                out.special += 1
                return False
            noise = self._noise(bound, env, left, right, rng)
        if not noise <= UNSURE * scale and worst:
            return False
        if worst > APART * scale and worst > NOISE * noise:
            entry = divmod(int(gap.argmax()), gap.shape[1])
            out.kind = "differ"
            out.gap = Gap(dict(sizes), (entry[0] + 1, entry[1] + 1), (float(left[entry]), float(right[entry])), point, env)
            return True
        if worst <= TOLERANCE * scale + 100 * noise:
            if point == "random":
                out.points += 1
                out.sizes += [dict(sizes)] if dict(sizes) not in out.sizes else []
            else:
                out.special += 1
            out.deviation = max(out.deviation, worst / scale if scale else 0.0)
        return False

    def _values(self, bound: Bound, env: Mapping[str, Any]) -> tuple[Any, Any]:
        values = bound.values(env)
        left, right = (np.atleast_2d(np.asarray(values[self.program.place[e]])) for e in (self.a, self.b))
        return left, right

    def _noise(self, bound: Bound, env: Mapping[str, Any], left: Any, right: Any, rng: np.random.Generator) -> float:
        """How far the values move when every number of the point moves by a rounding error or so."""
        most = 1e-16 * max(float(np.abs(left).max(initial=0.0)), float(np.abs(right).max(initial=0.0)))
        for _ in range(NUDGES):
            moved = {name: value * (1 + NUDGE * rng.standard_normal(np.shape(value))) for name, value in env.items()}
            for old, new in zip((left, right), self._values(bound, moved), strict=True):
                most = max(most, float(np.abs(new - old).max(initial=0.0))) if _finite(new) else np.inf
        return most

    def entry(self, gap: Gap, entry: tuple[int, int]) -> tuple[float, float]:
        """Both values of an entry, at the point where some entry differs."""
        with np.errstate(all="ignore"):
            left, right = self._values(self.program.at(gap.sizes), gap.env)
        at = (entry[0] - 1, entry[1] - 1)
        return float(left[at]), float(right[at])

    def again(self, gap: Gap) -> bool:
        """Does the difference show when it is evaluated again?"""
        return self.entry(gap, gap.entry) == gap.values


def _finite(value: Any) -> bool:
    return not np.iscomplexobj(value) and bool(np.isfinite(value).all())
