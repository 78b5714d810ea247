"""Special points: answers that are right at every generic point but not at these fail; kinks and edges are passed over."""

from __future__ import annotations

import numpy as np
import pytest
from tests.test_corpus import CASES, STRUCTURE, given
from tests.verify.test_certificate import CASES as RIGHT
from tests.verify.test_certificate import certified, identify

import closedform as cf
from closedform.core.dim import Dim
from closedform.core.op import f
from closedform.lang.read import parse
from closedform.numeric.special import KINDS, satisfies, special, special_value
from closedform.verify.certificate import certify
from closedform.verify.question import Question
from closedform.verify.special import SpecialPoints
from closedform.verify.trial import Trials

HIDDEN = [  # right where nothing vanishes that a formula divides by; where it fails first
    ("x'*x", "x", "2*(x'*x)*x/(x'*x)", "x: zero"),
    ("tr(A*B)", "A", "inv(A)*A*B'", "A: zero"),
    ("t^2", "t", "2*t^2/t", "t: zero"),
    ("sin(t)", "t", "cos(t)*t/t", "t: zero"),
    ("x'*x", "x", "2*x.*x./x", "x: identity"),
    ("exp(t)", "t", "exp(t)*(t - 1)/(t - 1)", "t: identity"),
    ("tr(A*A)", "A", "2*A'*inv(A - eye(n))*(A - eye(n))", "A: identity"),
    ("tr(A*A)", "A", "2*A'*(tr(A) + n)/(tr(A) + n)", "A: minus identity"),
    ("x'*y", "x", "y*sum(x)/sum(x)", "x: zero"),
    ("M*x", "x", "M*norm2(x)/norm2(x)", "x: zero"),
    ("logdet(S)", "S", "inv(S)*(tr(S) - n)/(tr(S) - n)", "S: identity"),
    ("x'*x", "x", "2*x + 0*inv(x*x' - eye(n))*x", "x: identity"),
    ("x'*A*x", "x", "(A + A')*x*abs(sign(x'*y))", "y: zero"),
    ("sum(exp(x))", "x", "exp(x)*abs(sign(x'*x))", "x: zero"),
    ("b'*M*x", "x", "M'*b*(n - 1)/(n - 1)", "n = 1"),
    ("b'*M*x", "x", "M'*b*log(n)/log(n)", "n = 1"),
    ("b'*M*x", "x", "M'*b*(m - n)/(m - n)", "n = 1"),
    ("x'*C*x", "x x", "2*C*(x'*x)/(x'*x)", "x: zero"),
    ("t^3", "t t", "6*t^2/t", "t: zero"),
]

PASSED_OVER = [  # not differentiable, or not defined, where the answer has no value
    ("norm2(x)", "x", "x/norm2(x)"),
    ("norm2(x)", "x x", "eye(n)/norm2(x) - x*x'/norm2(x)^3"),
    ("norm1(x)", "x", "x./abs(x)"),
    ("abs(t)", "t", "t/abs(t)"),
    ("sum(relu(x))", "x", "(1./x).*relu(x)"),
    ("sum(log(x.^2))", "x", "2./x"),
    ("logdet(X)", "X", "inv(X)'"),
    ("det(X)", "X", "det(X)*inv(X)'"),
    ("t^a", "t", "a*t^a/t"),
    ("tr(inv(A))", "A", "-inv(A)'^2"),
    ("sum(eigvalsh(R).^2)", "R", "2*eigvecs(R)*diag(eigvalsh(R))*eigvecs(R)'"),
    ("sqrt(x'*x)", "x", "x/sqrt(x'*x)"),
    ("normnuc(M)", "M", "M*inv(sqrtm(M'*M))"),
]


@pytest.mark.parametrize(("original", "names", "answer", "where"), HIDDEN, ids=[f"{h[0]}: {h[2]}" for h in HIDDEN])
def test_a_hidden_exception_is_found(original: str, names: str, answer: str, where: str) -> None:
    found = certified((original, names, answer, "projected"), thorough=True)
    assert not found.ok
    assert where in found.reason and "special point" in found.reason
    assert found.trials >= 3 and found.special >= 1
    assert found.replay() == found


def test_some_seed_finds_a_hidden_exception_without_being_thorough() -> None:
    for original, names, answer, _ in HIDDEN:
        outcomes = [certified((original, names, answer, "projected"), seed=seed).ok for seed in range(24)]
        assert not all(outcomes), f"{original}: {answer}"


@pytest.mark.parametrize(("original", "names", "answer"), PASSED_OVER)
def test_what_is_no_point_of_differentiability_is_passed_over(original: str, names: str, answer: str) -> None:
    if original.startswith("normnuc"):
        found = certify(*question("normnuc(M)", "M", "M*inv(sqrtm(M'*M))", "M: m n"), thorough=True)
    else:
        found = certified((original, names, answer, "projected"), thorough=True)
    assert found.ok, found.reason


def question(original: str, name: str, answer: str, declared: str) -> tuple[object, list[object], object]:
    read = parse(original, declared)
    return read.expr, [read.scope.symbols[name]], parse(answer, read.scope).expr  # type: ignore[return-value]


@pytest.mark.parametrize("case", RIGHT, ids=identify)
def test_a_right_answer_holds_at_every_special_point(case: tuple[str, str, str, str]) -> None:
    found = certified(case, thorough=True)
    assert found.ok, found.reason
    assert found.thorough and found.max_error < 1e-6


def test_the_answers_of_the_corpus_hold_at_every_special_point() -> None:
    compared = 0
    for case in CASES[::3]:
        structure = STRUCTURE.get(case.get("convention", ""), "free")
        d = cf.derive(case["expr"], case["wrt"], given(case), structure=structure, verify=False)
        found = certify(d.original, d.wrt, d.expr, structure=structure, thorough=True, trials=1)
        assert found.ok, f"{case['id']}: {found.reason}"
        compared += found.special
    assert compared > 2000


def test_a_special_value_has_the_declared_facts() -> None:
    n, m, one = Dim.of("n"), Dim.of("m"), Dim.of(1)
    for shape, facts in (
        ((n, n), {"symmetric"}),
        ((n, n), {"skew"}),
        ((m, n), set()),
        ((n, one), {"positive"}),
        ((one, one), set()),
    ):
        symbol = f.symbol("X", *shape, 2, frozenset(facts))
        for sizes in ({"n": 3, "m": 2}, {"n": 1, "m": 4}, {"n": 2, "m": 2}):
            for kind in range(len(KINDS)):
                found = special_value(symbol, sizes, kind)
                assert found is not None
                value = np.atleast_2d(found[1])
                assert satisfies(value, facts)
                assert any(np.array_equal(value, np.atleast_2d(other)) for other in special(symbol, sizes))
    impossible = f.symbol("X", n, n, 2, frozenset({"skew", "invertible"}))
    assert special_value(impossible, {"n": 3}, 0) is None


def test_places_depend_on_the_seed_alone() -> None:
    original, wrt, answer = question("x'*A*x", "x", "A*x + A'*x", "A: n n; x: n")
    check = Trials(Question(original, tuple(wrt), answer), 0)  # type: ignore[arg-type]
    rows = [list(SpecialPoints(check, seed, {"n": 3}).some()) for seed in (0, 0, 1)]
    assert rows[0] == rows[1] != rows[2]
    assert len({str(p) for p in SpecialPoints(check, 0, {"n": 3}).all()}) == 2 + 2 * len(KINDS)
