"""Options of the test run: golden files are rewritten with --golden, random expressions are many with a profile.

``pytest --golden tests/test_derivation.py`` writes the golden files anew.  ``pytest --hypothesis-profile=fuzz`` draws other
expressions in every run (hypothesis prints how to repeat a failure; ``--hypothesis-seed=N`` sets the seed).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example, HealthCheck.filter_too_much)
settings.register_profile("fixed", derandomize=True, database=None, deadline=None, print_blob=True, suppress_health_check=SLOW)
settings.register_profile("fuzz", max_examples=1000, database=None, deadline=None, print_blob=True, suppress_health_check=SLOW)
settings.load_profile("fixed")

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write the golden files anew instead of comparing with them")


class Golden:
    """Texts kept in files: compared, or written when the run was asked to."""

    def __init__(self, rewrite: bool) -> None:
        self.rewrite = rewrite

    def check(self, name: str, text: str) -> None:
        path = GOLDEN / name
        if self.rewrite:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.exists(), f"no golden file {name}; write it with --golden"
        assert text == path.read_text(encoding="utf-8"), f"{name} has changed; look at the difference, then run with --golden"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(bool(request.config.getoption("--golden")))
