"""The referee with many digits decides where floating point cannot; it agrees with floating point where that can."""

from __future__ import annotations

import numpy as np
import pytest

import closedform as cf
from closedform.core.errors import Refusal
from closedform.core.expr import Expr, make, registry
from closedform.core.op import f
from closedform.lang.declare import declare
from closedform.lang.read import parse
from closedform.numeric.draw import draw
from closedform.numeric.evaluate import evaluate
from closedform.ops.build import num, product, total
from closedform.verify.certificate import Certificate, certify
from closedform.verify.precise import Arithmetic
from closedform.verify.question import Candidate, Question
from closedform.verify.referee import Referee
from closedform.verify.written_out import NoValue, written_out

HARD = [  # expression, variables, declarations
    ("exp(exp(exp(exp(exp(t)))))", "t", "t: scalar"),
    ("tanh(1000*t)", "t", "t: scalar"),
    ("tanh(1000*t)", "t", "t: scalar positive"),
    ("sum(tanh(1000*x))", ["x", "x"], "x: n positive"),
    ("sum(x.^200)", "x", "x: n"),
    ("sum(x.^1000)", "x", "x: n"),
    ("t^(-500)", "t", "t: scalar"),
    ("exp(1000000*t)", "t", "t: scalar"),
    ("exp(-1/t^2)^1000000", "t", "t: scalar"),
    ("log(10^300 + exp(t))", "t", "t: scalar"),
    ("log(1 + exp(-1000*t))", "t", "t: scalar positive"),
    ("crossentropy(p, 10000*x)", ["x", "x"], "x: n; p: n simplex"),
    ("sum(softmax(1000*x).^2)", "x", "x: n"),
    ("logdet(eye(n) + 10^20*x*x')", "x", "x: n"),
    ("logdet(eye(n)/10^20 + x*x')", "x", "x: n"),
    ("tr(inv(eye(n)/10^12 + x*x'))", "x", "x: n"),
    ("exp(-exp(exp(exp(x'*x))))", "x", "x: n"),
    ("tr(inv(x*x' + y*y' + eye(n)/10^10))", "x", "x: n; y: n"),
    ("exp(1000000*t)*exp(-999999*t)", "t", "t: scalar"),
]
ZERO = [
    ("norm2(Q)^2", "Q", "Q: n n orthogonal"), ("logdet(Q)", "Q", "Q: n n orthogonal"), 
    ("sum((Q'*Q)*A)", "Q", "Q: n n orthogonal; A: n n"),
    ("log(sum(p))", "p", "p: n simplex"), ("norm2(q)^3", "q", "q: n orthonormal"), ("sum(softmax(1000*x))", "x", "x: n"),
    ("logdet(expm(A)) - tr(A)", "A", "A: n n"), ("tr(sqrtm(S)*sqrtm(S)) - tr(S)", "S", "S: n n pd"),
    ("exp(1000000*t)*exp(-1000000*t)", "t", "t: scalar"), ("cosh(100*t)^2 - sinh(100*t)^2", "t", "t: scalar"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "wrt", "declared"), HARD, ids=[f"{h[0]} by {h[1]}, {h[2]}" for h in HARD])
def test_what_floating_point_cannot_decide_is_decided(expression: str, wrt: object, declared: str) -> None:
    d = cf.derive(expression, wrt, declared)
    assert d.certificate is not None and d.certificate.ok
    assert d.certificate.replay() == d.certificate
    for wrong in (product(num(2), d.expr), product(num(-1), d.expr), f.zeros(*d.expr.shape)):
        assert not certify(d.original, d.wrt, wrong).ok, str(wrong)


def test_without_the_referee_some_of_them_are_not_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [cf.derive(*question) for question in HARD]
    monkeypatch.setattr(Referee, "decide", _abstain)
    undecided = 0
    for d in answers:
        try:
            right, wrong = (certify(d.original, d.wrt, e).ok for e in (d.expr, product(num(2), d.expr)))
        except Refusal:
            undecided += 1
        else:
            undecided += right == wrong or not right
    assert undecided >= 10


def _abstain(self: Referee, candidates: object, rng: object) -> None:
    return None


@pytest.mark.parametrize(("expression", "wrt", "declared"), ZERO, ids=[z[0] for z in ZERO])
def test_a_derivative_that_vanishes_is_zero(expression: str, wrt: str, declared: str) -> None:
    d = cf.derive(expression, wrt, declared)
    assert d.certificate is not None and d.certificate.ok
    shape = d.expr.shape
    wrong = total(d.expr, product(num(3), f.ones(*shape)) if not d.expr.is_scalar else num(3))
    if "simplex" in declared or "ortho" in declared:
        wrong = product(num(3), d.wrt[0])
        assert not certify(d.original, d.wrt, wrong, structure="projected").ok
    else:
        assert not certify(d.original, d.wrt, wrong).ok


def case(name: str, declared: str) -> tuple[Expr, dict[str, object], dict[str, int]]:
    scope = declare(declared)
    symbols = list(scope.symbols.values())
    params = (3,) if name == "matrixpow" else ()
    e = make(name, tuple(symbols), params)
    names = sorted({n for s in symbols for size in s.shape for n in size.names})
    sizes = dict(zip(names, (3, 4, 2, 5), strict=False))
    rng = np.random.default_rng(4)
    return e, {s.params[0]: draw(s, sizes, rng) for s in symbols}, sizes


DRAWS = [
    (name, declared)
    for name, op in sorted(registry().items())
    for declared in op.draws
    if name
    not in ("eigvecs", "svdu", "svdv", "sympow", "unvec", "index", "blocks", "member", "moved", "named", "series", "matrixpow")
]


@pytest.mark.parametrize(("name", "declared"), DRAWS)
def test_every_operation_has_the_value_it_has_in_floating_point(name: str, declared: str) -> None:
    try:
        e, env, sizes = case(name, declared)
    except (TypeError, ValueError):
        pytest.skip("needs parameters")
    at = Arithmetic(40)
    exact = at.values([e], {k: at.array(v) for k, v in env.items()}, sizes)[e]
    found, wanted = np.asarray(exact, dtype=float), np.asarray(evaluate(e, env, sizes))
    assert found.shape == wanted.shape
    assert np.allclose(found, wanted, rtol=1e-10, atol=1e-12 * np.max(np.abs(wanted), initial=1.0))


@pytest.mark.parametrize("name", ["eigvecs", "svdu", "svdv"])
def test_what_is_determined_up_to_a_sign_has_no_precise_value(name: str) -> None:
    e, env, sizes = case(name, registry()[name].draws[0])
    at = Arithmetic(40)
    with pytest.raises(NoValue, match="no precise value"):
        at.values([e], {k: at.array(v) for k, v in env.items()}, sizes)


@pytest.mark.parametrize(
    ("text", "value"),
    [("log(t)", -1.0), ("sqrt(t)", -1.0), ("asin(t)", 2.0), ("t^(1/2)", -2.0), ("1/t", 0.0), ("inv([t, t; t, t])", 1.0),
     ("chol(t*eye(2))", -1.0), ("logm([t, 0; 0, t])", -1.0)],
)  # fmt: skip
def test_outside_of_the_domain_there_is_no_value(text: str, value: float) -> None:
    e = parse(text, "t: scalar").expr
    at = Arithmetic(40)
    with pytest.raises(NoValue):
        at.values([e], {"t": at.number(value)}, {})


def question(expression: str, name: str, answer: str, declared: str) -> tuple[Referee, Question]:
    read = parse(expression, declared)
    asked = Question(read.expr, (read.scope.symbols[name],), parse(answer, read.scope).expr)
    return Referee(asked, read.scope.symbols, {}, flip=False), asked


def test_the_verdicts() -> None:
    rng = np.random.default_rng(0)
    for answer, kind in (("2*x", "right"), ("3*x", "wrong"), ("2*x + 0*x", "right")):
        referee, _ = question("x'*x", "x", answer, "x: n")
        found = referee.decide([Candidate({"n": 3}, {"x": np.array([[1.0], [2.0], [-0.5]])})], rng)
        assert found is not None and found.kind == kind
    assert found.error < 1e-40
    referee, _ = question("x'*y", "x", "eigvecs(x*x')*y", "x: n; y: n")
    column = np.ones((3, 1))
    assert referee.decide([Candidate({"n": 3}, {"x": column, "y": column})], rng) is None
    referee, _ = question("log(-x'*x)", "x", "2*x/(x'*x)", "x: n")
    assert referee.decide([Candidate({"n": 3}, {"x": column})], rng) is None
    referee, _ = question("sum(softmax(x))", "x", "zeros(n)", "x: n")
    found = referee.decide([Candidate({"n": 3}, {"x": column})], rng)
    assert found is not None and found.kind == "zero"


@pytest.mark.parametrize(("factor", "kind"), [("1", "right"), ("2", "wrong"), ("0", "wrong")])
def test_a_derivative_that_is_steep(factor: str, kind: str) -> None:
    referee, _ = question("cos(10^30*t)", "t", f"-{factor}*10^30*sin(10^30*t)", "t: scalar")
    found = referee.decide([Candidate({}, {"t": np.array(0.7)})], np.random.default_rng(0))
    assert found is not None and found.kind == kind


def test_sums_are_written_out() -> None:
    e = parse("sum(i in 1..3, sum(j in 1..i, t^j))", "t: scalar").expr
    assert not any(node.op.name == "series" for node in [written_out(e, {}), *written_out(e, {}).args])
    with pytest.raises(NoValue, match="many terms"):
        written_out(parse("sum(i in 1..41, t^i)", "t: scalar").expr, {})
    d = cf.derive("sum(i in 1..N, tanh(1000*(b'*x[i]))^2)", "b", "b: p; x[N]: p")
    assert isinstance(d.certificate, Certificate) and d.certificate.ok
    assert not certify(d.original, d.wrt, product(num(2), d.expr)).ok
