"""The chain rule made visible: every factor, the product of all, and what is read off it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.test_corpus import CASES, given

import closedform as cf
from closedform.core.dim import Dim
from closedform.core.expr import Expr
from closedform.core.walk import postorder
from closedform.numeric.evaluate import evaluate
from closedform.tutor.chain_rule import Chain, chain
from closedform.verify.point import Points

FIRST_ORDER = [case for case in CASES if isinstance(case["wrt"], str)]

COMPOSITIONS = [
    ("sum(exp(A*x))", "x", "A: m n; x: n", ["1 x m", "m x m", "m x n"]),
    ("norm2(y - X*b)^2", "b", "X: m n; y: m; b: n", ["1 x m", "m x n"]),
    ("A*tanh(B*x)", "x", "A: p m; B: m n; x: n", ["p x m", "m x m", "m x n"]),
    ("logdet(X'*X)", "X", "X: n p", ["1 x p*p", "p*p x n*p"]),
    ("logdet(diag(x) + A)", "x", "x: n; A: n n pd", ["1 x n*n", "n*n x n"]),
    ("tr(inv(t*A + B)*C)", "t", "t: scalar; A: n n; B: n n pd; C: n n", ["1 x n*n", "n*n x n*n", "n*n x n*n", "n*n x 1"]),
    ("a'*softmax(W*x + b)", "W", "W: m n; x: n; b: m; a: m", ["1 x m", "m x m", "m x m*n"]),
    ("exp(-t^2)*A", "t", "A: m n; t: scalar", ["m*n x 1", "1 x 1", "1 x 1"]),
    ("exp(S*x)", "S", "S: n n symmetric; x: n", ["n x n", "n x n*n"]),
    ("logsumexp(A*x)", "x", "A: m n; x: n", ["1 x m", "m x n"]),
    ("x'*A*x", "x", "x: n; A: n n", ["1 x n"]),
]


def values(c: Chain, *expressions: Expr) -> list[tuple[Any, ...]]:
    """The values of expressions at two points; letters that count entries are 2."""
    nodes = postorder(c.answer.original, *expressions)
    inputs = [e for e in nodes if e.op.name in ("symbol", "family")]
    points = Points([c.answer.original, *inputs], seed=4)
    out = []
    for _ in range(2):
        point = points.next()
        env = {e.params[0]: point.of(e) for e in inputs}
        sizes = {n: 2 for e in nodes for p in e.params if isinstance(p, Dim) for n in p.names}
        out.append(tuple(np.asarray(evaluate(e, env, {**sizes, **point.sizes})) for e in expressions))
    return out


def holds(c: Chain) -> None:
    """The steps of equal value have it, the factors fit together, and the whole is the answer."""
    assert c.certificate.ok
    assert c.verdict.equal is not False, c.verdict
    for left, right in zip(c.factors, c.factors[1:], strict=False):
        assert left.jacobian.cols is right.jacobian.rows
    for step in c.steps:
        if step.rule in ("compose", "chain-rule", "simplify", "trace-form"):
            for before, after in values(c, step.before, step.after):
                scale = 1 + float(abs(before).max(initial=0.0))
                assert np.allclose(before, after, rtol=1e-8, atol=1e-8 * scale), step
    assert str(c)


@pytest.mark.parametrize(("expression", "wrt", "scope", "sizes"), COMPOSITIONS, ids=[q[0] for q in COMPOSITIONS])
def test_the_factors_have_the_sizes_that_multiply(expression: str, wrt: str, scope: str, sizes: list[str]) -> None:
    c = chain(expression, wrt, scope)
    assert [g.size for g in c.factors] == sizes
    assert c.is_composition is (len(sizes) > 1)
    holds(c)


@pytest.mark.parametrize("layout", ["mixed", "numerator", "denominator"])
@pytest.mark.parametrize(("expression", "wrt", "scope", "sizes"), COMPOSITIONS[:8], ids=[q[0] for q in COMPOSITIONS[:8]])
def test_the_last_line_is_the_answer_in_its_layout(expression: str, wrt: str, scope: str, sizes: list[str], layout: str) -> None:
    c = chain(expression, wrt, scope, layout=layout)
    holds(c)
    lines = [step.after for step in c.steps if step.rule not in ("trace-form", "factor", "compose")]
    assert lines[-1] is c.answer.expr or str(lines[-1]) == str(c.answer)


@pytest.mark.parametrize("case", FIRST_ORDER[::4], ids=[case["id"] for case in FIRST_ORDER[::4]])
def test_the_chain_of_a_case_is_its_derivative(case: dict[str, Any]) -> None:
    holds(chain(case["expr"], case["wrt"], given(case), structure="free"))


def test_a_function_of_a_linear_map() -> None:
    said = str(chain("logsumexp(A*theta)", "theta", "A: m n; theta: n"))
    assert "f(A*theta) has the gradient A' times that of f: A'*softmax(A*theta)" in said


def test_a_matrix_that_depends_on_a_vector_is_taken_by_the_trace() -> None:
    c = chain("logdet(diag(x) + A)", "x", "x: n; A: n n pd")
    step = next(step for step in c.steps if step.rule == "trace-form")
    assert step.because == "df/dx[i] = tr((df/dZ)'*dZ/dx[i])"
    assert str(step.after) == "tr(inv(diag(x) + A)*diag(e(i, n)))"
    by_scalar = chain("tr(inv(t*A + B)*C)", "t", "t: scalar; A: n n; B: n n pd; C: n n")
    assert any(step.because == "df/dt = tr((df/dV)'*dV/dt)" for step in by_scalar.steps)


def test_the_page_shows_sizes_under_the_factors() -> None:
    lines = str(chain("sum(exp(A*x))", "x", "A: m n; x: n")).splitlines()
    assert lines[1] == "df/dx = df/du * du/dv * dv/dx"
    for word, size in (("ones(1, m)", "1 x m"), ("diag(exp(v))", "m x m")):
        start = lines[2].index(word)
        assert start <= lines[3].index(size) <= start + len(word)


def test_the_structure_of_the_variable_comes_last() -> None:
    c = chain("exp(S*x)", "S", "S: n n symmetric; x: n")
    assert c.steps[-1].rule == "structure"
    assert c.steps[-1].after is c.answer.expr


def test_one_whole_variable_only() -> None:
    with pytest.raises(cf.InputError):
        chain("x'*x", ["x", "x"], "x: n")
    with pytest.raises(cf.InputError):
        chain("sum(i in 1..N, x[i]'*x[i])", "x[j]", "x[N]: p")
