"""The Kronecker product and the commutation matrix."""

from __future__ import annotations

from typing import Any

from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr, Shape, misfit
from closedform.core.infer import known
from closedform.core.op import f, operation
from closedform.ops.build import identity, product, times, transpose
from closedform.ops.entries import everywhere


def interleaving(A: Expr, B: Expr) -> Expr:
    """The permutation P with vec(kron(A, B)) = P*kron(vec(A), vec(B)).

    Source: Magnus and Neudecker, Matrix Differential Calculus, theorem 3.10.
    """
    return f.kron(f.kron(identity(A.cols), f.commutation(B.cols, A.rows)), identity(B.rows))


@operation
class kron:
    """The Kronecker product.  A : m x n, B : p x q -> m*p x n*q.

    Source: Magnus and Neudecker, Matrix Differential Calculus, section 2.2.
    """

    args = ("A", "B")
    code = "np.kron({A}, {B})"
    draws = ("A: m n; B: p q",)
    why = "d kron(A, B) = kron(dA, B) + kron(A, dB)"

    def shape(A: Expr, B: Expr) -> Shape:
        return A.rows * B.rows, A.cols * B.cols

    def facts(A: Expr, B: Expr) -> list[str]:
        kept = ("symmetric", "diagonal", "lower", "upper", "orthogonal", "orthonormal", "psd", "pd", "invertible", "idempotent")
        out = [k for k in kept if known(A, k) and known(B, k)]
        return out + [k for k in ("positive", "nonnegative", "integer") if everywhere(A, k) and everywhere(B, k)]

    def adjoint_A(G: Expr, A: Expr, B: Expr) -> Expr:
        rows = f.kron(identity(A.rows * A.cols), transpose(f.vec(B)))
        return f.unvec(product(rows, transpose(interleaving(A, B)), f.vec(G)), A.rows, A.cols)

    def adjoint_B(G: Expr, A: Expr, B: Expr) -> Expr:
        rows = f.kron(transpose(f.vec(A)), identity(B.rows * B.cols))
        return f.unvec(product(rows, transpose(interleaving(A, B)), f.vec(G)), B.rows, B.cols)

    def value(xp: Any, A: Any, B: Any) -> Any:
        return xp.kron(A, B)


@operation
class commutation:
    """The commutation matrix K(m, n): K(m, n)*vec(A) = vec(A') for A : m x n."""

    args = ()
    params = ("m", "n")
    word = "commutation"
    code = "np.eye({m} * {n}).reshape({m}, {n}, -1).transpose(1, 0, 2).reshape({m} * {n}, -1).T"
    draws = ()

    def shape(m: Dim, n: Dim) -> Shape:
        return m * n, m * n

    def facts(m: Dim, n: Dim) -> list[str]:
        return ["orthogonal", "nonnegative", *(["symmetric"] if m is n else [])]

    def value(xp: Any, m: int, n: int) -> Any:
        places = xp.arange(m * n).reshape(m, n, order="F").reshape(-1)  # where entry k of vec(A') stands in vec(A)
        return xp.eye(m * n)[places]

    def weight(e: Expr) -> int:
        return 3


@operation
class khatrirao:
    """The column-wise Khatri-Rao product.  A : m x n, B : p x n -> m*p x n, column j being kron(A[:,j], B[:,j]).

    Source: Khatri and Rao (1968); Magnus and Neudecker, Matrix Differential Calculus, section 3.13.
    """

    args = ("A", "B")
    code = "np.einsum('ij,kj->ikj', {A}, {B}).reshape(-1, {A}.shape[1])"
    draws = ("A: m n; B: p n",)
    why = "d khatrirao(A, B) = khatrirao(dA, B) + khatrirao(A, dB)"

    def shape(A: Expr, B: Expr) -> Shape:
        if A.cols is not B.cols:
            raise misfit("khatrirao", "both factors need the same number of columns", A, B)
        return A.rows * B.rows, A.cols

    def facts(A: Expr, B: Expr) -> list[str]:
        return [k for k in ("positive", "nonnegative", "integer") if everywhere(A, k) and everywhere(B, k)]

    def adjoint_A(G: Expr, A: Expr, B: Expr) -> Expr:
        summed = f.kron(identity(A.rows), f.ones(ONE, B.rows))
        return product(summed, times(G, f.kron(f.ones(A.rows, ONE), B)))

    def adjoint_B(G: Expr, A: Expr, B: Expr) -> Expr:
        summed = f.kron(f.ones(ONE, A.rows), identity(B.rows))
        return product(summed, times(G, f.kron(A, f.ones(B.rows, ONE))))

    def value(xp: Any, A: Any, B: Any) -> Any:
        return xp.reshape(A[:, None, :] * B[None, :, :], (-1, A.shape[1]))
