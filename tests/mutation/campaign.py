"""Planted errors, counted: what was planted, what was caught, and every survivor in a form that can be run again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.contract.cases import CASES
from tests.mutation.alone import corpus, fired_in, of_rows, outcome, outcome_without, uses
from tests.mutation.answers import Answer, Mutant, answers, mutants, random_answers
from tests.mutation.attacks import attacked
from tests.mutation.rules import RuleMutant, rule_mutants

from closedform.core.errors import InputError, Refusal
from closedform.core.walk import leaves
from closedform.lang.declare import declaration
from closedform.lang.text import text
from closedform.rewrite.catalog import TIDY

LISTED = 2 / 3
"""This share of the errors in answers is planted in the listed ones, the rest in random ones."""
OF_ONE = 5
"""So many errors are planted in one random answer."""
QUESTIONS = 3
"""With so many questions each rewrite rule is taken out."""

Step = Callable[[], None]


def still() -> None:
    """A step that shows nothing."""


@dataclass
class Tally:
    """What came of one part of a campaign."""

    part: str
    kinds: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    survivors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        return sum(self.kinds.values())

    def count(self, kind: str, outcome: str, number: int) -> None:
        self.kinds[kind] += number
        self.outcomes[outcome] += number

    def add(self, kind: str, outcome: str, survivor: str = "") -> None:
        self.count(kind, outcome, 1)
        if survivor:
            self.survivors.append(survivor)


# ---- answers ---------------------------------------------------------------------------------------------------------
def planted_in_answers(count: int, seed: int = 0, withheld: list[str] | None = None) -> Iterator[Mutant]:
    """So many differing errors: in the listed answers in turn, then in random ones."""
    listed = list(answers())
    most = round(count * LISTED)
    planted = 0
    for mutant in mutants(listed, -(-most // len(listed)), seed):
        if planted == most:
            break
        planted += 1
        yield mutant
    drawn = random_answers(seed, withheld)
    for mutant in mutants(drawn, OF_ONE, seed):
        if planted == count:
            return
        planted += 1
        yield mutant


def verdict(mutant: Mutant) -> str:
    """What the certificate says of a wrong answer: "caught", "no point" or, where it survives, "certified"."""
    try:
        return "certified" if mutant.certificate().ok else "caught"
    except Refusal:
        return "no point"


def reproducible(mutant: Mutant) -> str:
    """The data from which ``closedform.verify.certificate.replay`` runs the check again."""
    answer: Answer = mutant.answer
    try:
        return json.dumps(mutant.certificate().data(), ensure_ascii=False)
    except InputError:
        given = {s.params[0]: declaration(s) for s in leaves(answer.original, "symbol")}
        return f"{answer.name} ({answer.structure}, {given}): {text(mutant.expr)} in place of {text(answer.expr)}"


def in_answers(count: int, seed: int = 0, step: Step = still) -> Tally:
    """Errors planted in answers, each put to the certificate."""
    tally = Tally("errors in answers")
    for mutant in planted_in_answers(count, seed, tally.notes):
        said = verdict(mutant)
        tally.add(mutant.kind, said, f"{mutant.kind}: {reproducible(mutant)}" if said == "certified" else "")
        step()
    return tally


# ---- rules -----------------------------------------------------------------------------------------------------------
def planted_in_rules(count: int, seed: int = 0) -> list[RuleMutant]:
    """So many differing errors, one in every rule of every operation before there are two in one."""
    first: dict[tuple[str, int, str], RuleMutant] = {}
    further: list[RuleMutant] = []
    each = 1
    while len(first) + len(further) < count and each < 2 * count:
        first.clear()
        further.clear()
        for mutant in rule_mutants(each, seed):
            if first.setdefault((mutant.case[0], mutant.slot, mutant.aspect), mutant) is not mutant:
                further.append(mutant)
        each *= 2
    return [*first.values(), *further][:count]


def in_rules(count: int, seed: int = 0, step: Step = still) -> Tally:
    """Errors planted in rules of differentiation, each put to the contract test."""
    tally = Tally("errors in rules")
    for mutant in planted_in_rules(count, seed):
        said = mutant.found()
        outcome = "survives" if said is None else f"caught by {said.split(':')[0]}"
        tally.add(mutant.kind, outcome, "" if said else f"{mutant} (path {mutant.path}, edit {mutant.number})")
        step()
    return tally


# ---- facts -----------------------------------------------------------------------------------------------------------
def of_facts(every: int = 1, step: Step = still) -> Tally:
    """The claims of all operations about their values, attacked; ``every``: of so many assignments of facts one.

    A claim that is made must hold.  One that is not made and does not hold stands for a planted error: the draws of the
    contract test must refute it.
    """
    tally = Tally("claims about values")
    for case in CASES:
        for found in attacked(case, every):
            where = f"{found.node} given {found.given}"
            tally.count("made", "holds", found.made - len(found.false))
            tally.count("planted", "caught", found.planted - len(found.unseen))
            for fact in found.false:
                tally.add("made", "refuted", f"{where} is not {fact}")
            for fact in found.unseen:
                tally.add("planted", "not seen", f"the contract test does not see that {where} is not {fact}")
        step()
    return tally


# ---- every rule alone --------------------------------------------------------------------------------------------------
def alone(step: Step = still, *, one_case: bool = False) -> Tally:
    """Every rule of differentiation, and every rewrite rule, taken out alone."""
    tally = Tally("questions without one rule")
    for use in uses(one_case):
        said = outcome(use)
        fine = said in ("refused", "equal")
        tally.add("a rule of differentiation", said if fine else "other", "" if fine else f"{use}: {said}")
        step()
    for name, cases in fired_in([*of_rows(), *corpus()]).items():
        for case in [] if name in TIDY else cases[:QUESTIONS]:
            said = outcome_without(name, case)
            fine = said in ("refused", "right")
            tally.add("a rewrite rule", said if fine else "other", "" if fine else said)
            step()
    return tally
