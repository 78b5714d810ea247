"""The values of functions of matrices, equations, spectra and factors, against their definitions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import scipy.linalg

from closedform.core.dim import Dim
from closedform.core.expr import make
from closedform.lang.read import parse
from closedform.numeric.evaluate import evaluate

RNG = np.random.default_rng(7)
N = 4


def value(text: str, given: str, **arrays: np.ndarray) -> np.ndarray:
    sizes = {"m": 6, "n": N, "p": 2}
    return np.asarray(evaluate(parse(text, given).expr, arrays, sizes))


def definite(n: int = N) -> np.ndarray:
    root = RNG.standard_normal((n, n))
    return root @ root.T / n + 0.5 * np.eye(n)


def stable(n: int = N) -> np.ndarray:
    """A matrix whose eigenvalues have positive real parts, not symmetric."""
    return definite(n) + 0.3 * (lambda Z: Z - Z.T)(RNG.standard_normal((n, n)))


def test_the_exponential_undoes_the_logarithm() -> None:
    for A in (definite(), stable(), 1e3 * definite(), 1e-3 * stable(), np.eye(N)):
        L = value("logm(A)", "A: n n", A=A)
        assert np.allclose(scipy.linalg.expm(L), A, rtol=1e-10, atol=1e-12)
        assert np.allclose(value("expm(A)", "A: n n", A=L), A, rtol=1e-10, atol=1e-12)


def test_the_square_root_squared() -> None:
    for A in (definite(), stable(), np.tril(stable())):
        R = value("sqrtm(A)", "A: n n", A=A)
        assert np.allclose(R @ R, A) and np.linalg.eigvals(R).real.min() > 0


@pytest.mark.parametrize("word", ["logm", "sqrtm"])
def test_a_principal_function_that_is_not_real_is_nan(word: str) -> None:
    assert np.isnan(value(f"{word}(A)", "A: n n", A=np.diag([1.0, -1.0, 2.0, 3.0]))).all()


@pytest.mark.parametrize("word", ["expm", "logm"])
def test_frechet_derivatives_against_differences(word: str) -> None:
    A, E, h = stable(), RNG.standard_normal((N, N)), 1e-5
    ahead, behind = (value(f"{word}(A)", "A: n n", A=A + s * h * E) for s in (1, -1))
    found = value(f"d{word}(A, E)", "A: n n; E: n n", A=A, E=E)
    assert np.allclose(found, (ahead - behind) / (2 * h), atol=1e-8)
    assert np.allclose(value(f"d{word}(A, E)", "A: n n; E: n n", A=A, E=1e9 * E), 1e9 * found, rtol=1e-9)
    assert (value(f"d{word}(A, E)", "A: n n; E: n n", A=A, E=0 * E) == 0).all()


def test_solutions_solve_their_equations() -> None:
    A, B, C, Q = stable(6), stable(), RNG.standard_normal((6, N)), RNG.standard_normal((6, 6))
    X = value("sylvester(A, B, C)", "A: m m; B: n n; C: m n", A=A, B=B, C=C)
    assert np.allclose(A @ X + X @ B, C)
    X = value("lyap(A, Q)", "A: m m; Q: m m", A=A, Q=Q)
    assert np.allclose(A @ X + X @ A.T, Q)
    assert np.isnan(value("lyap(A, Q)", "A: m m; Q: m m", A=np.diag([1.0, -1, 2, 3, 4, 5]), Q=Q)).all()


def test_spectra_are_those_of_the_symmetric_part_in_order() -> None:
    A = RNG.standard_normal((N, N))
    S = make("symbol", (), ("S", Dim.of("n"), Dim.of("n"), 2, frozenset()))
    w, V, top = (np.asarray(evaluate(make(name, (S,)), {"S": A}, {"n": N})) for name in ("eigvalsh", "eigvecs", "lambda_max"))
    assert (np.diff(w[:, 0]) > 0).all() and top == w[-1, 0]
    assert np.allclose(V @ np.diag(w[:, 0]) @ V.T, (A + A.T) / 2)
    L = np.asarray(evaluate(make("chol", (S,)), {"S": A + 9 * np.eye(N)}, {"n": N}))
    assert np.allclose(L @ L.T, (A + A.T) / 2 + 9 * np.eye(N)) and (np.triu(L, 1) == 0).all() and (np.diag(L) > 0).all()


@pytest.mark.parametrize("given", ["X: n+p n", "X: n n+p", "X: n n"])
def test_singular_value_decomposition_is_thin(given: str) -> None:
    shape = tuple({"n": N, "n+p": N + 2}[side] for side in given.split()[1:])
    X = RNG.standard_normal(shape)
    U, s, V = (value(f"{word}(X)", given, X=X) for word in ("svdu", "svdvals", "svdv"))
    assert U.shape == (shape[0], N) and V.shape == (shape[1], N) and s.shape == (N, 1)
    assert np.allclose(U * s.T @ V.T, X) and (np.diff(s[:, 0]) < 0).all()
    assert np.isclose(value("normnuc(X)", given, X=X), s.sum()) and np.isclose(value("normspec(X)", given, X=X), s[0, 0])


def test_cholesky_by_columns_is_analytic() -> None:
    S = definite()
    L = np.asarray(value("chol(S)", "S: n n pd", S=S + 1e-20j * np.eye(N)))
    step = 1e-6
    ahead, behind = (np.linalg.cholesky(S + s * step * np.eye(N)) for s in (1, -1))
    assert np.allclose(L.imag / 1e-20, (ahead - behind) / (2 * step), atol=1e-8)


def test_pseudo_inverse_has_the_four_properties_of_penrose() -> None:
    X = RNG.standard_normal((6, 2)) @ RNG.standard_normal((2, N))
    P = value("pinv(X)", "X: m n", X=X)
    assert np.allclose(X @ P @ X, X) and np.allclose(P @ X @ P, P)
    assert np.allclose(X @ P, (X @ P).T) and np.allclose(P @ X, (P @ X).T)


def test_adjugate_also_of_singular_matrices() -> None:
    A = RNG.standard_normal((N, N))
    assert np.allclose(A @ value("adj(A)", "A: n n", A=A), np.linalg.det(A) * np.eye(N))
    A[:, 0] = A[:, 1]
    cofactors = value("adj(A)", "A: n n", A=A)
    assert np.abs(cofactors).max() > 0.1 and np.allclose(A @ cofactors, 0) and np.linalg.matrix_rank(cofactors) == 1


def test_duplication_and_elimination() -> None:
    A = RNG.standard_normal((N, N))
    S = A + A.T
    half = value("vech(A)", "A: n n", A=A)
    assert half[:N, 0].tolist() == A[:, 0].tolist() and half[-1, 0] == A[-1, -1]  # columns from the diagonal down
    assert np.array_equal(value("elimination(n)*vec(A)", "A: n n", A=A), half)
    assert np.array_equal(value("duplication(n)*vech(S)", "S: n n", S=S), S.reshape(-1, 1, order="F"))
    assert np.array_equal(value("elimination(n)*duplication(n)*vech(A)", "A: n n", A=A), half)


def test_extremes() -> None:
    X = np.array([[3.0, -1.0], [2.0, -5.0]])
    assert (value("max(X)", "X: p p", X=X), value("min(X)", "X: p p", X=X)) == (3.0, -5.0)


WORDS = (
    *("expm", "logm", "sqrtm", "adj", "chol", "pinv", "max", "min", "normnuc", "normspec"),
    *("eigvalsh", "eigvecs", "lambda_max", "svdvals", "svdu", "svdv"),
)


def test_numbers_are_matrices_of_one_entry() -> None:
    two = make("number", (), (Fraction(2),))
    for word in WORDS:
        wanted = {"expm": np.exp(2), "logm": np.log(2), "sqrtm": 2**0.5, "chol": 2**0.5, "adj": 1, "pinv": 0.5}.get(word, 2.0)
        found = np.asarray(evaluate(make(word, (two,)), {}, {}))
        assert found.shape == () and np.isclose(abs(found), 1.0 if word in ("eigvecs", "svdu", "svdv") else wanted)
    for word, count, wanted in (("dexpm", 2, 2 * np.exp(2)), ("dlogm", 2, 1.0), ("lyap", 2, 0.5), ("sylvester", 3, 0.5)):
        found = np.asarray(evaluate(make(word, (two,) * count), {}, {}))
        assert found.shape == () and np.isclose(found, wanted)
