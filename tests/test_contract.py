"""Every operation keeps the contract of its declaration, and the test that says so finds planted errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from tests.contract import PRIMES, fresh, like, name_of, node_of, relative, violations

from closedform.calculus.forward import one_step
from closedform.calculus.reverse import pull_back
from closedform.codegen.function import compile_function
from closedform.core import expr
from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, make, registry
from closedform.core.infer import facts
from closedform.core.op import Op, f, operation
from closedform.lang.latex import latex
from closedform.lang.read import parse
from closedform.lang.text import text
from closedform.lang.unicode import unicode
from closedform.numeric.evaluate import evaluate
from closedform.numeric.special import satisfies
from closedform.ops.build import inner, negative, num, power, product, times, transpose

M, N, P = Dim.of("m"), Dim.of("n"), Dim.of("p")

FURTHER: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("matrixpow", "A: n n", (2,)),
    ("matrixpow", "A: n n symmetric", (3,)),
    ("index", "A: m n", (ONE, Dim.of(2), ONE, N)),
    ("index", "A: m n", (Dim.of(2), Dim.of(2), Dim.of(2), Dim.of(2))),
    ("index", "A: m n", (Dim.of(2), Dim.of(2), ONE, N)),
    ("index", "A: m n", (ONE, M, Dim.of(2), N)),
    ("index", "A: n n", (Dim.of(2), N, Dim.of(2), N)),
    ("index", "x: n", (Dim.of(2), Dim.of(2), ONE, ONE)),
    ("index", "x: n", (Dim.of(2), N, ONE, ONE)),
    ("index", "x: 1 n", (ONE, ONE, Dim.of(2), Dim.of(2))),
    ("blocks", "A: m n; B: m k; C: p n; D: p k", ((2, 2),)),
    ("blocks", "A: m n; B: m k; C: p (n+k)", ((2, 1),)),
    ("blocks", "s: scalar; t: scalar; u: scalar", ((1, 1, 1),)),
    ("blocks", "x: n; s: scalar", ((1, 1),)),
    ("unvec", "x: m*n", (M, N)),
    ("named", "A: m n", ("P",)),
    ("pow", "a: scalar", (Fraction(2),)),
    ("pow", "a: scalar", (Fraction(3),)),
    ("pow", "a: scalar invertible", (Fraction(-1),)),
    ("pow", "a: scalar positive", (Fraction(-2),)),
    ("pow", "a: scalar positive", (Fraction(1, 2),)),
    ("entrypow", "A: m n", (Fraction(2),)),
    ("entrypow", "A: m n", (Fraction(3),)),
    ("entrypow", "A: m n positive", (Fraction(-1),)),
    ("entrypow", "A: m n positive", (Fraction(-3, 2),)),
    ("add", "a: scalar; b: scalar", ()),
    ("add", "A: n n; B: n n", ()),
    ("mul", "t: scalar; x: n; y: 1 m", ()),
    ("mul", "x: 1 n; A: n n; y: n", ()),
    ("mul", "A: n n; B: n n; C: n n", ()),
    ("mul", "A: m n; x: n; s: scalar; y: 1 p", ()),
    ("hadamard", "x: n; y: n", ()),
    ("maximum", "A: scalar; B: m n", ()),
    ("minimum", "A: scalar; B: m n", ()),
    ("maximum", "a: scalar; b: scalar", ()),
    ("softmax", "x: 1 n", ()),
    ("logsoftmax", "x: 1 n", ()),
    ("logsumexp", "x: 1 n", ()),
    ("crossentropy", "p: n simplex; z: n", ()),
    ("inv", "A: n n pd", ()),
    ("inv", "A: n n lower invertible", ()),
    ("logdet", "A: n n symmetric invertible", ()),
    ("det", "A: n n pd", ()),
    ("norm1", "x: 1 n", ()),
    ("norm2", "t: scalar", ()),
    ("kron", "A: n n; B: m m", ()),
    ("kron", "x: m; y: n", ()),
)
"""Arguments beside those that the operations declare: parameters, rows, facts, numbers in place of arguments."""

LEAVES: dict[str, str] = {
    "symbol": "a declared name: its value comes from outside",
    "number": "a constant",
    "pi": "a constant",
    "size": "a constant once the sizes are known",
    "zeros": "a constant once the sizes are known",
    "ones": "a constant once the sizes are known",
    "eye": "a constant once the sizes are known",
    "unit": "a constant once the sizes are known",
    "commutation": "a constant once the sizes are known",
    "hole": "stands for an argument whose value a rule may not see, and never occurs in an answer",
    "tangent": "a direction in a derivation: it has no value of its own",
    "d": "a differential in a derivation: it has no value of its own",
}
"""Operations without arguments to draw, and why."""

REFUSED = ("kron", "khatrirao")
"""Operations whose adjoint has no form in the words of this version."""

MATRIXPOW = {"matrixpow": (3,)}
DECLARED = [(name, declaration, MATRIXPOW.get(name, ())) for name, op in sorted(registry().items()) for declaration in op.draws]
CASES = DECLARED + list(FURTHER)


def named(case: object) -> str | None:
    return case if isinstance(case, str) else None


@pytest.mark.parametrize(("name", "declaration", "params"), CASES, ids=named)
def test_the_contract_holds(name: str, declaration: str, params: tuple[Any, ...]) -> None:
    assert violations(name, declaration, params) == []


def test_every_operation_is_tested_or_has_a_reason_not_to_be() -> None:
    tested = {name for name, _, _ in CASES}
    assert tested | LEAVES.keys() == registry().keys()
    assert not tested & LEAVES.keys()


# ---- leaves --------------------------------------------------------------------------------------------------------
CONSTANTS: list[tuple[Expr, Any]] = [
    (num(Fraction(-3, 4)), -0.75),
    (f.pi(), np.pi),
    (f.size(N), 3.0),
    (f.zeros(M, N), np.zeros((2, 3))),
    (f.ones(M, N), np.ones((2, 3))),
    (f.ones(N, ONE), np.ones((3, 1))),
    (f.eye(N), np.eye(3)),
    (f.unit(Dim.of(2), N), np.array([[0.0], [1.0], [0.0]])),
]


@pytest.mark.parametrize(("leaf", "value"), CONSTANTS, ids=lambda part: part.op.name if isinstance(part, Expr) else "")
def test_a_constant_has_its_value_facts_code_and_text(leaf: Expr, value: Any) -> None:
    sizes = PRIMES[0]
    found = evaluate(leaf, {}, sizes)
    assert np.shape(found) == np.shape(value)
    assert np.array_equal(found, value)
    assert satisfies(found, facts(leaf))
    assert np.array_equal(np.reshape(compile_function(leaf, form="matrix")(m=2, n=3), np.shape(value)), value)
    assert parse(text(leaf), "A: m n").expr is leaf
    assert latex(leaf)
    assert unicode(leaf)


@pytest.mark.parametrize(("rows", "cols"), [(M, N), (N, M), (N, N), (ONE, N)])
def test_the_commutation_matrix_turns_vec_into_vec_of_the_transpose(rows: Dim, cols: Dim) -> None:
    K = f.commutation(rows, cols)
    for sizes in PRIMES:
        m, n = rows.value(sizes), cols.value(sizes)
        A = np.random.default_rng(0).standard_normal((m, n))
        value = evaluate(K, {}, sizes)
        assert value.shape == (K.rows.value(sizes), K.cols.value(sizes)) == (m * n, m * n)
        assert np.array_equal(value @ A.reshape(-1, order="F"), A.T.reshape(-1, order="F"))
        assert satisfies(value, facts(K))
        given = {"m": sizes["m"], "n": sizes["n"]}
        if rows is not ONE:
            assert np.array_equal(compile_function(K, form="matrix")(**given), value)
    assert parse(text(K), "A: m n").expr is K


@pytest.mark.parametrize("name", ["symbol", "hole", "tangent", "d"])
def test_what_has_no_value_of_its_own_says_so(name: str) -> None:
    params = {"symbol": ("x", N, ONE, 1, frozenset()), "hole": (N, ONE), "tangent": ("x", N, ONE), "d": ()}[name]
    node = make(name, (f.symbol("x", N, ONE, 1, frozenset()),) if name == "d" else (), params)
    assert node.shape == (N, ONE)
    with pytest.raises(LookupError):
        node.op.value(np, *[None] * (len(node.args) + len(params)))
    if name != "hole":
        assert text(node)
        assert latex(node)
        assert unicode(node)


# ---- adjoints that are refused -------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("slot", [0, 1])
def test_an_adjoint_without_a_form_is_refused_by_name(name: str, slot: int) -> None:
    e = node_of(name, fresh("A: m n; B: p n"))
    with pytest.raises(Refusal, match=f"{name}: its adjoint"):
        e.op.adjoint(slot, like(e, "G"), e)
    with pytest.raises(Refusal, match=f"{name}: its adjoint"):
        pull_back(e, e.args[slot], like(e, "G"))


def test_no_other_adjoint_is_refused() -> None:
    for name, declaration, params in CASES:
        e = node_of(name, fresh(declaration), params)
        for slot, argument in enumerate(e.args):
            if e.op.linear_in(slot) and argument.op.name == "symbol" and name not in REFUSED:
                assert e.op.adjoint(slot, like(e, "G"), e).shape == argument.shape


# ---- kinks ---------------------------------------------------------------------------------------------------------
KINKED = [(name, declaration) for name, op in sorted(registry().items()) for declaration in op.draws if op.kink]


@pytest.mark.parametrize(("name", "declaration"), KINKED)
def test_the_differential_at_a_kink_is_0_and_ties_share_equally(name: str, declaration: str) -> None:
    sizes = PRIMES[0]
    e = node_of(name, fresh(declaration))
    for argument in e.args:
        tangent = like(argument, "E")
        env = {name_of(a): np.zeros([] if a.is_scalar else [d.value(sizes) for d in a.shape]) for a in (*e.args, tangent)}
        env[name_of(tangent)] = env[name_of(tangent)] + 1.0
        value = np.asarray(evaluate(one_step(e, {argument: tangent}), env, sizes))
        assert (value == (0.5 if len(e.args) == 2 else 0.0)).all()
    assert e.op.kink.format(**dict.fromkeys(e.op.args or (), "A"))


def test_the_operations_with_kinks_are_those_of_the_contract() -> None:
    kinked = {name for name, op in registry().items() if op.kink}
    assert kinked == {"abs", "sign", "step", "relu", "maximum", "minimum", "norm1", "norm2"}


# ---- incomplete declarations ---------------------------------------------------------------------------------------
def complete() -> dict[str, Any]:
    def shape(A: Expr) -> Any:
        return A.shape

    def facts_of(A: Expr) -> list[str]:
        return []

    def value(xp: Any, A: Any) -> Any:
        return A

    def adjoint_A(G: Expr, A: Expr) -> Expr:
        return G

    return {
        "__doc__": "Half an operation.", "args": ("A",), "shape": shape, "facts": facts_of, "value": value, "code": "{A}",
        "draws": ("A: m n",), "adjoint_A": adjoint_A,
    }  # fmt: skip


@pytest.mark.parametrize("aspect", ["shape", "facts", "value", "code", "draws", "__doc__", "adjoint_A"])
def test_an_incomplete_declaration_is_refused_naming_what_it_lacks(aspect: str) -> None:
    body = complete()
    del body[aspect]
    with pytest.raises(TypeError, match="half is incomplete") as caught:
        operation(type("half", (), body))
    assert {"__doc__": "docstring", "adjoint_A": "one of d_A and adjoint_A"}.get(aspect, aspect) in str(caught.value)
    assert "half" not in registry()


def test_all_that_is_missing_is_listed_at_once() -> None:
    with pytest.raises(TypeError) as caught:
        operation(type("half", (), {"args": ("A", "B")}))
    for aspect in ("shape", "facts", "value", "code", "draws", "docstring", "d_A", "d_B"):
        assert aspect in str(caught.value)


def test_two_rules_for_one_slot_are_refused() -> None:
    with pytest.raises(TypeError, match="both are declared"):
        operation(type("half", (), {**complete(), "d_A": lambda A, dA: dA}))
    assert "half" not in registry()


def test_an_operation_of_any_number_of_arguments_needs_its_adjoint() -> None:
    with pytest.raises(TypeError, match="lacks adjoint"):
        operation(type("half", (), {**complete(), "args": "*"}))


def test_a_name_is_declared_once() -> None:
    with pytest.raises(TypeError, match="declared twice"):
        operation(type("inv", (), complete()))


# ---- planted errors ------------------------------------------------------------------------------------------------
Rule = Callable[..., Expr]


def flipped(rule: Rule) -> Rule:
    return lambda *parts: negative(rule(*parts))


def doubled(rule: Rule) -> Rule:
    return lambda *parts: product(num(2), rule(*parts))


def differential(op: Op, slot: int, rule: Rule) -> Op:
    return replace(op, differentials={**op.differentials, slot: rule})


def adjoint(op: Op, slot: int, rule: Rule) -> Op:
    return replace(op, adjoints={**op.adjoints, slot: rule})


def first_only(rule: Rule) -> Rule:
    return lambda k, G, *parts: rule(k, G, *parts) if k == 0 else negative(rule(k, G, *parts))


PLANTED: dict[str, tuple[str, str, Callable[[Op], Op]]] = {
    "inv: the sign": ("inv", "differential", lambda op: differential(op, 0, flipped(op.differentials[0]))),
    "inv: one factor dropped": ("inv", "differential", lambda op: differential(op, 0, lambda A, dA: negative(product(f.inv(A), dA)))),
    "det: the determinant dropped": ("det", "differential", lambda op: differential(op, 0, lambda A, dA: f.trace(product(f.inv(A), dA)))),
    "logdet: a transpose": ("logdet", "differential", lambda op: differential(op, 0, lambda A, dA: f.trace(product(f.inv(transpose(A)), dA)))),
    "matrixpow: as if factors commuted": (
        "matrixpow", "differential", lambda op: differential(op, 0, lambda A, k, dA: product(num(k), f.matrixpow(A, k - 1), dA))),
    "norm2: the norm dropped": ("norm2", "differential", lambda op: differential(op, 0, inner)),
    "softmax: a term dropped": ("softmax", "differential", lambda op: differential(op, 0, lambda x, dx: times(f.softmax(x), dx))),
    "logsumexp: a factor 2": ("logsumexp", "differential", lambda op: differential(op, 0, doubled(op.differentials[0]))),
    "logsoftmax: the sign": ("logsoftmax", "differential", lambda op: differential(op, 0, flipped(op.differentials[0]))),
    "exp: the argument in place of the value": ("exp", "differential", lambda op: differential(op, 0, lambda x, dx: times(x, dx))),
    "tanh: the square dropped": (
        "tanh", "differential", lambda op: differential(op, 0, lambda x, dx: times(f.add(f.ones(*x.shape), negative(f.tanh(x))), dx))),
    "sqrt: a factor 2": ("sqrt", "differential", lambda op: differential(op, 0, doubled(op.differentials[0]))),
    "pow: the exponent not lowered": ("pow", "differential", lambda op: differential(op, 0, lambda a, b, da: product(b, power(a, b), da))),
    "entrypow: the sign in the exponent": ("entrypow", "differential", lambda op: differential(op, 1, flipped(op.differentials[1]))),
    "maximum: the smaller in place of the larger": ("maximum", "differential", lambda op: differential(op, 0, op.differentials[1])),
    "crossentropy: the sum of p dropped": (
        "crossentropy", "differential",
        lambda op: differential(op, 1, lambda p, z, dz: product(transpose(f.add(f.softmax(z), negative(p))), dz))),
    "trace: a factor 2": ("trace", "adjoint", lambda op: adjoint(op, 0, doubled(op.adjoints[0]))),
    "sum: the sign": ("sum", "adjoint", lambda op: adjoint(op, 0, flipped(op.adjoints[0]))),
    "transpose: not transposed": ("transpose", "adjoint", lambda op: adjoint(op, 0, lambda G, A: G)),
    "tril: the other triangle": ("tril", "adjoint", lambda op: adjoint(op, 0, lambda G, A: f.triu(G))),
    "vec: rows for columns": ("vec", "adjoint", lambda op: adjoint(op, 0, lambda G, A: transpose(f.unvec(G, A.cols, A.rows)))),
    "diag: sees its argument": ("diag", "adjoint", lambda op: adjoint(op, 0, lambda G, x: times(x, f.diagonal(G)))),
    "mul: the sign behind the first factor": ("mul", "adjoint", lambda op: adjoint(op, 0, first_only(op.adjoints[0]))),
    "add: the sign behind the first term": ("add", "adjoint", lambda op: adjoint(op, 0, first_only(op.adjoints[0]))),
    "hadamard: a factor dropped": ("hadamard", "adjoint", lambda op: adjoint(op, 0, lambda k, G, *args: times(args[k - 1], G))),
    "crossentropy: the sign in p": ("crossentropy", "adjoint", lambda op: adjoint(op, 0, flipped(op.adjoints[0]))),
    "sin: said to be linear": ("sin", "linearity", lambda op: replace(op, differentials={}, adjoints={0: lambda G, x: G})),
    "trace: the shape": ("trace", "shape", lambda op: replace(op, shape=lambda A: A.shape)),
    "sum: the value": ("sum", "linearity", lambda op: replace(op, value=lambda xp, A: xp.sum(A * A))),
    "cos: the value": ("cos", "differential", lambda op: replace(op, value=lambda xp, x: xp.cosh(x))),
    "inv: said to be symmetric": ("inv", "facts", lambda op: replace(op, facts=lambda A: ["invertible", "symmetric"])),
    "add: definite if one term is": (
        "add", "facts", lambda op: replace(op, facts=lambda *terms: ["psd"] if any("psd" in facts(t) for t in terms) else [])),
    "exp: said to be below 1": ("exp", "facts", lambda op: replace(op, facts=lambda x: ["unit"])),
    "mul: symmetric if the factors are": (
        "mul", "facts", lambda op: replace(op, facts=lambda *fs: ["symmetric"] if all("symmetric" in facts(g) for g in fs) else [])),
    "exp: the code": ("exp", "code", lambda op: replace(op, code="np.exp2({x})")),
    "cos: the word": ("cos", "text", lambda op: replace(op, word="sin")),
}  # fmt: skip


@pytest.mark.parametrize("plant", PLANTED)
def test_a_planted_error_is_found(plant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, aspect, change = PLANTED[plant]
    monkeypatch.setitem(expr._registry, name, change(registry()[name]))
    found: list[str] = []
    for other, declaration, params in CASES:
        if other == name:
            try:
                found += violations(name, declaration, params)
            except (InputError, ValueError, TypeError, AssertionError) as error:  # too broken to be looked at
                found.append(f"shape: {error}")
    assert any(said.startswith(aspect) for said in found), found[:5]


def test_planted_errors_leave_nothing_behind() -> None:
    for name in ("inv", "exp", "sum"):
        assert violations(name, *next((d, p) for n, d, p in CASES if n == name)) == []


def test_relative_deviation_is_infinite_for_what_is_not_a_number() -> None:
    assert relative(np.nan, 1.0) == np.inf
    assert relative(np.ones(2), np.ones(3)) == np.inf
    assert relative(1.0, 1.0) == 0.0
