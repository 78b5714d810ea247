"""closedform equal: exit status, text and JSON."""

import io
import json
import sys

import pytest

from closedform.cli.main import main


def test_equal_is_0_anything_else_1_bad_input_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["equal", "tr(A*B)", "tr(B*A)"]) == 0
    assert main(["equal", "A*B", "B*A"]) == 1
    assert main(["equal", "inv(x*x')*x", "x", "--given", "x: n"]) == 1
    capsys.readouterr()
    assert main(["equal", "A*", "B"]) == 2
    assert main(["equal", "A"]) == 2
    assert main(["equal", "-", "-"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and "error:" in said.err


def test_formulas_may_begin_with_a_minus_and_come_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["equal", "-A*x", "-(A*x)", "--given", "A: n n; x: n"]) == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x'*A'*x")))
    assert main(["equal", "x'*A*x", "-"]) == 0
    assert capsys.readouterr().out.startswith("proved")


def test_text_says_the_stage_and_the_witness(capsys: pytest.CaptureFixture[str]) -> None:
    main(["equal", "A*B", "B*A", "--given", "A: n n; B: n n"])
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "different" and any("witness" in line and "n=" in line for line in rest)


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    main(["equal", "A*B", "B*A", "--given", "A: n n", "--given", "B: n n", "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["equal"], found["given"]) == ("different", False, "A: n n; B: n n")
    assert set(found["witness"]) == {"sizes", "seed", "entry", "prime", "residues", "values", "point"}
    main(["equal", "sum(exp(x))*softmax(x)", "exp(x)", "--given", "x: n", "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    assert found["equal"] is True and found["error_bound"] < 1e-15 and found["evidence"]["stage"] == "finite fields"
