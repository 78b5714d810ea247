"""What the tests of limits share: an alarm, and questions of several kinds."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class TooLong(BaseException):
    """Not an Exception, so that nothing between here and there takes it for its own."""


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Fail instead of hanging (on the main thread of a system that has alarms); the alarm of the run goes on afterwards."""
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


GIVEN = "A: n n; b: n; x: n"

QUESTIONS = [
    ("x'*A*x", "x", "x: n; A: n n"), ("logdet(S) + tr(inv(S)*C)", "S", "S: n n pd; C: n n symmetric"),
    ("norm2(A*x - b)^2", "x", "A: m n; x: n; b: m"), ("tr(A*X*B)", "X", "A: p m; X: m n; B: n p"),
    ("b'*tanh(A*tanh(A*x))", "A", GIVEN), ("logsumexp(A*x + b)", ["x", "x"], "A: m n; x: n; b: m"),
]  # fmt: skip
"""Questions of several kinds: expression, variables, declarations."""
