"""``closedform derive``: what it prints, in every format, and how it ends."""

import io
import json
import shlex
from collections.abc import Callable
from typing import ClassVar

import pytest

import closedform
from closedform import session
from closedform.cli import derive
from closedform.cli.main import main
from closedform.core.errors import VerificationError

GAUSS = ["logdet(S) + tr(inv(S)*C)", "--wrt", "S", "--given", "S: n n pd; C: n n symmetric"]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """``derive`` with arguments: exit status, standard output, standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        status = main(["derive", *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_the_first_line_is_the_formula_and_the_rest_says_what_it_is(run: Run) -> None:
    status, out, err = run(*GAUSS)
    assert (status, err) == (0, "")
    first, *rest = out.splitlines()
    assert first == "inv(S) - inv(S)*C*inv(S)"
    said = {line.split()[0]: line.split(maxsplit=1)[1] for line in rest}
    assert said["shape"] == "n x n"
    assert said["kind"] == "gradient"
    assert said["layout"] == "mixed: the gradient has the shape of S"
    assert said["structure"] == "projected"
    assert said["checked"].startswith("numerically: ") and "trials, largest error" in said["checked"]
    assert "seed" in said["checked"] and "n=" in said["checked"]


def test_what_was_assumed_is_printed(run: Run) -> None:
    _, out, _ = run("x'*A*x", "--wrt", "x")
    assert "inferred" in out and "A: " in out and "x: " in out


def test_json_is_one_object_with_the_fields_of_the_interface(run: Run) -> None:
    status, out, _ = run(*GAUSS, "--format", "json")
    record = json.loads(out)
    assert status == 0
    assert list(record) == [
        "schema", "expression", "wrt", "given", "inferred", "kind", "shape", "layout", "structure", "derivative",
        "conditions", "notes", "steps", "certificate", "code",
    ]  # fmt: skip
    assert record["expression"] == GAUSS[0]
    assert record["wrt"] == ["S"]
    assert record["given"] == GAUSS[-1]
    assert (record["kind"], record["shape"], record["layout"]) == ("gradient", ["n", "n"], "mixed")
    assert set(record["derivative"]) == {"text", "unicode", "latex"}
    assert record["derivative"]["text"] == "inv(S) - inv(S)*C*inv(S)"
    assert record["certificate"]["ok"] is True
    assert set(record["certificate"]) == {"ok", "trials", "max_error", "sizes", "seed"}
    assert record["steps"] and all(set(step) == {"rule", "before", "after", "because"} for step in record["steps"])
    assert all(isinstance(text, str) for step in record["steps"] for text in step.values())
    assert "def " in record["code"]["numpy"]


def test_each_format_prints_its_own(run: Run) -> None:
    d = closedform.derive(GAUSS[0], "S", GAUSS[-1])
    assert run(*GAUSS, "--format", "latex")[1] == d.latex + "\n"
    assert run(*GAUSS, "--format", "unicode")[1].splitlines()[0] == d.unicode
    assert run(*GAUSS, "--format", "python")[1] == d.function().source.rstrip() + "\n"
    markdown = run(*GAUSS, "--format", "markdown", "--steps")[1]
    assert markdown.startswith("## ") and f"$$\n{d.latex}\n$$" in markdown and "### Derivation" in markdown


def test_html_is_a_section_whose_tags_close(run: Run) -> None:
    from html.parser import HTMLParser

    class Tags(HTMLParser):
        open: ClassVar[list[str]] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    status, page, _ = run("1 ./ x", "--wrt", "x", "--given", "x: n", "--format", "html", "--steps", "--forms")
    assert status == 0 and page.startswith("<section>") and "<h3>Derivation</h3>" in page and "<h3>Other forms</h3>" in page
    read = Tags()
    read.feed(page)
    assert not read.open


def test_the_python_format_is_a_program(run: Run) -> None:
    _, out, _ = run(*GAUSS, "--format", "python")
    compile(out, "answer.py", "exec")


def test_steps_are_the_derivation(run: Run) -> None:
    _, out, _ = run(*GAUSS, "--steps")
    assert str(closedform.derive(GAUSS[0], "S", GAUSS[-1]).derivation) in out


def test_wrt_twice_is_the_second_derivative(run: Run) -> None:
    status, out, _ = run("x'*A*x", "--wrt", "x", "--wrt", "x", "--given", "A: n n symmetric; x: n")
    assert status == 0
    assert out.splitlines()[0] == "2*A"
    assert "rows run over the entries of x, columns over the entries of x" in out


@pytest.mark.parametrize(
    ("expression", "wrt", "layout", "says"),
    [
        ("a'*x", "x", "numerator", "the gradient has the shape of x, transposed"),
        ("a'*x", "x", "denominator", "the gradient has the shape of x"),
        ("A*x", "x", "mixed", "rows run over the expression, columns over the entries of x"),
        ("A*x", "x", "denominator", "rows run over the entries of x, columns over the expression"),
        ("t*x", "t", "mixed", "the derivative has the shape of the expression"),
        ("t*x", "t", "denominator", "the derivative has the shape of the expression, transposed"),
        ("t*x'*A*x", "t x", "mixed", "the gradient has the shape of x"),
        ("t*x'*A*x", "x t", "mixed", "the derivative has the shape of the derivative before it"),
        ("x'*A*x*(y'*x)", "x y", "mixed", "rows run over the entries of x, columns over the entries of y"),
        ("x'*A*x*(y'*x)", "x y", "denominator", "rows run over the entries of y, columns over the entries of x"),
    ],
)
def test_the_layout_is_said_by_what_it_does(run: Run, expression: str, wrt: str, layout: str, says: str) -> None:
    variables = [part for name in wrt.split() for part in ("--wrt", name)]
    status, out, _ = run(expression, *variables, "--layout", layout, "--given", "A: n n; x: n; y: n; t: scalar; a: n")
    assert status == 0
    assert f"{layout}: {says}" in [line.split(maxsplit=1)[1] for line in out.splitlines() if "layout" in line]


def test_a_formula_may_begin_with_a_minus_sign(run: Run) -> None:
    for order in (["-h'*x", "--wrt", "x"], ["--wrt", "x", "-h'*x"], ["--wrt=x", "--", "-h'*x"]):
        status, out, _ = run(*order)
        assert (status, out.splitlines()[0]) == (0, "-h")


def test_a_minus_alone_reads_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"h'*x\n")))
    assert run("-", "--wrt", "x")[1].splitlines()[0] == "h"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff")))
    status, _, err = run("-", "--wrt", "x")
    assert status == 2 and "UTF-8" in err


def test_declarations_may_be_given_in_pieces(run: Run) -> None:
    _, out, _ = run("x'*A*x", "--wrt", "x", "--given", "A: n n symmetric", "--given", "x: n")
    assert out.splitlines()[0] == "2*A*x"


def test_bad_input_is_one_message_with_a_caret(run: Run) -> None:
    status, out, err = run("x'*A*", "--wrt", "x")
    assert (status, out) == (2, "")
    assert err.startswith("error: ") and "^" in err and "Traceback" not in err


def test_a_refusal_names_what_is_refused(run: Run) -> None:
    status, out, err = run(*GAUSS, "--target", "torch")
    assert (status, out) == (2, "")
    assert err.startswith("refused: ") and "torch" in err and "not available in this version" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["x"],
        ["--wrt", "x"],
        ["x", "--wrt"],
        ["x", "y", "--wrt", "x"],
        ["x", "--wert", "x"],
        ["x", "--wrt", "x", "--format", "pdf"],
    ],
)
def test_a_command_line_that_cannot_be_read_is_one_line(run: Run, arguments: list[str]) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1 and "--help" in err


def test_an_answer_that_fails_its_check_is_withheld(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*arguments: object, **settings: object) -> None:
        raise VerificationError("the derivative of x by x is off by 0.5")

    monkeypatch.setattr(session, "derive", failing)
    status, out, err = run("x", "--wrt", "x")
    assert (status, out, err) == (3, "", "withheld: the derivative of x by x is off by 0.5\n")


def test_an_interrupt_is_quiet(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object, **settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "derive", interrupted)
    assert run("x", "--wrt", "x") == (130, "", "")


def examples() -> list[str]:
    return [line.strip() for line in derive.EXAMPLES.splitlines()[1:]]


@pytest.mark.parametrize("line", examples())
def test_the_examples_of_the_help_work(run: Run, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, _, command = line.rpartition("|")
    if before:
        text = shlex.split(before)[1] + "\n"
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    program, name, *arguments = shlex.split(command)
    assert (program, name) == ("closedform", "derive")
    status, out, err = run(*arguments)
    assert (status, err) == (0, "")
    assert out


def test_help_shows_the_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["derive", "--help"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert derive.EXAMPLES in out
    assert all(name in out for name in ("--wrt", "--given", "--layout", "--structure", "--steps", "--format", "--target"))
