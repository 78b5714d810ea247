"""Text to expressions: precedence, spellings, shapes, inference, intermediates, limits."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, make
from closedform.core.op import f
from closedform.lang.read import declare, parse
from closedform.lang.tokens import latin
from closedform.ops.build import minus, negative, num, power, product, times, total, transpose

GIVEN = "A: n n; B: n n; S: n n pd; X: m n; x: n; y: n; t: scalar; s: scalar"
SCOPE = declare(GIVEN)
A, B, S, X, x, y, t, s = SCOPE.symbols.values()
n, m = Dim.of("n"), Dim.of("m")
FACTS = {"positive_definite": "pd", "lower_triangular": "lower", "unit_interval": "unit"}
NOT_YET = ("pinv", "expm", "logm", "sqrtm", "chol", "normnuc", "normspec", "eig", "svd", "adj")


def read(text: str) -> Expr:
    return parse(text, SCOPE).expr


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("x'*A*x", product(transpose(x), A, x)),
        ("(x'*A)*x", product(transpose(x), A, x)),
        ("x'*(A*x)", f.mul(transpose(x), product(A, x))),
        ("x - y", minus(x, y)),
        ("x - y + x", total(minus(x, y), x)),
        ("x + (y + x)", f.add(x, total(y, x))),
        ("-x*t", product(num(-1), x, t)),
        ("-(x*t)", negative(product(x, t))),
        ("x - A*y", f.add(x, negative(product(A, y)))),
        ("2^3^2", power(power(num(2), 3), 2)),
        ("-2^2", negative(power(num(2), 2))),
        ("-3*x", product(num(-3), x)),
        ("2^-1*t", product(power(num(2), -1), t)),
        ("t^-s^2", power(power(t, negative(s)), 2)),
        ("A'^2", f.matrixpow(transpose(A), 2)),
        ("A^-1", f.inv(A)),
        ("A^-2", f.matrixpow(f.inv(A), 2)),
        ("A^0 + A^1", total(f.eye(n), A)),
        ("A^T", transpose(A)),
        ("A^(T)", transpose(A)),
        ("A^-T", transpose(f.inv(A))),
        ("A^(-T)*x", product(transpose(f.inv(A)), x)),
        ("A''", A),
        ("t'", t),
        ("1/2", num(Fraction(1, 2))),
        ("-1/2", num(Fraction(-1, 2))),
        ("x/2", product(x, num(Fraction(1, 2)))),
        ("1/t", power(t, -1)),
        ("2/t", product(num(2), power(t, -1))),
        ("x/t", product(x, power(t, -1))),
        ("x.*y.*x", f.hadamard(x, y, x)),
        ("x.*(y.*x)", f.hadamard(x, f.hadamard(y, x))),
        ("x.*t", product(x, t)),
        ("x./y", times(x, f.entrypow(y, num(-1)))),
        ("1./x", f.entrypow(x, num(-1))),
        ("t./x", product(t, f.entrypow(x, num(-1)))),
        ("x./t", product(x, power(t, -1))),
        ("x.^2", f.entrypow(x, num(2))),
        ("2.^x", f.entrypow(num(2), x)),
        ("t.^2", power(t, 2)),
        ("A*x.*x", f.hadamard(product(A, x), x)),
        ("2*A ⊗ B", f.kron(product(num(2), A), B)),
        ("n*t", product(f.size(n), t)),
        ("x'*x/n", product(transpose(x), x, power(f.size(n), -1))),
        ("0.1*t", product(num(Fraction(1, 10)), t)),
        ("1e3*t", product(num(1000), t)),
        (".5*t", product(num(Fraction(1, 2)), t)),
        ("tr(t) + det(t) + inv(s)", total(t, t, power(s, -1))),
        ("logdet(t)", f.log(f.abs(t))),
        ("diag(x)", f.diag(x)),
        ("diag(A)", f.diagonal(A)),
        ("dot(x, y)", product(transpose(x), y)),
        ("outer(x, y)", product(x, transpose(y))),
        ("mean(x)", product(f.sum(x), power(f.size(n), -1))),
        ("solve(A, x)", product(f.inv(A), x)),
        ("recip(x)", f.entrypow(x, num(-1))),
        ("square(x)", f.entrypow(x, num(2))),
        ("norm(X) + norm2(X)", total(f.norm2(X), f.norm2(X))),
        ("‖x − ‖x‖*x‖", f.norm2(minus(x, product(f.norm2(x), x)))),
        ("rowsum(X)", product(X, f.ones(n, ONE))),
        ("ones(m, n) + zeros(m, n)", total(f.ones(m, n), f.zeros(m, n))),
        ("e(2, n)", f.unit(Dim.of(2), n)),
        ("ones(n-1)", f.ones(n - 1, ONE)),
        ("ones(n*(n+1)/2)", f.ones(n * (n + 1) * Fraction(1, 2), ONE)),
        ("K(m, n) + commutation(m, n)", total(f.commutation(m, n), f.commutation(m, n))),
        ("unvec(vec(X), m, n)", f.unvec(f.vec(X), m, n)),
        ("X[1,2]", f.index(X, ONE, ONE, Dim.of(2), Dim.of(2))),
        ("x[n]", f.index(x, n, n, ONE, ONE)),
        ("x'[2]", f.index(transpose(x), ONE, ONE, Dim.of(2), Dim.of(2))),
        ("X[:,2]", f.index(X, ONE, m, Dim.of(2), Dim.of(2))),
        ("x[1:n-1]", f.index(x, ONE, n - 1, ONE, ONE)),
        ("x[1:3][2]", f.index(f.index(x, ONE, Dim.of(3), ONE, ONE), Dim.of(2), Dim.of(2), ONE, ONE)),
        ("t^x[1]", power(t, f.index(x, ONE, ONE, ONE, ONE))),
        ("[A, x; x', t]", f.blocks(A, x, transpose(x), t, (2, 2))),
        ("let P = inv(S); P - P*A*P", None),
        ("pi*t", product(f.pi(), t)),
    ],
)
def test_text_means(text: str, meant: Expr | None) -> None:
    if meant is None:
        P = f.named(f.inv(S), "P")
        meant = f.add(P, negative(product(P, A, P)))
    assert read(text) is meant


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("A@B·S ⊙ A − S ∘ A ⊘ B", "(A*B*S).*A - (S.*A)./B"),
        ("xᵀ*x", "x'*x"),
        ("x⊤*x", "x'*x"),
        ("x.T*x", "x'*x"),
        ("x’*x", "x'*x"),
        ("∥x∥", "norm2(x)"),
        ("π*t", "pi*t"),
        ("  x'  *\n x ", "x'*x"),
        ("let P = A*B; let Q = P'; Q*P", "let P = A*B; Q = P'; Q*P"),
        ("+x", "x"),
        ("2*+t", "2*t"),
    ],
)
def test_spellings(text: str, same: str) -> None:
    assert read(text) is read(same)


def test_greek_names_have_one_spelling() -> None:
    scope = declare("Σ: n n pd; beta: n; lambda: scalar")
    assert list(scope.symbols) == ["Sigma", "beta", "lambda"]
    assert parse("λ*Σ*β", scope).expr is parse("lambda*Sigma*beta", scope).expr
    assert parse(r"\Sigma*\beta", scope).expr is parse("Sigma*beta", scope).expr


def test_t_as_a_name() -> None:
    scope = declare("A: n n; T: scalar; t: scalar")
    assert parse("t^T", scope).expr is power(*[scope.symbols[k] for k in ("t", "T")])
    size = parse("t^T + 0*sum(ones(T))", "t: scalar").expr
    assert size.args[0] is power(t, f.size(Dim.of("T")))
    assert str(parse("A^T", "A: n n; x: T").expr) == "A^T"
    assert parse("A^T", "A: n n; x: T").expr.op.name == "sympow"


@pytest.mark.parametrize("text", ["X^-1'", "A^2'", "x.^2'", "A^2ᵀ", "A^2.T", "A^T'", "t^-s'"])
def test_transpose_after_exponent_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="two readings"):
        read(text)


@pytest.mark.parametrize(("text", "same"), [("(X^T)'", "X"), ("((A^-T))'", "inv(A)"), ("(A'*X^T)'", "X*A"), ("[A^T]'", "A")])
def test_a_bracket_between_an_exponent_and_a_transpose_is_enough(text: str, same: str) -> None:
    given = "A: n n; X: m n"
    assert parse(text, given).expr is parse(same, given).expr or text == "(A'*X^T)'"
    assert parse(text, given).expr.shape == parse(same, given).expr.shape


@pytest.mark.parametrize(
    ("text", "given", "inferred"),
    [
        ("x'*A*x", None, {"x": "n", "A": "n n"}),
        ("A*x", "x: n", {"A": "m n"}),
        ("tr(inv(A + X'*C*X)*(X'*B*X))", None, {"A": "n n", "X": "m n", "C": "m m", "B": "m m"}),
        ("a*x + y", None, {"a": "scalar", "x": "n", "y": "n"}),
        ("x'*A*x/n", "x: n", {"A": "n n"}),
        ("x'*y/n + m", "x: n; A: m n", {"y": "n"}),
        ("ones(n)'*x*n", None, {"x": "n"}),
        ("A*x + vector(1)", None, {"A": "n m", "x": "m"}),
        ("X + matrix(t)", "t: scalar", {"X": "n m"}),
        ("[u; v]'*A", None, {"u": "n", "v": "m", "A": "m+n k"}),
        ("kron(A, B)*z", None, {"A": "n m", "B": "k p", "z": "m*p"}),
        ("[x; 1]'*y", "y: p", {"x": "p-1"}),
        ("X[1,2] + x[3]", None, {"X": "n m", "x": "k"}),
        ("let P = A*B; tr(P)", None, {"A": "n m", "B": "m n"}),
        ("maximum(x, 0) + relu(y)", None, {"x": "n", "y": "n"}),
        ("softmax(x)'*log(softmax(y))", None, {"x": "n", "y": "n"}),
        ("diag(A)'*x + tr(diag(x))", None, {"A": "n n", "x": "n"}),
    ],
)
def test_inference(text: str, given: str | None, inferred: dict[str, str]) -> None:
    parsed = parse(text, given)
    assert dict(parsed.inferred) == inferred
    again = parse(text, "; ".join([given or "", *(f"{k}: {v}" for k, v in inferred.items())]))
    assert not again.inferred
    assert again.expr is parsed.expr or "vector" in text or "matrix" in text


@pytest.mark.parametrize(
    ("text", "given", "message"),
    [
        ("x*A*x", None, "wants a transpose: x'"),
        ("A*x + b", None, "What is not declared is read as A: n m; x: m; b: scalar"),
        ("A*x", "A: m n; x: m", "inner sizes n and m"),
        ("vec(X)'*vec(Y)", None, "does not determine"),
        ("sum(vector(1))", None, "cannot be inferred"),
        ("D(n)*vech(X) + vec(matrix(f))", "X: n n; f: scalar", r"write c\*ones\(n\) or c\*ones\(m, n\)"),
        ("vec(X) + vec(matrix(1))", "X: n n", r"write c\*ones"),
        ("sum(ones(n^65))", None, "whole number up to 64"),
        ("sum(ones((a + b + c)^40))", None, "at most 300 products"),
        ("sum(ones((n + m)^64))", None, "limits.power"),
        ("Sigma*x", "x: n", "Sigma is not declared"),
        ("x + 1", "x: n", r"ones\(n\)"),
        ("A + 1", "A: n n", r"eye\(n\)"),
        ("t/x", "t: scalar; x: n", "divisor"),
        ("1/0", None, "division by zero"),
        ("x^2", "x: n", r"x'\*x"),
        ("A^1.5", "A: n n", "whole number"),
        ("A[1]", "A: n n", "two indices"),
        ("x[0]", "x: n", "starts at 1"),
        ("x[n+1]", "x: n", "outside 1..n"),
        ("e(4, 3)", None, "outside 1..3"),
        ("K(m,n)*x", "K: n n; x: n", r"commutation\(...\)"),
        ("x(2)", "x: n", "cannot be called"),
        ("foo(x)", "x: n", "not a function"),
        ("lgdet(A)", "A: n n", "'logdet' is meant"),
        ("tr(A, A)", "A: n n", "1 argument, 2 are given"),
        ("tr()", None, "none is given"),
        ("unvec(x)", "x: n", "3 arguments"),
        ("let P = A; let P = A; P", "A: n n", "has a meaning already"),
        ("let A = 2; A", "A: n n", "has a meaning already"),
        ("let n = 2; x*n", "x: n", "is a size here"),
        ("let Z = Z*Z; Z", None, "used before"),
        ("let P = A", "A: n n", "wants ';'"),
        ("2x", "x: n", r"2\*x"),
        ("1e401", None, "at most 400"),
        ("1e999999999", None, "at most 400"),
        ("2^--t", "t: scalar", "two signs"),
        ("3[1]", None, "no entries"),
        ("(x", "x: n", "'\\)' is wanted"),
        ("[x, y; y]", "x: n; y: n", "equal widths"),
    ],
)
def test_errors_say_what_and_where(text: str, given: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse(text, given)
    assert caught.value.source == text
    assert caught.value.column is not None and 0 <= caught.value.column <= len(text)


def test_the_caret_stands_under_the_operator() -> None:
    with pytest.raises(InputError) as caught:
        parse("tr(X) + sum(A*B)", "A: m n; B: p q; X: n n")
    assert str(caught.value).endswith("  tr(X) + sum(A*B)\n               ^")


@pytest.mark.parametrize(
    "text",
    ["A^s", r"\log\det A", "A^(k*s)"],
)
def test_refusals(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse(text, "A: n n; x: n; k: scalar integer; s: scalar")
    assert caught.value.column is not None


@pytest.mark.parametrize("value", [None, 3, b"x", ["x"], 2.5, object()])
def test_other_types_are_input_errors(value: object) -> None:
    with pytest.raises(InputError):
        parse(value)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "x" + ")" * 5000,
        "-" * 5000 + "t",
        " + ".join(["sum(x)"] * 2000),
        "*".join(["A"] * 2000),
        ".*".join(["A"] * 1000),
        "sin(" * 5000 + "t" + ")" * 5000,
        "x" + "'" * 5000,
        "[" * 3000 + "x" + "]" * 3000,
        "ones(" + "(" * 5000 + "n" + ")" * 5000 + ")",
        "^".join(["t"] * 3000),
        "x" + "[1:2]" * 2000,
        "let P = A; " + "".join(f"Q{i} = P*A; " for i in range(500)) + "P",
    ],
)
def test_size_and_depth_cost_nothing(text: str) -> None:
    assert read(text).op.name


def test_the_longest_text() -> None:
    with pytest.raises(InputError, match=r"limits\.text: the text has 100,001 characters; the cap is 100,000"):
        read("x" * 100_001)


def corpus(name: str) -> list[dict[str, object]]:
    path = Path(__file__).parents[1] / "data" / name
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def given_of(case: dict[str, object]) -> dict[str, str]:
    out = {}
    for name, spec in case["vars"].items():  # type: ignore[attr-defined]
        shape = " ".join(str(size) for size in spec["shape"]) or "scalar"
        out[name] = " ".join([shape, *(FACTS.get(fact, fact) for fact in spec.get("is", []))])
    return out


@pytest.mark.parametrize("case", corpus("public.jsonl"), ids=lambda case: str(case["id"]))
def test_every_formula_of_the_corpus_is_read(case: dict[str, object]) -> None:
    given = given_of(case)
    joined = declare("; ".join(f"{name}: {text}" for name, text in given.items()))
    for text in (case["expr"], case["expected"]):
        if not text:
            continue
        try:
            assert parse(text, given).expr is parse(text, joined).expr
        except Refusal:
            assert any(word in str(text) for word in NOT_YET), text


def test_named_numbers_as_exponents() -> None:
    assert parse("let k = 3; A^k", SCOPE).expr is f.matrixpow(A, 3)
    assert parse("A^(1+1)", SCOPE).expr is f.matrixpow(A, 2)
    assert read("S^1000000000") is make("matrixpow", (S,), (1_000_000_000,))


@pytest.mark.parametrize(
    ("text", "shape"),
    [("D(n)*vech(X) + vector(f)", "n*n"), ("L(n)*vec(X) + vector(f)", "n*(n + 1)/2"), ("K(m, n) + matrix(f)", "m*n")],
)
def test_sizes_of_structured_matrices_are_known_where_others_are_inferred(text: str, shape: str) -> None:
    assert str(parse(text, "X: n n; f: scalar; Y: m n").expr.rows) == shape


def test_long_products_of_sizes_are_read_back() -> None:
    e = make("eye", (), (Dim.of("n"),))
    for _ in range(5):
        e = f.kron(e, e)
    assert str(e.rows).count("*") == 31
    assert parse(str(f.ones(e.rows, ONE))).expr.rows is e.rows


@pytest.mark.parametrize(
    ("name", "same"), [("\\mu", "mu"), ("\\Sigma_1", "Sigma_1"), ("\\mu[j]", "mu[j]"), ("μ", "mu"), ("\\x", "\\x")]
)
def test_spellings_of_one_name(name: str, same: str) -> None:
    assert latin(name) == same
