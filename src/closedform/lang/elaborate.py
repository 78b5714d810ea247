"""A program of the parser, run on expressions: shapes are checked step by step, and an error points at its step.

A sum or product of many terms is gathered in a chain and made into one node when something else takes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from closedform.core.bound import summation
from closedform.core.dim import ONE, Dim
from closedform.core.errors import DivisionByZero, InputError, Refusal
from closedform.core.expr import Expr, Shape, make, misfit
from closedform.core.limits import limits, said
from closedform.lang.program import Program
from closedform.lang.series import exponent, extent, falling, picked
from closedform.lang.sizes import whole
from closedform.lang.words import FILLED, call, filled
from closedform.ops.build import entry_power, identity, negative, num, times, transpose

MINUS_ONE = Fraction(-1)


class _Chain:
    """The terms of a sum, or the factors of a product, that is still being read."""

    __slots__ = ("items", "name", "shape")

    def __init__(self, name: str, items: list[Expr], shape: Shape) -> None:
        self.name, self.items, self.shape = name, items, shape


Value = Expr | _Chain


def elaborate(program: Program, meaning: Mapping[str, Expr], shapes: Mapping[int, Shape]) -> Expr:
    """The expression of a program: ``meaning`` says what each name is, ``shapes`` the shape of each ``vector(c)`` by step."""
    stack: list[Value] = []
    lets: dict[str, Expr] = {}
    place = 0
    try:
        for place, (code, value, _, _) in enumerate(program.steps):
            if code == "name":
                stack.append(meaning[value])
            elif code == "num":
                stack.append(make("number", (), (value,)))
            elif code == "call":
                word, count, sizes = value
                args = tuple([settle(v) for v in stack[len(stack) - count :]])
                del stack[len(stack) - count :]
                stack.append(filled(word, args[0], *shapes[place]) if word in FILLED else call(word, args, sizes))
            elif code == "'":
                stack[-1] = transpose(settle(stack[-1]))
            elif code == "neg":
                stack[-1] = negative(settle(stack[-1]))
            elif code == "let":
                stack.append(lets[value])
            elif code == "bind":
                lets[value] = make("named", (settle(stack.pop()),), (value,))
            elif code == "index":
                base = settle(stack[-1])
                stack[-1] = picked(base, value) if base.op.name == "family" else entries(base, value)
            elif code == "size":
                stack.append(make("size", (), (value,)))
            elif code == "series":
                name, low, high = value
                body = settle(stack[-1])
                stack[-1] = summation(body, name, ONE if low is None else low, extent(body, name) if high is None else high)
            elif code == "blocks":
                cells = tuple([settle(v) for v in stack[len(stack) - sum(value) :]])
                del stack[len(stack) - sum(value) :]
                stack.append(cells[0] if len(cells) == 1 else make("blocks", cells, (value,)))
            elif code == "^T":
                stack[-1] = _transposed(settle(stack[-1]), value, meaning.get("^T"))
            else:
                right = settle(stack.pop())
                stack[-1] = _INFIX[code](stack[-1], right)
        return settle(stack.pop())
    except InputError as error:
        step = program.steps[place]
        raise error.located(program.source, step.column, step.width) from None


def settle(value: Value) -> Expr:
    """The expression of a value, a chain made into one node."""
    return make(value.name, tuple(value.items)) if isinstance(value, _Chain) else value


def _add(left: Value, right: Expr) -> Value:
    if isinstance(left, _Chain) and left.name == "add":
        if left.shape != right.shape:
            make("add", (settle(left) if len(left.items) < 9 else left.items[0], right))
        left.items.append(right)
        return left
    first = settle(left)
    if first.shape != right.shape:
        make("add", (first, right))
    return _Chain("add", [*first.args, right] if first.op.name == "add" else [first, right], first.shape)


def _subtract(left: Value, right: Expr) -> Value:
    if left.shape != right.shape:
        _add(left, right)
    return _add(left, negative(right))


def multiply(left: Value, right: Expr) -> Value:
    """The product; a product on the left is continued."""
    if isinstance(left, _Chain) and left.name == "mul":
        chain = left
    else:
        first = settle(left)
        chain = _Chain("mul", list(first.args) if first.op.name == "mul" else [first], first.shape)
    (rows, cols), shape = chain.shape, right.shape
    if rows is ONE and cols is ONE:
        chain.shape = shape
    elif shape[0] is ONE and shape[1] is ONE:
        pass
    elif cols is shape[0]:
        chain.shape = (rows, shape[1])
    else:
        raise _misfit_product(settle(chain) if len(chain.items) > 1 else chain.items[0], right)
    chain.items.append(right)
    return chain


def _misfit_product(left: Expr, right: Expr) -> InputError:
    try:
        make("mul", (left, right))
    except InputError as error:
        name = left.params[0] if left.op.name == "symbol" else ""
        if name and error.message.endswith("the first wants a transpose"):
            error.message += f": {name}'"
        return error
    raise AssertionError("the product fits")


def divide(left: Value, right: Expr) -> Value:
    """The quotient by a scalar: a product with its inverse; of numbers a number."""
    if not right.is_scalar:
        raise misfit("/", "the divisor must be a scalar", settle(left), right, hint="Use ./ to divide entry by entry")
    number = isinstance(left, Expr) and left.op.name == "number"
    if right.op.name == "number":
        if right.params[0] == 0:
            raise DivisionByZero("/: division by zero")
        if isinstance(left, Expr) and number:
            return num(left.params[0] / right.params[0])
        return multiply(left, num(1 / right.params[0]))
    inverse = _reciprocal("pow", right)
    return inverse if isinstance(left, Expr) and number and left.params[0] == 1 else multiply(left, inverse)


def _reciprocal(name: str, e: Expr) -> Expr:
    """One over an expression; a whole power below a fraction is a negative power."""
    if e.op.name == name and e.args[1].op.name == "number":
        k = e.args[1].params[0]
        if k.denominator == 1 and k >= 2:
            return make(name, (e.args[0], num(-k)))
    return make(name, (e, num(-1)))


def times_entrywise(left: Value, right: Expr) -> Value:
    """The entrywise product, an entrywise product on the left continued; with a scalar on a side the product."""
    if right.is_scalar or (left.shape[0] is ONE and left.shape[1] is ONE):
        return multiply(left, right)
    if left.shape != right.shape:
        return times(settle(left), right)
    if isinstance(left, _Chain) and left.name == "hadamard":
        left.items.append(right)
        return left
    first = settle(left)
    return _Chain("hadamard", [*first.args, right] if first.op.name == "hadamard" else [first, right], first.shape)


def divide_entrywise(left: Value, right: Expr) -> Value:
    """The entrywise quotient; a scalar may stand on either side."""
    if right.is_scalar:
        return divide(left, right)
    if left.shape[0] is ONE and left.shape[1] is ONE:
        inverse = _reciprocal("entrypow", right)
        alone = isinstance(left, Expr) and left.op.name == "number" and left.params[0] == 1
        return inverse if alone else multiply(left, inverse)
    if left.shape != right.shape:
        raise misfit("./", "the entrywise quotient needs equal shapes or a scalar", settle(left), right)
    return times_entrywise(left, _reciprocal("entrypow", right))


def power_entrywise(left: Value, right: Expr) -> Value:
    """The entrywise power."""
    _admit_power(right)
    return entry_power(settle(left), right)


def _admit_power(exponent: Expr) -> None:
    if exponent.op.name == "number" and limits.power is not None and abs(exponent.params[0]) > limits.power:
        raise Refusal(said("power", "the exponent is larger"))


def raise_to(left: Value, right: Expr) -> Value:
    """The power of a scalar, or the whole power of a square matrix."""
    base = settle(left)
    _admit_power(right)
    if base.is_scalar:
        return make("pow", (base, right))
    if not right.is_scalar:
        raise misfit("^", "the exponent must be a scalar", base, right)
    if not base.is_square:
        name = base.params[0] if base.op.name == "symbol" else "x"
        squares = f", {name}'*{name} for the sum of squares" if base.is_column else ""
        hint = f"Write {name}.^… for the power of each entry{squares}"
        raise misfit("^", "a power needs a scalar or a square matrix", base, hint=hint)
    fixed = _constant(right)
    if fixed is None:
        return _symbolic_power(base, right)
    if fixed.denominator != 1:
        raise InputError(f"^: the power of a matrix is a whole number, not {fixed}; .^ is the power of each entry")
    k = int(fixed)
    if k == 0:
        return identity(base.rows)
    if k < 0:
        base, k = make("inv", (base,)), -k
    return base if k == 1 else make("matrixpow", (base,), (k,))


def _symbolic_power(base: Expr, right: Expr) -> Expr:
    """The power of a matrix with an exponent that is a size, an index or a declared integer."""
    size = exponent(right)
    if size is None:
        name = right.params[0] if right.op.name == "symbol" else "k"
        raise Refusal(
            f"^: the exponent of a matrix is a whole number, a size or a declared integer ({name}: scalar integer); got the "
            f"matrix {_brief(base)} to the power {_brief(right)}"
        )
    if not whole(size):
        raise InputError(f"^: the power of a matrix is a whole number, not {_brief(right)}")
    if falling(size):
        base, size = make("inv", (base,)), size * -1
    return make("sympow", (base,), (size,))


def _brief(e: Expr) -> str:
    text = str(e)
    return text if len(text) <= 40 else text[:39] + "…"


def _constant(e: Expr) -> Fraction | None:
    """The value of a number, also a named one or a short sum or product of numbers."""
    while e.op.name == "named":
        (e,) = e.args
    if e.op.name == "number":
        value: Fraction = e.params[0]
        return value
    if e.op.name not in ("add", "mul") or len(e.args) > 9 or any(a.op.name != "number" for a in e.args):
        return None
    out = Fraction(0 if e.op.name == "add" else 1)
    for a in e.args:
        out = out + a.params[0] if e.op.name == "add" else out * a.params[0]
    return out


def _transposed(base: Expr, inverse: bool, size: Expr | None) -> Expr:
    """X^T or X^-T: a transpose, or a power when T is a size."""
    if size is not None:
        return settle(raise_to(base, negative(size) if inverse else size))
    if inverse:
        base = settle(raise_to(base, num(-1)))
    return transpose(base)


def _kronecker(left: Value, right: Expr) -> Value:
    return make("kron", (settle(left), right))


_INFIX = {
    "+": _add, "-": _subtract, "*": multiply, "/": divide, ".*": times_entrywise, "./": divide_entrywise,
    ".^": power_entrywise, "^": raise_to, "⊗": _kronecker,
}  # fmt: skip


def entries(e: Expr, items: tuple[tuple[Dim, Dim] | None, ...]) -> Expr:
    """Rows and columns of a matrix; a single index runs along a vector.  None stands for all."""
    if len(items) == 1:
        if e.cols is ONE:
            items = (items[0], None)
        elif e.rows is ONE:
            items = (None, items[0])
        else:
            raise misfit("[ ]", "a matrix wants two indices", e, hint="Write X[i,:] for a row, X[:,j] for a column")
    bounds: list[Dim] = []
    for item, count in zip(items, e.shape, strict=True):
        bounds.extend((ONE, count) if item is None else item)
    if bounds == [ONE, e.rows, ONE, e.cols]:
        return e
    return make("index", (e,), tuple(bounds))
