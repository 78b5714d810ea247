"""The reading half of the language: declarations and text to an expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from closedform.core.dim import Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, Shape, make
from closedform.core.limits import admit, counted
from closedform.lang.declare import Scope, declaration, declare
from closedform.lang.elaborate import elaborate
from closedform.lang.infer import Inferred, infer
from closedform.lang.parser import parse_program
from closedform.lang.program import Program
from closedform.lang.series import members, with_sizes
from closedform.lang.tokens import Token
from closedform.lang.words import ARITY

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Parsed:
    """A text that was read: the expression, what its names mean, and what was not declared but inferred."""

    expr: Expr
    scope: Scope
    inferred: Mapping[str, str]
    """The declaration of each name that was not declared."""


@counted
def parse(text: object, given: object = None) -> Parsed:
    """The expression of a text; ``given`` is a scope or declarations.

    >>> parsed = parse("x'*A*x")
    >>> parsed.expr.shape, dict(parsed.inferred)
    ((Dim(1), Dim(1)), {'x': 'n', 'A': 'n n'})
    """
    if not isinstance(text, str):
        raise InputError(f"an expression is a text, not {type(text).__name__}")
    scope = declare(given)
    program = parse_program(str(text), scope)
    admit("nodes", len(program.steps), "the expression has {} nodes")
    meaning: dict[str, Expr] = {}
    unknown: list[str] = []
    for name, token in program.names.items():
        found = scope.symbols.get(name)
        if found is None and (name in scope.sizes or name in program.sizes):
            found = make("size", (), (Dim.of(name),))
        elif found is None and name == "pi":
            found = make("pi")
        elif found is None:
            if len(name) != 1:
                raise _undeclared(name, token, program)
            unknown.append(name)
            continue
        meaning[name] = found
    members(program, meaning)
    if "T" not in meaning and ("T" in scope.sizes or "T" in program.sizes):
        meaning["^T"] = make("size", (), (Dim.of("T"),))
    elif "T" in meaning and meaning["T"].op.name == "size":
        meaning["^T"] = meaning["T"]
    if not unknown and not program.fills:
        expr = with_sizes(elaborate(program, meaning, {}), scope.symbols)
        return Parsed(expr, scope.extended({}, program.sizes), {})
    return _inferring(program, scope, meaning, unknown)


def _inferring(program: Program, scope: Scope, meaning: dict[str, Expr], unknown: list[str]) -> Parsed:
    known: dict[str, Shape] = {name: e.params[1:3] if e.op.name == "family" else e.shape for name, e in meaning.items()}
    result: Inferred = infer(program, scope, known, unknown)
    symbols: dict[str, Expr] = {}
    for name in unknown:
        axes = 2 if name.isupper() else 0 if name in "abcdefg" else 1
        symbols[name] = make("symbol", (), (name, *result.shapes[name], axes, NONE))
    declarations = {name: declaration(e) for name, e in symbols.items()}
    try:
        if result.undecided:
            raise result.error(program)
        expr = with_sizes(elaborate(program, {**meaning, **symbols}, result.fills), scope.symbols)
        if result.failed is not None:
            raise result.error(program)
    except Refusal:
        raise
    except InputError as error:
        if declarations:
            listed = "; ".join(f"{name}: {text}" for name, text in declarations.items())
            error.message += f". What is not declared is read as {listed}"
        raise
    return Parsed(expr, scope.extended(symbols, program.sizes), declarations)


def _undeclared(name: str, token: Token, program: Program) -> InputError:
    if name in ARITY:
        message = f"{name} is a function; write {name}(...)"
    elif name == "let":
        message = "let stands at the beginning: let Z = X*W; tr(Z'*Z)"
    else:
        shown = name if len(name) <= 40 else name[:37] + "…"
        message = f"{shown} is not declared; declare it: {shown}: n n (a matrix), {shown}: n (a vector) or {shown}: scalar"
    return InputError(message, source=program.source, column=token.start, width=token.end - token.start)
