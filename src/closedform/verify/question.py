"""What a certificate answers, and where the referee may look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from closedform.core.expr import Expr


@dataclass(frozen=True)
class Question:
    """What was asked, what was answered, and in which conventions."""

    original: Expr
    wrt: tuple[Expr, ...]
    answer: Expr
    layout: str = "mixed"
    structure: str = "projected"


class Candidate(NamedTuple):
    """Where the referee may look: sizes, and the values of the symbols by name."""

    sizes: dict[str, int]
    env: Mapping[str, Any]
