"""The same questions put to closedform, SymPy 1.14 and, when its interpreter is given, tensorgrad 0.3, in one run.

    python bench/peers.py [--tensorgrad-python PATH] [--limit 30]

Each system runs in a process of its own, one after the other.  Times are medians of a first use (caches cleared), in
milliseconds; lengths are characters of the printed answer.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cases import CASES, DEPTHS

HERE = Path(__file__).resolve().parent


def answers(python: str, worker: str, limit: float, progress: Progress) -> dict[str, dict[str, Any]]:
    """What one system says to each case, as it comes."""
    task = progress.add_task(worker, total=len(CASES) + len(DEPTHS))
    found = {}
    with subprocess.Popen([python, str(HERE / f"worker_{worker}.py"), str(limit)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            row = json.loads(line)
            found[row["case"]] = row
            progress.update(task, advance=1, description=f"{worker}: {row['case']}")
    progress.update(task, completed=len(CASES) + len(DEPTHS), description=worker)
    if process.returncode:
        raise SystemExit(f"{worker} ended with status {process.returncode}")
    return found


def cell(row: dict[str, Any] | None, *, checked: bool = False) -> str:
    """Time, length and verdict of one answer."""
    if row is None:
        return "-"
    if "ms" not in row:
        return str(row["verdict"])
    time = f"{row['ms']:.1f}" + (f" ({row['checked_ms']:.1f})" if checked else "")
    return f"{time} ms  {row['length']} ch  {row['verdict']}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tensorgrad-python", help="the interpreter of an environment that has tensorgrad 0.3")
    parser.add_argument("--limit", type=float, default=30.0, help="seconds a case may take (default: 30)")
    arguments = parser.parse_args()
    console = Console() if sys.stdout.isatty() else Console(width=130)
    workers = {"closedform": sys.executable, "sympy": sys.executable}
    if arguments.tensorgrad_python:
        workers["tensorgrad"] = arguments.tensorgrad_python
    with Progress(console=console, transient=True) as progress:
        found = {name: answers(python, name, arguments.limit, progress) for name, python in workers.items()}
    table = Table(title="derivatives: time, length of the answer, verdict", title_justify="left")
    table.add_column("case")
    for name in workers:
        table.add_column(name + (" (with its check)" if name == "closedform" else ""))
    for case in [*CASES, *(f"depth {depth}" for depth in DEPTHS)]:
        table.add_row(case, *(cell(found[name].get(case), checked=name == "closedform") for name in workers))
    console.print(table)


if __name__ == "__main__":
    main()
