"""True identities are decided, and their differing mutants refuted, each with a witness that replays.

    python bench/equality.py [COUNT]

The identities and mutants are those of tests/equality/mutants.py.  A line for each kind of error and each verdict, times, and
every one that was decided wrongly.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.equality.mutants import IDENTITIES, mutants  # noqa: E402

import closedform as cf  # noqa: E402

NEGLIGIBLE = 1e-15


def identities() -> list[str]:
    """Decide every identity, each the third time as the first; those that were not."""
    verdicts: Counter[str] = Counter()
    times, missed = [], []
    for identity in IDENTITIES:
        rounds = []
        for _ in range(3):
            start = time.perf_counter()
            verdict = cf.equal(identity["left"], identity["right"], identity["given"])
            rounds.append(1000 * (time.perf_counter() - start))
        times.append(min(rounds))
        verdicts[verdict.verdict] += 1
        if verdict.verdict == "different" or verdict.error_bound is None or verdict.error_bound > NEGLIGIBLE:
            missed.append(f"NOT DECIDED ({identity['name']}): {verdict}")
    print(f"{len(times)} identities: " + ", ".join(f"{n} {name}" for name, n in verdicts.most_common()))
    print(f"time: median {median(times):.1f} ms, largest {max(times):.1f} ms")
    return missed


def main(count: int) -> int:
    """Decide the identities and refute so many mutants; the exit status is 1 when one was decided wrongly."""
    undecided = identities()
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
    for line in undecided:
        print(line)
    return 1 if missed or undecided else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
