"""The derivation on the command line: ``--steps`` in every format, ``--notation``."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from tests.page.corpus import GAUSSIAN, made
from tests.page.texcheck import faults

from closedform.cli.main import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def go(*options: str) -> tuple[int, str, str]:
        expression, wrt, given = GAUSSIAN
        status = main(["derive", expression, "--wrt", wrt, "--given", given, *options])
        out, err = capsys.readouterr()
        return status, out, err

    return go


@pytest.mark.parametrize("notation", ["trace", "frobenius"])
@pytest.mark.parametrize("form", ["text", "unicode", "latex", "markdown"])
def test_steps_are_the_page_in_the_format_and_notation_asked_for(run: Run, form: str, notation: str) -> None:
    status, out, _ = run("--steps", "--format", form, "--notation", notation)
    assert status == 0
    assert made(GAUSSIAN).page(form, notation) in out


def test_without_steps_there_is_no_page(run: Run) -> None:
    for form in ("text", "unicode", "latex", "markdown"):
        assert "[identify]" not in run("--format", form, "--notation", "frobenius")[1]


def test_latex_with_its_derivation_is_sound(run: Run) -> None:
    formula, _, page = run("--steps", "--format", "latex")[1].partition("\n\n")
    assert formula
    assert not list(faults(page))


def test_the_steps_in_json_are_whole_expressions(run: Run) -> None:
    steps = json.loads(run("--format", "json", "--notation", "frobenius")[1])["steps"]
    d = made(GAUSSIAN)
    assert [list(step) for step in steps] == [["rule", "before", "after", "because"]] * len(d)
    assert [step["rule"] for step in steps] == [step.rule for step in d]
    assert steps[0]["before"] == str(d[0].before) == "d(logdet(S) + tr(inv(S)*C))"


def test_an_unknown_notation_is_bad_input(run: Run) -> None:
    status, out, err = run("--steps", "--notation", "colon")
    assert status == 2
    assert not out
    assert "notation" in err
    assert "Traceback" not in err
