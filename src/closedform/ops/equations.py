"""The solutions of linear matrix equations: Lyapunov's and Sylvester's."""

from __future__ import annotations

from typing import Any

from closedform.core.expr import Expr, Shape, misfit
from closedform.core.infer import known
from closedform.core.op import f, operation
from closedform.ops.build import identity, negative, product, total, transpose


@operation
class sylvester:
    """The X with A*X + X*B = C.  A : m x m, B : n x n, C : m x n -> m x n.

    It exists and is unique where no eigenvalue of A is the negative of one of B.

    Source: Golub and Van Loan, Matrix Computations (4th edition), section 7.6.3; Higham, Functions of Matrices (2008),
    appendix B.14.
    """

    args = ("A", "B", "C")
    code = "scipy.linalg.solve_sylvester({A}, {B}, {C})"
    draws = ("A: m m pd; B: n n pd; C: m n", "A: m m lower positive; B: n n upper positive; C: m n")
    why = "A*X + X*B = C gives A*dX + dX*B = dC - dA*X - X*dB"

    def shape(A: Expr, B: Expr, C: Expr) -> Shape:
        if not (A.is_square and B.is_square and A.rows is C.rows and B.rows is C.cols):
            raise misfit(
                "sylvester", "A*X + X*B = C needs square A and B, and C with the rows of A and the columns of B", A, B, C
            )
        return C.shape

    def domain(A: Expr, B: Expr, C: Expr) -> list[tuple[str, Expr]]:
        return [("invertible", total(f.kron(identity(B.rows), A), f.kron(transpose(B), identity(A.rows))))]

    def facts(A: Expr, B: Expr, C: Expr) -> list[str]:
        if all(known(e, "diagonal") for e in (A, B, C)):
            return ["diagonal"]
        if transpose(A) is B or (A is B and known(A, "symmetric")):
            return _symmetric_solution(A, C)
        return []

    def d_A(A: Expr, B: Expr, C: Expr, dA: Expr) -> Expr:
        return negative(f.sylvester(A, B, product(dA, f.sylvester(A, B, C))))

    def d_B(A: Expr, B: Expr, C: Expr, dB: Expr) -> Expr:
        return negative(f.sylvester(A, B, product(f.sylvester(A, B, C), dB)))

    def adjoint_C(G: Expr, A: Expr, B: Expr, C: Expr) -> Expr:
        return f.sylvester(transpose(A), transpose(B), G)

    def value(xp: Any, A: Any, B: Any, C: Any) -> Any:
        return _solution(xp, A, B, C)


@operation
class lyap:
    """The X with A*X + X*A' = Q.  A, Q : n x n -> n x n.

    It exists and is unique where no two eigenvalues of A sum to 0.

    Source: Golub and Van Loan, Matrix Computations (4th edition), section 7.6.3.
    """

    args = ("A", "Q")
    code = "scipy.linalg.solve_continuous_lyapunov({A}, {Q})"
    draws = ("A: n n pd; Q: n n", "A: n n lower positive; Q: n n")
    why = "A*X + X*A' = Q gives A*dX + dX*A' = dQ - dA*X - X*dA'"

    def shape(A: Expr, Q: Expr) -> Shape:
        if not A.is_square or A.shape != Q.shape:
            raise misfit("lyap", "A*X + X*A' = Q needs two square matrices of one size", A, Q)
        return A.shape

    def domain(A: Expr, Q: Expr) -> list[tuple[str, Expr]]:
        one = identity(A.rows)
        return [("invertible", total(f.kron(one, A), f.kron(A, one)))]

    def facts(A: Expr, Q: Expr) -> list[str]:
        if known(A, "diagonal") and known(Q, "diagonal"):
            return ["diagonal"]
        return _symmetric_solution(A, Q)

    def d_A(A: Expr, Q: Expr, dA: Expr) -> Expr:
        X = f.lyap(A, Q)
        return negative(f.lyap(A, total(product(dA, X), product(X, transpose(dA)))))

    def adjoint_Q(G: Expr, A: Expr, Q: Expr) -> Expr:
        return f.lyap(transpose(A), G)

    def value(xp: Any, A: Any, Q: Any) -> Any:
        return _solution(xp, A, xp.transpose(A), Q)


def _symmetric_solution(A: Expr, Q: Expr) -> list[str]:
    """What the X with A*X + X*A' = Q has of Q; with A pd it is an integral of congruences of Q."""
    return [k for k in ("symmetric", "skew") if known(Q, k)] + [k for k in ("psd", "pd") if known(A, "pd") and known(Q, k)]


def _solution(xp: Any, A: Any, B: Any, C: Any) -> Any:
    """By the Kronecker form (I ⊗ A + B' ⊗ I)*vec(X) = vec(C), which complex matrices pass through as well."""
    B, C = xp.atleast_2d(B), xp.atleast_2d(C)
    m, n = C.shape
    system = xp.kron(xp.eye(n), A) + xp.kron(B.T, xp.eye(m))
    return xp.reshape(xp.linalg.solve(system, xp.reshape(C, (-1, 1), order="F")), (m, n), order="F")
