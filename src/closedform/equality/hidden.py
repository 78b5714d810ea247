"""Exponentials and logarithms: values hidden as powers g^v, on which sums are products and multiples are powers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from closedform.core.expr import Expr
from closedform.core.infer import known
from closedform.equality.field import Modulus
from closedform.equality.structural import MOVES, blocks
from closedform.equality.worlds import LOGARITHMS, logarithmic

if TYPE_CHECKING:
    from closedform.equality.evaluate import Evaluation


def _field(ev: Evaluation) -> Modulus:
    return ev.worlds[0].field


def _inverted(ev: Evaluation, a: Any) -> Any:
    found, fine = _field(ev).reciprocal(a)
    ev.require(fine)
    return found


def _square(ev: Evaluation, a: Any) -> Any:
    """The value, which must be a square: of what is positive a logarithm can be taken."""
    return ev.positive(_field(ev), a)


def _product(field: Modulus, a: Any, axis: int) -> Any:
    """The product along an axis."""
    a = np.moveaxis(a, axis, 0)
    out = a[0]
    m = field.m3.reshape(-1, *(1,) * (out.ndim - 1))
    for k in range(1, len(a)):
        out = out * a[k] % m
    return out


# ---- exponentials: E hides the argument, that is, E = exp(argument) ------------------------------------------
def _exp(ev: Evaluation, E: Any) -> Any:
    return E


def _expm1(ev: Evaluation, E: Any) -> Any:
    return (E - 1) % _field(ev).m3


def _sigmoid(ev: Evaluation, E: Any) -> Any:
    m = _field(ev).m3
    return E * _inverted(ev, (1 + E) % m) % m


def _silu(ev: Evaluation, E: Any, x: Any) -> Any:
    return x * _sigmoid(ev, E) % _field(ev).m3


def _half(ev: Evaluation, doubled: Any) -> Any:
    m = _field(ev).m3
    return doubled % m * ((m + 1) // 2) % m


def _sinh(ev: Evaluation, E: Any) -> Any:
    return _half(ev, E - _inverted(ev, E))


def _cosh(ev: Evaluation, E: Any) -> Any:
    return _half(ev, E + _inverted(ev, E))


def _tanh(ev: Evaluation, E: Any) -> Any:
    m = _field(ev).m3
    square = E * E % m
    return (square - 1) % m * _inverted(ev, (square + 1) % m) % m


def _softmax(ev: Evaluation, E: Any) -> Any:
    m = _field(ev).m3
    return E * _inverted(ev, E.sum(axis=(1, 2), keepdims=True) % m) % m


def _softmax_rows(ev: Evaluation, E: Any) -> Any:
    m = _field(ev).m3
    return E * _inverted(ev, E.sum(axis=2, keepdims=True) % m) % m


EXPONENTIAL_RULES: dict[str, Callable[..., Any]] = {
    "exp": _exp, "expm1": _expm1, "sigmoid": _sigmoid, "silu": _silu, "sinh": _sinh, "cosh": _cosh, "tanh": _tanh,
    "softmax": _softmax, "softmax_rows": _softmax_rows,
}  # fmt: skip
"""Residues modulo p from the hidden argument."""


# ---- hidden values -------------------------------------------------------------------------------------------
def _log(ev: Evaluation, node: Expr, s: Any) -> Any:
    return _square(ev, s)


def _log1p(ev: Evaluation, node: Expr, s: Any) -> Any:
    return _square(ev, (1 + s) % _field(ev).m3)


def _logdet(ev: Evaluation, node: Expr, A: Any) -> Any:
    """|det A| as the one of det A and -det A that is a square; det A itself where that is known to be positive."""
    field = _field(ev)
    det = field.determinant(A)
    sign = field.squares(det)
    if known(node.args[0], "pd"):
        ev.require((sign == 1).all(axis=(1, 2)))
    else:
        ev.assume("determinants") if (sign < 0).any() else None
        ev.require((sign != 0).all(axis=(1, 2)))
    return det * sign % field.m3


def _softplus(ev: Evaluation, node: Expr, E: Any) -> Any:
    return _square(ev, (1 + E) % _field(ev).m3)


def _logsumexp(ev: Evaluation, node: Expr, E: Any) -> Any:
    return _square(ev, E.sum(axis=(1, 2), keepdims=True) % _field(ev).m3)


def _logsumexp_rows(ev: Evaluation, node: Expr, E: Any) -> Any:
    return _square(ev, E.sum(axis=2, keepdims=True) % _field(ev).m3)


def _logsoftmax(ev: Evaluation, node: Expr, E: Any) -> Any:
    m = _field(ev).m3
    return E * _inverted(ev, _logsumexp(ev, node, E)) % m


def _crossentropy(ev: Evaluation, node: Expr, p: Any, E: Any) -> Any:
    field = _field(ev)
    return _inverted(ev, _added_up(field, field.power(_logsoftmax(ev, node, E), p)))


def _added_up(field: Modulus, a: Any) -> Any:
    """The hidden sum of all entries."""
    return _product(field, a.reshape(field.count, -1), 1)[:, None, None]


def _add(ev: Evaluation, node: Expr, *terms: Any) -> Any:
    m = _field(ev).m3
    out = terms[0]
    for t in terms[1:]:
        out = out * t % m
    return out


def _mul(ev: Evaluation, node: Expr, *factors: Any) -> Any:
    """A product with one hidden factor: the sums over inner indices are products of powers."""
    field, other = _field(ev), ev.worlds[1].field
    at = next(k for k, a in enumerate(node.args) if logarithmic(a))
    out = factors[at]
    left: Any = None
    for g in factors[:at]:
        left = g if left is None else other.matmul(left, g)
    if left is not None:
        out = _times(field, left, out, swapped=False)
    for g in factors[at + 1 :]:
        out = _times(field, out.swapaxes(1, 2), g.swapaxes(1, 2), swapped=True)
    return out


def _times(field: Modulus, a: Any, b: Any, *, swapped: bool) -> Any:
    """(known a)(hidden b), or for ``swapped`` the transpose of (hidden a)'(known b)'."""
    if swapped:
        return _times(field, b, a, swapped=False).swapaxes(1, 2)
    if a.shape[1:] == (1, 1) or b.shape[1:] == (1, 1):
        return field.power(b, a)
    columns = []
    for k in range(a.shape[2]):
        columns.append(field.power(np.repeat(b[:, k : k + 1, :], a.shape[1], axis=1), a[:, :, k : k + 1]))
    out = columns[0]
    for c in columns[1:]:
        out = out * c % field.m3
    return out


def _hadamard(ev: Evaluation, node: Expr, *factors: Any) -> Any:
    field, other = _field(ev), ev.worlds[1].field
    at = next(k for k, a in enumerate(node.args) if logarithmic(a))
    out = factors[at]
    for k, g in enumerate(factors):
        out = out if k == at else field.power(out, g % other.m3)
    return out


def _trace(ev: Evaluation, node: Expr, A: Any) -> Any:
    return _product(_field(ev), np.diagonal(A, axis1=1, axis2=2), 1)[:, None, None]


def _sum(ev: Evaluation, node: Expr, A: Any) -> Any:
    return _added_up(_field(ev), A)


def _blocks(ev: Evaluation, node: Expr, *cells: Any) -> Any:
    return blocks(list(cells), node.params[0])


def _moved(ev: Evaluation, node: Expr, A: Any) -> Any:
    return MOVES[node.op.name](A, 1, *ev.numbers(node.params))


HIDDEN_RULES: dict[str, Callable[..., Any]] = {
    "log": _log, "log1p": _log1p, "logdet": _logdet, "softplus": _softplus, "logsumexp": _logsumexp,
    "logsumexp_rows": _logsumexp_rows, "logsoftmax": _logsoftmax, "crossentropy": _crossentropy, "add": _add, "mul": _mul,
    "hadamard": _hadamard, "trace": _trace, "sum": _sum, "blocks": _blocks, **dict.fromkeys(MOVES, _moved),
}  # fmt: skip
"""Hidden values of what is put together from logarithms."""

if not set(HIDDEN_RULES) >= LOGARITHMS:
    raise TypeError(f"hidden values without a rule: {sorted(LOGARITHMS - set(HIDDEN_RULES))}")
