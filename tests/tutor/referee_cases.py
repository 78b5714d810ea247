"""What the referee is tried on: the public corpus with its true answers, and mutants of those."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.equality.mutants import differ, single_edits

import closedform as cf
from closedform.calculus.step import unnamed
from closedform.core.expr import Expr
from closedform.tutor.judgement import Judgement

DATA = Path(__file__).parents[1] / "data" / "public.jsonl"
CASES: list[dict[str, Any]] = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines() if line.strip()]
FACTS = {"positive_definite": "pd", "lower_triangular": "lower", "unit_interval": "unit"}
STRUCTURE = {
    "symmetric-independent": "independent", "symmetric-projected": "projected", "skew-projected": "projected",
    "diagonal": "projected", "lower_triangular": "projected", "diagonal-vector": "projected",
}  # fmt: skip


class Asked(NamedTuple):
    """A question of the corpus with its true answer."""

    name: str
    expression: str
    wrt: Any
    given: dict[str, str]
    structure: str
    truth: Expr

    def judged(self, answer: str) -> Judgement:
        return cf.check(self.expression, self.wrt, answer, self.given, structure=self.structure)


def questions(step: int = 1) -> Iterator[Asked]:
    """Every ``step``-th question of the corpus."""
    for case in CASES[::step]:
        given = {
            name: " ".join([" ".join(map(str, spec["shape"])) or "scalar", *(FACTS.get(f, f) for f in spec.get("is", []))])
            for name, spec in case["vars"].items()
        }
        structure = STRUCTURE.get(case.get("convention", ""), "free")
        truth = unnamed(cf.derive(case["expr"], case["wrt"], given, structure=structure, verify=False).expr)
        yield Asked(case["id"], case["expr"], case["wrt"], given, structure, truth)


def mutants(step: int = 1, *, questions_step: int = 1) -> Iterator[tuple[Asked, str, Expr]]:
    """Answers with one planted error that differ from the true one: those of every ``step``-th edit."""
    count = 0
    for asked in questions(questions_step):
        seen = {asked.truth}
        for error, edited in single_edits(asked.truth):
            if edited in seen or edited.shape != asked.truth.shape:
                continue
            seen.add(edited)
            count += 1
            if count % step == 0 and differ(asked.truth, edited):
                yield asked, error, edited
