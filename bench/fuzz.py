"""Random questions and hostile texts, checked by a second reader.

    python bench/fuzz.py --seconds 30
    python bench/fuzz.py --expressions 20000 --texts 200000 --seed 1
    python bench/fuzz.py --same 20

Expressions are well-shaped questions over the whole language: every answer is compared with differences of the text that
was asked about, the generated code with the text that was printed.  Texts are near misses and garbage: only InputError
and Refusal may come of them.  Findings are added to tests/fuzz/findings.jsonl as they come, or to the file of --findings.
With --same, that many processes with different PYTHONHASHSEED say the same, byte for byte.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.fuzz.campaign import FINDINGS, Tally, hashes, run

COLUMNS = ("{task.description:12}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), "{task.fields[note]}")
ENDLESS = 10**9
QUIET = 500
"""Where no terminal shows a bar, the counts are printed after so many questions."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=0, help="stop after so many seconds, divided between both kinds")
    parser.add_argument("--texts", type=int, default=0, help="how many hostile texts")
    parser.add_argument("--expressions", type=int, default=0, help="how many well-shaped questions")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first question")
    parser.add_argument("--findings", type=Path, default=FINDINGS, help="the file that findings are added to")
    parser.add_argument("--refused", type=Path, help="a file for refused expressions that have an admissible point")
    parser.add_argument("--same", type=int, default=0, help="compare what so many processes say, instead of asking for truth")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 150)
    columns = [TextColumn(c) if isinstance(c, str) else c for c in COLUMNS]
    with Progress(*columns, console=console) as progress:
        if options.same:
            return same(options.same, progress)
        wanted = {"expression": options.expressions, "text": options.texts}
        if not any(wanted.values()):
            wanted = dict.fromkeys(wanted, ENDLESS)
            options.seconds = options.seconds or 30
        console.print(f"seed {options.seed}")
        tallies = {k: Tally(k, options.seed, options.findings, options.refused) for k, count in wanted.items() if count}
        for kind, tally in tallies.items():
            until = time.monotonic() + (options.seconds / len(tallies) if options.seconds else ENDLESS)
            task = progress.add_task(kind, total=wanted[kind] if wanted[kind] < ENDLESS else None, note="")
            run(tally, options.first, wanted[kind], until, Step(progress, task, tally))
    for tally in tallies.values():
        report(tally, console)
    return 1 if any(tally.findings for tally in tallies.values()) else 0


class Step:
    """Moves the bar."""

    def __init__(self, progress: Progress, task: TaskID, tally: Tally) -> None:
        self.progress, self.task, self.tally = progress, task, tally

    def __call__(self) -> None:
        tally = self.tally
        self.progress.update(self.task, completed=tally.done, note=f"{len(tally.findings)} findings" if tally.findings else "")
        if tally.done % QUIET == 0 and not self.progress.console.is_terminal:
            self.progress.console.print(json.dumps(tally.counts()), markup=False, highlight=False, soft_wrap=True)


def same(count: int, progress: Progress) -> int:
    """Do so many processes say the same?"""
    task = progress.add_task("processes", total=count, note="")
    differing = hashes(count, 1000, 200, 200, lambda: progress.advance(task))
    for line in differing[:20]:
        progress.console.print(line, markup=False, highlight=False)
    progress.console.print(f"{count} processes, {len(differing)} differences")
    return 1 if differing else 0


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
    for why, number in tally.reasons.most_common(40):
        console.print(f"{number:6d}  {why}", markup=False, highlight=False)
    for found in tally.findings[:80]:
        console.print(f"{found['outcome']:10} #{found['index']} {found['reason']}", markup=False, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
