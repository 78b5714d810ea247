"""One test for each rule of the catalogue: it does what it says, it is true, and it stays away where it does not hold."""

from __future__ import annotations

import numpy as np
import pytest

import closedform as cf
from closedform.core.bound import MARK
from closedform.core.dim import Dim
from closedform.core.expr import Expr
from closedform.core.walk import postorder, tree_size
from closedform.lang.declare import Scope
from closedform.lang.read import parse
from closedform.numeric.sizes import sizes_for
from closedform.rewrite.catalog import ROWS, TIDY, rule
from closedform.rewrite.catalog.row import Row
from closedform.rewrite.engine import Simplifier
from closedform.rewrite.order import Order, ranks
from closedform.verify.point import Points

IDS = [row.name for row in ROWS]
rows = pytest.mark.parametrize("row", ROWS, ids=IDS)


def read(text: str, given: str | Scope) -> tuple[Expr, Scope]:
    parsed = parse(text, given or None)
    return parsed.expr, parsed.scope


def sides(row: Row) -> tuple[Expr, Expr]:
    """Left and right; what the left infers (a size, say) holds on the right too."""
    left, scope = read(row.left, row.given)
    return left, read(row.right, scope)[0]


def simplified(e: Expr, row: Row, order: Order) -> tuple[Expr, set[str]]:
    """The normal form of an expression, and the names of the rules that led to it."""
    s = Simplifier(order, expand=row.name == "multiply-out")
    out = s.canonical(e)
    return out, {name for record in s.records for name in record.rules}


@rows
def test_the_rule_leads_from_left_to_right(row: Row) -> None:
    left, right = sides(row)
    order = Order(ranks(left))
    found, fired = simplified(left, row, order)
    wanted, _ = simplified(right, row, order)
    assert found is wanted, f"{row.left} becomes {found}, not {wanted}"
    assert row.name in fired
    assert left.shape == right.shape


@rows
def test_the_two_sides_are_equal(row: Row) -> None:
    left, right = sides(row)
    points = Points([left, right], seed=7)
    for _ in range(4):
        point = points.next()
        a, b = np.asarray(point.of(left)), np.asarray(point.of(right))
        assert a.shape == b.shape
        assert np.isfinite(a).all()
        assert np.allclose(a, b, rtol=1e-9, atol=1e-11 * max(1.0, float(np.max(np.abs(a), initial=0.0))))
    assert next(iter(sizes_for(left, right))) is not None


def marked_in(e: Expr) -> bool:
    """Does the index of a sum around the expression occur in it?"""
    sizes = (part for node in postorder(e) for part in (*node.params, *node.shape) if isinstance(part, Dim))
    names = {name for size in sizes for name in size.names}
    return any(name.startswith(MARK) for name in names)


@rows
def test_every_recorded_rewrite_keeps_the_value(row: Row) -> None:
    """Each record of the simplifier is an equation between two nodes, and together they lead from input to output."""
    left, _ = read(row.left, row.given)
    s = Simplifier(Order(ranks(left)), expand=row.name == "multiply-out")
    s.canonical(left)
    for record in s.records:
        assert record.before.shape == record.after.shape
        if marked_in(record.before) or marked_in(record.after):
            continue  # inside a sum with an index: no value of its own
        points = Points([record.before, record.after], seed=3)
        for _ in range(2):
            point = points.next()
            a, b = np.asarray(point.of(record.before)), np.asarray(point.of(record.after))
            assert np.allclose(a, b, rtol=1e-8, atol=1e-9, equal_nan=True), f"{record.before} and {record.after}"


@rows
def test_the_rule_does_not_fire_where_it_does_not_hold(row: Row) -> None:
    e, _ = read(row.counter, row.unless)
    _, fired = simplified(e, row, Order(ranks(e)))
    assert row.name not in fired, f"{row.counter} given {row.unless}"


@rows
def test_the_rule_says_why_it_holds(row: Row) -> None:
    assert row.because.strip()
    assert row.because[0] != " "
    assert not row.because.endswith(".")
    assert rule(row.name) is row


@rows
def test_the_public_function_simplifies_it_too(row: Row) -> None:
    left, scope = read(row.left, row.given)
    right, _ = read(row.right, scope)
    assert tree_size(cf.simplify(left, scope)) <= max(tree_size(left), tree_size(right))


def test_names_are_unique_and_every_rule_has_a_counter_example() -> None:
    assert len(set(IDS)) == len(IDS)
    assert set(TIDY) <= set(IDS)
    assert [row.name for row in ROWS if not row.counter] == []


def test_every_rule_that_fires_is_in_the_catalogue() -> None:
    names = set(IDS)
    for row in ROWS:
        scope = read(row.left, row.given)[1]
        for text, given in ((row.left, row.given), (row.right, scope), (row.counter, row.unless)):
            e, _ = read(text, given)
            assert simplified(e, row, Order(ranks(e)))[1] <= names
