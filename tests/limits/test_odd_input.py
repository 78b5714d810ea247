"""Input that is no question: refused with a sentence, never anything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.alarm import within
from tests.test_corpus import given

import closedform as cf

DATA = Path(__file__).parents[1] / "data" / "bad_input.jsonl"
BAD: list[dict[str, Any]] = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines() if line.strip()]


@pytest.mark.parametrize("case", BAD, ids=[case["id"] for case in BAD])
def test_odd_input_is_answered_or_refused(case: dict[str, Any]) -> None:
    try:
        with within(30):
            d = cf.derive(case["expr"], case["wrt"], given(case))
    except cf.InputError as error:
        assert str(error).strip()
        assert len(str(error)) < 2000
    else:
        assert case["outcome"] == "either", f"answered {d}; {case['why']}"
        assert d.certificate is not None and d.certificate.ok


@pytest.mark.parametrize(
    ("expression", "wrt", "declared"),
    [
        (None, "x", None), (5, "x", None), (b"x", "x", None), ("x", None, None), ("x", [], None), ("x", 3, None),
        ("x", ["x"] * 7, "x: n"), ("x", "y", "x: n"), ("x", "x", 3), ("x", "x", {"x": 3}), ("x", "x", {3: "n"}),
        ("", "x", None), ("   ", "x", None), ("x", "", "x: n"), ("x", "x[1]", "x: n"), ("x", "n", "x: n"), ("x", "sin", "x: n"),
        ("x'*x", "x", "x: n constant"), ("x\x00", "x", "x: n"), ("x", "\n", "x: n"), ("x", "x", "x: 0"), ("x", "x", "x: -3"),
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused(expression: object, wrt: object, declared: object) -> None:
    with pytest.raises(cf.InputError):
        cf.derive(expression, wrt, declared)


def test_options_that_do_not_exist_are_refused() -> None:
    for options in ({"layout": "rows"}, {"structure": "none"}, {"layout": None}, {"structure": 1}):
        with pytest.raises(cf.InputError):
            cf.derive("x'*x", "x", "x: n", **options)
    with pytest.raises(cf.InputError):
        cf.gradient("A*x", "x", "A: m n; x: n")
    with pytest.raises(cf.InputError):
        cf.jacobian("x'*x", "x", "x: n")
