"""Finite fields: arithmetic against whole numbers, facts by construction, and exact values against floating point."""

from fractions import Fraction

import numpy as np
import pytest

from closedform.core.errors import Refusal
from closedform.equality.draw import drawn
from closedform.equality.evaluate import Evaluation
from closedform.equality.field import HIGH, LOW, Modulus, is_prime, paired_primes, plain_primes
from closedform.equality.worlds import HIDDEN, P, Q
from closedform.lang.declare import declare
from closedform.lang.read import parse
from closedform.numeric.evaluate import evaluate
from closedform.ops.build import num, product

FIELD = Modulus(plain_primes(11, 6))


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_primes_are_what_they_should_be() -> None:
    for p in plain_primes(1, 5):
        assert p % 4 == 3 and LOW < p < HIGH and is_prime(p)
    for p in paired_primes(1, 5):
        assert p % 8 == 7 and is_prime(p) and is_prime(p // 2) and p // 2 % 4 == 3
    assert [n for n in range(51, 120, 2) if is_prime(n)] == [53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113]
    assert not is_prime(3215031751 // 151) and plain_primes(1, 5) != plain_primes(2, 5)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_inverse_and_determinant(n: int) -> None:
    A = rng().integers(-4, 5, (6, n, n)) % FIELD.m3
    A[:, 0, 0] = 0 if n > 1 else 3  # a pivot that is not there
    inverse, fine = FIELD.inverse(A)
    whole = np.where(A > LOW // 2, A - FIELD.m3, A).astype(float)
    for k in range(6):
        det = round(float(np.linalg.det(whole[k])))
        assert int(FIELD.determinant(A)[k, 0, 0]) == det % FIELD.list[k]
        assert bool(fine[k]) == (det != 0)
        if det:
            assert (FIELD.matmul(A, inverse)[k] == np.eye(n)).all()


def test_roots_are_squares_and_multiply() -> None:
    a, b = (rng().integers(1, FIELD.m3, (6, 3, 2)) for _ in range(2))
    a, b = a * a % FIELD.m3, b * b % FIELD.m3
    (x, fine), (y, _), (xy, _) = FIELD.root(a), FIELD.root(b), FIELD.root(a * b % FIELD.m3)
    assert fine.all() and (x * x % FIELD.m3 == a).all() and (FIELD.squares(x) == 1).all()
    assert (x * y % FIELD.m3 == xy).all()
    assert not FIELD.root((FIELD.m3 - a) % FIELD.m3)[1].any()


def test_powers_fractions_and_matrix_powers() -> None:
    a = rng().integers(1, FIELD.m3, (6, 2, 2))
    assert (FIELD.power(a, 5) == a * a % FIELD.m3 * a % FIELD.m3 * a % FIELD.m3 * a % FIELD.m3).all()
    assert (FIELD.fraction(2, 3)[0] * 3 % FIELD.m3 == 2).all()
    assert (FIELD.matrix_power(a, 3) == FIELD.matmul(a, FIELD.matmul(a, a))).all()
    assert (FIELD.matrix_power(a, 0) == np.eye(2)).all()


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize(
    "facts",
    ["symmetric", "skew", "diagonal", "lower", "upper", "orthogonal", "psd", "pd", "idempotent", "idempotent symmetric",
     "orthogonal symmetric", "idempotent diagonal", "orthogonal diagonal", "orthogonal pd", "orthogonal skew"],
)  # fmt: skip
def test_facts_hold_by_construction(facts: str, n: int) -> None:
    symbol = declare(f"A: n n {facts}").symbols["A"]
    if facts == "orthogonal skew" and n % 2:
        with pytest.raises(Refusal):
            drawn(symbol, {"n": n}, FIELD, rng())
        return
    A = drawn(symbol, {"n": n}, FIELD, rng())
    T = A.swapaxes(1, 2)
    one = np.eye(n, dtype=np.int64)
    holds = {
        "symmetric": (A == T), "psd": (A == T), "pd": (A == T), "skew": ((A + T) % FIELD.m3 == 0),
        "diagonal": (A * (1 - one) == 0), "lower": (np.tril(A) == A), "upper": (np.triu(A) == A),
        "orthogonal": (FIELD.matmul(A, T) == one), "idempotent": (FIELD.matmul(A, A) == A),
    }  # fmt: skip
    for fact in facts.split():
        assert holds[fact].all()
    assert A.min() >= 0 and (FIELD.m3 > A).all()


def test_both_parts_of_the_orthogonal_group_and_every_rank_are_met() -> None:
    Q_ = drawn(declare("A: n n orthogonal").symbols["A"], {"n": 3}, FIELD, rng())
    assert {int(d) == 1 for d in FIELD.determinant(Q_).ravel()} == {True, False}
    traces = (
        np.trace(drawn(declare("A: n n idempotent").symbols["A"], {"n": 4}, FIELD, rng()), axis1=1, axis2=2) % FIELD.m3[:, 0, 0]
    )
    assert set(traces.tolist()) == {0, 1, 2, 3, 4}


def test_orthonormal_columns_simplex_and_families() -> None:
    scope = declare("U: m n orthonormal; p: n simplex; z[N]: n; P: n n idempotent positive")
    sizes = {"m": 5, "n": 3, "N": 2}
    U = drawn(scope.symbols["U"], sizes, FIELD, rng())
    assert (FIELD.matmul(U.swapaxes(1, 2), U) == np.eye(3)).all()
    assert (drawn(scope.symbols["p"], sizes, FIELD, rng()).sum(axis=1) % FIELD.m3[:, 0] == 1).all()
    assert drawn(scope.symbols["z"], sizes, FIELD, rng()).shape == (6, 2, 3)
    with pytest.raises(Refusal, match="no construction"):
        drawn(scope.symbols["P"], sizes, FIELD, rng())


WHOLE = [
    "A*B*C", "X*A*y", "x'*A*x", "tr(A*B)*s", "det(A)", "adj(A)", "A.*B + 2*C", "kron(A, X)", "khatrirao(X, A)", "vec(A*B)",
    "vech(A)", "commutation(m, n)*vec(X)", "duplication(n)*vech(A)", "elimination(n)*vec(A)", "diag(x)*A*diag(A)",
    "tril(A) + triu(B)", "tril(X)", "A^3", "s^4*A", "[A, B; C, A]", "X[1,2]", "X[:,2]", "x[2:3]", "sum(A) + n", "ones(m, n)*A",
    "e(2, n)'*A", "A.^2", "sum(i in 1..n, x[i]*A^i)", "unvec(vec(X), m, n)", "rowsum(A) - colsum(B)'", "n*(n + 1)/2*s",
    "outer(x, y)",
]  # fmt: skip


@pytest.mark.parametrize("text", WHOLE)
def test_exact_values_are_those_of_floating_point(text: str) -> None:
    given = "A: n n; B: n n; C: n n; X: m n; x: n; y: n; s: scalar"
    parsed = parse(text, given)
    sizes = {"m": 2, "n": 3}
    draws = rng()
    ev = Evaluation(parsed.scope.symbols, sizes, FIELD.list, draws, paired=False)
    env = {}
    for name, symbol in parsed.scope.symbols.items():
        value = draws.integers(-5, 6, (symbol.rows.value(sizes), symbol.cols.value(sizes)))
        env[name] = value.astype(float)
        ev.worlds[P].symbols[name] = value[None] % FIELD.m3
    found = ev.value(parsed.expr, P)
    wanted = np.atleast_2d(np.round(evaluate(parsed.expr, env, sizes))).astype(np.int64)
    assert found.shape[1:] == wanted.shape
    assert (found == wanted[None] % FIELD.m3).all()


def test_hidden_values_are_exponents() -> None:
    primes = paired_primes(5, 3)
    parsed = parse("s*x", "x: n; s: scalar")
    ev = Evaluation(parsed.scope.symbols, {"n": 3}, primes, rng(), paired=True)
    hidden, exponent = ev.value(parsed.expr, HIDDEN), ev.value(parsed.expr, Q)
    for k, p in enumerate(primes):
        g = int(ev.g[k, 0, 0])
        assert pow(g, p // 2, p) == 1
        assert [int(v) for v in hidden[k, :, 0]] == [pow(g, int(e), p) for e in exponent[k, :, 0]]


def test_a_denominator_that_a_prime_divides_is_no_point() -> None:
    p = FIELD.list[0]
    parsed = parse("s", "s: scalar")
    ev = Evaluation(parsed.scope.symbols, {}, FIELD.list, rng(), paired=False)
    ev.value(product(num(Fraction(1, p)), parsed.expr), P)
    assert ev.fine.tolist() == [False] + [True] * 5
