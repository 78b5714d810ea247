"""Every form of an answer says the same as the answer: numerically, over the corpus; and it parses back."""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest
from tests.test_corpus import CASES, given

import closedform as cf
from closedform.calculus.derive import tangent_of
from closedform.core.dim import Dim
from closedform.core.expr import Expr
from closedform.core.op import f
from closedform.core.walk import postorder, substitute
from closedform.lang.declare import Scope, declare
from closedform.numeric.evaluate import evaluate
from closedform.result import Derivative
from closedform.tutor.entry_terms import sides as counted
from closedform.tutor.forms import Form, Forms
from closedform.verify.certificate import certify
from closedform.verify.contraction import derivative_shape
from closedform.verify.point import Points

SECOND_ORDER = [
    ("x'*A*x", ["x", "x"], "x: n; A: n n"),
    ("logsumexp(A*x)", ["x", "x"], "x: n; A: m n"),
    ("logdet(X)", ["X", "X"], "X: n n invertible"),
    ("tr(X'*A*X*B)", ["X", "X"], "X: n m; A: n n; B: m m"),
    ("x'*A*y", ["x", "y"], "x: n; A: n m; y: m"),
    ("a'*X*b", ["X", "a"], "X: n m; a: n; b: m"),
    ("diag(x)*A*x", ["x", "x"], "x: n; A: n n"),
]
MATRICES = [
    ("A*X*B", "X", "A: m n; X: n p; B: p q"),
    ("X'*X", "X", "X: n p"),
    ("X*X'", "X", "X: n p"),
    ("inv(X)", "X", "X: n n invertible"),
    ("X.*X", "X", "X: n p"),
    ("kron(A, X)", "X", "A: m q; X: n p"),
    ("diag(x)*A", "x", "x: n; A: n p"),
    ("x*x'", "x", "x: n"),
    ("exp(A*X)", "X", "A: m n; X: n p"),
    ("S*S", "S", "S: n n symmetric"),
    ("t*A + inv(A)", "t", "A: n n invertible; t: scalar"),
    ("sum(i in 1..N, (x[i]'*w)^2)", "w", "x[N]: p; w: p"),
    ("softmax_rows(X)*a", "X", "X: n p; a: p"),
]


@cache
def answer(at: int) -> tuple[Derivative, Forms]:
    case = CASES[at]
    d = cf.derive(case["expr"], case["wrt"], given(case), structure="free", verify=False)
    return d, d.forms()


cases = pytest.mark.parametrize("at", range(len(CASES)), ids=[case["id"] for case in CASES])


@cases
def test_the_forms_of_a_case_agree(at: int) -> None:
    d, forms = answer(at)
    agree(d, forms)


@cases
def test_the_forms_of_a_case_parse_back(at: int) -> None:
    d, forms = answer(at)
    parse_back(d, forms, declare(given(CASES[at])))


@pytest.mark.parametrize("question", [*SECOND_ORDER, *MATRICES], ids=lambda q: f"{q[0]} by {q[1]}")
@pytest.mark.parametrize("layout", ["mixed", "numerator", "denominator"])
def test_the_forms_of_matrices_and_of_second_order_agree(question: tuple[str, Any, str], layout: str) -> None:
    d = cf.derive(*question, layout=layout, verify=False)
    agree(d, d.forms())
    parse_back(d, d.forms(), declare(question[2]))


def parse_back(d: Derivative, forms: Forms, scope: Scope) -> None:
    steps = {f"d{x.params[0]}": like(x) for x in d.wrt}
    for form in forms.values():
        expr = substitute(form.expr, {tangent_of(x): steps[f"d{x.params[0]}"] for x in d.wrt})
        letters = {n for e in postorder(form.expr) for p in e.params if isinstance(p, Dim) for n in p.names if n.isalnum()}
        again = cf.parse(form.text, scope.extended(steps, letters))
        assert str(again) == form.text, form
        assert again.shape == expr.shape


def like(x: Expr) -> Expr:
    name, rows, cols, axes, _ = x.params
    return f.symbol(f"d{name}", rows, cols, axes, frozenset())


def agree(d: Derivative, forms: Forms) -> None:
    symbols = {x: like(x) for x in d.wrt}
    asked = [e for e in postorder(d.original, d.expr) if e.op.name in ("symbol", "family")]
    points = Points([d.expr, d._mixed, d.original, *asked, *symbols.values()], seed=3)
    for _ in range(2):
        point = points.next()
        env = {e.params[0]: point.of(e) for e in [*asked, *symbols.values()]}
        for form in forms.values():
            consistent(d, form, env, dict(point.sizes), symbols)


def consistent(d: Derivative, form: Form, env: dict[str, Any], sizes: dict[str, int], steps: dict[Expr, Expr]) -> None:
    printed, mixed = (np.asarray(evaluate(e, env, sizes)) for e in (d.expr, d._mixed))
    if form.holds == "convention":
        assert certify(d.original, d.wrt, form.expr, layout=d.layout, structure=form.name).ok, form
        return
    if form.holds == "entry":
        by_entries(d, form, env, sizes, mixed)
        return
    moved = substitute(form.expr, {tangent_of(x): step for x, step in steps.items()})
    value = np.asarray(evaluate(moved, env, sizes))
    if form.holds == "equal":
        wanted = printed
    elif form.holds == "transposed":
        wanted = printed.T
    elif form.holds == "stacked":
        wanted = mixed.reshape(-1, 1, order="F")
    else:
        step = np.reshape(env[f"d{d.wrt[-1].params[0]}"], -1, order="F")
        rows = np.asarray(evaluate(d.original, env, sizes)).size
        wanted = np.reshape(mixed, (-1, step.size), order="F") @ step
        wanted = step @ wanted if len(d.wrt) == 2 else np.reshape(wanted, rows)
        value = np.reshape(value, -1, order="F")
    assert np.allclose(np.squeeze(value), np.squeeze(wanted), rtol=1e-9, atol=1e-9 * (1 + abs(wanted).max(initial=0.0))), form


def by_entries(d: Derivative, form: Form, env: dict[str, Any], sizes: dict[str, int], mixed: Any) -> None:
    """Every entry (some, of a large answer) against that of the answer in mixed layout."""
    letters = sorted(set(re.findall("[ijklrstuvw]", "".join(re.findall(r"\[(.*?)\]", form.left)))))
    x = d.wrt[-1]
    if d.original.is_scalar and len(d.wrt) == 1:
        sides = x.shape
    elif x.is_scalar:
        sides = tuple(size for side in counted(d._mixed) for size in side)
    else:
        sides = (*derivative_shape(d.original.shape, d.wrt[:-1]), *x.shape)
    counts = [size.value(sizes) for size in sides]
    shaped = np.reshape(mixed, [c for c, size in zip(counts, sides, strict=True) if str(size) != "1"], order="F")
    assert len(letters) == shaped.ndim, form
    every = list(product(*(range(n) for n in shaped.shape)))
    scale = 1 + float(abs(shaped).max(initial=0.0))
    for place in every[:: max(1, len(every) // 12)]:
        at = {letter: k + 1 for letter, k in zip(letters, place, strict=True)}
        value = float(evaluate(form.expr, env, {**sizes, **at}))
        assert abs(value - shaped[place]) <= 1e-9 * scale, (form, place)
