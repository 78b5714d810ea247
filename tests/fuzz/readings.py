"""One answer in all its forms: the code, the printed text, what is read of it, and the normal form have the same value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from tests.fuzz.judge import Asked, derivative_shape, is_turned
from tests.fuzz.syntax import declarations, latin, parse
from tests.fuzz.values import Evaluator, Members

import closedform as cf

Array = Any
NEAR = 1e-6
NUDGE = 1e-12
NOISE = 100.0
"""A deviation is rounding up to this many times what comes of moving the point by ``NUDGE``."""


def near(a: Array, b: Array) -> bool:
    """Are two arrays of one shape and equal but for rounding?"""
    if np.shape(a) != np.shape(b):
        return False
    return bool(np.abs(np.asarray(a) - b).max(initial=0) <= NEAR * np.abs(b).max(initial=1e-6))


def arrays(declared: str, env: Mapping[str, Any]) -> dict[str, Array]:
    """The values of all declared names with the axes that were declared."""
    out = {}
    for name, one in declarations(declared).items():
        value = env[name]
        value = value.items if isinstance(value, Members) else value
        axes = len(one.sizes) + (one.count is not None)
        out[name] = np.asarray(value, float).reshape(np.shape(value)[:axes])
    return out


def code(asked: Asked, answer: Any, sizes: Mapping[str, int], env: Mapping[str, Any]) -> str:
    """Where the generated code and the text differ; empty when they do not."""
    declared = declarations(asked.declared)
    value = Evaluator(env)
    printed = value(parse(str(answer), frozenset(declared)))
    given = arrays(asked.declared, env)
    shape = value(parse(asked.expression, frozenset(declared))).shape
    axes = [s for s in shape if s != 1]
    for name in map(latin, asked.wrt):
        array, before = given[name.partition("[")[0]], shape
        own = array.shape[1:] if "[" in name else array.shape
        shape = derivative_shape(before, (*own, 1, 1)[:2])
        axes += own
    mixed = printed.T if is_turned(asked.layout, gradient=before == (1, 1) and own != ()) else printed
    for form, want in (("matrix", printed), ("tensor", mixed.reshape(axes, order="F"))):
        function = answer.function(form=form)
        needed = {name: size for name, size in sizes.items() if name in function._size_names and name not in given}
        with np.errstate(all="ignore"):
            got = np.asarray(function(**given, **needed))
        if not near(got, want) and not _rounded(function, got, want, {**given, **needed}):
            return f"{form} code: {got.shape} against {want.shape}; {np.ravel(got)[:6]} against {np.ravel(want)[:6]}"
    return ""


def _rounded(function: Any, got: Array, want: Array, given: Mapping[str, Any]) -> bool:
    """Is the deviation what rounding leaves?"""
    if np.shape(got) != np.shape(want) or not np.isfinite(got).all():
        return False
    rng = np.random.default_rng(0)
    moved = {}
    for name, value in given.items():
        real = isinstance(value, np.ndarray) and not np.array_equal(value, np.round(value))
        moved[name] = value * (1 + NUDGE * rng.standard_normal(np.shape(value))) if real else value
    with np.errstate(all="ignore"):
        noise = np.abs(np.asarray(function(**moved)) - got).max(initial=0)
    return bool(np.abs(got - want).max(initial=0) <= NOISE * noise)


def readings(asked: Asked, given: object, env: Mapping[str, Any]) -> str:
    """Where a text, what is printed of it, and its normal form have different values; empty when they do not."""
    names = frozenset(declarations(asked.declared))
    value = Evaluator(env)
    want = value(parse(asked.expression, names))
    forms = {"reading": cf.parse(asked.expression, given), "normal form": cf.simplify(asked.expression, given)}
    for what, e in forms.items():
        if not near(value(parse(str(e), names)), want):
            return f"{what}: {e}"
    return ""
