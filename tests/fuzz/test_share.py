"""A share of fuzzing in every run of the tests: random questions and hostile texts, and processes that hash differently."""

from __future__ import annotations

import math
import time

import pytest
from tests.fuzz.campaign import Tally, hashes, run

SEED = 20
SECONDS = {"expression": 20.0, "text": 10.0}
LEAST = {"expression": 5, "text": 50}
"""So many are asked even on a slow machine."""
MOST = {"expression": 400, "text": 2_000}
"""No more are asked on a fast one, so that a run finds what the run before could find."""
PROCESSES = 3
CLEARLY_SLOW_S = 4.0
"""A machine that does other things besides may need more than the 2 s of a question that is slow."""


def nothing() -> None:
    """No progress is shown."""


@pytest.mark.parametrize("kind", SECONDS)
def test_random_questions_find_nothing(kind: str) -> None:
    tally = Tally(kind, SEED)
    run(tally, 0, LEAST[kind], math.inf, nothing)
    run(tally, LEAST[kind], MOST[kind], time.monotonic() + SECONDS[kind], nothing)
    counting = [f for f in tally.findings if f["outcome"] != "slow" or f["cpu"] > CLEARLY_SLOW_S]
    found = [f"seed {SEED}, {kind} {f['index']}: {f['outcome']} {f['reason']}\n{f.get('detail', '')}" for f in counting]
    assert not found, "\n".join(found)
    assert tally.done >= LEAST[kind]  # otherwise nothing was tried


def test_processes_with_other_hashes_say_the_same() -> None:
    assert hashes(PROCESSES, 90, 30, 30) == []
