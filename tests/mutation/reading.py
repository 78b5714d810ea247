"""A second reader of the printed language: text to a tree of tuples.  It shares no code with the package.

A tree is ``("number", value)``, ``("name", word)``, ``("call", word, trees)``, ``("entry", tree, slices)``,
``("blocks", rows)``, ``("series", index, low, high, tree)``, ``("'", tree)``, ``("minus", tree)`` or
``(operator, left, right)``.
"""

from __future__ import annotations

import re
from typing import Any

Tree = tuple[Any, ...]

TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[^\W\d]\w*|\.\.|\.\*|\./|\.\^|[-+*/^'()\[\],;:=⊗])")
SUMS = ("+", "-")
PRODUCTS = ("*", "/", ".*", "./", "⊗")
POWERS = ("^", ".^")


def tree_of(text: str) -> tuple[dict[str, Tree], Tree]:
    """The intermediates that a text names, in order, and the tree of its last part.

    >>> tree_of("-x'*y")[1]
    ('*', ('minus', ("'", ('name', 'x'))), ('name', 'y'))
    """
    reader = _Reader(text)
    named: dict[str, Tree] = {}
    while reader.at() == "let":
        reader.take("let")
        name = reader.next()
        reader.take("=")
        named[name] = reader.sum()
        reader.take(";")
    tree = reader.sum()
    reader.take("")
    return named, tree


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        place, end = 0, len(text.rstrip())
        while place < end:
            found = TOKEN.match(text, place)
            if found is None:
                raise SyntaxError(f"unexpected {text[place:]!r}")
            self.tokens.append(found[1])
            place = found.end()
        self.tokens.append("")
        self.place = 0

    def at(self, ahead: int = 0) -> str:
        return self.tokens[min(self.place + ahead, len(self.tokens) - 1)]

    def next(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1]

    def take(self, wanted: str) -> None:
        found = self.next()
        if found != wanted:
            raise SyntaxError(f"{wanted!r} is needed, not {found!r}, at token {self.place} of {self.tokens}")

    def sum(self) -> Tree:
        left = self.product()
        while self.at() in SUMS:
            left = (self.next(), left, self.product())
        return left

    def product(self) -> Tree:
        left = self.signed()
        while self.at() in PRODUCTS:
            left = (self.next(), left, self.signed())
        return left

    def signed(self) -> Tree:
        if self.at() == "-":
            self.next()
            return ("minus", self.signed())
        return self.power()

    def power(self) -> Tree:
        left = self.postfix()
        while self.at() in POWERS:
            sign = self.next()
            if self.at() == "-":
                self.next()
                left = (sign, left, ("minus", self.postfix()))
            else:
                left = (sign, left, self.postfix())
        return left

    def postfix(self) -> Tree:
        tree = self.atom()
        while self.at() in ("'", "["):
            tree = ("'", tree) if self.next() == "'" else ("entry", tree, self.slices())
        return tree

    def slices(self) -> tuple[Any, ...]:
        """Each a pair of trees, first and last; (None, None) for a whole axis."""
        out: list[tuple[Tree | None, Tree | None]] = []
        while True:
            if self.at() == ":":
                self.next()
                out.append((None, None))
            else:
                first = self.sum()
                last = first
                if self.at() == ":":
                    self.next()
                    last = self.sum()
                out.append((first, last))
            if self.at() == "]":
                self.next()
                return tuple(out)
            self.take(",")

    def atom(self) -> Tree:
        token = self.next()
        if token == "(":
            tree = self.sum()
            self.take(")")
            return tree
        if token == "[":
            return self.blocks()
        if token[:1].isdigit():
            return ("number", float(token))
        if not token.isidentifier():
            raise SyntaxError(f"unexpected {token!r} at token {self.place} of {self.tokens}")
        if self.at() != "(":
            return ("name", token)
        self.next()
        if token == "sum" and self.at(1) == "in":
            return self.series()
        args = [self.sum()]
        while self.at() == ",":
            self.next()
            args.append(self.sum())
        self.take(")")
        return ("call", token, tuple(args))

    def series(self) -> Tree:
        index = self.next()
        self.take("in")
        low = self.sum()
        self.take("..")
        high = self.sum()
        self.take(",")
        body = self.sum()
        self.take(")")
        return ("series", index, low, high, body)

    def blocks(self) -> Tree:
        rows: list[tuple[Tree, ...]] = []
        row = [self.sum()]
        while True:
            token = self.next()
            if token == ",":
                row.append(self.sum())
            else:
                rows.append(tuple(row))
                if token == "]":
                    return ("blocks", tuple(rows))
                if token != ";":
                    raise SyntaxError(f"unexpected {token!r} in blocks")
                row = [self.sum()]
