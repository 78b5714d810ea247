"""Differing mutants of true identities: every one must be refuted, with a witness that replays.

    python bench/mutants.py [COUNT]

The mutants are those of tests/equality/mutants.py.  A line for each kind of error and each verdict, times, and every mutant
that was not refuted.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.equality.mutants import mutants  # noqa: E402

import closedform as cf  # noqa: E402


def main(count: int) -> int:
    """Refute so many mutants; the exit status is 1 when one was not."""
    kinds: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    times: list[float] = []
    missed = []
    for mutant in mutants():
        start = time.perf_counter()
        verdict = cf.equal(mutant.left, mutant.right)
        times.append(1000 * (time.perf_counter() - start))
        kinds[mutant.error] += 1
        verdicts[verdict.verdict] += 1
        if verdict.verdict != "different" or verdict.witness is None or not verdict.replay():
            missed.append((mutant, verdict))
        if len(times) == count:
            break
    print(f"{len(times)} mutants: " + ", ".join(f"{n} {kind}" for kind, n in kinds.most_common()))
    print("verdicts: " + ", ".join(f"{n} {name}" for name, n in verdicts.most_common()))
    print(f"time: median {median(times):.1f} ms, largest {max(times):.1f} ms")
    for mutant, verdict in missed:
        print(f"NOT REFUTED ({mutant.identity}, {mutant.error}): {mutant.left} = {mutant.right}\n{verdict}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
