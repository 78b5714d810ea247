"""Products and sums that are their own transpose, however they are written."""

from __future__ import annotations

import pytest

import closedform as cf
from closedform.core.infer import known
from closedform.lang.read import parse

GIVEN = (
    "A: n n; B: n n; W: n n; S: m m symmetric; X: m m skew; D: m m diagonal; E: m m diagonal; F: n m; "
    "x: n; y: n; r: 1 n; u: n 1; g: scalar; t: scalar"
)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("A - B + (A - B)'", "symmetric"),
        ("A - B - (B - A)'", "symmetric"),
        ("g*A - W^2 - (W^2 - g*A)'", "symmetric"),
        ("g*t*A + t*g*A'", "symmetric"),
        ("2*A + (3*A - A)'", "symmetric"),
        ("2*A + (3*A)'", ""),
        ("t*(x - A*x)*(t*x - A*(t*x))'", "symmetric"),
        ("(A*B - B)^2 + (B'*A' - B')^2", "symmetric"),
        ("X*X", "symmetric"),
        ("X*S - S*X", "symmetric"),
        ("X*S + S*X", ""),
        ("(X - X*inv(S))^2 + (X - inv(S)*X)^2", "symmetric"),
        ("tril(S + X) + triu(S - X)", "symmetric"),
        ("tril(S + X) + triu(S + X)", ""),
        ("tril(X) - triu(X)", "symmetric"),
        ("t*tril(2*A - W) - triu(W' - 2*A')*t", "symmetric"),
        ("minimum(S, 0*S)", "symmetric"),
        ("maximum(t, D)", "symmetric"),
        ("maximum(D, E)", "symmetric diagonal"),
        ("ones(m, n)*(F - y*ones(1, m)) - (ones(m)*y' - F')*ones(n, m)", "symmetric"),
        ("A - A'", ""),
        ("A - B - (B + A)'", ""),
        ("r*u*diag(y)", "symmetric diagonal"),
        ("x'*x*eye(n)", "symmetric diagonal"),
        ("x'*y*S", "symmetric"),
        ("x'*A*x*D*E", "symmetric diagonal"),
        ("2*r*u*(y*y')", "symmetric"),
        ("x'*x*A", ""),
        ("x'*x*A + x'*x*A'", "symmetric"),
        ("x'*x*y'", ""),
    ],
)
def test_what_is_seen_to_be_symmetric(text: str, facts: str) -> None:
    e = parse(text, GIVEN).expr
    assert [k for k in ("symmetric", "diagonal") if known(e, k)] == facts.split()


@pytest.mark.parametrize(
    ("text", "variable", "given"),
    [
        ("cos(lambda_max(diag(y*(r*u))))", "u", "y: n simplex; r: 1 n; u: n 1"),
        ("lambda_max(G*G'*(g*g) - W^2 + (G*G'*(g*g) - W^2)')^2", "W", "W: n n; G: n n; g: scalar"),
        ("sum(eigvalsh(x'*x*S).^2)", "x", "x: n; S: m m symmetric"),
    ],
)
def test_an_answer_that_needs_symmetry_is_read_back(text: str, variable: str, given: str) -> None:
    d = cf.derive(text, variable, given)
    assert cf.parse(str(d), given) is d.expr
