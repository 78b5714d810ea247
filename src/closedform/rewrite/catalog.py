"""The rewrite rules by name: what each says, why it holds, where it fires and where it must not.

The name is the step label in derivations, the id of the rule's test and its anchor in the documentation.
"""

from __future__ import annotations

from dataclasses import dataclass

TIDY = ("tidy-up",)
"""Bookkeeping: order of terms and factors, brackets, identities, double transposes."""


@dataclass(frozen=True)
class Row:
    """A rule: ``left`` becomes ``right`` under ``given``; ``counter`` (under ``unless``) must not trigger it."""

    name: str
    left: str
    right: str
    because: str
    given: str = ""
    counter: str = ""
    unless: str = ""


ROWS: tuple[Row, ...] = (
    Row("tidy-up", "A*eye(n)*B''", "A*B", "identities, brackets and double transposes say nothing", "A: m n; B: n k"),
    Row("zero-product", "A*zeros(n,k)", "zeros(m,k)", "a product with zero is zero", "A: m n", "A*ones(n,k)", "A: m n"),
    Row("collect", "A*B + 2*A*B", "3*A*B", "like terms add", "A: m n; B: n k", "A*B + B*A", "A: n n; B: n n"),
    Row(
        "multiply-out",
        "(A + B)*C",
        "A*C + B*C",
        "the product distributes over the sum",
        "A: m n; B: m n; C: n k",
        "A*B*C",
        "A: m n; B: n k; C: k p",
    ),
    Row(
        "common-factor",
        "A*x + B*x",
        "(A + B)*x",
        "what terms share in front or behind is taken out",
        "A: m n; B: m n; x: n",
        "A*x + B*y",
        "A: m n; B: m n; x: n; y: n",
    ),
    Row(
        "common-scalar",
        "exp(t)*A/norm2(x) + exp(t)*B/norm2(x)",
        "exp(t)*(A + B)/norm2(x)",
        "a scalar that all terms share is taken out",
        "A: m n; B: m n; t: scalar; x: n",
        "t*A + B",
        "A: m n; B: m n; t: scalar",
    ),
    Row(
        "common-word",
        "t*A*B - s*A*B",
        "(t - s)*A*B",
        "terms with the same matrix factors add their scalars",
        "A: m n; B: n k; t: scalar; s: scalar",
        "t*A + s*B",
        "A: m n; B: m n; t: scalar; s: scalar",
    ),
    Row(
        "transpose-out",
        "A'*B' + B'*A'",
        "(A*B + B*A)'",
        "the transpose of a sum is the sum of the transposes",
        "A: n n; B: n n",
        "A' + B",
        "A: n n; B: n n",
    ),
    Row("inverse-cancels", "A*inv(A)*B", "B", "inv(A)*A = A*inv(A) = I", "A: n n; B: n m", "A*B*inv(A)", "A: n n; B: n n"),
    Row("idempotent", "P*P*A", "P*A", "P*P = P", "P: n n idempotent; A: n m", "P*P*A", "P: n n; A: n m"),
    Row(
        "orthonormal",
        "Q'*Q*A",
        "A",
        "Q'*Q = I for orthonormal columns",
        "Q: n k orthonormal; A: k m",
        "Q*Q'*A",
        "Q: n k orthonormal; A: n m",
    ),
    Row(
        "orthogonal-inverse",
        "inv(Q)*A",
        "Q'*A",
        "the inverse of an orthogonal matrix is its transpose",
        "Q: n n orthogonal; A: n m",
        "inv(Q)*A",
        "Q: n n; A: n m",
    ),
    Row("symmetric", "S'*A", "S*A", "S is symmetric", "S: n n symmetric; A: n m", "S'*A", "S: n n; A: n m"),
    Row("skew", "W'*A", "-W*A", "W is skew", "W: n n skew; A: n m", "W'*A", "W: n n; A: n m"),
    Row(
        "diagonal-product",
        "diag(x)*diag(y)",
        "diag(x.*y)",
        "diagonal matrices multiply entry by entry",
        "x: n; y: n",
        "diag(x)*A*diag(y)",
        "x: n; y: n; A: n n",
    ),
    Row(
        "diagonal-times-vector",
        "diag(x)*A*y",
        "x.*(A*y)",
        "a diagonal matrix times a vector is the entrywise product",
        "x: n; A: n m; y: m",
        "diag(x)*A",
        "x: n; A: n m",
    ),
    Row(
        "kronecker-vec",
        "kron(B, A)*vec(X)",
        "vec(A*X*B')",
        "vec(A*X*B') = kron(B, A)*vec(X) (Magnus and Neudecker, section 2.4)",
        "A: m n; B: p q; X: n q",
        "kron(B, A)*x",
        "A: m n; B: p n; x: n*n",
    ),
    Row(
        "commutation-cancels",
        "K(m,n)*K(n,m)*vec(A)",
        "vec(A)",
        "K(m, n)*K(n, m) = I",
        "A: m n",
        "K(n,n)*x",
        "x: n*n",
    ),
    Row(
        "commutation-kronecker",
        "K(p,m)*kron(A, B)",
        "kron(B, A)*K(q,n)",
        "K(p, m)*kron(A, B) = kron(B, A)*K(q, n) for A m x n and B p x q (Magnus and Neudecker, theorem 3.9)",
        "A: m n; B: p q",
        "kron(A, B)*K(q,n)",
        "A: m n; B: p q",
    ),
    Row(
        "kronecker-product",
        "kron(A, B)*kron(C, D)",
        "kron(A*C, B*D)",
        "kron(A, B)*kron(C, D) = kron(A*C, B*D) where the products exist",
        "A: m n; B: p q; C: n k; D: q r",
        "kron(A, B)*kron(C, D)",
        "A: m 6; B: p 2; C: 4 k; D: 3 r",
    ),
    Row(
        "mask-power",
        "tril(ones(n,n)).^2.*A",
        "tril(ones(n,n)).*A",
        "zeros and ones are their own powers",
        "A: n n",
        "A.^2",
        "A: n n",
    ),
    Row(
        "kronecker-khatri-rao",
        "kron(A, B)*khatrirao(C, D)",
        "khatrirao(A*C, B*D)",
        "kron(A, B)*khatrirao(C, D) = khatrirao(A*C, B*D), and K(p, m)*khatrirao(A, B) = khatrirao(B, A)",
        "A: m n; B: p q; C: n k; D: q k",
        "A*khatrirao(C, D)",
        "A: m n*q; C: n k; D: q k",
    ),
    Row(
        "vec-outer-product",
        "vec(x*y')",
        "kron(y, x)",
        "vec(x*y') = kron(y, x)",
        "x: m; y: n",
        "vec(A*B)",
        "A: m k; B: k n",
    ),
    Row(
        "vec-inner-product",
        "vec(A)'*vec(B)",
        "tr(A'*B)",
        "vec(A)'*vec(B) = tr(A'*B)",
        "A: m n; B: m n",
        "vec(A)'*x",
        "A: m n; x: m*n",
    ),
    Row("ones-sum", "ones(n)'*x", "sum(x)", "the sum of the entries", "x: n", "e(1,n)'*x", "x: n"),
    Row(
        "sum-of-product",
        "sum(x.*y)",
        "x'*y",
        "the sum of an entrywise product of vectors is their inner product",
        "x: n; y: n",
        "sum(A.*B)",
        "A: m n; B: m n",
    ),
    Row(
        "sum-of-outer-product",
        "sum(x*y')",
        "sum(x)*sum(y)",
        "the sum of an outer product factors",
        "x: n; y: m",
        "sum(A*B)",
        "A: m n; B: n k",
    ),
    Row(
        "softmax-sums-to-one",
        "sum(softmax(x))*y",
        "y",
        "the entries of a softmax sum to 1",
        "x: n; y: m",
        "sum(exp(x))*y",
        "x: n; y: m",
    ),
    Row(
        "simplex-sums-to-one",
        "sum(p)*y",
        "y",
        "the entries of a point of the simplex sum to 1",
        "p: n simplex; y: m",
        "sum(p)*y",
        "p: n; y: m",
    ),
    Row("cyclic-trace", "tr(x*y'*A)", "x'*A'*y", "tr(A*B) = tr(B*A)", "x: n; y: m; A: m n", "tr(A)", "A: n n"),
    Row("trace-transpose", "tr(A')", "tr(A)", "a matrix and its transpose have one trace", "A: n n", "tr(A)", "A: n n"),
    Row(
        "trace-kronecker",
        "tr(kron(A, B))",
        "tr(A)*tr(B)",
        "tr(kron(A, B)) = tr(A)*tr(B) for square A and B",
        "A: m m; B: n n",
        "tr(kron(A, B))",
        "A: m n; B: n m",
    ),
    Row(
        "diagonal-of-ones",
        "diag(ones(n))*A",
        "A",
        "the diagonal matrix of ones is the identity",
        "A: n m",
        "diag(x)*A",
        "x: n; A: n m",
    ),
    Row(
        "diagonal-of-outer-product",
        "diag(x*y')",
        "x.*y",
        "the diagonal of x*y' is x.*y",
        "x: n; y: n",
        "diag(A*B)",
        "A: n m; B: m n",
    ),
    Row(
        "diagonal-of-scaled",
        "diag(diag(x)*A)",
        "x.*diag(A)",
        "the diagonal of A*diag(x)*B is (A.*B')*x",
        "x: n; A: n n",
        "diag(A*B)",
        "A: n n; B: n n",
    ),
    Row(
        "diagonal-mask",
        "A.*eye(n)",
        "diag(diag(A))",
        "an entrywise product with a diagonal matrix keeps the diagonal",
        "A: n n",
        "A.*B",
        "A: n n; B: n n",
    ),
    Row(
        "rank-one-mask",
        "A.*(x*y')",
        "diag(x)*A*diag(y)",
        "an entrywise product with x*y' scales rows and columns",
        "A: m n; x: m; y: n",
        "A.*B",
        "A: m n; B: m n",
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
    Row(
        "inverse-of-product",
        "inv(A*B)*C",
        "inv(B)*inv(A)*C",
        "inv(A*B) = inv(B)*inv(A) for square A and B",
        "A: n n; B: n n; C: n m",
        "inv(A'*A)*C",
        "A: m n; C: n k",
    ),
    Row("determinant-of-inverse", "det(inv(A))", "1/det(A)", "det(inv(A)) = 1/det(A)", "A: n n", "det(A)", "A: n n"),
    Row(
        "determinant-of-kronecker",
        "det(kron(A, B))",
        "det(A)^n*det(B)^m",
        "det(kron(A, B)) = det(A)^n*det(B)^m for A m x m and B n x n",
        "A: m m; B: n n",
        "det(A*B)",
        "A: n n; B: n n",
    ),
    Row(
        "logdet-of-kronecker",
        "logdet(kron(A, B))",
        "n*logdet(A) + m*logdet(B)",
        "log|det kron(A, B)| = n*log|det A| + m*log|det B| for A m x m and B n x n",
        "A: m m; B: n n",
        "logdet(A*B)",
        "A: n n; B: n n",
    ),
    Row("norm-of-multiple", "norm2(-2*x)", "2*norm2(x)", "a norm is absolutely homogeneous", "x: n", "norm2(x)", "x: n"),
    Row(
        "entries",
        "t*e(1,2) + e(2,2)",
        "[t; 1]",
        "a sum of multiples of unit vectors lists its entries",
        "t: scalar",
        "t*e(1,n)",
        "t: scalar; x: n",
    ),
)

_BY_NAME = {row.name: row for row in ROWS}


def rule(name: str) -> Row:
    """The rule of that name."""
    return _BY_NAME[name]
