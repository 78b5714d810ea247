"""The printed forms: tables of what is written for what, and that printed text is read back as the same node."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

import closedform as cf
from closedform.core.dim import ONE, Dim
from closedform.core.errors import Refusal
from closedform.core.expr import Expr, make
from closedform.core.op import f
from closedform.lang.declare import declare
from closedform.lang.latex import latex, name_text
from closedform.lang.read import parse
from closedform.lang.render import declared
from closedform.lang.text import text
from closedform.lang.unicode import unicode
from closedform.ops.build import entry_power, minus, num, power, product, times, total, transpose

SCOPE = declare(
    "A: n n; B: n n; C: n n; S: n n pd; Sigma: n n; K: n n; W1: n n; W_1: n n; X: m n; x: n; y: n; z: m*n; beta: n; "
    "beta_1: n; a: scalar; b: scalar; c: scalar; t: scalar; k: scalar; foo: scalar; e: scalar; G: m*n m*n"
)
A, B, C, S, Sigma, K, W1, W_1, X, x, y, z, beta, beta_1, a, b, c, t, k, foo, e, G = SCOPE.symbols.values()
m, n, i, j = Dim.of("m"), Dim.of("n"), Dim.of("i"), Dim.of("j")


def fraction(p: int, q: int) -> Expr:
    return num(Fraction(p, q))


def raw(name: str, *args: Expr) -> Expr:
    """A node with exactly these arguments: nothing is spliced in."""
    return make(name, args)


def times_minus_one(*factors: Expr) -> Expr:
    return raw("mul", num(-1), *factors)


P = f.named(f.inv(S), "P")
Q = f.named(product(P, C), "Q")

TABLE: list[tuple[Expr, str, str, str]] = [
    # sums
    (total(A, B), "A + B", "A + B", "A + B"),
    (minus(x, y), "x - y", "x - y", "x - y"),
    (total(a, times_minus_one(b, c)), "a - b*c", "a - bc", "a - b c"),
    (total(a, num(-5)), "a - 5", "a - 5", "a - 5"),
    (total(a, product(num(-3), b)), "a - 3*b", "a - 3b", "a - 3 b"),
    (total(a, fraction(-1, 2)), "a - 1/2", "a - ½", r"a - \frac{1}{2}"),
    (total(num(-5), a), "-5 + a", "-5 + a", "-5 + a"),
    (raw("add", a, total(b, c)), "a + (b + c)", "a + (b + c)", r"a + \left(b + c\right)"),
    (total(a, times_minus_one(total(b, c))), "a - (b + c)", "a - (b + c)", r"a - \left(b + c\right)"),
    (total(x, times_minus_one(times(x, y))), "x - x.*y", "x - x ⊙ y", r"x - x \odot y"),
    (total(x, times(times_minus_one(x), y)), "x + (-x.*y)", "x + (-x ⊙ y)", r"x + \left(-x \odot y\right)"),
    (minus(f.inv(S), f.matrixpow(S, 2)), "inv(S) - S^2", "S⁻¹ - S²", "S^{-1} - S^{2}"),
    # products
    (product(A, X.T), "A*X'", "AXᵀ", r"A X^{\top}"),
    (times_minus_one(x, transpose(y)), "-x*y'", "-xyᵀ", r"-x y^{\top}"),
    (times_minus_one(total(a, b)), "-(a + b)", "-(a + b)", r"-\left(a + b\right)"),
    (times_minus_one(product(b, c)), "-1*(b*c)", "-(bc)", r"-\left(b c\right)"),
    (times_minus_one(num(3), b), "-1*3*b", "-3b", "-3 b"),
    (times_minus_one(power(b, -1), x), "-1/b*x", "-(1/b)x", r"-\frac{1}{b} x"),
    (times_minus_one(entry_power(x, -1)), "-1./x", "-1 ⊘ x", r"-1 \oslash x"),
    (product(A, product(B, C)), "A*(B*C)", "A(BC)", r"A \left(B C\right)"),
    (product(t, times(x, y)), "t*(x.*y)", "t(x ⊙ y)", r"t \left(x \odot y\right)"),
    (times(product(A, x), y), "A*x.*y", "Ax ⊙ y", r"A x \odot y"),
    (times(y, product(A, x)), "y.*(A*x)", "y ⊙ Ax", r"y \odot A x"),
    (product(a, num(3), b), "a*3*b", "a·3b", r"a \cdot 3 b"),
    (product(a, num(-3)), "a*(-3)", "a(-3)", r"a \cdot \left(-3\right)"),
    (product(foo, t, x), "foo*t*x", "foo tx", r"\mathrm{foo} t x"),
    (product(num(2), transpose(A), minus(product(A, x), y)), "2*A'*(A*x - y)", "2Aᵀ(Ax - y)", r"2 A^{\top} \left(A x - y\right)"),
    (product(f.kron(A, B), f.kron(A, C)), "kron(A, B)*kron(A, C)", "(A ⊗ B)(A ⊗ C)",
     r"\left(A \otimes B\right) \left(A \otimes C\right)"),
    # numbers and quotients
    (product(fraction(1, 2), x), "1/2*x", "½x", r"\frac{1}{2} x"),
    (product(fraction(-1, 2), x), "-1/2*x", "-½x", r"-\frac{1}{2} x"),
    (product(fraction(1, 20), x), "0.05*x", "0.05x", "0.05 x"),
    (product(x, fraction(1, 3)), "x/3", "x/3", r"\frac{x}{3}"),
    (product(x, fraction(2, 3)), "x*(2/3)", "x·⅔", r"x \cdot \frac{2}{3}"),
    (product(num(3), fraction(1, 2), x), "3*(1/2)*x", "(3/2)x", r"\frac{3}{2} x"),
    (fraction(3, 1000), "0.003", "0.003", "0.003"),
    (fraction(1, 3**30), f"1/{3**30}", f"1/{3**30}", rf"\frac{{1}}{{{3**30}}}"),
    (product(x, power(t, -1)), "x/t", "x/t", r"\frac{x}{t}"),
    (product(x, power(product(b, c), -1)), "x/(b*c)", "x/(bc)", r"\frac{x}{b c}"),
    (product(x, power(total(a, b), -1)), "x/(a + b)", "x/(a + b)", r"\frac{x}{a + b}"),
    (product(x, power(t, -2)), "x/t^2", "x/t²", r"\frac{x}{t^{2}}"),
    (product(power(b, -1), x), "1/b*x", "(1/b)x", r"\frac{1}{b} x"),
    (product(num(1), power(b, -1)), "1*(1/b)", "1/b", r"\frac{1}{b}"),
    (product(a, power(num(2), -1)), "a*2^-1", "a·2⁻¹", "a 2^{-1}"),
    (product(fraction(1, 2), a, b, power(t, -1)), "1/2*a*b/t", "½ab/t", r"\frac{a b}{2 t}"),
    (product(num(2), A, power(f.size(n), -1)), "2*A/n", "2A/n", r"\frac{2 A}{n}"),
    (product(x, power(f.norm2(x), -1)), "x/norm2(x)", "x/‖x‖", r"\frac{x}{\lVert x \rVert}"),
    (times(x, entry_power(y, -1)), "x./y", "x ⊘ y", r"x \oslash y"),
    (entry_power(x, -1), "1./x", "1 ⊘ x", r"1 \oslash x"),
    (product(t, entry_power(x, -1)), "t./x", "t ⊘ x", r"t \oslash x"),
    (product(A, entry_power(x, -1)), "A*(1./x)", "A(1 ⊘ x)", r"A \left(1 \oslash x\right)"),
    # powers
    (power(a, 2), "a^2", "a²", "a^{2}"),
    (power(a, -2), "1/a^2", "a⁻²", "a^{-2}"),
    (power(a, Fraction(1, 2)), "a^(1/2)", "a^½", "a^{1/2}"),
    (product(power(a, k), b), "a^k*b", "a^k b", "a^{k} b"),
    (power(total(a, b), minus(k, num(1))), "(a + b)^(k - 1)", "(a + b)^(k - 1)", r"\left(a + b\right)^{k - 1}"),
    (power(power(a, b), c), "(a^b)^c", "(a^b)^c", r"\left(a^{b}\right)^{c}"),
    (power(num(-2), a), "(-2)^a", "(-2)^a", r"\left(-2\right)^{a}"),
    (power(f.logdet(S), 2), "logdet(S)^2", "(log|det(S)|)²", r"\left(\log\lvert\det\left(S\right)\rvert\right)^{2}"),
    (power(f.norm2(x), 2), "norm2(x)^2", "‖x‖²", r"\lVert x \rVert^{2}"),
    (entry_power(x, 2), "x.^2", "x^⊙2", r"x^{\odot 2}"),
    (entry_power(x, Fraction(1, 2)), "x.^(1/2)", "x^⊙½", r"x^{\odot 1/2}"),
    (entry_power(num(2), x), "2.^x", "2^⊙x", r"2^{\odot x}"),
    (f.matrixpow(transpose(A), 2), "A'^2", "(Aᵀ)²", r"\left(A^{\top}\right)^{2}"),
    (f.matrixpow(f.inv(A), 3), "inv(A)^3", "A⁻³", "A^{-3}"),
    # transposes
    (transpose(f.matrixpow(A, 2)), "(A^2)'", "(A²)ᵀ", r"\left(A^{2}\right)^{\top}"),
    (transpose(f.inv(A)), "inv(A)'", "A⁻ᵀ", r"A^{-\top}"),
    (f.inv(transpose(A)), "inv(A')", "A⁻ᵀ", r"A^{-\top}"),
    (f.inv(f.inv(A)), "inv(inv(A))", "(A⁻¹)⁻¹", r"\left(A^{-1}\right)^{-1}"),
    (transpose(product(A, x)), "(A*x)'", "(Ax)ᵀ", r"\left(A x\right)^{\top}"),
    # entries and blocks
    (f.index(A, i, i, j, j), "A[i,j]", "A[i,j]", "A_{i,j}"),
    (f.index(x, Dim.of(3), Dim.of(3), ONE, ONE), "x[3]", "x[3]", "x_{3}"),
    (f.index(A, ONE, n, j, j), "A[:,j]", "A[:,j]", "A_{:,j}"),
    (f.index(A, ONE, Dim.of(3), ONE, n), "A[1:3,:]", "A[1:3,:]", "A_{1:3,:}"),
    (f.index(transpose(x), ONE, ONE, j, j), "x'[j]", "xᵀ[j]", r"\left(x^{\top}\right)_{j}"),
    (f.index(W_1, i, i, ONE, n - 1), "W_1[i,1:n - 1]", "W_1[i,1:n - 1]", "{W_{1}}_{i,1:n - 1}"),
    (f.index(total(A, B), i, i, j, j), "(A + B)[i,j]", "(A + B)[i,j]", r"\left(A + B\right)_{i,j}"),
    (power(f.index(x, i, i, ONE, ONE), 2), "x[i]^2", "x[i]²", "x_{i}^{2}"),
    (f.blocks(A, B, C, A, (2, 2)), "[A, B; C, A]", "[A, B; C, A]", r"\begin{bmatrix} A & B \\ C & A \end{bmatrix}"),
    # constants and calls
    (f.ones(n, ONE), "ones(n)", "𝟏ₙ", r"\mathbf{1}_{n}"),
    (f.ones(m, n), "ones(m, n)", "ones(m, n)", r"\mathbf{1}_{m \times n}"),
    (f.zeros(n, ONE), "zeros(n)", "0", "0"),
    (f.eye(n), "eye(n)", "Iₙ", "I_{n}"),
    (f.eye(n + 1), "eye(n + 1)", "I", "I_{n + 1}"),
    (f.unit(i, n), "e(i, n)", "eᵢ", "e_{i}"),
    (f.commutation(m, n), "K(m, n)", "K(m, n)", "K_{m,n}"),
    (total(f.kron(K, K), f.commutation(n, n)), "kron(K, K) + commutation(n, n)", "K ⊗ K + commutation(n, n)",
     r"K \otimes K + \operatorname{commutation}\left(n, n\right)"),
    (f.pi(), "pi", "π", r"\pi"),
    (product(f.size(n), f.logdet(S)), "n*logdet(S)", "n log|det(S)|", r"n \log\lvert\det\left(S\right)\rvert"),
    (product(f.size(n - 1), x), "(n - 1)*x", "(n - 1)x", r"\left(n - 1\right) x"),
    (f.unvec(z, m, n), "unvec(z, m, n)", "unvec(z, m, n)", r"\operatorname{unvec}\left(z, m, n\right)"),
    (product(f.trace(A), x), "tr(A)*x", "tr(A) x", r"\operatorname{tr}\left(A\right) x"),
    (f.maximum(A, B), "maximum(A, B)", "maximum(A, B)", r"\max\left(A, B\right)"),
    (f.diagonal(A), "diag(A)", "diag(A)", r"\operatorname{diag}\left(A\right)"),
    (product(f.sqrt(a), b), "sqrt(a)*b", "√a b", r"\sqrt{a} b"),
    (f.exp(product(A, x)), "exp(A*x)", "exp(Ax)", r"\exp\left(A x\right)"),
    # names
    (product(Sigma, beta), "Sigma*beta", "Σβ", r"\Sigma \beta"),
    (product(transpose(beta_1), W1, x), "beta_1'*W1*x", "β_1ᵀ W1 x", r"\beta_{1}^{\top} W_{1} x"),
    (total(W1, W_1), "W1 + W_1", "W1 + W_1", r"\mathrm{W1} + W_{1}"),
    (product(f.inv(S), f.tangent("S", n, n), f.inv(S)), "inv(S)*dS*inv(S)", "S⁻¹ dS S⁻¹", r"S^{-1} \mathrm{d}S S^{-1}"),
    # intermediates
    (total(P, times_minus_one(P, C, P)), "let P = inv(S); P - P*C*P", "P - PCP with P = S⁻¹",
     r"P - P C P,\quad \text{with } P = S^{-1}"),
    (total(Q, product(Q, P)), "let P = inv(S); let Q = P*C; Q + Q*P", "Q + QP with P = S⁻¹, Q = PC",
     r"Q + Q P,\quad \text{with } P = S^{-1},\quad Q = P C"),
]  # fmt: skip


@pytest.mark.parametrize(("node", "plain", "line", "tex"), TABLE, ids=[row[1] for row in TABLE])
def test_forms(node: Expr, plain: str, line: str, tex: str) -> None:
    assert text(node) == plain
    assert unicode(node) == line
    assert latex(node) == tex


UNREADABLE = ("dS", "(n - 1)")
"""What stands for something that no text gives: a direction, and a sum of sizes as one number."""


@pytest.mark.parametrize("node", [row[0] for row in TABLE if not any(part in row[1] for part in UNREADABLE)], ids=text)
def test_printed_text_is_read_as_the_same_node(node: Expr) -> None:
    assert parse(text(node, SCOPE.symbols), SCOPE).expr is node


MATRICES = (
    "A", "-A", "A + B", "A - B*C", "A*B", "A*(B*C)", "-A*B", "-(A + B)", "A.*B", "A./B", "-A.*B", "A*B.*C", "2*A", "-2*A",
    "1/2*A", "A/2", "A*2/3", "A/t", "1/t*A", "t./A", "1./A", "-1./A", "A'", "A^2", "A^-2", "inv(A)", "A.^-1", "A.^-2",
    "A.^t", "2.^A", "x*y'", "x'*y*A", "(x + y)*x'", "0.05*A*3", "[A, x][:,1:n]", "a*(b*A)", "-1*(2*A)", "-1*(b*A)", "A*a^-2",
)  # fmt: skip
LEFT = ("A", "-A", "A + B", "A*B", "1./A")
SCALARS = (
    "t", "2", "-3", "1/2", "-1/2", "0.05", "1", "n", "pi", "-t", "2*t", "a*b", "a + b", "a - 1", "1/t", "t^-1", "t^2", "t^-2",
    "2^-1", "x'*y", "x[1]", "A[1,n]", "tr(A)", "a/b*2", "a*(b*c)",
)  # fmt: skip
UNARY_FORMS = (
    "-({})", "({})'", "inv({})", "({})^2", "({})^-3", "({}).^2", "({}).^-1", "x'*({})", "({})*x", "({})[1,2]", "exp({})",
    "tr({})", "diag({})", "kron(A, {})",
)  # fmt: skip
BINARY_FORMS = ("({}) + ({})", "({}) - ({})", "({})*({})", "({}).*({})", "({})./({})", "({}).^({})", "[{}, {}]")
SCALED_FORMS = (
    "({})*({})", "({1})*({0})", "({0})/({1})", "({1})./({0})", "({0}).^({1})", "A - ({1})*({0})", "A + ({1})*({0})*B",
)  # fmt: skip
SCALAR_FORMS = (
    "({}) + ({})", "({}) - ({})", "({})*({})", "({})/({})", "({})^({})", "-({})*({})", "a - ({})*({})", "x.^({})*({})",
)  # fmt: skip


def _grid() -> list[str]:
    out = [form.format(u) for form in UNARY_FORMS for u in MATRICES]
    out += [form.format(u, v) for form in BINARY_FORMS for u, v in itertools.product(LEFT, MATRICES)]
    out += [form.format(u, "B") for form in BINARY_FORMS for u in MATRICES]
    out += [form.format(u, s) for form in SCALED_FORMS for u, s in itertools.product(MATRICES, SCALARS)]
    out += [form.format(s, r) for form in SCALAR_FORMS for s, r in itertools.product(SCALARS, repeat=2)]
    out += [form.format(inner.format(u)) for form in UNARY_FORMS for inner in UNARY_FORMS[:7] for u in MATRICES[::3]]
    return out


def test_every_pair_of_forms_is_read_back_and_is_well_formed() -> None:
    for source in _grid():
        node = parse(source, SCOPE).expr
        again = parse(text(node), SCOPE).expr
        assert again is node, f"{source} is printed {text(node)}"
        assert unicode(node)
        assert well_formed(latex(node)), f"{source}: {latex(node)}"


def well_formed(tex: str) -> bool:
    """Do braces and \\left \\right match, and does nothing carry two superscripts or two subscripts?"""
    stack: list[tuple[str, set[str]]] = []
    marks: set[str] = set()
    at = 0
    while at < len(tex):
        ch = tex[at]
        if ch == "\\":
            end = at + 1
            while end < len(tex) and tex[end].isalpha():
                end += 1
            word, at = tex[at + 1 : end], max(end, at + 2)
            if word == "left":
                stack.append(("left", marks))
            elif word == "right" and (not stack or stack.pop()[0] != "left"):
                return False
            marks = set()
            continue
        at += 1
        if ch == "{":
            stack.append(("{", marks))
            marks = set()
        elif ch == "}":
            if not stack or stack[-1][0] != "{":
                return False
            marks = stack.pop()[1]
        elif ch in "^_":
            if ch in marks:
                return False
            marks = {*marks, ch}
        elif not (ch == " " or tex[at - 2] in "^_"):
            marks = set()
    return not stack


@pytest.mark.parametrize(("tex", "fine"), [("x^{2}_{i}", True), ("x^{2}^{3}", False), (r"\left(x", False), ("{x}}", False)])
def test_the_check_of_latex(tex: str, fine: bool) -> None:
    assert well_formed(tex) is fine


@pytest.mark.parametrize(
    ("name", "shown"),
    [("x", "x"), ("W1", "W_{1}"), ("W_1", "W_{1}"), ("Sigma_xy", r"\Sigma_{\mathrm{xy}}"), ("sigma_z", r"\sigma_{z}"),
     ("x[j]", "x_{j}"), ("z_1[2*k]", "{z_{1}}_{2 k}"), ("mu[alpha+1]", r"\mu_{\alpha+1}"),
     ("loss", r"\mathrm{loss}"), ("a_b_c", r"\mathrm{a\_b\_c}"), ("Alpha", r"\mathrm{A}"), ("x_", r"\mathrm{x\_}")],
)  # fmt: skip
def test_names_in_latex(name: str, shown: str) -> None:
    assert name_text(name) == shown


def test_letters_that_are_declared_are_not_used_for_functions() -> None:
    assert text(f.commutation(m, n), given=["K"]) == "commutation(m, n)"
    assert text(f.commutation(Dim.of("K"), n)) == "commutation(K, n)"
    assert text(f.unit(ONE, n), given=["e"]) == "e(1, n)"
    assert parse("e*e(1, n)", SCOPE).expr is product(e, f.unit(ONE, n))


def test_letters_are_taken_in_a_block() -> None:
    with declared(["K", "I"]):
        assert text(f.commutation(m, n)) == str(f.commutation(m, n)) == "commutation(m, n)"
        assert unicode(f.eye(n)) == "eye(n)"
        with declared("D"):
            assert text(product(f.commutation(n, n), f.duplication(n))) == "commutation(n, n)*duplication(n)"
        assert text(f.duplication(n)) == "D(n)"
    assert text(f.commutation(m, n)) == "K(m, n)"


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        (("A'", "A", "A: n m; K: m m"), "commutation(n, m)"),
        (("vech(D)", "D", "D: n n; L: n"), "elimination(n)"),
        (("A*A'", "A", "A: n 2; K: k"), "kron(A, eye(n)) + kron(eye(n), A)*commutation(n, 2)"),
        (("A*vec(Y')", "Y", "A: k m*n; Y: m n; K[N]: k"), "A*commutation(m, n)"),
    ],
)
def test_declared_letters_that_do_not_occur_in_an_answer(question: tuple[str, str, str], shown: str) -> None:
    d = cf.derive(*question, structure="free", verify=False)
    assert str(d) == shown
    assert cf.parse(str(d), question[2]) is d.expr
    for page in (d.unicode, d.latex.replace("\\operatorname{", ""), *(d.derivation.page(form) for form in ("text", "unicode"))):
        assert ("commutation" in page or "elimination" in page) and "K(n" not in page


def test_a_gap_before_a_differential_and_a_call() -> None:
    assert unicode(times_minus_one(a, f.d(f.logdet(S)))) == "-a d(log|det(S)|)"
    assert unicode(product(num(2), f.d(x))) == "2 d(x)"
    assert unicode(product(c, f.duplication(n))) == "c D(n)"
    assert unicode(product(a, total(b, c))) == "a(b + c)"


def test_an_intermediate_whose_name_is_taken_is_written_out() -> None:
    assert text(total(f.named(A, "A"), B)) == "A + B"
    assert text(total(f.named(f.inv(A), "P"), f.named(f.inv(B), "P"))) == "let P = inv(A); P + inv(B)"


def test_what_is_too_long_is_refused() -> None:
    doubled = A
    for _ in range(40):
        doubled = product(doubled, transpose(doubled))
    for printer in (text, unicode, latex):
        with pytest.raises(Refusal, match=r"limits\.written: .* 200,000"):
            printer(doubled)
    with pytest.raises(Refusal, match="digits"):
        text(num(10**5000))


def test_intermediates_count_once() -> None:
    node = A
    for step in range(60):
        node = f.named(product(node, transpose(node)), f"P{step}")
    assert text(node).endswith("let P59 = P58*P58'; P59")


def test_deep_and_wide_expressions_are_printed_in_linear_time() -> None:
    deep = x
    for _ in range(20_000):
        deep = f.sin(deep)
    assert text(deep) == "sin(" * 20_000 + "x" + ")" * 20_000
    assert len(unicode(deep)) == len(text(deep)) and well_formed(latex(deep))
    wide = total(*(product(num(-k), x) for k in range(1, 20_000)))
    assert text(wide).endswith(" - 19999*x")
