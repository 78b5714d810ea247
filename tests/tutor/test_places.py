"""Where the referee points, what it calls a slip inside of a function, and what it makes of answers that fit nowhere."""

from __future__ import annotations

import pytest

import closedform as cf
from closedform.tutor.judgement import Judgement

RIDGE = ("norm2(y - X*w)^2 + lambda*norm2(w)^2", "w", "X: n p; y: n; w: p; lambda: scalar")
GAUSS = ("logdet(S) + x'*inv(S)*x", "S", "S: n n pd; x: n")


def judged(question: tuple[str, str, str], answer: str) -> Judgement:
    expression, wrt, given = question
    return cf.check(expression, wrt, answer, given)


def pointed(said: Judgement) -> str:
    assert said.where is not None
    return said.answer[slice(*said.where)]


def test_a_dropped_factor_is_looked_for_in_the_term_that_lacks_it() -> None:
    said = judged(GAUSS, "inv(S) - inv(S)*x*x'")
    assert (said.slip, pointed(said)) == ("dropped factor", "inv(S)*x*x'")


def test_several_terms_are_pointed_at_together() -> None:
    said = judged(RIDGE, "-2*X'*y + X'*X*w + lambda*w")
    assert pointed(said) == "X'*X*w + lambda*w"
    assert "it has lambda*w where 2*lambda*w belongs" in said.explanation


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (("-y'*log(softmax(W*x))", "W", "y: c simplex; W: c p; x: p"), "(y - softmax(W*x))*x'"),
        (("norm2(y - X*w)", "w", "X: n p; y: n; w: p"), "-X'*(y - X*w)"),
        (("norm2(X*w)^2/n", "w", "X: n p; w: p"), "2*X'*X*w"),
        (("sum(log(ones(n) + exp(-y.*(X*w))))", "w", "X: n p; y: n; w: p"), "X'*(y./(ones(n) + exp(y.*(X*w))))"),
    ],
)
def test_answers_do_not_part_where_nothing_is_derived(question: tuple[str, str, str], answer: str) -> None:
    step = judged(question, answer).step
    assert step is None or step.rule.startswith("d-")


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        (("sum(sin(A*x).*exp(B*x))", "x", "A: m n; B: m n; x: n"), "A'*(cos(2*A*x).*exp(B*x)) + B'*(sin(2*A*x).*exp(B*x))", "2*"),
        (("norm2(y - relu(X*w + b))^2", "w", "X: m n; y: m; b: m; w: n"),
         "-2*X'*((y - relu(X*(3*w) + b)).*step(X*(3*w) + b))", "3*w"),
        (("tr(X^5)", "X", "X: n n"), "5*(X/3)'^4", "1/81 times"),
        (("relu(w'*x + b)", "w", "w: n; x: n; b: scalar"), "step(w'*x + b)*x/3", "1/3 times"),
    ],
)  # fmt: skip
def test_a_factor_inside_of_a_function_is_found(question: tuple[str, str, str], answer: str, said: str) -> None:
    found = judged(question, answer)
    assert (found.verdict, found.slip) == ("wrong", "wrong factor")
    assert said in found.explanation


# ---- shapes ------------------------------------------------------------------------------------------------------
SOFTMAX = ("softmax(z)", "z", "z: n")
NET = ("norm2(V*tanh(W*x + b) - y)^2", "W", "W: h n; V: m h; x: n; b: h; y: m")


@pytest.mark.parametrize(
    ("question", "answer", "slip", "suggestion"),
    [
        (RIDGE, "-2*X'*(y - X*w) + 2*lambda", "dropped factor", "-2*X'*(y - X*w) + 2*lambda*w"),
        (RIDGE, "-2*X'*y + 2*(X'*X + lambda*eye(n))*w", "another size", "-2*X'*y + 2*(X'*X + lambda*eye(p))*w"),
        (SOFTMAX, "diag(softmax(z)) - softmax(z)'*softmax(z)", "inner for outer product",
         "diag(softmax(z)) - softmax(z)*softmax(z)'"),
        (SOFTMAX, "softmax(z)*(1 - softmax(z))", "entries left out", None),
        (NET, "2*(V'*(V*tanh(W*x + b) - y).*(1 - tanh(W*x + b)^2))*x'", "elementwise and matrix product confused",
         "2*(V'*(V*tanh(W*x + b) - y).*(ones(h) - tanh(W*x + b).^2))*x'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_mended_part_by_part(
    question: tuple[str, str, str], answer: str, slip: str, suggestion: str | None
) -> None:
    said = judged(question, answer)
    assert (said.verdict, said.slip, said.suggestion) == ("ill-shaped", slip, suggestion)
    if suggestion is not None:
        assert judged(question, suggestion).right


def test_brackets_below_a_stroke() -> None:
    said = judged(("log(x'*A*x)", "x", "x: n; A: n n symmetric"), "2*A*x/x'*A*x")
    assert (said.verdict, said.slip, said.suggestion) == ("ill-shaped", "brackets left out", "2*A*x/(x'*A*x)")


def test_an_assumption_is_all_that_is_needed() -> None:
    """Entries that sum to 1 may be negative."""
    assert judged(("norm1(x)", "x", "x: n"), "ones(n)").assumption == "the entries of x are positive"
    assert (
        judged(("sum(norm1(x)*x)", "x", "x: n"), "ones(n) + sum(x)*ones(n)").assumption
        == "the entries of x are positive and sum to 1"
    )
    loss = "-y'*log(softmax(z))", "z", "y: c; z: c"
    assert judged(loss, "softmax(z) - y").assumption == "the entries of y sum to 1"


def test_the_kind_of_the_expression_is_named() -> None:
    assert "the derivative of a scalar by w (p x 1) is p x 1" in judged(RIDGE, "X*w").explanation
    assert "the derivative of a matrix (n x n) by X" in judged(("inv(X)", "X", "X: n n"), "X").explanation


def test_entries_are_judged_at_small_sizes_quickly() -> None:
    assert cf.check("A", "x", "x[i]", "x: 1000000000").verdict == "ill-shaped"


def test_a_witness_shows_more_than_rounding() -> None:
    """Right where n is even."""
    for answer in ("det(-X)*inv(X)'", "-det(-X)*inv(X)'"):
        said = judged(("det(X)", "X", "X: n n invertible"), answer)
        assert said.verdict == "wrong" and said.replay()


def test_steps_hide_no_difference() -> None:
    """At most points step(X*w + 2*b) is step(X*w + b)."""
    question = "norm2(y - relu(X*w + b*ones(m)))^2", "w", "X: m n; y: m; b: scalar; w: n"
    said = judged(question, "-2*X'*((y - relu(X*w + 2*b*ones(m))).*step(X*w + 2*b*ones(m)))")
    assert said.suggestion is None and "2*(b*ones(m))" in said.explanation
    said = judged(question, "-2*X'*(y - relu(X*w + b*ones(m)))")
    assert said.slips == ("dropped factor",)


def test_points_at_which_all_is_zero_say_nothing() -> None:
    said = judged(("relu(b)'*(C*b)", "C", "C: n n symmetric; b: n"), "b*relu(b)' + relu(b)*b' - diag(b.*relu(b))")
    assert (said.verdict, said.slip) == ("other convention", "symmetric convention")


def test_long_sums_in_an_answer_are_refused_at_once() -> None:
    question = "x'*A*x", "x", "x: n; A: n n"
    with pytest.raises(cf.Refusal, match="at most 10000 are added up"):
        judged(question, "sum(i in 1..10^9, A*x)")
    with pytest.raises(cf.Refusal, match="at most 10000 are added up"):
        cf.check_derivation(*question[:2], "df = sum(i in 1..10^9, x'*A*dx)", question[2])
    with pytest.raises(cf.Refusal, match=r"limits\.steps"):
        cf.equal("sum(i in 1..10^9, A*x)", "A*x + A'*x", question[2])


def test_a_coefficient_below_rounding_is_not_read_off() -> None:
    said = judged(("x'*A*x", "x", "x: n; A: n n"), "10^300*A*x")
    assert said.verdict == "wrong" and "A'*x belongs" not in said.explanation
