"""Expressions that know their shapes, and the many ways to write them down."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any, NamedTuple


class Size:
    """A polynomial in names of sizes."""

    def __init__(self, terms: dict[tuple[str, ...], Fraction]) -> None:
        self.terms = {k: v for k, v in sorted(terms.items()) if v}

    @staticmethod
    def of(value: str | int) -> Size:
        return Size({(value,): Fraction(1)}) if isinstance(value, str) else Size({(): Fraction(value)})

    def __add__(self, other: Size | int) -> Size:
        other = Size.of(other) if isinstance(other, int) else other
        return Size({k: self.terms.get(k, Fraction(0)) + other.terms.get(k, Fraction(0)) for k in {*self.terms, *other.terms}})

    def __mul__(self, other: Size) -> Size:
        out: dict[tuple[str, ...], Fraction] = {}
        for a, x in self.terms.items():
            for b, y in other.terms.items():
                key = tuple(sorted(a + b))
                out[key] = out.get(key, Fraction(0)) + x * y
        return Size(out)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Size) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(tuple(self.terms.items()))

    @property
    def fixed(self) -> int | None:
        return int(self.terms.get((), 0)) if all(not k for k in self.terms) else None

    def __str__(self) -> str:
        out = ""
        for names, factor in sorted(self.terms.items(), reverse=True):
            parts = [*([str(abs(factor.numerator))] if abs(factor.numerator) != 1 or not names else []), *names]
            term = "*".join(parts) + (f"/{factor.denominator}" if factor.denominator != 1 else "")
            out += ("-" if factor < 0 else "+" if out else "") + term
        return out or "0"


ONE = Size.of(1)
Shape = tuple[Size, Size]
SCALAR: Shape = (ONE, ONE)


class Node(NamedTuple):
    """An operation with its arguments, the shape of its value, and what belongs to it besides."""

    op: str
    args: tuple[Node, ...]
    shape: Shape
    data: Any = None


def count(node: Node) -> int:
    """How many nodes there are."""
    todo, total = [node], 0
    while todo:
        at = todo.pop()
        total += 1
        todo.extend(at.args)
    return total


def nodes(node: Node) -> list[Node]:
    """All nodes, the root first."""
    out, todo = [], [node]
    while todo:
        at = todo.pop()
        out.append(at)
        todo.extend(at.args)
    return out


def names(node: Node) -> set[str]:
    """The names of variables."""
    return {n.data for n in nodes(node) if n.op in ("name", "member")}


LEVELS = {"+": 10, "-": 10, "*": 20, "/": 20, ".*": 20, "./": 20, "⊗": 20, "neg": 30, "^": 40, ".^": 40, "inv^": 40, "^T": 40, "^-T": 40,
          "t": 50, "at": 50}  # fmt: skip
ATOM = 60


class Writer:
    """Writes expressions; with a random generator in a different spelling each time, else plainly."""

    def __init__(self, rng: random.Random | None = None, hat: bool = True) -> None:
        self.rng = rng
        self.hat = hat

    def pick(self, plain: str, *others: str) -> str:
        if self.rng is None or self.rng.random() < 0.6:
            return plain
        return self.rng.choice((plain, *others))

    def text(self, node: Node) -> str:
        return self.at(node, 0)

    def at(self, node: Node, floor: int) -> str:
        """The node, in brackets where its level is below the floor."""
        level = LEVELS.get(node.op, 5 if node.op == "let" else ATOM)
        text = self.bare(node)
        if node.op == "t" and text.endswith("T") and "^" in text[-4:]:
            level = 40
        if node.op == "call" and node.data == "inv" and text.endswith("^-1"):
            level = 40
        if node.op == "num" and not text.replace(".", "").isdigit():
            level = 20 if text[0] != "-" else 10
        if level < floor or (self.rng is not None and level < ATOM and node.op != "let" and self.rng.random() < 0.06):
            return f"({text})"
        return text

    def bare(self, node: Node) -> str:
        op, args, data = node.op, node.args, node.data
        if op in ("num", "name", "index"):
            return str(data)
        if op in ("+", "-", "*", "/", ".*", "./", "⊗"):
            level = LEVELS[op]
            sign = {
                "*": ("*", "@", "·", "⋅"), ".*": (".*", "⊙", "∘"), "./": ("./", "⊘"), "-": ("-", "−"),
            }.get(op, (op,))  # fmt: skip
            space = " " if level == 10 else self.pick("", " ")
            mark = self.pick(*sign)
            left, right = self.at(args[0], level), self.at(args[1], level + 1)
            if space == "" and mark[0] == "." and left[-1].isdigit():
                space = " "
            return f"{left}{space}{mark}{space}{right}"
        if op == "neg":
            return f"-{self.at(args[0], 30)}"
        if op in ("^", ".^"):
            right = args[1]
            if right.op == "neg":
                return f"{self.at(args[0], 40)}{op}-{self.at(right.args[0], ATOM)}"
            return f"{self.at(args[0], 40)}{op}{self.at(right, ATOM)}"
        if op == "t":
            if self.hat and self.pick("", "^T"):
                return f"{self.at(args[0], 40)}^T"
            return f"{self.at(args[0], 50)}{self.pick(chr(39), 'ᵀ', '⊤', '.T')}"
        if op == "call":
            if data == "inv" and self.pick("", "^-1"):
                return f"{self.at(args[0], 40)}^-1"
            if data == "norm2":
                word = self.pick("norm2", "norm", "‖")
                return f"‖{self.text(args[0])}‖" if word == "‖" else f"{word}({self.text(args[0])})"
            if data == "kron" and self.pick("", "⊗"):
                return "(" + f"{self.at(args[0], 20)} ⊗ {self.at(args[1], 21)}" + ")"
            return f"{data}({', '.join(self.text(a) for a in args)})"
        if op == "sized":
            word, sizes = data
            short = {"commutation": "K", "duplication": "D", "elimination": "L"}.get(word, word)
            inside = [*(self.text(a) for a in args), *(str(s) for s in sizes)]
            return f"{word if word != short and not self.hat else self.pick(word, short)}({', '.join(inside)})"
        if op == "member":
            return f"{data}[{self.text(args[0])}]"
        if op == "at":
            return f"{self.at(args[0], 50)}[{data}]"
        if op == "blocks":
            cells = iter(args)
            return "[" + "; ".join(", ".join(self.text(next(cells)) for _ in range(k)) for k in data) + "]"
        if op == "sum":
            index, low, high = data
            return f"sum({index} in {low}..{high}, {self.text(args[0])})"
        if op == "Sigma":
            return f"{self.pick('Σ_', '∑_')}{data} ({self.text(args[0])})"
        if op == "let":
            return f"let {data} = {self.text(args[0])}; {self.text(args[1])}"
        raise AssertionError(op)
