"""Normal form of inverses, determinants and powers of matrices."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.core.infer import known
from closedform.ops.build import identity, num
from closedform.rewrite.sizes import size_number
from closedform.rewrite.term import HALF, Scalars, Term, is_zero, join, split
from closedform.rewrite.words import shortened

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier


def inverse(s: Simplifier, A: Expr) -> Expr:
    """The inverse of a simplified matrix."""
    if A.op.name == "eye":
        return A
    if known(A, "orthogonal"):
        s.fire("orthogonal-inverse")
        return s.transposed(A)
    if A.op.name == "kron" and all(B.is_square for B in A.args):
        return _kronecker_inverse(s, A)
    if A.op.name == "diag":
        s.fire("inverse-of-diagonal")
        return s.diagonal_matrix(s.entry_power(A.args[0], -1))
    term = split(A)
    if not term.coefficient:
        return make("inv", (A,))
    scalars: Scalars = {base: -k for base, k in term.scalars.items()}
    coefficient = 1 / Fraction(term.coefficient)
    if all(base.is_square for base, _ in term.word):
        if len(term.word) > 1:
            s.fire("inverse-of-product")
        number, word = shortened(s, [(base, -k) for base, k in reversed(term.word)], scalars)
        return join(Term(coefficient * number, s.sorted_scalars(scalars), tuple(word), A.shape))
    core = join(Term(1, {}, term.word, A.shape))
    return join(Term(coefficient, s.sorted_scalars(scalars), ((core, -1),), A.shape))


def pseudo_inverse(s: Simplifier, A: Expr) -> Expr:
    """The pseudo-inverse of a simplified matrix; numbers and transposes go outside."""
    if is_zero(A):
        return s.transposed(A)
    if A.op.name == "transpose":
        return s.transposed(pseudo_inverse(s, A.args[0]))
    if A.op.name == "pinv":
        s.fire("pseudo-inverse-twice")
        return A.args[0]
    if known(A, "orthonormal"):
        s.fire("pseudo-inverse-of-rotation")
        return s.transposed(A)
    if A.is_square and known(A, "invertible"):
        s.fire("pseudo-inverse-of-invertible")
        return inverse(s, A)
    term = split(A)
    outside: Scalars = {base: k for base, k in term.scalars.items() if known(base, "positive")}
    if term.coefficient == 1 and not outside:
        return make("pinv", (A,))
    s.fire("pseudo-inverse-of-multiple")
    rest: Scalars = {base: k for base, k in term.scalars.items() if base not in outside}
    core = pseudo_inverse(s, join(Term(1, rest, term.word, A.shape)))
    scalars = s.sorted_scalars({base: -k for base, k in outside.items()})
    return s.product((join(Term(1 / Fraction(term.coefficient), scalars, (), (ONE, ONE))), core))


def _kronecker_inverse(s: Simplifier, A: Expr) -> Expr:
    """inv(kron(A, B)) = kron(inv(A), inv(B)) for square A and B."""
    s.fire("inverse-of-kronecker")
    return s.apply("kron", (inverse(s, A.args[0]), inverse(s, A.args[1])))


def matrix_power(s: Simplifier, A: Expr, k: int) -> Expr:
    """A^k of a simplified matrix, k >= 2."""
    if A.op.name in ("eye", "zeros"):
        return A
    if A.op.name == "diag":
        return s.diagonal_matrix(s.entry_power(A.args[0], k))
    if s.expand and A.op.name == "add" and k <= 4:
        return s.product((A,) * k)
    term = split(A)
    core = join(Term(1, {}, term.word, A.shape))
    if term.coefficient != 1 or term.scalars:
        if k > 64:
            return make("matrixpow", (A,), (k,))
        scalars: Scalars = {base: e * k for base, e in term.scalars.items()}
        outside = join(Term(term.coefficient**k, s.sorted_scalars(scalars), (), (ONE, ONE)))
        return s.product((outside, matrix_power(s, core, k)))
    if len(term.word) == 1:
        base, e = term.word[0]
        apart: Scalars = {}
        number, letters = shortened(s, [(base, e * k)], apart)
        return join(Term(number, s.sorted_scalars(apart), tuple(letters or [(identity(A.rows), 1)]), A.shape))
    if k <= 8:
        return s.product((A,) * k)
    return make("matrixpow", (A,), (k,))


def determinant(s: Simplifier, A: Expr) -> Expr:
    """det of a simplified matrix."""
    if A.op.name == "expm":
        s.fire("determinant-of-exponential")
        return s.apply("exp", (s.apply("trace", A.args),))
    if A.op.name == "eye":
        return num(1)
    if A.op.name == "transpose":
        return determinant(s, A.args[0])
    if is_zero(A):
        return num(0)
    term = split(A)
    if term.coefficient == 1 and not term.scalars and len(term.word) == 1 and term.word[0][1] == -1:
        s.fire("determinant-of-inverse")
        base = term.word[0][0]
        return s.product((make("pow", (determinant(s, base), num(-1))),))
    if A.op.name == "kron" and all(B.is_square for B in A.args):
        s.fire("determinant-of-kronecker")
        left, right = A.args
        return s.product(
            (
                s.scalar_power(determinant(s, left), size_number(s, right.rows)),
                s.scalar_power(determinant(s, right), size_number(s, left.rows)),
            )
        )
    return make("det", (A,))


def log_determinant(s: Simplifier, A: Expr) -> Expr:
    """log|det| of a simplified matrix."""
    if A.op.name == "expm":
        s.fire("determinant-of-exponential")
        return s.apply("trace", A.args)
    if A.op.name == "eye":
        return num(0)
    if A.op.name == "transpose":
        return log_determinant(s, A.args[0])
    if A.op.name in ("chol", "sqrtm"):
        s.fire("log-determinant-of-factor")
        return s.product((num(HALF), log_determinant(s, A.args[0])))
    if A.op.name == "kron" and all(B.is_square for B in A.args):
        s.fire("logdet-of-kronecker")
        left, right = A.args
        return s.sum(
            [
                s.product((size_number(s, right.rows), log_determinant(s, left))),
                s.product((size_number(s, left.rows), log_determinant(s, right))),
            ],
            (ONE, ONE),
        )
    return make("logdet", (A,))


def through_logarithm(s: Simplifier, name: str, x: Expr) -> Expr | None:
    """log(abs(det(A))) = logdet(A), and log(det(A)) and exp(logdet(A)) of a positive definite A; None of anything else."""
    inside = x.args[0] if name == "log" and x.op.name == "abs" else x
    if inside.op.name != ("det" if name == "log" else "logdet") or (inside is x and not known(x.args[0], "pd")):
        return None
    s.fire("log-determinant")
    return s.apply("logdet" if name == "log" else "det", inside.args)
