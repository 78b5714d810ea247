"""Errors planted in rules of differentiation break the contract of their operation; bench/mutation.py plants hundreds."""

from __future__ import annotations

import itertools

import pytest
from tests.mutation.rules import rule_mutants, rules

SHARES = 4
COUNT = 40
EVERY = 6


@pytest.mark.parametrize("share", range(SHARES))
def test_an_error_in_a_rule_is_caught(share: int) -> None:
    planted = list(itertools.islice(rule_mutants(1, share, EVERY), share, COUNT, SHARES))
    assert len(planted) == COUNT // SHARES
    for mutant in planted:
        assert mutant.found(), str(mutant)


def test_there_are_rules_in_hundreds() -> None:
    assert len(rules()) >= 100
