"""Without one rule there is a refusal that says so, or an equal answer by another way; never another answer."""

from __future__ import annotations

import pytest
from tests.mutation.alone import Use, of_row, outcome, outcome_without, uses, watched

from closedform.core.errors import Refusal
from closedform.rewrite.catalog import ROWS, TIDY
from closedform.rewrite.catalog.row import Row

USES = list(uses())
OPERATIONS = sorted({use.case[0] for use in USES})
QUESTIONS = 2


@pytest.mark.parametrize("name", OPERATIONS)
def test_without_a_rule_of_differentiation(name: str) -> None:
    said = {str(use): outcome(use) for use in USES if use.case[0] == name}
    assert said
    assert not {use: what for use, what in said.items() if what not in ("refused", "equal")}


def test_most_rules_are_needed() -> None:
    first: dict[tuple[str, int], Use] = {}
    for use in USES:
        first.setdefault((use.case[0], use.slot), use)
    refused = [use for use in first.values() if outcome(use) == "refused"]
    assert len(refused) > 0.8 * len(first)


REWRITES = [row for row in ROWS if row.name not in TIDY]


@pytest.mark.parametrize("row", REWRITES, ids=[row.name for row in REWRITES])
def test_without_a_rewrite_rule(row: Row) -> None:
    asked = 0
    for case in of_row(row):
        with watched() as fired:
            try:
                case.derived()
            except Refusal:
                continue
        if row.name in fired:
            asked += 1
            assert outcome_without(row.name, case) in ("refused", "right")
        if asked == QUESTIONS:
            break
    assert asked, "no question in which the rule is applied"
