"""The derivation: the steps that produced the answer, in the order in which they were made.

Nothing here computes.  A step of reverse accumulation, of the differential or of the simplifier was recorded when it was
made; here each is put in its place in the whole expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from closedform.calculus.derive import Stage
from closedform.calculus.forward import one_step
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, substitute
from closedform.ops.build import inner, num, total
from closedform.rewrite.catalog import rule

LINEAR = {
    "add": "d(A + B) = dA + dB",
    "mul": "d(A*B) = dA*B + A*dB",
    "hadamard": "d(A.*B) = dA.*B + A.*dB",
    "transpose": "d(A') = (dA)'",
    "blocks": "the differential is taken block by block",
    "index": "the differential is taken entry by entry",
}
"""The rules of the operations that are linear in each argument and have no word."""


@dataclass(frozen=True)
class Step:
    """One line: ``before`` and ``after`` are whole expressions of equal value (at "identify": what is read and what is
    read off), ``rule`` names the step, ``because`` says why it holds."""

    rule: str
    before: Expr
    after: Expr
    because: str

    def __str__(self) -> str:
        return f"{self.before}\n  = {self.after}    [{self.rule}: {self.because}]"


@dataclass(frozen=True)
class Derivation:
    """The steps of a derivation, in order.  ``str()`` is a readable page."""

    steps: tuple[Step, ...]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, at: int) -> Step:
        return self.steps[at]

    def __str__(self) -> str:
        lines: list[str] = []
        for step in self.steps:
            if not lines or lines[-1].lstrip("= ").strip() != str(step.before):
                lines.append(f"{step.before}")
            mark = "=>" if step.rule == "identify" else " ="
            lines.append(f"    [{step.rule}] {step.because}")
            lines.append(f"{mark} {step.after}")
        return "\n".join(lines)


def differential_of(e: Expr, leaf: Expr, tangent: Expr) -> Expr:
    """d(e); of the variable itself its direction."""
    return tangent if e is leaf else make("d", (e,))


def pairing(cotangent: Expr, moved: Expr) -> Expr:
    """The inner product of a cotangent with a differential."""
    if cotangent.op.name == "number" and cotangent.params[0] == 1:
        return moved
    if cotangent.op.name == "eye":
        return make("trace", (moved,))
    return inner(cotangent, moved)


@dataclass(frozen=True)
class Finish:
    """How the derivative of the last stage became the answer.

    ``mixed`` is it with the variable's own facts used (and projected on its space, when ``rule`` says so), ``printed``
    that in the layout asked for, ``named`` that with its repeated parts named.
    """

    mixed: Expr
    printed: Expr
    named: Expr
    rule: str = ""
    because: str = ""
    layout: str = ""


def derivation(stages: Sequence[Stage], finish: Finish, asked: Expr) -> Derivation:
    """The steps of the stages, one differentiation after the other, then those that finish the answer.

    ``asked`` is the function as it was put, which may have been simplified before it was differentiated.
    """
    steps: list[Step] = []
    first = stages[0]
    if first.function is not asked:
        before, after = (differential_of(e, first.leaf, first.tangent) for e in (asked, first.function))
        steps.append(Step("simplify", before, after, "the same function in simpler words"))
    for stage in stages:
        steps.extend(_stage(stage, finish if stage is stages[-1] else None))
    if finish.named is not finish.printed:
        steps.append(Step("name", finish.printed, finish.named, "repeated parts are named"))
    return Derivation(tuple(steps))


def _stage(stage: Stage, finish: Finish | None) -> Iterator[Step]:
    result = finish.printed if finish is not None else stage.result
    layout = f"; {finish.layout}" if finish is not None and finish.layout else ""
    if stage.differential is None:
        yield from _reverse(stage, finish, result, layout)
    else:
        yield from _forward(stage, result, layout)


def _reverse(stage: Stage, finish: Finish | None, result: Expr, layout: str) -> Iterator[Step]:
    """df as a sum of inner products of cotangents with differentials, one of them resolved a line."""
    leaf, tangent = stage.leaf, stage.tangent
    open_parts: dict[Expr, list[Expr]] = {stage.function: [num(1)]}

    def state() -> Expr:
        terms = [pairing(total(*cs), differential_of(e, leaf, tangent)) for e, cs in open_parts.items()]
        return total(*terms) if terms else num(0)

    before = state()
    for pull in stage.pullbacks:
        del open_parts[pull.node]
        for argument, cotangent in pull.parts:
            open_parts.setdefault(argument, []).append(cotangent)
        after = state()
        if after is not before:
            yield Step(f"d-{pull.node.op.name}", before, after, _why(pull.node))
        before = after
    if not stage.pullbacks and stage.function is not leaf:
        zero = pairing(stage.raw, tangent)
        yield Step("constant", before, zero, f"{leaf} does not occur")
        before = zero
    for step in _tidied(stage, stage.raw, lambda g: pairing(g, tangent), before):
        yield step
        before = step.after
    if finish is not None and finish.mixed is not stage.result:
        after = pairing(finish.mixed, tangent)
        yield Step(finish.rule, before, after, finish.because)
        before = after
    form = "df = tr(G'*dX)" if not leaf.is_column else "df = g'*dx"
    yield Step("identify", before, result, f"the derivative is what the direction is multiplied with: {form}{layout}")


def _forward(stage: Stage, result: Expr, layout: str) -> Iterator[Step]:
    """The differential, one node a line from the outside in, then what is read off it."""
    leaf, tangent = stage.leaf, stage.tangent
    whole = differential_of(stage.function, leaf, tangent)
    active = {push.node for push in stage.pushes} | {leaf}
    for push in reversed(stage.pushes):
        marks = {a: differential_of(a, leaf, tangent) for a in push.node.args if a in active}
        local = one_step(push.node, marks)
        after = substitute(whole, {make("d", (push.node,)): local})
        if after is not whole:
            yield Step(f"d-{push.node.op.name}", whole, after, _why(push.node))
        whole = after
    if not stage.pushes and stage.function is not leaf:
        yield Step("constant", whole, stage.raw, f"{leaf} does not occur")
        whole = stage.raw
    for step in _tidied(stage, whole, lambda g: g, whole):
        yield step
        whole = step.after
    if stage.read is None:
        yield Step("identify", whole, result, "the derivative is the differential in the direction 1" + layout)
    else:
        yield Step("identify", whole, result, "the Jacobian is what the direction is multiplied with: dvec F = J*dvec X" + layout)


def _tidied(stage: Stage, core: Expr, shown: Callable[[Expr], Expr], before: Expr) -> Iterator[Step]:
    """The rewrites of the simplifier, each put in its place in the whole expression; bookkeeping merges."""
    pending: tuple[str, str] | None = None
    start = before
    for record in stage.tidied:
        if stage.read is not None and record.before not in _nodes(core):
            continue
        changed = substitute(core, {record.before: record.after})
        if changed is core:
            continue
        core = changed
        after = shown(core)
        name = record.rules[0]
        because = "; ".join(rule(r).because for r in record.rules)
        if name == "tidy-up":
            pending = pending or (name, because)
            before = after
            continue
        if pending is not None and start is not before:
            yield Step(pending[0], start, before, pending[1])
        pending = None
        yield Step("+".join(record.rules), before, after, because)
        before = start = after
    if pending is not None and start is not before:
        yield Step(pending[0], start, before, pending[1])


def _nodes(e: Expr) -> set[Expr]:
    return set(postorder(e))


def _why(node: Expr) -> str:
    return node.op.why or LINEAR.get(node.op.name) or f"{node.op.word or node.op.name} is linear in each argument"
