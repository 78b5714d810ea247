"""A derivation as a page of text, in the language or with mathematical characters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.page.lines import READ, START, Line

WIDE = 64
"""Reasons stand to the right of formulas up to this long, else on a line of their own."""
MARGIN = 40
"""The column of the reasons is at least this far to the right."""


def page(listed: Sequence[Line], written: Callable[[Expr], str]) -> str:
    """The lines one below the other, reasons on the right."""
    rows: list[tuple[str, str]] = []
    for line in listed:
        formula = written(line.formula)
        if line.relation == START:
            if rows:
                rows.append(("", ""))
            rows.append((formula, ""))
        elif line.relation == READ:
            rows.append((f"=> {formula}", f"[{line.rule}] {line.because}"))
        else:
            rows.append((f"   = {formula}", f"[{line.rule}] {line.because}"))
        for name, meaning in line.names:
            rows.append((f"     with {written_name(name, written)} = {written(meaning)}", ""))
    column = max([MARGIN, *(len(left) + 3 for left, right in rows if right and len(left) <= WIDE)])
    out: list[str] = []
    for left, right in rows:
        if right and len(left) > WIDE:
            out += [left, " " * 7 + right]
        else:
            out.append(f"{left:<{column}}{right}".rstrip())
    return "\n".join(out)


def written_name(name: str, written: Callable[[Expr], str]) -> str:
    """A name as the printer writes it."""
    return written(make("symbol", (), (name, ONE, ONE, 0, frozenset())))
