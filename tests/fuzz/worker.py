"""Runs questions one after the other and writes a line of JSON for each: python -m tests.fuzz.worker KIND SEED FIRST COUNT."""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import warnings


def main() -> int:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, 4 << 30))
    warnings.simplefilter("ignore")
    sys.stdout.flush()
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    spilled = tempfile.TemporaryFile()  # noqa: SIM115 -- what libraries in C print, for as long as the process lives
    os.dup2(spilled.fileno(), 1)
    from tests.fuzz import trial
    from tests.fuzz.cases import made

    trial.SPILLED.append(spilled.fileno())
    kind, seed, first, count = sys.argv[1], *map(int, sys.argv[2:5])
    for index in range(first, first + count):
        case = made(kind, seed, index)
        print(json.dumps({"start": index}), file=lines, flush=True)
        found = trial.run(case, index)
        found["index"] = index
        print(json.dumps(found, default=repr), file=lines, flush=True)
        if trial.peak_mb() > trial.MOST_MB / 2:
            break  # so that the next peak can be seen
    return 0


if __name__ == "__main__":
    sys.exit(main())
