"""Scalar functions applied to every entry.  One row each: the derivative, the value, the code, the facts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from closedform.core.expr import Expr, Shape, make, misfit
from closedform.core.infer import known
from closedform.core.op import f, operation
from closedform.ops.build import entry_power, minus, negative, num, ones_like, power, product, times, total, zeros_like
from closedform.ops.entries import everywhere

Slope = Callable[[Expr, Expr], Expr]
"""The derivative as an expression of the argument x and the value y = f(x)."""


def entrywise(
    name: str,
    slope: Slope,
    code: str,
    *,
    value: Callable[[Any, Any], Any] | None = None,
    latex: str = "",
    needs: str = "",
    facts: str = "",
    keeps: str = "",
    draw: str = "",
    kink: str = "",
    doc: str,
) -> None:
    """Declare the operation that applies a scalar function to every entry.

    ``needs`` is the condition on the argument under which it is differentiable, ``facts`` what always holds of the
    value, ``keeps`` the facts of the argument that the value has too, ``draw`` a fact from which tests draw.
    """
    always, kept = facts.split(), keeps.split()
    evaluate = value or (lambda xp, x: getattr(xp, name)(x))

    def shape_of(x: Expr) -> Shape:
        return x.shape

    def domain_of(x: Expr) -> Iterable[tuple[str, Expr]]:
        return [(needs, x)] if needs else []

    def facts_of(x: Expr) -> list[str]:
        out = always + [k for k in kept if everywhere(x, k)]
        if known(x, "symmetric"):
            out.append("symmetric")
        if x.is_scalar and "positive" in out:
            out.append("pd")
        return out

    def d_x(x: Expr, dx: Expr) -> Expr:
        return times(slope(x, make(name, (x,))), dx)

    body = {
        "__doc__": doc,
        "args": ("x",),
        "code": code,
        "shape": shape_of,
        "domain": domain_of,
        "facts": facts_of,
        "value": lambda xp, x: evaluate(xp, x),
        "d_x": d_x,
        "draws": (f"x: m n {draw}", "x: n " + draw, "x: scalar " + draw),
        "why": f"d {name}(x) = {name}'(x).*dx, entry by entry",
        "kink": kink,
        "latex": latex or rf"\{name}\left({{x}}\right)",
    }
    operation(type(name, (), body))


def _one(x: Expr) -> Expr:
    return ones_like(x)


def _by_sign(negative_side: Callable[[Any, Any], Any], positive_side: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def value(xp: Any, x: Any) -> Any:
        return xp.where(xp.real(x) < 0, negative_side(xp, x), positive_side(xp, x))

    return value


def _sigmoid(xp: Any, x: Any) -> Any:
    e = xp.exp(xp.where(xp.real(x) < 0, x, -x))
    return xp.where(xp.real(x) < 0, e, 1.0) / (1 + e)


def _step(xp: Any, x: Any) -> Any:
    return xp.where(xp.isnan(x), xp.nan, xp.where(xp.real(x) > 0, 1.0, 0.0))


def _erf(xp: Any, x: Any) -> Any:
    from scipy.special import erf  # the one function of this table that NumPy lacks

    return erf(x)


def _softplus(xp: Any, x: Any) -> Any:
    size = xp.where(xp.real(x) < 0, -x, x)
    return xp.where(xp.real(x) < 0, 0.0, x) + xp.log1p(xp.exp(-size))


def _root_of(number: int) -> Expr:
    return power(num(number), Fraction(1, 2))


def _gelu_slope(x: Expr, y: Expr) -> Expr:
    cumulative = total(
        f.number(Fraction(1, 2)) if x.is_scalar else product(num(Fraction(1, 2)), _one(x)),
        product(num(Fraction(1, 2)), f.erf(product(x, power(_root_of(2), -1)))),
    )
    density = product(f.exp(product(num(Fraction(-1, 2)), entry_power(x, 2))), power(f.sqrt(product(num(2), f.pi())), -1))
    return total(cumulative, times(x, density))


DECLARED: tuple[dict[str, Any], ...] = (
    dict(name="exp", slope=lambda x, y: y, code="np.exp({x})", facts="positive", doc="The exponential of each entry."),
    dict(
        name="log",
        slope=lambda x, y: entry_power(x, -1),
        code="np.log({x})",
        needs="positive",
        draw="positive",
        doc="The natural logarithm of each entry.",
    ),
    dict(
        name="log1p",
        slope=lambda x, y: entry_power(total(_one(x), x), -1),
        code="np.log1p({x})",
        needs="above -1",
        keeps="positive nonnegative",
        draw="positive",
        latex=r"\operatorname{{log1p}}\left({x}\right)",
        doc="log(1 + x) of each entry, exact near 0.",
    ),
    dict(
        name="expm1",
        slope=lambda x, y: f.exp(x),
        code="np.expm1({x})",
        keeps="positive nonnegative",
        latex=r"\operatorname{{expm1}}\left({x}\right)",
        doc="exp(x) - 1 of each entry, exact near 0.",
    ),
    dict(
        name="sqrt",
        slope=lambda x, y: product(num(Fraction(1, 2)), entry_power(y, -1)),
        code="np.sqrt({x})",
        needs="positive",
        facts="nonnegative",
        keeps="positive",
        draw="positive",
        latex=r"\sqrt{{{x}}}",
        doc="The square root of each entry.",
    ),
    dict(name="sin", slope=lambda x, y: f.cos(x), code="np.sin({x})", doc="The sine of each entry."),
    dict(name="cos", slope=lambda x, y: negative(f.sin(x)), code="np.cos({x})", doc="The cosine of each entry."),
    dict(name="tan", slope=lambda x, y: total(_one(x), entry_power(y, 2)), code="np.tan({x})", doc="The tangent of each entry."),
    dict(
        name="asin",
        slope=lambda x, y: entry_power(f.sqrt(minus(_one(x), entry_power(x, 2))), -1),
        code="np.arcsin({x})",
        value=lambda xp, x: xp.arcsin(x),
        needs="in (-1, 1)",
        draw="unit",
        latex=r"\arcsin\left({x}\right)",
        doc="The arc sine of each entry.",
    ),
    dict(
        name="acos",
        slope=lambda x, y: negative(entry_power(f.sqrt(minus(_one(x), entry_power(x, 2))), -1)),
        code="np.arccos({x})",
        value=lambda xp, x: xp.arccos(x),
        needs="in (-1, 1)",
        draw="unit",
        latex=r"\arccos\left({x}\right)",
        doc="The arc cosine of each entry.",
    ),
    dict(
        name="atan",
        slope=lambda x, y: entry_power(total(_one(x), entry_power(x, 2)), -1),
        code="np.arctan({x})",
        value=lambda xp, x: xp.arctan(x),
        latex=r"\arctan\left({x}\right)",
        doc="The arc tangent of each entry.",
    ),
    dict(name="sinh", slope=lambda x, y: f.cosh(x), code="np.sinh({x})", doc="The hyperbolic sine of each entry."),
    dict(
        name="cosh",
        slope=lambda x, y: f.sinh(x),
        code="np.cosh({x})",
        facts="positive",
        doc="The hyperbolic cosine of each entry.",
    ),
    dict(
        name="tanh",
        slope=lambda x, y: minus(_one(x), entry_power(y, 2)),
        code="np.tanh({x})",
        doc="The hyperbolic tangent of each entry.",
    ),
    dict(
        name="erf",
        slope=lambda x, y: product(num(2), f.exp(negative(entry_power(x, 2))), power(f.sqrt(f.pi()), -1)),
        code="erf({x})",
        value=_erf,
        latex=r"\operatorname{{erf}}\left({x}\right)",
        doc="The error function of each entry.",
    ),
    dict(
        name="abs",
        slope=lambda x, y: f.sign(x),
        code="np.abs({x})",
        facts="nonnegative",
        value=_by_sign(lambda xp, x: -x, lambda xp, x: x),
        latex=r"\lvert {x} \rvert",
        kink="abs is not differentiable where an entry of {x} is 0; its derivative counts as 0 there",
        doc="The absolute value of each entry.",
    ),
    dict(
        name="sign",
        slope=lambda x, y: zeros_like(x),
        code="np.sign({x})",
        value=lambda xp, x: xp.sign(xp.real(x)),
        latex=r"\operatorname{{sign}}\left({x}\right)",
        kink="sign is not differentiable where an entry of {x} is 0; its derivative counts as 0 there",
        doc="The sign of each entry: -1, 0 or 1.",
    ),
    dict(
        name="step",
        slope=lambda x, y: zeros_like(x),
        code="step({x})",
        value=_step,
        facts="nonnegative",
        latex=r"\operatorname{{step}}\left({x}\right)",
        kink="step is not differentiable where an entry of {x} is 0; its derivative counts as 0 there",
        doc="1 for each entry above 0, else 0.",
    ),
    dict(
        name="relu",
        slope=lambda x, y: f.step(x),
        code="np.maximum({x}, 0.0)",
        facts="nonnegative",
        value=_by_sign(lambda xp, x: 0 * x, lambda xp, x: x),
        latex=r"\operatorname{{relu}}\left({x}\right)",
        kink="relu is not differentiable where an entry of {x} is 0; its derivative counts as 0 there",
        doc="The larger of 0 and each entry.",
    ),
    dict(
        name="sigmoid",
        slope=lambda x, y: times(y, f.sigmoid(negative(x))),
        code="sigmoid({x})",
        value=_sigmoid,
        facts="unit",
        latex=r"\sigma\left({x}\right)",
        doc="1/(1 + exp(-x)) of each entry.",
    ),
    dict(
        name="softplus",
        slope=lambda x, y: f.sigmoid(x),
        code="softplus({x})",
        value=_softplus,
        facts="positive",
        latex=r"\operatorname{{softplus}}\left({x}\right)",
        doc="log(1 + exp(x)) of each entry, without overflow.",
    ),
    dict(
        name="gelu",
        slope=_gelu_slope,
        code="gelu({x})",
        value=lambda xp, x: 0.5 * x * (1 + _erf(xp, x / math.sqrt(2))),
        latex=r"\operatorname{{gelu}}\left({x}\right)",
        doc="x times the normal distribution function at x, of each entry (the exact form).",
    ),
    dict(
        name="silu",
        slope=lambda x, y: total(f.sigmoid(x), times(x, times(f.sigmoid(x), f.sigmoid(negative(x))))),
        code="silu({x})",
        value=lambda xp, x: x * _sigmoid(xp, x),
        latex=r"\operatorname{{silu}}\left({x}\right)",
        doc="x*sigmoid(x) of each entry.",
    ),
)

for _row in DECLARED:
    entrywise(**_row)


def _pair_shape(word: str) -> Callable[[Expr, Expr], Shape]:
    def shape(A: Expr, B: Expr) -> Shape:
        if A.shape == B.shape or B.is_scalar:
            return A.shape
        if A.is_scalar:
            return B.shape
        raise misfit(word, f"{word} needs equal shapes or a scalar", A, B)

    return shape


def _share(A: Expr, B: Expr, d: Expr, *, of_larger: bool) -> Expr:
    """d times (1 + sign(A - B))/2 for the larger, with the minus sign for the smaller: ties share equally."""
    spread = [
        e if not e.is_scalar or (A.is_scalar and B.is_scalar) else product(e, ones_like(B if e is A else A)) for e in (A, B)
    ]
    gap = f.sign(minus(*spread))
    weight = total(_one(gap), gap if of_larger else negative(gap))
    return times(product(num(Fraction(1, 2)), weight), d)


def _bound(A: Expr, B: Expr) -> list[str]:
    out = [k for k in ("positive", "nonnegative", "unit", "integer") if everywhere(A, k) and everywhere(B, k)]
    if all(e.is_scalar or known(e, "symmetric") for e in (A, B)):
        out.append("symmetric")
    if A.is_scalar is B.is_scalar:
        out.extend(k for k in ("lower", "upper", "diagonal") if known(A, k) and known(B, k))
    return out


@operation
class maximum:
    """The larger of two entries at each place; a scalar may stand on either side."""

    args = ("A", "B")
    code = "np.maximum({A}, {B})"
    latex = r"\max\left({A}, {B}\right)"
    draws = ("A: m n; B: m n", "A: m n; B: scalar")
    kink = "maximum is not differentiable at ties; they share equally"
    why = "d maximum(A, B) = (1 + sign(A - B))/2.*dA + (1 - sign(A - B))/2.*dB"
    shape = _pair_shape("maximum")
    facts = _bound

    def d_A(A: Expr, B: Expr, dA: Expr) -> Expr:
        return _share(A, B, dA, of_larger=True)

    def d_B(A: Expr, B: Expr, dB: Expr) -> Expr:
        return _share(A, B, dB, of_larger=False)

    def value(xp: Any, A: Any, B: Any) -> Any:
        return xp.where(xp.real(A) >= xp.real(B), A, B)


@operation
class minimum:
    """The smaller of two entries at each place; a scalar may stand on either side."""

    args = ("A", "B")
    code = "np.minimum({A}, {B})"
    latex = r"\min\left({A}, {B}\right)"
    draws = ("A: m n; B: m n", "A: m n; B: scalar")
    kink = "minimum is not differentiable at ties; they share equally"
    why = "d minimum(A, B) = (1 - sign(A - B))/2.*dA + (1 + sign(A - B))/2.*dB"
    shape = _pair_shape("minimum")
    facts = _bound

    def d_A(A: Expr, B: Expr, dA: Expr) -> Expr:
        return _share(A, B, dA, of_larger=False)

    def d_B(A: Expr, B: Expr, dB: Expr) -> Expr:
        return _share(A, B, dB, of_larger=True)

    def value(xp: Any, A: Any, B: Any) -> Any:
        return xp.where(xp.real(A) <= xp.real(B), A, B)
