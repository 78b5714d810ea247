"""Odd and hostile input: an InputError with a place, or an expression; never anything else."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from closedform.core.errors import InputError
from closedform.lang.read import parse

DATA = Path(__file__).parents[1] / "data" / "bad_input.jsonl"
CASES = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines() if line.strip()]
FACTS = {"positive_definite": "pd", "lower_triangular": "lower", "unit_interval": "unit"}
ABOUT_WRT = {"wrt-empty", "wrt-function-name", "wrt-number", "wrt-list-unknown", "inject-wrt"}
"""Cases whose fault is the variable, not the text."""
PIECES = [
    "x",
    "y",
    "A",
    "B",
    "X",
    "n",
    "m",
    "t",
    "sin(",
    "tr(",
    "inv(",
    "ones(",
    "eye(",
    "e(",
    "K(",
    "D(",
    "unvec(",
    "kron(",
    "diag(",
    "vector(",
    "matrix(",
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    ":",
    "'",
    ".T",
    "^",
    ".^",
    "*",
    ".*",
    "/",
    "./",
    "+",
    "-",
    "2",
    "0",
    "0.5",
    "1e5",
    "..",
    "let",
    "=",
    "in",
    "sum(",
    "Σ",
    "‖",
    "⊗",
    "ᵀ",
    "T",
    "T(",
    "-T",
    "pi",
    "\\Sigma",
    ".",
    "scalar",
    "pd",
    "$",
    "\x00",
    "é",
    "∑_i(",
    "{",
]


def given_of(case: dict[str, Any]) -> dict[str, str]:
    out = {}
    for name, spec in case["vars"].items():
        shape = " ".join(str(size) for size in spec["shape"]) or "scalar"
        out[name] = " ".join([shape, *(FACTS.get(fact, fact) for fact in spec.get("is", []))])
    return out


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_bad_input(case: dict[str, Any]) -> None:
    given = given_of(case)
    if case["outcome"] == "error" and case["id"] not in ABOUT_WRT:
        with pytest.raises(InputError) as caught:
            parse(case["expr"], given)
        assert str(caught.value)
    else:
        try:
            assert parse(case["expr"], given).expr.op.name
        except InputError as error:
            assert str(error)


@pytest.mark.parametrize("seed", range(5))
def test_random_pieces(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(1000):
        text = "".join(rng.choice(PIECES) + rng.choice(("", "", " ")) for _ in range(rng.randrange(1, 14)))
        given = rng.choice(
            (None, "x: n; A: n n; t: scalar", "A: m n; T: n n; X: n p; K: n n", {rng.choice(PIECES): rng.choice(PIECES)})
        )
        try:
            parse(text, given)
        except InputError as error:
            assert str(error)
            assert error.source is not None and error.column is not None
            assert 0 <= error.column <= len(error.source)
