"""The page "add an operation in thirty minutes" does what it says: its code is put where it says, and derives."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "add-an-operation.md"
BLOCK = re.compile(r"<!-- file: (?P<path>\S+?),[^>]*-->\n```py\n(?P<code>.*?)```", re.DOTALL)


def code_of(path: str) -> str:
    found = {match["path"]: match["code"] for match in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))}
    return found[path]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} is in {path.name} {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with the page's two operations in it; one file touched for each."""
    top = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "src" / "closedform", top / "closedform", ignore=shutil.ignore_patterns("__pycache__"))
    table = top / "closedform" / "ops" / "elementwise.py"
    end = re.search(r"\n\).*\n\nfor _row in DECLARED:", table.read_text(encoding="utf-8"))
    assert end is not None
    edit(table, end[0], "\n" + code_of("src/closedform/ops/elementwise.py").rstrip() + end[0])
    norms = top / "closedform" / "ops" / "norms.py"
    edit(norms, "from closedform.core.expr import Expr, Shape\n", "from closedform.core.expr import Expr, Shape, misfit\n")
    edit(norms, "import inner, power, product\n", "import inner, minus, power, product\n")
    norms.write_text(norms.read_text(encoding="utf-8") + "\n\n" + code_of("src/closedform/ops/norms.py"), encoding="utf-8")
    return top


def run(top: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = dict(os.environ, PYTHONPATH=str(top))
    return subprocess.run([sys.executable, *arguments], env=env, cwd=top, capture_output=True, encoding="utf-8", timeout=300)


@pytest.mark.parametrize(
    ("expression", "given", "answer"),
    [
        ("sum(logcosh(A*x - y))", "A: m n; x: n; y: m", "A'*tanh(A*x - y)"),
        ("cosine(a, x)", "a: n; x: n", "(a/norm2(a) - cosine(a, x)*x/norm2(x))/norm2(x)"),
        ("cosine(A*x, y)^2", None, None),
    ],
)
def test_the_operations_of_the_page_derive_with_their_check(
    copied: Path, expression: str, given: str | None, answer: str | None
) -> None:
    program = (
        "import closedform as cf; import sys\n"
        "assert cf.__file__.startswith(sys.argv[3]), cf.__file__\n"
        "d = cf.derive(sys.argv[1], 'x', sys.argv[2] or None); assert d.certificate.ok; print(d)"
    )
    done = run(copied, "-c", program, expression, given or "", str(copied))
    assert done.returncode == 0, done.stderr
    if answer is not None:
        assert done.stdout.strip() == answer


def test_an_operation_that_lacks_an_aspect_is_refused_with_all_that_is_missing() -> None:
    program = (
        "from closedform.core.op import operation\n"
        "try:\n"
        "    @operation\n"
        "    class half:\n"
        "        args = ('A',)\n"
        "except TypeError as error:\n"
        "    print(error)\n"
    )
    said = run(ROOT / "src", "-c", program).stdout
    for aspect in ("shape", "facts", "value", "code", "draws", "docstring", "d_A"):
        assert aspect in said
