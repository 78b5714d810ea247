"""The expression: one immutable, interned node type.

Every expression is a matrix: a scalar is 1 x 1, a vector n x 1.  Equal expressions are the same object, so equality is
identity and sharing costs nothing.  The table of nodes is weak, and safe under threads.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError
from closedform.core.limits import tick

if TYPE_CHECKING:
    from closedform.core.op import Op

Shape = tuple[Dim, Dim]
Key = tuple[Any, ...]

MANY = 16
"""Nodes with more arguments than this count as several pieces of work ..."""
NEW = 2
"""... and one that was not there before counts as so many."""

_table: weakref.WeakValueDictionary[Key, Expr] = weakref.WeakValueDictionary()
_lock = threading.Lock()
_registry: dict[str, Op] = {}
_printer: list[Callable[[Expr], str]] = []


class Expr:
    """A node: an operation, its arguments and its parameters (numbers, names, sizes).

    Expressions are made by ``make`` and never by the class.  ``shape`` is a pair of sizes.
    """

    __slots__ = ("__weakref__", "args", "memo", "op", "params", "shape")
    op: Op
    args: tuple[Expr, ...]
    params: tuple[Any, ...]
    shape: Shape
    memo: dict[str, Any]
    """What has been found out about the node (facts, size); lives and dies with it."""

    @property
    def rows(self) -> Dim:
        return self.shape[0]

    @property
    def cols(self) -> Dim:
        return self.shape[1]

    @property
    def is_scalar(self) -> bool:
        return self.shape[0] is ONE and self.shape[1] is ONE

    @property
    def is_column(self) -> bool:
        """A vector: one column (a scalar counts)."""
        return self.shape[1] is ONE

    @property
    def is_square(self) -> bool:
        return self.shape[0] is self.shape[1]

    def __repr__(self) -> str:
        return f"Expr({self})"

    def __str__(self) -> str:
        return _printer[0](self) if _printer else f"{self.op.name}{self.params}"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (_flat(self),))

    # ---- arithmetic as in NumPy: * is elementwise, @ is the product --------------------------------------------
    def __add__(self, other: object) -> Expr:
        return arithmetic("+", self, other)

    def __radd__(self, other: object) -> Expr:
        return arithmetic("+", other, self)

    def __sub__(self, other: object) -> Expr:
        return arithmetic("-", self, other)

    def __rsub__(self, other: object) -> Expr:
        return arithmetic("-", other, self)

    def __mul__(self, other: object) -> Expr:
        return arithmetic(".*", self, other)

    def __rmul__(self, other: object) -> Expr:
        return arithmetic(".*", other, self)

    def __truediv__(self, other: object) -> Expr:
        return arithmetic("./", self, other)

    def __rtruediv__(self, other: object) -> Expr:
        return arithmetic("./", other, self)

    def __pow__(self, other: object) -> Expr:
        return arithmetic(".^", self, other)

    def __rpow__(self, other: object) -> Expr:
        return arithmetic(".^", other, self)

    def __matmul__(self, other: object) -> Expr:
        return arithmetic("@", self, other)

    def __rmatmul__(self, other: object) -> Expr:
        return arithmetic("@", other, self)

    def __neg__(self) -> Expr:
        return arithmetic("*", -1, self)

    def __pos__(self) -> Expr:
        return self

    @property
    def T(self) -> Expr:
        return make("transpose", (self,))

    def __getitem__(self, index: object) -> Expr:
        return arithmetic("[]", self, index)

    __iter__ = None  # entries are counted symbolically: an expression cannot be run through
    __contains__ = None
    __array_ufunc__ = None  # NumPy arrays on the left must not swallow the operator

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/latex": f"${_latex[0](self)}$"} if _latex else {"text/plain": str(self)}


_latex: list[Callable[[Expr], str]] = []
_arithmetic: list[Callable[[str, object, object], Expr]] = []


def arithmetic(symbol: str, left: object, right: object) -> Expr:
    """Two operands joined by an operator of the language, read with the rules for text."""
    return _arithmetic[0](symbol, left, right)


def install(
    *, text: Callable[[Expr], str], latex: Callable[[Expr], str], operators: Callable[[str, object, object], Expr]
) -> None:
    """Give nodes their printed forms and their operators (the language does this when it is loaded)."""
    _printer[:], _latex[:], _arithmetic[:] = [text], [latex], [operators]


def register(op: Op) -> None:
    """Add an operation to the registry; its name must be new."""
    if op.name in _registry:
        raise TypeError(f"the operation {op.name} is declared twice")
    _registry[op.name] = op


def registry() -> dict[str, Op]:
    """Every declared operation by name."""
    return dict(_registry)


def operation(name: str) -> Op:
    """The declared operation of that name."""
    return _registry[name]


def make(name: str, args: tuple[Expr, ...] = (), params: tuple[Any, ...] = ()) -> Expr:
    """The node of an operation; InputError when its arguments do not fit.

    >>> make("transpose", (make("zeros", (), (Dim.of("m"), Dim.of("n"))),)).shape
    (Dim(n), Dim(m))
    """
    if len(args) > MANY:
        tick(len(args) // MANY)
    key = (name, args, params)
    found = _table.get(key)
    if found is not None:
        return found
    tick(NEW)
    op = _registry[name]
    shape = op.shape(*args, *params)
    with _lock:
        found = _table.get(key)
        if found is None:
            found = object.__new__(Expr)
            found.op, found.args, found.params, found.shape, found.memo = op, args, params, shape, {}
            _table[key] = found
    return found


def _flat(root: Expr) -> list[tuple[str, tuple[int, ...], tuple[Any, ...]]]:
    """The nodes below a root in an order in which each can be made, so that pickling never recurses."""
    index: dict[Expr, int] = {}
    rows: list[tuple[str, tuple[int, ...], tuple[Any, ...]]] = []
    stack = [root]
    while stack:
        node = stack[-1]
        todo = [a for a in node.args if a not in index]
        if todo:
            stack.extend(todo)
            continue
        stack.pop()
        if node not in index:
            index[node] = len(rows)
            rows.append((node.op.name, tuple(index[a] for a in node.args), node.params))
    return rows


def _rebuild(rows: list[tuple[str, tuple[int, ...], tuple[Any, ...]]]) -> Expr:
    made: list[Expr] = []
    for name, args, params in rows:
        made.append(make(name, tuple(made[i] for i in args), params))
    return made[-1]


def shape_text(shape: Shape) -> str:
    """How a shape reads in messages.

    >>> shape_text((Dim.of("n"), ONE))
    'n x 1'
    """
    return f"{shape[0]} x {shape[1]}"


def misfit(op: str, requirement: str, *operands: Expr, hint: str = "") -> InputError:
    """The error of an operation whose arguments do not fit: requirement, operands with shapes, suggestion."""
    listed = ", ".join(f"{_short(e)} : {shape_text(e.shape)}" for e in operands)
    return InputError(f"{op}: {requirement}; got {listed}" + (f". {hint}" if hint else ""))


def _short(e: Expr) -> str:
    if not _printer or len(e.args) > 8:
        return f"{e.op.name}(…)"
    text = str(e)
    return text if len(text) <= 40 else text[:37] + "…"
