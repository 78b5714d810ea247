"""The program as a process: its two names, its streams, colour, and readers that go away."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import closedform
from closedform.cli.main import COMMANDS, main

MODULE = [sys.executable, "-m", "closedform"]
QUESTION = ["derive", "a'*x", "--wrt", "x", "--given", "a: n; x: n"]


def on_a_terminal(arguments: list[str], **settings: str) -> str:
    """What a process prints when its standard output is a terminal."""
    ours, theirs = pty.openpty()
    env = {"COLUMNS": "100", "TERM": "xterm-256color", **settings}
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(arguments, stdout=theirs, stderr=theirs, env={**kept, **env}):
        os.close(theirs)
        said = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # how Linux says that the other end is closed
                break
            if not piece:
                break
            said += piece
    os.close(ours)
    return said.decode("utf-8")


def test_the_module_and_the_script_are_one_program() -> None:
    script = Path(sys.executable).with_name("closedform")
    if not script.exists():
        pytest.skip("the package is not installed in this environment, so there is no script")
    runs = [subprocess.run([*start, *QUESTION], capture_output=True, text=True, check=True) for start in (MODULE, [str(script)])]
    assert runs[0].stdout == runs[1].stdout
    assert runs[0].stdout.splitlines()[0] == "a"


def test_colour_on_a_terminal_only() -> None:
    assert "\x1b" not in subprocess.run([*MODULE, *QUESTION], capture_output=True, text=True, check=True).stdout
    assert "\x1b[1;36m" in on_a_terminal([*MODULE, *QUESTION])


def test_no_color_is_honoured() -> None:
    assert "36m" not in on_a_terminal([*MODULE, *QUESTION], NO_COLOR="1")
    assert "\x1b" not in on_a_terminal([*MODULE, *QUESTION], TERM="dumb")


def test_errors_on_a_terminal_keep_their_caret() -> None:
    said = on_a_terminal([*MODULE, "derive", "a'*", "--wrt", "x"])
    assert "error:" in said and "^" in said


def test_a_reader_that_goes_away_is_no_error() -> None:
    with subprocess.Popen([*MODULE, *QUESTION, "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_an_output_that_cannot_show_a_character_gets_it_escaped() -> None:
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    question = ["derive", "logdet(Sigma)", "--wrt", "Sigma", "--given", "Sigma: n n pd", "--format", "unicode"]
    run = subprocess.run([*MODULE, *question], capture_output=True, text=True, env=env)
    assert run.returncode == 0, run.stderr
    assert "\\u03a3" in run.stdout


def test_derive_without_a_terminal_does_not_load_rich() -> None:
    code = (
        "import sys; from closedform.cli.main import main; main(sys.argv[1:]); "
        "print(sorted({'rich', 'scipy'} & set(sys.modules)), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code, *QUESTION], capture_output=True, text=True, check=True)
    assert run.stderr.strip() == "[]"


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--version", "--help"):
        with pytest.raises(SystemExit) as stop:
            main([option])
        assert stop.value.code == 0
    out = capsys.readouterr().out
    assert f"closedform {closedform.__version__}" in out
    assert all(name in out for name in COMMANDS)


def test_no_command_or_a_wrong_one_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["differentiate"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"there is no command 'differentiate'; the commands are {', '.join(COMMANDS)}" in said.err
    assert main(["--frobnicate"]) == 2


def test_doctor_reports_and_checks_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    for word in (f"closedform {closedform.__version__}", "python", "numpy", "scipy", "rich", "BLAS", "jax", "torch"):
        assert word in out
    assert "= inv(S) - inv(S)*C*inv(S)" in out
    assert "trials, largest error" in out
