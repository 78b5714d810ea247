"""Errors planted in answers fail their certificate; bench/mutation.py plants thousands."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest
from tests.mutation.answers import Answer, Judge, answers, mutants, random_answers
from tests.mutation.campaign import reproducible, verdict

from closedform.lang.declare import declare
from closedform.lang.read import parse
from closedform.numeric.evaluate import evaluate
from closedform.verify.certificate import certify, replay

SHARES = 12
SEED = 4
RANDOM = 60


@cache
def listed() -> list[Answer]:
    return list(answers())


@pytest.mark.parametrize("share", range(SHARES))
def test_an_error_in_a_listed_answer_is_caught(share: int) -> None:
    planted = list(mutants(listed()[share::SHARES], 1, SEED))
    assert len(planted) >= 15
    for mutant in planted:
        assert verdict(mutant) == "caught", reproducible(mutant)


@pytest.mark.parametrize("seed", range(4))
def test_an_error_in_a_random_answer_is_caught(seed: int) -> None:
    withheld: list[str] = []
    for mutant in itertools.islice(mutants(random_answers(seed, withheld), 3, seed), RANDOM // 4):
        assert verdict(mutant) in ("caught", "no point"), reproducible(mutant)
    assert not withheld


def test_the_judge_can_look_at_every_listed_answer_and_sees_the_value_of_the_package() -> None:
    for answer in listed()[::3]:
        judge = Judge(answer)
        assert judge.points, answer.name
        point, wanted = judge.points[0], judge.values[0]
        if any(isinstance(value, list) for value in point.env.values()):
            continue  # the members of families are read, not compared
        env = {name: value[0, 0] if np.shape(value) == (1, 1) else value for name, value in point.env.items()}
        found = np.atleast_2d(evaluate(answer.expr, env, point.sizes))
        assert np.allclose(found, wanted, rtol=1e-6, atol=1e-9 * max(1.0, float(np.abs(wanted).max()))), answer.name


SURVIVED = [  # once certified: sizes of one parity, pieces, saturation, ties, deviations that were taken for rounding
    ("det(A*X*B)", "X", "det(A*(-X)*B)*inv(-X)'", "A: n n invertible; X: n n invertible; B: n n invertible"),
    ("adj(inv(R))*x", "x", "adj(-inv(R))", "R: n n invertible; x: n"),
    ("norm1(A*x - y)", "x", "A'*sign(2*A*x - y)", "A: m n; x: n; y: m"),
    ("norm1(A*x - y)", "x", "A'*sign(A*x - y/3)", "A: m n; x: n; y: m"),
    ("max(X*x + b)", "x", "X'*((X*x + b)/max(X*x + b)).^3", "X: m n; x: n; b: m"),
    ("(2 + tanh(norm2(Z)^2))^-2*x'*x", "x", "2*(2 + tanh(norm2(Z)^3))^-2*x", "Z: m n; x: n"),
    ("exp(tanh(tr(-2*E)))", "E", "-2*exp(tanh(tr(-2*E)))*(1 - tanh(tr(-2*E)))*eye(n)", "E: n n nonnegative"),
    ("sum(minimum(tril(W), maximum(S, D)))", "W", "tril(ones(n, n) - sign(tril(W) - maximum(S, S)))/2",
     "W: n n skew; S: n n symmetric; D: n n diagonal"),
    ("normspec(eye(n)[:,1]*Z[1,:])", "Z",
     "eye(n)[:,1]'*svdu(eye(n)[:,1]*Z[1,:])[:,1]*e(1, n)*svdv(ones(n, n)[:,1]*Z[1,:])[:,1]'", "Z: n m"),
    ("norm1(eye(m)[:,1]*(w*t*z')[1,:])", "w t", "eye(m)[:,1]'*step(t*eye(m)[:,1]*(w*z')[1,:])*z*e(1, m)",
     "w: m; t: scalar; z: m"),
    ("(x'*u)*(2 + tanh(lambda_max(tanh(ones(n, n))*tanh(ones(n, n))' + eye(n))))^3", "x",
     "(2 + tanh(lambda_max(tanh(ones(n, n))^3 + eye(n))))^3*u", "x: n; u: n"),
    ("minimum(norm2(Z), t)", "t", "(sign(norm1(Z) - t) + 1)/2", "Z: n m; t: scalar"),
    ("max(C)", "C", "ones(m, m) + sign(C - max(C)*ones(m, m))", "C: m m symmetric"),
    ("max(tanh(C))", "C C", "let H = ones(m, m) - sign(max(tanh(C))*ones(m, m) - minimum(tanh(C), max(tanh(C)))); "
     "-2*diag(vec(tanh(C).*(ones(m, m) - tanh(C).^2).*H))*sum(H)", "C: m m symmetric"),
    ("normnuc(z*z')", "z", "(svdu(z*z')'*svdv(z*z')' + svdv(z*z')*svdu(z*z')'')*z", "z: m"),
    ("minimum(normnuc(C*w*z'), C[:,2]'*(C.*C)*C[:,2])", "z",
     "(sign(C[:,2]'*C[:,2] - normnuc(C*w*z')) + 1)*svdv(C*w*z')*svdu(C*w*z')'*C*w/2", "C: m m symmetric; w: m; z: m"),
    ("maximum(max(B*Q*B), -exp(t))", "t", "-(sign(-exp(t) - max(B*Q*B)) + 1)*exp(t)", "B: n n; Q: n n; t: scalar"),
    ("t + relu(min(B*Q) - 10*t^2)", "t", "1 - 40*t*step(min(B*Q) - 10*t^2)", "B: n m; Q: m n; t: scalar"),
    ("t^2 + relu(t*s - 1000)", "t", "2*t + 3*s*step(t*s - 1000)", "t: scalar; s: scalar"),
    ("norm2(abs(L))", "L", "L.*sign(L)/norm2(abs(L))", "L: n n lower"),
    ("3*normnuc(V)", "V", "3*svdu(V)*svdv(V)' - 3*V*(svdv(V)*svdu(V)'*V + V'*svdu(V))/2", "V: m n orthonormal"),
]  # fmt: skip
PROJECTED = {"3*normnuc(V)", "max(C)", "norm1(eye(m)[:,1]*(w*t*z')[1,:])"}


@pytest.mark.parametrize(("expression", "wrt", "wrong", "given"), SURVIVED, ids=[row[0] for row in SURVIVED])
def test_what_once_survived_is_caught(expression: str, wrt: str, wrong: str, given: str) -> None:
    scope = declare(given)
    e = parse(expression, scope).expr
    structure = "projected" if expression in PROJECTED else "free"
    found = certify(e, [scope.symbols[x] for x in wrt.split()], parse(wrong, scope).expr, structure=structure)
    assert not found.ok
    assert not replay(found.data()).ok
