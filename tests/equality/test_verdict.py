"""Verdicts: what each of them says, and the traps that small sizes, primes, kinks and singular matrices set."""

import pytest

import closedform as cf

GIVEN = (
    "A: n n; B: n n; C: n n; D: n n; Q: n n orthogonal; P: n n idempotent; S: n n pd; K: n n skew; X: m n; Y: n m; "
    "x: n; y: n; z: n positive; p: n simplex; s: scalar; t: scalar positive"
)


def verdict(left: str, right: str, given: str | None = GIVEN) -> str:
    return cf.equal(left, right, given).verdict


def stage(left: str, right: str, given: str | None = GIVEN) -> str:
    return cf.equal(left, right, given).evidence.stage


# ---- the object ------------------------------------------------------------------------------------------------
def test_a_verdict_is_read_not_tested() -> None:
    with pytest.raises(TypeError, match="no truth value"):
        bool(cf.equal("A*B", "A*B"))
    assert [cf.equal(a, b, GIVEN).equal for a, b in (("A*x", "A*x"), ("A*B", "B*A"), ("inv(x*x')*x", "x"))] == [True, False, None]


def test_shapes_that_differ_are_said() -> None:
    found = cf.equal("X*Y", "Y*X", GIVEN)
    assert (found.verdict, found.evidence.stage) == ("different", "shapes")
    assert "m x m" in str(found) and "n x n" in str(found)


def test_a_witness_names_sizes_seed_entry_and_replays() -> None:
    found = cf.equal("A*B", "B*A", GIVEN)
    w = found.witness
    assert w is not None and w.sizes["n"] >= 2 and w.seed >= 0 and min(w.entry) >= 1
    assert w.prime is not None and w.residues is not None and w.residues[0] != w.residues[1]
    assert w.values is not None and abs(w.values[0] - w.values[1]) > 1e-3
    assert w.replay() and found.replay()
    assert not cf.equal("A", "A").replay()


def test_what_is_equal_only_where_inverses_exist_says_so() -> None:
    found = cf.equal("inv(A)*A", "eye(n)", GIVEN)
    assert found.verdict == "proved" and found.conditions == ("A is invertible",)


def test_names_that_are_not_declared_mean_the_same_on_both_sides() -> None:
    assert verdict("A*x", "x'*A'", None) == "different"
    assert verdict("x'*A*x", "tr(A*x*x')", None) == "proved"
    assert stage("x", "y", None) == "finite fields"
    assert verdict("let P = A*B; P*P", "A*B*A*B", None) == "proved"
    assert stage("let P = A*B; P*P", "P*P", None) == "finite fields"


def test_expressions_and_texts_may_be_mixed() -> None:
    e = cf.parse("det(kron(A, B))", "A: m m; B: n n")
    assert cf.equal(e, "det(A)^n*det(B)^m").verdict == "proved"
    with pytest.raises(cf.InputError, match="in two ways"):
        cf.equal(e, cf.parse("A", "A: k"))


@pytest.mark.parametrize("bad", [(3, "x"), ("x", None), ("x +", "x"), ("x", ""), (b"x", "x"), (len, "x"), ("x", "x", 5)])
def test_bad_input_is_an_input_error(bad: tuple[object, ...]) -> None:
    with pytest.raises(cf.InputError):
        cf.equal(*bad)  # type: ignore[arg-type]


# ---- each stage ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("left", "right", "by"),
    [
        ("A*B*inv(B)*x", "A*x", "normal form"),
        ("det(A*B)", "det(B)*det(A)", "named identity"),
        ("det(A + x*y')", "det(A)*(1 + y'*inv(A)*x)", "named identity"),
        ("tr(A'*(B.*C))", "tr((A.*B)'*C)", "index network"),
        ("inv(eye(m) + X*Y)*X", "X*inv(eye(n) + Y*X)", "completion"),
        ("inv(A*B + C*D)*C", "inv(B)*inv(A + C*D*inv(B))*C", "completion"),
        ("softmax(x + s*ones(n))", "softmax(x)", "finite fields"),
        ("normspec(A)^2", "lambda_max(A*A')", "floating point"),
        ("logdet(S)", "sum(log(eigvalsh(S)))", "normal form"),
        ("sin(2*s)", "2*sin(s)*cos(s)", "floating point"),
    ],
)
def test_a_true_identity_is_settled_by_the_first_stage_that_can(left: str, right: str, by: str) -> None:
    found = cf.equal(left, right, GIVEN)
    assert found.equal is True and found.evidence.stage == by, str(found)
    assert found.verdict == ("proved" if by not in ("finite fields", "floating point") else "probably equal")


def test_bounds_are_stated_with_the_stage_that_they_belong_to() -> None:
    exact, weak = cf.equal("exp(s)*exp(t)", "exp(s + t)", GIVEN), cf.equal("norm2(X)^2", "sum(svdvals(X).^2)", GIVEN)
    assert exact.error_bound is not None and exact.error_bound < 1e-20
    assert weak.error_bound == 1e-9 and "weak evidence" in str(weak)


# ---- true, in ways that need care ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("sqrt(t^2)", "t"),
        ("abs(s)", "sqrt(s^2)"),
        ("z.^(1/3).*z.^(2/3)", "z"),
        ("t^s*t^2", "t^(s + 2)"),
        ("t*log(t)", "log(t^t)"),
        ("log(6)", "log(2) + log(3)"),
        ("sqrt(8)", "2*sqrt(2)"),
        ("log(z.*z)", "2*log(z)"),
        ("softplus(s) - softplus(-s)", "s"),
        ("logsumexp(x + s*ones(n))", "s + logsumexp(x)"),
        ("crossentropy(p, x)", "logsumexp(x) - p'*x"),
        ("exp(logdet(S))", "det(S)"),
        ("logdet(A*B)", "logdet(A) + logdet(B)"),
        ("tanh(x)", "2*sigmoid(2*x) - ones(n)"),
        ("maximum(x, y) + minimum(x, y)", "x + y"),
        ("relu(x) - relu(-x)", "x"),
        ("pinv(X)*X*pinv(X)", "pinv(X)"),
        ("A*lyap(A, C) + lyap(A, C)*A'", "C"),
        ("sum(i in 0..k-1, A^i)*(eye(n) - A)", "eye(n) - A^k"),
        ("sum(i in 1..n, i^2)", "n*(n + 1)*(2*n + 1)/6"),
        ("sum(i in 1..n, x[i]^2)", "x'*x"),
        ("x'*K*x", "0"),
        ("p'*ones(n)", "1"),
        ("(eye(n) - P)*P", "zeros(n, n)"),
    ],
)
def test_true(left: str, right: str) -> None:
    found = cf.equal(left, right, GIVEN)
    assert found.equal is True, str(found)


# ---- false, in ways that random draws miss ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("(A*B - B*A)^2*C", "C*(A*B - B*A)^2"),  # true for sizes 1 and 2
        ("(A - A')*(B - B')", "(B - B')*(A - A')"),  # true for size 2
        ("det(K)", "0"),  # true for odd sizes
        ("(n - 2)*(n - 3)*(n - 4)*(n - 5)*(n - 7)*s", "0"),
        ("det(Q)", "1"),
        ("tr(P)", "n/2"),
        ("2147483647*s", "0*s"),
        ("(2147483647*2147483629)^3*s", "0"),
        ("1.000000000001*A", "A"),
        ("log(6)", "log(2) + log(3.00000000001)"),
        ("pi", "3.141592653589793"),
        ("norm2(x)^2", "x'*x + 0.000000000001"),
        ("sqrt(s^2)", "s"),
        ("step(s) + step(-s)", "1"),
        ("sign(x).^2", "ones(n)"),
        ("pinv(A)*A", "eye(n)"),
        ("pinv(X)*X", "eye(n)"),
        ("pinv(X*Y)", "pinv(Y)*pinv(X)"),
        ("expm(A + B)", "expm(A)*expm(B)"),
        ("max(x + y)", "max(x) + max(y)"),
        ("exp(exp(s))", "exp(s)^2"),
    ],
)
def test_false(left: str, right: str) -> None:
    found = cf.equal(left, right, GIVEN)
    assert found.verdict == "different", str(found)
    assert found.replay()


# ---- undecided -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("inv(x*x')*x", "y"),  # singular from size 2 on
        ("inv(A - A)*A", "inv(A - A)*A"),
        ("inv(X'*X - X'*X)", "inv(zeros(n, n))"),
        ("log(-t)", "log(-t) + 1"),
    ],
)
def test_formulas_without_a_value_are_not_compared(left: str, right: str) -> None:
    assert verdict(left, right) == "undecided"


def test_rank_conditions_choose_the_sizes() -> None:
    assert verdict("inv(X'*X)*X'*X", "eye(n)") == "proved"
    found = cf.equal("X*inv(X'*X)*X'", "eye(m)", GIVEN)
    assert found.verdict == "different" and found.witness is not None
    assert found.witness.sizes["m"] >= found.witness.sizes["n"]
