"""Mutation testing: errors planted in answers and in rules, every one of which must be caught.

    python bench/mutation.py                               # 5,000 answers, 200 rules, facts, every rule alone
    python bench/mutation.py --answers 5000 --rules 200
    python bench/mutation.py --facts --alone
    python bench/mutation.py --answers 20000 --seed 7

Single-edit errors (a sign, a factor, a transposed or dropped or swapped factor, a dropped term, another function or name) are
planted in answers and in the rules of operations.  Those that change the value, as an evaluator says that shares no code with
the package, must fail: an answer its certificate, a rule the contract test.  The facts that operations claim are attacked with
all small matrices; every rule is taken out alone.  Survivors are printed so that they can be run again, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
from tests.contract.cases import CASES  # noqa: E402
from tests.mutation.campaign import Step, Tally, alone, in_answers, in_rules, of_facts  # noqa: E402

COLUMNS = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
QUIET = 1000
"""Where no terminal shows a bar, a line is printed after so many."""
NOTES = 12
"""So many remarks are printed of a kind."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, metavar="COUNT", help="plant so many errors in answers")
    parser.add_argument("--rules", type=int, metavar="COUNT", help="plant so many errors in rules")
    parser.add_argument("--facts", action="store_true", help="attack the facts that operations claim")
    parser.add_argument("--alone", action="store_true", help="take every rule out alone")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.answers is options.rules is None and not options.facts and not options.alone:
        options.answers, options.rules, options.facts, options.alone = 5000, 200, True, True
    warnings.simplefilter("ignore", RuntimeWarning)  # of SciPy, on matrices that the judge then passes over
    parts: list[tuple[str, int | None, Callable[[Step], Tally]]] = []
    if options.answers:
        parts.append(("answers", options.answers, lambda step: in_answers(options.answers, options.seed, step)))
    if options.rules:
        parts.append(("rules", options.rules, lambda step: in_rules(options.rules, options.seed, step)))
    if options.facts:
        parts.append(("facts", len(CASES), lambda step: of_facts(1, step)))
    if options.alone:
        parts.append(("alone", None, alone))
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(f"seed {options.seed}")
    columns = [TextColumn(c) if isinstance(c, str) else c for c in COLUMNS]
    survivors = 0
    for name, total, run in parts:
        start = time.monotonic()
        with Progress(*columns, console=console, transient=True) as progress:
            tally = run(Shown(progress, progress.add_task(name, total=total)))
        report(tally, time.monotonic() - start, console)
        survivors += len(tally.survivors)
    return 1 if survivors else 0


class Shown:
    """Moves the bar."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self.progress, self.task, self.done = progress, task, 0

    def __call__(self) -> None:
        self.done += 1
        self.progress.advance(self.task)
        if self.done % QUIET == 0 and not self.progress.console.is_terminal:
            self.progress.console.print(f"{self.done} done")


def report(tally: Tally, seconds: float, console: Console) -> None:
    """Print what came of one part."""
    table = Table(title=f"{tally.done} {tally.part}, {seconds:.0f} s", title_justify="left")
    for column, justify in (("kind", "left"), ("count", "right"), ("outcome", "left"), ("count", "right")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    kinds, outcomes = tally.kinds.most_common(), tally.outcomes.most_common()
    for k in range(max(len(kinds), len(outcomes))):
        left, right = (row[k] if k < len(row) else ("", "") for row in (kinds, outcomes))
        table.add_row(left[0], str(left[1]), right[0], str(right[1]))
    console.print(table)
    for note in tally.notes[:NOTES]:
        console.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    if len(tally.notes) > NOTES:
        console.print(f"... and {len(tally.notes) - NOTES} more notes")
    console.print(f"{len(tally.survivors)} survivors")
    for survivor in tally.survivors:
        console.print(f"SURVIVES {survivor}", markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
