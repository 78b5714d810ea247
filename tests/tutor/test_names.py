"""Names of the question in forms and in derivations by other styles: nothing else is called by one of them."""

from __future__ import annotations

import pytest

import closedform as cf

TAKEN = "K: 2 2; D: 3 3; f: n; F: n; g: n; X: m n; x: n; A: n n"
QUESTIONS = [("X'", "X"), ("norm2(A*x - f)^2", "x"), ("f'*x*g", "x"), ("tr(X*A*X')", "X"), ("X'*X", "X")]


@pytest.mark.parametrize(("expression", "wrt"), QUESTIONS, ids=[q[0] for q in QUESTIONS])
def test_a_form_is_read_where_its_question_is(expression: str, wrt: str) -> None:
    answer = cf.derive(expression, wrt, TAKEN)
    for form in answer.forms().values():
        if form.holds in ("equal", "transposed", "stacked", "convention"):
            assert cf.parse(form.text, TAKEN).shape == form.expr.shape
        assert "K(" not in form.text
        assert "K_{" not in form.latex


@pytest.mark.parametrize(("expression", "wrt"), QUESTIONS, ids=[q[0] for q in QUESTIONS])
def test_the_function_has_a_letter_of_its_own(expression: str, wrt: str) -> None:
    answer = cf.derive(expression, wrt, TAKEN)
    pages = [str(answer.derivation_in(style)) for style in ("chain", "entries")]
    for page in pages:
        assert page.split()[0].partition("[")[0] not in answer.declared
        assert "K(" not in page
    lefts = [form.left for form in answer.forms().values()]
    assert not any(left.startswith(("df", "dF", "g[", "vec(F)")) for left in lefts)


def test_a_function_and_its_gradient_have_two_letters() -> None:
    forms = cf.derive("f'*x*(f'*x)", "x", "f: n; x: n").forms()
    assert forms["differential"].left == "dg"
    assert forms["entries"].left.startswith("h[")


def test_an_entry_is_not_read_back_as_itself() -> None:
    page = str(cf.derive("a'*x", "x", "a: n; x: n").derivation_in("entries"))
    assert page.count("a[k]") == 1


def test_a_page_leaves_the_declared_letters_alone() -> None:
    question = "tr(X)", "X", "X: n n; f: n; F: n; g: n"
    page = str(cf.derive(*question).derivation)
    assert page.split()[0] == "h"
    assert cf.check_derivation(*question[:2], page, question[2]).right


@pytest.mark.parametrize(
    ("expression", "wrt", "given"),
    [
        ("tanh(Y*Y')*(Y*L)", "Y", "L: n n lower; Y: m n"),
        ("((logdet(S + K))/(1 + tr(K)^2))/(1 + (exp(2)/(1 + tr(K)^2))^2)", "K", "K: n n; S: n n pd"),
    ],
)
def test_a_page_with_broken_lines_is_read_again(expression: str, wrt: str, given: str) -> None:
    page = str(cf.derive(expression, wrt, given).derivation)
    assert any(line.rstrip().endswith("*") for line in page.splitlines())
    assert cf.check_derivation(expression, wrt, page, given).right
