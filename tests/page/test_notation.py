"""Inner products as A : B have the value of the trace that they stand for, and are bracketed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.page.corpus import ATTENTION, COUNT, GAUSSIAN, LEAST_SQUARES, NETWORK, derivation, made

from closedform.calculus.step import Step
from closedform.core.expr import Expr, make
from closedform.core.op import f
from closedform.core.walk import substitute
from closedform.lang.latex import latex
from closedform.lang.read import parse
from closedform.lang.text import text
from closedform.lang.unicode import unicode
from closedform.ops.build import num, product, total, transpose
from closedform.page.formula import read
from closedform.page.notation import _paired, _place, colons, with_colons
from closedform.page.wording import Text
from closedform.verify.steps import check_steps

GIVEN = "A: n m; B: k n; C: m k; a: m; b: k; t: scalar; Y: m k; S: m m symmetric"


def spelled(e: Expr) -> tuple[Expr, int]:
    """The expression with tr(left'*right) in place of every left : right, and how many there are."""
    whole, pairs, _ = _paired(e)
    for pair in reversed(pairs):
        value = make("trace", (make("mul", (make("transpose", (pair.left,)), pair.right)),))
        whole = substitute(whole, {_place(pair): value})
    return whole, len(pairs)


@pytest.mark.parametrize("part", range(4))
def test_the_value_of_every_formula_is_kept(part: int) -> None:
    count = 0
    for at in range(part, COUNT, 4):
        d = derivation(at)
        if len(d.wrt) > 1:
            continue
        steps = []
        for step in d:
            written, found = spelled(step.after)
            if found and step.rule != "identify":
                steps.append(Step("notation", step.after, written, ""))
                count += found
        for step, check in zip(steps, check_steps(steps, d.wrt), strict=True):
            assert check.ok, f"{step}\n{check.reason}"
    assert count > 20


def symbols() -> dict[str, Expr]:
    e = parse("sum(A) + sum(B) + sum(C) + sum(a) + sum(b) + t + sum(Y) + sum(S)", GIVEN)
    X = e.scope.symbols
    return {
        **X,
        "dX": f.tangent("X", X["a"].rows, X["b"].rows),
        "dx": f.tangent("x", *X["a"].shape),
        "dt": f.tangent("t", *X["t"].shape),
    }


def tr(*factors: Expr) -> Expr:
    return make("trace", (product(*factors),))


@pytest.mark.parametrize(
    ("build", "shown"),
    [
        (lambda s: tr(transpose(s["Y"]), s["dX"]), "Y : dX"),
        (lambda s: tr(s["B"], s["A"], s["dX"]), "A'*B' : dX"),
        (lambda s: tr(transpose(product(s["S"], s["Y"])), s["dX"]), "S*Y : dX"),
        (lambda s: product(num(2), s["t"], tr(transpose(s["Y"]), s["dX"])), "2*t*Y : dX"),
        (lambda s: product(num(-1), tr(transpose(s["Y"]), s["dX"])), "-Y : dX"),
        (lambda s: total(tr(transpose(s["Y"]), s["dX"]), product(num(-3), tr(s["B"], s["A"], s["dX"]))), "Y : dX - 3*A'*B' : dX"),
        (lambda s: tr(transpose(total(s["Y"], s["C"])), s["dX"]), "(Y + C) : dX"),
        (lambda s: product(num(2), tr(transpose(total(s["Y"], s["C"])), s["dX"])), "2*(Y + C) : dX"),
        (lambda s: tr(transpose(s["Y"]), f.hadamard(s["C"], s["dX"])), "Y : (C.*dX)"),
        (lambda s: tr(transpose(f.hadamard(s["Y"], s["C"])), s["dX"]), "(Y.*C) : dX"),
        (lambda s: product(tr(transpose(s["Y"]), s["dX"]), s["A"]), "(Y : dX)*A"),
        (lambda s: product(transpose(s["a"]), s["dx"]), "a : dx"),
        (lambda s: product(num(-1), s["t"], transpose(s["a"]), s["dx"], num(Fraction(1, 2))), "-t*a/2 : dx"),
        (lambda s: product(tr(transpose(s["Y"]), s["dX"]), num(Fraction(1, 2))), "Y/2 : dX"),
        (lambda s: product(num(-1), s["t"], tr(s["B"], s["A"], s["dX"]), num(Fraction(1, 2))), "-t*A'*B'/2 : dX"),
        (lambda s: product(num(2), transpose(s["a"]), s["S"], s["dx"]), "2*S*a : dx"),
        (lambda s: product(transpose(s["a"]), s["dX"], s["b"]), "a'*dX*b"),
        (lambda s: tr(s["A"], s["dX"], s["B"]), "tr(A*dX*B)"),
        (lambda s: tr(make("ones", (), s["A"].shape), s["dX"], s["B"]), "ones(m, n) : dX*B"),
        (lambda s: product(s["t"], s["dt"]), "t*dt"),
        (lambda s: f.d(tr(transpose(s["Y"]), s["C"])), "d(tr(Y'*C))"),
        (lambda s: f.log(tr(transpose(s["Y"]), s["dX"])), "log((Y : dX))"),
        (lambda s: product(tr(transpose(s["Y"]), s["dX"]), tr(transpose(s["C"]), s["dX"])), "(Y : dX)*(C : dX)"),
    ],
)  # fmt: skip
def test_how_an_inner_product_is_written(build: object, shown: str) -> None:
    e = build(symbols())  # type: ignore[operator]
    assert with_colons(e, text) == shown
    assert (" : " in with_colons(e, latex)) == (" : " in with_colons(e, unicode)) == (" : " in shown)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("tr(A'*B) = tr(B'*A)", "A : B = B : A"),
        ("tr(A*B) = tr(B*A)", "tr(A*B) = tr(B*A)"),
        ("the gradient is read off", None),
        ("df = tr(G'*dX)", "df = G : dX"),
        ("df = g'*dx", "df = g : dx"),
        ("sum(A.*dX) = vec(A)'*vec(dX)", "sum(A.*dX) = vec(A) : vec(dX)"),
        ("d det(X) = det(X)*tr(inv(X)*dX)", "d det(X) = det(X)*(inv(X)' : dX)"),
        ("d norm2(X) = tr(X'*dX)/norm2(X)", "d norm2(X) = (X : dX)/norm2(X)"),
        ("vec(A*dX*B) = kron(B', A)*vec(dX)", "vec(A*dX*B) = kron(B', A)*vec(dX)"),
        ("d L = v'*dS*v", "d L = v'*dS*v"),
        ("d softmax(x) = p.*dx - p*(p'*dx)", "d softmax(x) = p.*dx - p*(p : dx)"),
    ],
)
def test_how_a_reason_is_written(said: str, shown: str | None) -> None:
    found = read(said)
    assert (None if found is None else Text(()).written(colons(found))) == shown


@pytest.mark.parametrize("question", [ATTENTION, GAUSSIAN, LEAST_SQUARES, NETWORK])
def test_the_gradient_is_read_off_an_inner_product(question: tuple[str, str, str]) -> None:
    page = made(question).page(notation="frobenius")
    x = question[1]
    before = page.split("=> ")[0].rstrip().splitlines()
    assert any(f" : d{x}" in line for line in before[-4:])
    assert "tr(" not in page.split("=> ")[1].splitlines()[0]


def test_lines_that_read_the_same_are_one_line() -> None:
    d = made(("tr(A*X*B)", "X", "A: p m; X: m n; B: n p"))
    page = d.page(notation="frobenius").splitlines()
    assert [line.split("[")[1].split("]")[0] for line in page if "[" in line] == [
        "d-linear",
        "cyclic-trace+transpose",
        "identify",
    ]
