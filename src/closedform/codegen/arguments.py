"""Arguments of generated functions: what is accepted for a declared name, and the sizes it settles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError
from closedform.core.expr import Expr

FLOAT = np.dtype(np.float64)


class Argument:
    """A declared name as an argument: its name, how the code calls it, its axes, and whether the answer needs it."""

    __slots__ = ("axes", "dims", "label", "name", "needed", "others", "plain")

    def __init__(self, name: str, label: str, dims: tuple[Dim, ...], needed: bool) -> None:
        self.name, self.label, self.dims, self.needed = name, label, dims, needed
        self.axes = len(dims)
        self.plain = [(axis, plain_name(d)) for axis, d in enumerate(dims) if plain_name(d)]
        self.others = [(axis, d) for axis, d in enumerate(dims) if not plain_name(d)]

    def __reduce__(self) -> tuple[object, ...]:
        return Argument, (self.name, self.label, self.dims, self.needed)

    @property
    def shape(self) -> str:
        """The shape as it is declared, in the form of NumPy."""
        return "a number" if not self.dims else "(" + ", ".join(map(str, self.dims)) + ("," if self.axes == 1 else "") + ")"

    def read(self, value: Any) -> Any:
        """The value as an array of floats with the declared number of axes; InputError when it cannot be one."""
        if value.__class__ is not np.ndarray or value.dtype is not FLOAT:
            value = self._as_floats(value)
        if value.ndim == self.axes:
            return value if self.axes else value[()]
        if not self.axes and value.shape == (1, 1):
            return value[0, 0]
        if self.axes == 1 and value.ndim == 2 and value.shape[1] == 1:
            return value[:, 0]
        if self.axes == 2 and not value.ndim and self.dims == (ONE, ONE):
            return value.reshape(1, 1)
        raise self.misfit(value.shape)

    def _as_floats(self, value: Any) -> Any:
        kind = type(value).__name__
        if isinstance(value, bool | np.bool_ | str | bytes | np.ma.MaskedArray):
            raise InputError(f"{self.name}: real numbers are needed, got {kind}")
        if isinstance(value, int | float | np.number):
            array = np.asarray(value)
            if isinstance(value, int) and array.dtype.kind == "O":  # beyond 64 bits
                if abs(value) > LARGEST:
                    raise InputError(f"{self.name}: the number is beyond the range of floating point")
                array = np.asarray(float(value))
        elif hasattr(value, "__array__"):
            array = np.asarray(value)
        else:
            wanted = "a number" if not self.axes else "a NumPy array"
            hint = "" if not isinstance(value, list | tuple) else f"; wrap it as np.array({self.name})"
            raise InputError(f"{self.name}: {wanted} is needed, got {kind}{hint}")
        if array.dtype.kind not in "fiu":
            raise InputError(f"{self.name}: an array of real numbers is needed, got dtype {array.dtype}")
        return array.astype(float)

    def misfit(self, shape: tuple[int, ...]) -> InputError:
        given = f"an array of shape {shape}" if shape else "a number"
        wanted = self.shape if not self.axes else f"an array of shape {self.shape}"
        return InputError(f"{self.name}: {wanted} is needed, got {given}")


LARGEST = int(np.finfo(float).max)


def plain_name(dim: Dim) -> str:
    """The name when a size is one name, else ''.

    >>> plain_name(Dim.of("n")), plain_name(Dim.of("n") + 1)
    ('n', '')
    """
    if len(dim.terms) == 1 and dim.terms[0][1] == 1 and len(dim.terms[0][0]) == 1:
        return dim.terms[0][0][0]
    return ""


def linear(dim: Dim, known: Iterable[str] = ()) -> tuple[str, Fraction, Dim] | None:
    """A size a*n + b with one name n that is not known: the name, a and b.  None when it has another form.

    >>> linear(2 * Dim.of("n") + 1)
    ('n', Fraction(2, 1), Dim(1))
    """
    open_names = dim.names - set(known)
    if len(open_names) != 1:
        return None
    name = next(iter(open_names))
    containing = [t for t in dim.terms if name in t[0]]
    if len(containing) != 1 or containing[0][0] != (name,):
        return None
    factor = Fraction(containing[0][1])
    return name, factor, dim - Dim.of(name) * factor


def axes_of(symbol: Expr) -> tuple[Dim, ...]:
    """The axes of a declared name: none for a scalar, one for a vector, two for a matrix."""
    if symbol.op.name == "family":  # the members are stacked on the first axis
        _, rows, cols, axes, _, count = symbol.params
        return (count, rows, cols)[: axes + 1]
    return symbol.shape[: symbol.params[3]]


def settle(arguments: Iterable[Argument], arrays: Mapping[str, Any], given: Mapping[str, int]) -> dict[str, int]:
    """The sizes that follow from arrays (by label) and from sizes given by name; InputError where two disagree."""
    sizes = dict(given)
    source = {name: "the size given" for name in given}
    late: list[tuple[Argument, int, Dim, int]] = []
    for argument in arguments:
        array = arrays.get(argument.label)
        if array is None:
            continue
        shape = array.shape if argument.axes else ()
        for axis, name in argument.plain:
            length = shape[axis]
            if sizes.setdefault(name, length) != length:
                raise InputError(
                    f"{argument.name}: the size {name} is {length} on axis {axis} of {argument.name} of shape {shape}, "
                    f"but {sizes[name]} by {source[name]}"
                )
            source.setdefault(name, f"axis {axis} of {argument.name}")
        late += [(argument, axis, dim, shape[axis]) for axis, dim in argument.others]
    if late:
        _settle_expressions(late, sizes)
    for name, length in sizes.items():
        if length < 1:
            raise InputError(f"the size {name} must be at least 1; it is {length} by {source.get(name, 'the arrays')}")
    return sizes


def _settle_expressions(late: list[tuple[Argument, int, Dim, int]], sizes: dict[str, int]) -> None:
    """Sizes written as expressions: solve for a name where one is open, check the rest."""
    while True:
        rest = []
        for argument, axis, dim, length in late:
            if dim.names <= sizes.keys():
                if dim.value(sizes) != length:
                    at = ", ".join(f"{name} = {sizes[name]}" for name in sorted(dim.names))
                    because = f" = {dim.value(sizes)} with {at}" if at else ""
                    raise InputError(f"{argument.name}: axis {axis} has length {length}, but must have length {dim}{because}")
                continue
            form = linear(dim, sizes)
            if form is None:
                rest.append((argument, axis, dim, length))
                continue
            name, factor, constant = form
            value = Fraction(length - constant.value(sizes)) / factor
            if value.denominator != 1 or value < 1:
                raise InputError(f"{argument.name}: axis {axis} has length {length}, which is not {dim} for any size {name}")
            sizes[name] = int(value)
            rest.append((argument, axis, dim, length))
        if len(rest) == len(late):
            return
        late = rest
