"""Mistakes that people made in public: each is named as it should be, and nothing uncertain is said as certain."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

import closedform as cf

SLIPS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "slips.toml").read_text(encoding="utf-8"))["slip"]


@pytest.mark.parametrize("slip", SLIPS, ids=[s["source"][:40] for s in SLIPS])
def test_a_slip_is_named(slip: dict[str, Any]) -> None:
    said = cf.check(slip["expression"], slip["wrt"], slip["answer"], slip["given"], structure=slip.get("structure", "projected"))
    assert said.verdict == slip["verdict"], str(said)
    assert said.right == (slip["verdict"] == "right")
    if "slip" in slip:
        assert said.slip in slip["slip"] if slip["slip"] else said.slip is None, str(said)
    if "assumption" in slip:
        assert said.assumption is not None and slip["assumption"] in said.assumption, str(said)
    if len(said.slips) > 1:
        assert "either" in said.explanation, str(said)
    if said.witness is not None:
        assert said.replay(), str(said)
    if said.where is not None:
        start, end = said.where
        assert 0 <= start < end <= len(slip["answer"])


@pytest.mark.parametrize("slip", [s for s in SLIPS if s["verdict"] != "right"], ids=lambda s: s["source"][:40])
def test_what_is_suggested_instead_is_right(slip: dict[str, Any]) -> None:
    structure = slip.get("structure", "projected")
    said = cf.check(slip["expression"], slip["wrt"], slip["answer"], slip["given"], structure=structure)
    if said.suggestion is not None:
        again = cf.check(slip["expression"], slip["wrt"], said.suggestion, slip["given"], structure=structure)
        assert again.right, f"{said}\n{again}"


def test_there_are_enough_slips() -> None:
    assert len(SLIPS) >= 40
