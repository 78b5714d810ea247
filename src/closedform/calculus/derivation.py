"""The derivation: the steps that produced the answer, in the order in which they were made.

A stage (one differentiation) was recorded as it was made: the rules of the differential, the transposition of the linear
map it is, the rewrites of the simplifier.  Here each is put in its place in the whole expression, in four parts: the
differential, moves to the standard form, simplification with what is known, and identification.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from closedform.calculus.alike import alike
from closedform.calculus.composition import by_name, in_names, names_in, with_layers
from closedform.calculus.derive import Stage
from closedform.calculus.forward import Push, differential
from closedform.calculus.layers import NAMED, layered
from closedform.calculus.lines import Differential
from closedform.calculus.moves import standard_form
from closedform.calculus.rewriting import are_symmetric, rewritten, symmetric_symbols, written_out
from closedform.calculus.rules import jacobian_laws
from closedform.calculus.step import Step, direction, pairing
from closedform.calculus.tidy import tidied
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, substitute, tree_size
from closedform.ops.build import identity, product, transpose, zeros_like
from closedform.rewrite.best import shortest

FORMS = {
    "scalar": "the derivative is what the direction is multiplied with: dF = G*dt",
    "gradient": "the gradient is read off df = tr(G'*dX)",
    "column": "the gradient is read off df = g'*dx",
    "jacobian": "the Jacobian is what the direction is multiplied with: dvec F = J*dvec X",
    "vector": "the Jacobian is what the direction is multiplied with: dy = J*dx",
}
"""What is read off, and from which standard form."""


@dataclass(frozen=True)
class Finish:
    """How the derivative of the last stage became the answer.

    ``mixed`` is it with the variable's own facts used, ``because`` which; ``printed`` that in the layout asked for,
    ``named`` that with its repeated parts named.
    """

    mixed: Expr
    printed: Expr
    named: Expr
    rule: str = ""
    because: str = ""
    layout: str = ""
    taken: frozenset[str] = frozenset()
    """Names that are in use: no part of a derivation gets one of them."""
    restricts: bool = True
    """Does the convention keep the direction in the space of the variable?"""
    held: Mapping[Expr, Expr] = field(default_factory=dict)
    """Variables as they are declared, by what stood for them while facts that restrict them were set aside."""
    own: frozenset[Expr] = frozenset()
    """Sums that are written as they were typed."""

    def settles(self, stage: Stage) -> bool:
        """Do the facts of the variable shorten the derivative, nothing being projected?"""
        return self.mixed is not stage.result and str(self.mixed) != str(stage.result) and self.by_facts(stage)

    def by_facts(self, stage: Stage) -> bool:
        """Do the facts of the variable alone lead to the answer, so that nothing is projected?"""
        return self.mixed is shortest(substitute(stage.result, self.held), stage.order, self.own).expr


def derivation(stages: Sequence[Stage], finish: Finish, asked: Expr) -> tuple[Step, ...]:
    """The steps of the stages, one differentiation after the other, then those that finish the answer.

    ``asked`` is the function as it was put, which may have been simplified before it was differentiated.
    """
    steps: list[Step] = []
    first = stages[0]
    if first.function is not asked:
        before, after = (_start(e, first.leaf) for e in (asked, first.function))
        steps.append(Step("simplify", before, after, "the same function in simpler words"))
    for stage in stages[:-1]:
        rule = "project" if stage.settled is not stage.result else ""
        steps += _stage(stage, Finish(stage.settled, stage.settled, stage.settled, rule, taken=finish.taken))
        if steps[-1].after is not stage.settled:
            steps.append(written_out(steps[-1].after, stage.settled, stage.settled, stage.order))
    steps += _stage(stages[-1], finish)
    reached = steps[-1].after
    if reached is not finish.printed:
        steps.append(written_out(reached, finish.printed, finish.named, stages[-1].order, finish.own))
    elif finish.named is not finish.printed:
        steps.append(Step("name", finish.printed, finish.named, "repeated parts are named"))
    return _merged(steps)


def _merged(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps with bookkeeping as a part of the step before it."""
    out: list[Step] = []
    passed: Expr | None = None  # a line left out that only puts the terms of the one before it in another order
    for step, following in zip(steps, (*steps[1:], None), strict=True):
        if passed is step.before:
            step = replace(step, before=out[-1].after)
        passed = None
        ordered = step.rule not in SPOKEN and alike(step.before, step.after)
        if (ordered or step.rule == "tidy-up") and out and out[-1].after is step.before and out[-1].rule != "identify":
            if ordered and following is not None and following.before is step.after and following.rule != "identify":
                passed = step.after
                continue
            last = out.pop()
            step = Step(last.rule, last.before, step.after, last.because)
        if out and out[-1].after is not step.before and str(out[-1].after) == str(step.before):
            step = replace(step, before=out[-1].after)  # the same line, with more known of the variable
        if step.before is not step.after and (step.rule not in ("project", "facts") or str(step.before) != str(step.after)):
            out.append(step)
    return tuple(out)


SPOKEN = frozenset({"identify", "name-layers", "write-out", "name", "simplify"})
"""Steps that are shown although the formula is the same."""


def _start(function: Expr, leaf: Expr) -> Expr:
    """The differential of a function, from which its derivation starts: dF, or dvec F where a Jacobian is read off."""
    whole = direction(leaf) if function is leaf else make("d", (function,))
    return whole if function.is_scalar or function.is_column or leaf.is_scalar else make("vec", (whole,))


def _stage(stage: Stage, finish: Finish) -> Iterator[Step]:
    """The lines of one differentiation, to the derivative that is read off."""
    leaf = stage.leaf
    line = _start(stage.function, leaf)
    plain = finish.printed is stage.result  # nothing is done to the derivative that was found
    names: dict[Expr, Expr] = {}
    if stage.function is not leaf and not stage.active:
        zero = _standard(zeros_like(stage.result), stage)
        yield Step("constant", line, zero, f"{leaf} does not occur")
        line = zero
    elif stage.layered:
        for step in layered(stage, names_in(finish.named), finish.taken):
            yield step
            line = step.after
    else:
        steps, names = _readable(stage, line, finish)
        yield from steps
        line = steps[-1].after if steps else line
    if stage.layered and plain:
        yield Step("identify", line, _read_off(line, leaf), FORMS[_form(stage)])
        return
    result = in_names(stage.result, names) if plain else stage.result
    final = _standard(result, stage)
    projects = finish.mixed is not stage.result and finish.rule != "independent"
    if line is not final and not (finish.settles(stage) and not stage.layered and _is_unsettled(stage)):
        yield Step("write-out" if stage.layered else "tidy-up", line, final, "the same in fewer signs and brackets")
        line = final
    silent = False  # is what is used of the variable not seen in the formula?
    if projects:
        after = _standard(finish.mixed, stage)
        silent = str(after) == str(line)
        rule, because = finish.rule, finish.because or f"only the part in the space of {leaf} acts on d{leaf}"
        symmetric = symmetric_symbols(substitute(line, finish.held))
        if rule == "project" and symmetric and finish.by_facts(stage):
            rule, because = "facts", are_symmetric(symmetric)
        yield Step(rule, line, after, because)
        line = after
    layout = f"; {finish.because}" if finish.rule == "independent" or (silent and finish.restricts) else ""
    read = result if plain else finish.printed
    yield Step("identify", line, read, FORMS[_form(stage)] + layout + (f"; {finish.layout}" if finish.layout else ""))


def _readable(stage: Stage, line: Expr, finish: Finish) -> tuple[list[Step], dict[Expr, Expr]]:
    """The lines of a differential, with names for the layers of the function where a line would be long without."""
    settles = finish.settles(stage)
    steps = list(_lines(stage, line, settles))
    if finish.named is finish.printed and not any(_is_long(step.after) for step in steps):
        return steps, {}
    function = with_layers(stage.function, stage.leaf, names_in(finish.named), finish.taken)
    names = by_name(function)
    if not names:
        return steps, {}
    names = {**{tidied(part): name for part, name in names.items()}, **names}
    pushes: list[Push] = []
    differential(function, stage.leaf, direction(stage.leaf), pushes)
    renamed = replace(stage, function=function, pushes=tuple(pushes))
    start = _start(function, stage.leaf)
    return [Step("name-layers", line, start, NAMED), *_lines(renamed, start, settles, names)], names


def _form(stage: Stage) -> str:
    if stage.leaf.is_scalar:
        return "scalar"
    if stage.function.is_scalar:
        return "column" if stage.leaf.is_column else "gradient"
    return "vector" if stage.leaf.is_column and stage.function.is_column else "jacobian"


def _read_off(line: Expr, leaf: Expr) -> Expr:
    """The G of tr(G'*dX), or of g'*dx; zeros where the direction does not stand in it."""
    inside = line.args[0] if line.op.name == "trace" else line
    if not inside.args and inside.op.name != "tangent":
        return zeros_like(leaf)
    if inside.op.name == "tangent":
        return identity(inside.rows)
    return transpose(product(*inside.args[:-1]))


LONG_LINE = 26
"""Lines with more nodes than this are long …"""
REPEATING = 16
"""… and those with more than this that repeat more than a third of them."""


def _is_long(line: Expr) -> bool:
    size = tree_size(line)
    return size > LONG_LINE or (size > REPEATING and 3 * len(postorder(line)) < 2 * size)


SETTLING = frozenset({"symmetric", "sum-of-multiples", "transpose-out", "collect", "common-factor", "common-scalar", "tidy-up"})
"""Rules that are not shown of a derivative that is simplified once more, with the facts of its variable."""


def _is_unsettled(stage: Stage) -> bool:
    return all(name in SETTLING for record in stage.tidied for name in record.rules)


def _lines(stage: Stage, line: Expr, settles: bool, names: Mapping[Expr, Expr] | None = None) -> Iterator[Step]:
    """The differential by its rules, its standard form, and the rewrites of what is then in front of the direction."""
    leaf = stage.leaf

    def shown(derivative: Expr) -> Expr:
        return _standard(in_names(tidied(derivative), names or {}), stage)

    forward = Differential(stage.pushes, leaf, line, names)
    yield from forward.steps()
    line = forward.whole
    if stage.function.is_scalar and not leaf.is_scalar:
        for step in standard_form(line, leaf):
            yield step
            line = step.after
    else:
        after = shown(stage.raw)
        if after is not line:
            yield Step("standard-form", line, after, jacobian_laws(line, leaf))
            line = after
    if not (settles and _is_unsettled(stage)):
        yield from rewritten(stage, line, shown, names or {})


def _standard(derivative: Expr, stage: Stage) -> Expr:
    """tr(G'*dX), g'*dx, G*dt or J*dvec X."""
    leaf, moved = stage.leaf, direction(stage.leaf)
    if leaf.is_scalar:
        return product(derivative, moved)
    if stage.function.is_scalar:
        return pairing(derivative, moved)
    if derivative.op.name == "eye":
        return moved if leaf.is_column else make("vec", (moved,))
    return product(derivative, moved if leaf.is_column else make("vec", (moved,)))
