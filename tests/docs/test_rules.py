"""The page of rewrite rules and their catalog agree, in both directions."""

import re
import runpy
from pathlib import Path

import pytest

import closedform as cf
from closedform.calculus.step import NAMES
from closedform.rewrite.catalog import ROWS, Row

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "rules.md").read_text(encoding="utf-8")


def test_the_page_is_what_the_catalog_makes() -> None:
    assert runpy.run_path(str(DOCS / "make_rules.py"))["page"]() == PAGE, "run python docs/make_rules.py"


def test_every_rule_has_one_anchor_and_every_anchor_is_a_rule() -> None:
    anchors = re.findall(r"^### (\S+)$", PAGE, re.MULTILINE)
    assert sorted(anchors) == sorted(row.name for row in ROWS)
    assert len(set(anchors)) == len(anchors)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_entry_says_what_the_rule_does_and_why(row: Row) -> None:
    _, _, rest = PAGE.partition(f"\n### {row.name}\n")
    said = rest.partition("\n##")[0].replace("\\", "")
    assert f"`{row.left}` → `{row.right}`" in said
    assert row.because[1:] in said
    for text, given in ((row.left, row.given), (row.right, row.given), (row.counter, row.unless)):
        if text:
            cf.parse(text, given)


@pytest.mark.parametrize(
    ("expression", "wrt", "given"),
    [
        ("logdet(S) + tr(inv(S)*C)", "S", "S: n n pd; C: n n symmetric"),
        ("tr(A*X*B)", "X", "A: n m; X: m k; B: k n"),
        ("norm2(X*w - y)^2", "w", "X: m n; w: n; y: m"),
        ("A*X*B", "X", "A: p m; X: m n; B: n q"),
    ],
)
def test_the_steps_of_a_derivation_are_on_the_page_or_name_a_differential(expression: str, wrt: str, given: str) -> None:
    anchors = {row.name for row in ROWS}
    for step in cf.derive(expression, wrt, given).derivation:
        for rule in step.rule.split("+"):
            assert rule in anchors or rule in NAMES or rule.startswith("d-"), rule
