"""An alarm: a test that does not end is a failure, not a run that is given up as a whole."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class TooLong(BaseException):
    """Not an Exception, so that nothing between here and there takes it for its own."""


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Fail instead of hanging (on the main thread of a system that has alarms); an alarm around this one goes on afterwards."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def stop(*_: object) -> None:
        raise TooLong(f"longer than {seconds} s")

    held = signal.signal(signal.SIGALRM, stop)
    left = signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, held)
        signal.alarm(left)
