"""Every line of a derivation, checked by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from closedform.calculus.step import Step

if TYPE_CHECKING:
    from closedform.page.derivation import Derivation


@dataclass(frozen=True)
class CheckedStep:
    """A step, whether it holds at random points, the largest relative deviation of its sides, and what is wrong with it."""

    step: Step
    ok: bool
    error: float
    reason: str = ""

    def __str__(self) -> str:
        verdict = "holds" if self.ok else "FAILS"
        return f"{verdict}  {self.error:7.1e}  {self.step.rule}" + (f": {self.reason}" if self.reason else "")


@dataclass(frozen=True)
class Check:
    """The check of a derivation: ``ok`` when every step holds.  ``str()`` lists them."""

    steps: tuple[CheckedStep, ...]
    seed: int

    @property
    def ok(self) -> bool:
        """Does every step hold?"""
        return all(step.ok for step in self.steps)

    @property
    def error(self) -> float:
        """The largest deviation of two sides."""
        return max((step.error for step in self.steps), default=0.0)

    @property
    def failed(self) -> tuple[CheckedStep, ...]:
        """The steps that do not hold."""
        return tuple(step for step in self.steps if not step.ok)

    def __iter__(self) -> Iterator[CheckedStep]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __str__(self) -> str:
        held = sum(step.ok for step in self.steps)
        verdict = "every step holds" if self.ok else f"{len(self.steps) - held} of {len(self.steps)} steps do not hold"
        return "\n".join([f"{verdict} (largest deviation {self.error:.1e}, seed {self.seed})", *map(str, self.steps)])


def checked(derivation: Derivation, seed: int = 0) -> Check:
    """The check of each step, in the conventions of the derivation."""
    from closedform.verify.steps import check_steps

    structure = derivation.structure
    found = check_steps(
        derivation.steps, derivation.wrt, seed=seed,
        free=structure == "free", independent=structure == "independent", layout=derivation.layout,
    )  # fmt: skip
    rows = zip(derivation.steps, found, strict=True)
    return Check(tuple(CheckedStep(step, c.ok, c.error, c.reason) for step, c in rows), seed)
