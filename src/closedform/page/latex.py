r"""A derivation as a page in LaTeX: one ``align*`` for each differentiation.  It needs amsmath, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from closedform.page.breaking import broken_latex, visible
from closedform.page.lines import READ
from closedform.page.script import Formula, Reason, Row, stages

WIDE = 78
"""Formulas wider than this are broken, counted in visible characters."""
BESIDE = 92
"""A reason stands to the right where it and its formula are together at most so wide, else below."""
SENTENCE = 72
"""Reasons wider than this are broken."""

ESCAPES = str.maketrans({
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
})  # fmt: skip
"""Characters that mean something to TeX, as they are written in text."""


def page(rows: Iterable[Row]) -> str:
    """The page."""
    out = []
    for stage in stages(rows):
        if stage[0].heading:
            heading = escaped(stage[0].heading)
            out.append(heading[0].upper() + heading[1:] + ".")
        body = " \\\\\n".join(line for row in stage for line in _lines(row))
        out.append(f"\\begin{{align*}}\n{body}\n\\end{{align*}}")
    return "\n".join(out)


def escaped(words: str) -> str:
    r"""Words as they are written in text.

    >>> escaped("50% of d_x & more")
    '50\\% of d\\_x \\& more'
    """
    return words.translate(ESCAPES)


def sentence(reason: Reason) -> str:
    r"""A reason in mathematics, its words within ``\text``.

    >>> sentence(("with ", Formula("p = 1"), " where it is largest"))
    '\\text{with }p = 1\\text{ where it is largest}'
    """
    return "".join(part if isinstance(part, Formula) else rf"\text{{{escaped(part)}}}" for part in reason if part)


def _lines(row: Row) -> Iterator[str]:
    """The rows of the display that a line takes."""
    left = rf"\Longrightarrow\quad {row.left}" if row.relation == READ else row.left
    first, *more = broken_latex(row.formula, WIDE)
    start = f"{left} &= ".lstrip() if row.left or row.rules else f"{left} & ".lstrip()
    yield from _with_reason([start + first, *(rf"&\quad {piece}" for piece in more)], row)
    for name, meaning in row.names:
        first, *more = broken_latex(meaning, WIDE)
        yield rf"&\qquad \text{{with }} {name} = {first}"
        yield from (rf"&\qquad\quad {piece}" for piece in more)


def _with_reason(lines: list[str], row: Row) -> list[str]:
    if not row.rules:
        return lines
    first, *rest = row.reason or ("",)
    rule = f"[{'+'.join(row.rules)}] "
    reason = (rule, first, *rest) if isinstance(first, Formula) else (rule + first, *rest)
    pieces = split(reason)
    if len(pieces) == 1 and visible(lines[-1]) + sum(map(_wide, reason)) <= BESIDE:
        return [*lines[:-1], f"{lines[-1]} && {sentence(reason)}"]
    return [*lines, *(rf"&\qquad {sentence(piece)}" for piece in pieces)]


def _wide(part: str) -> int:
    return visible(part) if isinstance(part, Formula) else len(part)


def split(reason: Reason) -> list[Reason]:
    """A long reason in pieces, cut between its words and formulas."""
    out: list[list[str]] = [[]]
    width = 0
    for part in reason:
        words = [part] if isinstance(part, Formula) else [word + " " for word in part.split(" ")[:-1]] + part.split(" ")[-1:]
        for word in words:
            if width + _wide(word) > SENTENCE and out[-1]:
                out.append([])
                width = 0
            width += _wide(word)
            last = out[-1][-1] if out[-1] else None
            if last is not None and not isinstance(last, Formula) and not isinstance(word, Formula):
                out[-1][-1] = last + word
            elif word:
                out[-1].append(word)
    return [tuple(piece) for piece in out]
