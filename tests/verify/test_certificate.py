"""The certificate accepts right answers and rejects wrong ones."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import closedform as cf
import closedform.ops
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr
from closedform.core.op import f
from closedform.lang.declare import declare
from closedform.lang.read import parse
from closedform.ops.build import entry_power, minus, num, ones_like, product, times, total, transpose
from closedform.verify import comparison
from closedform.verify.certificate import Certificate, certify
from closedform.verify.comparison import Comparison
from closedform.verify.contraction import derivative_shape
from closedform.verify.question import Question

GIVEN = (
    "A: n n; B: n n; C: n n symmetric; S: n n pd; X: n n invertible; Y: n k; M: m n; x: n; y: n; b: m; u: m; "
    "t: scalar; a: scalar; p: n simplex; q: n orthonormal; Q: n n orthogonal; R: n n symmetric; D: n n diagonal; "
    "L: n n lower; J: n n skew; Z: m n"
)
SCOPE = declare(GIVEN)

RIGHT = [  # original, variables, answer (mixed layout)
    ("x'*A*x", "x", "A*x + A'*x"),
    ("(M*x - b)'*(M*x - b)", "x", "2*M'*(M*x - b)"),
    ("norm2(M*x - b)", "x", "M'*(M*x - b)/norm2(M*x - b)"),
    ("logdet(X)", "X", "inv(X)'"),
    ("det(X)", "X", "det(X)*inv(X)'"),
    ("tr(A*X*B)", "X", "A'*B'"),
    ("tr(inv(X)*B)", "X", "-inv(X)'*B'*inv(X)'"),
    ("logdet(Y'*A*Y)", "Y", "A*Y*inv(Y'*A*Y) + A'*Y*inv(Y'*A'*Y)"),
    ("b'*exp(M*x)", "x", "M'*(exp(M*x).*b)"),
    ("sum(log(b - M*x))", "x", "-M'*(1./(b - M*x))"),
    ("log(1 - x'*x)", "x", "-2*x/(1 - x'*x)"),
    ("crossentropy(p, M'*u)", "u", "M*(softmax(M'*u) - p)"),
    ("logsumexp(M'*u)", "u", "M*softmax(M'*u)"),
    ("sum(relu(M*x))", "x", "M'*step(M*x)"),
    ("norm1(M*x - b)", "x", "M'*sign(M*x - b)"),
    ("exp(t*x'*y)", "t", "x'*y*exp(t*x'*y)"),
    ("t^a", "t", "a*t^(a - 1)"),
    ("exp(-100*x'*x)", "x", "-200*exp(-100*x'*x)*x"),
    ("M*x", "x", "M"),
    ("M*X*x", "X", "kron(x', M)"),
    ("inv(X)", "X", "-kron(inv(X)', inv(X))"),
    ("inv(A + t*B)", "t", "-inv(A + t*B)*B*inv(A + t*B)"),
    ("sin(t*x)", "t", "x.*cos(t*x)"),
    ("t*M", "t", "M"),
    ("x*y'", "x", "kron(y, eye(n))"),
    ("x'*A", "x", "A'"),
    ("X'", "X", "K(n, n)"),
    ("softmax(M*x)", "x", "(diag(softmax(M*x)) - softmax(M*x)*softmax(M*x)')*M"),
    ("x'*A*x", "x x", "A + A'"),
    ("x'*A*y", "x y", "A"),
    ("x'*A*y", "y x", "A'"),
    ("norm2(x)", "x x", "eye(n)/norm2(x) - x*x'/norm2(x)^3"),
    ("tr(X'*A*X*B)", "X X", "kron(B, A') + kron(B', A)"),
    ("t*x'*A*x", "t x", "A*x + A'*x"),
    ("t*x'*A*x", "x t", "A*x + A'*x"),
    ("inv(A + t*B)", "t t", "2*inv(A + t*B)*B*inv(A + t*B)*B*inv(A + t*B)"),
    ("exp(t*a)", "t t t", "a^3*exp(t*a)"),
]
STRUCTURED = [  # ... and the structure
    ("tr(A*R)", "R", "(A + A')/2", "projected"),
    ("tr(A*R)", "R", "A'", "free"),
    ("tr(A*R)", "R", "A + A' - diag(diag(A))", "independent"),
    ("logdet(S)", "S", "inv(S)", "projected"),
    ("tr(A*J)", "J", "(A' - A)/2", "projected"),
    ("tr(A*J)", "J", "A' - A", "independent"),
    ("tr(A*D)", "D", "diag(diag(A))", "projected"),
    ("tr(A*L)", "L", "tril(A')", "projected"),
    ("tr(A*L)", "L", "A'", "free"),
    ("tr(A*Q)", "Q", "A' - Q*(Q'*A' + A*Q)/2", "projected"),
    ("x'*p", "p", "x - mean(x)*ones(n)", "projected"),
    ("R*x", "R", "kron(x', eye(n))*(eye(n*n) + K(n, n))/2", "projected"),
    ("tr(R*A*R*B)", "R R",
     "(eye(n*n) + K(n,n))*(kron(B', A)*K(n,n) + K(n,n)*kron(B, A'))*(eye(n*n) + K(n,n))/4", "projected"),
    ("q'*C*q", "q q", "2*(eye(n) - q*q')*C*(eye(n) - q*q') - 2*q'*C*q*(eye(n) - q*q')", "projected"),
]  # fmt: skip
CASES = [(*row, "free" if row[1] in ("S", "R") else "projected") for row in RIGHT] + STRUCTURED


def read(text: str) -> Expr:
    return parse(text, SCOPE).expr


def certified(case: tuple[str, str, str, str], answer: Expr | None = None, **options: object) -> Certificate:
    original, names, right, structure = case
    wrt = [SCOPE.symbols[name] for name in names.split()]
    return certify(read(original), wrt, read(right) if answer is None else answer, structure=structure, **options)  # type: ignore[arg-type]


def identify(case: tuple[str, str, str, str]) -> str:
    return f"{case[0]} by {case[1]}, {case[3]}"


@pytest.mark.parametrize("case", CASES, ids=identify)
def test_a_right_answer_is_certified(case: tuple[str, str, str, str]) -> None:
    for seed in range(4):
        found = certified(case, seed=seed)
        assert found.ok, found.reason
        assert found.trials == len(found.sizes)
        assert found.trials == (24 if case[0] in ("sum(relu(M*x))", "norm1(M*x - b)") else 3)
        assert found.max_error < 1e-8
        assert found.seed == seed


@pytest.mark.parametrize("case", CASES, ids=identify)
def test_a_wrong_sign_or_factor_is_rejected(case: tuple[str, str, str, str]) -> None:
    answer = read(case[2])
    for wrong in (product(num(-1), answer), product(num(2), answer), total(answer, answer)):
        found = certified(case, wrong)
        assert not found.ok and found.max_error > 1e-3 and found.reason


@pytest.mark.parametrize("case", CASES, ids=identify)
def test_a_dropped_term_is_rejected(case: tuple[str, str, str, str]) -> None:
    answer = read(case[2])
    if answer.op.name != "add":
        answer = total(answer, f.ones(*answer.shape) if not answer.is_scalar else num(1))
        assert not certified(case, answer).ok
        return
    for k in range(len(answer.args)):
        assert not certified(case, total(*answer.args[:k], *answer.args[k + 1 :])).ok


@pytest.mark.parametrize(
    ("original", "names", "wrong"),
    [
        ("logdet(X)", "X", "inv(X)"),
        ("det(X)", "X", "det(X)*inv(X)"),
        ("tr(A*X*B)", "X", "B'*A'"),
        ("tr(A*X*B)", "X", "A*B"),
        ("tr(inv(X)*B)", "X", "-inv(X)*B'*inv(X)"),
        ("x'*A*x", "x", "2*A*x"),
        ("x'*A*y", "x y", "A'"),
        ("x'*A*x", "x x", "2*A"),
        ("inv(X)", "X", "-kron(inv(X), inv(X)')"),
        ("M*X*x", "X", "kron(x', M)*K(n, n)"),
        ("sum(relu(M*x))", "x", "M'*ones(m)"),
        ("norm1(M*x)", "x", "M'*(M*x)"),
        ("norm2(x)", "x", "x"),
        ("norm2(x)", "x x", "eye(n)/norm2(x)"),
        ("softmax(M*x)", "x", "diag(softmax(M*x))*M"),
        ("logdet(S)", "S", "inv(S) + A - A'"),
        ("tr(A*R)", "R", "A'"),
        ("tr(A*Q)", "Q", "A'"),
        ("q'*C*q", "q q", "2*(eye(n) - q*q')*C*(eye(n) - q*q')"),
        ("tr(A)", "x", "ones(n)/1000000000"),
        ("t*a", "t", "a + t/1000"),
        ("x'*y", "x", "x"),
        ("x'*x", "x", "2*x.^3"),
        ("1 + x'*x/1000000000000", "x", "x/1000000000000"),
        ("exp(-1000*x'*x)", "x", "-1000*exp(-1000*x'*x)*x"),
        ("sum(sign(x))", "x", "x"),
        ("t", "t", "2"),
    ],
)
def test_a_wrong_answer_is_rejected(original: str, names: str, wrong: str) -> None:
    assert not certified((original, names, wrong, "projected")).ok


@pytest.mark.parametrize(
    ("original", "names", "answer"),
    [
        ("tr(A)", "x", "zeros(n)"),
        ("sum(sign(x))", "x", "zeros(n)"),
        ("sum(step(M*x))", "x", "zeros(n)"),
        ("tr(X) - tr(X')", "X", "zeros(n, n)"),
        ("tr(X) - tr(X')", "X", "inv(X)*X*inv(X) - inv(X)"),
        ("x'*J*x", "x", "zeros(n)"),
        ("t", "t", "1"),
        ("x", "x", "eye(n)"),
        ("M", "t", "zeros(m, n)"),
        ("x'*A*y", "x x", "zeros(n, n)"),
    ],
)
def test_a_derivative_that_is_zero_or_a_constant(original: str, names: str, answer: str) -> None:
    found = certified((original, names, answer, "projected"))
    assert found.ok, found.reason
    assert found.max_error < 1e-9


@pytest.mark.parametrize("wrong", ["x'", "A", "1", "[x; x]"])
def test_an_answer_of_another_shape_is_rejected(wrong: str) -> None:
    found = certified(("x'*A*x", "x", wrong, "projected"))
    assert not found.ok and found.trials == 0 and "not n x 1" in found.reason


@pytest.mark.parametrize(
    ("original", "names", "layout", "answer"),
    [
        ("x'*A*x", "x", "numerator", "x'*(A + A')"),
        ("x'*A*x", "x", "denominator", "(A + A')*x"),
        ("tr(Z'*M)", "Z", "numerator", "M'"),
        ("M*x", "x", "numerator", "M"),
        ("M*x", "x", "denominator", "M'"),
        ("t*M", "t", "denominator", "M'"),
        ("x'*A*y", "x y", "denominator", "A'"),
        ("x'*A*y", "x y", "numerator", "A"),
        ("t*x'*y", "t x", "numerator", "y'"),
    ],
)
def test_the_other_layouts(original: str, names: str, layout: str, answer: str) -> None:
    case = (original, names, answer, "projected")
    assert certified(case, layout=layout).ok
    assert not certified(case, product(num(2), read(answer)), layout=layout).ok
    wrt = [SCOPE.symbols[name] for name in names.split()]
    assert derivative_shape(read(original).shape, wrt, layout) == read(answer).shape


@pytest.mark.parametrize("case", CASES, ids=identify)
def test_differences_do_as_well_as_the_complex_step(case: tuple[str, str, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def not_analytic(self: Comparison, question: Question, seed: int) -> None:
        made(self, question, seed)
        self.analytic, self.tested = False, True

    made = Comparison.__init__
    monkeypatch.setattr(Comparison, "__init__", not_analytic)
    assert certified(case).ok
    assert not certified(case, product(num(2), read(case[2]))).ok


def test_trials_are_at_different_sizes_and_can_be_replayed() -> None:
    found = certified(("tr(inv(X)*B)", "X", "-inv(X)'*B'*inv(X)'", "projected"), trials=5, seed=11)
    assert len({s["n"] for s in found.sizes}) == 5
    assert found.replay() == found
    assert certified(("x'*x", "x", "x", "projected"), seed=2).replay().reason.startswith("the answer and the numerical")
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize("text", ["relu(t - 60)", "minimum(t, 100)", "t + relu(min(B*C) - 10*t^2)", "relu(sin(t) - 9999/10000)"])
def test_certificates_with_looked_for_branches_can_be_replayed(text: str) -> None:
    found = cf.derive(text, "t", GIVEN).certificate
    assert found is not None and found.trials > 3
    assert found.replay() == found


def test_sizes_that_a_rank_needs_are_found() -> None:
    found = certified(("logdet(Y'*Y)", "Y", "2*Y*inv(Y'*Y)", "projected"), trials=4)
    assert found.ok and all(s["n"] >= s["k"] for s in found.sizes)


@pytest.mark.parametrize(
    ("original", "answer"),
    [
        ("x'*x", "log(-x.^2)"),
        ("sum(sqrt(cosh(x)))", "sqrt(sinh(x)).*sqrt(tanh(x))/2"),
        ("sum(sqrt(cos(x)))", "-(sqrt(sin(x)).*sqrt(tan(x)))/2"),
        ("sum(log(x.^2))", "2*exp(-log(x))"),
    ],
)
def test_an_answer_that_has_no_value_on_a_part_of_the_domain_is_not_certified(original: str, answer: str) -> None:
    question = parse(original, "x: n")
    found = certify(question.expr, [question.scope.symbols["x"]], parse(answer, "x: n").expr)
    assert not found.ok
    assert "no finite value" in found.reason


@pytest.mark.parametrize(
    ("original", "answer", "reason"),
    [
        ("log(-1 - x'*x)", "-2*x/(-1 - x'*x)", "-1 - x'\\*x was not positive"),
        ("tr(inv(x*x'))", "x", "x\\*x' was singular"),
        ("sum(log(-x.^2))", "2./x", "not positive"),
    ],
)
def test_where_there_is_no_admissible_point_the_answer_is_refused(original: str, answer: str, reason: str) -> None:
    with pytest.raises(Refusal, match="no admissible point was found to check the answer at: .*" + reason):
        certified((original, "x", answer, "projected"))


def test_large_integer_sizes_are_checked_at_small_ones() -> None:
    scope = declare("X: 100 50; A: 50 100; x: 100; t: scalar")
    X, x, t = (scope.symbols[name] for name in "Xxt")
    found = certify(parse("tr(A*X)", scope).expr, [X], parse("A'", scope).expr)
    assert found.ok and found.sizes[0] == {"50": 4, "100": 3}
    assert not certify(parse("tr(A*X)", scope).expr, [X], parse("2*A'", scope).expr).ok
    assert certify(parse("mean(x)", scope).expr, [x], parse("ones(100)/100", scope).expr).ok
    with pytest.raises(Refusal, match="sizes up to 8"):
        certify(parse("x[37]", scope).expr, [x], parse("e(37, 100)", scope).expr)
    with pytest.raises(Refusal, match=r"sizes up to 8.*100 replaced by"):
        certify(parse("t*tr(eye(100))", scope).expr, [t], parse("100", scope).expr)


def test_unknown_conventions_are_refused() -> None:
    x = SCOPE.symbols["x"]
    with pytest.raises(InputError, match="structure"):
        certify(product(transpose(x), x), [x], x, structure="tight")
    with pytest.raises(InputError, match="layout"):
        certify(product(transpose(x), x), [x], x, layout="wide")
    with pytest.raises(Refusal):
        Certificate(True, 3, 0.0, (), 0).replay()


def network(depth: int) -> tuple[Expr, Expr, Expr]:
    """A tanh network with a size of its own for each layer, the first weight, and the gradient by it."""
    scope = declare("; ".join([f"W{k}: n{k} n{k - 1}" for k in range(1, depth + 1)] + ["x: n0"]))
    weights = [scope.symbols[f"W{k}"] for k in range(1, depth + 1)]
    layers = [scope.symbols["x"]]
    for W in weights:
        layers.append(f.tanh(product(W, layers[-1])))
    slopes = [minus(ones_like(layer), entry_power(layer, 2)) for layer in layers]
    back = slopes[-1]
    for k in range(depth - 1, 0, -1):
        back = times(product(transpose(weights[k]), back), slopes[k])
    return f.sum(layers[-1]), weights[0], product(back, transpose(layers[0]))


@pytest.mark.parametrize("depth", [3, 200])
def test_a_deep_network(depth: int) -> None:
    function, W, gradient = network(depth)
    assert certify(function, [W], gradient).ok
    assert not certify(function, [W], product(num(2), gradient)).ok


def test_a_derivative_that_underflows_everywhere_is_put_to_the_referee() -> None:
    x = SCOPE.symbols["x"]
    e, slope = x, f.ones(*x.shape)
    for _ in range(40):
        e, slope = entry_power(e, 2), product(num(2), times(e, slope))
    assert certify(f.sum(e), [x], slope).ok
    assert not certify(f.sum(e), [x], product(num(2), slope)).ok
    assert not certify(f.sum(e), [x], f.zeros(*x.shape)).ok


def test_every_trial_is_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    compare = Comparison.compare

    def counted(self: Comparison, point: object) -> object:
        calls.append(point)
        return compare(self, point)  # type: ignore[arg-type]

    monkeypatch.setattr(comparison.Comparison, "compare", counted)
    assert certified(("x'*A*x", "x", "A*x + A'*x", "projected")).ok
    assert len(calls) == 3
    assert np.geterr()["divide"] == "warn"  # the state of NumPy is as it was


@pytest.mark.parametrize(
    ("original", "answer", "given"),
    [
        ("H", "eye(9)", "H: 3 3"),
        ("H*H", "kron(eye(3), H) + kron(H', eye(3))", "H: 3 3"),
        ("H*A", "kron(A', eye(3))", "H: 3 5; A: 5 7"),
        ("H*ones(4)", "kron(ones(1, 4), eye(90))", "H: 90 4"),
    ],
)
def test_a_size_of_the_answer_that_is_a_product_stays_one(original: str, answer: str, given: str) -> None:
    question = parse(original, given)
    assert certify(question.expr, [question.scope.symbols["H"]], parse(answer, question.scope).expr).ok


@pytest.mark.parametrize("rows", [3, 9, 20])
def test_a_matrix_by_itself(rows: int) -> None:
    question = parse("H", f"H: {rows} {rows}")
    found = certify(question.expr, [question.expr], parse(f"eye({rows * rows})", "").expr)
    assert found.ok
    assert not certify(question.expr, [question.expr], parse(f"2*eye({rows * rows})", "").expr).ok
