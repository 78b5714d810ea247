"""The page in text: left-hand sides, aligned signs, names, headings, and lines that are not too long."""

from __future__ import annotations

import pytest
from tests.page.corpus import ATTENTION, COUNT, GAUSSIAN, LEAST_SQUARES, MORE, NETWORK, derivation, made

import closedform as cf
from closedform.core.errors import InputError
from closedform.page.breaking import broken, broken_latex
from closedform.page.derivation import FORMS, Derivation
from closedform.page.lines import lines
from closedform.page.text import WIDEST


def test_a_page_begins_with_the_function_and_ends_with_the_derivative() -> None:
    page = str(made(LEAST_SQUARES)).splitlines()
    assert page[0] == " f = norm2(A*x - b)^2"
    assert page[1].startswith("df = 2*(A*x - b)'*d(A*x - b) ")
    assert page[-1].startswith("=> df/dx = 2*A'*(A*x - b) ")
    assert page[-1].endswith("[identify] the gradient is read off df = g'*dx")


@pytest.mark.parametrize(
    ("question", "left"),
    [
        (("x'*x", "x", "x: n"), ["f", "df", "df/dx"]),
        (("tr(X)", "X", "X: n n"), ["f", "df", "df/dX"]),
        (("A*x", "x", "A: m n; x: n"), ["y", "dy", "dy/dx"]),
        (("X*a", "X", "X: m n; a: n"), ["y", "dy", "dy/dvec(X)"]),
        (("A*X", "X", "A: p m; X: m n"), ["F", "vec(dF)", "dvec(F)/dvec(X)"]),
        (("x*a'", "x", "x: m; a: n"), ["F", "vec(dF)", "dvec(F)/dx"]),
        (("t*A", "t", "t: scalar; A: m n"), ["F", "dF", "dF/dt"]),
        (("f*x'*x", "x", "x: n; f: scalar"), ["g", "dg", "dg/dx"]),
        (("sin(f)*g*h", "f", "f: scalar; g: scalar; h: scalar"), ["phi", "dphi", "dphi/df"]),
        (("X", "X", "X: m n"), ["F", "vec(dF)", "dvec(F)/dvec(X)"]),
    ],
)
def test_the_left_hand_sides(question: tuple[str, str, str], left: list[str]) -> None:
    page = str(made(question)).splitlines()
    sides = [line.removeprefix("=> ").split(" = ")[0].strip() for line in page if not line.startswith(" " * 20)]
    assert [side for side in sides if side] == left


def test_the_signs_of_equality_stand_below_each_other() -> None:
    for question, column in ((LEAST_SQUARES, 3), (NETWORK, 3), (("A*X*B", "X", "A: p m; X: m n; B: n q"), 8)):
        page = [line for line in str(made(question)).split("\n=> ")[0].splitlines() if line[: column + 2].strip()]
        assert len(page) >= 3
        assert all(line[column : column + 2] == "= " for line in page), page
    name = str(made(ATTENTION)).splitlines()
    read = next(k for k, line in enumerate(name) if line.startswith("=>"))
    assert name[read].index(" = ") == name[read + 1].index(" = ")


def test_names_are_written_once_each() -> None:
    page = str(made(ATTENTION)).splitlines()
    named = [line.strip() for line in page if line.startswith("     with ")]
    assert named == [
        "with Z = Q*K'/c", "with P = softmax_rows(Z)", "with R = P*V - T", named[3],
        "with P = softmax_rows(Q*K'/c)", "with R = P*V - T",
    ]  # fmt: skip
    assert named[3].startswith("with delta = ")
    assert "and delta = " not in str(made(ATTENTION))


def test_each_differentiation_has_a_heading() -> None:
    d = cf.derive("t^3*x'*A*x", ["x", "x", "t"], "x: n; A: n n; t: scalar").derivation
    parts = str(d).split("\n\n")
    assert len(parts) == 3
    assert parts[1].startswith("second derivative, by x: the differential of the gradient\n")
    assert parts[2].startswith("third derivative, by t: the differential of the Hessian\n")
    same = str(cf.derive("x'*A*x", ["x", "x"]).derivation)
    assert "\n\nsecond derivative: the differential of the gradient\n g = (A + A')*x\n" in same


def test_pages_are_not_too_wide() -> None:
    for at in range(COUNT):
        for form in ("text", "unicode"):
            for line in derivation(at).page(form).splitlines():
                assert len(line) <= WIDEST, line


def test_a_long_formula_is_broken_before_its_signs() -> None:
    page = str(derivation(COUNT - len(MORE) + 18))
    later = [line for line in page.splitlines() if line.lstrip().startswith(("+ ", "- "))]
    assert later
    assert all(line.startswith("     ") for line in later)


@pytest.mark.parametrize("width", [5, 12, 30])
@pytest.mark.parametrize(
    "formula", ["A*x + (b - c)*y - z", "f(a + b - c*(d + e)) - [a, b; c + d, e]", "-x", "x", "a*b*c*d*e*f*g*h*i", "A - -b + c"]
)
def test_the_pieces_of_a_broken_formula_are_the_formula(formula: str, width: int) -> None:
    pieces = broken(formula, width)
    assert "".join(pieces).replace(" ", "") == formula.replace(" ", "")
    assert max(map(len, pieces[1:]), default=0) <= max(width, 12)


@pytest.mark.parametrize("width", [3, 8, 20])
@pytest.mark.parametrize(
    "formula",
    [
        r"\left(A + B - C\right) x + \frac{a + b}{c}",
        r"\begin{bmatrix} a + b & c \end{bmatrix} + x^{a + b} - y",
        r"\left(A \odot \left(B \odot C\right)\right) \otimes D \oslash E",
        "a",
    ],
)
def test_the_pieces_of_broken_latex_are_the_formula(formula: str, width: int) -> None:
    pieces = broken_latex(formula, width)
    assert " ".join(pieces).replace(r"\right. \left. ", " ").replace(r"\right.", "").replace(r"\left. ", "") == formula


def test_a_derivation_without_variables_is_a_page_too() -> None:
    d = made(LEAST_SQUARES)
    page = str(Derivation(d.steps)).splitlines()
    assert page[0] == " f = norm2(A*x - b)^2"
    assert page[-1].startswith("=> 2*A'*(A*x - b)")
    assert str(Derivation(())) == ""
    assert lines(()) == ()


def test_the_forms_are_properties_and_go_into_a_notebook() -> None:
    d = made(GAUSSIAN)
    assert [d.page(form) for form in FORMS] == [str(d), d.unicode, d.latex, d.markdown, d.html]
    assert d._repr_mimebundle_() == {
        "text/plain": str(d), "text/latex": d.latex, "text/markdown": d.markdown, "text/html": d.html,
    }  # fmt: skip


@pytest.mark.parametrize("form", ["pdf", "", None, 3, ["text"]])
def test_other_forms_are_refused_by_name(form: object) -> None:
    with pytest.raises(InputError, match=r"form: .* is not one of text, unicode, latex, markdown, html"):
        made(LEAST_SQUARES).page(form)  # type: ignore[arg-type]


@pytest.mark.parametrize("notation", ["colon", "", None, 3, ["trace"]])
def test_other_notations_are_refused_by_name(notation: object) -> None:
    with pytest.raises(InputError, match=r"notation: .* is not one of trace, frobenius"):
        made(LEAST_SQUARES).page(notation=notation)  # type: ignore[arg-type]


def test_steps_stay_whole_expressions() -> None:
    for at in range(COUNT - len(MORE), COUNT):
        d = derivation(at)
        assert list(d) == list(d.steps)
        assert d[-1].rule
        for line in d.lines:
            assert line.formula.op.name != "named"
