"""Factors that make one: sigmoid, tan and tanh, an absolute value with its sign, what is positive with where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from closedform.core.expr import Expr, make
from closedform.rewrite.term import Scalars, multiply, split, split_scalar

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier

TANGENTS = {"sin": ("tan", "cos"), "sinh": ("tanh", "cosh")}

NAMED = frozenset({*TANGENTS, "sigmoid", "abs", "relu"})
"""Functions that such a product may start from."""


def named_forms(s: Simplifier, powers: Scalars) -> None:
    """The factors of a product, entry by entry, with those that make one put together."""
    _unsigned(s, powers)
    _rectified(s, powers)
    _tangents(s, powers)
    _sigmoids(s, powers)


def _unsigned(s: Simplifier, powers: Scalars) -> None:
    """abs(z).^2 as z.^2 and abs(z).*sign(z) as z, where z is a product of no numbers."""
    for base in [b for b in powers if b.op.name == "abs"]:
        k = powers[base]
        sign = make("sign", base.args)
        signs = 0 if k % 2 == 0 else 1
        factors = _without_number(base.args[0])
        if k.denominator != 1 or k < 0 or factors is None or (signs and powers.get(sign) != 1):
            continue
        s.fire("absolute-value")
        multiply(powers, base, -k)
        multiply(powers, sign, -signs)
        for g, j in factors.items():
            multiply(powers, g, j * k)


def _rectified(s: Simplifier, powers: Scalars) -> None:
    """relu(z).*step(z) as relu(z)."""
    for base in [b for b in powers if b.op.name == "relu" and powers[b] > 0]:
        step = make("step", base.args)
        if powers.get(step, 0) > 0:
            s.fire("rectifier")
            multiply(powers, step, -powers[step])


def _without_number(z: Expr) -> Scalars | None:
    if z.is_scalar:
        factors: Scalars = {}
        return factors if split_scalar(z, factors, 1) == 1 else None
    term = split(z)
    whole = term.coefficient == 1 and not term.scalars and z.op.name not in ("hadamard", "entrypow")
    return {z: 1} if whole else None


def _tangents(s: Simplifier, powers: Scalars) -> None:
    """sin(z)./cos(z) as tan(z), sinh(z)./cosh(z) as tanh(z)."""
    for base in [b for b in powers if b.op.name in TANGENTS]:
        name, below = TANGENTS[base.op.name]
        under = make(below, base.args)
        count = min(powers[base], -powers.get(under, 0))
        whole_ones = powers[base].denominator == 1 == powers.get(under, 0).denominator  # no root of what may be negative
        if count > 0 and whole_ones:
            s.fire("tangent")
            multiply(powers, base, -count)
            multiply(powers, under, count)
            multiply(powers, make(name, base.args), count)


def _sigmoids(s: Simplifier, powers: Scalars) -> None:
    """exp(z)./(1 + exp(z)) as sigmoid(z), 1./(1 + exp(z)) and exp(-z).*sigmoid(z) as sigmoid(-z)."""
    for base in list(powers):
        k = powers.get(base, 0)
        if base.op.name != "add" or len(base.args) != 2 or not k < 0 or k.denominator != 1:
            continue
        e = [a for a in base.args if a.op.name == "exp"]
        one = [a for a in base.args if a.op.name == "ones" or (a.op.name == "number" and a.params[0] == 1)]
        if len(e) != 1 or len(one) != 1:
            continue
        argument = e[0].args[0]
        above = powers.get(e[0], 0)
        s.fire("sigmoid")
        while k < 0:
            z = argument if above >= 1 else s.negated(argument)
            multiply(powers, base, 1)
            if above >= 1:
                multiply(powers, e[0], -1)
            multiply(powers, make("sigmoid", (z,)), 1)
            k, above = k + 1, above - 1
    if not any(b.op.name == "exp" for b in powers):
        return
    for base in [b for b in powers if b.op.name == "sigmoid"]:
        z = s.negated(base.args[0])
        growing = make("exp", (z,))
        while powers.get(base, 0) >= 1 and powers.get(growing, 0) >= 1:
            s.fire("sigmoid")
            multiply(powers, base, -1)
            multiply(powers, growing, -1)
            multiply(powers, make("sigmoid", (z,)), 1)
