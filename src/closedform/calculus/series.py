"""A member of a family as a variable.

The variable x[j] is a symbol of its own.  In the expression every member z[i] of the family is followed by a node that
is z[i] where i is not j, and the variable where it is; its differential carries the Kronecker delta of i and j.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from closedform.calculus.structure import unstructured
from closedform.core.bound import MARK, amount
from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, rebuild, substitute
from closedform.lang.declare import Scope
from closedform.lang.sizes import read_size
from closedform.lang.text import text
from closedform.lang.tokens import Token, tokenize
from closedform.ops.series import surely_nonnegative


def member_named(name: str, scope: Scope) -> Expr | None:
    """The member that ``x[j]`` names; None when it does not begin with the name of a family.

    >>> from closedform.lang.declare import declare
    >>> print(member_named("z[j]", declare("z[N]: p")))
    z[j]
    """
    family = scope.symbols.get(name.partition("[")[0].strip())
    if family is None or family.op.name != "family":
        return None

    def index(token: Token) -> None:
        if token.text in scope.symbols:
            raise InputError(f"wrt: {token.text} is a variable; the index of a member is a name or an integer")

    title = family.params[0]
    tokens = tokenize(name)
    if len(tokens) < 5 or tokens[1].text != "[":
        raise InputError(f"wrt: {title} is a family; name a member of it, such as {title}[j]")
    place, at = read_size(tokens, 2, name, index)
    if tokens[at].text != "]" or tokens[at + 1].kind != "end":
        raise InputError(f"wrt: name a whole member of the family, such as {title}[j]", source=name, column=tokens[at].start)
    _, rows, cols, *_ = family.params
    return make("member", (family,), (place, rows, cols))


def variable(member: Expr) -> Expr:
    """The symbol that stands for a member of a family while it varies."""
    _, rows, cols, axes, declared, _ = member.args[0].params
    return make("symbol", (), (text(member), rows, cols, axes, declared))


def family_twin(family: Expr) -> Expr:
    """The family with the facts that restrict its members set aside until after differentiation."""
    *first, count = family.params
    return make("family", (), (*unstructured(make("symbol", (), tuple(first))).params, count))


def followed(e: Expr, x: Expr, member: Expr) -> Expr:
    """The expression as a function of a variable that is a member of a family."""
    (family,), (place, *_) = member.args, member.params
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        if node.op.name == "moved":
            new = make("moved", (done[node.args[0]], *node.args[1:]), node.params)
        elif node.op.name == "member" and node.args[0] is family:
            new = make("moved", (node, x, member), (node.params[0], place, family.rows))
        else:
            new = rebuild(node, tuple(done[a] for a in node.args))
        done[node] = new
    return done[e]


def settled(e: Expr, members: Mapping[Expr, Expr]) -> Expr:
    """The expression with the members themselves in place of the variables that stand for them."""
    return substitute(e, members) if members else e


def uncounted(e: Expr, scope: Scope) -> Expr:
    """The expression with a declared integer as the variable it is, where it counts neither terms nor factors."""
    nodes = postorder(e)
    used = {n for node in nodes if node.op.name != "size" for p in node.params if isinstance(p, Dim) for n in p.names}
    table = {}
    for name, symbol in scope.symbols.items():
        if name not in used and symbol.op.name == "symbol":
            table[make("size", (), (Dim.of(name),))] = symbol
    return substitute(e, table) if any(node in table for node in nodes) else e


def conditions(members: Iterable[Expr], integers: Iterable[Expr]) -> tuple[str, ...]:
    """What is assumed of the places of members and of declared integers that count terms or factors."""
    found: dict[str, None] = {}
    for member in members:
        place, count = member.params[0], member.args[0].rows
        low, high = place - 1, count - place
        if place.integer is not None and high.integer is None and not surely_nonnegative(high):
            found[f"{_shown(count)} >= {place}"] = None
        elif place.integer is None and not (surely_nonnegative(low) and surely_nonnegative(high)):
            found[f"1 <= {_shown(place)} <= {_shown(count)}"] = None
    for symbol in integers:
        if "positive" not in symbol.params[4]:
            found[f"{symbol.params[0]} >= 1"] = None
    return tuple(found)


def _shown(dim: Dim) -> str:
    return text(amount(dim))


def counted(e: Expr, scope: Scope) -> list[Expr]:
    """The declared integers that stand for sizes in an expression."""
    names = {n for node in postorder(e) for p in node.params if isinstance(p, Dim) for n in p.names if not n.startswith(MARK)}
    return [s for name, s in scope.symbols.items() if name in names and s.op.name == "symbol" and s.shape == (ONE, ONE)]
