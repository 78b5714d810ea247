"""Lines as rows of strings: formulas, left-hand sides and reasons written in one form and one notation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.lang.latex import latex
from closedform.lang.text import text
from closedform.lang.unicode import unicode
from closedform.page.lines import DERIVATIVE, FUNCTION, READ, START, Left, Line
from closedform.page.notation import FROBENIUS, TRACE, colons, with_colons
from closedform.page.reason import parts
from closedform.page.wording import Latex, Text, Unicode, Wording

PRINTERS: dict[str, Callable[[Expr], str]] = {"text": text, "unicode": unicode, "latex": latex}
WORDINGS: dict[str, type[Wording]] = {"text": Text, "unicode": Unicode, "latex": Latex}


class Formula(str):
    """A formula within a reason."""

    __slots__ = ()


Reason = tuple[str, ...]
"""Words and formulas in turn; the formulas are of the class ``Formula``."""


@dataclass(frozen=True)
class Row:
    """One line of a page in writing: what is on the left, the formula, the names of the rules, the reason.

    ``names`` are pairs of a name and what it stands for.
    """

    relation: str
    left: str
    formula: str
    rules: tuple[str, ...] = ()
    reason: Reason = ()
    names: tuple[tuple[str, str], ...] = ()
    heading: str = ""


class Script:
    """How expressions and reasons are written: ``form`` is text, unicode or latex.

    ``known`` are the names that stand for themselves in reasons.
    """

    def __init__(self, form: str, notation: str = TRACE, known: frozenset[str] = frozenset()) -> None:
        self.form = form
        self.notation = notation
        self.known = known
        self.printer = PRINTERS[form]
        self.wording = WORDINGS[form](known)

    def formula(self, e: Expr) -> str:
        """An expression."""
        return with_colons(e, self.printer) if self.notation == FROBENIUS else self.printer(e)

    def name(self, name: str) -> str:
        """The name of an intermediate."""
        return self.printer(make("symbol", (), (name, ONE, ONE, 0, frozenset())))

    def left(self, left: Left | None) -> str:
        """What stands before a relation: f, df, df/dx."""
        if left is None:
            return ""
        f, x = left.function, left.variable
        if left.what == FUNCTION:
            return self.printer(f)
        if left.what != DERIVATIVE or x is None:
            moved = make("tangent", (), (f.params[0], f.rows, f.cols))
            return self.printer(make("vec", (moved,)) if left.stacked else moved)
        above, below = self.name(f.params[0]), self.printer(x)
        stacked = not (f.is_scalar or x.is_scalar or x.is_column)
        if self.form == "latex":
            vec = r"\operatorname{vec} "
            above, below = (vec if left.stacked else "") + above, (vec if stacked else "") + below
            return rf"\frac{{\partial {above}}}{{\partial {below}}}"
        d = "d" if self.form == "text" else "∂"
        above, below = f"vec({above})" if left.stacked else above, f"vec({below})" if stacked else below
        return f"{d}{above}/{d}{below}"

    def reason(self, because: str) -> Reason:
        """The words and formulas of a reason."""
        if self.form == "text" and self.notation == TRACE:
            return (because,)
        out: list[str] = []
        for part in parts(because, self.known):
            if isinstance(part, str):
                out.append(part)
            else:
                out.append(Formula(self.wording.written(colons(part) if self.notation == FROBENIUS else part)))
        return tuple(out)

    def rows(self, lines: Iterable[Line]) -> list[Row]:
        """The lines in writing; one that reads as the one before is a part of that one's step."""
        out: list[Row] = []
        for line in lines:
            row = Row(
                line.relation, self.left(line.left), self.formula(line.formula),
                tuple(line.rule.split("+")) if line.rule else (), self.reason(line.because) if line.because else (),
                tuple((self.name(name), self.formula(meaning)) for name, meaning in line.names), line.heading,
            )  # fmt: skip
            if out and line.relation != START and not row.left and out[-1].formula == row.formula:
                out[-1] = _joined(out[-1], row)
            else:
                out.append(row)
        return out


def _joined(row: Row, more: Row) -> Row:
    """One row for two that read the same; what is read off needs no other reason."""
    names = (*row.names, *more.names)
    if row.relation == READ:
        return replace(row, names=names)
    rules = (*row.rules, *(rule for rule in more.rules if rule not in row.rules))
    joint = ("; ",) if row.reason and more.reason else ()
    return replace(row, rules=rules, reason=(*row.reason, *joint, *more.reason), names=names)


def stages(rows: Iterable[Row]) -> list[list[Row]]:
    """The rows of each differentiation."""
    out: list[list[Row]] = []
    for row in rows:
        if row.relation == START or not out:
            out.append([])
        out[-1].append(row)
    return out
