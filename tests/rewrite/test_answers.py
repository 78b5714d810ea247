"""Answers of the literature as an expert writes them, each with its check."""

from __future__ import annotations

import time

import pytest

import closedform as cf

DERIVATIVES = [
    ("det(expm(A))", "A", "A: n n", "exp(tr(A))*eye(n)"),
    ("logdet(expm(A))", "A", "A: n n", "eye(n)"),
    ("log(sum(exp(x)))", ["x", "x"], "x: n", "diag(softmax(x)) - softmax(x)*softmax(x)'"),
    ("norm2((eye(m) - X*inv(X'*X)*X')*y)^2", "y", "X: m n; y: m", "2*(y - X*inv(X'*X)*X'*y)"),
    ("norm2((eye(m) - X*inv(X'*X)*X')*y)^2", "X", "X: m n; y: m", "2*(X*inv(X'*X)*X'*y - y)*y'*X*inv(X'*X)"),
    ("logsumexp_rows(X*W)", "X", "X: m n; W: n k", "khatrirao(W*softmax_rows(X*W)', eye(m))'"),
    ("logsumexp_rows(X*W)", "W", "X: m n; W: n k", "khatrirao(softmax_rows(X*W)', X')'"),
    (
        "softmax_rows(X)",
        "X",
        "X: m n",
        "diag(vec(softmax_rows(X))) - khatrirao(softmax_rows(X)', eye(m))*khatrirao(softmax_rows(X)', eye(m))'",
    ),
    (
        "-sum(y.*log(sigmoid(X*w)) + (ones(m) - y).*log(ones(m) - sigmoid(X*w)))",
        "w",
        "X: m n; w: n; y: m",
        "X'*(sigmoid(X*w) - y)",
    ),
    (
        "log(1 + (x - u)'*inv(S)*(x - u)/v)",
        "S",
        "x: n; u: n; S: n n pd; v: scalar positive",
        "-inv(S)*(x - u)*(x - u)'*inv(S)/((x - u)'*inv(S)*(x - u) + v)",
    ),
    ("logdet(W) - sum(log(cosh(W*x)))", "W", "W: n n; x: n", "inv(W)' - tanh(W*x)*x'"),
    ("D'", "D", "D: n n diagonal", "diag(vec(eye(n)))"),
    ("sum(log(diag(chol(S))))", "S", "S: n n pd", "inv(S)/2"),
    ("sum(Y.*log(softmax_rows(X*W)))", "W", "X: n p; W: p k; Y: n k", "X'*(Y - diag(Y*ones(k))*softmax_rows(X*W))"),
    ("norm2(x - mean(x)*ones(n))^2/n", ["x", "x"], "x: n", "2*(eye(n) - ones(n, n)/n)/n"),
    (
        "(x - mean(x)*ones(n))/sqrt(norm2(x - mean(x)*ones(n))^2/n + t)",
        "x",
        "x: n; t: scalar positive",
        "let r = x - sum(x)*ones(n)/n; let c = norm2(r)^2; (eye(n) - ones(n, n)/n - r*r'/(c + n*t))/sqrt(c/n + t)",
    ),
    ("k'*inv(S)*y", "S", "k: n; y: n; S: n n pd", "-inv(S)*(k*y' + y*k')*inv(S)/2"),
    ("x'*x/(1 + x'*x)", "x", "x: n", "2*x/(x'*x + 1)^2"),
    ("x/sqrt(1 + x^2)", "x", "x: scalar", "(x^2 + 1)^(-3/2)"),
    ("(a*x + b)/(c*x + d)", "x", "a: scalar; b: scalar; c: scalar; d: scalar; x: scalar", "(a*d - b*c)/(x*c + d)^2"),
    ("w'*S*w/(w'*S*w + s^2)", "w", "S: n n symmetric; w: n; s: scalar", "2*s^2*S*w/(w'*S*w + s^2)^2"),
    ("tr(A*inv(X)*B)", "X", "A: p n; X: n n; B: n p", "-(inv(X)*B*A*inv(X))'"),
    ("tr(A*B*X*C)", "X", "A: k m; B: m n; X: n p; C: p k", "B'*A'*C'"),
    ("y*log(sigmoid(w'*x)) + (1 - y)*log(1 - sigmoid(w'*x))", "w", "y: scalar; w: n; x: n", "(y - sigmoid(w'*x))*x"),
    (
        "sum(i in 1..N, y[i]*log(sigmoid(w'*x[i])) + (1 - y[i])*log(1 - sigmoid(w'*x[i])))",
        "w",
        "x[N]: p; y: N; w: p",
        "sum(i in 1..N, (y[i] - sigmoid(w'*x[i]))*x[i])",
    ),
    ("sum(relu(X*w).^2)", "w", "X: m n; w: n", "2*X'*relu(X*w)"),
    ("relu(w'*x)^2", "w", "w: n; x: n", "2*relu(w'*x)*x"),
    ("abs(x'*y)^2", "x", "x: n; y: n", "2*(x'*y)*y"),
    ("sum(abs(x).^2)", "x", "x: n", "2*x"),
    ("x'*expm(logm(S))*x", "S", "S: n n pd; x: n", "x*x'"),
    ("tr(sqrtm(X))", "X", "X: n n pd", "inv(sqrtm(X))/2"),
    ("norm2(inv(chol(S))*x)^2", "S", "S: n n pd; x: n", "-inv(S)*x*x'*inv(S)"),
    ("norm2(sqrtm(S)*x)^2", "S", "S: n n psd; x: n", "x*x'"),
    (
        "norm2(inv(chol(S))*(x - mu))^2/2 + sum(log(diag(chol(S))))",
        "S",
        "S: n n pd; x: n; mu: n",
        "(inv(S) - inv(S)*(x - mu)*(x - mu)'*inv(S))/2",
    ),
    ("norm2(Q*x - y)", "x", "Q: m n orthonormal; x: n; y: m", "(x - Q'*y)/norm2(Q*x - y)"),
    ("sum(eigvalsh(X).*log(eigvalsh(X)))", "X", "X: n n pd", "eye(n) + logm(X)"),
    ("sum(eigvalsh(X).^3)", "X", "X: n n symmetric", "3*X^2"),
]  # fmt: skip

SIMPLE = [
    ("A*adj(A)", "A: n n", "det(A)*eye(n)"),
    ("L(n)*D(n)*x", "x: n*(n+1)/2", "x"),
    ("eigvecs(S)*diag(eigvalsh(S))*eigvecs(S)'", "S: n n symmetric", "S"),
    ("svdv(X)*diag(svdvals(X))*svdu(X)'", "X: m n", "X'"),
    ("sum(svdvals(X))", "X: m n", "normnuc(X)"),
    ("(X*inv(X'*X)*X')^2", "X: m n", "X*inv(X'*X)*X'"),
    ("inv(X'*A*X)*X'*A*X*b", "X: m n; A: m m pd; b: n", "b"),
    ("exp(x - logsumexp(x)*ones(n))", "x: n", "softmax(x)"),
    ("A*x + b - logsumexp(A*x + b)*ones(m)", "A: m n; x: n; b: m", "logsoftmax(A*x + b)"),
    ("exp(z)'*y/sum(exp(z))", "z: n; y: n", "softmax(z)'*y"),
    ("norm2(sqrt(2)*c*x)", "x: n; c: scalar positive", "sqrt(2)*c*norm2(x)"),
    ("norm2(t*x)", "x: n; t: scalar", "norm2(t*x)"),
    ("e(1,n)'*A*e(2,n)", "A: n n", "A[1,2]"),
    ("log(det(S))", "S: n n pd", "logdet(S)"),
    ("log(det(S))", "S: n n symmetric", "log(det(S))"),
    ("dexpm(A, inv(A) + 2*expm(A))", "A: n n invertible", "(2*expm(A) + inv(A))*expm(A)"),
    ("dexpm(A, inv(A + B))", "A: n n; B: n n", "dexpm(A, inv(A + B))"),
    ("tr(Q*A*Q')", "Q: n n orthogonal; A: n n", "tr(A)"),
    ("tr(V*V')", "V: m n orthonormal", "n"),
    ("tr(eye(m) - V*V')", "V: m n orthonormal", "m - n"),
    ("inv(diag(x))", "x: n positive", "diag(1./x)"),
    ("dexpm(s, t)*A", "s: scalar; t: scalar; A: m n", "exp(s)*t*A"),
    ("dlogm(s, t)*A", "s: scalar positive; t: scalar; A: m n", "t*A/s"),
    ("x*x^(x - 1)", "x: scalar positive", "x^x"),
    ("exp(a)*exp(-a)*exp(b)", "a: scalar; b: scalar", "exp(b)"),
    ("c^c*(c^c)^c*c", "c: scalar positive", "c^(c + 1)*(c^c)^c"),
    ("a*x.^(a - 1).*x", "x: n positive; a: scalar", "a*x.^a"),
    ("exp(x).*exp(-x)", "x: n", "ones(n)"),
    ("sum(x - mean(x)*ones(n))*t", "x: n; t: scalar", "0"),
    ("x'*ones(n, m)*y", "x: n; y: m", "sum(x)*sum(y)"),
    ("(eye(n) - ones(n, n)/n)*ones(n)", "", "zeros(n)"),
    ("A*ones(n)*ones(n)'*B", "A: m n; B: n p", "A*ones(n, n)*B"),
    ("ones(1, n)*A*ones(n)", "A: n n", "sum(A)"),
    ("triu(chol(S))", "S: n n pd", "diag(diag(chol(S)))"),
    ("inv(chol(S))'*inv(chol(S))", "S: n n pd", "inv(S)"),
    ("diag((Y./P)*P')", "Y: n k; P: n k positive", "Y*ones(k)"),
    ("X*inv(sqrtm(X))", "X: n n pd", "sqrtm(X)"),
    ("inv(sqrtm(X))^3*X*A", "X: n n pd; A: n m", "inv(sqrtm(X))*A"),
    ("inv(sqrtm(X))^2", "X: n n pd", "inv(X)"),
    ("sqrtm(X)*inv(Y)", "X: n n pd; Y: n n pd", "sqrtm(X)*inv(Y)"),
    ("(K(n, n) + eye(n*n))^3", "n: scalar integer", "4*(K(n, n) + eye(n*n))"),
    ("eigvecs(X)*diag(exp(2*eigvalsh(X)))*eigvecs(X)'", "X: n n symmetric", "expm(2*X)"),
    ("eigvecs(X)*diag(eigvalsh(X).^(-1/2))*eigvecs(X)'", "X: n n pd", "inv(sqrtm(X))"),
    ("eigvecs(X)*diag(eigvalsh(Y))*eigvecs(X)'", "X: n n pd; Y: n n pd", "eigvecs(X)*diag(eigvalsh(Y))*eigvecs(X)'"),
    ("eigvecs(X)*diag(tanh(eigvalsh(X)))*eigvecs(X)'", "X: n n pd", "eigvecs(X)*diag(tanh(eigvalsh(X)))*eigvecs(X)'"),
    ("sylvester(A, A, 2*t*eye(n))", "A: n n; t: scalar", "t*inv(A)"),
    ("lyap(S, sqrtm(S))", "S: n n pd", "inv(sqrtm(S))/2"),
    ("lyap(A, 2*A)", "A: n n", "2*lyap(A, A)"),
    ("norm2(Q*A*P')", "Q: m n orthonormal; A: n p; P: k p orthonormal", "norm2(A)"),
    ("norm(Q)^2", "Q: m n orthonormal", "n"),
    ("norm(A*chol(S))^4", "S: n n pd; A: m n", "tr(A*S*A')^2"),
    ("norm2(D*x)^2", "D: n n diagonal; x: n", "norm2(D*x)^2"),
    ("norm2(inv(chol(S))*x)", "S: n n pd; x: n", "norm2(inv(chol(S))*x)"),
    ("sum(log(eigvalsh(S)))", "S: n n pd", "logdet(S)"),
]


@pytest.mark.parametrize(("expression", "wrt", "given", "answer"), DERIVATIVES)
def test_the_answer_is_the_one_of_the_literature(expression: str, wrt: str | list[str], given: str, answer: str) -> None:
    d = cf.derive(expression, wrt, given)
    assert str(d) == answer
    assert d.certificate is not None and d.certificate.ok


@pytest.mark.parametrize(("expression", "given", "wanted"), SIMPLE)
def test_the_simplest_form(expression: str, given: str, wanted: str) -> None:
    found = cf.simplify(expression, given)
    assert str(found) == wanted
    assert cf.equal(cf.parse(expression, given), found).equal is not False


LONG = {
    "product of scalars": ("*".join(f"t{i}" for i in range(2000)), "t0", "; ".join(f"t{i}: scalar" for i in range(2000))),
    "nested sine": ("sin(" * 2000 + "t" + ")" * 2000, "t", "t: scalar"),
    "nested sigmoid": ("sigmoid(" * 500 + "t" + ")" * 500, "t", "t: scalar"),
    "nested quotient": ("1/(" * 500 + "t" + "+1)" * 500, "t", "t: scalar"),
    "nested transposes": ("(" * 300 + "A" + "*B+C)'" * 300, "A", "A: n n; B: n n; C: n n"),
    "Horner": ("(" * 300 + "t" + "+1)*t" * 300, "t", "t: scalar"),
}


@pytest.mark.parametrize("name", LONG)
def test_long_questions_take_seconds_at_most(name: str) -> None:
    """Each takes some tenths of a second alone; the bound leaves room for a busy machine."""
    start = time.process_time()
    cf.derive(*LONG[name], verify=False)
    assert time.process_time() - start < 2
