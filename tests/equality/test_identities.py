"""True identities of the usual references: decided, by a proof or with a negligible error bound, and fast."""

import time
from statistics import median

import pytest
from tests.equality.mutants import IDENTITIES

import closedform as cf

NEGLIGIBLE = 1e-15
MILLISECONDS = 5.0
PROVED = 45
"""At least so many have a proof."""


def decided(identity: dict[str, str]) -> tuple[float, str]:
    """The shortest time of three, in milliseconds, and the verdict."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        verdict = cf.equal(identity["left"], identity["right"], identity["given"])
        times.append(1000 * (time.perf_counter() - start))
    return min(times), verdict.verdict


def test_there_are_enough_of_them_each_with_a_source() -> None:
    assert len(IDENTITIES) >= 60
    assert len({identity["name"] for identity in IDENTITIES}) == len(IDENTITIES)
    assert all(identity["source"] for identity in IDENTITIES)


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda identity: identity["name"])
def test_an_identity_is_decided(identity: dict[str, str]) -> None:
    verdict = cf.equal(identity["left"], identity["right"], identity["given"])
    assert verdict.equal is True, str(verdict)
    assert verdict.error_bound is not None and verdict.error_bound <= NEGLIGIBLE


def test_most_are_proved_and_the_median_takes_milliseconds() -> None:
    found = [decided(identity) for identity in IDENTITIES]
    assert sum(verdict == "proved" for _, verdict in found) >= PROVED
    assert median(ms for ms, _ in found) <= MILLISECONDS
