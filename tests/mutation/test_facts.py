"""The facts that operations claim of their values hold at all small arguments; bench/mutation.py tries more of them."""

from __future__ import annotations

import pytest
from tests.contract.cases import CASES
from tests.mutation.attacks import attacked

FIRST = list({name: (name, declaration, params) for name, declaration, params in reversed(CASES)}.values())
EVERY = 7
TOGETHER = 100


@pytest.mark.parametrize("case", FIRST, ids=[name for name, _, _ in FIRST])
def test_claims_hold_and_planted_ones_are_refuted(case: tuple[str, str, tuple[object, ...]]) -> None:
    for found in attacked(case, EVERY, TOGETHER):
        assert not found.false, f"{found.node} given {found.given} is not {', '.join(found.false)}"
        assert not found.unseen, f"the contract test does not see that {found.node} given {found.given} is not {found.unseen}"
