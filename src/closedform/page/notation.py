"""The notations of an inner product: tr(A'*B), or A : B after Frobenius.

In Frobenius notation the inner products of a derivation are printed with a colon: tr(G'*dX) as G : dX, and g'*dx as
g : dx.  Only those are, in which a constant stands before what moves; the expressions stay what they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from closedform.calculus.tidy import turned
from closedform.core.dim import ONE
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make
from closedform.core.infer import known
from closedform.core.walk import postorder, rebuild
from closedform.ops.build import num, product, transpose
from closedform.page.formula import Node

TRACE, FROBENIUS = "trace", "frobenius"
NOTATIONS = (TRACE, FROBENIUS)

PLACES = 0xE000
"""Inner products are written as single characters of private use while what is around them is."""

BRACKETED = frozenset({"add", "hadamard", "kron", "khatrirao"})
"""Operations that stand in brackets beside a colon."""

TURNED = frozenset({"transpose", "ones"})
"""What may stand before a product in which something moves, as in tr(A'*dX*B)."""

OPEN = frozenset({"add", "d", "trace", "sum"})
"""Operations in which an inner product needs no brackets."""


def checked(notation: object) -> str:
    """The notation, or InputError with the names there are.

    >>> checked("frobenius")
    'frobenius'
    """
    if not isinstance(notation, str) or notation not in NOTATIONS:
        raise InputError(f"notation: {notation!r} is not one of {', '.join(NOTATIONS)}")
    return notation


# ---- expressions --------------------------------------------------------------------------------------------------
class Pair(NamedTuple):
    """An inner product left : right, and the character that stands for it."""

    place: str
    left: Expr
    right: Expr


def with_colons(e: Expr, written: Callable[[Expr], str]) -> str:
    """The expression with its inner products as A : B; ``written`` prints what has none.

    >>> from closedform.core.op import f
    >>> from closedform.lang.read import parse
    >>> from closedform.lang.text import text
    >>> e = parse("B*A", "A: n m; B: k n").expr
    >>> dX = f.tangent("X", e.cols, e.rows)
    >>> with_colons(f.mul(num(-2), f.trace(f.mul(*e.args, dX))), text)
    "-2*A'*B' : dX"
    """
    whole, pairs, loose = _paired(e)
    out = written(whole)
    for pair in reversed(pairs):
        sides = (_side(pair.left, written), _side(pair.right, written))
        shown = " : ".join(sides)
        out = out.replace(pair.place, shown if pair.place in loose else f"({shown})")
    return out


def _side(e: Expr, written: Callable[[Expr], str]) -> str:
    """A side of a colon."""
    shown = written(e)
    return f"({shown})" if e.op.name in BRACKETED and not shown.startswith("let ") else shown


def _place(pair: Pair) -> Expr:
    return make("symbol", (), (pair.place, ONE, ONE, 0, frozenset()))


def _paired(e: Expr) -> tuple[Expr, list[Pair], set[str]]:
    """The expression with characters for its inner products, those in the order in which they were found (inner ones
    first), and the characters that need no brackets."""
    nodes = postorder(e)
    moving: set[Expr] = set()
    for node in nodes:
        if node.op.name in ("tangent", "d") or any(a in moving for a in node.args):
            moving.add(node)
    pairs: list[Pair] = []
    done: dict[Expr, Expr] = {}
    for node in nodes:
        new = rebuild(node, tuple(done[a] for a in node.args))
        found = _inner(node, moving) if node in moving else None
        if found is not None:
            sign, left, right = found
            pair = Pair(chr(PLACES + len(pairs)), left, _with(right, done))
            pairs.append(pair)
            new = product(num(-1), _place(pair)) if sign < 0 else _place(pair)
        done[node] = new
    whole = done[e]
    held = {str(p.params[0]) for n in postorder(whole, *(p.right for p in pairs)) if n.op.name not in OPEN for p in n.args
            if p.op.name == "symbol" and not _is_term(n)}  # fmt: skip
    return whole, pairs, {pair.place for pair in pairs} - held


def _is_term(node: Expr) -> bool:
    """Is it -1 times an inner product, a subtracted term?"""
    return node.op.name == "mul" and len(node.args) == 2 and node.args[0] is num(-1)


def _with(e: Expr, done: dict[Expr, Expr]) -> Expr:
    """What moves, with characters for the inner products in it."""
    return done[e] if e in done else rebuild(e, tuple(done.get(a, a) for a in e.args))


def _inner(node: Expr, moving: set[Expr]) -> tuple[int, Expr, Expr] | None:
    """Sign, left and right of an inner product of a constant with what moves; None for anything else."""
    if node.op.name == "trace":
        return _contracted([], node.args[0], [], moving)
    if node.op.name != "mul" or not node.is_scalar:
        return None
    factors = list(node.args)
    end = next(k for k in range(len(factors), 0, -1) if factors[k - 1] in moving)
    if not all(a.is_scalar for a in factors[end:]):
        return None
    if all(a.is_scalar for a in factors):
        if factors[end - 1].op.name != "trace" or any(a in moving for a in factors[: end - 1]):
            return None
        return _contracted(factors[: end - 1], factors[end - 1].args[0], factors[end:], moving)
    if factors[end - 1].is_scalar or not factors[end - 1].is_column:
        return None
    return _contracted([], product(*factors[:end]), factors[end:], moving, column=True)


def _contracted(
    front: list[Expr], inside: Expr, behind: list[Expr], moving: set[Expr], *, column: bool = False
) -> tuple[int, Expr, Expr] | None:
    """The inner product that the trace of a product is, times scalars."""
    if inside.op.name != "mul" or not any(a in moving for a in inside.args):
        return None
    at = next(k for k, a in enumerate(inside.args) if a in moving)
    before, after = inside.args[:at], inside.args[at:]
    if not before or any(a in moving for a in after[1:]):
        return None
    if len(after) > 1 and (column or len(before) > 1 or before[0].op.name not in TURNED):
        return None
    left, right = _transposed(product(*before)), product(*after)
    if right.op.name == "transpose" and right.args[0].is_column and left.op.name == "transpose":
        left, right = left.args[0], right.args[0]
    factors = [*front, *(left.args if left.op.name == "mul" else (left,)), *behind]
    sign = 1
    if factors[0].op.name == "number" and factors[0].params[0] < 0:
        sign, factors[0] = -1, num(-factors[0].params[0])
        if factors[0] is num(1) and len(factors) > 1:
            del factors[0]
    return sign, product(*factors), right


def _transposed(e: Expr) -> Expr:
    """The transpose, taken inside of products."""
    if known(e, "symmetric"):
        return e
    if e.op.name == "mul":
        scalars = [a for a in e.args if a.is_scalar]
        rest = [_transposed(a) for a in reversed(e.args) if not a.is_scalar]
        return product(*scalars, *rest) if rest else e
    return transpose(e) if e.op.name == "transpose" else turned(e)


# ---- formulas in reasons ------------------------------------------------------------------------------------------
def colons(node: Node) -> Node:
    """A formula in a reason with its inner products as A : B.

    >>> from closedform.page.formula import read
    >>> from closedform.page.wording import Text
    >>> Text(()).written(colons(read("d norm2(x)^2 = 2*x'*dx")))
    'd norm2(x)^2 = 2*x : dx'
    >>> Text(()).written(colons(read("tr(A'*(B.*dX)) = tr((A.*B)'*dX)")))
    'A : (B.*dX) = (A.*B) : dX'
    """
    node = Node(node.kind, node.value, tuple(colons(part) for part in node.parts))
    if node.kind == "call" and node.value == "tr":
        factors = _factors(node.parts[0])
        if len(factors) > 1:
            if factors[0].kind == "'":
                return Node(":", "", (factors[0].parts[0], _times(factors[1:])))
            if factors[-1].kind == "name" and factors[-1].value[0] == "d" and len(factors[-1].value) > 1:
                return Node(":", "", (_times([_flipped(g) for g in reversed(factors[:-1])]), factors[-1]))
    if node.kind == "*":
        *numbers, left, right = _factors(node)
        vector = right.kind == "name" and right.value[0] == "d" and right.value[1:2].islower()
        stacked = right.kind == "call" and right.value == "vec"
        if left.kind == "'" and (vector or stacked) and all(g.kind == "num" for g in numbers):
            return Node(":", "", (_times([*numbers, left.parts[0]]), right))
    return node


def _factors(node: Node) -> list[Node]:
    out = [node]
    while out[0].kind == "*":
        out[:1] = out[0].parts
    return out


def _times(factors: list[Node]) -> Node:
    out = factors[0]
    for g in factors[1:]:
        out = Node("*", "", (out, g))
    return out


def _flipped(node: Node) -> Node:
    return node.parts[0] if node.kind == "'" else Node("'", "", (node,))
