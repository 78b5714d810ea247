"""Formulas in reasons, written: in the language, with mathematical characters, or in LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import ClassVar

from closedform.core.op import Op
from closedform.lang.latex import name_text
from closedform.lang.precedence import ATOM, POSTFIX, POWER, PRODUCT, SUM, UNARY
from closedform.lang.render import LETTERS, template
from closedform.page.formula import Node, functions

ENTRYWISE = 15
"""How tightly entrywise products and inner products A : B bind where products are written side by side."""

LOOSE = frozenset({"+", "-", ".*", "./", "⊗"})
"""What stands in brackets beside a colon."""

RAISED = dict(zip("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻", strict=True))

Said = tuple[str, int]
"""A text and how tightly it binds."""


class Wording:
    """How the parts of a formula are written in one form; ``known`` are the names that stand for themselves."""

    products: ClassVar[Mapping[str, tuple[str, int]]]
    """Sign and binding power of the operators."""

    def __init__(self, known: Collection[str]) -> None:
        self.known = known

    def written(self, node: Node) -> str:
        """The formula."""
        return self.said(node)[0]

    def said(self, node: Node) -> Said:
        """The text of a part and how tightly it binds."""
        kind = node.kind
        if kind == "=":
            return " = ".join(self.written(side) for side in node.parts), 0
        if kind == "num":
            return node.value, ATOM
        if kind == "name":
            return self.name(node.value), ATOM
        if kind == "neg":
            return "-" + self.at(node.parts[0], UNARY), UNARY
        if kind in ("+", "-"):
            left, right = node.parts
            return f"{self.at(left, SUM)} {kind} {self.at(right, SUM + 1)}", SUM
        rule: Callable[[Node], Said] = getattr(self, RULES[kind])
        return rule(node)

    def at(self, node: Node, least: int) -> str:
        """The text of an operand, in brackets where it binds more loosely than its place asks."""
        shown, level = self.said(node)
        return shown if level >= least else self.bracketed(shown)

    def bracketed(self, shown: str) -> str:
        return f"({shown})"

    def name(self, name: str) -> str:
        """A name; dX is the direction of X unless it is a name itself."""
        if name in self.known or len(name) == 1 or name[0] != "d" or name in LETTERS:
            return self.letter(name)
        return self.differential() + self.letter(name[1:])

    def letter(self, name: str) -> str:
        return name

    def differential(self) -> str:
        return "d"

    def infix(self, node: Node) -> Said:
        sign, level = self.products[node.kind]
        left, right = node.parts
        if node.kind == ":":
            sides = [self.bracketed(self.written(a)) if a.kind in LOOSE else self.at(a, level) for a in node.parts]
            return sign.join(sides), level
        return f"{self.at(left, level)}{sign}{self.at(right, level + 1)}", level

    def power(self, node: Node) -> Said:
        base, exponent = node.parts
        return f"{self.at(base, POSTFIX)}{node.kind}{self.at(exponent, ATOM)}", POWER

    def transpose(self, node: Node) -> Said:
        return self.at(node.parts[0], POSTFIX) + "'", POSTFIX

    def of(self, node: Node) -> Said:
        """``d X``, ``dvec X``."""
        inside = self.at(node.parts[0], PRODUCT)
        return f"{node.value} {inside}", UNARY

    def bar(self, node: Node) -> Said:
        return f"|{self.written(node.parts[0])}|", ATOM

    def call(self, node: Node) -> Said:
        args = ", ".join(self.written(a) for a in node.parts)
        return (f"{node.value}{args}" if node.parts[0].kind == "bar" else f"{node.value}({args})"), ATOM

    def index(self, node: Node) -> Said:
        return f"{self.at(node.parts[0], POSTFIX)}[{node.value}]", ATOM

    def blocks(self, node: Node) -> Said:
        rows = "; ".join(", ".join(self.written(cell) for cell in row.parts) for row in node.parts)
        return f"[{rows}]", ATOM

    def templated(self, form: str, node: Node, op: Op) -> Said:
        """The template of an operation with the arguments put in."""
        parts, closed = template(form, op.args or ())
        out = []
        for i, part in enumerate(parts):
            inside = (i > 1 or bool(parts[0])) and (i < len(parts) - 2 or bool(parts[-1]))
            out.append(part if i % 2 == 0 else self.at(node.parts[(op.args or ()).index(part)], 0 if inside else ATOM))
        return "".join(out), ATOM if closed else POSTFIX


RULES = {
    "*": "product", "/": "quotient", ".*": "infix", "./": "infix", "⊗": "infix", ":": "infix", "^": "power", ".^": "power",
    "'": "transpose", "d": "of", "bar": "bar", "call": "call", "index": "index", "blocks": "blocks",
}  # fmt: skip
"""The method that writes each kind of part."""


class Text(Wording):
    """In the words of the language.

    >>> from closedform.page.formula import read
    >>> Text(()).written(read("d inv(X) = -inv(X)*dX*inv(X)"))
    'd inv(X) = -inv(X)*dX*inv(X)'
    """

    products: ClassVar = {
        "*": ("*", PRODUCT), "/": ("/", PRODUCT), ".*": (".*", PRODUCT), "./": ("./", PRODUCT), "⊗": (" ⊗ ", PRODUCT),
        ":": (" : ", ENTRYWISE),
    }  # fmt: skip
    product = quotient = Wording.infix


class Unicode(Wording):
    """With mathematical characters.

    >>> from closedform.page.formula import read
    >>> Unicode(()).written(read("d(X*Y) = dX*Y' + inv(X)^2.*dY"))
    'd(XY) = dX Yᵀ + (X⁻¹)² ⊙ dY'
    """

    products: ClassVar = {
        "⊗": (" ⊗ ", ENTRYWISE), ".*": (" ⊙ ", ENTRYWISE), "./": (" ⊘ ", ENTRYWISE), ":": (" : ", ENTRYWISE),
    }  # fmt: skip

    def letter(self, name: str) -> str:
        stem = name.rstrip("0123456789")
        stem = stem[: stem.index("_")] if "_" in stem else stem
        return LETTERS.get(stem, stem) + name[len(stem) :]

    def product(self, node: Node) -> Said:
        left, right = self.at(node.parts[0], PRODUCT), self.at(node.parts[1], PRODUCT + 1)
        if right[0].isdigit():
            return f"{left}·{right}", PRODUCT
        last = _last(node.parts[0])
        spaced = len(right) > 1 and right[0].isalpha() and right[1].isalpha()
        spaced = spaced or (last.kind == "name" and len(last.value) > 1) or (left.endswith(")") and not left.startswith("("))
        return f"{left}{' ' if spaced else ''}{right}", PRODUCT

    def quotient(self, node: Node) -> Said:
        return f"{self.at(node.parts[0], PRODUCT)}/{self.at(node.parts[1], POWER)}", PRODUCT

    def power(self, node: Node) -> Said:
        base, exponent = node.parts
        if node.kind == ".^":
            return f"{self.at(base, ATOM)}^⊙{self.at(exponent, ATOM)}", POWER
        if exponent.kind == "num" and exponent.value.isdecimal():
            return self.at(base, ATOM) + "".join(RAISED[ch] for ch in exponent.value), POSTFIX
        return f"{self.at(base, ATOM)}^{self.at(exponent, ATOM)}", POWER

    def transpose(self, node: Node) -> Said:
        inside = node.parts[0]
        if inside.kind == "call" and inside.value == "inv":
            return self.at(inside.parts[0], ATOM) + "⁻ᵀ", POSTFIX
        return self.at(inside, ATOM) + "ᵀ", POSTFIX

    def call(self, node: Node) -> Said:
        op = functions().get(node.value)
        if node.value == "inv":
            return self.at(node.parts[0], ATOM) + "⁻¹", POSTFIX
        if op is not None and op.unicode and op.args and len(op.args) == len(node.parts) and not op.params:
            return self.templated(op.unicode, node, op)
        return super().call(node)


def _last(node: Node) -> Node:
    """The last factor of a product, without a transpose."""
    while node.kind in ("*", "'"):
        node = node.parts[-1]
    return node


class Latex(Wording):
    r"""In LaTeX.

    >>> from closedform.page.formula import read
    >>> print(Latex(()).written(read("d inv(X) = -inv(X)*dX*inv(X)")))
    \mathrm{d} X^{-1} = -X^{-1} \mathrm{d}X X^{-1}
    """

    products: ClassVar = {
        "⊗": (r" \otimes ", ENTRYWISE), ".*": (r" \odot ", ENTRYWISE), "./": (r" \oslash ", ENTRYWISE),
        ":": (" : ", ENTRYWISE),
    }  # fmt: skip

    def bracketed(self, shown: str) -> str:
        return rf"\left({shown}\right)"

    def letter(self, name: str) -> str:
        return name_text(name)

    def differential(self) -> str:
        return r"\mathrm{d}"

    def name(self, name: str) -> str:
        return r"\mathrm{d}" if name == "d" and name not in self.known else super().name(name)

    def product(self, node: Node) -> Said:
        dot = r" \cdot " if node.parts[1].kind == "num" else " "
        return f"{self.at(node.parts[0], PRODUCT)}{dot}{self.at(node.parts[1], PRODUCT + 1)}", PRODUCT

    def quotient(self, node: Node) -> Said:
        return rf"\frac{{{self.written(node.parts[0])}}}{{{self.written(node.parts[1])}}}", PRODUCT

    def power(self, node: Node) -> Said:
        base, exponent = node.parts
        sign = r"\odot " if node.kind == ".^" else ""
        return f"{self.at(base, ATOM)}^{{{sign}{self.at(exponent, PRODUCT if sign else 0)}}}", POSTFIX

    def transpose(self, node: Node) -> Said:
        inside = node.parts[0]
        if inside.kind == "call" and inside.value == "inv":
            return self.at(inside.parts[0], ATOM) + r"^{-\top}", POSTFIX
        return self.at(inside, ATOM) + r"^{\top}", POSTFIX

    def of(self, node: Node) -> Said:
        vec = r"\operatorname{vec} " if node.value == "dvec" else ""
        return rf"\mathrm{{d}} {vec}{self.at(node.parts[0], PRODUCT)}", UNARY

    def bar(self, node: Node) -> Said:
        return rf"\lvert {self.written(node.parts[0])} \rvert", ATOM

    def call(self, node: Node) -> Said:
        word, op = node.value, functions().get(node.value)
        args = [self.written(a) for a in node.parts]
        sized = word == "eye" or len(word) == 1
        if word == "ones" or (sized and all(a.kind in ("name", "num") for a in node.parts)):
            sign = {"ones": r"\mathbf{1}", "eye": "I"}.get(word, word)
            sizes = (r" \times " if word == "ones" else ",").join(args)
            return f"{sign}_{{{sizes}}}", ATOM
        bar = node.parts[0].kind == "bar"
        if op is not None and op.latex and op.args and len(op.args) == len(args) and not (op.params or bar):
            return self.templated(op.latex, node, op)
        if word == "kron":
            return rf"{self.at(node.parts[0], PRODUCT)} \otimes {self.at(node.parts[1], PRODUCT)}", ENTRYWISE
        name = word.replace("_", r"\_")
        sign = r"\mathrm{d}" if word == "d" else rf"\{word}" if word in ("log", "exp") else rf"\operatorname{{{name}}}"
        if bar:
            return sign + args[0], ATOM
        return sign + self.bracketed(", ".join(args)), ATOM

    def index(self, node: Node) -> Said:
        return rf"{{{self.at(node.parts[0], ATOM)}}}_{{{node.value}}}", ATOM

    def blocks(self, node: Node) -> Said:
        rows = r" \\ ".join(" & ".join(self.written(cell) for cell in row.parts) for row in node.parts)
        return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}", ATOM
