"""A formula as array operations: what the expression becomes before it is written out for a target.

A ``Value`` is one array operation on other values.  Values are interned in their ``Program``, so that what is computed
twice is one value.  A value of shape 1 x 1 is always a number (0-d); everything else has two axes, and broadcasting
is as in NumPy.

The operations: ``name`` (an argument), ``const`` (a rational), ``size`` (a size as a number), ``add sub mul div pow``
(entry by entry), ``neg``, ``matmul``, ``inner`` (a row times a column, as a number), ``T`` (transpose), ``sum``
(over the axis in its parameter, or over all), ``solve``, ``guard`` (a norm that divides: 1 where it is 0), ``real``
(a number of the array library in place of a number of the language), ``assemble`` (an array put together from others),
``call`` (a template) and ``loop`` (the sum of a value over an index, with where that runs from and to, and its shape).
Inside tensor networks a value may have any number of axes; it then counts as a column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from closedform.core.bound import marked
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, Shape

SCALAR: Shape = (ONE, ONE)
LEAVES = frozenset({"name", "const", "size"})


class Value:
    """One array operation.  Made by ``Program.value``; equal values are the same object.

    ``plain`` says that the value is a number of the language itself (an ``int`` or ``float``), for which division by
    zero and powers follow other rules than for arrays.
    """

    __slots__ = ("args", "op", "params", "plain", "shape")
    op: str
    args: tuple[Value, ...]
    params: tuple[Any, ...]
    shape: Shape
    plain: bool

    @property
    def is_scalar(self) -> bool:
        return self.shape[0] is ONE and self.shape[1] is ONE

    def __repr__(self) -> str:
        return f"Value({self.op}{self.params}: {self.shape[0]} x {self.shape[1]})"


class Program:
    """The values of a formula, its result, and names that the user gave to intermediates.

    >>> p = Program()
    >>> x = p.name("x", (Dim.of("n"), ONE))
    >>> p.inner(p.transposed(x), x) is p.inner(p.transposed(x), x)
    True
    """

    def __init__(self) -> None:
        self._table: dict[tuple[object, ...], Value] = {}
        self.hints: dict[Value, str] = {}
        self.places: dict[Value, tuple[Expr, Dim]] = {}
        """Members of families: the family, and which member."""
        self.symmetric: set[Value] = set()
        """Values that are their own transposes."""
        self.result: Value = self.const(0)
        self.shaped = False
        """Has the result the axes of a tensor, not those of a matrix?"""

    # ---- construction ---------------------------------------------------------------------------------------
    def value(self, op: str, args: tuple[Value, ...], params: tuple[Any, ...], shape: Shape, plain: bool = False) -> Value:
        """The value of an operation."""
        key = (op, args, params, shape)
        found = self._table.get(key)
        if found is None:
            found = object.__new__(Value)
            found.op, found.args, found.params, found.shape, found.plain = op, args, params, shape, plain
            self._table[key] = found
        return found

    def name(self, name: str, shape: Shape) -> Value:
        return self.value("name", (), (name,), shape)

    def const(self, number: int | Fraction) -> Value:
        return self.value("const", (), (Fraction(number),), SCALAR, plain=True)

    def size(self, dim: Dim) -> Value:
        known = dim.integer
        return self.const(known) if known is not None else self.value("size", (), (dim,), SCALAR, plain=True)

    def call(self, template: str, args: tuple[Value, ...], shape: Shape, **params: Any) -> Value:
        """A call: ``template`` is a text with ``{0}``, ``{1}`` … for the arguments and names for the parameters."""
        plain = not args and shape == SCALAR
        return self.value("call", args, (template, tuple(params.items())), shape, plain)

    def number(self, value: Value) -> Value:
        """A number in the form the array library computes with, so that 1/0 is inf and not an error."""
        return self.value("real", (value,), (), SCALAR) if value.plain else value

    def negative(self, a: Value) -> Value:
        if a.op == "const":
            return self.const(-a.params[0])
        return a.args[0] if a.op == "neg" else self.value("neg", (a,), (), a.shape, a.plain)

    def add(self, a: Value, b: Value) -> Value:
        return self.value("add", (a, b), (), broadcast(a.shape, b.shape), a.plain and b.plain)

    def sub(self, a: Value, b: Value) -> Value:
        return self.value("sub", (a, b), (), broadcast(a.shape, b.shape), a.plain and b.plain)

    def mul(self, a: Value, b: Value) -> Value:
        """The product entry by entry; a number goes with anything."""
        for one, other in ((a, b), (b, a)):
            if one.op == "const" and one.params[0] == 1:
                return other
            if one.op == "const" and one.params[0] == -1:
                return self.negative(other)
        return self.value("mul", (a, b), (), broadcast(a.shape, b.shape), a.plain and b.plain)

    def div(self, a: Value, b: Value) -> Value:
        if b.op == "const" and b.params[0] == 1:
            return a
        nonzero = bool(b.params[0]) if b.op == "const" else b.op == "size" and len(b.params[0].terms) == 1
        nonzero = nonzero and not (b.op == "size" and marked(b.params))  # an index may be 0
        if b.plain and not nonzero:
            b = self.number(b)
        return self.value("div", (a, b), (), broadcast(a.shape, b.shape), a.plain and b.plain)

    def pow(self, a: Value, b: Value) -> Value:
        """The power entry by entry, as a division or a square root where it is one."""
        if b.op == "const":
            exponent: Fraction = b.params[0]
            if exponent == 1:
                return a
            if exponent < 0:
                return self.div(self.const(1), self.pow(a, self.const(-exponent)))
            if exponent == Fraction(1, 2):
                return self.call("np.sqrt({0})", (a,), a.shape)
        return self.value("pow", (self.number(a), b), (), broadcast(a.shape, b.shape))

    def transposed(self, a: Value) -> Value:
        if a.is_scalar or a in self.symmetric:
            return a
        if a.op == "T":
            return a.args[0]
        if a.op == "neg":
            return self.negative(self.transposed(a.args[0]))
        return self.value("T", (a,), (), a.shape[::-1])

    def inner(self, row: Value, column: Value) -> Value:
        return self.value("inner", (row, column), (), SCALAR)

    def matmul(self, a: Value, b: Value) -> Value:
        shape = (a.shape[0], b.shape[1])
        return self.inner(a, b) if shape == SCALAR else self.value("matmul", (a, b), (), shape)

    def sum(self, a: Value, axis: int | None = None) -> Value:
        """The sum of all entries; along an axis the result keeps two axes."""
        if a.is_scalar:
            return a
        shape = SCALAR if axis is None else (ONE, a.shape[1]) if axis == 0 else (a.shape[0], ONE)
        return self.value("sum", (a,), (None if shape == SCALAR else axis,), shape)

    def solve(self, a: Value, b: Value) -> Value:
        """inv(a) times b."""
        return self.value("solve", (a, b), (), (a.shape[0], b.shape[1]))

    def guard(self, norm: Value) -> Value:
        """A norm, or 1 where it is 0: what divides a vector that is 0 together with its norm."""
        return self.value("guard", (self.number(norm),), (), SCALAR)

    # ---- reading --------------------------------------------------------------------------------------------
    def order(self) -> list[Value]:
        """The values that the result needs, arguments first."""
        return below(self.result)

    def uses(self, order: Iterable[Value]) -> dict[Value, int]:
        """How often each of the values is an argument of another one."""
        count: dict[Value, int] = {}
        for value in order:
            for a in value.args:
                count[a] = count.get(a, 0) + 1
        return count


def below(*roots: Value) -> list[Value]:
    """The values that some roots need, the roots with them, arguments first."""
    seen: set[Value] = set()
    out: list[Value] = []
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        value, ready = stack.pop()
        if ready:
            out.append(value)
        elif value not in seen:
            seen.add(value)
            stack.append((value, True))
            stack.extend((a, False) for a in reversed(value.args) if a not in seen)
    return out


Pass = Callable[[Program], Program]
"""An optimisation: a program of the same value."""


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape of an entrywise operation: an axis of length 1 goes with any length."""
    return (b[0] if a[0] is ONE else a[0], b[1] if a[1] is ONE else a[1])
