"""Derivatives by differences alone, in the shapes of the table of layouts: nothing here knows a rule of calculus."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import closedform as cf
from closedform.core.expr import Expr
from closedform.lang.declare import declare
from closedform.numeric.draw import draw
from closedform.numeric.evaluate import evaluate

SIZES = {"m": 2, "n": 3, "p": 5, "q": 7, "k": 11}
"""Different primes: no shape and no product is right by accident."""

STENCIL = ((1, 3 / 4), (-1, -3 / 4), (2, -3 / 20), (-2, 3 / 20), (3, 1 / 60), (-3, -1 / 60))
"""Central differences of order 6."""

Arrays = dict[str, Any]
Function = Callable[[Arrays], Any]


def point(given: str, seed: int = 5, sizes: Mapping[str, int] = SIZES) -> Arrays:
    """Arrays for the declared names, as they are declared."""
    rng = np.random.default_rng(seed)
    return {name: draw(symbol, sizes, rng) for name, symbol in declare(given).symbols.items()}


def value_of(expression: Expr | str, given: str, sizes: Mapping[str, int] = SIZES) -> Function:
    """An expression as a function of its arrays; a scalar is 1 x 1."""
    parsed = cf.parse(expression, given) if isinstance(expression, str) else expression

    def value(env: Arrays) -> Any:
        return np.reshape(evaluate(parsed, env, sizes), (parsed.rows.value(sizes), parsed.cols.value(sizes)))

    return value


def slope(function: Function, env: Arrays, name: str, direction: Any, step: float) -> Any:
    """The derivative of a function when one of its arrays moves along a direction."""
    total: Any = 0.0
    for place, weight in STENCIL:
        total = total + weight * function({**env, name: env[name] + step * place * direction})
    return total / step


def jacobian(function: Function, env: Arrays, name: str, step: float) -> Any:
    """The J with dvec F = J*dvec X, column by column."""
    at = np.asarray(env[name])
    columns = []
    for k in range(at.size):
        direction = np.zeros(at.size)
        direction[k] = 1.0
        columns.append(slope(function, env, name, direction.reshape(at.shape, order="F"), step).reshape(-1, order="F"))
    return np.stack(columns, axis=1)


def is_gradient(function: Function, env: Arrays, name: str) -> bool:
    return bool(np.size(function(env)) == 1 and np.size(env[name]) > 1)


def mixed(function: Function, name: str, step: float = 2e-3) -> Function:
    """The derivative in mixed layout, again as a function of the arrays."""

    def derivative(env: Arrays) -> Any:
        J = jacobian(function, env, name, step)
        if is_gradient(function, env, name):
            return J.reshape(env[name].shape, order="F")
        if np.size(env[name]) == 1:
            return J.reshape(function(env).shape, order="F")
        return J

    return derivative


def derivatives(function: Function, names: list[str], env: Arrays, axes: tuple[int, ...] = (), step: float = 2e-3) -> Arrays:
    """The derivative by variables in turn: the three layouts, and "tensor", as automatic differentiation has it.

    The tensor has output axes, then input axes; ``axes`` says how many each variable is declared with.  All of them hold
    the same numbers in the order of vec: those of the expression change fastest, then those of the first variable.
    """
    out = function(env).shape
    flat = function
    for name in names:
        flat = _stacked(flat, name, step)
    numbers = flat(env).reshape(-1)
    shape: tuple[int, ...] = out
    gradient = False
    for name in names:
        rows, columns = shape
        size = np.size(env[name])
        gradient = rows * columns == 1 and size > 1
        shape = np.shape(env[name]) if gradient else shape if size == 1 else (rows * columns, size)
    mixed = numbers.reshape(shape, order="F")
    found = {"mixed": mixed, "numerator": mixed.T if gradient else mixed, "denominator": mixed if gradient else mixed.T}
    if axes:
        kept = list(out) if min(out) > 1 else [size for size in out if size > 1]
        for name, count in zip(names, axes, strict=True):
            kept += np.shape(env[name])[:count]
        parts = [out, *(np.shape(env[name]) for name in names)]
        found["tensor"] = numbers.reshape([size for part in parts for size in part], order="F").reshape(kept)
    return found


def _stacked(function: Function, name: str, step: float) -> Function:
    def derivative(env: Arrays) -> Any:
        return jacobian(function, env, name, step).reshape(-1, 1, order="F")

    return derivative


def gap(found: Any, wanted: Any) -> float:
    """The largest deviation, relative to the size of what is wanted (or to 1); shapes must agree."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape, f"{found.shape} instead of {wanted.shape}"
    return float(np.max(np.abs(found - wanted), initial=0.0) / max(1.0, float(np.max(np.abs(wanted), initial=0.0))))
