"""No text that is put in is evaluated by Python: where Python's own machinery for that is used, and what a run sets off."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORBIDDEN = (
    "eval", "__import__", "locals", "breakpoint", "input", "execfile", "pickle", "marshal", "shelve", "subprocess", "socket",
    "codeop", "ast", "runpy", "tempfile",
)  # fmt: skip
"""Functions and modules that the package has no use for."""
EXECUTED = "codegen/function.py"
"""The generated function, which holds names, numbers and calls of the package's own choosing, is the one thing compiled."""

HOSTILE = [
    "__import__('os').system('true')", "eval('1')", "exec('x')", "x.__class__", "x.__class__.__mro__[1]", "().__class__",
    "open('/etc/passwd')", "lambda: x", "[x for x in y]", "x if x else y", "f'{x}'", "x; import os", "x\nimport os", "{x}",
    "{{x}}", "%s%s%n", "${x}", "$(true)", "`true`", "x'*\"\"\"*x", "x # y", "\\x41", "\\N{BULLET}", "\\u0041", "\\input{x}",
    "x := 1", "print(x)", "globals()", "np.eye(3)", "x@__import__", "x[__import__]", "let x = eval(1); x", "1e9e9", "0x10",
    "sum(i in 1..eval(n), x)", "1_000", "True", "None", "x and y", "not x", "x == y", "x <- y", "import os", "def f(): pass",
    "class", "@x", "*x", "**x", "x**2", "~x", "x!",
]  # fmt: skip
NAMES = [
    "exec",
    "eval",
    "np",
    "print",
    "open",
    "self",
    "lambda",
    "class",
    "None",
    "True",
    "import_",
    "scipy",
    "nan",
    "input",
    "a_b_c",
]
"""Names that are taken as names of variables."""

WATCH = """
import json, sys
sys.path[:0] = [{root!r}, {src!r}]
import closedform as cf
from tests.limits.support import QUESTIONS

def ask(text, wrt, given):
    for question in (
        lambda: cf.derive(text, wrt, given).function(), lambda: cf.parse(text, given), lambda: cf.equal(text, text, given),
        lambda: cf.derive("x'*x", "x", text), lambda: cf.derive("x'*x", text, "x: n"),
        lambda: cf.check("x'*x", "x", text, "x: n"), lambda: cf.parse("x", {{text: "n", "x": text}}),
    ):
        try:
            question()
        except (cf.InputError, cf.VerificationError):
            pass

for question in QUESTIONS:
    ask(*question)
cf.derive("crossentropy(p, 10000*x)", "x", "x: n; p: n simplex")
import scipy.linalg, scipy.special, mpmath
cf.derive("tr(expm(X))", "X", "X: n n")  # the libraries that are loaded for linear algebra are known from here on
seen = []
def look(event, arguments):
    if event == "compile":
        seen.append([event, str(arguments[1])])
    elif event == "exec":
        seen.append([event, arguments[0].co_filename])
    elif event.startswith(("os.", "subprocess.", "socket.", "shutil.", "ctypes.", "pickle.", "marshal.loads", "code.__new__")):
        seen.append([event, ""])
sys.addaudithook(look)
for text in {hostile!r}:
    ask(text, "x", "x: n; y: n")
for name in {names!r}:
    ask(f"{{name}}'*A*{{name}}", name, f"{{name}}: n; A: n n")
{last}
print(json.dumps(seen))
"""


def watched(last: str = "") -> list[list[str]]:
    """What a process sets off while hostile texts are put in."""
    code = WATCH.format(root=str(ROOT), src=str(ROOT / "src"), hostile=HOSTILE, names=NAMES, last=last)
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT, timeout=240)
    found: list[list[str]] = json.loads(run.stdout.splitlines()[-1])
    return found


def test_nothing_but_the_generated_function_is_compiled_and_executed() -> None:
    source, modules = str(ROOT), (sys.prefix, sys.base_prefix)
    for event, file in watched():
        if event == "compile":
            assert file.startswith(("<closedform ", source, *modules)), file
        elif event == "exec":  # a module that is imported late, or the function
            assert file.startswith(("<closedform ", "<frozen ", source, *modules)), file
        else:
            assert event in {"os.listdir", "os.scandir", "marshal.loads", "code.__new__"}, event


@pytest.mark.parametrize(
    "last", ["eval('1')", "exec('x = 1')", "import os; os.system('true')", "import subprocess; subprocess.run(['true'])"]
)
def test_the_watch_sees_what_it_watches_for(last: str) -> None:
    found = watched(last) if last == "eval('1')" else _alone(last)
    assert any(file == "<string>" or event in ("os.system", "subprocess.Popen") for event, file in found)


def _alone(last: str) -> list[list[str]]:
    """The same watch over one statement."""
    start, end = WATCH.index("seen = []"), WATCH.index("for text in")
    code = "import json, sys\n" + WATCH[start:end] + last + "\nprint(json.dumps(seen))"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found: list[list[str]] = json.loads(run.stdout.splitlines()[-1])
    return found


def used(tree: ast.AST) -> set[str]:
    """The functions called by name, and the modules imported."""
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            called |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            called.add(node.module.partition(".")[0])
    return called


def test_the_source_evaluates_nothing() -> None:
    package = ROOT / "src" / "closedform"
    for path in sorted(package.rglob("*.py")):
        found = used(ast.parse(path.read_text(encoding="utf-8")))
        where = path.relative_to(package).as_posix()
        assert not found & set(FORBIDDEN), f"{where}: {found & set(FORBIDDEN)}"
        assert where == EXECUTED or not found & {"exec", "compile"}, where


def test_the_search_finds_what_it_searches_for() -> None:
    assert used(ast.parse("import subprocess\nfrom pickle import loads\nx = eval('1')")) == {"subprocess", "pickle", "eval"}
