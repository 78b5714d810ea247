"""The shapes of names that are not declared: the program of a text, run on shapes whose sizes are unified."""

from __future__ import annotations

from fractions import Fraction

from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Shape, make
from closedform.lang.declare import Scope
from closedform.lang.program import Instruction, Program
from closedform.lang.unify import FREE, Clash, Sizes
from closedform.lang.words import FILLED, SIGNATURES, operations, unavailable

POOL = "nmkpqrsldhjuvw"
"""The names of inferred sizes, in the order in which they are taken."""
SCALAR: Shape = (ONE, ONE)


class Inferred:
    """What inference found: the shape of each undeclared name and of each ``vector(c)``, and the step where it failed."""

    __slots__ = ("failed", "fills", "shapes", "undecided", "why")

    def __init__(self) -> None:
        self.shapes: dict[str, Shape] = {}
        self.fills: dict[int, Shape] = {}
        self.failed: int | None = None
        self.undecided = False
        """Did it fail because sizes that have to be equal do not determine the free ones?"""
        self.why = "the sizes do not agree"

    def error(self, program: Program) -> InputError:
        """The failure, at its place in the text."""
        step = program.steps[self.failed or 0]
        return InputError(self.why, source=program.source, column=step.column, width=step.width)


def infer(program: Program, scope: Scope, known: dict[str, Shape], unknown: list[str]) -> Inferred:
    """The shapes of undeclared one-letter names: a to g scalars, h to z vectors, A to Z matrices."""
    run = _Run(program, known, frozenset(name for name, e in scope.symbols.items() if e.op.name == "family"))
    out = Inferred()
    for name in unknown:
        if name in "abcdefg":
            run.names[name] = SCALAR
        else:
            run.names[name] = (run.sizes.fresh(), ONE if name.islower() else run.sizes.fresh())
    own = frozenset(run.sizes.free.values())
    place = 0
    try:
        for place, step in enumerate(program.steps):
            run.step(place, step)
        for pair in run.sizes.finish()[:1]:
            out.failed, out.undecided = run.origin.get(pair, place), True
    except Clash:
        out.failed = place
    except InputError as error:
        step = program.steps[place]
        raise error.located(program.source, step.column, step.width) from None
    used = {*scope.symbols, *scope.sizes, *program.names, *program.sizes, *(s.value for s in program.steps if s.code == "bind")}
    titles: dict[str, Dim] = {}
    for name in unknown:
        out.shapes[name] = _titled(run, run.names[name], titles, used)
    if out.undecided:
        pair = run.sizes.later[0]
        free = {name for size in pair for name in run.sizes.value(size).names if name.startswith(FREE)}
        hint = "declare the names" if free <= own else "write c*ones(n) or c*ones(m, n) for vector(c) or matrix(c)"
        one, other = _titled(run, pair, titles, used)
        out.why = f"the sizes {one} and {other} have to be equal, which does not determine them; {hint}"
    for place, shape in run.fills.items():
        left = {name for size in shape for name in run.sizes.value(size).names if name.startswith(FREE)}
        if out.failed is None and not left <= own:
            step = program.steps[place]
            raise InputError(
                f"the size of {step.value[0]}(...) cannot be inferred here; write c*ones(n) or c*ones(m, n) instead",
                source=program.source, column=step.column, width=step.width,
            )  # fmt: skip
        out.fills[place] = _titled(run, shape, titles, used)
    return out


def _titled(run: _Run, shape: Shape, titles: dict[str, Dim], used: set[str]) -> Shape:
    """The shape with a name for each size that is still free."""
    out = []
    for size in shape:
        size = run.sizes.value(size)
        for name in sorted(size.names):
            if name.startswith(FREE) and name not in titles:
                titles[name] = Dim.of(_unused(used))
        out.append(size.substitute(titles))
    return out[0], out[1]


def _unused(used: set[str]) -> str:
    for title in POOL:
        if title not in used:
            break
    else:
        number = 1
        while f"n{number}" in used:
            number += 1
        title = f"n{number}"
    used.add(title)
    return title


class _Run:
    """The program run on shapes."""

    def __init__(self, program: Program, known: dict[str, Shape], families: frozenset[str]) -> None:
        self.sizes = Sizes()
        self.steps, self.families = program.steps, families
        self.names = dict(known)
        self.lets: dict[str, Shape] = {}
        self.stack: list[Shape] = []
        self.fills: dict[int, Shape] = {}
        self.origin: dict[tuple[Dim, Dim], int] = {}
        self.power = "T" in program.sizes

    def picks(self, place: int) -> bool:
        """Is the index at a step that of a member of a family?"""
        before = self.steps[place - 1]
        return before.code == "name" and before.value in self.families

    def step(self, place: int, step: Instruction) -> None:
        """Run one instruction."""
        code, value, stack = step.code, step.value, self.stack
        before = len(self.sizes.later)
        if code == "name":
            stack.append(self.names[value])
        elif code in ("num", "size"):
            stack.append(SCALAR)
        elif code == "series" or (code == "index" and self.picks(place)):
            pass  # the shape of a term; the shape of a member
        elif code == "let":
            stack.append(self.lets[value])
        elif code == "bind":
            self.lets[value] = stack.pop()
        elif code == "'":
            stack[-1] = stack[-1][::-1]
        elif code == "^T":
            stack[-1] = self.square(stack[-1]) if self.power or value else stack[-1]
            stack[-1] = stack[-1] if self.power else stack[-1][::-1]
        elif code == "index":
            stack[-1] = self.entries(stack[-1], value)
        elif code == "blocks":
            stack[len(stack) - sum(value) :] = [self.blocks(stack[len(stack) - sum(value) :], value)]
        elif code == "call":
            word, count, dims = value
            args = stack[len(stack) - count :]
            stack[len(stack) - count :] = [self.call(place, word, args, dims)]
        elif code != "neg":
            right = stack.pop()
            stack[-1] = self.infix(code, stack[-1], right)
        for pair in self.sizes.later[before:]:
            self.origin[pair] = place

    def scalar(self, shape: Shape) -> bool:
        return self.sizes.value(shape[0]) is ONE and self.sizes.value(shape[1]) is ONE

    def same(self, a: Shape, b: Shape) -> Shape:
        self.sizes.equate(a[0], b[0])
        self.sizes.equate(a[1], b[1])
        return a

    def square(self, shape: Shape) -> Shape:
        self.sizes.equate(*shape)
        return shape

    def infix(self, code: str, a: Shape, b: Shape) -> Shape:
        if code in ("+", "-"):
            return self.same(a, b)
        if code == "⊗":
            return a[0] * b[0], a[1] * b[1]
        if code == "^":
            return a if self.scalar(a) else self.square(a)
        if self.scalar(b):
            return a
        if code == "/":
            raise Clash
        if self.scalar(a):
            return b
        if code != "*":
            return self.same(a, b)
        try:
            self.sizes.equate(a[1], b[0])
        except Clash:
            self.sizes.equate(a[0], b[0])  # so that the message can suggest a transpose
            raise
        return a[0], b[1]

    def entries(self, shape: Shape, items: tuple[tuple[Dim, Dim] | None, ...]) -> Shape:
        if len(items) == 1:
            if self.sizes.value(shape[1]) is ONE:
                items = (items[0], None)
            elif self.sizes.value(shape[0]) is ONE:
                items = (None, items[0])
            else:
                raise Clash
        rows, cols = (size if item is None else item[1] - item[0] + 1 for item, size in zip(items, shape, strict=True))
        return rows, cols

    def blocks(self, cells: list[Shape], layout: tuple[int, ...]) -> Shape:
        at, rows, width = 0, Dim.of(0), None
        for count in layout:
            across = Dim.of(0)
            for cell in cells[at : at + count]:
                self.sizes.equate(cell[0], cells[at][0])
                across = across + cell[1]
            if width is None:
                width = across
            self.sizes.equate(across, width)
            rows = rows + cells[at][0]
            at += count
        assert width is not None
        return rows, width

    def call(self, place: int, word: str, args: list[Shape], dims: tuple[Dim, ...]) -> Shape:
        if word in FILLED:
            self.fills[place] = (self.sizes.fresh(), ONE if word == "vector" else self.sizes.fresh())
            if not self.scalar(args[0]):
                raise Clash
            return self.fills[place]
        if word == "unvec":
            return self.same(args[0], (dims[0] * dims[1], ONE)) and (dims[0], dims[1])
        if word in ("eye", "ones", "zeros"):
            return (dims[0], dims[-1]) if word == "eye" or len(dims) == 2 else (dims[0], ONE)
        if word == "e":
            return dims[1], ONE
        if word == "commutation":
            return dims[0] * dims[1], dims[0] * dims[1]
        if word in ("duplication", "elimination"):
            full, half = dims[0] * dims[0], dims[0] * (dims[0] + 1) * Fraction(1, 2)
            return (full, half) if word == "duplication" else (half, full)
        signature = SIGNATURES.get(word, "")
        if not signature:
            raise unavailable(word)
        if "->" in signature:
            return self.through(signature, args)
        first = args[0]
        if signature == "entrywise2":
            if self.scalar(first):
                return args[1]
            return first if self.scalar(args[1]) else self.same(first, args[1])
        if signature == "diag":
            if self.sizes.value(first[1]) is ONE:
                return first[0], first[0]
            return self.square(first)[0], ONE
        if signature in ("line", "line1"):
            if self.sizes.value(first[0]) is not ONE and self.sizes.value(first[1]) is not ONE:
                raise Clash
            return first if signature == "line" else SCALAR
        return self.found(word, first)

    def found(self, word: str, shape: Shape) -> Shape:
        """The shape that an operation gives to an argument whose shape is known."""
        if word not in operations():
            raise unavailable(word)
        rows, cols = (self.sizes.value(size) for size in shape)
        if any(name.startswith(FREE) for name in rows.names | cols.names):
            raise Refusal(f"{word}: the sizes of its argument are not known; declare them")
        return make(operations()[word], (make("hole", (), (rows, cols)),)).shape

    def through(self, signature: str, args: list[Shape]) -> Shape:
        """The shape that a signature gives."""
        left, right = signature.split(" -> ")
        held: dict[str, Dim] = {"1": ONE}
        for shape, letters in zip(args, left.split(", "), strict=True):
            for size, letter in zip(shape, letters.split(), strict=True):
                self.sizes.equate(size, held.setdefault(letter, size))
        out = []
        for text in right.split():
            if text == "n+":
                out.append(held["n"] * (held["n"] + 1) * Fraction(1, 2))
                continue
            size = ONE
            for letter in text.split("*"):
                size = held[letter] * size
            out.append(size)
        return out[0], out[1]
