"""Sums with an index and families, as they are read: ranges, members, and sizes where numbers stand."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from closedform.core.dim import Dim
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make
from closedform.core.walk import fold, postorder, substitute
from closedform.lang.program import Program

MOST_TERMS = 20
"""The longest exponent, in terms."""

Items = tuple[tuple[Dim, Dim] | None, ...]
"""What stands between the brackets of an entry: None for all, else from where to where."""


def extent(body: Expr, name: str) -> Dim:
    """The length of the first thing that is indexed by an index alone."""
    at = Dim.of(name)
    stack = [body]
    while stack:
        node = stack.pop()
        if node.op.name == "member" and node.params[0] is at:
            return node.args[0].rows
        if node.op.name == "index":
            r, s, c, d = node.params
            if r is s is at:
                return node.args[0].rows
            if c is d is at:
                return node.args[0].cols
        stack.extend(reversed(node.args))
    raise InputError("nothing is indexed by this index alone, so its range is not known; write sum(i in 1..N, ...)")


def members(program: Program, meaning: Mapping[str, Expr]) -> None:
    """Refuse a family that is used without an index, or with more than one."""
    families = {name for name, e in meaning.items() if e.op.name == "family"}
    if not families:
        return
    for at, step in enumerate(program.steps):
        if step.code != "name" or step.value not in families:
            continue
        name, following = step.value, program.steps[at + 1] if at + 1 < len(program.steps) else None
        if following is None or following.code != "index":
            raise InputError(
                f"{name} is a family and is used without an index; write {name}[i], for example in sum(i in 1..N, ...)",
                source=program.source, column=step.column, width=step.width,
            )  # fmt: skip
        items: Items = following.value
        if len(items) != 1 or items[0] is None or items[0][0] is not items[0][1]:
            raise InputError(
                f"{name} is a family: one index picks a member; write {name}[i], and {name}[i][...] for its entries",
                source=program.source, column=following.column, width=following.width,
            )  # fmt: skip


def picked(family: Expr, items: Items) -> Expr:
    """A member of a family."""
    _, rows, cols, *_ = family.params
    assert items[0] is not None
    return make("member", (family,), (items[0][0], rows, cols))


def counts(e: Expr) -> bool:
    """Is it a declared integer, which may stand where a size is wanted?"""
    return e.op.name == "symbol" and e.params[3] == 0 and "integer" in e.params[4]


def exponent(e: Expr) -> Dim | None:
    """The size that a number is: a sum or product of sizes, indices, declared integers and whole numbers."""
    return fold(e, _as_size)


def _as_size(e: Expr, parts: list[Dim | None]) -> Dim | None:
    name = e.op.name
    if name == "number":
        value: Fraction = e.params[0]
        return Dim.of(1) * value
    if name == "size":
        found: Dim = e.params[0]
        return found
    if counts(e):
        title: str = e.params[0]
        return Dim.of(title)
    if name not in ("add", "mul", "named"):
        return None
    out = Dim.of(0 if name == "add" else 1)
    for part in parts:
        if part is None or len(part.terms) * (len(out.terms) if name != "add" else 1) > MOST_TERMS:
            return None
        out = out + part if name == "add" else out * part
    return out


def falling(dim: Dim) -> bool:
    """Is every term of it negative, so that a power with it is a power of the inverse?"""
    return all(factor < 0 for _, factor in dim.terms)


def with_sizes(e: Expr, symbols: Mapping[str, Expr]) -> Expr:
    """The expression with a declared integer that is used as a size read as that size everywhere."""
    integers = {name for name, s in symbols.items() if counts(s)}
    if not integers:
        return e
    nodes = postorder(e)
    used = {name for node in nodes for p in node.params if isinstance(p, Dim) for name in p.names} & integers
    return substitute(e, {symbols[name]: make("size", (), (Dim.of(name),)) for name in used})
