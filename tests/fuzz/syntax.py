"""A second reading of the language: text to trees, without a line of the package.

    parse("let P = inv(S); P - P*C*P")          a tree of tuples
    declarations("S: n n pd; z[N]: p")          what is declared, in order

Trees: ("num", 2.0)  ("name", "x")  ("t", E)  ("neg", E)  (op, E, F) for + - * / .* ./ ^ .^  ("call", word, E, ...)
("at", E, (index, ...)) where an index is an E, ("range", E, F) or None for all  ("blocks", ((E, ...), ...))
("sum", i, low, high, E), where low and high are None in Σ_i  ("let", name, E, body)  ("hat T", E, minus).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

Tree = tuple[Any, ...]


class Unreadable(ValueError):
    """The text is not of the language, or it has no value."""


GREEK_SMALL = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi omega"
)
GREEK: dict[str, str] = {}
for _letter, _word in zip("αβγδεζηθικλμνξοπρστυφχψω", GREEK_SMALL.split(), strict=True):
    GREEK[_letter], GREEK[_letter.upper()] = _word, _word.capitalize()
GREEK |= {"ς": "sigma", "ϑ": "theta", "ϕ": "phi", "ϖ": "pi", "ϱ": "rho", "ϵ": "epsilon", "µ": "mu"}
SAME = {"−": "-", "·": "*", "⋅": "*", "@": "*", "⊙": ".*", "∘": ".*", "⊘": "./", "ᵀ": "'", "⊤": "'", ".T": "'", "∥": "‖"}
WORD = "A-Za-z_" + "".join(GREEK)
PIECE = re.compile(
    rf"\s*(?:(?P<num>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>∑?\\?[{WORD}][{WORD}0-9]*)"
    r"|(?P<op>\.\.|\.\*|\./|\.\^|\.T(?!\w)|[-+*/^'(),;:=\[\]⊗‖−·⋅@⊙∘⊘∥ᵀ⊤]))",
    re.ASCII,
)
LEVEL = {"+": 1, "-": 1, "*": 2, "/": 2, ".*": 2, "./": 2, "⊗": 2, "^": 4, ".^": 4}
SIGN = 3
LONG = {"commutation": "K", "duplication": "D", "elimination": "L"}


def latin(name: str) -> str:
    """The name with Greek letters spelled out."""
    return "".join(GREEK.get(letter, letter) for letter in name if letter != "\\")


def pieces(text: str) -> list[tuple[str, str]]:
    """The tokens of a text, each with its kind."""
    out, at, end = [], 0, len(text.rstrip())
    while at < end:
        hit = PIECE.match(text, at)
        if hit is None or hit.lastgroup is None:
            raise Unreadable(f"unexpected {text[at : at + 8]!r}")
        word = hit[hit.lastgroup]
        out.append((hit.lastgroup, SAME.get(word, word) if hit.lastgroup == "op" else word))
        at = hit.end()
    return [*out, ("end", "")]


class _Reader:
    def __init__(self, text: str, names: frozenset[str]) -> None:
        self.toks, self.at, self.names = pieces(text), 0, names

    def look(self, ahead: int = 0) -> tuple[str, str]:
        return self.toks[min(self.at + ahead, len(self.toks) - 1)]

    def sees(self, *words: str) -> bool:
        return all(self.look(k) in (("op", w), ("name", w)) for k, w in enumerate(words))

    def take(self, *words: str) -> bool:
        if self.sees(*words):
            self.at += len(words)
            return True
        return False

    def need(self, word: str) -> None:
        if not self.take(word):
            raise Unreadable(f"{word!r} is wanted, not {self.look()[1]!r}")

    def name(self) -> str:
        kind, word = self.look()
        if kind != "name":
            raise Unreadable(f"a name is wanted, not {word!r}")
        self.at += 1
        return latin(word)

    def statement(self) -> Tree:
        bound: list[tuple[str, Tree]] = []
        while self.take("let") or (bound and self.look()[0] == "name" and self.look(1) == ("op", "=")):
            name = self.name()
            self.need("=")
            bound.append((name, self.level(0)))
            self.need(";")
            self.names |= {name}
        tree = self.level(0)
        for name, value in reversed(bound):
            tree = ("let", name, value, tree)
        return tree

    def level(self, floor: int) -> Tree:
        left = self.operand()
        while True:
            kind, op = self.look()
            if kind != "op":
                return left
            if op == "'":
                self.at += 1
                left = ("t", left)
            elif op == "[":
                left = self.entry(left)
            elif LEVEL.get(op, -1) > floor:
                self.at += 1
                left = self.power(op, left) if LEVEL[op] == 4 else self.joined(op, left)
            else:
                return left

    def joined(self, op: str, left: Tree) -> Tree:
        right = self.level(LEVEL[op])
        return ("call", "kron", left, right) if op == "⊗" else (op, left, right)

    def power(self, op: str, left: Tree) -> Tree:
        if op == "^" and "T" not in self.names:
            for form in (("T",), ("-", "T"), ("(", "T", ")"), ("(", "-", "T", ")")):
                if self.sees(*form) and self.look(len(form)) != ("op", "("):
                    self.at += len(form)
                    return ("hat T", left, "-" in form)
        sign = "-" if self.take("-") else "+" if self.take("+") else ""
        right = self.operand()
        while self.sees("["):
            right = self.entry(right)
        if self.sees("'"):
            raise Unreadable("a transpose directly after an exponent")
        return (op, left, ("neg", right) if sign == "-" else right)

    def entry(self, left: Tree) -> Tree:
        self.need("[")
        items: list[Tree | None] = []
        while True:
            if self.take(":"):
                items.append(None)
            else:
                low = self.level(0)
                items.append(("range", low, self.level(0)) if self.take(":") else low)
            if not self.take(","):
                break
        self.need("]")
        return ("at", left, tuple(items))

    def operand(self) -> Tree:
        kind, word = self.look()
        self.at += 1
        if kind == "num":
            return ("num", float(word))
        if kind == "name":
            return self.call(word) if self.sees("(") else ("name", latin(word))
        if kind == "op" and word == "(":
            tree = self.level(0)
            self.need(")")
            return tree
        if kind == "op" and word == "‖":
            tree = self.level(0)
            self.need("‖")
            return ("call", "norm2", tree)
        if kind == "op" and word == "[":
            rows = [[self.level(0)]]
            while self.sees(",") or self.sees(";"):
                if self.take(";"):
                    rows.append([self.level(0)])
                else:
                    self.at += 1
                    rows[-1].append(self.level(0))
            self.need("]")
            return ("blocks", tuple(tuple(row) for row in rows))
        if kind == "op" and word in "+-":
            tree = self.level(SIGN)
            return ("neg", tree) if word == "-" else tree
        raise Unreadable(f"a value is wanted, not {word!r}")

    def call(self, word: str) -> Tree:
        self.need("(")
        if word == "sum" and self.look()[0] == "name" and self.look(1) == ("name", "in"):
            index = self.name()
            self.need("in")
            low = self.level(0)
            self.need("..")
            high = self.level(0)
            self.need(",")
            body = self.level(0)
            self.need(")")
            return ("sum", index, low, high, body)
        if word[0] in "Σ∑" and word not in ("Σ", "∑"):
            body = self.level(0)
            self.need(")")
            return ("sum", latin(word[1:].lstrip("_")), None, None, body)
        word = latin(word)
        args = [self.level(0)]
        while self.take(","):
            args.append(self.level(0))
        self.need(")")
        return ("call", LONG.get(word, word), *args)


def parse(text: str, names: frozenset[str] = frozenset()) -> Tree:
    """The tree of a text; ``names`` are the declared ones, among which T may be."""
    reader = _Reader(text, names)
    tree = reader.statement()
    if reader.look()[0] != "end":
        raise Unreadable(f"unexpected {reader.look()[1]!r}")
    return tree


def free_names(tree: Any, bound: frozenset[str] = frozenset()) -> set[str]:
    """The names in a tree that nothing inside it binds."""
    if not isinstance(tree, tuple):
        return set()
    head = tree[0] if tree else None
    if head == "name":
        return {tree[1]} - bound - {"pi"}
    if head == "let":
        return free_names(tree[2], bound) | free_names(tree[3], bound | {tree[1]})
    if head == "sum":
        inside = free_names(tree[4], bound | {tree[1]})
        return inside | free_names(tree[2], bound) | free_names(tree[3], bound)
    return set().union(*(free_names(part, bound) for part in tree))


class Declared(NamedTuple):
    """A declared name: its sizes as trees, its facts, and how many members a family has."""

    name: str
    sizes: tuple[Tree, ...]
    facts: frozenset[str]
    count: Tree | None = None


FACTS = frozenset(
    [
        "symmetric",
        "skew",
        "diagonal",
        "lower",
        "upper",
        "orthogonal",
        "orthonormal",
        "psd",
        "pd",
        "invertible",
        "positive",
        "nonnegative",
        "unit",
        "simplex",
        "idempotent",
        "contraction",
        "integer",
        "constant",
    ]
)


def declarations(text: str) -> dict[str, Declared]:
    """The declarations of a text, by name."""
    found = {}
    for part in text.split(";"):
        if part.strip():
            one = _declared(part)
            found[one.name] = one
    return found


def _declared(text: str) -> Declared:
    reader = _Reader(text, frozenset())
    name, count = reader.name(), None
    if reader.take("["):
        count = reader.level(0)
        reader.need("]")
    reader.need(":")
    sizes: list[Tree] = []
    facts: set[str] = set()
    while reader.look()[0] != "end":
        word = reader.look()[1]
        if word in FACTS:
            facts.add(word)
            reader.at += 1
        elif word == "scalar" or (word == "," and sizes):
            reader.at += 1
        else:
            sizes.append(reader.level(0))
    return Declared(name, tuple(sizes), frozenset(facts), count)
