"""Normal form of functions of matrices and of their Fréchet derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.ops.build import identity, zero
from closedform.rewrite.term import Term, is_zero, join, split

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier


OF_SCALAR = {"expm": "exp", "logm": "log", "sqrtm": "sqrt"}


def function(s: Simplifier, name: str, A: Expr) -> Expr:
    """expm, logm or sqrtm of a simplified matrix; a transpose goes outside."""
    if A.is_scalar:
        return s.apply(OF_SCALAR[name], (A,))
    if is_zero(A) and name == "expm":
        return identity(A.rows)
    if A.op.name == "eye":
        return zero(*A.shape) if name == "logm" else make(name, (A,)) if name == "expm" else A
    if A.op.name == "transpose":
        return s.transposed(function(s, name, A.args[0]))
    return make(name, (A,))


def frechet(s: Simplifier, name: str, A: Expr, E: Expr) -> Expr:
    """dexpm or dlogm at a simplified matrix in a simplified direction, in which it is linear.

    In a direction that commutes with A, dexpm(A, E) = E*expm(A) and dlogm(A, E) = E*inv(A).
    """
    if is_zero(E):
        return E
    if s.expand and E.op.name == "add":
        return s.sum([frechet(s, name, A, part) for part in E.args], E.shape)
    term = split(E)
    if commutes(s, A, term):
        s.fire("commuting-direction")
        value = function(s, "expm", A) if name == "dexpm" else s.apply("inv", (A,))
        return s.product((E, value))
    core = join(Term(1, {}, term.word, E.shape))
    outside = join(Term(term.coefficient, term.scalars, (), (ONE, ONE)))
    inner = _turned(s, name, A, core)
    return inner if outside.op.name == "number" and outside.params[0] == 1 else s.product((outside, inner))


def _turned(s: Simplifier, name: str, A: Expr, E: Expr) -> Expr:
    if A.op.name == "transpose" and E.op.name == "transpose":
        return s.transposed(make(name, (A.args[0], E.args[0])))
    return make(name, (A, E))


def commutes(s: Simplifier, A: Expr, direction: Term) -> bool:
    """Is the direction made of nothing but what A is a multiple of, numbers and identities (so that they commute)?"""
    if all(base.op.name == "eye" for base, _ in direction.word):
        return True
    base = split(A)
    core = join(Term(1, {}, base.word, A.shape))
    known_to = {False: (A, core), True: (s.transposed(A), s.transposed(core))}
    stack = [(base, False) for base, _ in direction.word]
    while stack:
        e, turned = stack.pop()
        if e in known_to[turned] or e.is_scalar or e.op.name == "eye":
            continue
        if e.op.name == "transpose":
            stack.append((e.args[0], not turned))
        elif e.op.name in OF_ONE_MATRIX:
            stack.extend((a, turned) for a in e.args)
        else:
            return False
    return True


OF_ONE_MATRIX = frozenset({"add", "mul", "inv", "matrixpow", "sympow", "expm", "logm", "sqrtm", "adj"})
"""Operations under which what commutes with a matrix still does."""


def traced(s: Simplifier, name: str, A: Expr, E: Expr) -> Expr:
    """tr(dexpm(A, E)) = tr(expm(A)*E) and tr(dlogm(A, E)) = tr(inv(A)*E)."""
    s.fire("trace-of-frechet")
    value = function(s, "expm", A) if name == "dexpm" else s.apply("inv", (A,))
    return s.apply("trace", (s.product((value, E)),))
