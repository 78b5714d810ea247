"""Bookkeeping: a line of a derivation without what says nothing, and otherwise as it stands.

Products are flattened and begin with their number, identities and zeros go, transposes go into products, scalars come
out of traces and inner products.  No rule of the catalogue is used: like terms are not added, nothing is factored out.
"""

from __future__ import annotations

from collections.abc import Container

from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.core.walk import rebuild
from closedform.ops.build import identity, num, product, total, transpose, zeros_like
from closedform.rewrite.term import Term, factor, is_zero, join, scalar_power, split

STILL = frozenset({"d", "named"})
"""Operations that are left as they are, with all that is inside."""

TRACED = frozenset({"trace", "sum"})
"""Linear functionals out of which scalars come, and which are taken term by term."""


def tidied(e: Expr, done: dict[Expr, Expr] | None = None) -> Expr:
    """The expression without bookkeeping.  ``done`` holds what is known already.

    >>> from closedform.lang.read import parse
    >>> print(tidied(parse("1*(A*(B*eye(n)))' + 2*(x'*(3*x))*eye(n)", "A: n n; B: n n; x: n").expr))
    B'*A' + 6*(x'*x)*eye(n)
    """
    done = {} if done is None else done
    stack = [e]
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
        elif node.op.name in STILL or not node.args:
            done[node] = node
        else:
            todo = [a for a in node.args if a not in done]
            if todo:
                stack.extend(todo)
            else:
                done[node] = _node(rebuild(node, tuple(done[a] for a in node.args)))
    return done[e]


def _node(e: Expr) -> Expr:
    name = e.op.name
    if name == "mul":
        return _product(e)
    if name == "add":
        kept = [t for t in e.args if not is_zero(t)]
        return total(*kept) if kept else zeros_like(e)
    if name == "transpose":
        return turned(e.args[0])
    if name in TRACED:
        return _functional(name, e.args[0])
    if name == "hadamard":
        return _entrywise(e)
    return zeros_like(e) if name in ("series", "diag", "diagonal", "vec", "kron") and any(is_zero(a) for a in e.args) else e


def _product(e: Expr) -> Expr:
    if any(is_zero(g) for g in e.args):
        return zeros_like(e)
    term = _without_identities(_term(e))
    if len(term.word) == 2 and all(base.op.name == "ones" for base, _ in term.word) and term.word[0][0].cols is ONE:
        term = Term(term.coefficient, term.scalars, ((make("ones", (), e.shape), 1),), e.shape)
    return join(term)


def _term(e: Expr) -> Term:
    """The term that a product is, products inside it opened."""
    if all(g.is_scalar or g.op.name != "mul" for g in e.args):
        return split(e)
    flat: list[Expr] = []
    for g in e.args:
        if g.is_scalar or g.op.name != "mul":
            flat.append(g)
        else:
            inside = split(g)
            flat.append(num(inside.coefficient))
            flat += [scalar_power(base, k) for base, k in inside.scalars.items()]
            flat += [factor(base, k) for base, k in inside.word]
    return split(make("mul", tuple(flat)))


def _without_identities(term: Term) -> Term:
    kept = tuple(pair for pair in term.word if pair[0].op.name != "eye")
    if len(kept) == len(term.word) or (kept and product(*[base for base, _ in kept]).shape != term.shape):
        return term
    return Term(term.coefficient, term.scalars, kept, term.shape)


def turned(e: Expr) -> Expr:
    """The transpose, taken inside of products and of what is its own transpose."""
    if e.is_scalar or e.op.name in ("eye", "diag"):
        return e
    if e.op.name in ("zeros", "ones"):
        return make(e.op.name, (), (e.cols, e.rows))
    if e.op.name == "mul":
        term = _term(e)
        word = tuple((turned(base), k) for base, k in reversed(term.word))
        return join(_without_identities(Term(term.coefficient, term.scalars, word, (e.cols, e.rows))))
    return transpose(e)


def _functional(name: str, a: Expr) -> Expr:
    if is_zero(a):
        return num(0)
    if a.op.name == "add":
        return total(*[_functional(name, t) for t in a.args])
    term = split(a)
    if term.coefficient == 1 and not term.scalars:
        return make(name, (a,))
    inside = join(Term(1, {}, term.word, a.shape)) if term.word else identity(a.rows)
    return join(Term(term.coefficient, {**term.scalars, make(name, (inside,)): 1}, (), (ONE, ONE)))


def _entrywise(e: Expr) -> Expr:
    """Numbers and scalars come first, ones go."""
    if any(is_zero(g) for g in e.args):
        return zeros_like(e)
    kept = [g for g in e.args if g.op.name != "ones"]
    if not kept:
        return e
    outside = Term(1, {}, (), (ONE, ONE))
    factors = []
    for g in kept:
        term = split(g)
        if not term.word or g.op.name != "mul":
            factors.append(g)
            continue
        outside.coefficient *= term.coefficient
        for base, k in term.scalars.items():
            outside.scalars[base] = outside.scalars.get(base, 0) + k
        factors.append(join(Term(1, {}, term.word, g.shape)))
    factors = [g for g in factors if g.op.name != "ones"] or factors[:1]
    inside = factors[0] if len(factors) == 1 else make("hadamard", tuple(factors))
    if outside.coefficient == 1 and not outside.scalars:
        return inside
    return _product(product(join(outside), inside))


def distributed(e: Expr, moving: Container[Expr]) -> list[Expr]:
    """The terms of a sum in which products are multiplied out over those sums in them that move."""
    out: list[Expr] = []
    stack = [e]
    while stack:
        term = stack.pop()
        at = next((i for i, g in enumerate(term.args) if g.op.name == "add" and g in moving), None)
        if term.op.name == "add":
            stack += reversed(term.args)
        elif term.op.name == "mul" and at is not None:
            stack += [make("mul", (*term.args[:at], t, *term.args[at + 1 :])) for t in reversed(term.args[at].args)]
        else:
            out.append(term)
    return out
