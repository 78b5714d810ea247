"""The layout conventions, in this one place.  Every name is defined by the shape it gives.

Results are computed in mixed layout: the gradient of a scalar has the shape of its variable, everything else is the
first identification table of Magnus and Neudecker.  Numerator layout turns the gradient; denominator layout turns
everything else.
"""

from __future__ import annotations

from closedform.core.errors import InputError

LAYOUTS = ("mixed", "numerator", "denominator")


def checked(layout: object) -> str:
    """The layout, or InputError with the names there are."""
    if layout not in LAYOUTS:
        raise InputError(f"layout: {layout!r} is not one of {', '.join(LAYOUTS)}")
    return str(layout)


def is_turned(layout: str, *, gradient: bool) -> bool:
    """Is the printed answer the transpose of the one in mixed layout?  ``gradient``: of a scalar by a vector or matrix."""
    return layout == "numerator" if gradient else layout == "denominator"


def says(layout: str, kind: str, variable: str) -> str:
    """What the layout does, in words."""
    if kind == "gradient":
        how = "has the shape of" if layout != "numerator" else "has the shape of the transpose of"
        return f"{layout}: the gradient {how} {variable}"
    if kind == "hessian":
        return f"{layout}: rows belong to the first variable, columns to the last" if layout != "denominator" else (
            f"{layout}: rows belong to the last variable, columns to the first"
        )  # fmt: skip
    if kind == "derivative":
        return f"{layout}: the derivative has the shape of the function" + ("'s transpose" if layout == "denominator" else "")
    rows = "the function" if layout != "denominator" else variable
    cols = variable if layout != "denominator" else "the function"
    return f"{layout}: rows belong to {rows}, columns to {cols}"
