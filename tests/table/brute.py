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


def layouts(function: Function, names: list[str], env: Arrays, step: float = 2e-3) -> Arrays:
    """The derivative by variables in turn, in each of the three layouts."""
    before = function
    for name in names[:-1]:
        before = mixed(before, name, step)
    value = mixed(before, names[-1], step)(env)
    gradient = is_gradient(before, env, names[-1])
    return {"mixed": value, "numerator": value.T if gradient else value, "denominator": value if gradient else value.T}


def tensor(function: Function, names: list[str], env: Arrays, axes: tuple[int, ...], step: float = 2e-3) -> Any:
    """The derivative by variables in turn as automatic differentiation has it: output axes, then input axes.

    ``axes`` says how many axes each variable is declared with.
    """
    value = function(env)
    shape = list(value.shape) if min(value.shape) > 1 else [size for size in value.shape if size > 1]
    before = function
    for name in names:
        before = _jacobian_of(before, name, step)
    flat = before(env)
    for name, count in zip(names, axes, strict=True):
        shape += [env[name].shape, env[name].shape[:1], ()][2 - count]
    order = [value.shape, *(np.shape(env[name]) or (1,) for name in names)]
    return flat.reshape([size for part in order for size in part], order="F").reshape(shape)


def _jacobian_of(function: Function, name: str, step: float) -> Function:
    def derivative(env: Arrays) -> Any:
        return jacobian(function, env, name, step).reshape(-1, 1, order="F")

    return derivative


def gap(found: Any, wanted: Any) -> float:
    """The largest deviation, relative to the size of what is wanted (or to 1); shapes must agree."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape, f"{found.shape} instead of {wanted.shape}"
    return float(np.max(np.abs(found - wanted), initial=0.0) / max(1.0, float(np.max(np.abs(wanted), initial=0.0))))
