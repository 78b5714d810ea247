"""Every line of every derivation of the textbook cases is checked by itself; the page asks for that check."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.page.corpus import COUNT, GAUSSIAN, LEAST_SQUARES, MORE, derivation, made

from closedform.core.walk import substitute
from closedform.ops.build import num, product
from closedform.page.derivation import Derivation

SLICES = 8


@pytest.mark.parametrize("part", range(SLICES))
def test_every_step_of_every_derivation_holds(part: int) -> None:
    count = 0
    for at in range(part, COUNT, SLICES):
        found = derivation(at).check()
        assert found.ok, f"{derivation(at)}\n{found}"
        assert len(found) == len(derivation(at))
        count += len(found)
    assert count > COUNT / SLICES


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_check_holds_for_every_seed(seed: int) -> None:
    for at in range(COUNT - len(MORE), COUNT):
        assert derivation(at).check(seed).ok


def test_a_check_says_what_it_found() -> None:
    found = made(LEAST_SQUARES).check(seed=5)
    first, *rest = str(found).splitlines()
    assert first.startswith("every step holds (largest deviation ")
    assert first.endswith(", seed 5)")
    assert len(rest) == len(found) == len(made(LEAST_SQUARES))
    assert [line.split()[-1] for line in rest] == [step.rule for step in made(LEAST_SQUARES)]
    assert found.error < 1e-8
    assert found.failed == ()


@pytest.mark.parametrize("factor", [-1, 2])
def test_a_planted_error_is_named(factor: int) -> None:
    d = made(GAUSSIAN)
    for k, step in enumerate(d):
        wrong = replace(step, after=product(num(factor), step.after))
        found = Derivation((*d.steps[:k], wrong, *d.steps[k + 1 :]), d.wrt, d.structure, d.layout).check()
        assert not found.ok
        assert [bad.step for bad in found.failed] == [wrong]
        assert "FAILS" in str(found)
        assert str(found).startswith(f"1 of {len(d)} steps do not hold")


def test_a_wrong_transpose_is_found() -> None:
    d = made(("x'*A*x", "x", "x: n; A: n n"))
    last = d[-1]
    A = next(e for e in last.after.args[0].args if e.op.name == "symbol")
    wrong = replace(last, after=substitute(last.after, {last.after.args[0]: product(num(2), A)}))
    assert not Derivation((*d.steps[:-1], wrong), d.wrt).check().ok
