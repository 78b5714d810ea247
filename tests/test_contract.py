"""Every operation keeps the contract of its declaration, and the test that says so finds planted errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from tests.contract import PRIMES, findings, fresh, like, name_of, node_of, relative, violations

import closedform as cf
from closedform.codegen.function import compile_function
from closedform.core import expr
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, make, registry
from closedform.core.infer import facts
from closedform.core.op import Op, f, operation
from closedform.lang.latex import latex
from closedform.lang.read import parse
from closedform.lang.text import text
from closedform.lang.unicode import unicode
from closedform.numeric.evaluate import evaluate
from closedform.numeric.special import satisfies
from closedform.ops.build import inner, negative, num, ones_like, power, product, times, transpose

M, N = Dim.of("m"), Dim.of("n")

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
    ("sympow", "A: n n", (Dim.of("p"),)),
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
    "duplication": "a constant once the sizes are known",
    "elimination": "a constant once the sizes are known",
    "family": "a declared name: its value comes from outside",
    "member": "its argument is a family, which only a declaration with an index makes",
    "series": "binds an index: its value is taken term by term",
    "moved": "stands for one member of a family while it is differentiated by, and never occurs in an answer",
}
"""Operations without arguments to draw, and why."""

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
    given = {name: sizes[name] for part in (*leaf.shape, *leaf.params) if isinstance(part, Dim) for name in part.names}
    assert np.array_equal(np.reshape(compile_function(leaf, form="matrix")(**given), np.shape(value)), value)
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
        given = {name: sizes[name] for name in rows.names | cols.names}
        assert np.array_equal(compile_function(K, form="matrix")(**given), value)
    assert parse(text(K), "A: m n").expr is K


def test_duplication_and_elimination_go_between_vec_and_vech() -> None:
    D, L = f.duplication(N), f.elimination(N)
    for sizes in PRIMES:
        n = sizes["n"]
        A = np.random.default_rng(0).standard_normal((n, n))
        half = np.concatenate([A[j:, j] for j in range(n)])
        S = np.tril(A) + np.tril(A, -1).T
        for e, given, wanted in ((D, half, S.reshape(-1, order="F")), (L, A.reshape(-1, order="F"), half)):
            value = evaluate(e, {}, sizes)
            assert value.shape == (e.rows.value(sizes), e.cols.value(sizes))
            assert np.array_equal(value @ given, wanted)
            assert satisfies(value, facts(e))
            assert np.array_equal(compile_function(e, form="matrix")(n=n), value)
            assert parse(text(e), "A: n n").expr is e


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


# ---- adjoints ------------------------------------------------------------------------------------------------------
def test_no_adjoint_is_refused() -> None:
    for name, declaration, params in CASES:
        e = node_of(name, fresh(declaration), params)
        for slot, argument in enumerate(e.args):
            if e.op.linear_in(slot):
                assert e.op.adjoint(slot, like(e, "G"), e).shape == argument.shape


# ---- kinks ---------------------------------------------------------------------------------------------------------
ZERO_AT_0 = ("abs", "sign", "step", "relu", "norm1", "norm2")
SHARED_AT_TIES = ("max", "min", "maximum", "minimum")
REPEATED = ("eigvalsh", "eigvecs", "lambda_max", "pinv", "svdvals", "svdu", "svdv", "normnuc", "normspec")
"""Not differentiable where values or the rank coincide, which is said; the derivative there is not defined."""


def at_zero(name: str, declaration: str) -> list[tuple[Expr, Any]]:
    """Each argument with the derivative by it where all arguments are 0."""
    sizes = {"m": 2, "n": 3}
    scope = fresh(declaration)
    e = node_of(name, scope)
    function = e if e.is_scalar else f.sum(e)
    env = {name_of(a): np.zeros([] if a.is_scalar else [d.value(sizes) for d in a.shape]) for a in e.args}
    return [(a, np.asarray(evaluate(cf.derive(function, name_of(a), scope).expr, env, sizes))) for a in e.args]


@pytest.mark.parametrize(("name", "declaration"), [(name, d) for name in ZERO_AT_0 for d in registry()[name].draws])
def test_the_derivative_at_a_kink_is_0(name: str, declaration: str) -> None:
    for _, value in at_zero(name, declaration):
        assert (value == 0).all()


@pytest.mark.parametrize(("name", "declaration"), [(name, d) for name in SHARED_AT_TIES for d in registry()[name].draws])
def test_ties_share_equally(name: str, declaration: str) -> None:
    for argument, value in at_zero(name, declaration):
        entries = 3.0 if declaration == "A: n" else 6.0
        share = 1 / entries if name in ("max", "min") else 0.5 * entries if argument.is_scalar else 0.5
        assert np.allclose(value, share, rtol=1e-15)


def test_the_operations_with_kinks_are_known_and_their_notes_read() -> None:
    kinked = {name: op for name, op in registry().items() if op.kink}
    assert kinked.keys() == {*ZERO_AT_0, *SHARED_AT_TIES, *REPEATED}
    for op in kinked.values():
        note = op.kink.format(**dict.fromkeys(op.args or (), "A"))
        assert f"{op.word} is not " in note
        assert " A" in note or op.name in ("maximum", "minimum")


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
Change = Callable[[Op], Op]


def differential(rule: Rule, slot: int = 0) -> Change:
    return lambda op: replace(op, differentials={**op.differentials, slot: rule})


def adjoint(rule: Rule) -> Change:
    return lambda op: replace(op, adjoints={**op.adjoints, 0: rule})


def with_other(**aspects: Any) -> Change:
    return lambda op: replace(op, **aspects)


def scaled(number: int, slot: int = 0) -> Change:
    """The rule of a slot times a number."""

    def change(op: Op) -> Op:
        held = op.differentials if slot in op.differentials else op.adjoints
        rule = held[slot]

        def wrong(*parts: Any) -> Expr:
            return product(num(number), rule(*parts))

        return replace(op, **{"differentials" if held is op.differentials else "adjoints": {**held, slot: wrong}})

    return change


def behind_the_first(op: Op) -> Op:
    """The adjoint with the wrong sign in all slots but the first."""
    rule = op.adjoints[0]

    def wrong(k: int, G: Expr, *args: Any) -> Expr:
        return rule(k, G, *args) if k == 0 else negative(rule(k, G, *args))

    return replace(op, adjoints={0: wrong})


def known_of(fact: str, every: Callable[[list[bool]], bool]) -> Rule:
    return lambda *args: [fact] if every([fact in facts(a) for a in args]) else []


PLANTED: dict[str, tuple[str, str, Change]] = {
    "inv: the sign": ("inv", "differential", scaled(-1)),
    "inv: one factor dropped": ("inv", "differential", differential(lambda A, dA: negative(product(f.inv(A), dA)))),
    "det: the determinant dropped": ("det", "differential", differential(lambda A, dA: f.trace(product(f.inv(A), dA)))),
    "logdet: a transpose": ("logdet", "differential", differential(lambda A, dA: f.trace(product(f.inv(transpose(A)), dA)))),
    "matrixpow: as if factors commuted": (
        "matrixpow", "differential", differential(lambda A, k, dA: product(num(k), f.matrixpow(A, 2) if k > 2 else A, dA))),
    "norm2: the norm dropped": ("norm2", "differential", differential(inner)),
    "softmax: a term dropped": ("softmax", "differential", differential(lambda x, dx: times(f.softmax(x), dx))),
    "logsumexp: a factor 2": ("logsumexp", "differential", scaled(2)),
    "logsoftmax: the sign": ("logsoftmax", "differential", scaled(-1)),
    "exp: the argument in place of the value": ("exp", "differential", differential(times)),
    "tanh: the square dropped": (
        "tanh", "differential", differential(lambda x, dx: times(f.add(ones_like(x), negative(f.tanh(x))), dx))),
    "sqrt: a factor 2": ("sqrt", "differential", scaled(2)),
    "pow: the exponent not lowered": ("pow", "differential", differential(lambda a, b, da: product(b, power(a, b), da))),
    "entrypow: the sign in the exponent": ("entrypow", "differential", scaled(-1, 1)),
    "maximum: the smaller": ("maximum", "differential", differential(registry()["minimum"].differentials[0])),
    "crossentropy: the sum of p dropped": (
        "crossentropy", "differential",
        differential(lambda p, z, dz: product(transpose(f.add(f.softmax(z), negative(p))), dz), 1)),
    "trace: a factor 2": ("trace", "adjoint", scaled(2)),
    "sum: the sign": ("sum", "adjoint", scaled(-1)),
    "transpose: not transposed": ("transpose", "adjoint", adjoint(lambda G, A: G)),
    "tril: the other triangle": ("tril", "adjoint", adjoint(lambda G, A: f.triu(G))),
    "vec: rows for columns": ("vec", "adjoint", adjoint(lambda G, A: transpose(f.unvec(G, A.cols, A.rows)))),
    "diag: sees its argument": ("diag", "adjoint", adjoint(lambda G, x: times(x, f.diagonal(G)))),
    "mul: the sign": ("mul", "adjoint", behind_the_first),
    "add: the sign": ("add", "adjoint", behind_the_first),
    "hadamard: a factor dropped": ("hadamard", "adjoint", adjoint(lambda k, G, *args: times(args[k - 1], G))),
    "kron: the factors swapped": ("kron", "adjoint", lambda op: replace(op, adjoints={**op.adjoints, 0: op.adjoints[1]})),
    "crossentropy: the sign in p": ("crossentropy", "adjoint", scaled(-1)),
    "sin: said to be linear": ("sin", "linearity", with_other(differentials={}, adjoints={0: lambda G, x: G})),
    "trace: the shape": ("trace", "shape", with_other(shape=lambda A: A.shape)),
    "sum: the value": ("sum", "linearity", with_other(value=lambda xp, A: xp.sum(A * A))),
    "cos: the value": ("cos", "differential", with_other(value=lambda xp, x: xp.cosh(x))),
    "inv: said to be symmetric": ("inv", "facts", with_other(facts=lambda A: ["invertible", "symmetric"])),
    "add: semidefinite if one term is": ("add", "facts", with_other(facts=known_of("psd", any))),
    "exp: said to be below 1": ("exp", "facts", with_other(facts=lambda x: ["unit"])),
    "mul: symmetric if the factors are": ("mul", "facts", with_other(facts=known_of("symmetric", all))),
    "exp: the code": ("exp", "code", with_other(code="np.exp2({x})")),
    "cos: the word": ("cos", "text", with_other(word="sin")),
}  # fmt: skip


@pytest.mark.parametrize("plant", PLANTED)
def test_a_planted_error_is_found(plant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, aspect, change = PLANTED[plant]
    monkeypatch.setitem(expr._registry, name, change(registry()[name]))
    found: list[str] = []
    for other, declaration, params in CASES:
        if other == name:
            for said in findings(name, declaration, params):
                found.append(said)
                if said.startswith(aspect):
                    return
    pytest.fail(f"not found; only {found}")


def test_planted_errors_leave_nothing_behind() -> None:
    for name in ("inv", "exp", "sum"):
        assert violations(name, *next((d, p) for n, d, p in CASES if n == name)) == []


def test_relative_deviation_is_infinite_for_what_is_not_a_number() -> None:
    assert relative(np.nan, 1.0) == np.inf
    assert relative(np.ones(2), np.ones(3)) == np.inf
    assert relative(1.0, 1.0) == 0.0
