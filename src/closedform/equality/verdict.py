"""The verdict on two formulas, with its evidence: read, never tested for truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Evidence:
    """Why a verdict is what it is: the stage that settled it, what it rests on, one sentence for each thing done.

    The stages: "shapes", "normal form", "named identity", "index network", "completion", "finite fields", "floating point",
    and "none" where nothing settled it.
    ``details`` holds the numbers: points, sizes and primes of exact runs, the largest deviation of floating point,
    rules used.
    """

    stage: str
    reasons: tuple[str, ...]
    details: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.stage}: " + "; ".join(self.reasons)


@dataclass(frozen=True)
class Witness:
    """A point at which the two sides differ, from which anyone can repeat it.

    ``entry`` counts from 1.  ``prime``, ``residues`` are those of an exact run (None where only floating point shows the
    difference), ``values`` the two entries in floating point at a point of the same sizes (None where none was found).
    """

    sizes: Mapping[str, int]
    seed: int
    entry: tuple[int, int]
    prime: int | None = None
    residues: tuple[int, int] | None = None
    values: tuple[float, float] | None = None
    trial: int = 0
    point: str = "random"
    again: Callable[[], bool] | None = field(default=None, repr=False, compare=False)

    def replay(self) -> bool:
        """Evaluate both sides here again: does the difference show?"""
        return self.again is not None and self.again()

    def __str__(self) -> str:
        sizes = ", ".join(f"{name}={size}" for name, size in self.sizes.items())
        said = []
        if self.values is not None:
            said.append(f"{self.values[0]:.6g} on the left and {self.values[1]:.6g} on the right")
        if self.residues is not None and self.prime is not None:
            said.append(f"{self.residues[0]} and {self.residues[1]} modulo {self.prime}")
        where = ", ".join(p for p in (sizes, f"seed {self.seed}") if p)
        return f"{where}: entry {self.entry[0]},{self.entry[1]} is " + ", and ".join(said)


class Verdict:
    """What is known of the equality of two formulas.

    ``verdict`` is "proved", "probably equal", "different" or "undecided"; ``equal`` True, True, False, None with them.
    ``error_bound`` bounds, for "probably equal", the probability that different formulas pass the exact test at the
    sizes where it was made (evidence stage "finite fields"), or says how large a relative difference would have been
    overlooked ("floating point"); it is 0 for what is proved or refuted and None when undecided.  A verdict has no truth
    value.
    """

    __slots__ = ("conditions", "error_bound", "evidence", "verdict", "witness")

    def __init__(
        self,
        verdict: str,
        evidence: Evidence,
        *,
        error_bound: float | None = None,
        witness: Witness | None = None,
        conditions: tuple[str, ...] = (),
    ) -> None:
        self.verdict = verdict
        self.evidence = evidence
        self.error_bound = error_bound
        self.witness = witness
        self.conditions = conditions

    @property
    def equal(self) -> bool | None:
        """True for "proved" and "probably equal", False for "different", None for "undecided"."""
        return {"proved": True, "probably equal": True, "different": False}.get(self.verdict)

    def replay(self) -> bool:
        """Evaluate both sides at the witness again: does the difference show?  False without a witness."""
        return self.witness is not None and self.witness.replay()

    def __bool__(self) -> bool:
        raise TypeError("a verdict has no truth value: read .verdict, or compare .equal with True, False or None")

    def __str__(self) -> str:
        lines = [self.verdict, f"  {self.evidence}"]
        if self.witness is not None:
            lines.append(f"  witness: {self.witness}")
        if self.conditions:
            lines.append("  given that " + "; ".join(self.conditions))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<{self.verdict} ({self.evidence.stage})>"
