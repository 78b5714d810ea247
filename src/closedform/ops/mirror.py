"""Transposes pushed as far inside as they go, so that A + A' and P*Q*P' are seen to be symmetric however they are written.

The results are only compared with each other: they are never part of an answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.core.infer import known
from closedform.core.walk import unsettled
from closedform.ops.build import product, transpose

ALONG = frozenset({"inv", "pinv", "adj", "expm", "logm", "sqrtm", "matrixpow", "sympow", "kron", "hadamard", "entrypow", "maximum",
                   "minimum"})  # fmt: skip
"""Operations that commute with the transpose, besides the entrywise functions."""

SWAPPED = {"tril": "triu", "triu": "tril"}
LARGEST = 64
"""A sum or a product with more parts is not looked into."""


def turned(e: Expr) -> Expr:
    """The transpose of an expression with all transposes pushed inside.

    >>> from closedform.core.dim import Dim
    >>> from closedform.core.op import f
    >>> A, B = (f.symbol(name, Dim.of("n"), Dim.of("n"), 2, frozenset()) for name in "AB")
    >>> print(turned(f.mul(A, f.transpose(f.inv(B)))))
    inv(B)*A'
    """
    for node in unsettled(e, _has_turned):
        node.memo["turned"] = _turned(node)
    found: Expr = e.memo["turned"]
    return found


def upright(e: Expr) -> Expr:
    """The expression itself with all transposes pushed inside."""
    return turned(turned(e))


def self_transpose(terms: Sequence[Expr]) -> bool:
    """Is a sum of terms its own transpose, because the terms and their transposes are the same?"""
    parts = _terms(terms)
    return len(parts) <= LARGEST and Counter(map(turned, parts)) == Counter(map(upright, parts))


def mirrored(factors: Sequence[Expr]) -> Expr | None | bool:
    """Is a product P*M*P' without its scalars?  The M in the middle, None where it is P*P'; False when it is neither."""
    flat = [g for g in _factors(upright(product(*factors))) if not g.is_scalar]
    half = len(flat) // 2
    if not flat or len(flat) > LARGEST or any(turned(flat[i]) is not flat[-1 - i] for i in range(half)):
        return False
    return flat[half] if len(flat) % 2 else None


def _has_turned(e: Expr) -> bool:
    return "turned" in e.memo


def _of(e: Expr) -> Expr:
    found: Expr = e.memo["turned"]
    return found


def _turned(e: Expr) -> Expr:
    name = e.op.name
    if e.is_scalar or name == "eye" or (e.op.args == () and known(e, "symmetric")):
        return e
    if name == "transpose":
        return turned(_of(e.args[0]))  # the argument, itself made upright
    if name == "named":
        return _of(e.args[0])
    if name in ("zeros", "ones"):
        return make(name, (), e.shape[::-1])
    if name == "add":
        terms = [t for a in e.args for t in _factors_of(_of(a), "add")]
        return make("add", tuple(terms)) if len(terms) <= LARGEST else transpose(e)
    if name == "mul":
        scalars = [g for g in e.args if g.is_scalar]
        if any(a.is_scalar and not b.is_scalar for a, b in zip(e.args[1:], e.args, strict=False)) and not _one_scalar_run(e.args):
            return transpose(e)
        matrices = [g for a in reversed(e.args) if not a.is_scalar for g in _factors(_of(a))]
        outer = [g for g in matrices if g.is_scalar]
        inside = [g for g in matrices if not g.is_scalar]
        if len(inside) > LARGEST or not inside or not _fits(inside, e):
            return transpose(e)
        return product(*scalars, *outer, *inside)
    if name in ALONG or _is_entrywise(e):
        return make(name, tuple(_of(a) for a in e.args), e.params)
    if name in SWAPPED:
        return make(SWAPPED[name], (_of(e.args[0]),))
    if known(e, "symmetric"):
        return e
    return transpose(e)


def _one_scalar_run(factors: Sequence[Expr]) -> bool:
    """Are the matrices among the factors a product without the scalars (none of it is 1 x 1 before its end)?"""
    inside = [g for g in factors if not g.is_scalar]
    return all(a.cols is b.rows for a, b in zip(inside, inside[1:], strict=False)) and not any(
        inside[0].rows is ONE and g.cols is ONE for g in inside[:-1]
    )


def _fits(inside: Sequence[Expr], e: Expr) -> bool:
    joined = all(a.cols is b.rows for a, b in zip(inside, inside[1:], strict=False))
    return joined and inside[0].rows is e.cols and inside[-1].cols is e.rows and _one_scalar_run(inside)


def _is_entrywise(e: Expr) -> bool:
    return len(e.args) == 1 and not e.params and e.op.name in _entrywise()


_names: set[str] = set()


def _entrywise() -> set[str]:
    if not _names:
        from closedform.ops.elementwise import NAMES

        _names.update(NAMES)
    return _names


def _factors_of(e: Expr, name: str) -> tuple[Expr, ...]:
    return e.args if e.op.name == name else (e,)


def _factors(e: Expr) -> tuple[Expr, ...]:
    return _factors_of(e, "mul")


def _terms(terms: Sequence[Expr]) -> list[Expr]:
    return [part for t in terms for part in _factors_of(upright(t), "add")]
