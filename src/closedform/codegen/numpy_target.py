"""The text of a program as NumPy statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from closedform.codegen.assemble import Placed
from closedform.codegen.contract import LETTERS
from closedform.codegen.program import LEAVES, Program, Value, below
from closedform.codegen.template import is_atom, repeated, slots
from closedform.core.bound import marked
from closedform.core.dim import Dim
from closedform.core.errors import Refusal

SUM, PRODUCT, UNARY, POWER, ATOM = 10, 20, 30, 40, 50
"""Binding powers of Python's operators."""

WIDTH = 88
"""A line longer than this is parted: some of its operands get statements of their own."""

WORTH = 12
"""An operand shorter than this is never parted from its line."""

LARGEST = 2**53
"""Integers up to here are written as integers."""

VIEWS = ("np.reshape(", "np.ravel(", "np.transpose(", "{0}")
"""How calls begin whose value may share memory with their argument."""


class Text(NamedTuple):
    """A piece of Python with its binding power, and the family of its operator (``*`` or ``@``) for clear brackets."""

    text: str
    power: int
    family: str = ""


class Emitted(NamedTuple):
    """The statements of a program, and its result as an expression."""

    statements: list[str]
    result: Text
    fresh: bool
    """Does the result share no memory with an argument?"""


def size_text(dim: Dim, names: Mapping[str, str]) -> Text:
    """A size in integer arithmetic.

    >>> n = Dim.of("n")
    >>> size_text(n * (n + 1) * Fraction(1, 2), {"n": "n"}).text
    'n * (n + 1) // 2'
    """
    if not dim.terms:
        return Text("0", ATOM)
    scale = 1
    for _, factor in dim.terms:
        scale = scale * factor.denominator // _gcd(scale, factor.denominator)
    common = _common([list(monomial) for monomial, _ in dim.terms]) if len(dim.terms) > 1 else []
    out = ""
    for monomial, factor in dim.terms:
        rest = list(monomial)
        for name in common:
            rest.remove(name)
        whole = int(factor * scale)
        factors = ([] if abs(whole) == 1 and rest else [str(abs(whole))]) + [names[name] for name in rest]
        term = " * ".join(factors)
        out += (" - " if whole < 0 else " + ") + term if out else ("-" if whole < 0 else "") + term
    power = SUM if len(dim.terms) > 1 else UNARY if out.startswith("-") else PRODUCT if "*" in out else ATOM
    if common:
        out, power = " * ".join([*(names[name] for name in common), f"({out})"]), PRODUCT
    if scale > 1:
        out, power = (f"({out}) // {scale}" if power < PRODUCT else f"{out} // {scale}"), PRODUCT
    return Text(out, power, "//" if scale > 1 else "*")


def _common(monomials: list[list[str]]) -> list[str]:
    shared = []
    for name in monomials[0]:
        if all(name in m for m in monomials[1:]):
            shared.append(name)
            for m in monomials[1:]:
                m.remove(name)
    return shared


def _gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


def number_text(value: Fraction) -> Text:
    """A rational number: an integer, a short decimal, or a quotient.

    >>> [number_text(Fraction(*v)).text for v in ((2, 1), (-1, 2), (1, 3))]
    ['2', '-0.5', '1 / 3']
    """
    power = UNARY if value < 0 else ATOM
    if value.denominator == 1 and abs(value) <= LARGEST:
        return Text(str(value.numerator), power)
    try:
        near = float(value)
    except OverflowError:
        raise Refusal(f"the number {str(value)[:12]}… is beyond the range of floating point") from None
    short = repr(near)
    if len(short) > 12 and value.denominator <= LARGEST and abs(value.numerator) <= LARGEST:
        return Text(f"{value.numerator} / {value.denominator}", PRODUCT, "*")
    return Text(short, power)


def emit(program: Program, names: Mapping[str, str], sizes: Mapping[str, str], taken: frozenset[str]) -> Emitted:
    """The statements of a program.

    ``names`` and ``sizes`` say how arguments and sizes are called in Python; ``taken`` are further names not to use.
    """
    writer = _Writer(program, names, sizes, taken)
    return Emitted(writer.lines, writer.texts[program.result], _fresh(program.result))


def open_indices(order: Iterable[Value]) -> dict[Value, frozenset[str]]:
    """The indices of sums, outside of which they are, that values depend on."""
    out: dict[Value, frozenset[str]] = {}
    for value in order:
        free = frozenset().union(*(out[a] for a in value.args))
        if value.op == "loop":
            free -= {value.params[0]}
        out[value] = free | marked(_flat(value.params))
    return out


def _flat(params: Iterable[object]) -> Iterator[object]:
    for p in params:
        if isinstance(p, tuple):
            yield from _flat(p)
        else:
            yield p


def _fresh(value: Value) -> bool:
    while value.op == "T" or (value.op == "call" and value.args and _is_view(value)):
        value = value.args[0]
    return value.op != "name" and not (value.op == "call" and value.params[0].startswith("np.diagonal("))


def _is_view(value: Value) -> bool:
    template: str = value.params[0]
    return template.startswith(VIEWS) or (template.startswith("np.einsum(") and len(value.args) == 1)


class _Writer:
    def __init__(self, program: Program, names: Mapping[str, str], sizes: Mapping[str, str], taken: frozenset[str]) -> None:
        self.names, self.sizes, self.hints = names, dict(sizes), program.hints
        self.taken = {*taken, *names.values(), *sizes.values()}
        self.lines: list[str] = []
        self.texts: dict[Value, Text] = {}
        self.count = 0
        self.part = ""
        order = program.order()
        uses = program.uses(order)
        named = {v.args[0] for v in order if v.op == "guard"}
        named |= {v.args[i] for v in order if v.op == "call" for i in repeated(v.params[0])}
        named |= {v.args[placed.low] for v in order if v.op == "assemble" for placed in v.params[1] if placed.triangle}
        self.uses, self.named = uses, named
        self.open = open_indices(order)
        self.inside: frozenset[str] = frozenset()
        """The indices of the loops that are being written."""
        for value in order:
            if not self.open[value]:
                self._write(value, value is program.result)

    def _write(self, value: Value, last: bool) -> None:
        """Give a value its text, and a name where it is used more than once."""
        if value.op == "loop":
            self._loop(value)
            return
        text = self._put_together(value) if value.op == "assemble" else self._fitted(value)
        self.texts[value] = text
        shared = self.uses.get(value, 0) > 1 or value in self.named or value in self.hints
        if shared and not last and not self._simple(value):
            self._assign(value)

    def _loop(self, value: Value) -> None:
        """The statements that add up the terms of a sum with an index."""
        (body,), (name, low, high, *_) = value.args, value.params
        target = self._target(value)
        rows, cols = (size_text(d, self.sizes).text for d in value.shape)
        self.lines.append(f"{target} = 0.0" if value.is_scalar else f"{target} = np.zeros(({rows}, {cols}))")
        outside, self.lines = self.lines, []
        self.inside |= {name}
        known, hidden = dict(self.texts), self.sizes.get(name)
        self.sizes[name] = self._named(next((i for i in "ijkl" if i not in self.taken), "i"))
        for v in below(body):
            if v not in self.texts and name in self.open[v] and self.open[v] <= self.inside:
                self._write(v, v is body)
        self.lines.append(f"{target} += {self.texts[body].text}")
        begin, end = size_text(low, self.sizes).text, size_text(high + 1, self.sizes).text
        outside.append(f"for {self.sizes[name]} in range({begin}, {end}):")
        outside += [f"    {line}" for line in self.lines]
        self.lines, self.texts = outside, known
        self.inside -= {name}
        if hidden is not None:
            self.sizes[name] = hidden
        self.texts[value] = Text(target, ATOM)

    def _simple(self, value: Value) -> bool:
        return value.op in LEAVES or self.texts[value].text.removesuffix(".T").isidentifier() or self.texts[value].text == "np.pi"

    def _assign(self, value: Value) -> None:
        target = self._target(value)
        self.lines.append(f"{target} = {self.texts[value].text}")
        self.texts[value] = Text(target, ATOM)

    def _owned(self, value: Value) -> bool:
        """Has the value, used here, memory that nothing else uses?"""
        while self.uses[value] == 1 and (value.op == "T" or (value.op == "call" and value.args and _is_view(value))):
            value = value.args[0]
        return self.uses[value] == 1 and _fresh(value)

    def _named(self, hint: str) -> str:
        while hint in self.taken:
            hint += "_"
        self.taken.add(hint)
        return hint

    def _target(self, value: Value) -> str:
        hint = self.hints.get(value, "")
        while not hint or hint in self.taken:
            if value in self.hints:
                hint = (hint or self.hints[value]) + "_"
            else:
                self.count += 1
                hint = f"t{self.count}"
        self.taken.add(hint)
        return hint

    def _fitted(self, value: Value) -> Text:
        """The text of a value; where it is long, its longest operands get statements first."""
        text = self._text(value)
        while len(text.text) > WIDTH:
            longest = max(value.args, key=lambda a: len(self.texts[a].text), default=None)
            if longest is None or len(self.texts[longest].text) < WORTH:
                break
            self._assign(longest)
            text = self._text(value)
        return text

    def _operand(self, value: Value, power: int, family: str = "") -> str:
        """An operand in brackets when it binds less tightly than it must, or where mixed operators would mislead."""
        t = self.texts[value]
        mixed = family and t.family and t.power == PRODUCT and t.family != family
        return f"({t.text})" if t.power < power or mixed else t.text

    def _text(self, value: Value) -> Text:
        op, args = value.op, value.args
        if op == "name":
            return Text(self.names[value.params[0]], ATOM)
        if op == "const":
            return number_text(value.params[0])
        if op == "size":
            return size_text(value.params[0], self.sizes)
        if op in INFIX:
            symbol, power = INFIX[op]
            family = "" if power == SUM else "@" if symbol == "@" else "*"
            left, right = self._operand(args[0], power, family), self._operand(args[1], power + (op != "add"), family)
            return Text(f"{left} {symbol} {right}", power, family)
        if op == "neg":
            return Text("-" + self._operand(args[0], POWER), UNARY)
        if op == "pow":
            exponent = args[1]
            right = self._operand(exponent, ATOM)
            return Text(f"{self._operand(args[0], ATOM)} ** {right}", POWER)
        if op == "T":
            return Text(self._operand(args[0], ATOM) + ".T", ATOM)
        if op == "inner":
            left, right = self._operand(args[0], PRODUCT, "@"), self._operand(args[1], PRODUCT + 1)
            return Text(f"({left} @ {right})[0, 0]", ATOM)
        if op == "sum":
            axis = value.params[0]
            along = "" if axis is None else f", axis={axis}, keepdims=True"
            return Text(f"np.sum({self.texts[args[0]].text}{along})", ATOM)
        if op == "solve":
            return Text(f"np.linalg.solve({self.texts[args[0]].text}, {self.texts[args[1]].text})", ATOM)
        if op == "guard":
            norm = self.texts[args[0]].text
            return Text(f"({norm} if {norm} != 0 else 1.0)", ATOM)
        if op == "real":
            return Text(f"np.float64({self.texts[args[0]].text})", ATOM)
        return self._call(value)

    def _put_together(self, value: Value) -> Text:
        """The statements that fill an array; its name is the text."""
        dims, placed, begun, scaled = value.params
        target = self._target(value)
        first = value.args[0] if begun else None
        if first is None:
            listed = ", ".join(size_text(d, self.sizes).text for d in dims) + ("," if len(dims) == 1 else "")
            self.lines.append(f"{target} = np.zeros(({listed}))")
        elif self._owned(first):
            self.lines.append(f"{target} = {self.texts[first].text}")
        else:
            self.lines.append(f"{target} = np.array({self.texts[first].text})")
        for a, placement in list(zip(value.args, placed, strict=False))[bool(begun) :]:
            sign = "+=" if placement.positive else "-="
            self.lines.append(f"{self._place(target, value, placement)} {sign} {self.texts[a].text}")
        if scaled:
            self.lines.append(f"{target} *= {self.texts[value.args[-1]].text}")
        return Text(target, ATOM)

    def _place(self, target: str, value: Value, placed: Placed) -> str:
        """The part of an array that a value is added to."""
        number = tuple(dict.fromkeys(placed.pattern))
        chosen = [k for k, _ in placed.triangle]
        order = (*chosen, *(k for k in number if k not in chosen))
        part = target
        if order != placed.pattern:
            part = self.part = self.part or self._named("part")
            source, view = ("".join(LETTERS[k] for k in row) for row in (placed.pattern, order))
            self.lines.append(f'{part} = np.einsum("{source}->{view}", {target})')
        if not chosen:
            return part
        low = self._operand(value.args[placed.low], ATOM)
        which = [i for _, i in placed.triangle]
        indices = [f"np.arange(len({low}[0]))" if i == 2 else f"{low}[{i}]" for i in which]
        return f"{part}[{low}]" if which == [0, 1] else f"{part}[{', '.join(indices)}]"

    def _call(self, value: Value) -> Text:
        template, listed = value.params
        params = dict(listed)

        def fill(slot: str, enclosed: bool) -> str:
            if slot in params:
                p = params[slot]
                t = size_text(p, self.sizes) if isinstance(p, Dim) else Text(str(p), ATOM)
            else:
                arg = value.args[int(slot)]
                t = self.texts[arg]
                if arg.op == "const" and self._is_integer(arg):
                    t = Text(t.text + ".0", t.power)
                elif arg.plain and arg.op != "const" and "." not in t.text:
                    t = Text(f"float({t.text})", ATOM)
            return t.text if enclosed or t.power >= ATOM else f"({t.text})"

        return Text(slots(template, fill), ATOM if is_atom(template) else SUM - 1)

    def _is_integer(self, value: Value) -> bool:
        return "." not in self.texts[value].text and "/" not in self.texts[value].text and "e" not in self.texts[value].text


INFIX = {"add": ("+", SUM), "sub": ("-", SUM), "mul": ("*", PRODUCT), "div": ("/", PRODUCT), "matmul": ("@", PRODUCT)}
