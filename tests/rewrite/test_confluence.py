"""The normal form is the same for every way to write an expression, and it is its own normal form."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from tests.rewrite.variants import SHORT_FIRST, WAYS, renamed, variant
from tests.strategies import SCOPE, Maker

import closedform as cf
from closedform.core.expr import Expr
from closedform.core.walk import substitute, tree_size
from closedform.lang.read import parse
from closedform.rewrite.best import normal_form, shortest
from closedform.rewrite.engine import Simplifier
from closedform.rewrite.order import Order, ranks

LONGEST = 60


def closed(e: Expr, order: Order) -> Expr:
    return Simplifier(order).canonical(e)


def short(e: Expr, order: Order) -> Expr:
    return shortest(e, order).expr


FORMS: dict[str, Callable[[Expr, Order], Expr]] = {"closed": closed, "opened": normal_form, "shortest": short}


def drawn(seed: int) -> Expr:
    random = Random(f"confluence {seed}")
    while True:
        maker = Maker(random.choice, kron=random.random() < 0.3, wide=random.random() < 0.4)
        e = maker.make(maker.dim(), maker.dim(), random.choice((2, 3, 3)))
        if tree_size(e) <= LONGEST:
            return e


EXPRESSIONS = [drawn(seed) for seed in range(60)]
FORMER = [
    parse(text, SCOPE).expr
    for text in (
        "inv(Q*R)", "inv(c*Q)", "inv(Q)*inv(R)", "kron(A,B)*kron(-W,B')", "-Z + Z.*Z + t*Z", "-k*Z + p*w' + Z",
        "(B - 2*D)*W*(2*D - B)'", "kron(e(1, m), eye(m))'*kron(C, C)*kron(e(1, m), eye(m))", "Z' - V*S", "W + B", "tanh(-X + Y)",
        "-sin(r) + c*r - r", "maximum(zeros(1, n), r) + r + r + k*r", "minimum(x, u)' + (p/2)' - (p/2)'", "y'.*(-2*r) + r",
        "-x' + r.*r + r", "sign(-A - ones(n, n)*A - A)", "-z' + ones(1, m)", "-r + (-zeros(n) + u + p + u)'", "triu(D)",
        "Q*Q'*A*Q", "tr(Q*A*Q')", "kron(W', A)'", "(W^3)'", "diag(vec(D))*K(n,n)*vec(A)",
    )
]  # fmt: skip
"""Expressions that once had more than one normal form."""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("way", [*WAYS, SHORT_FIRST])
def test_every_way_to_write_an_expression_has_one_normal_form(form: str, way: str) -> None:
    if way == SHORT_FIRST and form != "shortest":
        pytest.skip("parts in their shortest form belong to the shortest form")
    for seed, e in enumerate([*EXPRESSIONS, *FORMER]):
        order = Order(ranks(e))
        other = variant(e, way, Random(seed), order)
        try:
            assert FORMS[form](other, order) is FORMS[form](e, order), f"{e} written as {other}"
        except cf.Refusal:  # too many terms to multiply out
            continue


@pytest.mark.parametrize("form", FORMS)
def test_a_normal_form_is_its_own(form: str) -> None:
    for e in (*EXPRESSIONS, *FORMER):
        order = Order(ranks(e))
        try:
            once = FORMS[form](e, order)
            assert FORMS[form](once, order) is once, f"{e} becomes {once}"
        except cf.Refusal:
            continue


@pytest.mark.parametrize("form", FORMS)
def test_names_do_not_matter(form: str) -> None:
    for e in (*EXPRESSIONS, *FORMER):
        other, back = renamed(e)
        try:
            found = FORMS[form](other, Order(ranks(other)))
            assert substitute(found, back) is FORMS[form](e, Order(ranks(e))), str(e)
        except cf.Refusal:
            continue


def test_simplifying_twice_is_simplifying_once() -> None:
    for e in (*EXPRESSIONS, *FORMER):
        once = cf.simplify(e, SCOPE)
        assert cf.simplify(once, SCOPE) is once, f"{e} becomes {once}"


@pytest.mark.parametrize("way", ["reordered", "transposed twice", "padded"])
def test_a_derivative_is_the_same_for_every_way_to_write_the_function(way: str) -> None:
    """The same text, where the symbols first appear in the same order."""
    for seed, e in enumerate(EXPRESSIONS[:30]):
        names = list(ranks(e))
        other = variant(e, way, Random(seed), Order(ranks(e)))
        if not names or list(ranks(other)) != names:
            continue
        try:
            wanted = cf.derive(e, names[-1], SCOPE, verify=False)
            assert str(cf.derive(other, names[-1], SCOPE, verify=False)) == str(wanted), f"{e} written as {other}"
        except cf.InputError:
            continue
