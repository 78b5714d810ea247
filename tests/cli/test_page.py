"""The page on the command line: it has every command, option and exit status, and its sessions give what it says."""

from __future__ import annotations

import doctest
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from closedform.cli import main as program
from closedform.core.limits import DEFAULTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
SHARED = ("--given", "--limit")
"""Options that are described once for all commands."""


def section(title: str) -> str:
    """The text under a heading."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(text: str) -> list[str]:
    """The sessions that are not run with the other examples of the pages."""
    return [part.partition("\n```")[0] for part in text.split("```shell-session\n")[1:]]


@pytest.mark.parametrize("command", program.COMMANDS)
def test_every_option_of_every_command_is_described(command: str) -> None:
    said = section(command)
    assert said and f"[`{command}`](#{command})" in PAGE
    for action in import_module(f"closedform.cli.{command}").parser()._actions:
        names = action.option_strings or [str(action.metavar)]
        if "--help" in names or names[0] in SHARED:
            continue
        rows = [line for line in said.splitlines() if line.startswith("|") and f"`{names[0]}" in line]
        assert rows, f"{command} {names[0]}"
        assert "\\|".join(map(str, action.choices or ())) in rows[0]
    for option in SHARED:
        assert f"| `{option} " in PAGE


def test_every_cap_and_every_exit_status_is_described() -> None:
    assert all(f"`{name}`" in PAGE.partition("`--limit ")[2].splitlines()[0] for name in DEFAULTS)
    statuses = {0, 1, program.INPUT, program.FAILED, program.NO_OUTPUT, program.INTERRUPTED, program.NO_READER}
    rows = [line.split("|")[1].strip() for line in section("Exit status").splitlines() if line.startswith("|")]
    assert rows[2:] == [str(status) for status in sorted(statuses)]


@pytest.mark.parametrize("session", blocks(PAGE), ids=lambda session: session.split("\n")[0][2:40])
def test_a_session_gives_what_the_page_says(session: str, tmp_path: Path) -> None:
    commands: list[tuple[str, list[str]]] = []
    for line in session.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        else:
            commands[-1][1].append(line)
    start = tmp_path / "closedform"
    start.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m closedform "$@"\n')
    start.chmod(0o755)
    mark = "@@@"
    script = "\n".join(f"{command}\n(s=$?; echo; echo {mark}; exit $s)" for command, _ in commands)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(
        ["bash", "-c", script], capture_output=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=tmp_path, env=env,
        encoding="utf-8", timeout=60,
    )  # fmt: skip
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    for (command, lines), got in zip(commands, run.stdout.split(f"{mark}\n"), strict=False):
        wanted = "\n".join(lines).strip() + "\n"
        assert doctest.OutputChecker().check_output(wanted, got.strip() + "\n", flags), f"{command}\n{got}"
