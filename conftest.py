"""What holds for every test and every example in a docstring: one thread for linear algebra, and an alarm.

Matrices of tests are small, and threads that wait for each other on a busy machine take a hundred times as long.  A test
that does not end is a failure, not a run that is given up as a whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.alarm import within

import closedform.lang
import closedform.ops  # noqa: F401  (imported for their declarations: examples use the operations and the language)

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # read when NumPy is imported, which nothing has done yet

LONGEST = 300
"""Seconds of wall-clock time after which a test has failed; the longest takes a fifth of them on a slow machine."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Iterator[None]:
    with within(LONGEST):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    with within(LONGEST):
        return (yield)
