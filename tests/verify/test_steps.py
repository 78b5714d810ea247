"""Steps of derivations: the right ones hold at random points, planted errors do not."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
from tests.test_corpus import CASES, STRUCTURE, given

import closedform as cf
from closedform.calculus.derivation import Step
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make
from closedform.core.infer import known
from closedform.core.op import f
from closedform.core.walk import postorder, substitute
from closedform.lang.read import parse
from closedform.ops.build import minus, num, product, total, transpose
from closedform.result import Derivative
from closedform.verify.differentials import Motion, marked, unrolled
from closedform.verify.point import Points
from closedform.verify.steps import StepCheck, check_step, check_steps

QUESTIONS = [  # expression, variables, declarations, options
    ("tr(A*Q*B)", "Q", "A: n n; Q: n n orthogonal; B: n n", {}),
    ("tr(A*Q*B)", "Q", "A: n n; Q: n n orthogonal; B: n n", {"structure": "free"}),
    ("tr(A*S*B)", "S", "A: n n; S: n n symmetric; B: n n", {"structure": "independent"}),
    ("logdet(S) + tr(inv(S)*C)", "S", "S: n n pd; C: n n", {"structure": "independent"}),
    ("logdet(S) + tr(inv(S)*C)", "S", "S: n n pd; C: n n", {"layout": "numerator"}),
    ("tr(A*W*B)", "W", "A: n n; W: n n skew; B: n n", {"structure": "independent"}),
    ("tr(A*L*L')", "L", "A: n n; L: n n lower", {}),
    ("q'*log(p)", "p", "p: n simplex positive; q: n", {}),
    ("t^3 + 2*t^2 - 5*t + 7", ["t", "t"], "t: scalar", {}),
    ("inv(A + t*B)", ["t", "t"], "A: n n pd; B: n n psd; t: scalar positive", {}),
    ("x'*A*y + norm2(x)^2*sum(y)", ["x", "y"], "x: n; y: m; A: n m", {}),
    ("t*x'*A*x", ["t", "x"], "x: n; t: scalar; A: n n", {}),
    ("tr(X'*A*X*B)", ["X", "X"], "X: m n; A: m m; B: n n", {}),
    ("tr(R*A*R*B)", ["R", "R"], "R: n n symmetric; A: n n; B: n n", {}),
    ("S*x", "S", "S: n n symmetric; x: n", {}),
    ("M*x", "x", "M: m n; x: n", {"layout": "denominator"}),
    ("t*M", "t", "M: m n; t: scalar", {"layout": "denominator"}),
    ("sum(i in 1..N, (y[i] - b'*x[i])^2)", "b", "b: p; y[N]: scalar; x[N]: p", {}),
    ("sum(i in 1..N, exp(b'*x[i]))", "x[j]", "b: p; x[N]: p", {}),
    ("sum(i in 0..k-1, t^i)", "t", "t: scalar; k: scalar integer positive", {}),
    ("tr(X^k*A)", "X", "X: n n; A: n n; k: scalar integer positive", {}),
    ("norm1(A*x - b)", "x", "A: m n; x: n; b: m", {}),
    ("sum(relu(A*x))", "x", "A: m n; x: n", {}),
    ("lambda_max(S)", "S", "S: n n symmetric", {}),
    ("tr(A*X)", "X", "X: 100 50; A: 50 100", {}),
]  # fmt: skip


def checked(d: Derivative, steps: list[Step] | None = None) -> tuple[StepCheck, ...]:
    lines = list(d.derivation) if steps is None else steps
    free, independent = d.structure == "free", d.structure == "independent"
    return check_steps(lines, d.wrt, free=free, independent=independent, layout=d.layout)


@pytest.mark.parametrize("at", range(len(CASES)), ids=[case["id"] for case in CASES])
def test_every_step_of_the_corpus_holds(at: int) -> None:
    case = CASES[at]
    d = cf.derive(case["expr"], case["wrt"], given(case), structure=STRUCTURE.get(case.get("convention", ""), "free"))
    for step, found in zip(d.derivation, checked(d), strict=True):
        assert found.ok, f"{step}\n{found.reason}"
        assert found.error < 1e-7


@pytest.mark.parametrize(("expression", "wrt", "declared", "options"), QUESTIONS, ids=[f"{q[0]} by {q[1]}" for q in QUESTIONS])
def test_every_step_holds_in_every_convention(expression: str, wrt: object, declared: str, options: dict[str, str]) -> None:
    d = cf.derive(expression, wrt, declared, verify=False, **options)  # type: ignore[arg-type]
    for step, found in zip(d.derivation, checked(d), strict=True):
        assert found.ok, f"{step}\n{found.reason}"


def outside_of_differentials(e: Expr) -> list[Expr]:
    inside = {n for node in postorder(e) if node.op.name == "d" for n in postorder(node.args[0])}
    return [node for node in postorder(e) if node not in inside]


def mutants(e: Expr, rng: random.Random) -> Iterator[tuple[str, Expr]]:
    """The expression with a wrong sign, a wrong factor, a term less, or a factor transposed."""
    yield "sign", product(num(-1), e)
    yield "factor", product(num(2), e)
    for node in outside_of_differentials(e):
        if node.op.name == "add":
            k = rng.randrange(len(node.args))
            rest = node.args[:k] + node.args[k + 1 :]
            yield "term", substitute(e, {node: total(*rest)})
            flipped = (*node.args[:k], product(num(-1), node.args[k]), *node.args[k + 1 :])
            yield "sign of a term", substitute(e, {node: make("add", flipped)})
        if node.op.name == "mul":
            for k, a in enumerate(node.args):
                if a.is_square and not a.is_scalar and not known(a, "symmetric"):
                    factors = (*node.args[:k], transpose(a), *node.args[k + 1 :])
                    yield "transpose", substitute(e, {node: make("mul", factors)})


def differ(d: Derivative, step: Step, wrong: Expr) -> bool:
    """Is a planted error one, at random points and directions of entries that are all different?"""
    lines = marked([step.after, wrong])
    points = Points((), (*lines.lines, *lines.differentials.values(), *d.wrt), seed=99)
    for _ in range(4):
        point = points.next()
        at = {x.params[0]: point.of(x) for x in d.wrt}
        motion = Motion(at, {name: np.random.default_rng(1).standard_normal(np.shape(X)) for name, X in at.items()})
        values = motion.filled(lines, point.bound, point.values)
        a, b = (values[points.program.place[e]] for e in lines.lines)
        if np.max(np.abs(a - b)) > 1e-6 * np.max(np.abs(a), initial=1e-9):
            return True
    return False


def test_planted_errors_are_caught() -> None:
    rng = random.Random(5)
    planted = 0
    for case in CASES[::4]:
        if case.get("convention"):
            continue
        d = cf.derive(case["expr"], case["wrt"], given(case), structure="free", verify=False)
        steps = list(d.derivation)
        for k in rng.sample(range(len(steps)), min(3, len(steps))):
            wrongs = list(mutants(steps[k].after, rng))
            for kind, wrong in rng.sample(wrongs, min(3, len(wrongs))):
                if wrong.shape != steps[k].after.shape or not differ(d, steps[k], wrong):
                    continue
                planted += 1
                lines = [*steps[:k], Step(steps[k].rule, steps[k].before, wrong, ""), *steps[k + 1 :]]
                found = checked(d, lines)
                assert not found[k].ok, f"{kind} in {case['id']}: {steps[k].before} = {wrong}"
                assert found[k].reason.startswith("the two sides differ") and found[k].error > 1e-6
                assert all(other.ok for j, other in enumerate(found) if j != k)
    assert planted > 200


def test_the_transpose_of_a_square_gradient_is_another_layout() -> None:
    parsed = parse("tr(A*X)", "A: n n; X: n n")
    A, X = parsed.scope.symbols["A"], parsed.scope.symbols["X"]
    step = Step("identify", f.d(parsed.expr), A, "")
    assert not check_step(step, X).ok
    assert check_step(step, X, layout="numerator").ok
    assert check_step(step, X, layout="").ok
    assert check_step(Step("identify", f.d(parsed.expr), transpose(A), ""), X).ok


def test_sides_of_different_shapes_and_sides_without_values() -> None:
    parsed = parse("x'*x", "x: n")
    x = parsed.scope.symbols["x"]
    dx = f.tangent("x", *x.shape)
    assert "1 x 1 and n x 1" in check_step(Step("d-mul", f.d(parsed.expr), dx, ""), x).reason
    assert "a derivative by x" in check_step(Step("identify", f.d(parsed.expr), num(1), ""), x).reason
    nowhere = product(f.log(product(num(-1), parsed.expr)), parsed.expr)
    assert "not compared" in check_step(Step("d-mul", f.d(nowhere), f.d(nowhere), ""), x).reason
    undefined = total(f.d(parsed.expr), product(num(0), f.log(minus(num(-1), f.norm2(x)))))
    assert not check_step(Step("d-mul", f.d(parsed.expr), undefined, ""), x).ok
    with pytest.raises(InputError, match="free or independent"):
        check_step(Step("identify", f.d(parsed.expr), x, ""), x, free=True, independent=True)


def test_a_differential_under_a_sum_with_an_index() -> None:
    parsed = parse("sum(i in 1..N, exp(b'*x[i]))", "b: p; x[N]: p")
    b = parsed.scope.symbols["b"]
    body, (name, low, high) = parsed.expr.args[0], parsed.expr.params
    inside = make("series", (f.d(body),), (name, low, high))
    assert check_step(Step("d-series", f.d(parsed.expr), inside, ""), b).ok
    assert not check_step(Step("d-series", f.d(parsed.expr), product(num(2), inside), ""), b).ok
    member = next(node for node in postorder(body) if node.op.name == "member")
    db = f.tangent("b", *b.shape)
    resolved = make("series", (product(body, transpose(member), db),), (name, low, high))
    assert check_step(Step("d-exp", inside, resolved, ""), b).ok
    assert not check_step(Step("d-exp", inside, substitute(resolved, {body: num(1)}), ""), b).ok
    assert str(unrolled(inside, {"N": 2, "p": 3})) == "d(exp(b'*x[1])) + d(exp(b'*x[2]))"
    assert unrolled(inside, {"N": 0, "p": 3}) is make("zeros", (), (low, low))


def test_the_checks_repeat() -> None:
    d = cf.derive("logdet(S) + tr(inv(S)*C)", "S", "S: n n pd; C: n n symmetric")
    assert checked(d) == checked(d)
