"""Questions by number, and how they are written in a file."""

from __future__ import annotations

import random
from typing import Any

from tests.fuzz.mistakes import Text, text
from tests.fuzz.questions import Question, question

FAILURES = (
    "wrong", "crash", "withheld", "undefined", "disagrees", "slow", "memory", "hang", "unprinted", "noise", "derivation",
)  # fmt: skip
"""Outcomes that are defects."""


def made(kind: str, seed: int, index: int) -> Question | Text:
    """The question of a kind with a number."""
    rng = random.Random(f"{kind} {seed} {index}")
    return question(rng) if kind == "expression" else text(rng)


def stated(case: Question | Text) -> dict[str, Any]:
    """The question as it goes into a line of a file; ``declared`` is what its text means in full."""
    if isinstance(case, Question):
        return {
            "expression": case.text, "wrt": list(case.wrt), "given": case.given, "declared": case.declared,
            "layout": case.layout, "structure": case.structure,
        }  # fmt: skip
    return {
        "expression": case.expression, "wrt": case.wrt, "given": case.given, "layout": case.layout,
        "structure": case.structure, "verify": case.verify,
    }  # fmt: skip


def restored(kind: str, line: dict[str, Any]) -> Question | Text:
    """The question that a line of a file states."""
    if kind == "expression":
        declared = line["declared"]
        return Question(None, line["expression"], tuple(line["wrt"]), declared, line["given"], line["layout"], line["structure"])
    return Text(**line)
