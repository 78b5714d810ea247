"""The contract of an operation, checked: every aspect of its declaration against the value it computes.

``violations`` is the whole of it.  It knows nothing about single operations: a node is made from a declaration, its
arguments are drawn, and what the operation says (shape, differential, adjoint, facts, printed forms, code) is compared
with what its ``value`` does.
"""

from __future__ import annotations

import pickle
import random
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache, partial
from itertools import count
from typing import Any

import numpy as np

from closedform.calculus.forward import differential, one_step
from closedform.calculus.reverse import pull_back
from closedform.codegen.function import compile_function
from closedform.core import facts as fact_rules
from closedform.core.dim import Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, make, operation
from closedform.core.infer import facts
from closedform.core.walk import contains
from closedform.lang.declare import Scope, declare
from closedform.lang.latex import latex
from closedform.lang.read import parse
from closedform.lang.text import text
from closedform.lang.unicode import unicode
from closedform.numeric.difference import derivative
from closedform.numeric.draw import draw
from closedform.numeric.evaluate import Program, evaluate
from closedform.numeric.sizes import Demands
from closedform.numeric.special import satisfies, special
from closedform.numeric.tangent import direction

PRIMES: tuple[dict[str, int], ...] = (
    {"m": 2, "n": 3, "p": 5, "q": 7, "k": 11},
    {"m": 7, "n": 5, "p": 3, "q": 2, "k": 13},
    {"m": 3, "n": 2, "p": 7, "q": 5, "k": 11},
)
"""Sizes that are different primes, so that a swapped or mistaken one cannot pass."""

UNUSUAL: tuple[dict[str, int], ...] = ({"m": 5, "n": 2, "p": 7, "q": 3, "k": 3}, {"m": 3, "n": 1, "p": 2, "q": 2, "k": 2})
"""Sizes for facts that ask for many rows, or for few."""

STEP_TOLERANCE = 1e-9
DIFFERENCE_TOLERANCE = 1e-6
PAIRED = 1e-9

Arrays = dict[str, Any]
_serial = count()


def fresh(declaration: str) -> Scope:
    """The symbols of a declaration under names that no other test uses, so that their nodes are made anew."""
    tag = f"_{next(_serial)}"
    scope = declare(declaration)
    return Scope({name + tag: renamed(e, name + tag) for name, e in scope.symbols.items()}, scope.sizes)


def renamed(symbol: Expr, name: str) -> Expr:
    return make("symbol", (), (name, *symbol.params[1:]))


def node_of(name: str, scope: Scope, params: Sequence[Any] = ()) -> Expr:
    """The node of an operation whose arguments are the declared symbols, in their order.

    A Fraction among the parameters is an argument instead: a number.
    """
    numbers = tuple(make("number", (), (p,)) for p in params if isinstance(p, Fraction))
    rest = tuple(p for p in params if not isinstance(p, Fraction))
    return make(name, (*scope.symbols.values(), *numbers), rest)


def sizes_of(e: Expr) -> list[dict[str, int]]:
    """Sets of sizes for the names in the shapes of a node's arguments and of itself."""
    rows = [{name: row[name] for name in size_names(e)} for row in PRIMES]
    return [row for row in rows if Demands([*e.args, e]).met(row, 1)]


def size_names(e: Expr) -> list[str]:
    """The names in the shapes of a node's arguments and of itself, and among its parameters."""
    names = {x for part in (e, *e.args) for d in part.shape for x in d.names}
    return sorted(names | {x for p in e.params if isinstance(p, Dim) for x in p.names})


def relative(found: Any, wanted: Any) -> float:
    """The largest deviation, relative to the size of what is wanted (or to 1)."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    if found.shape != wanted.shape or not (np.isfinite(found).all() and np.isfinite(wanted).all()):
        return float("inf")
    return float(np.max(np.abs(found - wanted), initial=0.0) / max(1.0, float(np.max(np.abs(wanted), initial=0.0))))


def inner(a: Any, b: Any) -> float:
    return float(np.sum(np.asarray(a) * np.asarray(b)))


class Draw:
    """Arguments of a node at one choice of sizes."""

    def __init__(self, e: Expr, sizes: Mapping[str, int], seed: int = 0) -> None:
        self.e, self.sizes = e, dict(sizes)
        self.rng = np.random.default_rng(seed + zlib.crc32(e.op.name.encode()))
        self.arguments = [a for a in e.args if a.op.name == "symbol"]
        self.env: Arrays = {a.params[0]: draw(a, sizes, self.rng) for a in self.arguments}

    def of(self, e: Expr, **more: Any) -> Any:
        return evaluate(e, {**self.env, **more}, self.sizes)

    def moved(self, e: Expr, argument: Expr, towards: Any, s: Sequence[complex], **more: Any) -> Any:
        """The value of an expression when one argument moves by s times a direction."""
        return self.of(e, **{**more, argument.params[0]: self.env[argument.params[0]] + s[0] * towards})

    def shape(self, e: Expr) -> tuple[int, ...]:
        return () if e.is_scalar else (e.rows.value(self.sizes), e.cols.value(self.sizes))

    def direction(self, argument: Expr) -> Any:
        return direction(argument, self.env[argument.params[0]], "projected", self.rng)

    def normal(self, e: Expr) -> Any:
        return self.rng.standard_normal(self.shape(e))


def like(e: Expr, letter: str) -> Expr:
    """A symbol of the shape of an expression, of which nothing is declared."""
    return make("symbol", (), (f"{letter}_{next(_serial)}", e.rows, e.cols, 2, frozenset()))


def name_of(symbol: Expr) -> str:
    return str(symbol.params[0])


# ---- the aspects -------------------------------------------------------------------------------------------------
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
        for sizes in sizes_of(e):
            at = Draw(e, sizes)
            towards = at.direction(argument)
            found = at.of(rule, **{name_of(tangent): towards})
            if relative(at.of(rule, **{name_of(tangent): -2.0 * towards}), -2.0 * np.asarray(found)) > PAIRED:
                yield f"differential: slot {slot} is not linear in the direction at {sizes}"
                break
            along = partial(at.moved, e, argument, towards)
            slope = derivative(along, 1, analytic=False)
            if relative(found, slope.value) > max(DIFFERENCE_TOLERANCE, 10 * slope.error):
                yield f"differential: slot {slot} differs from central differences at {sizes}"
            if e.op.analytic and relative(found, derivative(along, 1, analytic=True).value) > STEP_TOLERANCE:
                yield f"differential: slot {slot} differs from the complex step at {sizes}"


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


# ---- facts -------------------------------------------------------------------------------------------------------
FACTS = (frozenset(), *(frozenset({fact}) for fact in sorted(fact_rules.NAMES - {"constant"})))
BETWEEN = tuple(
    frozenset(text.split())
    for text in (
        "diagonal positive", "symmetric invertible", "symmetric nonnegative", "lower invertible", "lower positive",
        "orthogonal symmetric", "pd nonnegative", "diagonal invertible", "skew invertible", "psd contraction", "integer positive",
    )
)  # fmt: skip
"""Facts that are declared together."""


def with_facts(symbol: Expr, more: frozenset[str]) -> Expr | None:
    """The symbol with more facts, or None where they do not go together."""
    name, rows, cols, axes, declared = symbol.params
    if "simplex" in more and symbol.cols.integer != 1:
        return None
    try:
        known = fact_rules.declared(name, declared | more, square=rows is cols)
    except InputError:
        return None
    return make("symbol", (), (name, rows, cols, axes, known))


def assumed(e: Expr, most: int = 60) -> Iterator[Expr]:
    """The node with its arguments replaced by ones that have facts: all alike, each alone, and mixtures drawn by lot."""
    symbols = list(dict.fromkeys(a for a in e.args if a.op.name == "symbol"))
    options = [[x for more in FACTS + BETWEEN if (x := with_facts(s, more)) is not None] for s in symbols]
    tables = [{s: x for s in symbols if (x := with_facts(s, more)) is not None} for more in FACTS + BETWEEN]
    tables += [{s: x} for s, row in zip(symbols, options, strict=True) for x in row]
    lot = random.Random(e.op.name)
    if len(symbols) > 1:
        tables += [{s: lot.choice(row) for s, row in zip(symbols, options, strict=True)} for _ in range(most)]
    seen = set()
    for table in tables:
        node = make(e.op.name, tuple(table.get(a, a) for a in e.args), e.params)
        if node not in seen:
            seen.add(node)
            yield node


STYLES = ("normal", "positive", "small", "large", "large positive")
"""Ways to draw arguments."""
ORDINARY = 3
"""So many of them where there is only one: what is large matters beside what is small."""
PAIRS = 12
"""So many times arguments are taken together by lot, when there are several."""


@cache
def arrays(rows: int, cols: int, known: frozenset[str], lot: int) -> tuple[list[Any], list[Any]]:
    """Random and special arrays of a shape that have some facts; none where there is no such matrix."""
    if "orthonormal" in known and rows < cols:
        return [], []
    s = make("symbol", (), ("X", Dim.of(rows), Dim.of(cols), 2, known))
    again = 4 if rows * cols == 1 else 1
    drawn = [draw(s, {}, np.random.default_rng(10 * lot + k), style) for k, style in enumerate(STYLES * again)]
    return [A for A in drawn if satisfies(A, known)], special(s, {})


def points(e: Expr, sizes: Mapping[str, int]) -> Iterator[Arrays]:
    """Generic and special arguments that have the declared facts; then all of them by lot, and related ones."""
    symbols = list(dict.fromkeys(a for a in e.args if a.op.name == "symbol"))
    banks = [arrays(s.rows.value(sizes), s.cols.value(sizes), facts(s), i) for i, s in enumerate(symbols)]
    names = [name_of(s) for s in symbols]
    if all(drawn for drawn, _ in banks):
        for k in range(len(STYLES) if len(symbols) > 1 else ORDINARY):
            yield {name: drawn[k % len(drawn)] for name, (drawn, _) in zip(names, banks, strict=True)}
    if all(listed for _, listed in banks):
        for k in range(max(len(listed) for _, listed in banks)):  # each of each, beside others that change
            yield {name: row[(k * (1 + i)) % len(row)] for i, (name, (_, row)) in enumerate(zip(names, banks, strict=True))}
    if len(symbols) > 1 and all(drawn + listed for drawn, listed in banks):
        lot = random.Random(e.op.name)
        for _ in range(5 * PAIRS if all(s.is_scalar for s in symbols) else PAIRS):
            yield {name: lot.choice(drawn + listed) for name, (drawn, listed) in zip(names, banks, strict=True)}
        yield from related(symbols, banks[0][0][:2] + banks[0][1][:3])


def related(symbols: Sequence[Expr], firsts: Sequence[Any]) -> Iterator[Arrays]:
    """Arguments that follow from the first: the others equal to it, its negative, or its transpose."""
    first = symbols[0]
    if any(s.shape != first.shape for s in symbols):
        return
    for A in firsts:
        for B in (A, -A, np.transpose(A)):
            if np.shape(A) == np.shape(B) and all(not facts(s) or satisfies(B, facts(s)) for s in symbols[1:]):
                yield {name_of(s): A if s is first else B for s in symbols}


def false_facts(e: Expr) -> Iterator[str]:
    """Facts that are claimed of the value and do not hold at some admissible argument."""
    for node in assumed(e):
        claimed = facts(node)
        wrong = {fact for value in admissible(node) for fact in unmet(value, claimed)} if claimed else set()
        if wrong:
            given = "; ".join(f"{name_of(s)} {' '.join(sorted(s.params[4]))}" for s in node.args if s.op.name == "symbol")
            yield f"facts: {', '.join(sorted(wrong))} of {node} given {given}"


def admissible(node: Expr) -> Iterator[Any]:
    """The values of a node at generic, special and related arguments that have their facts."""
    program = Program(node)
    names, demands = size_names(node), Demands([*node.args, node])
    fitting = [sizes for row in PRIMES + UNUSUAL if demands.met(sizes := {name: row[name] for name in names}, 1)]
    ones = dict.fromkeys(names, 1)
    for sizes in (*fitting[:2], *([ones] if demands.met(ones, 1) else [])):
        bound = program.at(sizes)
        for env in points(node, sizes):
            with np.errstate(all="ignore"):
                yield bound.values(env)[program.place[node]]


def unmet(value: Any, claimed: frozenset[str]) -> set[str]:
    """The facts that a value does not have (none where it is not finite)."""
    if not np.isfinite(value).all():
        return set()
    scale = max(1.0, float(np.max(np.abs(value), initial=0.0)))
    strict = ("invertible", "pd")  # a small singular value is one as long as it is not rounding
    rows, cols = np.atleast_2d(value).shape
    if rows != cols and claimed & fact_rules.SQUARE:
        return set(claimed & fact_rules.SQUARE)
    return {
        fact
        for fact in claimed
        if not satisfies(value, {fact, *(claimed & PATTERNS)}, (1e-14 if fact in strict else 1e-8) * scale)
    }


PATTERNS = frozenset({"diagonal", "lower", "upper"})
"""Facts that put zeros in places; what is said of the entries is said of the others."""


# ---- all of it ---------------------------------------------------------------------------------------------------
def squared(declaration: str) -> str:
    """The declaration with all its sizes equal (a sum of sizes stays a sum)."""
    return re.sub(r"(?<!\w)[a-z](?!\w|:)", lambda found: "n" if found[0] in PRIMES[0] else found[0], declaration)


def findings(name: str, declaration: str, params: Sequence[Any] = ()) -> Iterator[str]:
    """Everything in which an operation breaks its contract for the arguments of one declaration."""
    sized = any(isinstance(p, Dim) for p in params)
    for given in dict.fromkeys((declaration, declaration if sized else squared(declaration))):
        scope = fresh(given).extended({}, [x for p in params if isinstance(p, Dim) for x in p.names])
        e = node_of(name, scope, params)
        assert e.op is operation(name)
        for aspect in (
            wrong_shape,
            wrong_differential,
            wrong_adjoint,
            wrong_pullback,
            wrong_linearity,
            wrong_second_differential,
        ):
            yield from aspect(e)
        yield from wrong_printing(e, scope)
        yield from wrong_code(e)
        yield from false_facts(e)


def violations(name: str, declaration: str, params: Sequence[Any] = ()) -> list[str]:
    """The findings as a list; empty when the contract is kept."""
    return list(findings(name, declaration, params))
