"""A derivation as it is written: lines with differentials, read into formulas.

``dX`` is the direction of the variable and ``d(e)`` the differential of e; both become names with values of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from closedform.calculus.step import unnamed
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, make
from closedform.lang.declare import Scope
from closedform.lang.tokens import Token, tokenize
from closedform.tutor.pieces import Pieces

FINAL = ("gradient", "grad", "jacobian", "hessian", "derivative", "answer", "nabla", "G", "J")
"""Left sides that stand for the derivative."""
ARROWS = ("=>", "⇒", "⟹")
HEAD = "="
"""Stands for the left side of a formula that is the left side of its line: it begins a new chain."""
NOTE = re.compile(r"(?:^\s*|\s{2,})\[[a-z][a-z0-9_+-]*\](?=\s|$)")
"""The name of a rule in square brackets, at the beginning of a line or behind a gap."""
FURTHER_IN = 2
"""A line that begins so much further in than the note above it continues that note."""
NOTHING: frozenset[str] = frozenset()


class Segment(NamedTuple):
    """A formula of a line: its line, its text with its first column, the name that stands left of it, is it the answer?"""

    line: int
    source: str
    start: int
    left: str
    final: bool

    @property
    def text(self) -> str:
        """The formula as it was written."""
        return self.source.strip()


@dataclass
class Reader:
    """Reads formulas with differentials: every differential becomes a symbol."""

    scope: Scope
    variable: Expr
    differentials: dict[Expr, Expr] = field(default_factory=dict)
    """What is differentiated, with the symbol that stands for its differential."""
    own: dict[str, Expr] = field(default_factory=dict)
    defined: dict[str, Expr] = field(default_factory=dict)
    """Names that the derivation gives to parts of the expression."""

    def __post_init__(self) -> None:
        for name, symbol in self.scope.symbols.items():
            if symbol.op.name == "symbol" and f"d{name}" not in self.scope.symbols and f"d{name}" not in self.scope.sizes:
                self.own[f"d{name}"] = self._symbol(f"d{name}", symbol)
                self.differentials[symbol] = self.own[f"d{name}"]

    def differential(self, e: Expr) -> Expr:
        """The symbol that stands for d(e)."""
        e = unnamed(e)
        if e not in self.differentials:
            taken = {*self.scope.symbols, *self.scope.sizes, *self.own}
            number = next(k for k in range(1, 10_000) if f"d{k}_" not in taken)
            self.own[f"d{number}_"] = self.differentials[e] = self._symbol(f"d{number}_", e)
        return self.differentials[e]

    def define(self, source: str) -> None:
        """Read ``Z = X*W``: Z is that from here on, and dZ its differential."""
        left, _, right = source.partition("=")
        name = left.strip()
        if not name.isidentifier() or name in self.scope.symbols or name in self.scope.sizes:
            raise InputError(f"{name!r} cannot be the name of an intermediate", source=source, column=0)
        pieces = Pieces(" " * (len(left) + 1) + right, self._scope({}))
        if pieces.misfit is not None:
            raise pieces.misfit.error.located(source, len(left) + 1)
        self.defined[name] = unnamed(pieces.expr)
        self.own[f"d{name}"] = self.differential(pieces.expr)

    def call(self, name: str, e: Expr, differential: Expr) -> None:
        """A name for the expression itself, if it is free."""
        if name.isidentifier() and name not in self.scope.symbols and name not in self.scope.sizes and name not in self.own:
            self.defined.setdefault(name, e)
            self.own.setdefault(f"d{name}", differential)

    def _scope(self, lets: Mapping[str, Expr]) -> Scope:
        own = {n: s for n, s in self.own.items() if n not in lets}
        return Scope({**self.scope.symbols, **self.defined, **own, **lets}, self.scope.sizes)

    def _symbol(self, name: str, like: Expr) -> Expr:
        return make("symbol", (), (name, like.rows, like.cols, 0 if like.is_scalar else 1 if like.is_column else 2, NOTHING))

    def read(self, source: str) -> Pieces:
        """The pieces of a formula; a misfit of shapes is left in them.  InputError for a text that is no formula."""
        plain, lets = self._without_differentials(source)
        pieces = Pieces(plain, self._scope(lets))
        pieces.source = source
        return pieces

    def _without_differentials(self, source: str) -> tuple[str, dict[str, Expr]]:
        """The text with a name in the place of each d(e), columns kept; and the differentials of what it names by let."""
        tokens = tokenize(source)
        out = source
        for at, token in enumerate(tokens):
            if token.text != "d" or token.kind != "name" or tokens[at + 1].text != "(":
                continue
            close = _close(tokens, at + 1, source)
            inner = source[tokens[at + 1].end : tokens[close].start]
            if any(t.text == "d" and u.text == "(" for t, u in zip(tokens[at + 2 : close], tokens[at + 3 : close], strict=False)):
                raise Refusal("second differentials are not read", source=source, column=token.start)
            pieces = self._inner(source, inner, tokens[at + 1].end)
            symbol = self.differential(pieces)
            name = symbol.params[0].ljust(tokens[close].end - token.start, "_")
            self.own.setdefault(name, symbol)
            out = out[: token.start] + name + out[tokens[close].end :]
        return out, self._of_lets(source, tokens)

    def _inner(self, source: str, inner: str, start: int) -> Expr:
        try:
            pieces = Pieces(" " * start + inner, Scope({**self.scope.symbols, **self.defined}, self.scope.sizes))
        except InputError as error:
            error.source = source
            raise
        if pieces.misfit is not None:
            raise pieces.misfit.error.located(source, start)
        return pieces.expr

    def _of_lets(self, source: str, tokens: Sequence[Token]) -> dict[str, Expr]:
        """The differentials of the intermediates that a text names: dP of let P = ..."""
        lets: dict[str, Expr] = {}
        used = {t.text for t in tokens if t.kind == "name"}
        for at in range(1, len(tokens) - 1):
            name = tokens[at].text
            binds = tokens[at + 1].text == "=" and (tokens[at - 1].text in ("let", ";"))
            if binds and f"d{name}" in used:
                end = next((t.start for t in tokens[at:] if t.text == ";"), None)
                if end is not None:
                    e = Pieces(f"{source[:end]}; {name}", Scope({**self.scope.symbols, **self.defined}, self.scope.sizes)).expr
                    lets[f"d{name}"] = self.differential(e)
        return lets


def _close(tokens: Sequence[Token], at: int, source: str) -> int:
    depth = 0
    for k in range(at, len(tokens)):
        if tokens[k].kind == "op":
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(tokens[k].text, 0)
            if depth == 0:
                return k
    raise InputError("')' is wanted for d(", source=source, column=tokens[at].start)


def segments(text: str) -> list[Segment]:
    """The formulas of a derivation, in order.

    >>> [(s.line, s.left, s.text, s.final) for s in segments("df = x'*dx + dx'*x\\n= 2*x'*dx   # a scalar\\n=> 2*x")]
    [(1, 'df', "x'*dx + dx'*x", False), (2, '', "2*x'*dx", False), (3, '', '2*x', True)]
    """
    out: list[Segment] = []
    for number, line in _joined(_formulas(text)):
        if definition(line) is None:
            answered = bool(out) and out[-1].final and line.lstrip().startswith("=")
            out += _of_line(number, line, final=answered)
    return out


def definitions(text: str) -> list[tuple[int, str]]:
    """The names that a derivation gives to parts of the expression, with their lines.

    >>> definitions("f = det(Z)\\n  with Z = X'*X\\ndf = det(Z)*tr(inv(Z)*dZ)")
    [(2, "Z = X'*X")]
    """
    found = [(number, definition(line)) for number, line in _joined(_formulas(text))]
    return [(number, said) for number, said in found if said is not None]


def definition(line: str) -> str | None:
    """What a line defines: the part behind ``with``, ``where`` or a ``let`` that no formula follows."""
    words = line.strip().split(None, 1)
    if len(words) == 2 and words[0] in ("with", "where", "let") and "=" in words[1] and ";" not in words[1]:
        return words[1]
    return None


def _formulas(text: str) -> Iterator[tuple[int, str]]:
    """The lines that hold formulas, without comments and notes; a note may run over several lines."""
    note = -1
    for number, raw in enumerate(text.splitlines(), 1):
        line = _without_notes(raw)
        indent = len(raw) - len(raw.lstrip())
        if note >= 0 and indent == note + FURTHER_IN:
            continue
        note = raw.rstrip().find("[", len(line.rstrip())) if line != raw and "[" in raw[len(line) :] else -1
        if line.strip():
            yield number, line


def _without_notes(raw: str) -> str:
    """A line without what is no formula: comments behind #, and notes such as ``[d-mul] the product rule`` behind a gap."""
    line = raw.split("#", 1)[0]
    note = NOTE.search(line)
    return line if note is None else line[: note.start()]


def _joined(lines: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """The lines, those that go on with the one before put behind it: they begin with + or - further in, or the one before
    ends within a product or a bracket."""
    out: list[tuple[int, str]] = []
    for number, line in lines:
        if out and line[:1].isspace() and (line.lstrip()[:2] in ("+ ", "- ") or _is_open(out[-1][1])):
            first, before = out[-1]
            out[-1] = first, f"{before.rstrip()} {line.strip()}"
        else:
            out.append((number, line))
    return out


def _is_open(line: str) -> bool:
    """Does a formula go on in the next line?"""
    return line.rstrip().endswith("*") or sum((ch in "([") - (ch in ")]") for ch in line) > 0


def _of_line(number: int, line: str, *, final: bool = False) -> list[Segment]:
    start = 0
    for arrow in ARROWS:
        if line.lstrip().startswith(arrow):
            start, final = line.index(arrow) + len(arrow), True
    sign = line.find("=", start)
    if sign >= 0 and _is_final(line[start:sign].strip()):
        start, final = sign + 1, True
    places = _equals(line, start)
    bounds = [start, *(p + 1 for p in places)]
    ends = [*places, len(line)]
    parts = [(line[a:b], a) for a, b in zip(bounds, ends, strict=True)]
    left = ""
    if len(parts) > 1:
        head = parts[0][0].strip()
        if not head:
            parts = parts[1:]
        elif head.isidentifier():
            left, parts = head, parts[1:]
        elif not final:
            left = HEAD
    out = []
    for k, (part, at) in enumerate(parts):
        padded = " " * at + part.rstrip()
        if part.strip():
            out.append(Segment(number, padded, at, left if k == 0 else "", final and k == len(parts) - 1))
    return out


def _is_final(head: str) -> bool:
    bare = head.replace(" ", "")
    if len(head.split()) == 2 and head.split()[0].partition("_")[0] in FINAL:  # grad f, grad_x f
        return True
    return bare in FINAL or bare.startswith(("∇", "∂")) or (bare.startswith("d") and "/d" in bare)


def _equals(line: str, start: int) -> list[int]:
    """The columns of the equality signs that no let takes."""
    tokens = tokenize(" " * start + line[start:])
    places = []
    for at, token in enumerate(tokens):
        if token.text == "=" and token.kind == "op":
            binds = at >= 2 and tokens[at - 1].kind == "name" and tokens[at - 2].text in ("let", ";")
            if not binds:
                places.append(token.start)
    return places
