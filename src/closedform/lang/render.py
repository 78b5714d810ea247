"""What the printers share: strings that join in linear time, brackets, numbers, names, templates, and the walk itself.

A printer is a table of rules, one for each operation that has a syntax of its own, and a rule for all the others.  A rule
sees a node whose arguments are already written and returns its text together with how tightly that text binds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from functools import cache
from typing import NamedTuple, TypeAlias

from closedform.core.bound import indices, lettered, nesting
from closedform.core.dim import ONE, Dim
from closedform.core.errors import Refusal
from closedform.core.expr import Expr
from closedform.core.limits import limits, said, tick
from closedform.core.op import Op
from closedform.core.walk import postorder, tree_size
from closedform.lang.precedence import ATOM, LOWEST
from closedform.lang.tokens import GREEK

LONGEST_NUMBER = 3_600
"""The longest number that is printed, in decimal digits."""

LONG = 4_096
"""Strings longer than this are kept in pieces, so that deep expressions are not copied at every level."""

Piece: TypeAlias = "str | tuple[Piece, ...]"
"""A text, perhaps still in pieces."""

Printed = tuple[Piece, int]
"""A text and its binding power."""

Rule = Callable[["Page", Expr], Printed]


_declared: ContextVar[frozenset[str]] = ContextVar("closedform declared names", default=frozenset())


@contextmanager
def declared(names: Iterable[str]) -> Iterator[None]:
    """A block in which everything is printed for readers to whom these names are declared, whether they occur or not.

    >>> from closedform.core.op import f
    >>> with declared(["K"]):
    ...     print(f.commutation(Dim.of("m"), Dim.of("n")))
    commutation(m, n)
    """
    mark = _declared.set(_declared.get().union(names))
    try:
        yield
    finally:
        _declared.reset(mark)


class Page:
    """One printing: what is written already, which names are taken, and the intermediates met so far."""

    __slots__ = ("_taken", "done", "given", "lets", "nodes")

    def __init__(self, nodes: list[Expr], given: frozenset[str]) -> None:
        self.nodes = nodes
        self.given = given
        """Names that are declared although they need not occur."""
        self.done: dict[Expr, Printed] = {}
        self.lets: dict[str, Piece] = {}
        self._taken: frozenset[str] | None = None

    @property
    def taken(self) -> frozenset[str]:
        """The names of the variables and sizes, and the declared ones."""
        if self._taken is None:
            self._taken = self.given.union(names(self.nodes))
        return self._taken

    def free(self, name: str) -> bool:
        """Does no variable, size or intermediate have this name?"""
        return name not in self.taken and not any(n.op.name == "named" and n.params[-1] == name for n in self.nodes)

    def intermediate(self, node: Expr) -> str | None:
        """The name of an intermediate, noted at its first use; None when the name means something else here."""
        name: str = node.params[-1]
        if name in self.lets or name in self.taken:
            return None
        self.lets[name] = self.done[node.args[0]][0]
        return name


def layout(e: Expr, rules: Mapping[str, Rule], other: Rule, given: Iterable[str] = ()) -> Page:
    """Write every node below an expression, arguments first; Refusal when it is too large to be written out."""
    given = _declared.get().union(given)
    nodes = postorder(e)
    most = limits.written
    if most is not None and tree_size(e) > most:
        _refuse_larger(nodes, most)
    root = e
    if nesting(e) or indices(e):
        e = lettered(e, names(nodes).union(given, (n.params[-1] for n in nodes if n.op.name == "named")))
        nodes = postorder(e)
    page = Page(nodes, given)
    done, find = page.done, rules.get
    for node in nodes:
        tick(1 + len(node.args) // 2)
        done[node] = find(node.op.name, other)(page, node)
    done[root] = done[e]
    return page


def names(nodes: Iterable[Expr]) -> frozenset[str]:
    """The names of variables and sizes in nodes."""
    found = {n.params[0] for n in nodes if n.op.name in ("symbol", "family")}
    sizes = {part for n in nodes for part in n.params if isinstance(part, Dim)}
    return frozenset(found).union(*(d.names for d in sizes))


def _refuse_larger(nodes: list[Expr], most: int) -> None:
    sizes: dict[Expr, int] = {}
    written = 0
    for node in nodes:
        size = min(most, sum(sizes[a] for a in node.args)) + 1
        if node.op.name == "named":
            written, size = written + size, 1
        sizes[node] = size
    if written + sizes[nodes[-1]] > most:
        raise Refusal(
            said("written", f"the expression is too long to be written out: it has more than {most:,} terms and factors")
        )


# ---- text in pieces -----------------------------------------------------------------------------------------------
def cat(*parts: Piece) -> Piece:
    """The parts one after the other, joined at once when they are short."""
    for part in parts:
        if type(part) is not str or len(part) > LONG:
            return parts
    return "".join(parts)  # type: ignore[arg-type]


def flatten(piece: Piece) -> str:
    """The whole text."""
    if isinstance(piece, str):
        return piece
    out: list[str] = []
    stack: list[Piece] = [piece]
    while stack:
        top = stack.pop()
        if isinstance(top, str):
            out.append(top)
        else:
            stack.extend(reversed(top))
    return "".join(out)


def leads_with(piece: Piece, start: str) -> bool:
    """Does the text begin so?"""
    while not isinstance(piece, str):
        piece = piece[0]
    return piece.startswith(start)


def joined(separator: str, parts: Iterable[Piece]) -> Piece:
    """The parts with a separator between them."""
    listed = list(parts)
    if all(isinstance(part, str) for part in listed):
        return separator.join(listed)  # type: ignore[arg-type]
    out: list[Piece] = []
    for part in listed:
        out.extend((separator, part))
    return cat(*out[1:])


# ---- numbers and powers -------------------------------------------------------------------------------------------
def number(e: Expr) -> Fraction | None:
    """The value of a number, None for anything else."""
    return e.params[0] if e.op.name == "number" else None


def integer_text(value: int) -> str:
    """The digits; Refusal when there are too many."""
    if value.bit_length() * 3 > LONGEST_NUMBER * 10:
        raise Refusal(f"print: a number has more than {LONGEST_NUMBER} digits")
    return str(value)


def decimal(value: Fraction) -> str | None:
    """The decimal form of a fraction, where it is exact, short, and what people write (not 0.5 for 1/2); else None.

    >>> decimal(Fraction(1, 20)), decimal(Fraction(1, 2)), decimal(Fraction(1, 30))
    ('0.05', None, None)
    """
    bottom, twos, fives = value.denominator, 0, 0
    if bottom < 10 or max(bottom, abs(value.numerator)) > 10**15:
        return None
    while bottom % 2 == 0:
        bottom, twos = bottom // 2, twos + 1
    while bottom % 5 == 0:
        bottom, fives = bottom // 5, fives + 1
    places = max(twos, fives)
    if bottom != 1 or places > 12:
        return None
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def reciprocal(e: Expr, op: str) -> tuple[Expr, int] | None:
    """(b, k) for the power b^-k with a whole k > 0, of the operation ``pow`` or ``entrypow``; else None."""
    if e.op.name != op:
        return None
    base, exponent = e.args
    k = number(exponent)
    if k is None or k >= 0 or k.denominator != 1 or number(base) is not None:
        return None
    return base, -int(k)


def divisor(e: Expr, op: str) -> Expr | None:
    """b for the power b^-1 of the operation ``pow`` or ``entrypow``; else None."""
    if e.op.name != op or number(e.args[1]) != -1 or number(e.args[0]) is not None:
        return None
    return e.args[0]


class Quotient(NamedTuple):
    """A product as people write it: a number over ``front``, times the fraction of ``over`` by ``bottom`` and ``under``."""

    negative: bool
    lead: Fraction
    """The number in front, without its sign."""
    front: list[tuple[Expr, int]]
    """Powers (b, k) that the number in front is divided by."""
    over: list[Expr]
    """The other factors in their order."""
    bottom: int
    under: list[tuple[Expr, int]]
    """Powers (b, k) below the line."""


def quotient(factors: tuple[Expr, ...]) -> Quotient:
    """Sort the factors of a product: scalar denominators move, everything else keeps its place."""
    lead, bottom = Fraction(1), 1
    front: list[tuple[Expr, int]] = []
    over: list[Expr] = []
    under: list[tuple[Expr, int]] = []
    for g in factors:
        value, below = number(g), reciprocal(g, "pow")
        if value is not None and not over:
            lead *= value
        elif value is not None and value.numerator == 1:
            bottom *= value.denominator
        elif below is None:
            over.append(g)
        else:
            (under if over else front).append(below)
    return Quotient(lead < 0, abs(lead), front, over, bottom, under)


# ---- names --------------------------------------------------------------------------------------------------------
LETTERS = {name: letter for letter, name in reversed(list(GREEK.items()))}
"""Greek letters by their names."""

SHORT = {"commutation": "K", "duplication": "D", "elimination": "L"}
"""Operations with a one-letter name, used where the letter is free."""


def word(page: Page, op: Op) -> str:
    """The function name of an operation, the short one where the letter is not taken."""
    short = SHORT.get(op.name)
    return short if short is not None and page.free(short) else op.word or op.name


# ---- entries ------------------------------------------------------------------------------------------------------
def slices(e: Expr, size: Callable[[Dim], str]) -> list[str]:
    """The places inside the brackets of an index node: one for a vector, two for a matrix."""
    inside = e.args[0]
    r, s, c, d = e.params
    if inside.cols is ONE:
        return [_span(r, s, size)]
    if inside.rows is ONE:
        return [_span(c, d, size)]
    return [
        ":" if low is ONE and high is count else _span(low, high, size)
        for low, high, count in ((r, s, inside.rows), (c, d, inside.cols))
    ]


def _span(low: Dim, high: Dim, size: Callable[[Dim], str]) -> str:
    return size(low) if low is high else f"{size(low)}:{size(high)}"


# ---- templates ----------------------------------------------------------------------------------------------------
OPENINGS = ("(", "|", "‖", "\\lvert", "\\lVert")


@cache
def template(text: str, slots: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """A template cut at its slots (texts and slot names in turn), and whether it holds together like a call or a norm.

    >>> template("log|det({A})|", ("A",))
    (('log|det(', 'A', ')|'), False)
    """
    parts = tuple(text.format(**{slot: f"\0{slot}\0" for slot in slots}).split("\0"))
    opened = sum(parts[0].count(mark) for mark in OPENINGS)
    return parts, bool(parts[0]) and bool(parts[-1]) and opened <= 1


def fill(
    page: Page,
    e: Expr,
    text: str,
    bracket: Callable[[Page, Expr, int], Piece],
    size: Callable[[Dim], str],
) -> tuple[Piece, bool]:
    """The template of a node with its arguments put in, and whether it holds together.

    A slot at either end of the template stands in the open, so what it takes is bracketed unless it is an atom.
    """
    op = e.op
    slots = (op.args or ()) + op.params
    parts, closed = template(text, slots)
    out: list[Piece] = []
    for i, part in enumerate(parts):
        if i % 2 == 0:
            out.append(part)
        elif part in op.params:
            value = e.params[op.params.index(part)]
            out.append(size(value) if isinstance(value, Dim) else str(value))
        else:
            inside = (i > 1 or bool(parts[0])) and (i < len(parts) - 2 or bool(parts[-1]))
            out.append(bracket(page, e.args[slots.index(part)], LOWEST if inside else ATOM))
    return cat(*out), closed
