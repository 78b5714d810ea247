"""Indices that a sum binds: which ones occur freely, putting sizes in their place, and their canonical names.

The name of a bound index begins with a mark that no text can hold, so it never meets a name of the user; printers put
letters in its place.  An index is a size wherever it stands (a position, an exponent, a number), so that a sum with an
index needs no other kind of expression.  Names follow the nesting of the sums, counted from inside: sums that differ
in the names of their indices are the same node.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import count

from closedform.core.dim import Dim
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, unsettled

MARK = "§"
"""What the name of a bound index begins with."""

NONE: frozenset[str] = frozenset()
_serial = count()


def marked(dims: Iterable[object]) -> frozenset[str]:
    """The indices in sizes; what is no size holds none."""
    found = [name for d in dims if isinstance(d, Dim) for name in d.names if name.startswith(MARK)]
    return frozenset(found) if found else NONE


def indices(e: Expr) -> frozenset[str]:
    """The indices that occur freely in an expression: those whose sum is outside of it."""
    found: frozenset[str] | None = e.memo.get("indices")
    if found is None:
        for node in unsettled(e, _has_indices):
            free = marked(node.params)
            for a in node.args:
                below: frozenset[str] = a.memo["indices"]
                if below:
                    free |= below - {node.params[0]} if node.op.name == "series" else below
            node.memo["indices"] = free
        found = e.memo["indices"]
    return found


def _has_indices(e: Expr) -> bool:
    return "indices" in e.memo


def nesting(e: Expr) -> int:
    """How many sums with an index stand inside each other."""
    found: int | None = e.memo.get("nesting")
    if found is None:
        for node in unsettled(e, _has_nesting):
            deepest = max((a.memo["nesting"] for a in node.args), default=0)
            node.memo["nesting"] = deepest + (node.op.name == "series")
        found = e.memo["nesting"]
    return found


def _has_nesting(e: Expr) -> bool:
    return "nesting" in e.memo


def unused() -> str:
    """The name of an index that nothing holds yet."""
    return f"{MARK}{MARK}{next(_serial)}"


def summation(body: Expr, name: str, low: Dim, high: Dim) -> Expr:
    """The sum of the body over name = low..high, the index under its canonical name.

    >>> i, j = Dim.of(unused()), Dim.of(unused())
    >>> sums = [summation(make("size", (), (k,)), str(k), Dim.of(1), Dim.of("n")) for k in (i, j)]
    >>> sums[0] is sums[1]
    True
    """
    level = nesting(body)
    title = f"{MARK}{level}"
    if title != name:
        free = indices(body)
        while title in free:
            level += 1
            title = f"{MARK}{level}"
        body = reindex(body, name, Dim.of(title))
    return make("series", (body,), (title, low, high))


def opened(e: Expr) -> tuple[Expr, str]:
    """The body of a sum with its index under a name of its own, so that anything may be put into it."""
    name = unused()
    return reindex(e.args[0], e.params[0], Dim.of(name)), name


def reindex(e: Expr, name: str, dim: Dim) -> Expr:
    """The expression with a size in place of a free index."""
    done: dict[Expr, Expr] = {}
    stack = [e]
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
        elif name not in indices(node):
            done[node] = node
            stack.pop()
        elif node.op.name == "series":
            done[node] = _inside(node, name, dim)
            stack.pop()
        else:
            todo = [a for a in node.args if a not in done]
            if todo:
                stack.extend(todo)
                continue
            stack.pop()
            params = tuple(p.substitute({name: dim}) if isinstance(p, Dim) else p for p in node.params)
            args = tuple(done[a] for a in node.args)
            done[node] = amount(params[0]) if node.op.name == "size" else make(node.op.name, args, params)
    return done[e]


def _inside(node: Expr, name: str, dim: Dim) -> Expr:
    """The same for a sum; its own index is renamed where the size would be caught by it."""
    (body,), (own, low, high) = node.args, node.params
    if own != name:
        if own in dim.names:
            body, own = opened(node)
        body = reindex(body, name, dim)
    table = {name: dim}
    return summation(body, own, low.substitute(table), high.substitute(table))


def amount(dim: Dim) -> Expr:
    """A size as a number, in the form in which its text is read.

    >>> amount(Dim.of("n") * 2 - 1).op.name
    'add'
    """
    fixed = dim.integer
    if fixed is not None:
        return make("number", (), (Fraction(fixed),))
    terms = []
    for names, factor in dim.terms:
        parts = [make("size", (), (Dim.of(name),)) for name in names]
        if factor != 1 or not parts:
            parts.insert(0, make("number", (), (Fraction(factor),)))
        terms.append(parts[0] if len(parts) == 1 else make("mul", tuple(parts)))
    return terms[0] if len(terms) == 1 else make("add", tuple(terms))


def lettered(e: Expr, taken: frozenset[str]) -> Expr:
    """The expression with letters in place of the names of indices, as it is printed: outer sums first."""
    nodes = postorder(e)
    names = {name for node in nodes for name in marked(node.params)}
    names |= {node.params[0] for node in nodes if node.op.name == "series"}
    if not names:
        return e
    free = iter(letter for letter in _letters() if letter not in taken)
    table = {name: Dim.of(next(free)) for name in sorted(names, key=lambda n: (len(n), n), reverse=True)}
    done: dict[Expr, Expr] = {}
    for node in nodes:
        params = tuple(p.substitute(table) if isinstance(p, Dim) else p for p in node.params)
        if node.op.name == "series":
            params = (str(table[node.params[0]]), *params[1:])
        args = tuple(done[a] for a in node.args)
        done[node] = make(node.op.name, args, params) if (args, params) != (node.args, node.params) else node
    return done[e]


def _letters() -> Iterable[str]:
    yield from "ijklrstuvw"
    for number in count(1):
        yield f"i{number}"
