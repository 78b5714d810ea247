"""Eigenvectors and singular vectors keep their signs where a matrix moves."""

from __future__ import annotations

import numpy as np
import pytest

from closedform.lang.read import parse
from closedform.numeric.evaluate import Program
from closedform.verify.certificate import certify

GIVEN = "S: n n symmetric; X: n+1 n"


@pytest.mark.parametrize("text", ["eigvecs(S)", "svdu(X)", "svdv(X)", "svdu(X)*diag(svdvals(X))*svdv(X)'"])
def test_signs_do_not_jump_beside_a_diagonal_matrix(text: str) -> None:
    rng = np.random.default_rng(1)
    read = parse(text, GIVEN)
    (name,) = (name for name in "SX" if name in text)
    symbol = read.scope.symbols[name]
    for n in range(2, 8):
        base = np.eye(n if name == "S" else n + 1, n) * rng.permutation(np.arange(1.0, n + 1))
        bound = Program(read.expr).at({"n": n})
        values = bound.values({name: base})
        for _ in range(10):
            step = 1e-9 * rng.standard_normal(base.shape)
            there = bound.moved(values, {symbol: base + step + (step.T if name == "S" else 0)})
            assert np.abs(there[-1] - values[-1]).max() < 1e-6


def test_eigenvectors_of_a_diagonal_matrix_as_one_of_any_kind() -> None:
    read = parse("eigvecs(P)", "P: k k diagonal")
    F = "1./(eye(k) + ones(k)*eigvalsh(P)' - eigvalsh(P)*ones(1, k)) - eye(k)"
    answer = f"kron(eye(k), eigvecs(P))*diag(vec({F}))*kron(eigvecs(P)', eigvecs(P)')*(K(k, k) + eye(k*k))/2"
    P = read.scope.symbols["P"]
    for text, right in ((answer, True), (f"-({answer})", False)):
        assert certify(read.expr, [P], parse(text, "P: k k diagonal").expr, structure="free").ok is right
