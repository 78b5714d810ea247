"""The public corpus of textbook cases: every case answered with its check, and equal to the closed form in the book."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import closedform as cf
from closedform.core.expr import Expr
from closedform.core.walk import tree_size
from closedform.lang.declare import declare
from closedform.numeric.evaluate import evaluate
from closedform.result import Derivative
from closedform.verify.point import Points

DATA = Path(__file__).parent / "data" / "public.jsonl"
CASES: list[dict[str, Any]] = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines() if line.strip()]
FACTS = {"positive_definite": "pd", "lower_triangular": "lower", "unit_interval": "unit"}

STRUCTURE = {
    "symmetric-independent": "independent", "symmetric-projected": "projected", "skew-projected": "projected",
    "diagonal": "projected", "lower_triangular": "projected", "diagonal-vector": "projected",
}  # fmt: skip


def given(case: Mapping[str, Any]) -> dict[str, str]:
    out = {}
    for name, spec in case["vars"].items():
        shape = " ".join(str(d) for d in spec["shape"]) or "scalar"
        out[name] = " ".join([shape, *(FACTS.get(f, f) for f in spec.get("is", []))])
    return out


@cache
def answer(at: int) -> Derivative:
    case = CASES[at]
    return cf.derive(case["expr"], case["wrt"], given(case), structure=STRUCTURE.get(case.get("convention", ""), "free"))


cases = pytest.mark.parametrize("at", range(len(CASES)), ids=[case["id"] for case in CASES])


@cases
def test_a_case_is_answered_with_its_check(at: int) -> None:
    d = answer(at)
    assert d.certificate is not None
    assert d.certificate.ok
    assert d.certificate.trials >= 3


@cases
def test_the_text_is_read_back_as_it_was_printed(at: int) -> None:
    d = answer(at)
    again = cf.parse(str(d), given(CASES[at]))
    assert again is d.expr
    assert str(again) == str(d)


@cases
def test_the_answer_is_the_one_in_the_book(at: int) -> None:
    d, case = answer(at), CASES[at]
    if not case["expected"]:
        pytest.skip("the book has no closed form to compare with")
    scope = declare(given(case))
    expected = cf.parse(case["expected"], scope)
    points = Points([d.expr, expected, *scope.symbols.values()], seed=11)
    for _ in range(3):
        point = points.next()
        found, wanted = np.asarray(point.of(d.expr)), np.asarray(point.of(expected))
        if case.get("convention") == "diagonal-vector":
            found = np.diag(found)[:, None]
        assert fits(found, wanted), f"{d} and {case['expected']}"


def fits(found: Any, wanted: Any) -> bool:
    """Are the values equal?  A row or column is the same in both directions: the tables print either."""
    if found.shape != wanted.shape and 1 in found.shape and found.shape == wanted.shape[::-1]:
        wanted = wanted.T
    if found.shape != wanted.shape or not np.isfinite(wanted).all():
        return False
    return bool(np.max(np.abs(found - wanted), initial=0.0) <= 1e-8 * max(1.0, float(np.max(np.abs(wanted), initial=0.0))))


def test_the_generated_functions_have_the_value_of_the_formula() -> None:
    for at in range(0, len(CASES), 7):
        d = answer(at)
        symbols = declare(given(CASES[at])).symbols
        point = Points([d.expr, *symbols.values()], seed=5).next()
        sizes = dict(point.sizes)
        env = {name: np.reshape(np.asarray(point.of(e)), shape(e, sizes)) for name, e in symbols.items()}
        more = {name: value for name, value in sizes.items() if name not in dims_of(symbols)}
        found = d.function(form="matrix")(**env, **more)
        wanted = np.reshape(evaluate(d.expr, env, sizes), found.shape)
        assert np.allclose(found, wanted, rtol=1e-8, atol=1e-9), CASES[at]["id"]


def shape(e: Expr, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(d.value(sizes) for d in e.shape[: e.params[3]])


def dims_of(symbols: Mapping[str, Expr]) -> set[str]:
    return {name for e in symbols.values() for d in e.shape for name in d.names}


def test_the_formulas_are_short() -> None:
    assert sum(tree_size(answer(at).expr) for at in range(len(CASES))) / len(CASES) < 12
