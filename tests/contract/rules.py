"""The rules of an operation against the value that it computes: shape, differential, adjoint, linearity, printed forms, code."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np
from tests.contract.nodes import Draw, inner, like, name_of, relative, sizes_of

from closedform.calculus.forward import differential, one_step
from closedform.calculus.reverse import pull_back
from closedform.codegen.function import compile_function
from closedform.core.dim import Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr
from closedform.core.walk import contains
from closedform.lang.declare import Scope
from closedform.lang.latex import latex
from closedform.lang.read import parse
from closedform.lang.text import text
from closedform.lang.unicode import unicode
from closedform.numeric.difference import derivative
from closedform.numeric.tangent import space

STEP_TOLERANCE = 1e-9
DIFFERENCE_TOLERANCE = 1e-6
PAIRED = 1e-9


def wrong_shape(e: Expr) -> Iterator[str]:
    """The value has the shape that the shape rule says, and is what ``value`` gives."""
    for sizes in sizes_of(e):
        at = Draw(e, sizes)
        value = at.of(e)
        if np.shape(value) != at.shape(e):
            yield f"shape: the value is {np.shape(value)} at {sizes}, the rule says {at.shape(e)}"
        if not np.isfinite(value).all():
            yield f"draws: the value is not finite at {sizes}"
        parts = [at.of(a) for a in e.args]
        params = [p.value(sizes) if isinstance(p, Dim) else p for p in e.params]
        direct = np.reshape(e.op.value(np, *parts, *params), at.shape(e))
        if relative(value, direct) > PAIRED:
            yield f"value: the evaluator and value differ at {sizes}"


def wrong_differential(e: Expr) -> Iterator[str]:
    """The differential in each slot is the derivative of the value in a direction."""
    for slot, argument in enumerate(e.args):
        if argument.op.name != "symbol":
            continue
        tangent = like(argument, "E")
        rule = one_step(e, {argument: tangent})
        if rule.shape != e.shape:
            yield f"differential: slot {slot} gives {rule.shape}, not {e.shape}"
            continue
        structures = ("projected", "free") if space(argument) else ("projected",)
        for sizes, structure in product(sizes_of(e), structures):
            at = Draw(e, sizes)
            towards = at.direction(argument, structure)
            found = at.of(rule, **{name_of(tangent): towards})
            if relative(at.of(rule, **{name_of(tangent): -2.0 * towards}), -2.0 * np.asarray(found)) > PAIRED:
                yield f"differential: slot {slot} is not linear in the direction at {sizes}"
                break
            along = partial(at.moved, e, argument, towards)
            slope = derivative(along, 1, analytic=False)
            where = f"at {sizes}" + (", off the space of the argument" if structure == "free" else "")
            if relative(found, slope.value) > max(DIFFERENCE_TOLERANCE, 10 * slope.error):
                yield f"differential: slot {slot} differs from central differences {where}"
            if e.op.analytic and relative(found, derivative(along, 1, analytic=True).value) > STEP_TOLERANCE:
                yield f"differential: slot {slot} differs from the complex step {where}"


def wrong_adjoint(e: Expr) -> Iterator[str]:
    """Where an operation is linear, <G, op(dX)> = <adjoint(G), dX>, and the adjoint does not see the argument."""
    for slot, argument in enumerate(e.args):
        if not e.op.linear_in(slot) or argument.op.name != "symbol":
            continue
        G = like(e, "G")
        try:
            rule = e.op.adjoint(slot, G, e)
        except Refusal as refusal:
            if e.op.name not in str(refusal):
                yield f"adjoint: the refusal in slot {slot} does not name the operation"
            continue
        if rule.shape != argument.shape:
            yield f"adjoint: slot {slot} gives {rule.shape}, not {argument.shape}"
            continue
        if contains(rule, argument) and e.args.count(argument) == 1:
            yield f"adjoint: slot {slot} depends on the argument that it is linear in"
        yield from _not_transposed("adjoint", e, slot, argument, rule, G)


def wrong_pullback(e: Expr) -> Iterator[str]:
    """The pullback, derived where the slot is nonlinear, is the transpose of the differential."""
    for slot, argument in enumerate(e.args):
        if argument.op.name != "symbol":
            continue
        G = like(e, "G")
        try:
            rule = pull_back(e, argument, G)
        except Refusal as refusal:
            if e.op.name not in str(refusal):
                yield f"pullback: the refusal in slot {slot} does not name the operation"
            continue
        yield from _not_transposed("pullback", e, slot, argument, rule, G)


def _not_transposed(what: str, e: Expr, slot: int, argument: Expr, rule: Expr, G: Expr) -> Iterator[str]:
    tangent = like(argument, "E")
    moved = one_step(e, {argument: tangent})
    for sizes in sizes_of(e):
        at = Draw(e, sizes)
        g, towards = at.normal(e), at.normal(argument)
        left = inner(g, at.of(moved, **{name_of(tangent): towards}))
        right = inner(at.of(rule, **{name_of(G): g}), towards)
        if not abs(left - right) <= PAIRED * max(1.0, abs(left)):
            yield f"{what}: in slot {slot} <G, d(dX)> = {left:.6g} and <adjoint(G), dX> = {right:.6g} at {sizes}"


def wrong_linearity(e: Expr) -> Iterator[str]:
    """Where an operation says that it is linear, it is: in a slot, or in all of them together."""
    slots = [k for k, a in enumerate(e.args) if e.op.linear_in(k) and a.op.name == "symbol"]
    groups = [slots] if e.op.joint else [[k] for k in slots]
    for group in groups:
        for sizes in sizes_of(e):
            at = Draw(e, sizes)
            other = {name_of(e.args[k]): at.normal(e.args[k]) for k in group}
            both = {name: 2.0 * at.env[name] - 3.0 * value for name, value in other.items()}
            wanted = 2.0 * np.asarray(at.of(e)) - 3.0 * np.asarray(at.of(e, **other))
            if relative(at.of(e, **both), wanted) > PAIRED:
                yield f"linearity: not linear in the slots {group} at {sizes}"


def wrong_second_differential(e: Expr) -> Iterator[str]:
    """The differential of the differential is its derivative: what a rule is written with has rules itself."""
    for slot, argument in enumerate(e.args):
        if e.op.linear_in(slot) or argument.op.name != "symbol":
            continue
        first, again = like(argument, "E"), like(argument, "F")
        rule = one_step(e, {argument: first})
        try:
            second = differential(rule, argument, again)
        except Refusal:
            continue
        sizes = sizes_of(e)[0]
        at = Draw(e, sizes)
        one, two = at.direction(argument), at.direction(argument)
        along = partial(at.moved, rule, argument, two, **{name_of(first): one})
        slope = derivative(along, 1, analytic=False)
        found = at.of(second, **{name_of(first): one, name_of(again): two})
        if relative(found, slope.value) > max(DIFFERENCE_TOLERANCE, 10 * slope.error):
            yield f"second differential: slot {slot} differs from differences of the first at {sizes}"


def wrong_printing(e: Expr, scope: Scope) -> Iterator[str]:
    """The text parses back to the node; the other printed forms say something and close their brackets."""
    written = text(e)
    try:
        again = parse(written, scope).expr
    except InputError as error:
        yield f"text: {written!r} is not read: {error}"
    else:
        if again is not e:
            yield f"text: {written!r} is read as {text(again)!r}"
    for what, printed in (("latex", latex(e)), ("unicode", unicode(e))):
        if not printed.strip() or printed.count("{") != printed.count("}") or printed.count("(") != printed.count(")"):
            yield f"{what}: {printed!r}"
    if pickle.loads(pickle.dumps(e)) is not e:
        yield "pickle: another node comes back"


def wrong_code(e: Expr) -> Iterator[str]:
    """The generated code has the value."""
    function = compile_function(e, [a for a in e.args if a.op.name == "symbol"], form="matrix")
    for sizes in sizes_of(e):
        at = Draw(e, sizes)
        env = {name_of(a): np.reshape(at.env[name_of(a)], at.shape(a)[: a.params[3]]) for a in at.arguments}
        follow = {str(d) for a in at.arguments for d in a.shape}
        env |= {name: value for name, value in sizes.items() if name not in follow}  # the arrays do not tell these
        if relative(function(**env), np.reshape(at.of(e), (e.rows.value(sizes), e.cols.value(sizes)))) > PAIRED:
            yield f"code: {function.source}"
