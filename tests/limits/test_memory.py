"""The memory of checks: Kronecker products nested in each other, large matrices, one question after another."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource")
ROOT = Path(__file__).parents[2]
MEGABYTES = 300.0
"""Each of these takes less than 60 MB at present; a matrix of n^8 x n^8 at n = 4 would take 34,000."""

NESTED = [
    ("kron(A, kron(A, A))", ["A", "A"], "A: m n"), ("kron(A, kron(A, kron(A, A)))", ["A"], "A: m n"),
    ("kron(A, kron(B, C))", ["A", "B", "C"], "A: m n; B: p q; C: m n"),
    ("tr(kron(A, kron(A, kron(A, A))))", ["A", "A"], "A: n n"),
    ("kron(kron(A, A), kron(A, A))*x", ["A"], "A: n n; x: n*n*n*n"), ("inv(kron(A, kron(A, A)))", ["A"], "A: n n"),
    ("logdet(kron(A, kron(A, A)) + eye(n*n*n))", ["A"], "A: n n pd"), ("kron(" * 5 + "x" + ", x)" * 5, ["x", "x"], "x: n"),
    ("kron(" * 7 + "A" + ", A)" * 7, ["A"], "A: n n"), ("kron(A, " * 8 + "x" + ")" * 8, ["x"], None),
    ("expm(kron(A, B))", ["A", "B"], "A: n n; B: m m"), ("sum(ones(n^3, n^3)*vec(A)[1])", ["A"], "A: n n"),
]  # fmt: skip

PEAK = """
import json, re, resource, sys

def peak():  # of this process in MB; ru_maxrss begins with what the process that started it held
    try:
        with open("/proc/self/status") as status:
            return int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]) / 2**10
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)

sys.path.insert(0, {src!r})
import numpy, scipy.linalg, mpmath
import closedform as cf
cf.derive("x'*A*x", "x", "x: n; A: n n")
before = peak()
said = "answered"
try:
    cf.derive(*json.loads(sys.argv[1]))
except cf.Refusal as error:
    said = str(error)
print(json.dumps([peak() - before, said]))
"""


@pytest.mark.parametrize("question", NESTED, ids=[f"{text[:40]} by {' '.join(wrt)}" for text, wrt, _ in NESTED])
def test_the_peak_of_a_check_is_bounded(question: tuple[str, list[str], str | None]) -> None:
    """In a process of its own, so that what others have held before does not hide it."""
    code = PEAK.format(src=str(ROOT / "src"))
    run = subprocess.run(
        [sys.executable, "-c", code, json.dumps(question)], check=True, capture_output=True, text=True, timeout=120
    )
    grown, said = json.loads(run.stdout)
    assert grown < MEGABYTES
    assert said == "answered" or said.startswith(("limits.", "the check of the answer needs a matrix"))


def test_the_peak_is_seen() -> None:
    """The measure itself: what takes a gigabyte is found to."""
    code = PEAK.format(src=str(ROOT / "src")).replace("cf.derive(*json.loads(sys.argv[1]))", "numpy.ones(2**26)")
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120)
    assert json.loads(run.stdout)[0] > MEGABYTES
