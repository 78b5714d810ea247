"""Points drawn until one settles it: an answer against its original, with the referee where floating point does not tell."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from closedform.core.errors import Refusal
from closedform.verify.branches import Branches
from closedform.verify.comparison import Comparison, Outcome
from closedform.verify.pieces import Pieces
from closedform.verify.point import Point
from closedform.verify.question import Candidate, Question
from closedform.verify.referee import Referee, Verdict

RETRIES = 10
OUTSIDE = 40
"""So many points more are tried where terms of a sum are not defined."""
UNSEEN = 2
"""So many points are put to the referee where floating point finds none."""
ON_BRANCHES = 12
"""So many points are looked at on branches that have not been taken."""
BASES = 3
"""Points from which the pieces are looked for."""
NOT_NUMERICALLY = "no admissible point was found to check the answer at: its derivative cannot be had numerically"
AGAINST = frozenset({"wrong", "doubtful", "narrow", "undefined"})
"""The kinds of outcomes that speak against an answer."""
ZERO_RETRIES = 3
"""How many more points are tried where nothing but zero has been seen, of an answer that is written as zero."""


class Trials(Comparison):
    """The original of a question against its answer, at as many points as asked for."""

    def __init__(self, question: Question, seed: int) -> None:
        super().__init__(question, seed)
        self.branches = Branches(self.points, question.original)
        self.judge: Referee | None = None
        self.vanishes = False
        """Has the referee seen nothing but a derivative of zero?"""

    def trial(self) -> Outcome:
        """The outcome at one point, or at the most telling of a few where one point does not settle it.

        What floating point cannot settle is put to the referee (verify/referee.py).
        """
        mark = self.points.mark()
        patience = ZERO_RETRIES if self.zero else RETRIES
        seen: dict[str, Outcome] = {}
        places: dict[str, Candidate] = {}
        refused: Refusal | None = None
        attempt = outside = 0
        while attempt <= RETRIES:
            try:
                point = self.points.next()
            except Refusal as error:
                refused = error
                break
            outcome = self._seen(point)
            extreme = outcome.kind == "wrong" and self.extreme(point)
            if not extreme and (outcome.kind in ("right", "wrong") or (outcome.kind == "faint" and not self.changing)):
                return self._unless_narrow(seen, places) or outcome
            if extreme:
                outcome = outcome._replace(kind="extreme")
            first = outcome.kind not in seen
            seen[outcome.kind] = outcome
            places[outcome.kind] = Candidate(point.sizes, self._env(point))
            if extreme and first and (found := self._refereed(seen, places)) is not None:
                self.points.back(mark)
                return found
            if set(seen) == {"faint"} and attempt == patience:
                break
            self.points.skip_style()
            if outcome.kind == "outside" and outside < OUTSIDE:
                outside += 1
            else:
                attempt += 1
        self.points.back(mark)
        if set(seen) == {"faint"} and self.vanishes:
            return seen["faint"]
        return self._refereed(seen, places) or self._unsettled(seen, refused)

    def on_branches(self, enough: Callable[[], bool]) -> Iterator[Outcome]:
        """The outcomes at points on branches of the original that have not been taken (verify/branches.py)."""
        mark, tried = self.points.mark(), self.points.tried
        for point in itertools.islice(self.branches.points_on(), ON_BRANCHES):
            if enough():
                break
            outcome = self._seen(point)
            if outcome.kind == "right" or (outcome.kind == "wrong" and not self.extreme(point)):
                yield outcome
        self.points.back(mark)
        self.points.tried = tried  # these looks are apart

    def on_pieces(self) -> Iterator[Outcome]:
        """The outcomes, where they settle it, at points on the pieces of the original and of the answer (verify/pieces.py)."""
        pieces = Pieces(self.points, self.question.original, self.question.answer)
        for _ in range(BASES if pieces.moving else 0):
            try:
                base = self.points.next()
            except Refusal:
                return
            for point in pieces.around(base):
                outcome = self._seen(point)
                if outcome.kind == "right" or (outcome.kind == "wrong" and not self.extreme(point)):
                    yield outcome

    def _seen(self, point: Point) -> Outcome:
        """The comparison at a point; a deviation that is in doubt counts unless many digits show none.

        Where terms of a sum are not defined the point is ``outside``.
        """
        outcome = self.compare(point)
        if outcome.kind == "right" or (outcome.kind == "faint" and not outcome.error):
            self.branches.met(point)
        if outcome.kind in AGAINST and (broken := self.domain.broken(point)):
            return Outcome("outside", outcome.error, outcome.sizes, broken)
        if outcome.kind != "doubtful":
            return outcome
        found = self.second_opinion(point)
        if found is not None and found.kind == "right":
            return Outcome("right", found.error, point.sizes)
        return outcome._replace(kind="unusable" if found is not None and found.kind == "zero" else "wrong")

    def second_opinion(self, point: Point) -> Verdict | None:
        """What the referee says of a point; None where it abstains."""
        return self._referee().at(Candidate(point.sizes, self._env(point)), self.points.rng)

    def _unless_narrow(self, seen: dict[str, Outcome], places: dict[str, Candidate]) -> Outcome | None:
        """A small deviation at an earlier point, when the referee says that it is none of rounding."""
        if "narrow" not in seen:
            return None
        found = self._refereed({"narrow": seen["narrow"]}, {"narrow": places["narrow"]})
        return found if found is not None and found.kind == "wrong" else None

    def _unsettled(self, seen: dict[str, Outcome], refused: Refusal | None) -> Outcome:
        """The outcome where the referee abstains."""
        if "narrow" in seen:
            return seen["narrow"]
        if refused is not None and not seen:
            raise refused
        if set(seen) == {"outside"}:
            raise Refusal(f"no admissible point was found to check the answer at: {seen['outside'].reason}")
        if "vanishing" in seen and "faint" not in seen:
            raise Refusal("no admissible point was found to check the answer at: its derivative underflows")
        if "extreme" in seen:
            raise Refusal(NOT_NUMERICALLY)
        for kind in ("faint",) if {"unusable", "kinked"} & seen.keys() or self.spectral else ("faint", "undefined"):
            if kind in seen:
                return seen[kind]
        raise Refusal(NOT_NUMERICALLY)

    def _refereed(self, seen: dict[str, Outcome], places: dict[str, Candidate]) -> Outcome | None:
        """What the referee says at the points that have been seen, the most suspicious first; None where it abstains."""
        candidates = [
            places[kind] for kind in ("extreme", "narrow", "unusable", "vanishing", "faint", "undefined") if kind in places
        ]
        if not candidates and {"kinked", "outside"} & seen.keys():  # nor is there one with many digits
            return None
        if not candidates:
            try:
                candidates = [Candidate(*self.points.anywhere()) for _ in range(UNSEEN)]
            except Refusal:  # no sizes fit
                return None
        found = self._referee().decide(candidates, self.points.rng)
        if found is None:
            return None
        if found.kind == "zero":
            if not self.zero and set(seen) - {"faint", "unusable", "kinked"}:
                return None
            self.vanishes = True
            return Outcome("faint", found.error, found.sizes)
        reason = f"the answer and the derivative with many digits differ by {found.error:.1e} (relative) at sizes {found.sizes}"
        return Outcome(found.kind, found.error, found.sizes, reason if found.kind == "wrong" else "")

    def _referee(self) -> Referee:
        if self.judge is None:
            self.judge = Referee(self.question, self.points.symbols, self.points.held, flip=self.flip)
        return self.judge

    def _env(self, point: Point) -> dict[str, Any]:
        return {name: point.values[place] for place, name, _ in self.points.program.inputs}
