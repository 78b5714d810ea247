"""A bound of the rank of a matrix from how it is put together."""

from __future__ import annotations

from closedform.core.dim import ONE
from closedform.core.expr import Expr
from closedform.core.walk import fold

SINGLE = frozenset({"ones", "unit"})
"""Operations whose value has the rank 1."""

KEPT = frozenset({"transpose", "named", "inv", "pinv"})
"""Operations that keep the rank of their argument."""


def rank_bound(A: Expr) -> int | None:
    """A number that the rank does not exceed at any sizes; None where none is seen.

    >>> from closedform.lang.declare import declare
    >>> from closedform.ops.build import product, total, transpose
    >>> x, y, A = declare("x: n; y: n; A: n 3").symbols.values()
    >>> rank_bound(total(product(x, transpose(y)), product(A, transpose(A))))
    4
    """
    return fold(A, _bound)


def always_singular(A: Expr) -> bool:
    """Is a square matrix singular at all sizes but small ones, whatever its entries are?

    >>> from closedform.lang.declare import declare
    >>> from closedform.ops.build import product, transpose
    >>> x, A, B = declare("x: n; A: 3 2; B: 2 3").symbols.values()
    >>> always_singular(product(x, transpose(x))), always_singular(product(A, B)), always_singular(product(B, A))
    (True, True, False)
    """
    return _lacks(A, 1)


def without_minors(A: Expr) -> bool:
    """Are the minors of a square matrix that miss one row and one column all 0, or the matrix itself?

    >>> from closedform.lang.declare import declare
    >>> from closedform.ops.build import product, transpose
    >>> x, y, z = declare("x: 3; y: 2; z: n").symbols.values()
    >>> [without_minors(product(v, transpose(v))) for v in (x, y, z)]
    [True, False, False]
    """
    return rank_bound(A) == 0 or (A.rows.integer is not None and _lacks(A, 2))


def _lacks(A: Expr, ranks: int) -> bool:
    bound, size = rank_bound(A), A.rows.integer
    return bound is not None and (size is None or size >= bound + ranks)


def _bound(node: Expr, bounds: list[int | None]) -> int | None:
    name = node.op.name
    sides = [size for size in (d.integer for d in node.shape) if size is not None]
    if name in SINGLE:
        sides.append(1)
    elif name == "zeros" or (name == "number" and not node.params[0]):
        return 0
    elif name == "mul":
        sides += _of_product(node.args, bounds)
    elif name == "add":
        if None not in bounds:
            sides.append(sum(b for b in bounds if b is not None))
    elif name in KEPT:
        sides += [b for b in bounds if b is not None]
    return min(sides, default=None)


def _of_product(factors: tuple[Expr, ...], bounds: list[int | None]) -> list[int]:
    """The bounds of the factors whose rank that of a product does not exceed.

    Runs of factors that come down to a number, as x'*x in x'*x*A, are none of them, unless they are 0.

    >>> from closedform.lang.declare import declare
    >>> from closedform.ops.build import product, transpose
    >>> x, t, A = declare("x: n; t: scalar; A: n n").symbols.values()
    >>> rank_bound(product(transpose(x), t, x, A)), rank_bound(product(A, x, transpose(x)))
    (None, 1)
    """
    if 0 in bounds:
        return [0]
    runs: list[list[int]] = []
    for k, factor in enumerate(factors):
        if factor.is_scalar:
            continue
        if runs and factors[runs[-1][-1]].cols == factor.rows:
            runs[-1].append(k)
        else:
            runs.append([k])
    matrices = [run for run in runs if factors[run[0]].rows != ONE or factors[run[-1]].cols != ONE]
    return [b for run in matrices for k in run if (b := bounds[k]) is not None]
