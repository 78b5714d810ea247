"""The derivations that a textbook would show, as pages: each reads as it is kept, and each of its lines holds."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Golden

import closedform as cf
from closedform.result import Derivative

PAGES: dict[str, list[dict[str, Any]]] = tomllib.loads((Path(__file__).parent / "pages.toml").read_text(encoding="utf-8"))
QUESTIONS = {f"{page}, {question['title']}": question for page, questions in PAGES.items() for question in questions}


def derived(question: dict[str, Any]) -> Derivative:
    return cf.derive(question["f"], question["wrt"], question["given"], structure=question.get("structure", "projected"))


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_the_golden_one(page: str, golden: Golden) -> None:
    sections = []
    for question in PAGES[page]:
        d = derived(question)
        by = question["wrt"] if isinstance(question["wrt"], str) else " and ".join(question["wrt"])
        title = f"{question['title']}: {question['f']} by {by}, given {question['given']}"
        sections.append(f"{title}\n{'-' * min(len(title), 110)}\n{d.derivation}\n\n{d.kind}, {' x '.join(d.shape)}: {d}\n")
    golden.check(f"textbook/{page}.txt", "\n\n".join(sections))


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_every_line_holds(question: dict[str, Any]) -> None:
    d = derived(question)
    assert d.derivation.steps[-1].after is d.expr
    check = d.derivation.check()
    assert check.ok, str(check)
