"""The derivation of an answer: its steps, as a page in several forms, and a check of every line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from closedform.calculus.step import Step
from closedform.lang.text import text
from closedform.lang.unicode import unicode
from closedform.page.lines import Line, lines
from closedform.page.text import page


@dataclass(frozen=True)
class Derivation:
    """The steps of a derivation, in order.  ``str()`` is a readable page."""

    steps: tuple[Step, ...]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, at: int) -> Step:
        return self.steps[at]

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the page."""
        return lines(self.steps)

    def __str__(self) -> str:
        return page(self.lines, text)

    @cached_property
    def unicode(self) -> str:
        """The page with mathematical characters."""
        return page(self.lines, unicode)
