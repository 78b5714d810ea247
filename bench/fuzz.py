"""Random questions and hostile texts, checked by a second reader.

    python bench/fuzz.py --seconds 30
    python bench/fuzz.py --expressions 20000 --texts 200000 --seed 1

Expressions are well-shaped questions over the whole language: every answer is compared with differences of the text that
was asked about, the generated code with the text that was printed.  Texts are near misses and garbage: only InputError
and Refusal may come of them.  Work is done in worker processes, so that a hang or a lack of memory is one more finding.
Findings are added to tests/fuzz/findings.jsonl, or to the file named with --findings.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
FINDINGS = ROOT / "tests" / "fuzz" / "findings.jsonl"
BATCH = 400
HANG_S = 30.0


class Tally:
    """What has come of the questions of one kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.done = 0
        self.outcomes: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.findings: list[dict[str, Any]] = []
        self.points = self.answered_points = 0
        self.refused: list[dict[str, Any]] = []
        self.wall = self.mb = 0.0
        self.slow_wall = 0

    def add(self, found: dict[str, Any]) -> None:
        self.done += 1
        self.outcomes[found["outcome"]] += 1
        self.wall, self.mb = max(self.wall, found.get("wall", 0)), max(self.mb, found.get("mb", 0))
        self.slow_wall += found.get("wall", 0) > 2
        if found["outcome"] in ("refused", "input") and (self.kind == "text" or found.get("point")):
            self.refusals[f"{found['outcome']}: {found['reason']}"] += 1
            self.refused.append(found)
        if found.get("point"):
            self.points += 1
            self.answered_points += found["outcome"] not in ("refused", "input", "crash", "withheld")
        if found["outcome"] in FAILURES:
            self.findings.append({"kind": self.kind, **found})


FAILURES = ("wrong", "crash", "withheld", "undefined", "disagrees", "slow", "memory", "hang", "unprinted", "noise", "derivation")


def ask(kind: str, seed: int, first: int, count: int, tally: Tally, until: float, step: Any) -> int:
    """Run a batch in a worker; where the next one begins."""
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.fuzz.worker", kind, str(seed), str(first), str(count)]
    worker = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert worker.stdout is not None
    os.set_blocking(worker.stdout.fileno(), False)
    waiting = selectors.DefaultSelector()
    waiting.register(worker.stdout, selectors.EVENT_READ)
    started, at, pending, heard = -1, first, b"", time.monotonic()
    try:
        while True:
            if time.monotonic() > until:
                return at
            if not waiting.select(1.0):
                if time.monotonic() - heard > HANG_S:
                    tally.add({"outcome": "hang", "reason": f"no answer in {HANG_S:.0f} s", "index": started})
                    step()
                    return started + 1
                continue
            data = worker.stdout.read()
            if data == b"":
                break
            heard = time.monotonic()
            *lines, pending = (pending + (data or b"")).split(b"\n")
            for line in lines:
                found = json.loads(line)
                if "start" in found:
                    started = found["start"]
                else:
                    tally.add(found)
                    step()
                    at = found["index"] + 1
        worker.wait()
        if worker.returncode:
            error = worker.stderr.read().decode(errors="replace")[-2000:] if worker.stderr else ""
            tally.add(
                {
                    "outcome": "crash",
                    "reason": f"the worker ended with {worker.returncode}",
                    "index": max(started, first),
                    "detail": error,
                }
            )
            step()
            return max(started, first) + 1
        return at
    finally:
        worker.kill()
        worker.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=0, help="stop after so many seconds, divided between both kinds")
    parser.add_argument("--texts", type=int, default=0, help="how many hostile texts")
    parser.add_argument("--expressions", type=int, default=0, help="how many well-shaped questions")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first question")
    parser.add_argument("--findings", type=Path, default=FINDINGS, help="the file that findings are added to")
    parser.add_argument("--refused", type=Path, help="a file for the refused expressions that have an admissible point")
    parser.add_argument("--json", type=Path, help="a file for the counts")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 150)
    wanted = {"expression": options.expressions, "text": options.texts}
    if not any(wanted.values()):
        options.seconds = options.seconds or 30
        wanted = dict.fromkeys(wanted, 10**9)
    console.print(f"seed {options.seed}")
    tallies = {kind: Tally(kind) for kind, count in wanted.items() if count}
    columns = (
        TextColumn("{task.description:12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[bad]}"),
    )
    with Progress(*columns, console=console) as progress:
        for kind, tally in tallies.items():
            count = wanted[kind]
            until = time.monotonic() + (options.seconds / len(tallies) if options.seconds else 10**9)
            task = progress.add_task(kind, total=count if count < 10**9 else None, bad="")

            def step(tally: Tally = tally, task: Any = task) -> None:
                progress.update(task, completed=tally.done, bad=f"{len(tally.findings)} findings" if tally.findings else "")

            at, end = options.first, options.first + count
            while at < end and time.monotonic() < until:
                at = ask(kind, options.seed, at, min(BATCH, end - at), tally, until, step)
    for tally in tallies.values():
        report(tally, console)
    if options.refused:
        with options.refused.open("a", encoding="utf-8") as out:
            for tally in tallies.values():
                out.writelines(
                    json.dumps({"seed": options.seed, **found}) + "\n" for found in tally.refused if tally.kind == "expression"
                )
    keep(tallies, options.seed, options.findings)
    if options.json:
        counts = {
            k: {"done": t.done, **t.outcomes, "points": t.points, "answered points": t.answered_points}
            for k, t in tallies.items()
        }
        options.json.write_text(json.dumps(counts) + "\n", encoding="utf-8")
    return 1 if any(tally.findings for tally in tallies.values()) else 0


def report(tally: Tally, console: Console) -> None:
    """Print what came of the questions of one kind."""
    table = Table(title=f"{tally.done} {tally.kind}s", title_justify="left")
    table.add_column("outcome")
    table.add_column("count", justify="right")
    for outcome, number in tally.outcomes.most_common():
        table.add_row(outcome, str(number))
    table.add_row("over 2 s by the clock", str(tally.slow_wall))
    table.add_row("longest, s", f"{tally.wall:.2f}")
    table.add_row("largest memory, MB", f"{tally.mb:.0f}")
    if tally.points:
        table.add_row("with an admissible point", str(tally.points))
        table.add_row("of these answered", f"{tally.answered_points} ({100 * tally.answered_points / tally.points:.2f} %)")
    console.print(table)
    if tally.kind == "expression":
        for why, number in tally.refusals.most_common(40):
            console.print(f"{number:6d}  {why}", markup=False, highlight=False)
    for found in tally.findings[:60]:
        console.print(f"{found['outcome']:10} #{found['index']} {found['reason']}", markup=False, highlight=False)


def keep(tallies: dict[str, Tally], seed: int, path: Path) -> None:
    """Add the findings to the file, one of each question."""
    held = set()
    if path.exists():
        held = {(c["kind"], c["seed"], c["index"]) for c in map(json.loads, path.read_text(encoding="utf-8").splitlines())}
    with path.open("a", encoding="utf-8") as out:
        for kind, tally in tallies.items():
            for found in tally.findings:
                if (kind, seed, found["index"]) not in held:
                    line = {
                        key: found.get(key)
                        for key in ("kind", "index", "outcome", "reason", "case", "detail", "wall", "cpu", "mb")
                    }
                    out.write(json.dumps({"seed": seed, **line}, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    sys.exit(main())
