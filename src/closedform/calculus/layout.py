"""The layout conventions, in this one place.  Every name is defined by the shape it gives.

Results are computed in mixed layout: the gradient of a scalar has the shape of its variable, everything else is the
first identification table of Magnus and Neudecker.  Numerator layout turns the gradient; denominator layout turns
everything else.
"""

from __future__ import annotations

from collections.abc import Sequence

from closedform.core.errors import InputError
from closedform.core.expr import Expr

LAYOUTS = ("mixed", "numerator", "denominator")


def checked(layout: object) -> str:
    """The layout, or InputError with the names there are."""
    if not isinstance(layout, str) or layout not in LAYOUTS:
        raise InputError(f"layout: {layout!r} is not one of {', '.join(LAYOUTS)}")
    return layout


def is_turned(layout: str, *, gradient: bool) -> bool:
    """Is the printed answer the transpose of the one in mixed layout?  ``gradient``: of a scalar by a vector or matrix."""
    return layout == "numerator" if gradient else layout == "denominator"


def says(layout: str, function: Expr, wrt: Sequence[Expr]) -> str:
    """The name of the layout and what it does: the shape it gives to this derivative.

    ``function`` is the expression asked about, ``wrt`` the variables in turn.
    """
    return f"{layout}: {reads(layout, function, wrt)}"


def reads(layout: str, function: Expr, wrt: Sequence[Expr]) -> str:
    """What the layout does, without its name: the shape it gives to this derivative.

    >>> from closedform.lang.declare import declare
    >>> from closedform.ops.build import product, transpose
    >>> x = declare("x: n").symbols["x"]
    >>> reads("numerator", product(transpose(x), x), [x])
    'the gradient has the shape of x, transposed'
    """
    *earlier, last = wrt
    name = last.params[0]
    before = "the derivative before it" if earlier else "the expression"
    if last.is_scalar:
        return f"the derivative has the shape of {before}" + (", transposed" if layout == "denominator" else "")
    if function.is_scalar and all(x.is_scalar for x in earlier):
        return f"the gradient has the shape of {name}" + (", transposed" if layout == "numerator" else "")
    if function.is_scalar and len(wrt) == 2:
        before = f"the entries of {earlier[-1].params[0]}"
    rows, columns = before, f"the entries of {name}"
    if layout == "denominator":
        rows, columns = columns, rows
    return f"rows run over {rows}, columns over {columns}"
