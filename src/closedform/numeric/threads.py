"""One thread for linear algebra while a question is under way.

The matrices of a check are small.  On them OpenBLAS takes a hundred times as long with several threads as with one when
the machine is busy, for its threads wait for each other.  What was set before is set again when the last question is over.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from weakref import WeakSet

from closedform.core.limits import Clock, under_way

NAMES = (
    "scipy_openblas_{}_num_threads64_",
    "scipy_openblas_{}_num_threads",
    "openblas_{}_num_threads64_",
    "openblas_{}_num_threads",
)
"""What the functions that get and set the number of threads are called, in the wheels of NumPy and SciPy and elsewhere."""

Pool = tuple[Callable[[], int], Callable[[int], None]]
"""How the number of threads of one library is got and set."""

_lock = threading.Lock()
_pools: dict[str, list[Pool]] = {}
"""The libraries that each package brings, once it is imported."""
_before: list[tuple[Pool, int]] = []
"""What was set before the first of the questions under way."""
_held: WeakSet[Clock] = WeakSet()
"""The questions under way; one that was given up anywhere drops out by itself."""


def one() -> None:
    """One thread from now until the question under way is over; nothing where there is none, or no OpenBLAS."""
    clock = under_way()
    if clock is None:
        return
    new = [name for name in ("numpy", "scipy") if name not in _pools and f"{name}.linalg" in sys.modules]
    if not new and clock in _held:
        return
    with _lock:
        fresh = not _held
        for name in new:
            _pools[name] = pools(sys.modules[name])
        if fresh:
            _restore()
        known = {id(pool) for pool, _ in _before}
        for pool in (pool for listed in _pools.values() for pool in listed):
            if id(pool) not in known:
                _before.append((pool, pool[0]()))
                pool[1](1)
        _held.add(clock)
    clock.at_end(_over)


def _over(clock: Clock) -> None:
    with _lock:
        _held.discard(clock)
        if not _held:
            _restore()


def _restore() -> None:
    while _before:
        (_, set_count), count = _before.pop()
        set_count(count)


def pools(package: ModuleType) -> list[Pool]:
    """The OpenBLAS libraries that the wheel of a package brings; none where it uses another library, or the system's."""
    base = Path(package.__file__ or "").parent
    folders = (base.parent / f"{package.__name__}.libs", base / ".libs", base / ".dylibs")
    return [pool for folder in folders if folder.is_dir() for path in sorted(folder.glob("*openblas*")) if (pool := _pool(path))]


def _pool(path: Path) -> Pool | None:
    try:
        library = ctypes.CDLL(str(path))
    except OSError:
        return None
    for name in NAMES:
        get, put = (getattr(library, name.format(verb), None) for verb in ("get", "set"))
        if get is not None and put is not None:
            get.restype, put.argtypes, put.restype = ctypes.c_int, [ctypes.c_int], None
            return get, put
    return None
