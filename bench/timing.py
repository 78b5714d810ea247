"""Timing and the limits of a case.  Standard library only: peers run this file too."""

from __future__ import annotations

import gc
import json
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class TimeUp(Exception):
    """A case ran longer than it may."""


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Raise TimeUp in the block when it takes longer."""

    def ring(number: int, frame: object) -> None:
        raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def milliseconds(work: Callable[[], Any], repeat: int, before: Callable[[], Any] = gc.collect) -> tuple[float, Any]:
    """The median time of the work over some repetitions, and what the last one gave."""
    times = []
    result = None
    for _ in range(repeat):
        result = None
        before()
        start = time.perf_counter()
        result = work()
        times.append((time.perf_counter() - start) * 1e3)
        if sum(times) > 5e3:
            break
    return statistics.median(times), result


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def say(**row: Any) -> None:
    """One line of results for the program that started this one."""
    print(json.dumps(row), flush=True)
