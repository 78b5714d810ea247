"""How Jacobians are read through operations that solve a linear equation or take a Fréchet derivative.

For an operation that is linear in its last argument E, the matrix M with vec(op(E)) = M*vec(E):

    sylvester(A, B, E)   inv(kron(I, A) + kron(B', I))
    lyap(A, E)           inv(kron(I, A) + kron(A, I))
    dexpm(A, E)          the upper right block of expm([kron(A', I), I; 0, kron(I, A)])
    dlogm(A, E)          the inverse of that block at logm(A)
    vech(E)              elimination(n)

Source: Magnus and Neudecker, Matrix Differential Calculus, section 2.4; Higham, Functions of Matrices (2008), section 10.6
and theorem 3.6.
"""

from __future__ import annotations

from collections.abc import Callable

from closedform.core.dim import ONE
from closedform.core.expr import Expr
from closedform.core.op import f
from closedform.ops.build import identity, total, transpose


def _sylvester(A: Expr, B: Expr, C: Expr) -> Expr:
    return f.inv(total(f.kron(identity(B.rows), A), f.kron(transpose(B), identity(A.rows))))


def _lyapunov(A: Expr, Q: Expr) -> Expr:
    one = identity(A.rows)
    return f.inv(total(f.kron(one, A), f.kron(A, one)))


def _exponential(A: Expr) -> Expr:
    n = A.rows
    square = n * n
    left, right = f.kron(transpose(A), identity(n)), f.kron(identity(n), A)
    whole = f.expm(f.blocks(left, identity(square), f.zeros(square, square), right, (2, 2)))
    return f.index(whole, ONE, square, square + 1, square * 2)


def _dexpm(A: Expr, E: Expr) -> Expr:
    return _exponential(A)


def _dlogm(A: Expr, E: Expr) -> Expr:
    return f.inv(_exponential(f.logm(A)))


def _vech(A: Expr) -> Expr:
    return f.elimination(A.rows)


MATRICES: dict[str, Callable[..., Expr]] = {
    "sylvester": _sylvester,
    "lyap": _lyapunov,
    "dexpm": _dexpm,
    "dlogm": _dlogm,
    "vech": _vech,
}
"""The matrix of each operation that is linear in its last argument, from its arguments."""
