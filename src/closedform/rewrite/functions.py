"""Normal form of functions of matrices, of their Fréchet derivatives and of solutions of matrix equations."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.core.infer import known
from closedform.ops.build import identity, num, zero
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
    if (name, A.op.name) == ("expm", "logm") or ((name, A.op.name) == ("logm", "expm") and known(A.args[0], "symmetric")):
        s.fire("exponential-of-logarithm")
        return A.args[0]
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
    outside, core = _apart(term)
    inner = _turned(s, name, A, core)
    return inner if outside is None else s.product((outside, inner))


def _turned(s: Simplifier, name: str, A: Expr, E: Expr) -> Expr:
    if A.op.name == "transpose" and E.op.name == "transpose":
        return s.transposed(make(name, (A.args[0], E.args[0])))
    return make(name, (A, E))


def sylvester(s: Simplifier, A: Expr, B: Expr, C: Expr) -> Expr:
    """The X with A*X + X*B = C, in which it is linear; C*inv(A)/2 where B is A and commutes with C."""
    return _solution(s, make("sylvester", (A, B, C)), C, A if A is B else None)


def lyapunov(s: Simplifier, A: Expr, Q: Expr) -> Expr:
    """The X with A*X + X*A' = Q, in which it is linear; Q*inv(A)/2 where A is symmetric and commutes with Q."""
    return _solution(s, make("lyap", (A, Q)), Q, A if known(A, "symmetric") else None)


def _solution(s: Simplifier, e: Expr, C: Expr, twice: Expr | None) -> Expr:
    """A node that solves an equation with C on the right, which is A*X + X*A = C for the A that is given."""
    if is_zero(C):
        return C
    term = split(C)
    if twice is not None and commutes(s, twice, term):
        s.fire("commuting-equation")
        return s.product((num(Fraction(1, 2)), C, s.apply("inv", (twice,))))
    outside, core = _apart(term)
    return e if outside is None else s.product((outside, make(e.op.name, (*e.args[:-1], core))))


def _apart(term: Term) -> tuple[Expr | None, Expr]:
    """The scalars of a term, None when there are none, and the matrix."""
    core = join(Term(1, {}, term.word, term.shape))
    if term.coefficient == 1 and not term.scalars:
        return None, core
    return join(Term(term.coefficient, term.scalars, (), (ONE, ONE))), core


def commutes(s: Simplifier, A: Expr, direction: Term) -> bool:
    """Do they commute, because both are made of one matrix, numbers and identities?"""
    if all(base.op.name == "eye" for base, _ in direction.word):
        return True
    base = split(A)
    core = join(Term(1, {}, base.word, A.shape))
    root = core
    while root.op.name in OF_ONE_MATRIX and len(root.args) == 1:
        root = root.args[0]
    known_to = {turned: tuple(s.transposed(e) if turned else e for e in (A, core, root)) for turned in (False, True)}
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
