"""True identities of the usual references: a proof, or a negligible error bound.  Their times: bench/equality.py."""

import pytest
from tests.equality.mutants import IDENTITIES

import closedform as cf

NEGLIGIBLE = 1e-15
PROVED = 45
"""At least so many have a proof."""


def test_there_are_enough_of_them_each_with_a_source() -> None:
    assert len(IDENTITIES) >= 60
    assert len({identity["name"] for identity in IDENTITIES}) == len(IDENTITIES)
    assert all(identity["source"] for identity in IDENTITIES)


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda identity: identity["name"])
def test_an_identity_is_decided(identity: dict[str, str]) -> None:
    verdict = cf.equal(identity["left"], identity["right"], identity["given"])
    assert verdict.equal is True, str(verdict)
    assert verdict.error_bound is not None and verdict.error_bound <= NEGLIGIBLE


def test_most_are_proved() -> None:
    found = [cf.equal(i["left"], i["right"], i["given"]).verdict for i in IDENTITIES]
    assert found.count("proved") >= PROVED
