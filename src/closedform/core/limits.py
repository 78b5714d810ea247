"""How much a question may cost: caps that are named when one is hit, and how they are changed.

Work is counted where it is done: a loop over nodes calls ``tick`` with the number of nodes, and once in a while the clock
of the question looks at the work so far, at the time and at the memory.  Nothing is interrupted from outside, so that a
question that is given up leaves every table as it was.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from time import monotonic
from typing import Any, ParamSpec, TypeVar

from closedform.core.errors import Refusal

P = ParamSpec("P")
T = TypeVar("T")

DEFAULTS: dict[str, float | None] = {
    "text": 100_000,
    "depth": 20_000,
    "nodes": 50_000,
    "expansion": 2_000,
    "written": 200_000,
    "power": 10**15,
    "steps": 400_000,
    "seconds": 60,
    "megabytes": 1_000,
}
"""Every cap with the value it has when nothing is changed."""

BETWEEN = 4_000
"""So many steps pass between two looks at the clock."""

_scope: ContextVar[Mapping[str, float | None]] = ContextVar("closedform limits")
_clock: ContextVar[Clock | None] = ContextVar("closedform clock", default=None)


class Exceeded(BaseException):
    """A cap on the work, the time or the memory of a question was hit.

    It is no Exception, so that nothing inside takes it for the refusal of a single rule; at the border of the question it
    becomes a Refusal.
    """


class Limits:
    """The caps on what a question may cost; None takes a cap away.

    ``text``       characters of an expression or of its declarations
    ``depth``      how deep brackets, calls and operations stand inside each other
    ``nodes``      operands and operations of an expression as it is written
    ``expansion``  terms that a product of sums is multiplied out to
    ``written``    nodes that an expression may have when it is printed
    ``power``      the largest whole number that is read as an exponent or a size
    ``steps``      pieces of work for one question: nodes made, visited, rewritten and evaluated
    ``seconds``    time for one question
    ``megabytes``  what the memory of the process may grow by during one question

    An attribute is read and set for the whole process; ``with`` sets caps for a block, in this thread only.

    >>> import closedform as cf
    >>> with cf.limits(nodes=5):  # the rest is as before
    ...     _ = cf.derive("x'*A*x + x'*B*x", "x")
    Traceback (most recent call last):
        ...
    closedform.core.errors.Refusal: limits.nodes: the expression has 13 nodes; the cap is 5 (cf.limits.nodes)
    >>> cf.limits.nodes
    50000
    """

    __slots__ = ("_values",)
    _values: dict[str, float | None]

    def __init__(self) -> None:
        object.__setattr__(self, "_values", dict(DEFAULTS))

    def __getattr__(self, name: str) -> Any:
        found = _scope.get(self._values)
        if name in found:
            return found[name]
        if name in self._values:
            return self._values[name]
        raise AttributeError(f"there is no limit {name!r}; the limits are {', '.join(DEFAULTS)}")

    def __setattr__(self, name: str, value: object) -> None:
        self._values[name] = checked(name, value)

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *DEFAULTS]

    def __repr__(self) -> str:
        return f"limits({', '.join(f'{name}={getattr(self, name)}' for name in DEFAULTS)})"

    @contextmanager
    def __call__(self, **caps: float | None) -> Iterator[Limits]:
        """The caps for a block; those that are not named stay as they are."""
        values = {name: checked(name, value) for name, value in caps.items()}
        held = _scope.get({})
        try:  # set inside of it, so that no Ctrl-C falls between
            _scope.set({**held, **values})
            yield self
        finally:
            _scope.set(held)


limits = Limits()
"""The caps of this process."""


def checked(name: str, value: object) -> float | None:
    """The value of a cap; AttributeError when there is none of that name, ValueError when it cannot have the value.

    >>> checked("seconds", 0.5), checked("nodes", None)
    (0.5, None)
    """
    if name not in DEFAULTS:
        raise AttributeError(f"there is no limit {name!r}; the limits are {', '.join(DEFAULTS)}")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"limits.{name} is a number or None, not {type(value).__name__}")
    if not value > 0 or value == float("inf"):
        raise ValueError(f"limits.{name} is above 0, or None for no cap; not {value}")
    if isinstance(value, float) and name != "seconds" and name != "megabytes":
        if not value.is_integer():
            raise ValueError(f"limits.{name} is a whole number, not {value}")
        return int(value)
    return value


def said(name: str, found: str, most: float | None = None) -> str:
    """The sentence that names a cap: what was found, the cap, and where it is changed.

    >>> said("nodes", "the expression has 120,431 nodes")
    'limits.nodes: the expression has 120,431 nodes; the cap is 50,000 (cf.limits.nodes)'
    """
    return f"limits.{name}: {found}; the cap is {most or getattr(limits, name):,} (cf.limits.{name})"


def admit(name: str, amount: int, what: str) -> None:
    """Refuse an amount above a cap; ``what`` says what it is of, with {} for the number.

    >>> admit("text", 10, "the text has {} characters")
    """
    most = getattr(limits, name)
    if most is not None and amount > most:
        raise Refusal(said(name, what.format(f"{amount:,}")))


class Clock:
    """The account of one question: the work done, when it began, and the memory then."""

    __slots__ = ("__weakref__", "began", "ends", "left", "memory", "steps")

    def __init__(self) -> None:
        self.ends: list[Callable[[Clock], None]] = []
        self.left = BETWEEN
        self.steps = 0
        self.began = monotonic()
        self.memory: float | None = None

    def at_end(self, call: Callable[[Clock], None]) -> None:
        """Have something called, once, when the question is over."""
        if call not in self.ends:
            self.ends.append(call)

    def over(self) -> None:
        """The question is over."""
        while self.ends:
            self.ends.pop()(self)

    def look(self) -> None:
        """Compare the account with the caps; Exceeded when one is hit."""
        self.steps += BETWEEN - self.left
        self.left = BETWEEN
        if limits.steps is not None and self.steps > limits.steps:
            raise Exceeded(said("steps", f"the question takes more than {limits.steps:,} steps"))
        if limits.seconds is not None and monotonic() - self.began > limits.seconds:
            raise Exceeded(said("seconds", f"the question takes longer than {limits.seconds:,} s"))
        if limits.megabytes is not None:
            now = resident()
            if self.memory is None:
                self.memory = now
            elif now - self.memory > limits.megabytes:
                raise Exceeded(said("megabytes", f"the question takes more than {limits.megabytes:,} MB of memory"))


def tick(steps: int = 1) -> None:
    """Count work towards the question under way, and look at the clock once in a while."""
    clock = _clock.get()
    if clock is not None:
        clock.left -= steps
        if clock.left < 0:
            clock.look()


def counted(question: Callable[P, T]) -> Callable[P, T]:
    """The function as one question: its work is counted, and a cap that is hit becomes a Refusal, as the end of the
    stack and that of the memory do.

    Inside of another question it belongs to that one.
    """

    @wraps(question)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if _clock.get() is not None:
            return question(*args, **kwargs)
        try:  # begun inside of it, so that no Ctrl-C falls between
            _clock.set(Clock())
            return question(*args, **kwargs)
        except Exceeded as over:
            raise Refusal(str(over)) from None
        except RecursionError:
            raise Refusal("limits.depth: the expression is nested more deeply than the stack of Python admits") from None
        except MemoryError:
            raise Refusal("limits.megabytes: the memory of this machine does not suffice") from None
        finally:
            clock = _clock.get()
            _clock.set(None)
            if clock is not None and clock.ends:
                clock.over()

    return run


def under_way() -> Clock | None:
    """The account of the question under way."""
    return _clock.get()


def spent() -> int:
    """The steps that the question under way has taken so far."""
    clock = _clock.get()
    return 0 if clock is None else clock.steps + BETWEEN - clock.left


if sys.platform == "linux":
    import os

    _PAGE = os.sysconf("SC_PAGESIZE") / 2**20

    def resident() -> float:
        """The memory that the process holds, in megabytes."""
        try:
            with open("/proc/self/statm", "rb") as pages:
                return int(pages.read().split()[1]) * _PAGE
        except (OSError, IndexError, ValueError):
            return 0.0

else:

    def resident() -> float:
        """The most memory that the process has held so far, in megabytes; 0 where that is not known."""
        try:
            from resource import RUSAGE_SELF, getrusage
        except ImportError:
            return 0.0
        most = getrusage(RUSAGE_SELF).ru_maxrss
        return most / 2**20 if sys.platform == "darwin" else most / 2**10
