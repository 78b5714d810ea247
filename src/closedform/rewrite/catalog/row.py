"""What a rewrite rule states."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A rule: ``left`` becomes ``right`` under ``given``; ``counter`` (under ``unless``) must not trigger it."""

    name: str
    left: str
    right: str
    because: str
    given: str = ""
    counter: str = ""
    """An expression that looks alike and must be left alone; every rule has one."""
    unless: str = ""
