"""The program under hostile use: files, streams, options and texts that are not what they should be.  Never a traceback."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from closedform import session
from closedform.cli import derive
from closedform.cli.main import COMMANDS, main

MODULE = [sys.executable, "-m", "closedform"]
QUESTION = ["derive", "a'*x", "--wrt", "x", "--given", "a: n; x: n"]
CHECK = ["check", "x'*A*x", "--wrt", "x", "--given", "A: n n; x: n"]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The program with arguments: exit status, standard output, standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        try:
            status = main(list(arguments))
        except SystemExit as stop:
            status = int(stop.code or 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return status, said.out, said.err

    return call


def process(*arguments: str, **settings: object) -> tuple[int, str]:
    """Exit status and standard error of a process."""
    done = subprocess.run([*MODULE, *arguments], stderr=subprocess.PIPE, timeout=60, **settings)  # type: ignore[call-overload]
    said = done.stderr.decode("utf-8")
    assert "Traceback" not in said
    return done.returncode, said


# ---- files --------------------------------------------------------------------------------------------------------
def test_a_derivation_that_cannot_be_read_is_one_message(run: Run, tmp_path: Path) -> None:
    binary, empty, zero = tmp_path / "binary", tmp_path / "empty", tmp_path / "zero"
    binary.write_bytes(b"df = \xff\xfe*x")
    empty.write_bytes(b"")
    zero.write_bytes(b"df = dx\0")
    for path, said in (
        (tmp_path / "none", "cannot be read: No such file or directory"),
        (tmp_path, "cannot be read: Is a directory"),
        (binary, "is not UTF-8 text (byte 6)"),
        (empty, "the derivation has no lines"),
        (zero, "unexpected character U+0000"),
        ("", "the derivation '' cannot be read"),
        ("a\0b", "cannot be read: embedded null byte"),
        ("/dev/zero", "limits.text"),
    ):
        status, out, err = run(*CHECK, "--derivation", str(path))
        assert (status, out) == (2, "")
        assert said in err, err


def test_a_byte_order_mark_is_no_part_of_a_derivation(run: Run, tmp_path: Path) -> None:
    lines = "df = dx'*A*x + x'*A*dx\r\n=> A*x + A'*x\r\n"
    (tmp_path / "lines").write_bytes(b"\xef\xbb\xbf" + lines.encode())
    assert run(*CHECK, "--derivation", str(tmp_path / "lines"))[0] == 0


# ---- streams ------------------------------------------------------------------------------------------------------
def test_standard_input_that_is_closed_empty_or_endless(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert "standard input is closed" in run("derive", "-", "--wrt", "x")[2]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert "the expression is empty" in run("derive", "-", "--wrt", "x")[2]
    with open("/dev/zero", encoding="utf-8") as endless:
        monkeypatch.setattr("sys.stdin", endless)
        assert "standard input has more than 100,000 characters" in run("derive", "-", "--wrt", "x")[2]


def test_streams_that_are_closed() -> None:
    program = " ".join([sys.executable, "-m", "closedform"])
    for redirected, status in (
        ('derive "x\'*x" --wrt x >&-', 0),
        ('derive "x\'*" --wrt x 2>&-', 2),
        ('derive "x\'*" --wrt x >&- 2>&-', 2),
        ("derive - --wrt x <&-", 2),
    ):
        done = subprocess.run(["sh", "-c", f"{program} {redirected}"], stderr=subprocess.PIPE, timeout=60)
        assert done.returncode == status
        assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device here")
def test_an_output_that_takes_nothing() -> None:
    with open("/dev/full", "wb") as full:
        for arguments in (QUESTION, [*QUESTION, "--format", "json"], ["layouts"]):
            status, said = process(*arguments, stdout=full)
            assert status == 74
            assert said.startswith("error: the output cannot be written: ")
        assert subprocess.run([*MODULE, "derive", "x'*", "--wrt", "x"], stderr=full, timeout=60).returncode == 2


@pytest.mark.parametrize("format", ["text", "markdown", "json"])
def test_readers_that_go_away(format: str) -> None:
    read, write = os.pipe()
    os.close(read)
    status, said = process(*QUESTION, "--steps", "--format", format, stdout=write)
    os.close(write)
    assert (status, said) == (141, "")


def test_a_locale_without_unicode() -> None:
    env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    question = ["derive", "Σ'*x", "--wrt", "x", "--given", "Σ: n; x: n", "--format", "unicode"]
    done = subprocess.run([*MODULE, *(part.encode() for part in question)], capture_output=True, env=env, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"\\u03a3\n")
    for format in ("unicode", "json"):
        assert process(*QUESTION, "--steps", "--format", format, env=env, stdout=subprocess.DEVNULL) == (0, "")
    status, said = process("derive", "Ж", "--wrt", "x", env=env)
    assert status == 2 and "U+0416 (Cyrillic capital letter zhe)" in said


# ---- options ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["doctor", "now"], "unrecognized arguments: now (see"),
        (["derive", "x", "y", "--wrt", "x"], "unrecognized arguments: y"),
        (["derive", "x", "--wrt"], "--wrt: expected one argument"),
        (["derive", "x'*x", "--wrt", "x", "--format", "json", "--style", "chain"], "leave --format json away"),
        (["derive", "x'*x", "--wrt", "x", "--format", "latex", "--forms"], "--forms: the format latex holds the answer only"),
        (["derive", "x'*x", "--wrt", "x", "--limit", "nodes"], "--limit wants NAME=VALUE"),
        (["derive", "x'*x", "--wrt", "x", "--limit", "seconds=nan"], "not nan"),
        (["check", "x", "--wrt", "x"], "give --answer or --derivation"),
        (["check", "-", "--wrt", "x", "--derivation", "-"], "only one of the expression and the derivation"),
        (["equal", "-", "-"], "only one of the two"),
        (["layouts", "--formula", "A"], "the expression is missing"),
        (["layouts", "A*x", "--formula", "A"], "give --wrt and --formula"),
        (["derive", "\udc80", "--wrt", "x"], "unexpected character U+DC80"),
        (["derive", "x", "--wrt", "\x1b[31m"], "wrt: '·[31m' is not a name"),
        (["derive", "x\x1b[2J", "--wrt", "x"], "unexpected character U+001B"),
    ],
)
def test_bad_input_is_one_message(run: Run, arguments: list[str], said: str) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert said in err and "\x1b" not in err


def test_declared_letters_are_not_used_for_functions(run: Run) -> None:
    for options in (["--forms"], ["--steps"], ["--format", "json", "--forms"], ["--format", "markdown", "--forms", "--steps"]):
        out = run("derive", "A'", "--wrt", "A", "--given", "A: m 2; K: n n", *options)[1]
        assert "commutation(m, 2)" in out
        assert "K(m, 2)" not in out and "K(2, m)" not in out


def test_a_defect_is_one_message_with_its_place(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(session, "derive", broken)
    assert derive.session is session
    status, out, err = run(*QUESTION)
    assert (status, out) == (3, "")
    assert err.startswith("defect: IndexError at test_hostile.py:") and "report it" in err


def test_a_question_that_needs_too_much_memory_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(session, "derive", greedy)
    assert run(*QUESTION) == (2, "", "refused: the question needs more memory than there is\n")


def test_nothing_is_printed_before_all_is_written(run: Run) -> None:
    question = ("derive", "x'*A*x", "--wrt", "x", "--wrt", "x", "--given", "x: n; A: n n", "--style", "entries")
    for options in ([], ["--forms"], ["--steps", "--format", "unicode"]):
        status, out, err = run(*question, *options)
        assert (status, out) == (2, "")
        assert "by one variable" in err


def test_a_variable_that_occurs_nowhere(run: Run) -> None:
    given = ("--given", "x: n; A: n n; K: n n")
    assert run("check", "x[1]", "--wrt", "K", "--answer", "inv(A)", *given)[:2] != (3, "")
    assert run("check", "x[1]", "--wrt", "K", "--answer", "zeros(n, n)", *given)[0] == 0
    assert run("derive", "x[1]", "--wrt", "K", "--steps", *given)[0] == 0


PIECES = [
    "--wrt", "--wrt=x", "x", "A", "-", "--", "-x", "--given", "x: n", "A: n n", "--format", "json", "text", "latex", "--steps",
    "--forms", "--answer", "2*x", "--derivation", "/", "--limit", "nodes=3", "seconds=1e9", "x'*A*x", "''", "", " ", "\n", "\\mu",
    "√", "𝔸", "\0", "--style", "chain", "--layout", "numerator", "--formula", "-h'", "--target", "torch", "[1, 2", "1/0", "x^2^",
    "%s%n", "{0}", "$HOME", "`", "--notation",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_random_command_lines(run: Run, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(60):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(rng.choice([b"", b"x'*x", b"\xff"]))))
        command = rng.choice([*COMMANDS, *COMMANDS, "", "foo"])
        arguments = rng.choices(PIECES, k=rng.randrange(8))
        status, _, err = run(command, *arguments)
        assert status in (0, 1, 2), (command, arguments, err)
        assert (status == 2) == bool(err), (command, arguments, err)
