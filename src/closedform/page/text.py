"""A derivation as a page of text, in the language or with mathematical characters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from closedform.page.breaking import broken
from closedform.page.lines import READ, REWRITE
from closedform.page.script import Row, stages

WIDE = 110
"""Columns of a formula."""
WIDEST = 118
"""Columns of a page, with the reasons."""
MARGIN = 32
"""The column of the reasons is at least this far to the right."""
FAR = 64
"""... and at most this far; reasons of longer formulas stand below them, and all of them do where most would."""
GAP = 2
LEAST = 34
"""A reason to the right has at least so many columns."""


def page(rows: Iterable[Row]) -> str:
    """The rows one below the other, reasons on the right."""
    parts = [list(_laid_out(stage)) for stage in stages(rows)]
    ends = [len(formula[-1]) + GAP for part in parts for formula, reason in part if reason]
    near = [end for end in ends if end <= FAR]
    column = max([MARGIN, *near]) if 2 * len(near) >= len(ends) else 0
    return "\n\n".join("\n".join(line for piece in part for line in _placed(*piece, column)) for part in parts)


def _laid_out(rows: list[Row]) -> Iterator[tuple[list[str], str]]:
    """The lines of each formula and the reason that belongs to it."""
    width = max((len(row.left) for row in rows if row.relation != READ), default=0)
    sign = width
    for row in rows:
        if row.heading:
            yield [row.heading], ""
        if row.relation == READ:
            start = f"=> {row.left} = " if row.left else "=> "
            sign = len(start) - 2 if row.left else width
        elif row.relation == REWRITE:
            start = " " * sign + "= "
        elif row.left or row.rules:
            start = f"{row.left:>{width}} = "
        else:
            start = ""
        reason = f"[{'+'.join(row.rules)}] {''.join(row.reason)}" if row.rules else ""
        yield _hanging(start, row.formula), reason
        for name, meaning in row.names:
            yield _hanging(" " * (width + 3) + f"with {name} = ", meaning), ""


def _hanging(start: str, formula: str) -> list[str]:
    """A formula after what stands before it; what does not fit goes on below, further in."""
    first, *more = broken(formula, max(WIDE - len(start) - 2, 40))
    return [start + first, *(" " * (len(start) + 2) + piece for piece in more)]


def _placed(formula: list[str], reason: str, column: int) -> Iterator[str]:
    """The formula with its reason to the right, or below where it is too long."""
    *before, last = formula
    yield from before
    if not reason:
        yield last
    elif len(last) + GAP <= column and _fits(reason, WIDEST - column):
        first, *more = wrap(reason, WIDEST - column, break_long_words=False, break_on_hyphens=False)
        yield f"{last:<{column}}{first}"
        yield from (" " * (column + 2) + line for line in more)
    else:
        yield last
        indent = " " * 8
        yield from wrap(reason, WIDE, initial_indent=indent, subsequent_indent=indent + "  ",
                        break_long_words=False, break_on_hyphens=False)  # fmt: skip


def _fits(reason: str, width: int) -> bool:
    """Does the reason fit to the right, in one line or two?"""
    return width >= LEAST and max(map(len, reason.split())) <= width - 2 and len(reason) <= 2 * width - 10
