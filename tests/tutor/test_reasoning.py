"""Derivations judged line by line."""

from pathlib import Path

import pytest
from tests.tutor.referee_cases import questions

import closedform as cf

GIVEN = "X: n p; A: n n"
GOOD = """
df = tr(d(X'*A*X))               # the trace is linear
   = tr(dX'*A*X) + tr(X'*A*dX)
   = tr(X'*A'*dX) + tr(X'*A*dX)
=> (A + A')*X
"""


def test_a_derivation_that_is_right() -> None:
    said = cf.check_derivation("tr(X'*A*X)", "X", GOOD, GIVEN)
    assert said.right and said.verdict == "right" and said.line is None
    assert [number for number, _, _ in said.lines] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("old", "new", "line", "slip"),
    [
        ("tr(dX'*A*X) +", "tr(dX'*A*X) -", 3, "wrong sign"),
        ("tr(X'*A'*dX)", "tr(X'*A*dX)", 4, None),
        ("=> (A + A')*X", "=> 2*A*X", 5, "asymmetric treated as symmetric"),
        ("=> (A + A')*X", "gradient = X'*(A + A')", 5, "transposed"),
        ("tr(dX'*A*X) + ", "", 3, "dropped term"),
        ("tr(dX'*A*X)", "tr(dX*A*X)", 3, None),
    ],
)
def test_the_first_line_that_does_not_follow(old: str, new: str, line: int, slip: str | None) -> None:
    text = GOOD.replace(old, new)
    assert text != GOOD
    said = cf.check_derivation("tr(X'*A*X)", "X", text, GIVEN)
    assert not said.right and said.line == line, str(said)
    assert slip is None or said.slip == slip, str(said)
    assert said.where is not None
    start, end = said.where
    assert text.splitlines()[line - 1][start:end].strip()
    assert said.lines[-1][2] == "does not follow"


@pytest.mark.parametrize("left", ["grad f", "grad_x f", "gradient", "df/dx", "∇f", "∂f/∂x"])
def test_names_of_the_answer(left: str) -> None:
    said = cf.check_derivation("x'*A*x", "x", f"df = 2*x'*A*dx\n{left} = 2*A*x", "x: n; A: n n symmetric")
    assert said.verdict == "right"


def test_an_unfinished_derivation() -> None:
    said = cf.check_derivation("x'*x", "x", "df = dx'*x + x'*dx\n= 2*x'*dx", "x: n")
    assert said.verdict == "unfinished" and not said.right


def test_differentials_of_intermediates_and_functions() -> None:
    text = "df = 2*(y - X*w)'*d(y - X*w) = -2*(y - X*w)'*X*dw\ngrad = -2*X'*(y - X*w)"
    assert cf.check_derivation("norm2(y - X*w)^2", "w", text, "X: n p; y: n; w: p").right
    text = "df = let P = inv(X); tr(dP*C)\n= let P = inv(X); -tr(P*dX*P*C)\n= -tr(inv(X)*C*inv(X)*dX)\n=> -(inv(X)*C*inv(X))'"
    assert cf.check_derivation("tr(inv(X)*C)", "X", text, "X: n n invertible; C: n n").right
    text = "f = sum(exp(A*x))\ndf = sum(d(exp(A*x)))\n = exp(A*x)'*A*dx\n=> A'*exp(A*x)"
    assert cf.check_derivation("sum(exp(A*x))", "x", text, "x: n; A: m n").right


def test_constants_do_not_move() -> None:
    assert cf.check_derivation("x'*A*x", "x", "df = dx'*A*x + x'*dA*x + x'*A*dx\n=> (A + A')*x", "x: n; A: n n").right


def test_a_symmetric_variable_moves_symmetrically() -> None:
    text = "df = tr(A*dS) = tr((A + A')/2*dS)\n=> (A + A')/2"
    assert cf.check_derivation("tr(A*S)", "S", text, "A: n n; S: n n symmetric").right


def test_what_cannot_be_read() -> None:
    for text in ("", "df = ", "df = d(", "df = dx'*z"):
        with pytest.raises(cf.InputError):
            cf.check_derivation("x'*x", "x", text, "x: n")
    with pytest.raises(cf.InputError, match="line 2"):
        cf.check_derivation("x'*x", "x", "df = 2*x'*dx\n= 2*x'*", "x: n")
    with pytest.raises(cf.Refusal):
        cf.check_derivation("x'*x", ["x", "x"], "df = 2*x'*dx", "x: n")


def test_the_derivations_of_the_package_are_right() -> None:
    count = 0
    for asked in questions(5):
        if isinstance(asked.wrt, list):
            continue
        d = cf.derive(asked.expression, asked.wrt, asked.given, structure=asked.structure)
        try:
            said = cf.check_derivation(asked.expression, asked.wrt, str(d.derivation), asked.given, structure=asked.structure)
        except cf.Refusal:
            continue
        assert said.right, f"{asked.name}\n{d.derivation}\n{said}"
        count += 1
    assert count >= 25


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from closedform.cli.main import main

    file = tmp_path / "lines.txt"
    file.write_text(GOOD, encoding="utf-8")
    asked = ["check", "tr(X'*A*X)", "--wrt", "X", "--given", GIVEN, "--derivation", str(file)]
    assert main(asked) == 0
    file.write_text(GOOD.replace("=> (A + A')*X", "=> 2*A*X"), encoding="utf-8")
    assert main(asked) == 1
    assert "line 5" in capsys.readouterr().out
    assert main([*asked, "--format", "json"]) == 1
    assert '"line": 5' in capsys.readouterr().out


def test_a_page_with_an_underscore_in_a_rule_is_a_derivation() -> None:
    question = "norm2(softmax_rows(Q*H')*V)^2", "Q", "Q: n d; H: m d; V: m e"
    page = str(cf.derive(*question).derivation)
    assert "[d-softmax_rows]" in page
    assert cf.check_derivation(*question[:2], page, question[2]).right


def test_a_line_whose_shapes_do_not_fit_is_mended() -> None:
    question = "norm2(y - X*w)^2", "w", "X: n p; y: n; w: p"
    said = cf.check_derivation(*question[:2], "df = 2*(y-X*w)*d(y-X*w)\n=> -2*X'*(y-X*w)", question[2])
    assert (said.verdict, said.slip) == ("ill-shaped", "missing transpose")
    assert "d(y-X*w) is n x 1" in said.explanation
    assert "it becomes the differential when 2*(y-X*w)*d(y-X*w) becomes 2*(y - X*w)'*d(y - X*w)" in said.explanation
    said = cf.check_derivation(*question[:2], "df = 2*(y-X*w)'*d(y-X*w)\n = -2*X*(y-X*w)'*dw", question[2])
    assert (said.line, said.slip) == (2, "factors commuted")
    assert "it becomes the line before when" in said.explanation
