"""What the parser makes of a text: instructions for a stack machine, and the errors of a text that is none."""

from __future__ import annotations

from typing import Any, NamedTuple

from closedform.core.dim import Dim
from closedform.core.errors import InputError
from closedform.lang.tokens import Token

CLOSING = {"(": ")", "call": ")", "series": ")", "[": "]", "‖": "‖"}


class Instruction(NamedTuple):
    """One step: what to do, with what, and where it stands in the text."""

    code: str
    value: Any
    column: int
    width: int


class Program(NamedTuple):
    """A text as instructions, with the names that stand for values and those that stand for sizes."""

    source: str
    steps: list[Instruction]
    names: dict[str, Token]
    """The names used as values that no ``let`` binds, each with its first occurrence."""
    sizes: dict[str, Token]
    """The names written where a size is wanted."""
    fills: bool
    """Does ``vector(c)`` or ``matrix(c)`` occur, whose size must be inferred?"""


class Open:
    """A bracket, call or ``let`` that is not closed yet."""

    __slots__ = ("count", "index", "kind", "layout", "sizes", "token", "word")

    def __init__(self, kind: str, token: Token, word: str = "") -> None:
        self.kind, self.token, self.word = kind, token, word
        self.count = 0
        self.sizes: list[Dim] = []
        self.layout: list[int] = []
        self.index = ""
        """The name of the index of a sum, as it is written; ``word`` is then its name inside."""


def wrong(message: str, token: Token, text: str) -> InputError:
    """An error with a caret under a token."""
    return InputError(message, source=text, column=token.start, width=token.end - token.start)


def no_value(text: str, before: Token | None, token: Token) -> InputError:
    """The error of a token that stands where a value is wanted."""
    if token.kind == "end":
        if before is None:
            return InputError("the expression is empty", source=text, column=0)
        return wrong("the text ends where a value is wanted", token, text)
    if token.text == "∑":
        return wrong("a sum with an index is written sum(i in 1..N, ...) or Σ_i (...)", token, text)
    if before is not None and before.text == "(" and token.text == ")":
        return wrong("the brackets are empty", token, text)
    return wrong(f"a value is wanted here, not {token.text!r}", token, text)


def unclosed(text: str, opened: Open, token: Token) -> InputError:
    """The error of a token that stands where a bracket should be closed."""
    found = "the text ends" if token.kind == "end" else f"{token.text!r} stands"
    if opened.kind == "let":
        return wrong(f"{found} where let {opened.word} = ... wants ';' and an expression", token, text)
    bracket = opened.kind if opened.kind not in ("call", "series") else f"{opened.token.text}("
    place = f"{bracket!r} at column {opened.token.start + 1}"
    return wrong(f"{found} where {CLOSING[opened.kind]!r} is wanted for {place}", token, text)


def side_by_side(text: str, before: Token, token: Token) -> InputError:
    """The error of a token that cannot follow a value."""
    if token.text == "=":
        return wrong("unexpected '='; an intermediate is named by let Z = ...; ...", token, text)
    if token.kind == "op":
        return wrong(f"unexpected {token.text!r}", token, text)
    if before.kind == "num" and token.kind == "num":
        return wrong(f"two numbers side by side: {before.text} and {token.text}", token, text)
    shown = f"{before.text}*{token.text}" if before.kind != "op" and len(before.text) + len(token.text) < 40 else "*"
    return wrong(f"two values side by side; write {shown} for their product", token, text)
