"""Sums with an index, families and symbolic powers: what is read, what is printed, what it is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.series.support import GIVEN, SIZES, arrays

import closedform as cf
from closedform.lang.latex import latex
from closedform.lang.unicode import unicode
from closedform.numeric.evaluate import evaluate

Env = dict[str, Any]


def over(count: str, term: Callable[[Env, int], Any]) -> Callable[[Env], Any]:
    """The sum of a term over 0..count-1, written as a loop."""
    return lambda e: sum(term(e, i) for i in range(SIZES[count]))


VALUES: list[tuple[str, Callable[[Env], Any]]] = [
    ("sum(i in 1..N, x[i]'*x[i])", over("N", lambda e, i: e["x"][i] @ e["x"][i])),
    ("Σ_i (x[i]*x[i]')/N", lambda e: e["x"].T @ e["x"] / len(e["x"])),
    ("∑_i(x[i]*x[i]')", lambda e: e["x"].T @ e["x"]),
    ("Σ_i (X[i,1]^2)", lambda e: (e["X"][:, 0] ** 2).sum()),
    ("Σ_i (X[:,i])", lambda e: e["X"].sum(axis=1)[:, None]),
    ("sum(i in 1..N, i*y[i])", over("N", lambda e, i: (i + 1) * e["y"][i])),
    ("sum(i in 0..k-1, A^i)", over("k", lambda e, i: np.linalg.matrix_power(e["A"], i))),
    ("tr(A^k) + k*t", lambda e: np.trace(e["A"] @ e["A"] @ e["A"]) + 3 * e["t"]),
    ("A^-k", lambda e: np.linalg.inv(e["A"] @ e["A"] @ e["A"])),
    ("A^(k-1)*A^k*A", lambda e: np.linalg.matrix_power(e["A"], 6)),
    ("sum(i in 2..N, x[i] - A*x[i-1])", lambda e: sum(e["x"][i] - e["A"] @ e["x"][i - 1] for i in range(1, 5))[:, None]),
    ("sum(i in 1..N, sum(j in 1..i-1, x[i]'*x[j]))", lambda e: sum(e["x"][i] @ e["x"][j] for i in range(5) for j in range(i))),
    ("sum(i in 1..p, sum(j in 1..p, A[i,j]*e(i,p)*e(j,p)'))", lambda e: e["A"]),
    ("sum(i in 3..2, x[i])", lambda e: np.zeros((3, 1))),
    ("Z[2][1:2,:] + Z[1][2:3,:]", lambda e: e["Z"][1][:2] + e["Z"][0][1:]),
    ("x[2][1] - y[3]", lambda e: e["x"][1, 0] - e["y"][2]),
    ("sum(i in 1..M, Z[i]*Z[i]')", over("M", lambda e, i: e["Z"][i] @ e["Z"][i].T)),
    ("sum(i in 1..M, logdet(Q[i]))", over("M", lambda e, i: np.linalg.slogdet(e["Q"][i])[1])),
    ("sum(i in 1..N, softplus(-y[i]*(w'*x[i])))", over("N", lambda e, i: np.log1p(np.exp(-e["y"][i] * (e["w"] @ e["x"][i]))))),
    ("log(sum(i in 1..N, exp(w'*x[i])))", lambda e: np.log(np.exp(e["x"] @ e["w"]).sum())),
    ("let P = sum(i in 1..N, x[i]*x[i]'); tr(P*P)", lambda e: np.sum((e["x"].T @ e["x"]) ** 2)),
]


@pytest.mark.parametrize(("text", "loop"), VALUES, ids=[text for text, _ in VALUES])
def test_values_and_round_trips(text: str, loop: Callable[[Env], Any]) -> None:
    e = cf.parse(text, GIVEN)
    env = arrays()
    wanted = np.asarray(loop(env))
    assert np.allclose(evaluate(e, env, SIZES), wanted)
    assert cf.parse(str(e), GIVEN) is e
    assert latex(e) and unicode(e)
    simple = cf.simplify(text, GIVEN)
    assert np.allclose(evaluate(simple, env, SIZES), wanted)
    assert cf.parse(str(simple), GIVEN) is simple


def test_sums_that_differ_in_the_name_of_the_index_are_one_node() -> None:
    one = cf.parse("sum(i in 1..N, sum(j in 1..N, x[i]'*x[j]))", GIVEN)
    assert cf.parse("sum(r in 1..N, sum(i in 1..N, x[r]'*x[i]))", GIVEN) is one
    assert cf.parse("sum(i in 1..N, sum(j in 1..N, x[j]'*x[i]))", GIVEN) is not one


def test_letters_of_variables_are_not_taken_for_indices() -> None:
    e = cf.parse("sum(s in 1..N, z[s]'*i*j)", "z[N]: p; i: scalar; j: p")
    assert str(e) == "sum(k in 1..N, z[k]'*i*j)"
    assert cf.parse(str(e), "z[N]: p; i: scalar; j: p") is e


def test_an_index_hides_a_size_of_its_name() -> None:
    e = cf.parse("sum(n in 1..N, z[n])", "z[N]: p; v: n")
    assert str(e) == "sum(i in 1..N, z[i])"


def test_printed_forms() -> None:
    e = cf.parse("sum(i in 1..N, x[i]*x[i]')", GIVEN)
    assert latex(e) == r"\sum_{i=1}^{N} x_{i} x_{i}^{\top}"
    assert unicode(e) == "∑_{i=1..N}(x[i]x[i]ᵀ)"
    assert latex(cf.parse("X^(k-1)", GIVEN)) == "X^{k - 1}"


SIMPLER = [
    ("sum(i in 1..N, 2*A*x[i])", "2*A*sum(i in 1..N, x[i])"),
    ("sum(i in 1..N, u)", "N*u"),
    ("sum(i in 1..N, a'*x[i]*b)", "a'*sum(i in 1..N, x[i])*b"),
    ("sum(i in 1..N, t*exp(y[i])*A)", "t*sum(i in 1..N, exp(y[i]))*A"),
    ("sum(i in 2..2, x[i])", "x[2]"),
    ("sum(i in 1..N, sum(j in 1..N, x[i]*x[j]'))", "sum(i in 1..N, x[i])*sum(i in 1..N, x[i])'"),
    ("sum(i in 1..N, x[i]) + sum(j in 1..N, x[j])", "2*sum(i in 1..N, x[i])"),
    ("X^k*X*X^2", "X^(k + 3)"),
    ("sum(i in 1..N, (2*x[i])')", "2*sum(i in 1..N, x[i])'"),
]


@pytest.mark.parametrize(("text", "wanted"), SIMPLER)
def test_normal_forms(text: str, wanted: str) -> None:
    assert str(cf.simplify(text, GIVEN)) == wanted


def test_a_sum_of_unknown_length_is_not_counted() -> None:
    assert str(cf.simplify("sum(i in 5..k, u)", GIVEN)) == "sum(i in 5..k, 1)*u"


REFUSED = [
    ("x", "without an index"),
    ("x + u", "without an index"),
    ("x[1,2]", "one index picks"),
    ("x[1:2]", "one index picks"),
    ("x[0]", "the members are"),
    ("x[N+1]", "the members are"),
    ("Σ_i (u)", "range is not known"),
    ("sum(i in 1..N x[i])", "',' and the terms"),
    ("sum(i in 1, x[i])", "low..high"),
    ("sum(i in 1..N, x[i]", "'\\)' is wanted"),
    ("sum(i in 1..p, ones(i))", "one shape"),
    ("sum(let in 1..p, u)", "cannot be the name of an index"),
    ("A^t", "scalar integer"),
    ("A^(k/2)", "whole number"),
    ("A^u", "must be a scalar"),
    ("ones(t)", "a size is wanted"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(cf.InputError, match=message) as caught:
        cf.parse(text, GIVEN)
    assert caught.value.column is not None


def test_deep_sums_are_refused_not_survived() -> None:
    depth = 40
    text = "".join(f"sum(i{n} in 1..N, " for n in range(depth)) + "u" + ")" * depth
    with pytest.raises(cf.Refusal, match="inside each other"):
        cf.parse(text, GIVEN)


@pytest.mark.parametrize("given", ["z[N: p", "z[]: p", "z[0]: p", "z[N] p", "z[N]: z"])
def test_wrong_declarations(given: str) -> None:
    with pytest.raises(cf.InputError):
        cf.parse("1", given)


def test_a_family_in_a_mapping() -> None:
    assert str(cf.derive("sum(i in 1..N, z[i]'*v)", "v", {"z[N]": "p", "v": "p"})) == "sum(i in 1..N, z[i])"
