"""The referee on the public corpus: true answers in many forms, mutants of true answers, and mistakes of people.

    python bench/referee.py [COUNT]

COUNT mutants are judged (2,000 without it).  A summary for each, with every answer that was judged wrongly.
"""

from __future__ import annotations

import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.tutor.referee_cases import mutants, questions  # noqa: E402
from tests.tutor.ways import ways  # noqa: E402

import closedform as cf  # noqa: E402


def timed(times: list[float], start: float) -> None:
    times.append(1000 * (time.perf_counter() - start))


def said(times: list[float]) -> str:
    spread = quantiles(times, n=20)
    return f"median {median(times):.0f} ms, 95 % below {spread[-1]:.0f} ms, largest {max(times):.0f} ms"


def forms() -> int:
    """True answers, each in many forms; how many were not accepted."""
    times: list[float] = []
    least, total, bad = 99, 0, []
    for asked in questions():
        count = 0
        for way, e in ways(asked.truth):
            start = time.perf_counter()
            try:
                verdict = asked.judged(str(e)).verdict
            except cf.InputError as error:
                verdict = f"{type(error).__name__}: {error}"
            timed(times, start)
            count += 1
            if verdict != "right":
                bad.append(f"{asked.name} ({way}): {e}: {verdict}")
        least, total = min(least, count), total + 1
    print(f"{total} true answers in {len(times)} forms (at least {least} each): {len(times) - len(bad)} accepted; {said(times)}")
    for line in bad:
        print(f"NOT ACCEPTED {line}")
    return len(bad)


def wrong(count: int) -> int:
    """Mutants of true answers; how many were accepted."""
    times: list[float] = []
    verdicts: Counter[str] = Counter()
    slips: Counter[str] = Counter()
    bad = []
    every = max(1, 5400 // count)
    for asked, error, e in mutants(every):
        start = time.perf_counter()
        judged = asked.judged(str(e))
        timed(times, start)
        verdicts[judged.verdict] += 1
        slips[judged.slip or "(no slip)"] += 1
        if judged.right or (judged.witness is not None and not judged.replay()):
            bad.append(f"{asked.name} ({error}): {e} for {asked.truth}")
        if len(times) == count:
            break
    print(f"{len(times)} mutants: " + ", ".join(f"{n} {v}" for v, n in verdicts.most_common()) + f"; {said(times)}")
    print("  " + ", ".join(f"{n} {slip}" for slip, n in slips.most_common()))
    for line in bad:
        print(f"ACCEPTED {line}")
    return len(bad)


def slips() -> int:
    """Mistakes of people; how many were not named as they should be."""
    rows = tomllib.loads((ROOT / "tests" / "tutor" / "slips.toml").read_text(encoding="utf-8"))["slip"]
    times: list[float] = []
    bad, alternatives = [], 0
    for row in rows:
        start = time.perf_counter()
        judged = cf.check(row["expression"], row["wrt"], row["answer"], row["given"], structure=row.get("structure", "projected"))
        timed(times, start)
        named = "slip" not in row or (judged.slip in row["slip"] if row["slip"] else judged.slip is None)
        assumed = "assumption" not in row or row["assumption"] in (judged.assumption or "")
        alternatives += len(judged.slips) > 1
        if judged.verdict != row["verdict"] or not named or not assumed:
            bad.append(f"{row['source']}: {judged.headline()}")
    print(
        f"{len(rows)} mistakes of people: {len(rows) - len(bad)} named as they should be, {alternatives} with alternatives; "
        f"{said(times)}"
    )
    for line in bad:
        print(f"MISNAMED {line}")
    return len(bad)


def main(count: int) -> int:
    """Run all three; the exit status is 1 when anything was judged wrongly."""
    return 1 if slips() + forms() + wrong(count) else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
