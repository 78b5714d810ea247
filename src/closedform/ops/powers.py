"""Powers: of scalars, of square matrices, and entry by entry."""

from __future__ import annotations

from typing import Any

from closedform.core.dim import Dim
from closedform.core.errors import Refusal
from closedform.core.expr import Expr, Shape, misfit
from closedform.core.infer import known
from closedform.core.op import f, operation
from closedform.ops.build import entry_power, minus, num, power, product, times, total
from closedform.ops.entries import everywhere
from closedform.ops.series import power_rule

LONGEST_POWER = 12
"""The differential of X^k is written out up to this k; beyond it is a sum with an index."""
MOST_BITS = 4_096
"""The longest exponent of a matrix, in binary digits."""


def _positive_base(word: str, a: Expr) -> None:
    """Refuse a derivative by the exponent of a number that is not positive."""
    if a.op.name == "number" and a.params[0] <= 0:
        raise Refusal(f"{word}: a power of {a} has no derivative by its exponent; the base needs to be positive")


@operation
class pow_:
    """A scalar to a scalar power, a^b."""

    args = ("a", "b")
    word = ""
    code = "{a} ** {b}"
    draws = ("a: scalar positive; b: scalar",)
    why = "d a^b = b*a^(b-1)*da + a^b*log(a)*db"

    def shape(a: Expr, b: Expr) -> Shape:
        if not (a.is_scalar and b.is_scalar):
            raise misfit("^", "a power with this exponent needs a scalar base and a scalar exponent", a, b)
        return a.shape

    def domain(a: Expr, b: Expr) -> list[tuple[str, Expr]]:
        if b.op.name == "number" and b.params[0].denominator == 1:
            return [("nonzero", a)] if b.params[0] < 0 else []
        return [] if known(b, "integer") and known(b, "positive") else [("positive", a)]

    def facts(a: Expr, b: Expr) -> list[str]:
        if known(a, "positive"):
            return ["positive", "pd"]
        if b.op.name == "number" and b.params[0] % 2 == 0:
            return ["nonnegative"] if b.params[0] > 0 else ["positive"]
        if known(a, "nonnegative"):
            return ["nonnegative"]
        if b.op.name == "number" and b.params[0] < 0:
            return ["invertible"]
        return ["invertible"] if known(a, "invertible") else []

    def d_a(a: Expr, b: Expr, da: Expr) -> Expr:
        if b.op.name == "number" and b.params[0] == 2:
            return product(b, a, da)
        return product(b, power(a, num(b.params[0] - 1) if b.op.name == "number" else minus(b, num(1))), da)

    def d_b(a: Expr, b: Expr, db: Expr) -> Expr:
        _positive_base("^", a)
        return product(power(a, b), f.log(a), db)

    def weight(e: Expr) -> int:
        return 0 if e.args[1].op.name == "number" and e.args[1].params[0] == -1 else 1

    def value(xp: Any, a: Any, b: Any) -> Any:
        if not xp.iscomplexobj(b) and b == round(float(b)):
            return xp.asarray(a) ** round(float(b)) if b >= 0 else 1.0 / xp.asarray(a) ** round(float(-b))
        return xp.asarray(a) ** b


@operation
class matrixpow:
    """The k-th power of a square matrix, k a whole number of at least 2."""

    args = ("A",)
    params = ("k",)
    word = ""
    code = "np.linalg.matrix_power({A}, {k})"
    draws = ("A: n n",)
    why = "d X^k = the sum over i of X^i*dX*X^(k-1-i)"

    def shape(A: Expr, k: int) -> Shape:
        if not A.is_square:
            raise misfit("^", "a power needs a square matrix", A, hint="Use .^ for the power of each entry")
        if k.bit_length() > MOST_BITS:
            raise Refusal(f"^: the exponent of a matrix has more than {MOST_BITS} binary digits")
        return A.shape

    def facts(A: Expr, k: int) -> list[str]:
        kept = [
            "symmetric",
            "diagonal",
            "lower",
            "upper",
            "orthogonal",
            "invertible",
            "psd",
            "pd",
            "nonnegative",
            "positive",
            "contraction",
            "integer",
            "idempotent",
        ]
        out = [x for x in kept if known(A, x)]
        if k % 2 == 0 and known(A, "symmetric"):
            out.append("psd")
        return out

    def d_A(A: Expr, k: int, dA: Expr) -> Expr:
        if k > LONGEST_POWER:
            return power_rule(A, Dim.of(k), dA)
        terms = []
        for i in range(k):
            parts = [matrix_power(A, i), dA, matrix_power(A, k - 1 - i)]
            terms.append(product(*[p for p in parts if p is not None]))
        return total(*terms)

    def value(xp: Any, A: Any, k: int) -> Any:
        return xp.linalg.matrix_power(A, k)

    def weight(e: Expr) -> int:
        return 2


def matrix_power(A: Expr, k: int) -> Expr | None:
    """A^k for k >= 0; None for the identity."""
    return None if k == 0 else A if k == 1 else f.matrixpow(A, k)


@operation
class entrypow:
    """The entrywise power A.^B; one of the two may be a scalar."""

    args = ("A", "B")
    word = ""
    code = "{A} ** {B}"
    draws = ("A: m n positive; B: m n", "A: m n positive; B: scalar", "A: scalar positive; B: m n")
    why = "d(A.^B) = B.*A.^(B-1).*dA + A.^B.*log(A).*dB"

    def shape(A: Expr, B: Expr) -> Shape:
        if A.shape == B.shape or B.is_scalar:
            return A.shape
        if A.is_scalar:
            return B.shape
        raise misfit(".^", "the entrywise power needs equal shapes or a scalar", A, B)

    def domain(A: Expr, B: Expr) -> list[tuple[str, Expr]]:
        if B.op.name == "number" and B.params[0].denominator == 1:
            return [("nonzero", A)] if B.params[0] < 0 else []
        return [("positive", A)]

    def facts(A: Expr, B: Expr) -> list[str]:
        even = B.op.name == "number" and B.params[0] % 2 == 0
        out = ["positive"] if everywhere(A, "positive") else ["nonnegative"] if even or known(A, "nonnegative") else []
        if B.is_scalar and known(A, "symmetric"):
            out.append("symmetric")
        return out

    def d_A(A: Expr, B: Expr, dA: Expr) -> Expr:
        one = num(1) if B.is_scalar else f.ones(*B.shape)
        less = num(B.params[0] - 1) if B.op.name == "number" else minus(B, one)
        slope = A if B.op.name == "number" and B.params[0] == 2 else entry_power(A, less)
        return times(times(B, slope), dA)

    def d_B(A: Expr, B: Expr, dB: Expr) -> Expr:
        _positive_base(".^", A)
        return times(times(entry_power(A, B), f.log(A)), dB)

    def weight(e: Expr) -> int:
        return 0 if e.args[1].op.name == "number" and e.args[1].params[0] == -1 else 1

    def value(xp: Any, A: Any, B: Any) -> Any:
        if xp.ndim(B) == 0 and not xp.iscomplexobj(B) and round(float(B)) == B:
            return xp.asarray(A) ** round(float(B)) if B >= 0 else 1.0 / xp.asarray(A) ** round(float(-B))
        return A**B
