"""Which layout a formula is in, and what the sources call theirs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import closedform as cf
from closedform.cli.main import main
from closedform.tutor.conventions import SOURCES

PAGE = Path(__file__).parents[2] / "docs" / "layouts.md"

READ = [
    ("A*x", "x", "A'", "A: m n; x: n", ("denominator",)),
    ("A*x", "x", "A", "A: m n; x: n", ("mixed", "numerator")),
    ("x'*A*x", "x", "(A + A')*x", "x: n; A: n n", ("mixed", "denominator")),
    ("x'*A*x", "x", "x'*(A + A')", "x: n; A: n n", ("numerator",)),
    ("x'*A*x", "x", "2*A*x", "x: n; A: n n symmetric", ("mixed", "denominator")),
    ("x'*A*x", ["x", "x"], "A + A'", "x: n; A: n n", ("mixed", "numerator", "denominator")),
    ("log(det(X))", "X", "inv(X)", "X: n n invertible", ("numerator",)),
    ("log(det(X))", "X", "inv(X)'", "X: n n invertible", ("mixed", "denominator")),
    ("tr(A*X*B)", "X", "B*A", "A: m n; X: n p; B: p m", ("numerator",)),
    ("tr(A*X*B)", "X", "vec(A'*B')'", "A: m n; X: n p; B: p m", ()),
    ("A*X*B", "X", "kron(B', A)", "A: m n; X: n p; B: p q", ("mixed", "numerator")),
    ("A*X*B", "X", "kron(B, A')", "A: m n; X: n p; B: p q", ("denominator",)),
    ("A*X*B", "X", "kron(A, B')", "A: m n; X: n p; B: p q", ()),
    ("t*A", "t", "A'", "A: m n; t: scalar", ("denominator",)),
    ("t*A", "t", "vec(A)", "A: m n; t: scalar", ()),
]


@pytest.mark.parametrize(("expression", "wrt", "formula", "given", "expected"), READ)
def test_a_formula_is_read_in_its_layouts(
    expression: str, wrt: str | list[str], formula: str, given: str, expected: tuple[str, ...]
) -> None:
    report = cf.which_layout(expression, wrt, formula, given)
    assert report.found
    assert report.layouts == tuple(name for name in ("mixed", "numerator", "denominator") if name in expected)
    assert str(report.restated) == str(cf.derive(expression, wrt, given))


@pytest.mark.parametrize("layout", ["mixed", "numerator", "denominator"])
@pytest.mark.parametrize(("expression", "wrt", "given"), sorted({(e, w, g) for e, w, _, g, _ in READ if isinstance(w, str)}))
def test_what_derive_prints_is_found_in_its_own_layout(expression: str, wrt: str, given: str, layout: str) -> None:
    d = cf.derive(expression, wrt, given, layout=layout)
    assert layout in cf.which_layout(expression, wrt, str(d), given).layouts


@pytest.mark.parametrize("structure", ["projected", "free", "independent"])
@pytest.mark.parametrize("kind", ["symmetric", "skew", "diagonal", "lower"])
def test_the_structure_convention_is_told(kind: str, structure: str) -> None:
    given = f"S: n n {kind}; A: n n"
    formula = str(cf.derive("tr(A'*S)", "S", given, structure=structure))
    report = cf.which_layout("tr(A'*S)", "S", formula, given)
    assert structure in report.structures
    others = {s for s in ("projected", "free", "independent") if str(cf.derive("tr(A'*S)", "S", given, structure=s)) == formula}
    assert set(report.structures) == others


def test_sources_are_named_by_what_they_do() -> None:
    assert "The Matrix Cookbook" in cf.which_layout("x'*A*x", "x", "(A + A')*x", "x: n; A: n n").sources
    assert "Minka" in cf.which_layout("a'*x", "x", "a'", "a: n; x: n").sources
    assert "SymPy, diff of MatrixExpr" in cf.which_layout("A*x", "x", "A'", "A: m n; x: n").sources
    row = cf.which_layout("tr(A*X)", "X", "vec(A')'", "A: m n; X: n m")
    assert row.sources == ("Magnus and Neudecker",)
    assert "none of the three layouts" in str(row)
    book = cf.which_layout("logdet(S)", "S", "2*inv(S) - diag(diag(inv(S)))", "S: n n pd")
    assert book.sources == ("The Matrix Cookbook",)
    assert book.structures == ("independent",)


def test_a_wrong_formula_is_in_no_layout() -> None:
    report = cf.which_layout("x'*A*x", "x", "2*A*x", "x: n; A: n n")
    assert not report.found
    assert report.layouts == ()
    assert "none of" in str(report) and "cf.check" in str(report)
    assert "(A + A')*x" in str(report)


def test_the_restatement_is_in_the_convention_asked_for() -> None:
    report = cf.which_layout("tr(A*S)", "S", "(A + A')/2", "S: n n symmetric; A: n n", layout="numerator", structure="free")
    assert str(report.restated) == "A"
    assert report.restated.layout == "numerator"


def test_bad_formulas_are_bad_input() -> None:
    with pytest.raises(cf.InputError):
        cf.which_layout("A*x", "x", "A*", "A: m n; x: n")
    with pytest.raises(cf.InputError):
        cf.which_layout("A*x", "x", "foo*x", "A: m n; x: n")


def test_the_report_is_plain_data() -> None:
    report = cf.which_layout("A*x", "x", "A'", "A: m n; x: n")
    record = json.loads(json.dumps(report.record()))
    assert record["layouts"] == ["denominator"]
    assert record["restated"]["text"] == "A"
    assert report._repr_mimebundle_()["text/plain"] == str(report)


def test_the_table_has_every_source_once_and_is_plain_data() -> None:
    table = cf.layouts()
    names = [source.name for source in table]
    assert len(names) == len(set(names)) == len(table) == len(SOURCES)
    for wanted in (
        "Magnus",
        "Cookbook",
        "Wikipedia",
        "Boyd",
        "Deisenroth",
        "Parr",
        "MATLAB",
        "SymPy",
        "JAX",
        "PyTorch",
        "matrixcalculus.org",
    ):
        assert any(wanted in name for name in names), wanted
    assert json.loads(json.dumps(table.rows))[0]["by_vector"] == "like the variable"
    assert all(row["where"] for row in table.rows)
    bundle = table._repr_mimebundle_()
    assert bundle["text/plain"] == str(table)
    assert bundle["text/markdown"].count("\n") == len(table) + 1
    assert any("other way round" in row["calls"] for row in table.rows)


@pytest.mark.parametrize("layout", ["mixed", "numerator", "denominator"])
def test_the_rows_about_this_program_are_true(layout: str) -> None:
    row = next(source for source in SOURCES if source.name == f"closedform, {layout}")
    column = {"like the variable": ("n", "1"), "the variable transposed": ("1", "n")}
    assert cf.derive("a'*x", "x", "a: n; x: n", layout=layout).shape == column[row.by_vector]
    matrix = {"like the variable": ("p", "q"), "the variable transposed": ("q", "p")}
    assert cf.derive("sum(X)", "X", "X: p q", layout=layout).shape == matrix[row.by_matrix]
    jacobian = {"rows f, columns x": ("m", "n"), "rows x, columns f": ("n", "m")}
    assert cf.derive("A*x", "x", "A: m n; x: n", layout=layout).shape == jacobian[row.jacobian]
    by_scalar = {"like F": ("m", "n"), "F transposed": ("n", "m")}
    assert cf.derive("t*A", "t", "A: m n; t: scalar", layout=layout).shape == by_scalar[row.by_scalar]
    stacked = {"rows vec(F), columns vec(X)": ("m*q", "n*q"), "rows vec(X), columns vec(F)": ("n*q", "m*q")}
    assert cf.derive("A*X", "X", "A: m n; X: n q", layout=layout).shape == stacked[row.matrices]


def test_the_page_holds_the_table() -> None:
    assert cf.layouts().markdown() in PAGE.read_text(encoding="utf-8")


def test_an_answer_states_its_layout_by_what_it_does() -> None:
    d = cf.derive("x'*x", "x", "x: n", layout="numerator")
    assert d.reads == "the gradient has the shape of x, transposed"
    bundle = d._repr_mimebundle_()
    assert bundle["text/plain"] == str(d)
    assert bundle["text/latex"] == f"${d.latex}$"
    assert d.reads in bundle["text/markdown"]


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layouts"]) == 0
    assert capsys.readouterr().out.rstrip() == str(cf.layouts())
    assert main(["layouts", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["sources"]) == len(SOURCES)
    assert main(["layouts", "--format", "markdown"]) == 0
    assert capsys.readouterr().out.rstrip() == cf.layouts().markdown()
    question = ["layouts", "A*x", "--wrt", "x", "--given", "A: m n; x: n"]
    assert main([*question, "--formula", "A'"]) == 0
    assert "denominator layout" in capsys.readouterr().out
    assert main([*question, "--formula", "A'", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["layouts"] == ["denominator"]
    assert main([*question, "--formula", "2*A"]) == 1
    assert main(question) == 2
    assert main(["layouts", "--wrt", "x"]) == 2
    assert main([*question, "--formula", "A*"]) == 2


def test_derive_shows_the_forms(capsys: pytest.CaptureFixture[str]) -> None:
    question = ["derive", "x'*A*x", "--wrt", "x", "--given", "A: n n; x: n"]
    assert main([*question, "--forms"]) == 0
    assert "numerator     x'*(A + A')" in capsys.readouterr().out
    assert main([*question, "--forms", "--format", "json"]) == 0
    forms = json.loads(capsys.readouterr().out)["forms"]
    assert forms["numerator"]["text"] == "x'*(A + A')"
    assert main([*question, "--format", "json"]) == 0
    assert "forms" not in json.loads(capsys.readouterr().out)
    assert main([*question, "--forms", "--format", "markdown"]) == 0
    assert "### Other forms" in capsys.readouterr().out
