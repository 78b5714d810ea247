"""Several neighbours of a word that are fewer together: pairs, and longer stretches at its end.

Sources: Magnus and Neudecker, Matrix Differential Calculus, chapters 1 to 3; Golub and Van Loan, Matrix Computations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from closedform.core.dim import ONE
from closedform.core.expr import Expr
from closedform.core.infer import known
from closedform.ops.build import identity
from closedform.rewrite.term import split

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier

Letters = list[tuple[Expr, int]]

LONGEST_GRAM = 8
"""A product inside an inverse is looked for up to so many factors."""


def pair(s: Simplifier, left: Expr, right: Expr) -> Expr | Letters | None:
    """Two neighbours that are one, or none; None when they stay as they are."""
    if left.op.name == "chol" and right.op.name == "transpose" and right.args[0] is left:
        s.fire("cholesky-product")
        return left.args[0]
    if _orthonormal(left, right):
        s.fire("orthonormal")
        return []
    if left.op.name == "diag" == right.op.name:
        s.fire("diagonal-product")
        return s.diagonal_matrix(s.entrywise_product((left.args[0], right.args[0]), left.args[0].shape))
    if (left.op.name == "adj" and left.args[0] is right) or (right.op.name == "adj" and right.args[0] is left):
        s.fire("adjugate")
        inside = right if left.op.name == "adj" else left
        return s.product((s.apply("det", (inside,)), identity(inside.rows)))
    if right.op.name == "unit" and _is_plain(left):
        s.fire("picked")
        i = right.params[0]
        return s.apply("index", (left,), (ONE, left.rows, i, i))
    if left.op.name == "transpose" and left.args[0].op.name == "unit" and _is_plain(right):
        s.fire("picked")
        i = left.args[0].params[0]
        return s.apply("index", (right,), (i, i, ONE, right.cols))
    return _half_vec(s, left, right)


def _is_plain(e: Expr) -> bool:
    """Is it a matrix of the user or the transpose of one?"""
    return (e.args[0] if e.op.name == "transpose" else e).op.name == "symbol" and e.rows is not ONE and e.cols is not ONE


def _orthonormal(left: Expr, right: Expr) -> bool:
    if left.op.name == "transpose" and left.args[0] is right:
        return known(right, "orthonormal")
    return right.op.name == "transpose" and right.args[0] is left and known(left, "orthogonal")


def _half_vec(s: Simplifier, left: Expr, right: Expr) -> Expr | Letters | None:
    """L(n)*D(n) = I, L(n)*vec(A) = vech(A), D(n)*vech(S) = vec(S) for symmetric S, K(n, n)*D(n) = D(n)."""
    names = left.op.name, right.op.name
    if names == ("elimination", "duplication") and left.params == right.params:
        s.fire("half-vec")
        return []
    if names == ("elimination", "vec") and right.args[0].is_square and right.args[0].rows is left.params[0]:
        s.fire("half-vec")
        return s.apply("vech", (right.args[0],))
    if names == ("duplication", "vech") and right.args[0].rows is left.params[0] and known(right.args[0], "symmetric"):
        s.fire("half-vec")
        return s.apply("vec", (right.args[0],))
    if names == ("commutation", "duplication") and left.params == (right.params[0], right.params[0]):
        s.fire("half-vec")
        return right
    return None


def tail(s: Simplifier, letters: Letters) -> tuple[int, Letters] | None:
    """How many of the last letters are fewer, and which; None when they stay as they are."""
    found = _gram(s, letters)
    if found is None and len(letters) > 2 and all(k == 1 for _, k in letters[-3:]):
        three = [base for base, _ in letters[-3:]]
        one = _penrose(s, three) or _decomposed(s, three)
        found = None if one is None else (3, [(one, 1)])
    return found


def _gram(s: Simplifier, letters: Letters) -> tuple[int, Letters] | None:
    """inv(X'*X)*X'*X and X'*X*inv(X'*X), for any product inside the inverse."""
    low = max(0, len(letters) - LONGEST_GRAM)
    for at in range(len(letters) - 2, low - 1, -1):
        base, k = letters[at]
        if k < 0 and base.op.name == "mul" and _word(base) == letters[at + 1 :]:
            s.fire("inverse-cancels")
            return len(letters) - at, [(base, k + 1)] if k < -1 else []
    base, k = letters[-1]
    if k < 0 and base.op.name == "mul":
        word = _word(base)
        if word and letters[-1 - len(word) : -1] == word:
            s.fire("inverse-cancels")
            return len(word) + 1, [(base, k + 1)] if k < -1 else []
    return None


def _word(e: Expr) -> Letters | None:
    term = split(e)
    return list(term.word) if term.coefficient == 1 and not term.scalars else None


PENROSE = {"XPX": "X", "PXP": "P", "xXP": "x", "PXx": "x", "Xxp": "X", "pxX": "X", "pPX": "p", "XPp": "p", "Ppx": "P",
           "xpP": "P", "xpx": "x", "pxp": "p"}  # fmt: skip
"""The Penrose conditions as words in X, its pseudo-inverse P and their transposes x and p."""


def _penrose(s: Simplifier, three: list[Expr]) -> Expr | None:
    """Three factors that the Penrose conditions make one."""
    plain = [g.args[0] if g.op.name == "transpose" else g for g in three]
    inverses = {g for g in plain if g.op.name == "pinv"}
    if len(inverses) != 1:
        return None
    (P,) = inverses
    X = P.args[0]
    names = {P: "P", X: "X", s.transposed(P): "p", s.transposed(X): "x"}
    word = PENROSE.get("".join(names.get(g, "?") for g in three))
    if word is None:
        return None
    s.fire("penrose")
    return next(g for g, name in names.items() if name == word)


def _decomposed(s: Simplifier, three: list[Expr]) -> Expr | None:
    """A matrix put together again from its eigenvalues and eigenvectors, or from its singular values and vectors."""
    left, middle, right = three
    if middle.op.name != "diag" or right.op.name != "transpose" or left.op.name not in ("eigvecs", "svdu", "svdv"):
        return None
    A, values, other = left.args[0], middle.args[0], right.args[0]
    if left is other and left.op.name == "eigvecs" and known(A, "symmetric"):
        return _of_eigenvalues(s, A, values)
    if any(e.op.name not in WHOLE or e.args[0] is not A for e in (values, other)):
        return None
    names = left.op.name, values.op.name, other.op.name
    if names in (("svdu", "svdvals", "svdv"), ("svdv", "svdvals", "svdu")):
        s.fire("decomposition")
        return A if names[0] == "svdu" else s.transposed(A)
    return None


WHOLE = frozenset({"svdvals", "svdu", "svdv"})

MATRIX_FUNCTIONS = {"exp": "expm", "log": "logm", "sqrt": "sqrtm", "add": "add", "mul": "mul", "hadamard": "mul"}
"""What functions of the eigenvalues, entry by entry, are as functions of the matrix."""


def _of_eigenvalues(s: Simplifier, A: Expr, values: Expr) -> Expr | None:
    """V*diag(f(w))*V' for the eigenvectors V and eigenvalues w of A, as a function of the matrix; None where there is none."""
    found = _matrix_function(s, A, values)
    if found is not None:
        s.fire("decomposition")
    return found


def _matrix_function(s: Simplifier, A: Expr, values: Expr) -> Expr | None:
    """f(A) for a column f(w) that is made of the eigenvalues w by powers, sums, products, exp, log and sqrt."""
    name = values.op.name
    if name == "eigvalsh":
        return A if values.args[0] is A else None
    if name == "ones":
        return identity(A.rows)
    if name == "entrypow":
        base, exponent = values.args
        k = exponent.params[0] if exponent.op.name == "number" else None
        inside = _matrix_function(s, A, base) if k is not None and k.denominator <= 2 else None
        if k is None or inside is None:
            return None
        return _power(s, inside if k.denominator == 1 else s.apply("sqrtm", (inside,)), k.numerator)
    if name not in MATRIX_FUNCTIONS:
        return None
    parts = [part if part.is_scalar else _matrix_function(s, A, part) for part in values.args]
    args = tuple(part for part in parts if part is not None)
    if len(args) < len(parts):
        return None
    return s.apply(MATRIX_FUNCTIONS[name], args, (), A.shape)


def _power(s: Simplifier, A: Expr, k: int) -> Expr:
    base = A if k > 0 else s.apply("inv", (A,))
    return base if abs(k) == 1 else s.apply("matrixpow", (base,), (abs(k),))
