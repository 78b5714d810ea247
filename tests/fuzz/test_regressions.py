"""What fuzzing has found stays mended: regressions.toml, each case by its name, with the outcome it demands."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.fuzz import trial
from tests.fuzz.cases import FAILURES
from tests.fuzz.questions import Question
from tests.fuzz.syntax import declarations

import closedform as cf

CASES: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "regressions.toml").read_text(encoding="utf-8"))


def asked(case: dict[str, Any]) -> Question:
    """The question of a case."""
    declared = {part.partition(":")[0].strip(): part.partition(":")[2].strip() for part in case["given"].split(";")}
    conventions = case.get("layout", "mixed"), case.get("structure", "projected")
    return Question(None, case["expression"], tuple(case["wrt"]), declared, case["given"], *conventions)


@pytest.mark.parametrize("name", CASES)
def test_what_was_found_is_mended(name: str) -> None:
    case, wanted = CASES[name], CASES[name].get("outcome", "answered")
    question = asked(case)
    found = trial.alone(question) if wanted.startswith("not ") else trial.run(question)
    said = f"{found['outcome']}: {found['reason']}\n{found.get('detail', '')}"
    if wanted in ("answered", "refused", "input"):
        assert found["outcome"] == wanted, said
    else:
        assert found["outcome"] not in FAILURES, said
    if "answer" in case:
        assert str(cf.derive(question.text, list(question.wrt), question.given, layout=question.layout)) == case["answer"]


def test_the_second_reader_reads_every_declaration() -> None:
    for case in CASES.values():
        assert declarations(case["given"])
