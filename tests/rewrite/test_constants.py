"""Constants that are not rational keep their value, and facts hold with multiplicity."""

from __future__ import annotations

import pytest

import closedform as cf
from closedform.core.infer import known


@pytest.mark.parametrize(
    ("text", "given", "wanted"),
    [
        ("x/sqrt(2)/sqrt(2)", "x: n", "x/2"),
        ("(x/sqrt(2)).^2", "x: n", "x.^2/2"),
        ("(t/sqrt(2))^2", "t: scalar", "t^2/2"),
        ("(sqrt(2)*A)^-2", "A: n n invertible", "inv(A)^2/2"),
        ("(x/sqrt(3)).^4", "x: n", "x.^4/9"),
    ],
)
def test_roots_of_numbers_are_not_lost(text: str, given: str, wanted: str) -> None:
    assert str(cf.simplify(text, given)) == wanted


def test_division_by_zero_is_refused() -> None:
    with pytest.raises(cf.InputError, match="division by zero"):
        cf.simplify("x/(t - t)", "x: n; t: scalar")


def test_a_sum_is_symmetric_only_when_its_terms_pair_off() -> None:
    assert known(cf.parse("A + A'", "A: n n"), "symmetric")
    assert not known(cf.parse("A + A' + A", "A: n n"), "symmetric")


def test_a_row_keeps_its_coefficient() -> None:
    assert str(cf.derive("2*x'*A", "A", "x: n; A: n n")) == "2*kron(eye(n), x')"
