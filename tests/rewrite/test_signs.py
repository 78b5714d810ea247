"""Numbers and signs that facts bring along (W' = -W for a skew W) are not lost inside words, stacks and functions."""

from __future__ import annotations

import numpy as np
import pytest
from tests.strategies import SCOPE
from tests.test_normal_form import agree

import closedform as cf
from closedform.lang.read import parse
from closedform.numeric.draw import draw
from closedform.numeric.evaluate import evaluate
from closedform.rewrite.best import normal_form
from closedform.rewrite.engine import Simplifier
from closedform.rewrite.order import Order, ranks

EXPRESSIONS = (
    "K(n,n)*vec(W)", "K(n,n)*vec(W')", "K(n,n)*vec(2*W*A)", "K(n,n)*vec(s*W)", "K(n,m)*vec(Z)", "kron(W,A)*vec(W)",
    "kron(W',A)*vec(S)", "kron(2*W,A)*kron(W',B)", "kron(-A,B)*kron(W',B)'", "khatrirao(W',A)'*kron(A,B)", "kron(W',W)*vec(A')",
    "(-A*W - (-A - W - W))'", "A' - 2*W + W*A'", "(W*A)'*W'", "W'^3*W", "inv(2*W + R)*W'", "inv(W' - R)", "tr(W'*A*W')",
    "tr(W*A')", "x'*W'*y", "y'*W*x + x'*W*y", "x'*W*x", "sum(W'*A)", "diag(W'*A)", "vec(W')'*vec(A)", "unvec(vec(W'),n,n)",
    "unvec(K(n,n)*vec(W'),n,n)", "[W', A]*[B; S]", "[W, A]'", "W'.*A", "(W.*A)'", "tril(-A)'", "tril(W)'", "expm(W')",
    "expm(2*W)'", "norm2(-W')^2", "lyap(P,2*W)'", "lyap(2*P,A)", "maximum(-A,-B)", "max(-x)", "min(2*x)", "lambda_max(-S)",
    "eigvalsh(-2*S)", "adj(2*A)", "pinv(-X)", "logdet(2*R)", "det(-A)", "det(2*A)", "(2*S)^3", "inv(c*Q)",
    "diag(2*x)*diag(3*y)*A", "diag(-x)^2*A",
    "sqrtm(2*P)*sqrtm(2*P)*A + A", "chol(2*P)*chol(2*P)'*A - 2*A", "chol(c*P)*chol(c*P)'*A + P*A",
    "sqrtm(P + P)^3 + P", "pinv(2*X)*X*Z", "X*pinv(X)*X*3", "-r*A - r", "r - (r' - x)'", "Q*(-Q)'", "-Q'*Q*2*A", "M*(-M)*M*A",
)  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_simplifying_keeps_the_sign(text: str) -> None:
    e = parse(text, SCOPE).expr
    order = Order(ranks(e))
    for form in (Simplifier(order).canonical(e), cf.simplify(e, SCOPE), normal_form(e, order)):
        assert agree(e, form), f"{text} becomes {form}"


KNOWN = ("positive", "diagonal positive", "lower positive", "diagonal nonnegative", "upper unit", "unit")


@pytest.mark.parametrize("word", ["sign", "step", "abs", "relu", "sqrt", "log1p", "expm1"])
@pytest.mark.parametrize("facts", KNOWN)
def test_what_is_known_of_entries_is_known_of_those_on_the_pattern_only(word: str, facts: str) -> None:
    """A positive diagonal matrix has zeros off its diagonal: sign and step are 0 there."""
    e = parse(f"{word}(A)", f"A: n n {facts}").expr
    form = cf.simplify(e)
    for seed in range(3):
        env = {"A": draw(e.args[0], {"n": 3}, np.random.default_rng(seed))}
        assert np.allclose(evaluate(form, env, {"n": 3}), evaluate(e, env, {"n": 3}), atol=1e-12), str(form)


@pytest.mark.parametrize(
    ("expression", "wrt", "given", "answer"),
    [
        ("sum(W)", "W", "W: n n skew", "zeros(n, n)"),
        ("ones(n)'*p", "p", "p: n simplex", "zeros(n)"),
        ("tr(diag(p))", "p", "p: n simplex", "zeros(n)"),
        ("tr(W)", "W", "W: n n skew", "zeros(n, n)"),
        ("-r*A - r", "A", "r: 1 n; A: n n", "-kron(eye(n), r)"),
        ("u'*(u*tr(A)/c)", "A", "A: n n; u: n; c: scalar positive", "u'*u*eye(n)/c"),
    ],
)
def test_a_derivative_that_went_wrong_once(expression: str, wrt: str, given: str, answer: str) -> None:
    d = cf.derive(expression, wrt, given)
    assert str(d) == answer
    assert d.certificate is not None and d.certificate.ok


@pytest.mark.parametrize(
    ("expression", "wrt", "given"),
    [
        ("min(D)", "D", "D: n n diagonal"),
        ("normnuc(M)", "M", "M: n n idempotent"),
        ("norm1(W)", "W", "W: n n skew"),
        ("normspec(Q)", "Q", "Q: n n orthogonal"),
        ("lambda_max(eye(n) + 0*S)", "S", "S: n n symmetric"),
    ],
)
@pytest.mark.parametrize("structure", ["projected", "free"])
def test_a_function_that_is_never_differentiable_there_is_answered_or_refused(
    expression: str, wrt: str, given: str, structure: str
) -> None:
    try:
        cf.derive(expression, wrt, given, structure=structure)
    except cf.Refusal as refusal:
        assert str(refusal)
