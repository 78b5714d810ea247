"""Where a long formula is broken: before a plus or minus, as far outside of brackets as it goes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

DEEPEST = 6
"""Formulas are not broken further inside brackets than this."""

FACTOR = 2
"""A place between factors is worth that many brackets more than one between terms."""

LONGEST_SIGN = 16
"""Characters in LaTeX that one visible character takes, at most."""

_COMMAND = re.compile(r"\\[A-Za-z]+|\\.|[{}_^&]")
_PAIR = re.compile(
    r"\\left(?:\\[a-zA-Z]+|\\.|.)|\\right(?:\\[a-zA-Z]+|\\.|.)|\\begin\{\w+\}|\\end\{\w+\}|\\.|[{}]"
    r"| (?:[+-]|\\o(?:dot|times|slash)) "
)


def broken(formula: str, width: int) -> list[str]:
    """The pieces of a formula in plain characters, each at most so wide where that can be had.

    >>> broken("A*x + (b - c)*y - z", 12)
    ['A*x', '+ (b - c)*y', '- z']
    """
    out, rest = [], formula
    while len(rest) > width:
        best = _chosen(_places(rest), width, 4)
        if best is None:
            break
        out.append(rest[: best[1]].rstrip())
        rest = rest[best[1] :].lstrip()
    return [*out, rest]


def _chosen(places: Iterable[tuple[int, int]], width: int, least: int) -> tuple[int, int] | None:
    """Of places (depth, column) the last of the outermost ones within the width; the first one beyond where there is none."""
    best: tuple[int, int] | None = None
    for depth, at in places:
        if at > width:
            return best or (depth, at)
        if at >= least and (best is None or depth <= best[0]):
            best = depth, at
    return best


def _places(formula: str) -> Iterator[tuple[int, int]]:
    """Each place before a sign between two terms, or after one between two factors: how much it is inside, and where it is."""
    depth = 0
    for at, ch in enumerate(formula):
        if ch in "([{":
            depth += 1
        elif ch in ")]}":
            depth -= 1
        elif ch in "+-" and depth <= DEEPEST and 0 < at < len(formula) - 1 and formula[at - 1] == formula[at + 1] == " ":
            yield depth, at
        elif ch == "*" and depth <= DEEPEST and at < len(formula) - 1:
            yield depth + FACTOR, at + 1
        elif ch in "⊙⊘⊗" and depth <= DEEPEST:
            yield depth + FACTOR, at


def visible(formula: str) -> int:
    r"""About how many characters wide a formula in LaTeX is.

    >>> visible(r"\operatorname{tr}\left(A^{\top} B\right)")
    7
    """
    plain = re.sub(r"\\(?:left|right|operatorname|mathrm|mathbf|text|begin|end)\b", "", formula)
    return len(_COMMAND.sub(_width, plain).replace(" ", ""))


def _width(match: re.Match[str]) -> str:
    command = match.group()
    return "" if command in "{}_^&" else "fun" if command in (r"\log", r"\det", r"\exp", r"\tanh") else "x"


def broken_latex(formula: str, width: int) -> list[str]:
    r"""The pieces of a formula in LaTeX; brackets that are open at a break are closed and opened by \right. and \left.

    >>> broken_latex(r"\left(A + B\right) x + \frac{a + b}{c}", 6)
    ['\\left(A + B\\right) x', '+ \\frac{a + b}{c}']
    >>> broken_latex(r"\left(A + B - C\right) x", 5)
    ['\\left(A + B\\right.', '\\left. - C\\right) x']
    """
    out: list[str] = []
    rest = formula
    while visible(rest[: LONGEST_SIGN * width]) > width:
        places = {column: (inside, opened, at) for column, inside, opened, at in _latex_places(rest, width)}
        best = _chosen(((inside, column) for column, (inside, _, _) in places.items()), width, 3)
        if best is None:
            break
        _, opened, at = places[best[1]]
        out.append(rest[:at].rstrip() + r"\right." * opened)
        rest = r"\left. " * opened + rest[at:].lstrip()
    return [*out, rest]


def _latex_places(formula: str, width: int) -> Iterator[tuple[int, int, int, int]]:
    r"""Each place before a sign, outside of braces: its visible column, how much it is inside, how many \left are open
    there, and where it is.  The last one is the first beyond the width.
    """
    opened = braces = column = last = 0
    for hit in _PAIR.finditer(formula):
        mark = hit.group()
        if mark.startswith(r"\left"):
            opened += 1
        elif mark.startswith(r"\right"):
            opened -= 1
        elif mark == "{" or mark.startswith(r"\begin"):
            braces += 1
        elif mark == "}" or mark.startswith(r"\end"):
            braces -= 1
        elif mark[0] == " " and not braces and hit.start() > 0 and not formula[: hit.start()].endswith(r"\left."):
            column += visible(formula[last : hit.start()])
            last = hit.start()
            yield column, opened + FACTOR * (len(mark) > 3), opened, last + 1
            if column > width:
                return
