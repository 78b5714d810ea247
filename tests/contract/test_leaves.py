"""Operations without arguments to draw: constants have their values, the others say that they have none."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from tests.contract import PRIMES
from tests.contract.cases import M, N

from closedform.codegen.function import compile_function
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, make
from closedform.core.infer import facts
from closedform.core.op import f
from closedform.lang.latex import latex
from closedform.lang.read import parse
from closedform.lang.text import text
from closedform.lang.unicode import unicode
from closedform.numeric.evaluate import evaluate
from closedform.numeric.special import satisfies
from closedform.ops.build import num

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
