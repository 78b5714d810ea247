"""Slips in the rules: the chain rule stopped early, a product rule with one term, a wrong differential of one operation.

The derivative is accumulated backwards as it should be, except at one operation.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from functools import partial

from closedform.calculus.reverse import Pullback, pull_back
from closedform.calculus.structure import projected, space
from closedform.core.dim import ONE
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make
from closedform.core.walk import depends, postorder, substitute
from closedform.ops.build import negative, num, ones_like, product, times, total, transpose
from closedform.tutor.candidate import Candidate
from closedform.tutor.case import COTANGENT, Case, cotangent
from closedform.tutor.edits import FUNCTIONS, edits, without_factors
from closedform.tutor.planted import short

MOST_STEPS = 40
MOST_CANDIDATES = 600
MISREAD = frozenset(
    {"entrywise function taken as matrix function", "elementwise and matrix product confused",
     "elementwise operation moved past a product", "factors commuted", "missing transpose", "misplaced transpose",
     "missing inverse", "misplaced inverse", "wrong power", "wrong sign", "dropped term"}
)  # fmt: skip
"""Slips that turn the question into another one."""


class Chain:
    """The backward accumulation of a case, and what slips in it give."""

    def __init__(self, case: Case) -> None:
        assert case.last is not None
        self.case = case
        self.function, self.x = case.last
        self.scalar = self.function.is_scalar
        self.seed = num(1) if self.scalar else cotangent(self.function)
        self.fact = space(self.x) if case.structure != "free" else ""

    def action(self, answer: Expr) -> Expr | None:
        """What an answer in the layout asked for says of the cotangent: a gradient by the variable."""
        H = self.case.mixed(answer)
        if self.scalar:
            return H
        try:
            if self.x.is_scalar:
                return make("trace", (product(transpose(self.seed), H),)) if not H.is_column else product(transpose(self.seed), H)
            stacked = product(transpose(H), self.seed if self.seed.cols is ONE else make("vec", (self.seed,)))
            return stacked if self.x.cols is ONE else make("unvec", (stacked,), self.x.shape)
        except InputError:
            return None

    def misread(self) -> list[Candidate]:
        """The gradients of the question with functions of entries and of matrices taken for each other."""
        if not any(node.op.name in FUNCTIONS for node in postorder(self.function)):
            return []
        return self._kept(self._misread(FUNCTIONS, 2))

    def candidates(self) -> list[Candidate]:
        """The gradients that slips give, in the convention asked for."""
        return self._kept(self._candidates())

    def _kept(self, found: Iterator[Candidate]) -> list[Candidate]:
        out: list[Candidate] = []
        for c in found:
            out.append(c)
            if self.fact and c.expr.shape == self.x.shape:
                out.append(c._replace(expr=projected(self.x, self.fact, c.expr, self.case.structure)))
            if len(out) > MOST_CANDIDATES:
                break
        return out

    def _candidates(self) -> Iterator[Candidate]:
        steps: list[Pullback] = []
        whole = pull_back(self.function, self.x, self.seed, steps)
        if len(steps) > MOST_STEPS:
            return
        yield from self._stops(steps)
        for step in steps:
            if step.node.op.name == "series":
                continue
            for argument, part in step.parts:
                yield from self._wrong(whole, step, argument, part)
        yield from self._misread()

    def _stops(self, steps: list[Pullback]) -> Iterator[Candidate]:
        """The derivative by an intermediate value instead of by the variable."""
        if not self.scalar:
            return
        for step in steps[1:]:
            yield Candidate(
                step.cotangent, "chain rule stopped early", 3, partial(_stopped, self.x, step.node), None, None, node=step.node
            )

    def _wrong(self, whole: Expr, step: Pullback, argument: Expr, part: Expr) -> Iterator[Candidate]:
        right = self._through(argument, part)
        if right is None:
            return
        for wrong, slip, rank, said in self._parts(step, argument, part):
            through = self._through(argument, wrong) if wrong is not None else None
            if wrong is not None and through is None:
                continue
            rest = without_term(whole, right)
            if through is not None:
                rest = through if rest is None else total(rest, through)
            if rest is not None:
                yield Candidate(rest, slip, rank, said, None, None, node=step.node, planted=wrong)

    def _through(self, argument: Expr, part: Expr) -> Expr | None:
        """What a cotangent of an intermediate value contributes to the gradient."""
        if argument is self.x:
            return part
        try:
            return pull_back(argument, self.x, part)
        except InputError:
            return None

    def _parts(self, step: Pullback, argument: Expr, part: Expr) -> Iterator[tuple[Expr | None, str, int, partial[str]]]:
        """Wrong cotangents of an argument, with the slip that gives each."""
        node, arrived = step.node, step.cotangent
        yield None, "dropped term", 3, partial(_said, "the dependence of {0} on {1} is left out", node, argument)
        if arrived.shape == argument.shape and arrived is not part and node.op.name not in ("add", "named"):
            clause = "the derivative of {0} by {1} is left out"
            yield arrived, "chain rule stopped early", 3, partial(_said, clause, node, argument)
        if node.op.name in ("softmax", "softmax_rows") and arrived.shape == node.shape:
            slope = times(node, total(ones_like(node), negative(node)))
            clause = "the derivative of {0} is taken as p.*(1 - p), without the terms off the diagonal"
            yield times(arrived, slope), "elementwise softmax derivative", 3, partial(_said, clause, node, argument)
        if node.op.name in ("add", "named", "transpose"):
            return
        yield negative(part), "wrong sign", 3, partial(_said, "the differential of {0} has the wrong sign", node, argument)
        own = set(postorder(part)) - set(postorder(arrived, *node.args))
        for inner in [n for n in postorder(part) if n in own]:
            for edit in edits(inner):
                if edit.new.shape == inner.shape:
                    clause = "in the differential of {0} there is {2} where {3} belongs"
                    said = partial(_said, clause, node, argument, edit.new, inner)
                    wrong = _swapped(part, inner, edit.new)
                    if wrong is not None:
                        yield wrong, edit.plants, edit.rank + 1, said
            for rest, factor in without_factors(inner):
                if rest.shape == inner.shape:
                    said = partial(_said, "in the differential of {0} the factor {2} is left out", node, argument, factor)
                    wrong = _swapped(part, inner, rest)
                    if wrong is not None:
                        yield wrong, "dropped factor", 3, said

    def _misread(self, only: Container[str] = (), rank: int = 4) -> Iterator[Candidate]:
        """The derivative of another expression, for which the question may have been taken."""
        nodes = postorder(self.function)
        active = depends(nodes, self.x)
        for node in nodes:
            if node not in active or (only and node.op.name not in only):
                continue
            for edit in edits(node):
                if edit.plants not in MISREAD or edit.new.shape != node.shape:
                    continue
                try:
                    other = substitute(self.function, {node: edit.new}) if node is not self.function else edit.new
                    gradient = pull_back(other, self.x, self.seed)
                except InputError:
                    continue
                said = partial(_taken, other)
                yield Candidate(gradient, edit.plants, rank, said, None, None, node=node)


def without_term(whole: Expr, term: Expr) -> Expr | None:
    """The sum without a term; None when nothing is left."""
    if whole is term:
        return None
    return total(whole, negative(term))


def _swapped(part: Expr, node: Expr, new: Expr) -> Expr | None:
    if node is part:
        return new
    try:
        return substitute(part, {node: new})
    except InputError:
        return None


def _stopped(x: Expr, node: Expr) -> str:
    return f"it is the derivative by {short(str(node))}; by {x.params[0]} it goes on with the derivative of that expression"


def _said(clause: str, node: Expr, argument: Expr, *more: Expr) -> str:
    said = "it is what comes out when " + clause.format(*(short(str(e)) for e in (node, argument, *more)))
    if COTANGENT not in said:
        return said
    said = said.replace("the differential of", "the pullback of").replace(COTANGENT, "delta")
    return f"{said}, delta being what is handed back to {short(str(node))}"


def _taken(other: Expr) -> str:
    return f"it is the derivative of another expression, {short(str(other))}"
