"""Simplification: idempotent, true to the value, blind to the order of terms, the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, event, given, note
from hypothesis import settings as configured
from hypothesis import strategies as st
from tests.contract import unmet
from tests.strategies import POINTS, SCOPE, SIZES, expressions, scalars, shuffled, symbols_of, values

import closedform as cf
from closedform.core.expr import Expr
from closedform.core.infer import facts
from closedform.core.walk import contains, postorder
from closedform.lang.read import parse
from closedform.lang.text import text
from closedform.numeric.evaluate import evaluate
from closedform.rewrite.best import normal_form, shortest
from closedform.rewrite.engine import Simplifier
from closedform.rewrite.order import Order, ranks

ROOT = Path(__file__).resolve().parents[1]
TOLERANCE = 1e-7


def agree(a: Expr, b: Expr) -> bool:
    """Have the two expressions equal values at the points (where the first has one)?"""
    assert a.shape == b.shape
    for found, wanted in zip(values(b), values(a), strict=True):
        if not np.isfinite(wanted).all():
            continue
        scale = max(1.0, _size(a), float(np.max(np.abs(wanted))))
        if not np.isfinite(found).all() or float(np.max(np.abs(found - wanted))) > TOLERANCE * scale:
            return False
    return True


def _size(e: Expr) -> float:
    """The largest number that occurs on the way to the value: what rounding is measured by."""
    out = 0.0
    for sizes, env in POINTS:
        for node in postorder(e):
            value = np.abs(evaluate(node, env, sizes))
            out = max(out, float(np.max(np.where(np.isfinite(value), value, 0.0), initial=0.0)))
    return out


def closed(e: Expr) -> Expr:
    return Simplifier(Order(ranks(e))).canonical(e)


def opened(e: Expr) -> Expr:
    return normal_form(e, Order(ranks(e)))


@configured(max_examples=150)
@given(expressions(kron=True))
def test_simplifying_keeps_the_value(e: Expr) -> None:
    note(text(e))
    assert agree(e, closed(e)), text(closed(e))
    assert agree(e, shortest(e, Order(ranks(e))).expr), text(shortest(e, Order(ranks(e))).expr)
    try:
        spread = opened(e)
    except cf.Refusal:  # too many terms to multiply out
        return
    assert agree(e, spread), text(spread)


@configured(max_examples=150)
@given(expressions(kron=True))
def test_simplifying_twice_is_simplifying_once(e: Expr) -> None:
    note(text(e))
    once = closed(e)
    assert Simplifier(Order(ranks(e))).canonical(once) is once, text(once)
    try:
        spread = opened(e)
    except cf.Refusal:
        return
    assert normal_form(spread, Order(ranks(e))) is spread, text(spread)
    short = cf.simplify(e, SCOPE)
    assert cf.simplify(short, SCOPE) is short, text(short)


@configured(max_examples=100)
@given(st.data())
def test_the_order_of_terms_does_not_matter(data: st.DataObject) -> None:
    e = data.draw(expressions())
    other = data.draw(shuffled(e))
    note(f"{text(e)}\n{text(other)}")
    order = Order(ranks(e))
    try:
        assert normal_form(e, order) is normal_form(other, order)
    except cf.Refusal:
        assume(False)
    assert Simplifier(order).canonical(e) is Simplifier(order).canonical(other)


@configured(max_examples=150)
@given(expressions(kron=True))
def test_what_is_printed_is_what_is_read(e: Expr) -> None:
    for form in (e, closed(e)):
        assert parse(text(form), SCOPE).expr is form, text(form)


@configured(max_examples=200)
@given(expressions(depth=2, kron=True))
def test_the_facts_of_an_expression_hold(e: Expr) -> None:
    note(text(e))
    for form in (e, closed(e)):
        claimed = facts(form)
        for sizes, env in POINTS:
            assert not unmet(evaluate(form, env, sizes), claimed), (text(form), sizes)


@configured(max_examples=60)
@given(scalars(), st.data())
def test_the_gradient_of_a_scalar_is_certified_or_refused(e: Expr, data: st.DataObject) -> None:
    """Any other exception (a failed certificate above all) is a failure."""
    found = [x for x in symbols_of(e) if contains(e, x)]
    assume(found)
    x = data.draw(st.sampled_from(found))
    note(f"{text(e)} by {x}")
    try:
        d = cf.derive(e, str(x), SCOPE)
    except cf.Refusal as refusal:
        event(f"refused: {str(refusal)[:60]}")
        return
    assert d.certificate is not None and d.certificate.ok
    assert d.expr.shape == x.shape
    assert parse(str(d), SCOPE).expr is d.expr


@configured(max_examples=40)
@given(expressions(smooth=True, depth=2), st.data())
def test_the_jacobian_of_anything_is_certified_or_refused(e: Expr, data: st.DataObject) -> None:
    found = symbols_of(e)
    assume(found)
    x = data.draw(st.sampled_from(found))
    note(f"{text(e)} by {x}")
    try:
        d = cf.derive(e, str(x), SCOPE)
    except cf.Refusal as refusal:
        event(f"refused: {str(refusal)[:60]}")
        return
    assert d.certificate is not None and d.certificate.ok
    assert parse(str(d), SCOPE).expr is d.expr


@configured(max_examples=25)
@given(scalars(smooth=True, depth=2), st.data())
def test_the_hessian_of_a_scalar_is_certified_or_refused(e: Expr, data: st.DataObject) -> None:
    found = [x for x in symbols_of(e) if x.is_column]
    assume(found)
    wrt = [str(data.draw(st.sampled_from(found))) for _ in range(2)]
    note(f"{text(e)} by {wrt}")
    try:
        d = cf.derive(e, wrt, SCOPE)
    except cf.Refusal as refusal:
        event(f"refused: {str(refusal)[:60]}")
        return
    assert d.certificate is not None and d.certificate.ok


# ---- the same in every process -------------------------------------------------------------------------------------
PROGRAM = """
import closedform as cf
QUESTIONS = [
    ("x'*A*x + y'*x", "x", None), ("tr(A*X*B*X')", "X", None), ("logdet(S) + tr(inv(S)*C)", "S", "S: n n pd; C: n n symmetric"),
    ("norm2(A*x - b)^2", "x", "A: m n; x: n; b: m"), ("sum(tanh(W*x + b).*y)", "W", "W: m n; x: n; b: m; y: m"),
    ("logsumexp(A*x + b)", ["x", "x"], "A: m n; x: n; b: m"),
    ("crossentropy(p, W*x + b)", "W", "p: c simplex; W: c n; x: n; b: c"),
    ("b'*tanh(A*tanh(A*tanh(A*x)))", "A", "A: n n; x: n; b: n"), ("det(X'*A*X)", "X", "X: n n; A: n n"),
    ("tr(inv(A + X'*C*X)*(X'*B*X))", "X", "X: n k; C: n n pd; B: n n symmetric; A: k k pd"),
    ("sum(softplus(-y.*(X*w)))", ["w", "w"], "X: m n; w: n; y: m"), ("norm2(x)", ["x", "x"], "x: n"),
    ("A*exp(B*x)", "x", "A: m n; B: n n; x: n"), ("A*X*B", "X", "A: m n; X: n k; B: k p"), ("tr(X^3)", "X", "X: n n"),
    ("0.5*norm2(softmax_rows(X*W) - Y)^2", "W", "X: n k; W: k c; Y: n c"), ("t^3 + 2*t^2 - 5*t + 7", "t", "t: scalar"),
    ("x[1]^2 + 3*x[1]*x[2] + x[2]^2", "x", "x: 2"),
    ("sum(V.*log(V./(W*H)) - V + W*H)", "W", "W: n k positive; H: k m positive; V: n m positive"),
    ("tr(kron(A, X))", "X", "A: m m; X: n n"), ("a'*X'*b + c'*X*d", "X", "X: m n; a: n; b: m; c: m; d: n"),
]
for text, wrt, given in QUESTIONS:
    try:
        d = cf.derive(text, wrt, given)
        print(d, "|", d.latex, "|", d.unicode, "|", d.conditions, d.notes, d.inferred, d.certificate.max_error)
        print(d.derivation)
        print(d.function().source)
    except cf.Refusal as refusal:
        print(refusal)
"""


@pytest.fixture(scope="module")
def answers() -> list[str]:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=dict(os.environ, PYTHONPATH=str(ROOT / "src"), PYTHONHASHSEED=seed),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for seed in ("0", "1", "4242")
    ]
    out = []
    for run in runs:
        said, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors
        out.append(said)
    return out


def test_answers_do_not_depend_on_the_hash_seed(answers: list[str]) -> None:
    assert len(answers[0].splitlines()) > 100
    assert answers[0] == answers[1] == answers[2]


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    questions = [("tr(A*X*B)", "X"), ("x'*A*x + y'*x", "x"), ("norm2(A*x - y)^2", "x"), ("tr(B*X*A)", "X")]
    alone = [str(cf.derive(*q)) for q in questions]
    assert [str(cf.derive(*q)) for q in reversed(questions)] == alone[::-1]


def test_the_sizes_of_the_points_fit_the_letters() -> None:
    assert all(row["n"] <= row["m"] for row in SIZES)
