"""Points are admissible, reproducible and varied."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import closedform.ops  # noqa: F401  (imported for their declarations)
from closedform.core.errors import Refusal
from closedform.lang.declare import declare
from closedform.lang.read import parse
from closedform.verify.point import Points, holds

SCOPE = declare("A: m n; X: n k; x: n; b: m; t: scalar; a: scalar; S: n n pd")


@pytest.mark.parametrize(
    "text",
    [
        "log(t)", "sqrt(x'*x - 5)", "log(1 - x'*x)", "sum(log(b - A*x))", "asin(t)", "log(t - 3) + log(5 - t)", "log(t - 30)",
        "logdet(X'*X)", "t^a", "sum(x.^a)", "exp(exp(exp(exp(t))))", "sum(acos(A*x))", "log(det(X'*S*X))", "1/(t - a)",
    ],
)  # fmt: skip
def test_points_lie_in_the_domain(text: str) -> None:
    e = parse(text, SCOPE).expr
    points = Points([e])
    for _ in range(3):
        assert np.isfinite(points.next().of(e)).all()


def test_the_same_seed_gives_the_same_points() -> None:
    e = parse("x'*S*x + t", SCOPE).expr

    def values(seed: int) -> list[float]:
        points = Points([e], seed=seed)
        return [float(points.next().of(e)) for _ in range(4)]

    assert values(7) == values(7)
    assert values(7) != values(8)


def test_an_undeclared_scalar_is_drawn_with_both_signs() -> None:
    points = Points([SCOPE.symbols["t"]])
    signs = [np.sign(points.next().of(SCOPE.symbols["t"])) for _ in range(4)]
    assert set(signs) == {-1.0, 1.0}


def test_sizes_change_from_point_to_point() -> None:
    points = Points([parse("b'*A*x", SCOPE).expr])
    sizes = [tuple(points.next().sizes.items()) for _ in range(6)]
    assert all(a != b for a, b in itertools.pairwise(sizes))


def test_the_reason_names_the_argument_at_fault() -> None:
    with pytest.raises(Refusal, match=r"-1 - x'\*x was not positive wherever it was tried"):
        Points([parse("log(-1 - x'*x)", SCOPE).expr]).next()


@pytest.mark.parametrize(
    ("condition", "good", "bad"),
    [
        ("positive", [[1.0, 2.0]], [[1.0, 0.0]]),
        ("nonnegative", [[1.0, 0.0]], [[-1.0, 0.0]]),
        ("nonzero", [[1.0, 0.0]], [[0.0, 0.0]]),
        ("nonzero", 1.0, 0.0),
        ("invertible", [[1.0, 1.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0 + 1e-12]]),
        ("invertible", 2.0, 0.0),
        ("pd", [[2.0, 1.0], [1.0, 2.0]], [[1.0, 2.0], [2.0, 1.0]]),
        ("full rank", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]),
        ("in (-1, 1)", [[0.5]], [[1.0]]),
        ("above -1", [[-0.5]], [[-1.0]]),
        ("anything else", [[0.0]], [[np.nan]]),
    ],
)
def test_conditions(condition: str, good: object, bad: object) -> None:
    assert holds(condition, np.array(good))
    assert not holds(condition, np.array(bad))
