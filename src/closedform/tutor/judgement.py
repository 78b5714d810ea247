"""What the referee says of an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from closedform.calculus.step import Step

VERDICTS = ("right", "other layout", "other convention", "right only if", "wrong", "ill-shaped")


@dataclass(frozen=True)
class Witness:
    """A point at which an answer and the derivative differ, from which anyone can repeat it.

    ``entry`` counts from 1; ``answer`` and ``derivative`` are the two values there; ``values`` holds every name's value.
    """

    sizes: Mapping[str, int]
    seed: int
    entry: tuple[int, int]
    answer: float
    derivative: float
    values: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    again: Callable[[], tuple[float, float]] | None = field(default=None, repr=False, compare=False)

    def replay(self) -> bool:
        """Evaluate both again: do they still differ?"""
        if self.again is None:
            return False
        left, right = self.again()
        return abs(left - right) > 1e-9 * max(abs(left), abs(right))

    def __str__(self) -> str:
        sizes = ", ".join(f"{name}={size}" for name, size in self.sizes.items())
        where = ", ".join(p for p in (sizes, f"seed {self.seed}") if p)
        i, j = self.entry
        return f"{where}: entry {i},{j} is {self.answer:.6g}, and that of the derivative {self.derivative:.6g}"


@dataclass(frozen=True)
class Judgement:
    """The verdict on an answer, with what is wrong with it and where.

    ``verdict`` is "right", "other layout", "other convention", "right only if", "wrong" or "ill-shaped".  ``slip`` is
    the name of the mistake, None where none is known; ``slips`` all those that would explain the answer equally well.
    ``assumption`` is what would make it right.  ``where`` are columns in the text of the answer (start, end), counted from 0,
    the end excluded.  ``witness`` is a point at which the two differ.
    """

    verdict: str
    explanation: str
    expression: str
    wrt: tuple[str, ...]
    answer: str
    derivative: str
    """The true derivative as text; empty where there is none in closed form."""
    slip: str | None = None
    slips: tuple[str, ...] = ()
    assumption: str | None = None
    where: tuple[int, int] | None = None
    witness: Witness | None = None
    suggestion: str | None = None
    """The answer with the mistake mended, where that is known."""
    layout: str = "mixed"
    structure: str = "projected"
    parting: Callable[[], Step | None] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def step(self) -> Step | None:
        """The step of the derivation at which the two part; None where that is not known."""
        return None if self.parting is None else self.parting()

    @property
    def right(self) -> bool:
        """Does it answer the question as asked?"""
        return self.verdict == "right"

    def replay(self) -> bool:
        """Evaluate at the witness again: does the difference show?  False without a witness."""
        return self.witness is not None and self.witness.replay()

    def __bool__(self) -> bool:
        raise TypeError("a judgement has no truth value: read .verdict or .right")

    def __repr__(self) -> str:
        return f"<{self.verdict}{f': {self.slip}' if self.slip else ''}>"

    def headline(self) -> str:
        """The verdict in one line."""
        if self.verdict == "right only if" and self.assumption:
            return f"right only if {self.assumption}"
        return f"{self.verdict}: {self.slip}" if self.slip else self.verdict

    def rows(self) -> list[tuple[str, str]]:
        """What is said of the answer, as pairs (label, text)."""
        out = [("because", self.explanation), ("answer", self.answer)]
        if self.where is not None and self.where[1] - self.where[0] < len(self.answer.strip()):
            out.append(("", " " * self.where[0] + "^" * max(1, self.where[1] - self.where[0])))
        if self.suggestion:
            out.append(("instead", self.suggestion))
        if self.derivative and not self.right:
            out.append(("derivative", self.derivative))
        if self.step is not None:
            out.append(("parts at", f"[{self.step.rule}] {self.step.because}"))
        if self.witness is not None:
            out.append(("witness", str(self.witness)))
        return out

    def __str__(self) -> str:
        rows = self.rows()
        width = max(len(label) for label, _ in rows)
        return "\n".join([self.headline(), *(f"  {label:{width}}  {text}".rstrip() for label, text in rows)])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        listed = "\n".join(f"- **{label}** {text}" for label, text in self.rows() if label)
        return {"text/plain": str(self), "text/markdown": f"**{self.headline()}**\n\n{listed}"}


@dataclass(frozen=True)
class LineJudgement:
    """The verdict on a derivation: "right", "unfinished" (no derivative is read off), or that on the first bad line.

    ``line`` counts from 1, ``where`` are columns in that line; ``lines`` has every line that was looked at, with what was
    found.  ``answer`` is the judgement on the derivative that was read off, where it comes to that.
    """

    verdict: str
    explanation: str
    lines: tuple[tuple[int, str, str], ...]
    line: int | None = None
    text: str = ""
    where: tuple[int, int] | None = None
    slip: str | None = None
    slips: tuple[str, ...] = ()
    witness: Witness | None = None
    answer: Judgement | None = None

    @property
    def right(self) -> bool:
        """Does every line follow, and is the last one the derivative?"""
        return self.verdict == "right"

    def __bool__(self) -> bool:
        raise TypeError("a judgement has no truth value: read .verdict or .right")

    def headline(self) -> str:
        """The verdict in one line."""
        place = f" in line {self.line}" if self.line is not None else ""
        return f"{self.verdict}{place}" + (f": {self.slip}" if self.slip else "")

    def rows(self) -> list[tuple[str, str]]:
        """What is said of the derivation, as pairs (label, text)."""
        out = [(f"line {number}", f"{text}   [{said}]") for number, text, said in self.lines]
        out.append(("because", self.explanation))
        if self.answer is not None and not self.answer.right and self.answer.derivative:
            out.append(("derivative", self.answer.derivative))
        if self.witness is not None:
            out.append(("witness", str(self.witness).replace("that of the derivative", "it should be")))
        return out

    def __str__(self) -> str:
        rows = self.rows()
        width = max(len(label) for label, _ in rows)
        return "\n".join([self.headline(), *(f"  {label:{width}}  {text}".rstrip() for label, text in rows)])
