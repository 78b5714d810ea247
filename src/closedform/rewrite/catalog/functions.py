"""Functions, norms and determinants."""

from __future__ import annotations

from closedform.rewrite.catalog.row import Row

ROWS: tuple[Row, ...] = (
    Row(
        "commuting-direction",
        "dexpm(t*A, A)",
        "A*expm(t*A)",
        "in a direction that commutes with A, dexpm(A, E) = E*expm(A) and dlogm(A, E) = E*inv(A)",
        "A: n n; t: scalar",
        "dexpm(A, B)",
        "A: n n; B: n n",
    ),
    Row(
        "sigmoid",
        "exp(x)./(ones(n) + exp(x))",
        "sigmoid(x)",
        "exp(z)/(1 + exp(z)) = 1/(1 + exp(-z))",
        "x: n",
        "exp(x)./(ones(n) - exp(x))",
        "x: n",
    ),
    Row("inverse-function", "log(exp(x))", "x", "one function undoes the other", "x: n", "log(expm1(x))", "x: n"),
    Row("odd-function", "tanh(-x)", "-tanh(x)", "the function is odd", "x: n", "exp(-x)", "x: n"),
    Row("even-function", "cos(-x)", "cos(x)", "the function is even", "x: n", "exp(-x)", "x: n"),
    Row("known-sign", "abs(x)", "x", "the sign of the entries is known", "x: n positive", "abs(x)", "x: n"),
    Row("determinant-of-inverse", "det(inv(A))", "1/det(A)", "det(inv(A)) = 1/det(A)", "A: n n", "det(A)", "A: n n"),
    Row("norm-of-multiple", "norm2(-2*x)", "2*norm2(x)", "a norm is absolutely homogeneous", "x: n", "norm2(x)", "x: n"),
    Row(
        "schur-complement",
        "inv([A, B; C, D])[1:n,1:n]",
        "inv(A - B*inv(D)*C)",
        "a diagonal block of the inverse is the inverse of the Schur complement of the other block",
        "A: n n; B: n m; C: m n; D: m m invertible",
        "inv([A, B; C, D])[1:n,1:n]",
        "A: n n; B: n m; C: m n; D: m m",
    ),
    Row(
        "sigmoid-complement",
        "ones(n) - sigmoid(x)",
        "sigmoid(-x)",
        "1 - sigmoid(z) = sigmoid(-z)",
        "x: n",
        "ones(n) + sigmoid(x)",
        "x: n",
    ),
    Row(
        "norm-of-kronecker",
        "norm2(kron(A, B))",
        "norm2(A)*norm2(B)",
        "the Frobenius norm of a Kronecker product is the product of the norms",
        "A: m n; B: p q",
        "norm1(kron(A, B))",
        "A: m n; B: p q",
    ),
    Row(
        "softmax",
        "exp(x)/sum(exp(x))",
        "softmax(x)",
        "softmax(z) is exp(z) over the sum of its entries",
        "x: n",
        "exp(x)/sum(exp(y))",
        "x: n; y: n",
    ),
    Row(
        "log-sum-exp",
        "x - log(sum(exp(x)))*ones(n)",
        "logsoftmax(x)",
        "logsumexp(z) = log(sum(exp(z))), and logsoftmax(z) = log(softmax(z)) = z - logsumexp(z)*ones(n)",
        "x: n",
        "x - logsumexp(y)*ones(n)",
        "x: n; y: n",
    ),
)
