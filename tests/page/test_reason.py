"""Reasons are taken apart into words and formulas, and nothing of them is lost."""

from __future__ import annotations

import pytest
from tests.page.texcheck import faults

from closedform.calculus.step import NAMES
from closedform.core.expr import registry
from closedform.page.formula import Node, read
from closedform.page.reason import parts
from closedform.page.wording import Latex, Text, Unicode
from closedform.rewrite.catalog import ROWS

REASONS = sorted({*NAMES.values(), *(row.because for row in ROWS), *(op.why for op in registry().values() if op.why)})


def compact(text: str) -> str:
    return text.replace(" ", "").replace("(", "").replace(")", "")


@pytest.mark.parametrize("because", REASONS)
def test_the_parts_of_a_reason_are_the_reason(because: str) -> None:
    found = parts(because)
    whole = "".join(p if isinstance(p, str) else Text(()).written(p) for p in found)
    assert compact(whole) == compact(because)
    latex = "".join(r"\text{words}" if isinstance(p, str) else Latex(()).written(p) for p in found)
    assert not list(faults(rf"\begin{{align*}}{latex}\end{{align*}}"))


@pytest.mark.parametrize("name", [name for name, op in registry().items() if op.why and " = " in op.why and op.why[0] == "d"])
def test_the_rule_of_each_operation_is_read_as_a_formula(name: str) -> None:
    first = parts(registry()[name].why)[0]
    assert isinstance(first, Node)


@pytest.mark.parametrize(
    ("because", "shown"),
    [
        ("A, B and C are constant", "«A», «B» and «C» are constant"),
        ("a scalar that all terms share", "a scalar that all terms share"),
        ("S is symmetric (2 places)", "«S» is symmetric (2 places)"),
        ("x_1 and W1 are constant", "«x_1» and «W1» are constant"),
        ("d a^k = k*a^(k - 1)*da", "«d a^k = ka^(k - 1) da»"),
        ("vec(dX') = K(m, n)*vec(dX)", "«vec(dXᵀ) = K(m, n) vec(dX)»"),
        ("d log|det(X)| = tr(inv(X)*dX)", "«d log|det(X)| = tr(X⁻¹ dX)»"),
        ("dz = X*dw, and delta = -2*(r.*step(z))/m", "«dz = X dw», and «δ = -2(r ⊙ step(z))/m»"),
        ("only rows x[1:k] move", "only rows «x[1:k]» move"),
        ("an entry is e(i, n)'*x", "an entry is «e(i, n)ᵀx»"),
        ("twice: once, and again.", "twice: once, and again."),
        ("", ""),
    ],
)
def test_words_stay_words(because: str, shown: str) -> None:
    assert "".join(p if isinstance(p, str) else f"«{Unicode(()).written(p)}»" for p in parts(because)) == shown


def test_the_names_of_the_question_stand_for_themselves() -> None:
    known = frozenset({"data", "dose", "rate"})
    assert read("rate*dose = ddata", known) is not None
    assert read("rate*dose = ddata") is None
    found = read("ddata = dose", known)
    assert found is not None
    assert Unicode(known).written(found) == "ddata = dose"
    assert Latex(known).written(found) == r"\mathrm{d}\mathrm{data} = \mathrm{dose}"


DEEP = ["(" * 200 + "a" + ")" * 200, "-" * 500 + "x", "a+" * 400 + "a"]


@pytest.mark.parametrize("text", ["", "(", "a b", "a +", "f(", "x[1", "tr()", "A..B", "x' '", "=", "a = ", "«", *DEEP])
def test_what_is_no_formula_is_left_alone(text: str) -> None:
    found = read(text)
    assert found is None or text == "x' '"
    whole = "".join(p if isinstance(p, str) else Text(()).written(p) for p in parts(text))
    assert whole.replace(" ", "") == text.replace(" ", "")
