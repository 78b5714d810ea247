"""Reading two formulas in one scope: names that are not declared mean the same on both sides."""

from __future__ import annotations

from closedform.core.bound import MARK, amount
from closedform.core.dim import Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder
from closedform.lang.declare import Scope, declare
from closedform.lang.read import Parsed, parse
from closedform.lang.tokens import tokenize


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
    return Scope({**scope.symbols, **found}, scope.sizes | {name for name in _names(e) if not name.startswith(MARK)})


def _both(a: str, b: str, scope: Scope) -> tuple[Expr, Expr]:
    first = _tried(a, scope)
    second = _tried(b, scope)
    if first is not None and second is not None and not first.inferred and not second.inferred:
        return first.expr, second.expr
    joint = None if "\\" in a + b else _tried(f"({a}) - ({b})", scope)
    if joint is not None:
        return parse(a, joint.scope).expr, parse(b, joint.scope).expr
    rigid = scope.sizes | {token.text for text in (a, b) if "\\" not in text for token in tokenize(text)}
    if first is not None:
        again = _tried(b, first.scope)
        if again is not None:
            return _fitted(first.expr, again.expr, rigid)
    if second is not None:
        again = _tried(a, second.scope)
        if again is not None:
            return _fitted(again.expr, second.expr, rigid)
    left = parse(a, scope)
    return _fitted(left.expr, parse(b, left.scope).expr, rigid)


def _fitted(a: Expr, b: Expr, rigid: frozenset[str]) -> tuple[Expr, Expr]:
    """Sizes that were found for one side only, and named by us, take the value that makes the shapes agree."""
    for k in range(2):
        left, right = a.shape[k], b.shape[k]
        if left is right:
            continue
        if _free(right, rigid) and not right.names & _names(a):
            b = resized(b, {str(right): left})
        elif _free(left, rigid) and not left.names & _names(b):
            a = resized(a, {str(left): right})
    return a, b


def _free(dim: Dim, rigid: frozenset[str]) -> bool:
    return str(dim) in dim.names and str(dim) not in rigid


def _names(e: Expr) -> set[str]:
    return {name for node in postorder(e) for p in node.params if isinstance(p, Dim) for name in p.names}


def resized(e: Expr, table: dict[str, Dim]) -> Expr:
    """The expression with other sizes in place of named ones.

    >>> str(resized(parse("x'*eye(n)*x", "x: n").expr, {"n": Dim.of(3)}))
    "x'*eye(3)*x"
    """
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        params = tuple(p.substitute(table) if isinstance(p, Dim) else p for p in node.params)
        done[node] = (
            amount(params[0]) if node.op.name == "size" else make(node.op.name, tuple(done[x] for x in node.args), params)
        )
    return done[e]


def _tried(text: str, scope: Scope) -> Parsed | None:
    try:
        return parse(text, scope)
    except InputError:
        return None
