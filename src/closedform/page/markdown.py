"""A derivation as a page in Markdown: formulas between dollar signs, and a table with the rule and reason of each line."""

from __future__ import annotations

from collections.abc import Iterable

from closedform.page.breaking import broken_latex
from closedform.page.latex import WIDE
from closedform.page.lines import READ
from closedform.page.script import Formula, Reason, Row, stages

MARKS = r"\`*_{}[]<>#|$~"
"""Characters that mean something to Markdown."""


def page(rows: Iterable[Row]) -> str:
    """The page."""
    out: list[str] = []
    number = 0
    for stage in stages(rows):
        if stage[0].heading:
            heading = escaped(stage[0].heading)
            out += [f"**{heading[0].upper()}{heading[1:]}**", ""]
        shown: list[str] = []
        table: list[str] = []
        for row in stage:
            number += bool(row.rules)
            shown += _lines(row, number)
            if row.rules:
                names = ", ".join(f"`{name}`" for name in row.rules)
                table.append(f"| ({number}) | {names} | {sentence(row.reason)} |")
        body = " \\\\\n".join(shown)
        out += ["$$", rf"\begin{{aligned}}{chr(10)}{body}{chr(10)}\end{{aligned}}", "$$", ""]
        if table:
            out += ["| | rule | reason |", "|---:|---|---|", *table, ""]
    return "\n".join(out).rstrip()


def escaped(words: str) -> str:
    r"""Words that Markdown leaves as they are.

    >>> escaped("a_i * b")
    'a\\_i \\* b'
    """
    return "".join("\\" + ch if ch in MARKS else ch for ch in words)


def sentence(reason: Reason) -> str:
    """A reason with its formulas between dollar signs."""
    return "".join(f"${part}$" if isinstance(part, Formula) else escaped(part) for part in reason)


def _lines(row: Row, number: int) -> list[str]:
    """The rows of the display, the last of them numbered."""
    left = rf"\Longrightarrow\quad {row.left}" if row.relation == READ else row.left
    first, *more = broken_latex(row.formula, WIDE)
    out = [f"{left} &= {first}".lstrip() if row.left or row.rules else f"& {first}", *(rf"&\quad {piece}" for piece in more)]
    if row.rules:
        out[-1] += rf" && ({number})"
    for name, meaning in row.names:
        first, *more = broken_latex(meaning, WIDE)
        out += [rf"&\qquad \text{{with }} {name} = {first}", *(rf"&\qquad\quad {piece}" for piece in more)]
    return out
