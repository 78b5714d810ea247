"""A derivation judged line by line: the first line that does not follow is pointed at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from closedform.calculus.forward import differential
from closedform.calculus.step import unnamed
from closedform.calculus.structure import space
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, shape_text
from closedform.core.walk import postorder, substitute
from closedform.tutor import fit
from closedform.tutor.candidate import holding
from closedform.tutor.case import Case
from closedform.tutor.check import Referee
from closedform.tutor.ground import SEED, Ground, Here, same, values
from closedform.tutor.judgement import Judgement, LineJudgement, Witness
from closedform.tutor.lines import HEAD, Reader, Segment, definitions, segments
from closedform.tutor.pieces import Misfit, Pieces
from closedform.tutor.search import Explained, chosen, explained_by

T = TypeVar("T")

TOLERANCE = 1e-7
POINTS = 3
MOST_POINTS = 12
"""So many where there are steps and kinks."""


def check_derivation(
    expression: object,
    wrt: object,
    text: str,
    given: object = None,
    *,
    layout: str = "mixed",
    structure: str = "projected",
) -> LineJudgement:
    """The verdict on a derivation: does each line follow from the one before, and is the last one the derivative?

    A line is a formula in the names of the question, with ``dX`` for the direction of the variable X and ``d(e)`` for the
    differential of e.  The first stands for d of the expression (``df = ...``), each further one (``= ...``) for the one
    before, and ``=> ...`` or ``gradient = ...`` is the derivative.  What follows # is a comment.

    >>> said = check_derivation("x'*A*x", "x", "df = dx'*A*x + x'*A*dx\\n= 2*x'*A*dx\\n=> 2*A'*x", "x: n; A: n n")
    >>> said.verdict, said.line, said.text
    ('wrong', 2, "2*x'*A*dx")
    """
    if not isinstance(text, str):
        raise InputError(f"a derivation is a text, not {type(text).__name__}")
    return _Reasoning(Case(expression, wrt, given, layout, structure), text).judgement()


class _Reasoning:
    """A derivation and what is known of it so far."""

    def __init__(self, case: Case, text: str) -> None:
        question = case.question
        if len(question.wrt) != 1 or question.members:
            raise Refusal("a derivation is checked line by line for first derivatives by a whole variable only")
        self.case, self.text = case, text
        self.x = question.wrt[0]
        self.reader = Reader(question.parsed.scope, self.x)
        self.function = unnamed(question.function)
        self.target = self.reader.differential(self.function)
        self.before: Expr = self.target
        self.read: list[tuple[int, str, str]] = []
        self._points: list[Here] | None = None

    def judgement(self) -> LineJudgement:
        """The verdict on the whole."""
        for number, source in definitions(self.text):
            self._numbered(number, self.reader.define, source)
        listed = segments(self.text)
        if not listed:
            raise InputError("the derivation has no lines")
        for s in listed:
            if s.left and s.left != HEAD and not s.final:
                self.reader.call(s.left, self.function, self.target)
        pieces: list[Pieces | None] = []
        for s in listed:  # every line is read first, so that the points know all differentials
            pieces.append(None if s.final else self._numbered(s.line, self.reader.read, s.source))
        self._all = [p.expr for p in pieces if p is not None and p.misfit is None]
        answer: Judgement | None = None
        for k, (segment, parsed) in enumerate(zip(listed, pieces, strict=True)):
            if segment.final:
                answer = self._numbered(segment.line, self._answered, segment.source)
                if not answer.right:
                    return self._stopped_at_answer(segment, answer)
            else:
                assert parsed is not None
                failed = self._line(segment, parsed, first=k == 0)
                if failed is not None:
                    return failed
            self.read.append((segment.line, segment.text, "follows"))
        if answer is None:
            said = "every line follows; the derivative itself is still to be read off (=> ...)"
            return self._said("unfinished", said)
        return self._said("right", "every line follows, and the last one is the derivative")

    def _numbered(self, line: int, read: Callable[[str], T], source: str) -> T:
        """What is read in a line; an error says which line it is."""
        try:
            return read(source)
        except InputError as error:
            error.message = f"line {line}: {error.message}"
            raise

    def _answered(self, source: str) -> Judgement:
        return Referee(self.case, source, self.reader.defined).judgement()

    # ---- one line ---------------------------------------------------------------------------------------------
    def _line(self, segment: Segment, pieces: Pieces, *, first: bool) -> LineJudgement | None:
        if pieces.misfit is not None:
            return self._misfit(segment, pieces, pieces.misfit)
        now = pieces.expr
        if segment.left == HEAD and not first:
            before = now
        elif segment.left and segment.left[0] == "d" and segment.left != "d":
            named = self.reader.own.get(segment.left)
            before = self.target if named is None else named
        elif first or segment.left or self.before is self.function:  # f = ... comes before df = ...
            before = self.function if self._holds(self.function, now) else self.target
        else:
            before = self.before
        if not self._holds(before, now):
            return self._broken(segment, pieces, before, now)
        self.before = self.function if before is self.function else now
        return None

    def _misfit(self, segment: Segment, pieces: Pieces, misfit: Misfit) -> LineJudgement:
        """The verdict on a line whose shapes do not fit, with what would make it follow."""
        said = fit.sentence(pieces, misfit)
        ground = _Directions(self.points())
        before = self.target if segment.left.startswith("d") else self.before
        found = holding(fit.tries(pieces, misfit, before), before, before, ground)
        why = chosen(found, pieces, ground) if found else None
        where = (
            misfit.where if why is None or why.piece is None or why.piece is misfit.piece else (why.piece.start, why.piece.end)
        )
        slips = () if why is None else why.slips
        return self._said("ill-shaped", said + self._because(why).replace(":", ";", 1), segment, where=where, slips=slips)

    def _holds(self, before: Expr, now: Expr) -> bool:
        if before.shape != now.shape:
            return False
        for here in self.points():
            left, right = values([before, now], here)
            if left is None and right is None:
                continue
            if not (same(left, right, TOLERANCE) or _both_vanish(left, right, here)):
                return False
        return True

    def _broken(self, segment: Segment, pieces: Pieces, before: Expr, now: Expr) -> LineJudgement:
        what = "the line before" if self.read else "the differential of the expression"
        if before.shape != now.shape:
            said = f"it is {shape_text(now.shape)}, and {what} is {shape_text(before.shape)}"
            return self._said("ill-shaped", said, segment, where=_all(segment))
        dx = self.reader.own[f"d{self.x.params[0]}"]
        held = {s: differential(e, self.x, dx) for e, s in self.reader.differentials.items() if e.args}
        right = substitute(before, {s: d for s, d in held.items() if d.shape == s.shape})
        ground = _Directions(self.points())
        why = explained_by(right, now, pieces, ground)
        where = _all(segment) if why is None or why.piece is None else (why.piece.start, why.piece.end)
        return self._said(
            "wrong", f"it does not equal {what}" + self._because(why), segment, where=where,
            slips=() if why is None else why.slips, witness=self._witness(before, now),
        )  # fmt: skip

    def _because(self, why: Explained | None) -> str:
        if why is None:
            return ""
        table = {s.params[0]: f"d({e})" for e, s in self.reader.differentials.items() if s.params[0].endswith("_")}
        said = why.said()
        for name, shown in table.items():
            said = said.replace(name, shown)
        return ": " + said.replace("the derivative", "the line before" if self.read else "the differential")

    def _witness(self, before: Expr, now: Expr) -> Witness | None:
        import numpy as np

        for here in self.points():
            left, right = values([now, before], here)
            if left is None or right is None or np.array_equal(left, right):
                continue
            at = np.unravel_index(int(np.argmax(np.abs(left - right))), np.shape(left))
            entry = (int(at[0]) + 1, int(at[1]) + 1)
            return Witness(here.sizes, SEED, entry, float(left[at]), float(right[at]), dict(here.env))
        return None

    def _stopped_at_answer(self, segment: Segment, answer: Judgement) -> LineJudgement:
        where = answer.where or _all(segment)
        return self._said(
            answer.verdict, answer.explanation, segment, where=where, slips=answer.slips, witness=answer.witness, answer=answer
        )

    def _said(
        self,
        verdict: str,
        explanation: str,
        segment: Segment | None = None,
        *,
        where: tuple[int, int] | None = None,
        slips: tuple[str, ...] = (),
        witness: Witness | None = None,
        answer: Judgement | None = None,
    ) -> LineJudgement:
        read = list(self.read)
        if segment is not None:
            read.append((segment.line, segment.text, "does not follow"))
        return LineJudgement(
            verdict, explanation, tuple(read), None if segment is None else segment.line, "" if segment is None else segment.text,
            where, slips[0] if slips else None, slips, witness, answer,
        )  # fmt: skip

    # ---- values -----------------------------------------------------------------------------------------------
    def points(self) -> list[Here]:
        """Points of the question with a direction, and the differentials along it."""
        if self._points is None:
            leaves = [n for n in postorder(*self._all) if not n.args and n.params and n.params[0] not in self.reader.own]
            inner = [e for e in self.reader.differentials if e.args]
            ground = Ground((self.function, *inner), leaves)
            self._points = [self._along(here) for here in ground.points(ground.enough(POINTS, MOST_POINTS))]
        return self._points

    def _along(self, here: Here) -> Here:
        """The point with a random direction of the variable, and the differential of everything along it."""
        import numpy as np

        from closedform.numeric.tangent import direction

        rng = np.random.default_rng((SEED, 77, here.number))
        name = self.x.params[0]
        at = here.env.get(name)
        if at is None:
            raise Refusal(f"{name} does not occur in the derivation")
        dx = direction(self.x, at, self.case.structure if space(self.x) else "free", rng)
        env = dict(here.env)
        for e, symbol in self.reader.differentials.items():
            if e is self.x:
                env[symbol.params[0]] = dx
            elif e.op.name == "symbol":
                value = here.env.get(e.params[0])
                env[symbol.params[0]] = 0.0 * value if value is not None else 0.0
            else:
                env[symbol.params[0]] = slope(e, name, here, dx)
        return here._replace(env=env)


def slope(e: Expr, name: str, here: Here, direction: Any) -> Any:
    """The derivative of an expression when a name moves along a direction, numerically."""
    import numpy as np

    from closedform.numeric.difference import derivative
    from closedform.numeric.evaluate import Program

    program = Program(e)
    bound, place = program.at(here.sizes), program.place[e]
    analytic = all(node.op.analytic for node in postorder(e))

    def moved(s: Any) -> Any:
        return bound.values({**here.env, name: here.env[name] + s[0] * direction})[place]

    with np.errstate(all="ignore"):
        found = derivative(moved, 1, analytic=analytic, floor=float(np.max(np.abs(moved((0.0,)))))).value
    return np.real(found)


class _Directions(Ground):
    """Points that are given."""

    def __init__(self, points: list[Here]) -> None:
        super().__init__((), ())
        self._points = points

    def points(self, count: int = POINTS) -> list[Here]:
        """So many of them, as far as there are."""
        return self._points[:count]


def _both_vanish(left: Any, right: Any, here: Here) -> bool:
    import numpy as np

    if left is None or right is None:
        return False
    size = max((float(np.max(np.abs(v), initial=0.0)) for v in here.env.values()), default=1.0)
    return bool(max(np.max(np.abs(left)), np.max(np.abs(right))) <= 1e-12 * size)


def _all(segment: Segment) -> tuple[int, int]:
    stripped = segment.source.strip()
    start = segment.source.index(stripped) if stripped else 0
    return start, start + len(stripped)
