"""What the tests of limits share: questions of several kinds."""

GIVEN = "A: n n; b: n; x: n"

QUESTIONS = [
    ("x'*A*x", "x", "x: n; A: n n"), ("logdet(S) + tr(inv(S)*C)", "S", "S: n n pd; C: n n symmetric"),
    ("norm2(A*x - b)^2", "x", "A: m n; x: n; b: m"), ("tr(A*X*B)", "X", "A: p m; X: m n; B: n p"),
    ("b'*tanh(A*tanh(A*x))", "A", GIVEN), ("logsumexp(A*x + b)", ["x", "x"], "A: m n; x: n; b: m"),
]  # fmt: skip
"""Questions of several kinds: expression, variables, declarations."""
