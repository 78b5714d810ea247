"""A formula as it was written: its parts with their columns, and what it becomes when one part is changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from closedform.core.dim import Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, make
from closedform.lang.declare import Scope
from closedform.lang.elaborate import elaborate
from closedform.lang.parser import parse_program
from closedform.lang.precedence import INFIX
from closedform.lang.program import Instruction, Program
from closedform.lang.series import members, with_sizes
from closedform.lang.tokens import Token, tokenize
from closedform.lang.words import ARITY


def refuse_long(formulas: Iterable[Expr]) -> None:
    """Refusal where a sum with an index has more terms than are added up to judge an answer."""
    listed = [e for e in formulas if e.op.name == "series"]
    if listed:
        from closedform.numeric import series  # loads NumPy

        series.refuse_long(listed)


OPENING = {"(": 1, "[": 1, ")": -1, "]": -1}
STAND_IN = re.compile(r"d\d+_+")
"""The names by which differentials are read."""
LEAVES = frozenset({"name", "num", "size"})


class Piece:
    """A part of a formula: what it does, with which parts, its columns in the text and its expression.

    Sums and products of several parts are one piece: ``sum`` (``value`` holds the signs) and ``product``.
    """

    __slots__ = ("code", "end", "expr", "parts", "start", "value")

    def __init__(self, code: str, value: Any, parts: Sequence[Piece], start: int, end: int) -> None:
        self.code, self.value, self.parts, self.start, self.end = code, value, list(parts), start, end
        self.expr: Expr | None = None


class Misfit(Exception):
    """A formula whose shapes do not fit: the part that cannot be formed, and the error that says why."""

    def __init__(self, piece: Piece, error: InputError, where: tuple[int, int]) -> None:
        super().__init__(error.message)
        self.piece, self.error, self.where = piece, error, where


class Pieces:
    """The parts of a text, the smaller before the larger.

    >>> from closedform.lang.declare import declare
    >>> pieces = Pieces("2*A'*x", declare("A: m n; x: m"))
    >>> [pieces.source[p.start : p.end] for p in pieces.all], str(pieces.expr)
    (['2', 'A', "A'", 'x', "2*A'*x"], "2*A'*x")
    """

    def __init__(self, source: str, scope: Scope) -> None:
        self.source, self.scope = source, scope
        self.program: Program = parse_program(source, scope)
        self.meaning = _meaning(self.program, scope)
        self.all: list[Piece] = []
        self.root = self._read()
        self.misfit: Misfit | None = None
        """The first part that cannot be formed."""
        for piece in self.all:
            if any(part.expr is None for part in piece.parts):
                continue
            try:
                piece.expr = self.formed(piece, [_formed(part) for part in piece.parts])
            except InputError as error:
                if isinstance(error, Refusal) or not is_about_shapes(error):
                    raise error.located(source, piece.start, max(1, piece.end - piece.start)) from None
                self.misfit = self.misfit or Misfit(piece, error, self._clash(piece))
        self._above: dict[Piece, list[Piece]] = {}
        refuse_long(piece.expr for piece in self.all if piece.expr is not None)

    @property
    def expr(self) -> Expr:
        """The expression of the whole text."""
        return with_sizes(_formed(self.root), self.scope.symbols)

    def text(self, piece: Piece) -> str:
        """What is written there."""
        return self.source[piece.start : piece.end]

    def rebuilt(self, piece: Piece, expr: Expr) -> Expr | None:
        """The whole formula with another expression in the place of a part; None where it does not fit."""
        new = {piece: expr}
        try:
            for above in self._holders(piece):
                new[above] = self.formed(above, [new[p] if p in new else _formed(p) for p in above.parts])
        except InputError:
            return None
        return new.get(self.root, self.root.expr)

    def _holders(self, piece: Piece) -> list[Piece]:
        """The pieces that hold a piece, the smaller first."""
        found = self._above.get(piece)
        if found is None:
            inside = {piece}
            found = []
            for other in self.all:
                if any(part in inside for part in other.parts):
                    inside.add(other)
                    found.append(other)
            self._above[piece] = found
        return found

    def formed(self, piece: Piece, parts: Sequence[Expr]) -> Expr:
        """The expression that a piece makes of those of its parts; InputError where they do not fit."""
        code, value = piece.code, piece.value
        if code == "name":
            return self.meaning[value]
        if code == "let":
            return parts[0]
        if code == "bind":
            return make("named", (parts[0],), (value,))
        steps = [Instruction("name", str(k), piece.start, 1) for k in range(len(parts))]
        if code in ("sum", "product"):
            rest = [x for k in range(1, len(parts)) for x in (steps[k], _plain(value[k] if code == "sum" else "*", piece))]
            steps = [steps[0], *rest]
        else:
            steps.append(Instruction(code, value, piece.start, max(1, piece.end - piece.start)))
        meaning = {str(k): e for k, e in enumerate(parts)}
        if "^T" in self.meaning:
            meaning["^T"] = self.meaning["^T"]
        return elaborate(Program(self.source, steps, {}, {}, False), meaning, {})

    # ---- reading ----------------------------------------------------------------------------------------------
    def _read(self) -> Piece:
        tokens = tokenize(self.source)
        starts = {t.start: k for k, t in enumerate(tokens)}
        ends = {t.end: k for k, t in enumerate(tokens) if t.kind != "end"}
        stack: list[Piece] = []
        lets: dict[str, Piece] = {}
        found: dict[Piece, None] = {}

        def taken(count: int) -> list[Piece]:
            parts = stack[len(stack) - count :]
            del stack[len(stack) - count :]
            for part in parts:
                _widen(part, tokens, starts, ends)
            return parts

        for code, value, column, width in self.program.steps:
            parts: list[Piece] = []
            start, end = column, column + width
            if code == "let":
                piece = Piece(code, value, [lets[value]], start, end)
            elif code == "bind":
                parts = taken(1)
                lets[value] = piece = Piece(code, value, parts, start, parts[0].end)
                found[piece] = None
                continue
            elif code in ("call", "series", "blocks"):
                parts = taken(value[1] if code == "call" else 1 if code == "series" else sum(value))
                piece = Piece(code, value, parts, start, max([_closing(tokens, starts.get(start), end), *(p.end for p in parts)]))
            elif code in LEAVES:
                piece = Piece(code, value, (), start, end)
            elif code in INFIX or code in ("*", "+", "-"):
                piece = self._infix(code, taken(2))
            else:
                parts = taken(1)
                piece = Piece(code, value, parts, min(start, parts[0].start), max(end, parts[0].end))
            found.pop(piece, None)
            found[piece] = None
            stack.append(piece)
        self.all.extend(found)
        _widen(stack[-1], tokens, starts, ends)
        return stack[-1]

    def _infix(self, code: str, parts: Sequence[Piece]) -> Piece:
        left, right = parts
        span = left.start, right.end
        name = {"+": "sum", "-": "sum", "*": "product"}.get(code)
        if name is None:
            return Piece(code, None, parts, *span)
        if left.code != name:
            return Piece(name, ["+", code] if name == "sum" else None, parts, *span)
        if name == "sum":
            left.value.append(code)
        left.parts.append(right)  # a sum or product on the left is continued
        left.start, left.end = span
        return left

    def _clash(self, piece: Piece) -> tuple[int, int]:
        """The columns of what does not fit: of a long sum or product, up to the first part that does not."""
        if piece.code not in ("sum", "product"):
            return piece.start, piece.end
        first = 0
        for k in range(2, len(piece.parts) + 1):
            short = Piece(piece.code, piece.value, piece.parts[:k], piece.start, piece.end)
            try:
                self.formed(short, [_formed(p) for p in short.parts])
            except InputError:
                while piece.code == "product" and first < k - 2 and _formed(piece.parts[first]).is_scalar:
                    first += 1
                return piece.parts[first].start, piece.parts[k - 1].end
        return piece.start, piece.end


def _formed(piece: Piece) -> Expr:
    if piece.expr is None:
        raise Refusal("a part of the formula could not be formed")
    return piece.expr


def is_about_shapes(error: InputError) -> bool:
    """Does an error of the language come from operands of the wrong shape?"""
    return " : " in error.message and " x " in error.message


def _plain(code: str, piece: Piece) -> Instruction:
    return Instruction(code, None, piece.start, 1)


def _widen(piece: Piece, tokens: Sequence[Token], starts: Mapping[int, int], ends: Mapping[int, int]) -> None:
    """Take in the round brackets around a piece."""
    if piece.start not in starts or piece.end not in ends:
        return
    first, last = starts[piece.start], ends[piece.end]
    while first > 0 and tokens[first - 1].text == "(" and tokens[last + 1].text == ")":
        if first > 1 and tokens[first - 2].kind == "name" and tokens[first - 2].text != "in":
            break
        first, last = first - 1, last + 1
    piece.start, piece.end = tokens[first].start, tokens[last].end


def _closing(tokens: Sequence[Token], at: int | None, otherwise: int) -> int:
    """The end of the bracket that opens at a token or after it."""
    if at is None:
        return otherwise
    depth = 0
    for token in tokens[at:]:
        if token.kind == "op":
            depth += OPENING.get(token.text, 0)
            if depth == 0 and token.text in (")", "]"):
                return token.end
    return otherwise


def _meaning(program: Program, scope: Scope) -> dict[str, Expr]:
    """What each name of a text means in a scope; InputError for a name that means nothing there."""
    meaning: dict[str, Expr] = {}
    for name, token in program.names.items():
        found = scope.symbols.get(name)
        if found is None and (name in scope.sizes or name in program.sizes):
            found = make("size", (), (Dim.of(name),))
        elif found is None and name == "pi":
            found = make("pi")
        elif found is None:
            raise InputError(_unknown(name, scope), source=program.source, column=token.start, width=token.end - token.start)
        meaning[name] = found
    members(program, meaning)
    if "T" not in meaning and ("T" in scope.sizes or "T" in program.sizes):
        meaning["^T"] = make("size", (), (Dim.of("T"),))
    elif "T" in meaning and meaning["T"].op.name == "size":
        meaning["^T"] = meaning["T"]
    return meaning


def _unknown(name: str, scope: Scope) -> str:
    if name in ARITY:
        return f"{name} is a function; write {name}(...)"
    own = (symbol for symbol in scope.symbols if not STAND_IN.fullmatch(symbol))
    listed = ", ".join((*own, *sorted(scope.sizes)))
    return f"{name} is not a name of the question, which has {listed}; declare it in given, or name it by let"


def walk(piece: Piece) -> Iterator[Piece]:
    """The piece and all below it, each once."""
    seen: set[Piece] = set()
    stack = [piece]
    while stack:
        one = stack.pop()
        if one not in seen:
            seen.add(one)
            yield one
            stack.extend(one.parts)
