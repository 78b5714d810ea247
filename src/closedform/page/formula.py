"""Formulas in reasons, such as ``d(A*B) = dA*B + A*dB``: read without knowing any shapes.

They are in the words of the language, with d before what is differentiated, several sides of an equation, and letters
that stand for anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from typing import NamedTuple

import closedform.ops  # noqa: F401  (registers the operations)
from closedform.core.expr import registry
from closedform.core.op import Op
from closedform.lang.precedence import INFIX, LOWEST, POWER, UNARY
from closedform.lang.render import LETTERS

LONGEST = 300
"""Formulas of more tokens than this are left as they are."""
DEEPEST = 30
"""... and those with more brackets inside each other."""

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(\.\*|\./|\.\^|[-+*/^'()\[\],;:|=⊗]))")
_NAME = re.compile(r"d?(?:[A-Za-z]|" + "|".join(sorted(LETTERS, key=len, reverse=True)) + r")\d*(?:_\w+)?")

FUNCTIONS = frozenset({"log", "exp", "d", "mean", "norm", "solve", "rowsum", "colsum"})
"""Words that stand before brackets and are no operations of their own."""


class Node(NamedTuple):
    """A part of a formula: a number, a name, an operator, a call, an equation (``=``)."""

    kind: str
    value: str = ""
    parts: tuple[Node, ...] = ()


class Unread(Exception):
    """The text is no formula."""


@cache
def functions() -> dict[str, Op]:
    """The operations by the words they are called with."""
    return {op.word: op for op in registry().values() if op.word}


def tokens(text: str) -> list[tuple[str, str, bool]]:
    """Pairs of kind and text, and whether a bracket follows at once; Unread where a character is none of the language."""
    out: list[tuple[str, str, bool]] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        hit = _TOKEN.match(text, at)
        if hit is None or len(out) > LONGEST:
            raise Unread
        at = hit.end()
        kind = "num" if hit[1] else "name" if hit[2] else "op"
        out.append((kind, hit[0].strip(), text[at : at + 1] == "("))
    return [*out, ("end", "", False)]


def is_name(word: str, known: Collection[str]) -> bool:
    """Is it a letter, a Greek letter, one with digits behind it or d before it, or a name that is known?"""
    return word in known or word.removeprefix("d") in known or word == "dvec" or _NAME.fullmatch(word) is not None


def read(text: str, known: Collection[str] = ()) -> Node | None:
    """The formula that a text is, or None.

    >>> read("tr(A) = 2*b")
    Node(kind='=', value='', parts=(Node(kind='call', value='tr', parts=(Node(kind='name', value='A', parts=()),)), \
Node(kind='*', value='', parts=(Node(kind='num', value='2', parts=()), Node(kind='name', value='b', parts=())))))
    >>> read("what stands here") is None
    True
    """
    try:
        return _Reader(tokens(text), known).equation()
    except Unread:
        return None


class _Reader:
    def __init__(self, listed: list[tuple[str, str, bool]], known: Collection[str]) -> None:
        self.tokens = listed
        self.known = known
        self.at = 0
        self.depth = 0

    @property
    def word(self) -> str:
        kind, word, _ = self.tokens[self.at]
        return word if kind == "op" else ""

    def take(self, mark: str) -> None:
        if self.word != mark:
            raise Unread
        self.at += 1

    def equation(self) -> Node:
        sides = [self.sum()]
        while self.word == "=":
            self.at += 1
            sides.append(self.sum())
        if self.tokens[self.at][0] != "end":
            raise Unread
        return sides[0] if len(sides) == 1 else Node("=", "", tuple(sides))

    def sum(self, level: int = LOWEST) -> Node:
        """Terms and factors that bind more tightly than a level."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unread
        left = self.postfix(self.operand())
        while (found := INFIX.get(self.word, LOWEST)) > level:
            sign = self.word
            self.at += 1
            left = Node(sign, "", (left, self.sum(found)))
        self.depth -= 1
        return left

    def operand(self) -> Node:
        kind, word, opens = self.tokens[self.at]
        self.at += 1
        if kind == "num":
            return Node("num", word)
        if kind == "name":
            return self.call(word) if opens else self.name(word)
        if word == "-":
            return Node("neg", "", (self.sum(UNARY),))
        if word == "(":
            inside = self.sum()
            self.take(")")
            return inside
        if word == "|":
            inside = self.sum()
            self.take("|")
            return Node("bar", "", (inside,))
        if word == "[":
            return self.blocks()
        raise Unread

    def name(self, word: str) -> Node:
        if word in ("d", "dvec") and self.tokens[self.at][0] == "name":
            return Node("d", word, (self.sum(POWER - 1),))
        if word in FUNCTIONS and self.word == "|":
            self.at += 1
            inside = self.sum()
            self.take("|")
            return Node("call", word, (Node("bar", "", (inside,)),))
        if not is_name(word, self.known):
            raise Unread
        return Node("name", word)

    def call(self, word: str) -> Node:
        if word not in functions() and word not in FUNCTIONS and len(word) > 1:
            raise Unread
        self.at += 1
        args = [self.sum()]
        while self.word == ",":
            self.at += 1
            args.append(self.sum())
        self.take(")")
        return Node("call", word, tuple(args))

    def blocks(self) -> Node:
        rows, row = [], [self.sum()]
        while self.word in (",", ";"):
            if self.word == ";":
                rows.append(Node("row", "", tuple(row)))
                row = []
            self.at += 1
            row.append(self.sum())
        self.take("]")
        return Node("blocks", "", (*rows, Node("row", "", tuple(row))))

    def postfix(self, node: Node) -> Node:
        while self.word in ("'", "["):
            if self.word == "'":
                self.at += 1
                node = Node("'", "", (node,))
                continue
            places = []
            self.at += 1
            while self.word != "]":
                if self.tokens[self.at][0] == "end":
                    raise Unread
                places.append(self.tokens[self.at][1])
                self.at += 1
            self.at += 1
            node = Node("index", "".join(places), (node,))
        return node
