"""The derivation by entries: every line has the value of the line before it, and the last is the answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.test_corpus import CASES, given

import closedform as cf
from closedform.calculus.step import direction
from closedform.calculus.structure import space
from closedform.core.dim import Dim
from closedform.core.expr import Expr
from closedform.core.op import f
from closedform.core.walk import postorder, substitute
from closedform.numeric.evaluate import evaluate
from closedform.tutor.entries import Entries, entries
from closedform.verify.point import Points

FIRST_ORDER = [case for case in CASES if isinstance(case["wrt"], str)]

WRITTEN = [
    ("x'*A*x", "x", "x: n; A: n n", "sum(i in 1..n, A[k,i]*x[i]) + sum(i in 1..n, x[i]*A[i,k])"),
    ("tr(A*X*B)", "X", "A: m n; X: n p; B: p m", "sum(i in 1..m, A[i,k]*B[l,i])"),
    ("A*x", "x", "A: m n; x: n", "A[i,k]"),
    ("A*X*B", "X", "A: m n; X: n p; B: p q", "A[i,k]*B[l,j]"),
    ("inv(X)", "X", "X: n n invertible", "-inv(X)[i,k]*inv(X)[l,j]"),
    ("logdet(X)", "X", "X: n n invertible", "inv(X)[l,k]"),
    ("sum(x.^3)", "x", "x: n", "3*x[k]^2"),
    ("tr(X'*X)", "X", "X: n p", "X[k,l] + X[k,l]"),
    ("softmax(x)", "x", "x: n", "softmax(x)[i]*eye(n)[i,k] - softmax(x)[k]*softmax(x)[i]"),
]
MORE = [
    ("X'*X", "X", "X: n p"),
    ("kron(A, X)", "X", "A: m q; X: n p"),
    ("exp(-t^2)*A", "t", "A: m n; t: scalar"),
    ("sum(i in 1..N, (z[i]'*w)^2)", "w", "z[N]: p; w: p"),
    ("tr(expm(X))", "X", "X: n n"),
    ("sum(log(softmax(A*x)))", "x", "A: m n; x: n"),
    ("let z = A*x; z'*z*norm2(z)", "x", "A: m n; x: n"),
]


def holds(found: Entries) -> None:
    """Lines of equal value have it, at entries that differ from one another; the differential acts on directions."""
    d, x = found.answer, found.answer.wrt[-1]
    _, _, _, axes, _ = x.params
    dx = f.symbol(f"d{x.params[0]}", x.rows, x.cols, axes, frozenset())
    table = {direction(x): dx}
    nodes = postorder(d.original, d.expr, dx, *(e for s in found.steps for e in (s.before, s.after)))
    inputs = [e for e in nodes if e.op.name in ("symbol", "family")]
    names = {n for e in nodes for p in e.params if isinstance(p, Dim) for n in p.names if n.isalnum()}
    points = Points([d.original, d._mixed, *inputs], seed=9)
    for _ in range(2):
        point = points.next()
        env = {e.params[0]: point.of(e) for e in inputs}
        letters = {n: 1 + k % 2 for k, n in enumerate(sorted(names - set(point.sizes)))}
        for step in found.steps:
            if step.rule not in ("index-form", "delta", "contract", "read-back"):
                continue
            if step.rule == "delta" or step.before.shape != step.after.shape:
                continue
            before, after = (value(e, table, env, {**letters, **point.sizes}) for e in (step.before, step.after))
            assert np.allclose(before, after, rtol=1e-8, atol=1e-8), step
        moved = next(s.after for s in found.steps if s.rule == "differentiate")
        if d.original.is_scalar and not space(x):
            gradient = np.reshape(evaluate(d._mixed, env, point.sizes), -1)
            wanted = float(gradient @ np.reshape(env[dx.params[0]], -1))
            assert abs(float(value(moved, table, env, point.sizes)) - wanted) <= 1e-7 * (1 + abs(gradient).sum()), moved


def value(e: Expr, table: dict[Expr, Expr], env: dict[str, Any], sizes: Any) -> Any:
    return np.asarray(evaluate(substitute(e, table), env, sizes))


@pytest.mark.parametrize(("expression", "wrt", "scope", "line"), WRITTEN, ids=[q[0] for q in WRITTEN])
def test_the_entry_is_what_a_textbook_writes(expression: str, wrt: str, scope: str, line: str) -> None:
    found = entries(expression, wrt, scope)
    assert line in [str(step.after) for step in found.steps if step.rule in ("delta", "contract")]
    assert found.steps[-1].after is found.answer.expr
    holds(found)


@pytest.mark.parametrize(("expression", "wrt", "scope"), MORE, ids=[q[0] for q in MORE])
def test_more_derivations_hold(expression: str, wrt: str, scope: str) -> None:
    holds(entries(expression, wrt, scope))


@pytest.mark.parametrize("case", FIRST_ORDER, ids=[case["id"] for case in FIRST_ORDER])
def test_the_derivation_of_a_case_holds(case: dict[str, Any]) -> None:
    try:
        found = entries(case["expr"], case["wrt"], given(case), structure="free")
    except cf.Refusal as error:
        assert "not written by entries" in str(error)
        return
    holds(found)


def test_most_cases_are_written_by_entries() -> None:
    refused = 0
    for case in FIRST_ORDER[::6]:
        try:
            entries(case["expr"], case["wrt"], given(case), structure="free")
        except cf.Refusal:
            refused += 1
    assert refused <= 2


def test_the_page() -> None:
    assert str(entries("x'*A*x", "x", "x: n; A: n n")).splitlines()[-2:] == [
        "         = ((A + A')*x)[k]",
        "the derivative: (A + A')*x",
    ]
    assert str(entries("kron(A, X)", "X", "A: m q; X: n p")).startswith("F[i + (j - 1)*n, k + (l - 1)*p] = A[j,l]*X[i,k]")
    said = str(entries("tr(A*S)", "S", "A: n n; S: n n symmetric"))
    assert said.endswith("the derivative in the space of the variable: (A + A')/2")


def test_letters_that_mean_something_are_not_used() -> None:
    said = str(entries("k*l'*x", "x", "x: i; l: i; k: scalar"))
    assert "x[k]" not in said and "/dx[r]" in said


def test_one_whole_variable_only() -> None:
    with pytest.raises(cf.InputError):
        entries("x'*x", ["x", "x"], "x: n")
    with pytest.raises(cf.InputError):
        entries("sum(i in 1..N, x[i]'*x[i])", "x[j]", "x[N]: p")
