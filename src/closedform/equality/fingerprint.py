"""Two formulas compared exactly at random points over finite fields, at several sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from closedform.core.errors import Refusal
from closedform.core.expr import Expr
from closedform.core.infer import facts
from closedform.core.walk import postorder
from closedform.equality.degree import bound
from closedform.equality.evaluate import Evaluation
from closedform.equality.field import LOW, PAIRED_PRIMES, PLAIN_PRIMES, paired_primes, plain_primes
from closedform.equality.ring import directly_rooted
from closedform.equality.sizes import Plan
from closedform.equality.worlds import HIDDEN, P, logarithmic, paired_is_needed

TRIALS = 3
"""Points with primes of their own at every choice of sizes, where all is rational."""
PAIRED_TRIALS = 5
FEWEST_SIZES = 3
MOST_SKIPPED = 12
BITS = 30
SQUARES = frozenset({"roots", "logarithms"})
"""What is assumed of arguments that are squares."""


class Draw(NamedTuple):
    """How many points are drawn for each that is wanted, and whether roots and logarithms are those of absolute values."""

    batch: int
    absolute: bool


DRAWS = (Draw(1, False), Draw(1, True), Draw(8, False), Draw(64, False))
"""Ways to draw, in turn, where points must be admissible by luck (squares)."""
MOST_WORK = 12_000
"""More points are drawn only while they have at most so many numbers."""


class Mismatch(NamedTuple):
    """Where two exact values differ: everything that repeats it."""

    sizes: dict[str, int]
    trial: int
    draw: Draw
    prime: int
    entry: tuple[int, int]
    residues: tuple[int, int]


@dataclass
class Outcome:
    """What the exact comparison found.

    ``kind``: "agree", "differ", "none" (no point where both sides have a value) or "unfit" (no exact evaluation, why in
    ``reason``).
    """

    kind: str
    reason: str = ""
    sizes: list[dict[str, int]] = field(default_factory=list)
    points: int = 0
    assumed: set[str] = field(default_factory=set)
    error_bound: float = 1.0
    degree: float = 0.0
    mismatch: Mismatch | None = None
    above: bool = True
    counted: bool = True


class Fingerprint:
    """The exact comparison of two formulas of one shape; its draws are determined by the seed."""

    def __init__(self, a: Expr, b: Expr, seed: int) -> None:
        self.a, self.b, self.seed = a, b, seed
        nodes = postorder(a, b)
        self.symbols = {node.params[0]: node for node in nodes if node.op.name in ("symbol", "family")}
        self.paired = paired_is_needed(nodes)
        self.rooted = directly_rooted(nodes) if self.paired else frozenset()
        self.world = HIDDEN if logarithmic(a) or logarithmic(b) else P
        self.nodes = nodes
        self.wanted = PAIRED_TRIALS if self.paired else TRIALS

    def run(self) -> Outcome:
        """Compare at all sizes of the plan; the first difference ends it."""
        try:
            plan = Plan((self.a, self.b), np.random.default_rng(self.seed))
        except Refusal as error:
            return Outcome("unfit", str(error))
        out = Outcome("agree", above=plan.above, counted=plan.counted, error_bound=0.0)
        spare = plan.spare()
        queue = list(plan.chosen)
        skipped = 0
        while queue:
            sizes = queue.pop(0)
            try:
                found = self.at(sizes, plan.cost(sizes))
            except Refusal as error:
                return Outcome("unfit", str(error))
            except (ValueError, IndexError, KeyError) as error:  # a size that does not fit a position or a power
                found = str(error)
            if isinstance(found, str):
                skipped += 1
                out.reason = found
                if not queue and len(out.sizes) < FEWEST_SIZES and skipped <= MOST_SKIPPED:
                    queue += islice(spare, 1)
                continue
            points, primes, assumed, mismatch = found
            out.assumed |= assumed
            out.points += points
            out.sizes.append(sizes)
            if mismatch is not None:
                out.kind, out.mismatch = "differ", mismatch
                return out
            out.error_bound = max(out.error_bound, self._missed(sizes, primes, out))
        if not out.sizes:
            return Outcome("none", out.reason or "no point was found where both sides have a value")
        return out

    def at(self, sizes: Mapping[str, int], cost: int) -> tuple[int, int, set[str], Mismatch | None] | str:
        """The comparison at one choice of sizes: points, different primes among them, what was assumed, a difference;
        or why there is no point."""
        for draw in DRAWS:
            if draw.batch > 1 and draw.batch * self.wanted * cost > MOST_WORK:
                break
            ev, left, right = self.values(sizes, draw)
            fine = np.flatnonzero(ev.fine)
            differs = (left != right).reshape(len(ev.fine), -1)[fine]
            if differs.any():
                if draw.absolute:
                    continue
                at = int(differs.any(axis=1).argmax())
                trial = int(fine[at])
                entry = divmod(int(differs[at].argmax()), left.shape[2])
                residues = int(left[trial][entry]), int(right[trial][entry])
                prime = ev.worlds[0].field.list[trial]
                mismatch = Mismatch(dict(sizes), trial, draw, prime, (entry[0] + 1, entry[1] + 1), residues)
                return len(fine), 1, ev.assumed, mismatch
            primes = len({ev.worlds[0].field.list[k] for k in fine})
            if primes == self.wanted or (len(fine) and draw is DRAWS[-1]):
                return len(fine), primes, ev.assumed, None
            if not ev.assumed:  # singular at every point: so it is at these sizes
                break
        return "some inverse does not exist, or some root or logarithm is not real, at every point that was tried"

    def values(self, sizes: Mapping[str, int], draw: Draw) -> tuple[Evaluation, Any, Any]:
        """Both sides at a stack of points; the same ones whenever it is asked again."""
        primes = (paired_primes if self.paired else plain_primes)(self.seed, self.wanted)
        count = draw.batch * self._parts(sizes)
        rng = np.random.default_rng([self.seed, draw.batch, *sizes.values()])
        ev = Evaluation(self.symbols, sizes, primes * count, rng, paired=self.paired, rooted=self.rooted, absolute=draw.absolute)
        left, right = ev.value(self.a, self.world), ev.value(self.b, self.world)
        left, right = np.broadcast_arrays(left, right)
        return ev, left, right

    def _parts(self, sizes: Mapping[str, int]) -> int:
        """How many parts the matrices with the declared facts fall into: idempotent ones by their rank."""
        most = 1
        for node in self.symbols.values():
            known = facts(node)
            if "idempotent" in known or {"orthonormal", "symmetric"} <= known:
                most = max(most, node.rows.value(sizes) + 1)
            elif "orthonormal" in known:
                most = max(most, 2)
        return most

    def _missed(self, sizes: Mapping[str, int], primes: int, out: Outcome) -> float:
        """The probability that formulas that differ at these sizes pass: Schwartz and Zippel for the points, and the
        share of primes that divide every coefficient of the difference."""
        left, right = bound(self.a, sizes), bound(self.b, sizes)
        degree = max(left.up + right.down, left.down + right.up)
        out.degree = max(out.degree, degree)
        bits = left.bits + right.bits + 1
        number = LOW / 2 if self.paired else LOW
        one = degree / number + ceil(bits / BITS) / (PAIRED_PRIMES if self.paired else PLAIN_PRIMES)
        return float(min(1.0, one) ** primes)

    def conclusive(self, mismatch: Mismatch) -> bool:
        """Is the difference a refutation although roots or logarithms are taken?  It is where everything of which they
        are taken is a square at every one of many points, as what is positive by construction is."""
        ev, _, _ = self.values(mismatch.sizes, DRAWS[2])
        return ev.assumed <= SQUARES and bool(ev.fine.all())

    def again(self, mismatch: Mismatch) -> bool:
        """Does the difference show when it is evaluated again?"""
        ev, left, right = self.values(mismatch.sizes, mismatch.draw)
        at = (mismatch.trial, mismatch.entry[0] - 1, mismatch.entry[1] - 1)
        return bool(ev.fine[mismatch.trial]) and (int(left[at]), int(right[at])) == mismatch.residues
