"""What holds for every test and every example in a docstring: one thread for linear algebra, and an alarm.

Matrices of tests are small, and threads that wait for each other on a busy machine take a hundred times as long.  A test
that does not end is a failure, not a run that is given up as a whole.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # read when NumPy is imported, which is later

import closedform.lang  # noqa: E402
import closedform.ops  # noqa: E402, F401  (imported for their declarations: examples use the operations and the language)

LONGEST = 300
"""Seconds of wall-clock time after which a test has failed; the longest takes a fifth of them on a slow machine."""


class TooLong(BaseException):
    """Not an Exception, so that nothing between here and there takes it for its own."""


@contextmanager
def alarm() -> Iterator[None]:
    """Fail instead of hanging (where there are alarms)."""

    def stop(*_: object) -> None:
        raise TooLong(f"the test takes longer than {LONGEST} s")

    if not hasattr(signal, "setitimer"):
        yield
        return
    held = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, held)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Iterator[None]:
    with alarm():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    with alarm():
        return (yield)
