"""The referee: is an answer the derivative that was asked for, and if not, what is wrong with it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, shape_text
from closedform.core.limits import counted
from closedform.core.walk import postorder
from closedform.ops.build import transpose
from closedform.tutor import assumptions, fit, readings
from closedform.tutor.candidate import Found, holding
from closedform.tutor.case import Case, read
from closedform.tutor.ground import Ground, Here, same, values
from closedform.tutor.judgement import Judgement, Witness
from closedform.tutor.pieces import Misfit, Pieces
from closedform.tutor.planted import mended
from closedform.tutor.search import GOOD_ENOUGH, Explained, chained, chosen, explained, parting

LARGE = 20_000
"""Variables with more entries are replaced by smaller ones in the search for slips."""
WITNESSES = 8
"""Points that are looked at for one where an answer and the derivative differ by more than rounding."""
SYMMETRY = "asymmetric treated as symmetric"
TRANSPOSES = ("missing transpose", "misplaced transpose")


@counted
def check(
    expression: object,
    wrt: object,
    answer: object,
    given: object = None,
    *,
    layout: str = "mixed",
    structure: str = "projected",
) -> Judgement:
    """The verdict on an answer to the question what the derivative of an expression is.

    ``expression``, ``wrt``, ``given``, ``layout`` and ``structure`` are those of ``derive``; ``answer`` is a text in the
    names of the question (a left side such as ``grad =`` is passed over), or an expression.  Shapes are judged first,
    then values at points of rectangular sizes that differ from each other.  InputError for a text that is no answer at
    all, Refusal where the derivative can neither be had nor checked.

    >>> check("x'*A*x", "x", "2*A*x", "x: n; A: n n").headline()
    'right only if A is symmetric'
    >>> check("norm2(y - X*w)^2", "w", "2*(y-X*w)*(-X)", "X: n p; y: n; w: p").headline()
    'ill-shaped: missing transpose'
    """
    return Referee(Case(expression, wrt, given, layout, structure), answer).judgement()


NOUNS = {"gradient": "gradient", "jacobian": "Jacobian", "hessian": "Hessian", "derivative": "derivative"}


class Referee:
    """One answer to one question, judged."""

    def __init__(self, case: Case, answer: object, defined: Mapping[str, Expr] | None = None) -> None:
        self.case = case
        self.pieces, self.answer, self.text, self.start = read(answer, case, defined)
        self._ground: Ground | None = None

    def judgement(self) -> Judgement:
        """The verdict."""
        answer = self.answer
        if answer is None:
            return self._ill_shaped()
        if self.case.truth is not answer and self._entries(answer) > LARGE:
            return self._at_smaller_sizes(answer)
        index = readings.index_form(self.case, answer)
        if index is not None:
            said = f"it is the entry {index} of the derivative, not yet in matrix form"
            return self._judged("other convention", said, slip="index form only")
        if answer.shape == self.case.shape:
            found = self._if_right(answer)
            if found is not None:
                return found
        return self._without_truth(answer) if self.case.truth is None else self._not_right(answer)

    # ---- right ------------------------------------------------------------------------------------------------
    def _if_right(self, answer: Expr) -> Judgement | None:
        """The verdict when the answer is the derivative, as far as that can be decided."""
        truth = self.case.truth
        if truth is None:
            return None
        if truth is answer:
            return self._judged("right", "it is the derivative, word for word")
        from closedform.equality.decide import decide

        verdict = decide(truth, answer)
        if verdict.equal is True:
            weak = verdict.verdict != "proved" and verdict.evidence.stage == "floating point"
            if not weak or self._certified(answer):
                narrower = self._narrower(answer)
                if narrower is not None:
                    return narrower
                said = "it equals the derivative" + (
                    " (proved)" if verdict.verdict == "proved" else f" ({verdict.evidence.reasons[0]})"
                )
                return self._judged("right", said)
        special = verdict.witness is not None and verdict.witness.point == "special" and verdict.witness.prime is None
        if verdict.equal is None or (special and self._has_kinks()):
            if self._certified(answer):
                narrower = self._narrower(answer)
                if narrower is not None:
                    return narrower
                said = "its directional derivatives are those of the expression at every point tried"
                if special:
                    said += "; it differs from the derivative only where the expression is not differentiable"
                return self._judged("right", said)
            if verdict.equal is None and self._certified(truth) is None:
                raise Refusal(f"whether the answer is right cannot be decided: {verdict.evidence}")
        return None

    def _has_kinks(self) -> bool:
        """Are there points at which the expression is not differentiable although it has a value?"""
        return any(node.op.kink or not node.op.analytic for node in postorder(self.case.question.function))

    def _certified(self, answer: Expr) -> bool | None:
        """Does the answer pass the numeric check of the derivative?  None where that cannot be made."""
        from closedform.verify.certificate import certify

        question = self.case.question
        if question.members:
            return None
        try:
            return certify(question.function, question.wrt, answer, layout=self.case.layout, structure=self.case.structure).ok
        except Refusal:
            return None

    def _narrower(self, answer: Expr) -> Judgement | None:
        """The verdict on a formula that equals the derivative but has no value at points where that has one."""
        try:
            points = self.ground.points()
        except Refusal:
            return None
        for here in points:
            left, right = values([self.truth, answer], here)
            if left is not None and right is None:
                from closedform.equality.decide import conditions

                known = conditions(self.truth, self.case.question.function)
                wants = [c for c in conditions(answer) if c not in known]
                assumption = " and ".join(wants) or "it has a value"
                said = f"it is the derivative where {assumption}; elsewhere the formula has no value, and the derivative has one"
                return self._judged("right only if", said, slip="right only under an assumption", assumption=assumption)
        return None

    def _without_truth(self, answer: Expr) -> Judgement:
        """No closed form is known: the answer is compared with numerical derivatives."""
        assert self.case.refused is not None
        if answer.shape != self.case.shape and answer.shape[::-1] != self.case.shape:
            return self._judged("ill-shaped", self._shapes(answer))
        for turned in (False, True):
            said = transpose(answer) if turned else answer
            if said.shape != self.case.shape:
                continue
            ok = self._certified(said)
            if ok is None:
                raise self.case.refused
            if ok and not turned:
                return self._judged("right", "its directional derivatives are those of the expression at every point tried")
            if ok:
                where = readings.other_layouts(self.case)
                return self._judged("other layout", f"it is right in {where}", slip="transposed", suggestion=str(said))
        return self._judged("wrong", "its directional derivatives are not those of the expression")

    # ---- not right --------------------------------------------------------------------------------------------
    @property
    def truth(self) -> Expr:
        assert self.case.truth is not None
        return self.case.truth

    @property
    def ground(self) -> Ground:
        if self._ground is None:
            formulas = [self.answer] if self.answer is not None else []
            if self.pieces is not None:
                formulas += [p.expr for p in self.pieces.all if p.expr is not None and not p.parts]
            self._ground = self.case.ground(*formulas)
        return self._ground

    def _not_right(self, answer: Expr) -> Judgement:
        case = self.case
        if answer.shape[::-1] == case.shape and not answer.is_scalar and self._equal(transpose(answer)):
            said = f"it is the transpose of what was asked for: right in {readings.other_layouts(case)}"
            return self._judged("other layout", said, slip="transposed", suggestion=str(transpose(answer)))
        met = readings.met(readings.conventions(case), answer, self.ground)
        if met is not None and met[0].assumption is None:
            return self._of_convention(*met)
        if answer.shape == case.shape and readings.along_the_space(case, answer, self.ground):
            said = "it is right in every direction that the variable has, and it is not projected on them as the derivative is"
            return self._judged("other convention", said, slip=readings.SLIP)
        symbols = assumptions.symbols_in(case.question.function, self.truth, answer)
        fits = answer.shape == case.shape
        if fits:
            assumed = assumptions.found(assumptions.plausible(symbols), self.truth, answer, self.ground)
            if assumed is not None:
                return self._only_if(assumed, answer)
        if met is not None:
            return self._of_convention(*met)
        if fits or answer.shape[::-1] == case.shape:
            why = explained(case, answer, self.pieces, self.ground)
            if why is None and fits:
                assumed = assumptions.found(assumptions.far_fetched(symbols), self.truth, answer, self.ground)
                assumed = assumed or assumptions.commuted(symbols, self.truth, answer, self.ground)
                if assumed is not None:
                    return self._only_if(assumed, answer)
            return self._wrong(answer, why)
        return self._of_other_shape(answer)

    def _entries(self, answer: Expr) -> int:
        """How many entries the largest variable has whose sizes are numbers."""
        symbols = assumptions.symbols_in(self.case.question.function, answer, *self.case.question.wrt)
        return max(((s.rows.integer or 1) * (s.cols.integer or 1) for s in symbols), default=1)

    def _at_smaller_sizes(self, answer: Expr) -> Judgement:
        """The verdict with smaller numbers for large sizes; Refusal where those have to stay."""
        from closedform.numeric.sizes import shrink

        function, wrt = self.case.question.function, self.case.question.wrt
        try:
            (small, its_answer, *its_wrt), table = shrink((function, answer, *wrt))
        except InputError:
            raise Refusal(
                f"answers are judged on values, and a variable has {self._entries(answer):,} entries; write a name for its size"
            ) from None
        given = {x.params[0]: str(x.rows) if x.is_column else f"{x.rows} {x.cols}" for x in its_wrt if x not in postorder(small)}
        names = [x.params[0] for x in wrt]
        said = Referee(Case(small, names, given, self.case.layout, self.case.structure), its_answer).judgement()
        changed = ", ".join(f"{new} for {old}" for old, new in table.items())
        return replace(
            said, explanation=f"{said.explanation} (judged with {changed})", expression=str(function), answer=self.text,
            derivative=str(self.case.derivative), where=None, suggestion=None,
        )  # fmt: skip

    def _equal_to(self, part: Expr, answer: Expr) -> bool:
        from closedform.equality.decide import decide

        return decide(part, answer).equal is True

    def _equal(self, answer: Expr) -> bool:
        from closedform.equality.decide import decide

        verdict = decide(self.truth, answer)
        special = verdict.witness is not None and verdict.witness.point == "special"
        return verdict.equal is True or ((verdict.equal is None or special) and self._certified(answer) is True)

    def _of_convention(self, reading: readings.Reading, turned: bool) -> Judgement:
        said = f"it is right in another convention: {reading.said}" + (", transposed" if turned else "")
        return self._judged("other convention", said, slip=reading.slip, assumption=reading.assumption)

    def _only_if(self, assumed: assumptions.Assumption, answer: Expr) -> Judgement:
        said = f"it equals the derivative when {assumed.text}, which is not declared; in general it differs"
        where = suggestion = None
        if assumed.slip == SYMMETRY and self.pieces is not None:  # perhaps no more than a transpose is missing
            tries = [c for c in mended(self.pieces) if c.slip in TRANSPOSES and c.rank <= GOOD_ENOUGH]
            found = [f for f in holding(tries, self.truth, answer, self.ground) if f.factor == 1 and not f.turned]
            if found:
                why = chosen(found, self.pieces, self.ground)
                said += f"; without it, {why.sentences[0]}"
                suggestion = why.suggestion
                where = None if why.piece is None else (self.start + why.piece.start, self.start + why.piece.end)
        return self._judged(
            "right only if", said, slip=assumed.slip, assumption=assumed.text, witness=self._witness(answer), where=where,
            suggestion=suggestion,
        )  # fmt: skip

    def _wrong(self, answer: Expr, why: Explained | None) -> Judgement:
        witness = self._witness(answer) if answer.shape == self.case.shape else None
        note = "" if answer.shape == self.case.shape else self._shapes(answer) + "; "
        if why is None:
            return self._judged("wrong", note + "it is not the derivative, and no single slip explains it", witness=witness)
        where = None if why.piece is None else (self.start + why.piece.start, self.start + why.piece.end)
        return self._judged(
            "wrong", note + why.said(), slip=why.slips[0], slips=why.slips, where=where, witness=witness,
            suggestion=why.suggestion, parting=partial(parting, self.case, why, answer, self.ground),
        )  # fmt: skip

    def _witness(self, answer: Expr) -> Witness | None:
        import numpy as np

        truth, ground = self.truth, self.ground
        for here in ground.points(WITNESSES):
            left, right = values([answer, truth], here)
            if left is None or right is None or same(left, right):
                continue
            at = np.unravel_index(int(np.argmax(np.abs(left - right))), np.shape(left))
            if left[at] != right[at]:
                entry = (int(at[0]) + 1, int(at[1]) + 1)
                return Witness(
                    here.sizes,
                    ground.seed,
                    entry,
                    float(left[at]),
                    float(right[at]),
                    dict(here.env),
                    Again(answer, truth, here, entry),
                )
        return None

    # ---- ill-shaped -------------------------------------------------------------------------------------------
    def _shapes(self, answer: Expr) -> str:
        function = self.case.question.function
        by = " and ".join(f"{x.params[0]} ({shape_text(x.shape)})" for x in self.case.question.wrt)
        kind = "scalar" if function.is_scalar else f"vector ({shape_text(function.shape)})" if function.is_column else ""
        return (
            f"the derivative of a {kind or f'matrix ({shape_text(function.shape)})'} by {by} is {shape_text(self.case.shape)} in "
            f"{self.case.layout} layout, and the answer is {shape_text(answer.shape)}"
        )

    def _of_other_shape(self, answer: Expr) -> Judgement:
        """The answer fits in itself but is of a shape that no layout gives."""
        tries = list(mended(self.pieces, every=True)) if self.pieces is not None else []
        found = holding(
            [c for c in tries if c.expr.shape in (self.case.shape, self.case.shape[::-1])], self.truth, answer, self.ground
        )
        shapes = self._shapes(answer)
        for part, said in readings.parts(self.truth, NOUNS[self.case.question.kind]):
            if part.shape == answer.shape and self._equal_to(part, answer):
                return self._judged("ill-shaped", f"{shapes}; it is {said}", slip="entries left out")
        if not found:
            found = chained(self.case, answer, self.ground)
        scalar = answer.is_scalar
        if found:
            why = chosen(found, self.pieces, self.ground)
            where = None if why.piece is None else (self.start + why.piece.start, self.start + why.piece.end)
            return self._judged(
                "ill-shaped", f"{shapes}; {why.said()}", slip=why.slips[0], slips=why.slips, where=where,
                suggestion=why.suggestion, parting=partial(parting, self.case, why, answer, self.ground),
            )  # fmt: skip
        if scalar:
            said = f"{shapes}: a trace or an inner product was taken too early, or a factor is missing"
            return self._judged("ill-shaped", said, slip="scalar for matrix")
        return self._judged("ill-shaped", shapes)

    def _ill_shaped(self) -> Judgement:
        assert self.pieces is not None and self.pieces.misfit is not None
        misfit: Misfit = self.pieces.misfit
        pieces: Pieces = self.pieces
        where = (self.start + misfit.where[0], self.start + misfit.where[1])
        said = fit.sentence(pieces, misfit)
        if self.case.truth is None:
            return self._judged("ill-shaped", said, where=where)
        found: list[Found] = holding(fit.resizings(pieces, misfit), self.truth, self.truth, self.ground)
        equal = fit.right_at_equal_sizes(self.case, pieces.source)
        if equal is not None and not found:
            said += f"; it fits, and is right, when {equal}"
            return self._judged("right only if", said, slip="right only under an assumption", assumption=equal, where=where)
        fitting: list[Expr] = []
        if not found:
            found, fitting = fit.mended(self.case, pieces, misfit, self.ground)
        if found:
            why = chosen(found, pieces, self.ground)
            if why.piece is not None and why.piece is not misfit.piece:
                where = (self.start + why.piece.start, self.start + why.piece.end)
            return self._judged(
                "ill-shaped", f"{said}; {why.said()}", slip=why.slips[0], slips=why.slips, where=where,
                suggestion=why.suggestion, parting=partial(parting, self.case, why, None, self.ground),
            )  # fmt: skip
        if not fitting:
            return self._judged("ill-shaped", said, where=where)
        judged = ((e, Referee(self.case, e).judgement()) for e in fitting)
        e, then = next((pair for pair in judged if pair[1].slip), (fitting[0], None))
        said += f"; the shapes would fit in {e}, which is not the derivative either"
        more = "" if then is None else f" ({then.slip}): {then.explanation}"
        return self._judged("ill-shaped", said + more, where=where, slip=None if then is None else then.slip)

    def _judged(self, verdict: str, explanation: str, **more: object) -> Judgement:
        derivative = self.case.derivative
        slip = more.get("slip")
        more.setdefault("slips", (slip,) if slip else ())
        return Judgement(
            verdict,
            explanation,
            expression=str(self.case.question.function),
            wrt=tuple(x.params[0] for x in self.case.question.wrt),
            answer=self.text,
            derivative="" if derivative is None else str(derivative),
            layout=self.case.layout,
            structure=self.case.structure,
            **more,  # type: ignore[arg-type]
        )


class Again:
    """The two values of an entry, computed once more."""

    def __init__(self, answer: Expr, truth: Expr, here: Here, entry: tuple[int, int]) -> None:
        self.parts, self.here, self.entry = (answer, truth), here, entry

    def __call__(self) -> tuple[float, float]:
        left, right = values(self.parts, self.here)
        i, j = self.entry
        return float(left[i - 1, j - 1]), float(right[i - 1, j - 1])
