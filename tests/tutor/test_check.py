"""The referee: verdicts, columns, conventions, and what it refuses."""

import json
import subprocess
import sys

import pytest

import closedform as cf
from closedform.tutor.judgement import VERDICTS, Judgement


def judged(expression: str, wrt: object, answer: object, given: object = None, **asked: str) -> Judgement:
    said = cf.check(expression, wrt, answer, given, **asked)
    assert said.verdict in VERDICTS
    assert said.right == (said.verdict == "right")
    assert said.explanation
    return said


# ---- right -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "answer",
    ["(A + A')*x", "A*x + A'*x", "A'*x+A*x", "(x'*A)' + (x'*A')'", "let B = A + A'; B*x", "grad = (A + A')*x", 
     "df/dx = A*x + A'*x", "(A + A')*eye(n)*x", "2*A*x - (A - A')*x", "let B = A/2; 2*(B + B')*x", "∇f = (A + Aᵀ)*x"],
)  # fmt: skip
def test_right_however_it_is_written(answer: str) -> None:
    assert judged("x'*A*x", "x", answer, "x: n; A: n n").right


def test_an_expression_is_an_answer() -> None:
    assert judged("x'*A*x", "x", cf.parse("A*x + A'*x", "x: n; A: n n"), "x: n; A: n n").right


def test_names_that_are_not_declared_mean_what_they_mean_in_the_question() -> None:
    assert judged("x'*A*x", "x", "A*x + A'*x").right


def test_facts_are_respected() -> None:
    assert judged("x'*A*x", "x", "2*A*x", "x: n; A: n n symmetric").right
    assert judged("logdet(S)", "S", "inv(S)", "S: n n pd").right
    assert judged("norm2(Q*x)^2", "x", "2*x", "Q: n n orthogonal; x: n").right


def test_answers_differ_from_the_derivative_at_kinks_only() -> None:
    assert judged("sum(relu(x))", "x", "(sign(x) + ones(n))/2", "x: n").right
    assert not judged("sum(x.^2)", "x", "2*x + ones(n) - sign(x).^2", "x: n").right


def test_large_sizes_are_checked_at_small_ones() -> None:
    assert judged("x'*x", "x", "x + x", "x: 1000").right
    assert judged("x'*x", "x", "x", "x: 1000").slip == "wrong factor"


def test_sums_over_samples_and_members() -> None:
    given = "z[N]: p; m: p; S: p p symmetric"
    f = "sum(i in 1..N, (z[i]-m)'*S*(z[i]-m))"
    assert judged(f, "m", "sum(i in 1..N, -2*S*(z[i]-m))", given).right
    assert judged(f, "m", "2*N*S*m - 2*S*sum(i in 1..N, z[i])", given).right
    assert judged(f, "z[j]", "2*S*(z[j]-m)", given).right
    assert judged(f, "z[j]", "S*(z[j]-m)", given).slip == "wrong factor"


# ---- shapes ------------------------------------------------------------------------------------------------------
def test_an_ill_shaped_product_is_pointed_at_with_both_shapes() -> None:
    answer = "2*(y-X*w)*(-X)"
    said = judged("norm2(y - X*w)^2", "w", answer, "X: n p; y: n; w: p")
    assert said.verdict == "ill-shaped"
    assert said.where is not None and answer[slice(*said.where)] == "(y-X*w)*(-X)"
    assert "n x 1" in said.explanation and "n x p" in said.explanation
    assert said.suggestion == "-2*X'*(y - X*w)"


def test_columns_count_a_left_side() -> None:
    answer = "grad = 2*(y-X*w)*(-X)"
    said = judged("norm2(y - X*w)^2", "w", answer, "X: n p; y: n; w: p")
    assert said.where is not None and answer[slice(*said.where)] == "(y-X*w)*(-X)"


def test_the_part_that_has_to_change_is_pointed_at() -> None:
    answer = "det(S)*tr(inv(S))"
    said = judged("det(S)", "S", answer, "S: n n pd")
    assert said.slip == "scalar for matrix"
    assert said.where is not None and answer[slice(*said.where)] == "tr(inv(S))"
    assert said.suggestion == "det(S)*inv(S)"


def test_a_scalar_added_to_a_vector() -> None:
    said = judged("sum(tanh(x))", "x", "1 - tanh(x).^2", "x: n")
    assert (said.verdict, said.slip, said.suggestion) == ("ill-shaped", "scalar added to a matrix", "ones(n) - tanh(x).^2")


def test_equal_sizes_hide_nothing() -> None:
    assert judged("x'*A*y", "x", "A'*y", "x: 3; y: 3; A: 3 3").verdict != "right"
    assert judged("x'*A*y", "x", "A'*y", "x: n; y: n; A: n n").assumption == "A is symmetric"


def test_right_where_two_sizes_agree() -> None:
    said = judged("logdet(X'*X)", "X", "2*inv(X)'", "X: n p")
    assert said.verdict == "right only if"
    assert said.assumption == "X is square (n = p)"


# ---- conventions -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("f", "x", "given", "turned"),
    [
        ("logdet(X)", "X", "X: n n invertible", "inv(X)"),
        ("x'*A*x", "x", "x: n; A: n n", "x'*(A + A')"),
        ("A*exp(x)", "x", "x: n; A: m n", "diag(exp(x))*A'"),
        ("A*X*B", "X", "A: m n; X: n p; B: p q", "kron(B, A')"),
        ("t*x", "t", "t: scalar; x: n", "x'"),
    ],
)
def test_other_layouts(f: str, x: str, given: str, turned: str) -> None:
    said = judged(f, x, turned, given)
    assert said.verdict == "other layout", str(said)
    other = "numerator" if said.explanation.count("numerator") else "denominator"
    assert other in said.explanation
    assert judged(f, x, turned, given, layout=other).right


@pytest.mark.parametrize("structure", ["projected", "free", "independent"])
def test_other_structures(structure: str) -> None:
    given = "A: n n; S: n n symmetric"
    answers = {"projected": "(A + A')/2", "free": "A'", "independent": "A + A' - diag(diag(A))"}
    for name, answer in answers.items():
        said = judged("tr(A*S)", "S", answer, given, structure=structure)
        if name == structure:
            assert said.right
        else:
            assert said.verdict == "other convention" and said.slip == "symmetric convention", str(said)
            assert f'structure="{name}"' in said.explanation or "every direction" in said.explanation


def test_rows_stacked_instead_of_columns() -> None:
    said = judged("A*X*B", "X", "kron(A, B')", "A: m n; X: n p; B: p q")
    assert (said.verdict, said.slip) == ("other convention", "other order of stacking")


def test_a_gradient_stacked_into_a_vector() -> None:
    assert judged("tr(A*X)", "X", "vec(A')", "A: m n; X: n m").slip == "stacked gradient"


def test_index_form() -> None:
    said = judged("x'*A*x", "x", "A[i,:]*x + x'*A[:,i]", "x: n; A: n n")
    assert (said.verdict, said.slip) == ("other convention", "index form only")
    assert "[i]" in said.explanation
    said = judged("tr(A*X)", "X", "A[j,i]", "A: m n; X: n m")
    assert said.slip == "index form only"
    assert judged("tr(A*X)", "X", "A[i,j] + 1", "A: m n; X: n m").verdict == "ill-shaped"


# ---- assumptions -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("f", "x", "given", "answer", "assumption"),
    [
        ("x'*A*x", "x", "x: n; A: n n", "2*A*x", "A is symmetric"),
        ("x'*A*B*x", "x", "x: n; A: n n; B: n n", "A*B*x + B*A*x", "A and B are symmetric"),
        ("norm2(W.*X)^2", "X", "W: m n; X: m n", "2*W.*X", "the entries of W are 0 or 1"),
        ("crossentropy(p, z)", "z", "p: n; z: n", "softmax(z) - p", "the entries of p sum to 1"),
        ("abs(t)", "t", "t: scalar", "1", "t is positive"),
        ("x'*A*x/(x'*x)", "x", "x: n; A: n n symmetric", "2*(A*x - (x'*A*x)*x)", "x has length 1"),
        ("tr(A*expm(t*X))", "X", "A: n n; X: n n; t: scalar", "t*(expm(t*X)*A)'", "A and X commute"),
        ("log(t)^2", "t", "t: scalar positive", "2*log(t)*exp(-log(t))", ""),
        ("t^2/2", "t", "t: scalar", "exp(log(t))", "t is positive"),
    ],
)
def test_right_only_under_an_assumption(f: str, x: str, given: str, answer: str, assumption: str) -> None:
    said = judged(f, x, answer, given)
    if not assumption:
        assert said.right
        return
    assert said.verdict == "right only if", str(said)
    assert said.assumption is not None and assumption in said.assumption
    assert assumption in said.headline()


# ---- wrong -------------------------------------------------------------------------------------------------------
def test_a_wrong_answer_has_a_witness_that_anyone_can_repeat() -> None:
    said = judged("norm2(X*w - y)^2", "w", "X'*(X*w - y)", "X: n p; y: n; w: p")
    assert (said.verdict, said.slip) == ("wrong", "wrong factor")
    w = said.witness
    assert w is not None and said.replay()
    assert set(w.sizes) == {"n", "p"} and len(set(w.sizes.values())) == 2
    X, y, v = (w.values[name] for name in "Xyw")
    mine = X.T @ (X @ v - y)
    i, j = w.entry
    assert mine[i - 1, j - 1] == pytest.approx(w.answer)
    assert 2 * mine[i - 1, j - 1] == pytest.approx(w.derivative)


def test_the_step_of_the_derivation_at_which_they_part() -> None:
    said = judged("a'*inv(X)*b", "X", "inv(X)'*a*b'*inv(X)' + a*b'", "a: n; b: n; X: n n invertible")
    assert said.slip is None or said.step is None or said.step.rule
    said = judged("c'*tanh(W*x)", "x", "W'*c", "c: m; W: m n; x: n")
    assert said.step is not None and said.step.rule == "d-tanh"


def test_alternatives_are_said_as_such() -> None:
    said = judged("c'*tanh(W*x)", "x", "W'*c", "c: m; W: m n; x: n")
    assert said.slip is not None
    if len(said.slips) > 1:
        assert "either" in said.explanation


def test_nothing_explains_it() -> None:
    said = judged("logdet(X)", "X", "X.^3 + X*X'", "X: n n invertible")
    assert (said.verdict, said.slip, said.slips) == ("wrong", None, ())
    assert said.witness is not None


def test_a_zero_answer() -> None:
    assert judged("x'*x", "x", "zeros(n)", "x: n").slip == "zero"


def test_second_order() -> None:
    given = "x: n; A: n n"
    assert judged("x'*A*x", ["x", "x"], "A + A'", given).right
    assert judged("x'*A*x", ["x", "x"], "2*A", given).assumption == "A is symmetric"
    assert judged("x'*A*x", ["x", "x"], "A", given).slip == "dropped term"


# ---- input -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("answer", ["", "A +", "A*z", "foo(x)", "A*", "2 3", "grad =", "let = 3", "x'*A*x = "])
def test_what_is_no_answer_is_an_input_error(answer: str) -> None:
    with pytest.raises(cf.InputError):
        cf.check("x'*A*x", "x", answer, "x: n; A: n n")


def test_names_and_sizes_that_mean_nothing() -> None:
    with pytest.raises(cf.InputError, match="z is not a name of the question"):
        cf.check("x'*A*x", "x", "A*z", "x: n; A: n n")
    with pytest.raises(cf.InputError, match="k is not a size"):
        cf.check("x'*A*x", "x", "k*A*x + ones(n)*sum(ones(k))", "x: n; A: n n")
    with pytest.raises(cf.InputError, match="not int"):
        cf.check("x'*A*x", "x", 3, "x: n; A: n n")
    with pytest.raises(cf.InputError, match="layout"):
        cf.check("x'*A*x", "x", "x", "x: n; A: n n", layout="rows")


def test_a_judgement_is_read_and_not_tested() -> None:
    said = judged("x'*x", "x", "x", "x: n")
    with pytest.raises(TypeError, match="truth value"):
        bool(said)
    bundle = said._repr_mimebundle_()
    assert bundle["text/plain"] == str(said) and "wrong" in bundle["text/markdown"]
    assert "derivative" in str(said) and "2*x" in str(said)
    assert "wrong" in repr(said)


def test_loading_the_referee_loads_no_third_party_module() -> None:
    code = (
        "import sys; import closedform.tutor.check, closedform.tutor.reasoning; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'numpy', 'scipy', 'rich'}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# ---- the command -------------------------------------------------------------------------------------------------
def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    from closedform.cli.main import main

    asked = ["check", "x'*A*x", "--wrt", "x", "--given", "x: n; A: n n"]
    assert main([*asked, "--answer", "(A + A')*x"]) == 0
    assert main([*asked, "--answer", "2*A*x"]) == 1
    assert "right only if A is symmetric" in capsys.readouterr().out
    assert main([*asked, "--answer", "-x", "--format", "json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] and said["verdict"] == "wrong" and said["derivative"] == "(A + A')*x"
    assert set(said["witness"]) == {"sizes", "seed", "entry", "values"}
    assert main([*asked, "--answer", "A*z"]) == 2
    assert main(asked) == 2
    assert main([*asked, "--answer", "x", "--derivation", "file"]) == 2
    assert main([*asked, "--derivation", "/no/such/file"]) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("expression", "wrt", "answer", "verdict"),
    [
        ("sum(x.^2)", "x", "2*x", "right"), ("sum(x.^2)", "x", "x + x", "right"), ("sum(x.^2)", "x", "x", "wrong"),
        ("ones(n)", "x", "sin(x)", "ill-shaped"), ("tr(A*B)", "x", "norm2(x)", "ill-shaped"),
    ],
)  # fmt: skip
def test_large_sizes_are_judged_with_smaller_ones(expression: str, wrt: str, answer: str, verdict: str) -> None:
    assert cf.check(expression, wrt, answer, "x: 10^9").verdict == verdict
