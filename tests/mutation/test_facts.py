"""The facts that operations claim of their values hold at all small arguments; bench/mutation.py tries more of them."""

from __future__ import annotations

import pytest
from tests.contract.cases import CASES
from tests.mutation.attacks import missed

FIRST = list({name: (name, declaration, params) for name, declaration, params in reversed(CASES)}.values())
EVERY = 5
TOGETHER = 150


@pytest.mark.parametrize("case", FIRST, ids=[name for name, _, _ in FIRST])
def test_no_claim_is_refuted(case: tuple[str, str, tuple[object, ...]]) -> None:
    false = [found for found in missed(case, EVERY, TOGETHER) if found.false]
    assert not false
