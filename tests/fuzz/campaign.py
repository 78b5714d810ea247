"""Many questions in worker processes, so that a hang or a lack of memory is one more finding; what has come of them."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.fuzz.cases import FAILURES, made, stated

ROOT = Path(__file__).resolve().parent.parent.parent
FINDINGS = Path(__file__).resolve().parent / "findings.jsonl"
BATCH = 400
HANG_S = 90.0
"""More than the cap on the time of one question."""
KEPT = ("outcome", "reason", "detail", "wall", "cpu", "mb", "point")


class Tally:
    """What has come of the questions of one kind.  Findings are added to a file as they come."""

    def __init__(self, kind: str, seed: int, findings: Path | None = None, refused: Path | None = None) -> None:
        self.kind, self.seed = kind, seed
        self.files = {"finding": findings, "refused": refused}
        self.held = _held(findings)
        self.done = 0
        self.outcomes: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.findings: list[dict[str, Any]] = []
        self.points = self.answered_points = self.slow_wall = 0
        self.wall = self.mb = 0.0

    def add(self, found: dict[str, Any]) -> None:
        """Count one question."""
        self.done += 1
        outcome = found["outcome"]
        self.outcomes[outcome] += 1
        self.wall, self.mb = max(self.wall, found.get("wall", 0)), max(self.mb, found.get("mb", 0))
        self.slow_wall += found.get("wall", 0) > 2
        if found.get("point"):
            self.points += 1
            self.answered_points += outcome not in ("refused", "input", "crash", "withheld")
            if outcome in ("refused", "input"):
                self.reasons[f"{outcome}: {found['reason']}"] += 1
                self.write("refused", found)
        if outcome in FAILURES:
            self.findings.append(found)
            if (self.kind, self.seed, found["index"]) not in self.held:
                self.write("finding", found)

    def write(self, what: str, found: dict[str, Any]) -> None:
        path = self.files[what]
        if path is None:
            return
        line = {"kind": self.kind, "seed": self.seed, "index": found["index"], **{k: found[k] for k in KEPT if k in found}}
        line["case"] = stated(made(self.kind, self.seed, found["index"]))
        with path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line, default=repr) + "\n")

    def counts(self) -> dict[str, Any]:
        """The counts as one object."""
        return {
            "kind": self.kind, "seed": self.seed, "done": self.done, **self.outcomes, "points": self.points,
            "answered points": self.answered_points, "over 2 s by the clock": self.slow_wall, "longest": self.wall, "MB": self.mb,
        }  # fmt: skip


def _held(path: Path | None) -> set[tuple[str, int, int]]:
    if path is None or not path.exists():
        return set()
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {(c["kind"], c["seed"], c["index"]) for c in lines if "seed" in c}


def run(tally: Tally, first: int, count: int, until: float, step: Callable[[], None]) -> int:
    """Ask the questions first..first+count-1, or as many as there is time for; the number of the next one."""
    at = first
    while at < first + count and time.monotonic() < until:
        at = batch(tally, at, min(BATCH, first + count - at), until, step)
    return at


def batch(tally: Tally, first: int, count: int, until: float, step: Callable[[], None]) -> int:
    """Ask questions in one worker, until it ends or hangs; the number of the next one."""
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.fuzz.worker", tally.kind, str(tally.seed), str(first), str(count)]
    worker = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert worker.stdout is not None and worker.stderr is not None
    os.set_blocking(worker.stdout.fileno(), False)
    started, at, pending, heard = first, first, b"", time.monotonic()

    def count_it(found: dict[str, Any]) -> None:
        tally.add(found)
        step()

    try:
        with selectors.DefaultSelector() as waiting:
            waiting.register(worker.stdout, selectors.EVENT_READ)
            while True:
                if time.monotonic() > until:
                    return at
                if not waiting.select(1.0):
                    if time.monotonic() - heard > HANG_S:
                        count_it({"outcome": "hang", "reason": f"no answer in {HANG_S:.0f} s", "index": started})
                        return started + 1
                    continue
                data = worker.stdout.read()
                if data == b"":
                    break
                heard = time.monotonic()
                *lines, pending = (pending + (data or b"")).split(b"\n")
                for found in map(json.loads, lines):
                    if "start" in found:
                        started = found["start"]
                    else:
                        count_it(found)
                        at = found["index"] + 1
        worker.wait()
        if worker.returncode:
            detail = worker.stderr.read().decode(errors="replace")[-2000:]
            count_it(
                {"outcome": "crash", "reason": f"the worker ended with {worker.returncode}", "index": started, "detail": detail}
            )
            return started + 1
        return at
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()
        worker.stderr.close()


def hashes(seeds: int, corpus: int, expressions: int, texts: int, step: Callable[[], None] | None = None) -> list[str]:
    """What differs between processes with different PYTHONHASHSEED, two of them at a time; see ``everything``."""
    command = [sys.executable, "-m", "tests.fuzz.everything", str(corpus), str(expressions), str(texts)]
    path = f"{ROOT / 'src'}{os.pathsep}{ROOT}"

    def said(seed: int) -> list[str]:
        env = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": str(seed), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, encoding="utf-8", check=True)
        return done.stdout.splitlines()

    first: list[str] = []
    differing: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        for seed, lines in enumerate(pool.map(said, range(seeds))):
            first = first or lines
            if len(lines) != len(first):
                differing.append(f"PYTHONHASHSEED={seed}: {len(lines)} lines instead of {len(first)}")
            differing += [f"PYTHONHASHSEED={seed}: {b} instead of {a}" for a, b in zip(first, lines, strict=False) if a != b]
            if step is not None:
                step()
    return differing
