"""A derivation as a piece of HTML: one table, one row a line, no styles and no scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from closedform.calculus.step import NAMES
from closedform.page.lines import READ
from closedform.page.script import Formula, Reason, Row, stages
from closedform.rewrite.catalog import ROWS

RULES = "docs/rules.md"
"""The page on which each rule of the catalogue has its anchor."""
STEPS = "docs/derivations.md"
"""The page that explains the other steps."""


def page(rows: Iterable[Row]) -> str:
    """The page."""
    bodies = ["".join(f"{line}\n" for line in _body(stage)) for stage in stages(rows)]
    tables = "".join(f"<tbody>\n{body}</tbody>\n" for body in bodies)
    return f'<table class="closedform-derivation">\n{tables}</table>'


def _body(stage: list[Row]) -> Iterator[str]:
    if stage[0].heading:
        heading = escape(stage[0].heading)
        yield f'<tr class="heading"><th colspan="4" scope="rowgroup">{heading[0].upper()}{heading[1:]}</th></tr>'
    for row in stage:
        sign = "⟹" if row.relation == READ else ""
        left = f'<td class="left">{sign}{" " if sign and row.left else ""}{_formula(row.left)}</td>'
        equals = "=" if row.left or row.rules else ""
        reason = f"{', '.join(map(link, row.rules))} {sentence(row.reason)}" if row.rules else ""
        yield (
            f'<tr class="{row.relation}">{left}<td class="relation">{equals}</td>'
            f'<td class="formula">{_formula(row.formula)}</td><td class="reason">{reason}</td></tr>'
        )
        for name, meaning in row.names:
            yield (
                f'<tr class="name"><td class="left"></td><td class="relation"></td><td class="formula" colspan="2">with '
                f"{_formula(name)} = {_formula(meaning)}</td></tr>"
            )


def _formula(text: str) -> str:
    return f'<span class="math">{escape(text)}</span>' if text else ""


def sentence(reason: Reason) -> str:
    """A reason, its formulas marked."""
    return "".join(_formula(part) if isinstance(part, Formula) else escape(part) for part in reason)


def link(rule: str) -> str:
    """The name of a rule, with what it says as its title and a link to where it is explained.

    >>> link("collect")
    '<a class="rule" href="docs/rules.md#collect" title="like terms add">collect</a>'
    """
    said = {row.name: row.because for row in ROWS}
    if rule in said:
        place, title = f"{RULES}#{rule}", said[rule]
    elif rule in NAMES:
        place, title = f"{STEPS}#names-of-steps", NAMES[rule]
    else:
        place, title = f"{STEPS}#the-differential", "a rule of the differential"
    return f'<a class="rule" href="{escape(place)}" title="{escape(title, quote=True)}">{escape(rule)}</a>'
