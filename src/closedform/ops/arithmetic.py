"""Sums, products and powers."""

from __future__ import annotations

from typing import Any

from closedform.core.dim import ONE
from closedform.core.expr import Expr, Shape, make, misfit
from closedform.core.infer import known
from closedform.core.op import operation
from closedform.ops.build import (
    compact,
    inner,
    product,
    times,
    transpose,
)
from closedform.ops.entries import everywhere
from closedform.ops.mirror import gathered, middle, self_transpose


def transposed(a: Expr, b: Expr) -> bool:
    """Is b the transpose of a, as far as one sees at once?"""
    if a is b:
        return a.is_scalar or known(a, "symmetric")
    return transpose(a) is b or transpose(b) is a


@operation
class add:
    """The sum of matrices of one shape."""

    args = "*"
    joint = True
    word = ""
    draws = ("A: m n; B: m n; C: m n",)

    def shape(*terms: Expr) -> Shape:
        for t in terms[1:]:
            if t.shape != terms[0].shape:
                hint = ""
                if t.is_scalar != terms[0].is_scalar:
                    big = terms[0] if t.is_scalar else t
                    hint = f"Write the scalar times ones({big.rows})" if big.is_column else ""
                    if big.is_square:
                        hint = f"Write the scalar times eye({big.rows}) or times ones({big.rows}, {big.cols})"
                elif t.shape == terms[0].shape[::-1]:
                    hint = "Perhaps one of them wants a transpose"
                raise misfit("+", "the terms of a sum need equal shapes", terms[0], t, hint=hint)
        return terms[0].shape

    def facts(*terms: Expr) -> list[str]:
        out = [
            k
            for k in ("symmetric", "skew", "lower", "upper", "diagonal", "psd", "nonnegative", "integer")
            if all(known(t, k) for t in terms)
        ]
        if "symmetric" not in out and terms[0].is_square and not terms[0].is_scalar and self_transpose(make("add", terms)):
            out.append("symmetric")
        if "psd" in out and any(known(t, "pd") for t in terms):
            out.append("pd")
        if "nonnegative" in out and any(everywhere(t, "positive") for t in terms):
            out.append("positive")
        return out

    def adjoint(k: int, G: Expr, *terms: Expr) -> Expr:
        return G

    def value(xp: Any, *terms: Any) -> Any:
        out = terms[0]
        for t in terms[1:]:
            out = out + t
        return out

    def code(*terms: str) -> str:
        return " + ".join(terms)

    def weight(e: Expr) -> int:
        return len(e.args) - 1 - sum(_starts_negative(t) for t in e.args[1:])


def _starts_negative(e: Expr) -> bool:
    head = e.args[0] if e.op.name == "mul" else e
    return head.op.name == "number" and head.params[0] < 0


def _saved_by_division(e: Expr) -> int:
    """How much shorter ``a/b`` is than the product of a and a power of b."""
    if e.op.name == "number":
        return 2 if e.params[0].numerator == 1 and e.params[0].denominator > 1 else 0
    if e.op.name in ("pow", "entrypow") and e.args[1].op.name == "number" and e.args[1].params[0] < 0:
        return 2 if e.args[1].params[0] == -1 else 1
    return 0


def _product_shape(left: Shape, right: Shape) -> Shape | None:
    if left[0] is ONE and left[1] is ONE:
        return right
    if right[0] is ONE and right[1] is ONE:
        return left
    return (left[0], right[1]) if left[1] is right[0] else None


def _scalar_prefixes(factors: tuple[Expr, ...]) -> list[bool]:
    """At each place, is the product of the factors before it a scalar?"""
    shape, out = factors[0].shape, [True]
    for g in factors[1:]:
        out.append(shape[0] is ONE and shape[1] is ONE)
        shape = _product_shape(shape, g.shape) or g.shape
    return out


@operation
class mul:
    """The matrix product from left to right; a scalar (a 1 x 1 product counts) multiplies anything."""

    args = "*"
    word = ""
    draws = ("A: m n; B: n k; t: scalar; C: k p", "x: 1 n; y: n; z: m; A: 1 p")

    def shape(*factors: Expr) -> Shape:
        shape = factors[0].shape
        for i, g in enumerate(factors[1:], 1):
            fitted = _product_shape(shape, g.shape)
            if fitted is None:
                left = product(*factors[:i])
                hint = ""
                if left.rows is g.rows and left.is_column and g.is_column:
                    hint = "Try a' * b for the inner product, a * b' for the outer one, a .* b for the entrywise one"
                elif left.rows is g.rows:
                    hint = "Perhaps the first wants a transpose"
                elif left.cols is g.cols:
                    hint = "Perhaps the second wants a transpose"
                raise misfit("*", f"the inner sizes {shape[1]} and {g.rows} of a product must agree", left, g, hint=hint)
            shape = fitted
        return shape

    def facts(*typed: Expr) -> list[str]:
        factors = gathered(typed)
        scalars = [g for g in factors if g.is_scalar]
        word = [g for g in factors if not g.is_scalar]
        out = [k for k in ("nonnegative", "positive", "integer") if all(known(g, k) for g in factors)]
        scalar = not word or (word[0].rows is ONE and word[-1].cols is ONE)
        if not word:
            return [
                *out,
                *(["pd"] if "positive" in out else []),
                *(["invertible"] if all(known(g, "invertible") for g in factors) else []),
            ]
        nonneg = all(known(s, "nonnegative") for s in scalars)
        nonzero = all(known(s, "invertible") or known(s, "positive") for s in scalars)
        half = len(word) // 2
        is_mirrored = all(transposed(word[i], word[-1 - i]) for i in range(half))
        core = word[half] if len(word) % 2 else None
        if not is_mirrored and not scalar and word[0].rows is word[-1].cols:
            hidden = middle(factors)
            is_mirrored, core = hidden is not None, hidden[0] if hidden else None
        if not is_mirrored and not scalar and word[0].rows is word[-1].cols and self_transpose(make("mul", typed)):
            out.append("symmetric")
        if is_mirrored and word[0].rows is word[-1].cols:
            if core is None or known(core, "symmetric"):
                out.append("symmetric")
            elif known(core, "skew"):
                out.append("skew")
            if nonneg and (core is None or known(core, "psd")):
                out.append("psd")
                full = all(g.is_square and known(g, "invertible") for g in word)
                if full and nonzero and (core is None or known(core, "pd")):
                    out.append("pd")
                if scalar:
                    out.append("nonnegative")
                    if core is not None and full:
                        out.append("positive")
        if all(g.is_square for g in word):
            out.extend(k for k in ("lower", "upper", "diagonal") if all(known(g, k) for g in word))
            if nonzero and all(known(g, "invertible") for g in word):
                out.append("invertible")
            if not scalars and all(known(g, "orthogonal") for g in word):
                out.append("orthogonal")
        if len(word) == 1 and scalars:
            out.extend(k for k in ("symmetric", "skew") if known(word[0], k))
            if nonneg and known(word[0], "psd"):
                out.append("psd")
        return out

    def adjoint(k: int, G: Expr, *factors: Expr) -> Expr:
        scalar_before = _scalar_prefixes(factors)
        for i in range(len(factors) - 1, 0, -1):
            right = factors[i]
            if i == k:
                left = product(*factors[:i])
                return inner(left, G) if right.is_scalar else product(left, G) if left.is_scalar else product(transpose(left), G)
            if right.is_scalar:
                G = compact(product(right, G))
            elif scalar_before[i]:
                G = inner(right, G)
            else:
                G = compact(product(G, transpose(right)))
        return G

    def value(xp: Any, *factors: Any) -> Any:
        out = factors[0]
        for g in factors[1:]:
            out = out * g if xp.ndim(out) == 0 or xp.ndim(g) == 0 else out @ g
            if xp.shape(out) == (1, 1):
                out = out[0, 0]
        if xp.ndim(out) == 0 and any(xp.ndim(g) for g in factors):
            return xp.reshape(out, (1, 1))  # whether it is a scalar, its node knows
        return out

    def code(*factors: str) -> str:
        return " @ ".join(factors)

    def weight(e: Expr) -> int:
        first, rest = e.args[0], e.args[1:]
        count = len(rest) - (2 if first.op.name == "number" and first.params[0] == -1 else 0)
        return count - sum(_saved_by_division(g) for g in rest)


@operation
class hadamard:
    """The entrywise product of matrices of one shape."""

    args = "*"
    word = ""
    draws = ("A: m n; B: m n; C: m n",)

    def shape(*factors: Expr) -> Shape:
        for g in factors[1:]:
            if g.shape != factors[0].shape:
                raise misfit(".*", "the entrywise product needs equal shapes", factors[0], g)
        return factors[0].shape

    def facts(*factors: Expr) -> list[str]:
        out = [k for k in ("symmetric", "psd", "pd", "nonnegative", "positive", "integer") if all(known(g, k) for g in factors)]
        out.extend(k for k in ("lower", "upper", "diagonal") if any(known(g, k) for g in factors))
        return out

    def adjoint(k: int, G: Expr, *factors: Expr) -> Expr:
        for i, g in enumerate(factors):
            if i != k:
                G = times(g, G)
        return G

    def value(xp: Any, *factors: Any) -> Any:
        out = factors[0]
        for g in factors[1:]:
            out = out * g
        return out

    def code(*factors: str) -> str:
        return " * ".join(factors)

    def weight(e: Expr) -> int:
        return len(e.args) - 1 - sum(_saved_by_division(g) for g in e.args[1:])
