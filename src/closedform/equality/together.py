"""Reading two formulas in one scope: names that are not declared mean the same on both sides."""

from __future__ import annotations

from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr
from closedform.core.walk import postorder
from closedform.lang.declare import Scope, declare
from closedform.lang.read import Parsed, parse


def together(a: object, b: object, given: object) -> tuple[Expr, Expr]:
    """Two texts or expressions as expressions; sizes that nobody declared are found from both sides.

    >>> left, right = together("A*x", "B*x", None)
    >>> left.shape == right.shape
    True
    """
    scope = declare(given)
    for side in (a, b):
        if isinstance(side, Expr):
            scope = _with_symbols(scope, side)
        elif callable(side):
            raise Refusal("a Python function as the expression is not available in this version; write it as text")
    if isinstance(a, str) and isinstance(b, str):
        return _both(a, b, scope)
    left = a if isinstance(a, Expr) else parse(a, scope).expr
    right = b if isinstance(b, Expr) else parse(b, scope).expr
    return left, right


def _with_symbols(scope: Scope, e: Expr) -> Scope:
    found = {node.params[0]: node for node in postorder(e) if node.op.name in ("symbol", "family")}
    for name, symbol in found.items():
        if scope.symbols.get(name, symbol) is not symbol:
            raise InputError(f"{name} is declared in two ways")
    return Scope({**scope.symbols, **found}, scope.sizes)


def _both(a: str, b: str, scope: Scope) -> tuple[Expr, Expr]:
    first = _tried(a, scope)
    second = _tried(b, scope)
    if first is not None and second is not None and not first.inferred and not second.inferred:
        return first.expr, second.expr
    joint = None if "\\" in a + b else _tried(f"({a}) - ({b})", scope)
    if joint is not None:
        return parse(a, joint.scope).expr, parse(b, joint.scope).expr
    if first is not None:
        again = _tried(b, first.scope)
        if again is not None:
            return first.expr, again.expr
    if second is not None:
        again = _tried(a, second.scope)
        if again is not None:
            return again.expr, second.expr
    left = parse(a, scope)
    return left.expr, parse(b, left.scope).expr


def _tried(text: str, scope: Scope) -> Parsed | None:
    try:
        return parse(text, scope)
    except InputError:
        return None
