"""Every Python and shell example on the pages gives what the page says."""

import doctest
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


def fenced(text: str, language: str) -> str:
    """The text with every line outside the blocks of that language made empty, so that line numbers stay."""
    out, inside = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = line.strip() == f"```{language}"
            out.append("")
        else:
            out.append(line if inside else "")
    return "\n".join(out) + "\n"


def with_blocks(language: str) -> list[Path]:
    return [page for page in PAGES if f"```{language}\n" in page.read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", with_blocks("python"), ids=lambda page: page.name)
def test_python_examples(page: Path) -> None:
    source = fenced(page.read_text(encoding="utf-8"), "python")
    test = doctest.DocTestParser().get_doctest(source, {}, page.name, str(page), 0)
    assert test.examples, "a python block without >>> is not run: write py, or add prompts"
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    said: list[str] = []
    runner.run(test, out=said.append)
    assert not runner.failures, "".join(said)


def commands(page: Path) -> list[tuple[str, str]]:
    """Pairs (command, expected output) of the console blocks of a page."""
    out: list[tuple[str, list[str]]] = []
    for line in fenced(page.read_text(encoding="utf-8"), "console").splitlines():
        if line.startswith("$ "):
            out.append((line[2:], []))
        elif out:
            out[-1][1].append(line)
    return [(command, "\n".join(lines).strip()) for command, lines in out]


SHELL = [(page.name, *pair) for page in with_blocks("console") for pair in commands(page)]


@pytest.mark.parametrize(("page", "command", "expected"), SHELL)
def test_shell_examples(page: str, command: str, expected: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "closedform"
    run = subprocess.run([sys.executable, "-m", "closedform", *arguments], capture_output=True, encoding="utf-8", timeout=60)
    assert run.returncode == 0, run.stderr
    wanted = doctest.Example("", expected + "\n").want
    got = run.stdout.rstrip() + "\n"
    assert doctest.OutputChecker().check_output(wanted, got, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE), got
