"""Leaves: symbols, numbers, sizes as numbers, constants with a shape, and the stand-in that rules differentiate."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from closedform.core.bound import marked
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, Shape
from closedform.core.op import operation

SCALAR: Shape = (ONE, ONE)


def _shape(rows: Dim, cols: Dim) -> Shape:
    return rows, cols


def _size_weight(*sizes: Dim) -> int:
    """A call with sizes as arguments; an expression of sizes counts its own nodes."""
    return 1 + sum(1 if s.integer is not None or (len(s.terms) == 1 and len(s.terms[0][0]) == 1) else 3 for s in sizes)


@operation
class symbol:
    """A declared name.  Its declared axes (0 scalar, 1 vector, 2 matrix) and its facts belong to its identity."""

    args = ()
    params = ("name", "rows", "cols", "axes", "declared")
    code = "{name}"
    draws = ()

    def shape(name: str, rows: Dim, cols: Dim, axes: int, declared: frozenset[str]) -> Shape:
        return rows, cols

    def facts(name: str, rows: Dim, cols: Dim, axes: int, declared: frozenset[str]) -> frozenset[str]:
        return declared

    def value(xp: Any, *params: Any) -> Any:
        raise LookupError("a symbol has no value of its own")


@operation
class number:
    """A rational number, exact as written."""

    args = ()
    params = ("value",)
    code = "{value}"
    draws = ()

    def shape(value: Fraction) -> Shape:
        return SCALAR

    def facts(value: Fraction) -> list[str]:
        out = ["positive", "pd"] if value > 0 else ["nonnegative", "psd"] if value == 0 else ["invertible", "symmetric"]
        return [*out, "diagonal", *(["integer"] if value.denominator == 1 else []), *(["unit"] if 0 < value < 1 else [])]

    def value(xp: Any, value: Fraction) -> Any:
        return float(value)

    def weight(e: Expr) -> int:
        value: Fraction = e.params[0]
        return 1 + (value < 0) + (2 if value.denominator != 1 else 0)


@operation
class pi:
    """The number pi."""

    args = ()
    code = "np.pi"
    latex = r"\pi"
    unicode = "π"
    draws = ()

    def shape() -> Shape:
        return SCALAR

    def facts() -> list[str]:
        return ["positive", "pd"]

    def value(xp: Any) -> Any:
        return xp.pi


@operation
class size:
    """A size used as a number: a positive integer; or the index of a sum, which is an integer."""

    args = ()
    params = ("dim",)
    code = "{dim}"
    draws = ()

    def shape(dim: Dim) -> Shape:
        return SCALAR

    def facts(dim: Dim) -> list[str]:
        return ["positive", "pd", "integer"] if not marked((dim,)) else ["integer", "symmetric", "diagonal"]

    def value(xp: Any, dim: int) -> Any:
        return float(dim)

    def weight(e: Expr) -> int:
        return _size_weight(e.params[0]) - 1


@operation
class zeros:
    """The zero of a shape."""

    args = ()
    params = ("rows", "cols")
    code = "np.zeros(({rows}, {cols}))"
    draws = ()
    shape = _shape

    def facts(rows: Dim, cols: Dim) -> list[str]:
        return ["nonnegative", "diagonal", "psd"] if rows is cols else ["nonnegative"]

    def value(xp: Any, rows: int, cols: int) -> Any:
        return xp.zeros((rows, cols))

    def weight(e: Expr) -> int:
        return 1 if e.is_scalar else _size_weight(*(e.params if e.cols is not ONE else e.params[:1]))


@operation
class ones:
    """The matrix of ones."""

    args = ()
    params = ("rows", "cols")
    code = "np.ones(({rows}, {cols}))"
    draws = ()
    shape = _shape

    def facts(rows: Dim, cols: Dim) -> list[str]:
        return ["positive", "psd"] if rows is cols else ["positive"]

    def value(xp: Any, rows: int, cols: int) -> Any:
        return xp.ones((rows, cols))

    def weight(e: Expr) -> int:
        return _size_weight(*(e.params if e.cols is not ONE else e.params[:1]))


@operation
class eye:
    """The identity."""

    args = ()
    params = ("n",)
    code = "np.eye({n})"
    latex = "I_{{{n}}}"
    draws = ()

    def shape(n: Dim) -> Shape:
        return n, n

    def facts(n: Dim) -> list[str]:
        return ["diagonal", "pd", "orthogonal", "nonnegative", "idempotent"]

    def value(xp: Any, n: int) -> Any:
        return xp.eye(n)

    def weight(e: Expr) -> int:
        return _size_weight(e.params[0])


@operation
class unit:
    """The unit vector e(i, n): 1 at place i (counted from 1), 0 elsewhere."""

    args = ()
    params = ("i", "n")
    word = "e"
    code = "np.eye({n})[:, {i} - 1 : {i}]"
    latex = "e_{{{i}}}"
    draws = ()

    def shape(i: Dim, n: Dim) -> Shape:
        return n, ONE

    def facts(i: Dim, n: Dim) -> list[str]:
        return ["nonnegative", "simplex", "orthonormal"]

    def value(xp: Any, i: int, n: int) -> Any:
        return xp.eye(n)[:, i - 1 : i]

    def weight(e: Expr) -> int:
        return _size_weight(*e.params)


@operation
class hole:
    """A stand-in for an argument in which an operation is linear: it has a shape and nothing else."""

    args = ()
    params = ("rows", "cols")
    code = "{rows}"
    draws = ()
    shape = _shape

    def facts(rows: Dim, cols: Dim) -> list[str]:
        return []

    def value(xp: Any, rows: int, cols: int) -> Any:
        raise LookupError("a hole has no value")


@operation
class tangent:
    """The direction dX of a variable X."""

    args = ()
    params = ("name", "rows", "cols")
    code = "d{name}"
    draws = ()

    def shape(name: str, rows: Dim, cols: Dim) -> Shape:
        return rows, cols

    def facts(name: str, rows: Dim, cols: Dim) -> list[str]:
        return []

    def value(xp: Any, *params: Any) -> Any:
        raise LookupError("a direction has no value of its own")


@operation
class d:
    """The differential of an expression, in the lines of a derivation."""

    args = ("A",)
    code = "d({A})"
    latex = r"\mathrm{{d}}\left({A}\right)"
    draws = ()

    def shape(A: Expr) -> Shape:
        return A.shape

    def facts(A: Expr) -> list[str]:
        return []

    def adjoint_A(G: Expr, A: Expr) -> Expr:
        return G

    def value(xp: Any, A: Any) -> Any:
        raise LookupError("a differential has no value of its own")
