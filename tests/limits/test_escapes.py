"""What is put in comes out escaped: in LaTeX, in HTML, in JSON.  Each check is seen to fail where nothing is escaped."""

from __future__ import annotations

import json
import re
import sys

import pytest
from tests.page.texcheck import faults

import closedform as cf
from closedform.calculus.step import Step
from closedform.cli.main import main
from closedform.page import html
from closedform.page.derivation import Derivation

NAMES = ["x_", "a_b_c", "Sigma__1", "x1_2", "lambda_", "W_12_3", "mu_sigma", "None_", "beta_", "exec"]


def found(name: str) -> list[str]:
    """What is wrong with the LaTeX of an answer that holds a name."""
    d = cf.derive(f"{name}'*A*{name} + sum({name})", name, f"{name}: n; A: n n")
    twice = re.findall(r"_\w+_", d.latex.replace(r"\_", ""))  # a subscript after a subscript
    return [*faults(rf"\begin{{align*}} {d.latex} \end{{align*}}"), *twice]


@pytest.mark.parametrize("name", NAMES)
def test_names_in_latex(name: str) -> None:
    assert not found(name)


def test_names_in_latex_that_are_not_escaped_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["closedform.lang.latex"], "_escaped", str)
    assert found("p_q_r")  # a name that no cache holds


LEAST = cf.parse("x'*x", "x: n")
HOSTILE = "</td><script>alert(1)</script> & \"quoted\" 'text' ]]> <!-- "


def as_it_is(text: str, quote: bool = True) -> str:
    return text


def in_html(text: str) -> str:
    return Derivation((Step(text, LEAST, LEAST, text),)).html


def test_reasons_in_html() -> None:
    page = in_html(HOSTILE)
    assert "<script" not in page
    assert page.count("<td") == page.count("</td>")
    assert "&lt;script&gt;" in page


def test_reasons_in_html_that_are_not_escaped_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "escape", as_it_is)
    assert "<script" in in_html(HOSTILE)


@pytest.mark.parametrize("text", ["x'*A*x\n + \t x'*x", "\u2016x\u2016^2", "x\u1d40*x \u00b7 2", "\\lambda*x'*x"])
def test_texts_in_json(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", text, "--wrt", "x", "--given", "x: n; A: n n; lambda: scalar", "--format", "json"]) == 0
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out)["expression"] == text


def test_infinity_in_json_is_null() -> None:
    made = cf.derive("x'*x", "x", "x: n").certificate
    assert made is not None
    data = json.loads(json.dumps({**made.data(), "max_error": None}, allow_nan=False))
    from closedform.verify.certificate import Certificate

    assert Certificate.from_data(data).max_error == float("inf")
