"""The reasons in a derivation: each line says something, and what it says of the question's names is so."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.test_corpus import CASES, given

import closedform as cf
from closedform.calculus.alike import alike
from closedform.page.derivation import Derivation

FIRST_ORDER = [case for case in CASES if isinstance(case["wrt"], str)]

QUESTIONS = [
    ("x*x'*a", "x", "x: n; a: n"),
    ("x'*inv(A + x*x')*x", "x", "A: n n pd; x: n"),
    ("tr(inv(A + X*B*X')*C)", "X", "A: n n pd; B: k k symmetric; C: n n; X: n k"),
    ("X*inv(X'*X)*X'*y", "X", "X: n p; y: n"),
    ("sum(logsumexp_rows(X*W)) - sum(Y.*(X*W))", "W", "X: n p; W: p c; Y: n c"),
    ("tr(W'*X)", "X", "W: n n skew; X: n n"),
]


def derivation(expression: str, wrt: object, declared: str | None, **conventions: str) -> Derivation:
    return cf.derive(expression, wrt, declared, **conventions).derivation


def reasons(expression: str, wrt: object, declared: str | None, **conventions: str) -> dict[str, str]:
    return {step.rule: step.because for step in derivation(expression, wrt, declared, **conventions)}


@pytest.mark.parametrize(("expression", "wrt", "declared"), QUESTIONS, ids=[q[0] for q in QUESTIONS])
def test_no_line_only_reorders_the_one_before(expression: str, wrt: str, declared: str) -> None:
    for step in derivation(expression, wrt, declared):
        if step.rule not in ("identify", "name-layers", "write-out", "name", "simplify"):
            assert not alike(step.before, step.after), step


@pytest.mark.parametrize("case", FIRST_ORDER, ids=[c["id"] for c in FIRST_ORDER])
def test_what_is_called_symmetric_occurs_in_the_question(case: dict[str, Any]) -> None:
    _symmetric_parts(cf.derive(case["expr"], case["wrt"], given(case)))


@pytest.mark.parametrize(("expression", "wrt", "declared"), QUESTIONS, ids=[q[0] for q in QUESTIONS])
def test_what_is_called_symmetric_occurs(expression: str, wrt: str, declared: str) -> None:
    _symmetric_parts(cf.derive(expression, wrt, declared))


def _symmetric_parts(answer: cf.Derivative) -> None:
    names = answer.declared.union(name for line in answer.derivation.lines for name, _ in line.names)
    for step in answer.derivation:
        for said in re.findall(r"(?:^|; )([^;]+?) (?:is|are) (?:symmetric|skew)(?=;|,|$)", step.because):
            assert set(re.findall(r"[A-Za-z_]\w*(?![\w(])", said)) - {"and"} <= names, step.because


def test_a_part_that_has_a_name_is_called_by_it() -> None:
    assert reasons("logdet(diag(d) + U*U')", "U", "U: n k; d: n positive")["symmetric+collect"].startswith("inv(Z) is symmetric")
    page = str(derivation("x'*inv(A + x*x')*x", "x", "A: n n pd; x: n"))
    assert "(2*(1 - x'*inv(Z)*x)*inv(Z)*x)'*dx" in page


def test_the_convention_gives_the_reason() -> None:
    question = "(x - mu)'*inv(S)*(x - mu)", "S", "S: p p pd; x: p; mu: p"
    assert reasons(*question, structure="free")["facts"] == "S is symmetric"
    assert "stands in two places" in reasons(*question, structure="independent")["identify"]
    assert "G - G'" in reasons("tr(A*W)", "W", "A: n n; W: n n skew", structure="independent")["identify"]


def test_a_rule_says_what_it_uses_of_the_arguments() -> None:
    said = reasons("crossentropy(y, W*x)", "W", "y: c simplex; W: c p; x: p")["d-crossentropy"]
    assert said == "d crossentropy(p, z) = (sum(p)*softmax(z) - p)'*dz; the entries of y sum to 1"
    said = reasons("crossentropy(y, W*x)", "W", "y: c; W: c p; x: p")["d-crossentropy"]
    assert said == "d crossentropy(p, z) = (sum(p)*softmax(z) - p)'*dz"


def test_a_product_of_layers_is_differentiated_by_the_product_rule() -> None:
    said = reasons("norm2(tanh(W*x).*tanh(V*x))^2", "x", "W: m n; V: m n; x: n")
    assert said["d-hadamard"] == "dr = da1.*a2 + a1.*da2"
    steps = derivation(
        "g'*((x - mean(x)*ones(n))/sqrt(norm2(x - mean(x)*ones(n))^2/n + c))", "x", "g: n; x: n; c: scalar positive"
    )
    assert (steps[1].rule, steps[1].because) == ("d-mul", "d(A*B) = dA*B + A*dB; d(1/a) = -da/a^2")


def test_writing_out_says_by_which_rule_it_gets_shorter() -> None:
    question = "-sum(y.*log(sigmoid(X*w)) + (ones(n) - y).*log(ones(n) - sigmoid(X*w)))", "w", "X: n p; y: n; w: p"
    assert "1 - sigmoid(z) = sigmoid(-z)" in reasons(*question)["write-out"]
    plain = reasons("norm2(W2*tanh(W1*x) - y)^2", "W1", "W1: h n; W2: m h; x: n; y: m")["write-out"]
    assert plain == "with what the names stand for"


def test_a_first_derivative_is_written_out_before_it_is_differentiated_again() -> None:
    steps = derivation("sqrt(x'*A*x)", ["x", "x"], "A: n n pd; x: n")
    at = [step.rule for step in steps].index("write-out")
    assert str(steps[at].after) == "A*x/sqrt(x'*A*x)"
    assert str(steps[at + 1].before) == "d(A*x/sqrt(x'*A*x))"


@pytest.mark.parametrize("wrt", ["W", ["W", "W"]])
def test_the_names_of_the_question_stand_for_one_thing(wrt: object) -> None:
    """The answer names W + I what the question names abs(-(W + I))."""
    answer = cf.derive("let T0 = abs(-(W - -eye(3))); normnuc(sqrt(T0 + ones(3, 3)))'", wrt, "W: 3 3 unit", structure="free")
    page = str(answer.derivation)
    assert "with T0 = abs(Z1)" in page
    assert "dT0 = dT0" not in page
    assert " 0  " not in page


def test_a_transposed_column_needs_no_commutation() -> None:
    assert "K(" not in reasons("x*x'*a", "x", "x: n; a: n")["standard-form"]
    assert "K(" not in reasons("kron(x, x)", "x", "x: n")["standard-form"]


def test_a_differential_of_hundreds_of_rules_is_not_written_rule_by_rule() -> None:
    found = derivation("‖" * 800 + "x" + "‖" * 800, "x", None)
    assert len(found) < 60
    last = next(step for step in found if step.rule == "d-rest")
    assert last.because.startswith("d norm2(X) = tr(X'*dX)/norm2(X) (")
    assert len(str(found)) < 2_000_000
    assert derivation("‖" * 120 + "x" + "‖" * 120, "x", None).check().ok


def test_a_page_is_under_limits() -> None:
    found = derivation("‖" * 800 + "x" + "‖" * 800, "x", None)
    with cf.limits(steps=2_000), pytest.raises(cf.Refusal, match=r"limits\.steps"):
        found.page("latex")


def test_facts_are_named_where_they_are_used() -> None:
    free = derivation("p'*log(p)", "p", "p: n simplex positive", structure="free")
    assert "facts" not in [step.rule for step in free]
    orthonormal = reasons("tr(Q'*A*Q)", "Q", "Q: n k orthonormal; A: n n symmetric")
    assert orthonormal["symmetric+collect"] == "A is symmetric; like terms add"
    assert "project" in orthonormal
    assert "only the symmetric part" not in reasons("logdet(S)", "S", "S: n n pd", structure="free")["identify"]


def test_no_transpose_is_taken_and_taken_back() -> None:
    assert [step.rule for step in derivation("tr(S*A)", "S", "S: n n pd; A: n n symmetric")] == [
        "d-linear",
        "cyclic-trace",
        "identify",
    ]


@pytest.mark.parametrize("seed", ["a", -1, 1.5, None, True])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    with pytest.raises(cf.InputError, match="seed: a whole number"):
        derivation("x'*x", "x", None).check(seed=seed)
