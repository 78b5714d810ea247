"""Derivations: every step keeps the value, the steps follow each other, and the last one ends in the answer."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from tests.conftest import Golden

import closedform as cf
from closedform.calculus.step import NAMES, Step
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, substitute
from closedform.lang.read import parse
from closedform.numeric.difference import derivative
from closedform.numeric.evaluate import evaluate
from closedform.numeric.tangent import direction
from closedform.result import Derivative
from closedform.rewrite.catalog import rule
from closedform.verify.point import Points

TOLERANCE = 1e-8

QUESTIONS: dict[str, tuple[str, str | list[str], str]] = {
    "quadratic": ("x'*A*x", "x", "x: n; A: n n"),
    "quadratic-symmetric": ("x'*A*x + c'*x", "x", "x: n; c: n; A: n n symmetric"),
    "trace-of-product": ("tr(A*X*B)", "X", "A: p m; X: m n; B: n p"),
    "gaussian": ("logdet(S) + tr(inv(S)*C)", "S", "S: n n pd; C: n n symmetric"),
    "gaussian-general-c": ("logdet(S) + tr(inv(S)*C)", "S", "S: n n pd; C: n n"),
    "determinant": ("det(X'*A*X)", "X", "X: n n invertible; A: n n invertible"),
    "least-squares": ("norm2(A*x - b)^2", "x", "A: m n; x: n; b: m"),
    "norm": ("norm2(A*x - b)", "x", "A: m n; x: n; b: m"),
    "softmax-regression": ("sum(logsumexp_rows(X*W)) - sum(Y.*(X*W))", "W", "X: m n; W: n c; Y: m c"),
    "cross-entropy": ("crossentropy(p, W*x + b)", "W", "p: c simplex; W: c n; x: n; b: c"),
    "logistic": ("sum(softplus(-y.*(X*w)))", "w", "X: m n; w: n; y: m"),
    "network": ("0.5*norm2(tanh(X*W1)*W2 - Y)^2", "W1", "X: m n; W1: n h; W2: h c; Y: m c"),
    "attention": ("0.5*norm2(softmax_rows(X*W*X')*V - Y)^2", "W", "X: n k; W: k k; V: n p; Y: n p"),
    "factorization": ("sum(V.*log(V./(W*H)) - V + W*H)", "W", "W: n k positive; H: k m positive; V: n m positive"),
    "low-rank": ("logdet(diag(d) + U*U')", "U", "U: n k; d: n positive"),
    "power": ("tr(X^3*A)", "X", "X: n n; A: n n"),
    "kronecker": ("tr(kron(A, X)*B)", "X", "A: m m; X: n n; B: m*n m*n"),
    "polynomial": ("t^3 + 2*t^2 - 5*t + 7", "t", "t: scalar"),
    "rotation": ("[cos(t), sin(t); -sin(t), cos(t)]", "t", "t: scalar"),
    "resolvent": ("inv(A + t*B)", "t", "A: n n pd; B: n n psd; t: scalar positive"),
    "jacobian": ("A*exp(B*x)", "x", "A: m n; B: n n; x: n"),
    "jacobian-matrix": ("A*X*B", "X", "A: p m; X: m n; B: n q"),
    "jacobian-inverse": ("inv(X)", "X", "X: n n invertible"),
    "jacobian-gram": ("X'*X", "X", "X: m n"),
    "jacobian-softmax": ("softmax(A*x)", "x", "A: m n; x: n"),
    "hessian": ("logsumexp(A*x + b)", ["x", "x"], "A: m n; x: n; b: m"),
    "hessian-mixed": ("x'*A*y + norm2(x)^2*sum(y)", ["x", "y"], "x: n; y: m; A: n m"),
    "hessian-quadratic": ("x'*A*x", ["x", "x"], "x: n; A: n n symmetric"),
    "skew": ("tr(A*W*B)", "W", "A: n n; W: n n skew; B: n n"),
    "lower": ("tr(A*L*L')", "L", "A: n n; L: n n lower"),
    "diagonal": ("x'*D*y", "D", "x: n; D: n n diagonal; y: n"),
    "simplex": ("q'*log(p)", "p", "p: n simplex positive; q: n"),
    "orthogonal": ("tr(A*Q*B)", "Q", "A: n n; Q: n n orthogonal; B: n n"),
    "entries": ("x[1]^2 + 3*x[1]*x[2] + x[2]^2", "x", "x: 2"),
    "named layers": ("let T = s*z; y'*tanh(E*tanh(E*T))", "z", "s: scalar; z: m; y: m; E: m m"),
    "named scalar": ("let T = sqrt(abs(u) + ones(n))'*u; exp(tanh(gelu(T)))^-2", "u", "u: n"),
    "centred": ("let T = x - mean(x)*ones(n); g'*tanh(T/norm2(T))", "x", "x: n; g: n"),
    "named": ("let P = inv(S); tr(P*C) + tr(P)", "S", "S: n n pd; C: n n symmetric"),
    "constant": ("y'*y", "x", "x: n; y: n"),
}

GOLDEN = (
    "quadratic", "trace-of-product", "gaussian", "least-squares", "cross-entropy", "network", "jacobian-matrix", "hessian",
)  # fmt: skip


def derived(name: str) -> Derivative:
    return cf.derive(*QUESTIONS[name])


class Place:
    """A point and a direction, at which the lines of a derivation have values."""

    def __init__(self, d: Derivative, seed: int) -> None:
        symbols = list(dict.fromkeys([*d.wrt, *(e for e in postorder(d.original) if e.op.name == "symbol")]))
        point = Points([d.original, d.expr, *symbols], seed=seed).next()
        rng = np.random.default_rng(seed)
        self.sizes = point.sizes
        self.env: dict[str, Any] = {str(e): point.of(e) for e in symbols}
        for x in d.wrt:
            self.env["d" + str(x)] = np.float64(1.0) if x.is_scalar else direction(x, self.env[str(x)], d.structure, rng)

    def value(self, e: Expr, x: Expr) -> Any:
        """The value of a line in which d(...) is the differential in the direction of x."""
        marks: dict[Expr, Expr] = {}
        env = dict(self.env)
        for node in postorder(e):
            if node.op.name == "d":
                name = f"differential_{len(marks)}"
                marks[node] = make("symbol", (), (name, *node.shape, 2, frozenset()))
                env[name] = self.differential(node.args[0], x)
        return np.asarray(evaluate(substitute(e, marks), env, self.sizes))

    def differential(self, e: Expr, x: Expr) -> Any:
        name = str(x)

        def along(s: Any) -> Any:
            return evaluate(e, {**self.env, name: self.env[name] + s[0] * self.env["d" + name]}, self.sizes)

        return derivative(along, 1, analytic=all(node.op.analytic for node in postorder(e))).value


def stages(d: Derivative) -> list[tuple[Step, Expr]]:
    """The steps, each with the variable that moves in it."""
    out, at = [], 0
    for step in d.derivation:
        out.append((step, d.wrt[min(at, len(d.wrt) - 1)]))
        at += step.rule == "identify"
    return out


def gap(a: Any, b: Any) -> float:
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return float("inf")
    return float(np.max(np.abs(a - b), initial=0.0) / max(1.0, float(np.max(np.abs(b), initial=0.0))))


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_step_keeps_the_value(name: str) -> None:
    d = derived(name)
    for seed in range(2):
        place = Place(d, seed)
        for step, x in stages(d):
            if step.rule != "identify":
                before, after = place.value(step.before, x), place.value(step.after, x)
                assert np.isfinite(before).all()
                assert gap(after, before) < TOLERANCE, f"{step} by {x}"


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_identified_is_what_the_direction_is_multiplied_with(name: str) -> None:
    d = derived(name)
    place = Place(d, 3)
    seen = [(step, x) for step, x in stages(d) if step.rule == "identify"]
    assert len(seen) == len(d.wrt)
    for step, x in seen:
        left, answer, towards = place.value(step.before, x), place.value(step.after, x), place.env["d" + str(x)]
        if x.is_scalar:
            assert gap(answer, left) < TOLERANCE
        elif left.ndim == 0:
            assert gap(np.sum(answer * towards), left) < TOLERANCE
        else:
            moved = answer @ np.reshape(towards, (-1, 1), order="F")
            assert gap(moved, np.reshape(left, (-1, 1), order="F")) < TOLERANCE


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_steps_follow_each_other_to_the_answer(name: str) -> None:
    d = derived(name)
    steps = list(d.derivation)
    assert steps[-1].after is d.expr
    for first, second in pairwise(steps):
        if first.rule != "identify" or second.rule in ("name", "write-out"):
            assert first.after is second.before, f"{first}\n{second}"
        assert first.before is not first.after, str(first)


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_step_has_a_known_name_and_a_reason(name: str) -> None:
    d = derived(name)
    for step in d.derivation:
        assert step.because.strip()
        for part in step.rule.split("+"):
            assert part in NAMES or part.startswith("d-") or rule(part)


@pytest.mark.parametrize("layout", ["numerator", "denominator", "mixed"])
@pytest.mark.parametrize("structure", ["projected", "free"])
@pytest.mark.parametrize("name", ["gaussian-general-c", "jacobian", "least-squares", "skew", "hessian-mixed", "rotation"])
def test_a_derivation_ends_in_the_answer_in_every_convention(name: str, layout: str, structure: str) -> None:
    d = cf.derive(*QUESTIONS[name], layout=layout, structure=structure)
    assert list(d.derivation)[-1].after is d.expr
    assert parse(str(d), QUESTIONS[name][2]).expr is d.expr


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_page_is_readable(name: str) -> None:
    d = derived(name)
    page = str(d.derivation)
    lines = page.splitlines()
    assert str(d).rpartition("; ")[2] in page
    assert "Expr(" not in page
    assert len(lines) >= 2


@pytest.mark.parametrize("name", GOLDEN)
def test_the_page_is_the_golden_one(name: str, golden: Golden) -> None:
    expression, wrt, given = QUESTIONS[name]
    d = derived(name)
    by = wrt if isinstance(wrt, str) else ", ".join(wrt)
    forms = f"{d.kind} {' x '.join(d.shape)}: {d}\n{d.latex}\n{d.unicode}\n"
    golden.check(f"{name}.txt", f"{expression}\nby {by}, given {given}\n\n{d.derivation}\n\n{forms}")


def test_a_false_step_would_be_found() -> None:
    d = derived("gaussian")
    place = Place(d, 0)
    for step, x in stages(d):
        if step.rule != "identify":
            wrong = make("mul", (make("number", (), (Fraction(-1),)), step.after))
            assert gap(place.value(wrong, x), place.value(step.before, x)) > 1e-3
