"""Rules of differentiation with one error in them: every one that differs must break the contract of its operation.

The rule that an operation declares for a slot, a differential or an adjoint, is wrapped so that what it returns has one
edit, always at the same place.  Whether that changes it is judged by the printed texts (values.py).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from tests.contract import findings, fresh, like, node_of
from tests.contract.cases import CASES
from tests.mutation.answers import Answer, Judge
from tests.mutation.edits import Path, at, errors_of, in_turn, paths, placed

from closedform.core import expr
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, registry
from closedform.core.op import Op, Rule

Case = tuple[str, str, tuple[Any, ...]]


class RuleMutant(NamedTuple):
    """One edit of what the rule of an operation in one slot returns: where in it, and which of the edits of that part."""

    case: Case
    slot: int
    aspect: str
    path: Path
    number: int
    kind: str
    true: str
    wrong: str

    def __str__(self) -> str:
        name, declaration, params = self.case
        where = f"{self.aspect} of {name} in slot {self.slot} ({declaration} {params or ''})"
        return f"{where}, {self.kind}: {self.true} as {self.wrong}"

    def planted(self) -> Op:
        """The operation with this error."""
        op = registry()[self.case[0]]
        rules = op.adjoints if self.aspect == "adjoint" else op.differentials
        key = 0 if op.variadic else self.slot
        edited = self._edited(rules[key], any_slot=not op.variadic)
        return replace(op, **{f"{self.aspect}s": {**rules, key: edited}})

    def _edited(self, rule: Rule, *, any_slot: bool) -> Rule:
        def wrong(*parts: Any) -> Expr:
            out = rule(*parts)
            return edited(out, self.path, self.number) or out if any_slot or parts[0] == self.slot else out

        return wrong

    def found(self) -> str | None:
        """What the contract test says first; None when it passes."""
        with registered(self.planted()):
            for name, declaration, params in sorted(CASES, key=lambda case: case != self.case):
                if name == self.case[0]:
                    for said in findings(name, declaration, params):
                        return said
        return None


def edited(e: Expr, path: Path, number: int) -> Expr | None:
    """An expression with one of the edits at a place, or None where there is no such place or the shape changes."""
    try:
        options = list(errors_of(at(e, path)))
        new = placed(e, path, options[number][1])
    except (IndexError, InputError):
        return None
    return new if new.shape == e.shape else None


@contextmanager
def registered(op: Op) -> Iterator[None]:
    """The registry with another declaration of an operation.  Nodes made before keep theirs."""
    before = expr._registry[op.name]
    expr._registry[op.name] = op
    try:
        yield
    finally:
        expr._registry[op.name] = before


def declared_rules(cases: list[Case] | None = None) -> Iterator[tuple[Case, int, str, Expr, Expr]]:
    """Every slot with a rule: the case, the slot, the aspect, the node and what the rule returns for it."""
    for case in cases or CASES:
        name, declaration, params = case
        e = node_of(name, fresh(declaration), params)
        for slot, argument in enumerate(e.args):
            if argument.op.name != "symbol":
                continue
            linear = e.op.linear_in(slot)
            try:
                rule = e.op.adjoint(slot, like(e, "G"), e) if linear else e.op.differential(slot, like(argument, "E"), e)
            except Refusal:
                continue
            yield case, slot, "adjoint" if linear else "differential", e, rule


def rule_mutants(each: int, seed: int = 0, every: int = 1) -> Iterator[RuleMutant]:
    """Edits of every so many-th rule that change its value, at most so many of each, drawn by lot."""
    for number, (case, slot, aspect, e, rule) in enumerate(declared_rules()):
        if number % every:
            continue
        judge = Judge(Answer("", e, (), rule, "free"))
        places = [(kind, (path, k)) for path in paths(rule) for k, (kind, _) in enumerate(errors_of(at(rule, path)))]
        count = 0
        for kind, (path, k) in in_turn(places, random.Random(seed + number)):
            wrong = edited(rule, path, k)
            if wrong is not None and wrong is not rule and judge.points and judge.differs(wrong):
                yield RuleMutant(case, slot, aspect, path, k, kind, str(rule), str(wrong))
                count += 1
                if count == each:
                    break


def rules() -> set[tuple[str, int, str]]:
    """The declared rules: operation, slot, aspect."""
    return {(case[0], slot, aspect) for case, slot, aspect, _, _ in declared_rules()}
