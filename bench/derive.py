"""How long a derivation takes, and how long its answer is.

    python bench/derive.py [--corpus tests/data/public.jsonl]

Measured: every case of the corpus at its first call in a warm process, with the numeric check off and on; the network
b'*tanh(A*tanh(A*...x)) by its depth; `import closedform`; the command line from a cold start.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from cases import GIVEN, chain
from timing import milliseconds, percentile

ROOT = Path(__file__).resolve().parent.parent
FACTS = {"positive_definite": "pd", "lower_triangular": "lower", "unit_interval": "unit"}
"""Facts that the corpus calls by another name."""
DEPTHS = (1, 2, 5, 10, 20, 50, 100, 150, 200)
COLD = ["derive", "logdet(S) + tr(inv(S)*C)", "--wrt", "S", "--given", "S: n n pd; C: n n symmetric"]


def given(case: dict[str, Any]) -> dict[str, str]:
    """The declarations of a case of the corpus."""
    return {
        name: " ".join([*(str(size) for size in var["shape"] or ["scalar"]), *(FACTS.get(f, f) for f in var.get("is", []))])
        for name, var in case["vars"].items()
    }


def corpus_times(path: str, verify: bool) -> dict[str, float]:
    """Milliseconds of the first call for each case that is answered, after a warm-up on other expressions."""
    import closedform as cf

    for warm in ("sum(exp(A*x))", "tr(A*X*B*X')", "logdet(X'*X)", "softmax(W*x)"):
        cf.derive(warm, "W" if "W" in warm else "X" if "X" in warm else "x", verify=verify)
    found = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        wrt = case["wrt"]
        start = time.perf_counter()
        try:
            cf.derive(case["expr"], wrt, given(case), structure="free" if case.get("free") else "projected", verify=verify)
        except cf.InputError:
            continue
        found[case["id"]] = (time.perf_counter() - start) * 1e3
    return found


def chain_row(depth: int) -> tuple[float, float, int]:
    """Milliseconds without and with the check, and the length of the answer."""
    import closedform as cf

    expression = chain(depth)
    plain, d = milliseconds(lambda: cf.derive(expression, "x", GIVEN, verify=False), 5)
    length = len(str(d))
    del d
    checked, _ = milliseconds(lambda: cf.derive(expression, "x", GIVEN), 5)
    return plain, checked, length


def python_times(arguments: list[str], repeat: int = 9) -> float:
    """The median wall time of a process, in milliseconds."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def import_time(repeat: int = 9) -> float:
    """The median time of the import statement alone, in milliseconds."""
    code = "import time; s = time.perf_counter(); import closedform; print((time.perf_counter() - s) * 1e3)"
    runs = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True) for _ in range(repeat)]
    return statistics.median(float(run.stdout) for run in runs)


def fresh(path: str, verify: bool) -> dict[str, float]:
    """``corpus_times`` in a process of its own, so that one pass cannot use what another found out."""
    command = [sys.executable, str(Path(__file__).resolve()), "--corpus", path, "--worker", "on" if verify else "off"]
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    times: dict[str, float] = json.loads(run.stdout)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", default=str(ROOT / "tests" / "data" / "public.jsonl"))
    parser.add_argument("--worker", choices=("on", "off"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        json.dump(corpus_times(arguments.corpus, arguments.worker == "on"), sys.stdout)
        return
    console = Console() if sys.stdout.isatty() else Console(width=130)
    table = Table(title="corpus, first call in a warm process (ms)", title_justify="left")
    for column in ("check", "answered", "median", "95th percentile", "slowest", "which"):
        table.add_column(column, justify="left" if column in ("check", "which") else "right")
    for verify in (False, True):
        times = fresh(arguments.corpus, verify)
        values = list(times.values())
        slowest = max(times, key=lambda name: times[name])
        numbers = (statistics.median(values), percentile(values, 0.95), times[slowest])
        table.add_row("on" if verify else "off", str(len(values)), *(f"{v:.1f}" for v in numbers), slowest)
    console.print(table)
    table = Table(title="b'*tanh(A*tanh(A*...x)) by x", title_justify="left")
    for column in ("depth", "ms", "ms per layer", "ms with the check", "characters", "characters per layer"):
        table.add_column(column, justify="right")
    for depth in track(DEPTHS, description="depths", console=console, transient=True):
        plain, checked, length = chain_row(depth)
        table.add_row(str(depth), f"{plain:.1f}", f"{plain / depth:.2f}", f"{checked:.1f}", str(length), f"{length / depth:.0f}")
    console.print(table)
    table = Table(title="starting (ms, median)", title_justify="left", show_header=False)
    table.add_row("import closedform", f"{import_time():.0f}")
    table.add_row("closedform derive, cold, with its check", f"{python_times(['-m', 'closedform', *COLD]):.0f}")
    table.add_row("python -c pass, for comparison", f"{python_times(['-c', 'pass']):.0f}")
    console.print(table)


if __name__ == "__main__":
    main()
