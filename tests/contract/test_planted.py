"""The contract test finds errors that are planted in every aspect of a declaration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.contract import findings, violations
from tests.contract.cases import CASES

from closedform.core import expr
from closedform.core.expr import Expr, registry
from closedform.core.infer import facts
from closedform.core.op import Op, f
from closedform.ops.build import inner, negative, num, ones_like, power, product, times, transpose

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
