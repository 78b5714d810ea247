"""Derivations to make pages of: the textbook cases, and some in every convention."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.test_corpus import CASES, STRUCTURE, given

import closedform as cf
from closedform.page.derivation import Derivation

NETWORK = ("0.5*norm2(tanh(X*W1)*W2 - Y)^2", "W1", "X: m n; W1: n h; W2: h c; Y: m c")
ATTENTION = ("norm2(softmax_rows(Q*K'/c)*V - T)^2", "Q", "Q: n d; K: n d; V: n e; T: n e; c: scalar positive")
GAUSSIAN = ("logdet(S) + tr(inv(S)*C)", "S", "S: n n pd; C: n n")
LEAST_SQUARES = ("norm2(A*x - b)^2", "x", "A: m n; x: n; b: m")

MORE: list[tuple[str, str | list[str], str | None, dict[str, Any]]] = [
    (*NETWORK, {}),
    (*ATTENTION, {}),
    (*GAUSSIAN, {}),
    (*GAUSSIAN, {"structure": "independent"}),
    (*GAUSSIAN, {"layout": "numerator"}),
    (*LEAST_SQUARES, {}),
    ("A*X*B", "X", "A: p m; X: m n; B: n q", {"layout": "denominator"}),
    ("logsumexp(A*x + b)", ["x", "x"], "A: m n; x: n; b: m", {}),
    ("x'*A*y + norm2(x)^2*sum(y)", ["x", "y"], "x: n; y: m; A: n m", {}),
    ("inv(A + t*B)", ["t", "t"], "A: n n pd; B: n n psd; t: scalar positive", {}),
    ("t^3 + 2*t^2 - 5*t + 7", ["t", "t", "t"], "t: scalar", {}),
    ("tr(A*Q*B)", "Q", "A: n n; Q: n n orthogonal; B: n n", {}),
    ("sum(i in 1..N, (y[i] - b'*x[i])^2)", "b", "b: p; y[N]: scalar; x[N]: p", {}),
    ("sum(i in 1..N, exp(b'*x[i]))", "x[j]", "b: p; x[N]: p", {}),
    ("tr(X^k*A)", "X", "X: n n; A: n n; k: scalar integer positive", {}),
    ("logdet(diag(d) + f*U*U')", "U", "U: n k; d: n positive; f: scalar positive", {}),
    ("let P_1 = inv(Sigma_1); tr(P_1*C) + tr(P_1)", "Sigma_1", "Sigma_1: n n pd; C: n n symmetric", {}),
    ("sum(V.*log(V./(W*H)) - V + W*H)", "W", "W: n k positive; H: k m positive; V: n m positive", {}),
    ("tr(A*X*B + A*X*C + A*X*X*D + A*X*X*X*D) - a'*X*X'*b - b'*X*C*X'*a - tr(inv(X)*D*X)", "X",
     "X: n n invertible; A: n n; B: n n; C: n n; D: n n; a: n; b: n", {}),
    ("X", "X", "X: m n", {}),
    ("y'*y", "x", "x: n; y: n", {}),
]  # fmt: skip
"""Questions beyond the corpus."""

COUNT = len(CASES) + len(MORE)


@cache
def derivation(at: int) -> Derivation:
    """The derivation of a case, the ones of the corpus first."""
    if at < len(CASES):
        case = CASES[at]
        structure = STRUCTURE.get(case.get("convention", ""), "free")
        return cf.derive(case["expr"], case["wrt"], given(case), structure=structure, verify=False).derivation
    expression, wrt, declared, options = MORE[at - len(CASES)]
    return cf.derive(expression, wrt, declared, verify=False, **options).derivation


def made(question: tuple[str, str, str]) -> Derivation:
    """The derivation of one question."""
    return cf.derive(*question, verify=False).derivation
