"""The questions that are put to every system, in our language.  Standard library only: peers run this file too."""

GIVEN = "A: n n; B: n n; C: n n symmetric; X: n n invertible; S: n n pd; D: m n; x: n; b: n; y: m"

CASES: dict[str, tuple[str, list[str]]] = {
    "quadratic": ("x'*A*x", ["x"]),
    "quadratic, Hessian": ("x'*A*x", ["x", "x"]),
    "least squares": ("norm2(y - D*x)^2", ["x"]),
    "tr(AXB)": ("tr(A*X*B)", ["X"]),
    "tr(X^4)": ("tr(X^4)", ["X"]),
    "tr(A inv X)": ("tr(A*inv(X))", ["X"]),
    "logdet": ("logdet(X)", ["X"]),
    "Gaussian": ("logdet(S) + tr(inv(S)*C)", ["S"]),
    "exp(Ax), Jacobian": ("exp(A*x)", ["x"]),
    "softmax, Jacobian": ("softmax(x)", ["x"]),
    "cross-entropy": ("-b'*logsoftmax(x)", ["x"]),
}
"""Name: the expression and its variables, differentiated in turn."""

DEPTHS = (1, 2, 3, 4, 6, 10, 20, 50, 100, 200)


def chain(depth: int) -> str:
    """b'*tanh(A*tanh(A*...x)): a network of that depth with one weight matrix."""
    return "b'*" + "tanh(A*" * depth + "x" + ")" * depth
