"""Long sums, deep networks, nested brackets, large powers."""

from __future__ import annotations

import pytest
from tests.limits.support import GIVEN

import closedform as cf
from closedform.core.walk import postorder, tree_size


def test_a_sum_of_2000_terms() -> None:
    names = [f"a{i}" for i in range(2000)]
    declared = "x: n; " + "; ".join(f"{a}: n" for a in names)
    d = cf.derive(" + ".join(f"{a}'*x" for a in names), "x", declared, verify=False)
    assert str(d) == " + ".join(names)
    equal = cf.derive(" + ".join(["x'*A*x"] * 2000), "x", "x: n; A: n n symmetric")
    assert str(equal) == "4000*A*x"
    assert equal.certificate is not None and equal.certificate.ok


def network(depth: int) -> str:
    out = "x"
    for _ in range(depth):
        out = f"tanh(A*{out})"
    return f"b'*{out}"


@pytest.mark.parametrize("wrt", ["x", "A"])
def test_a_network_of_200_layers(wrt: str) -> None:
    d = cf.derive(network(200), wrt, GIVEN, verify=False)
    assert d.shape == (("n", "1") if wrt == "x" else ("n", "n"))
    assert cf.parse(str(d), GIVEN) is d.expr
    assert len(postorder(d.expr)) < 200 * 20
    assert d.latex
    assert d.unicode


@pytest.mark.parametrize("wrt", ["x", "A"])
def test_a_network_of_30_layers_with_its_check(wrt: str) -> None:
    d = cf.derive(network(30), wrt, GIVEN)
    assert d.certificate is not None and d.certificate.ok
    assert cf.parse(str(d), GIVEN) is d.expr


def test_the_steps_of_a_network_of_20_layers() -> None:
    d = cf.derive(network(20), "A", GIVEN)
    steps = list(d.derivation)
    assert steps[-1].after is d.expr
    assert len(steps) > 20


def test_brackets_nested_5000_deep() -> None:
    assert str(cf.derive("(" * 5000 + "x" + ")" * 5000 + "'*x", "x", "x: n")) == "2*x"


def test_a_billionth_power_under_a_trace() -> None:
    assert str(cf.derive("tr(S^1000000000)", "S", "S: n n symmetric", verify=False)) == "1000000000*S^999999999"
    try:
        d = cf.derive("tr(S^1000000000)", "S", "S: n n symmetric")
    except cf.Refusal:
        return  # no point at which it could be checked
    assert str(d) == "1000000000*S^999999999"


@pytest.mark.parametrize("count", [1, 2, 4999, 5000])
def test_many_signs(count: int) -> None:
    assert str(cf.derive("-" * count + "t", "t", "t: scalar")) == ("1" if count % 2 == 0 else "-1")


def test_long_products_and_quotients() -> None:
    assert str(cf.derive("*".join(["t"] * 500), "t", "t: scalar", verify=False)) == "500*t^499"
    assert str(cf.derive("tr(" + "*".join(["A"] * 40) + "*X)", "X", "A: n n; X: n n")) == "A'^40"
    deep = cf.simplify("/".join(["t"] * 400), "t: scalar positive")
    assert str(deep) == "1/t^398"


def test_words_nested_deeply() -> None:
    d = cf.derive("sin(" * 300 + "t" + ")" * 300, "t", "t: scalar", verify=False)
    assert cf.parse(str(d), "t: scalar") is d.expr
    assert tree_size(d.expr) < 10**9
