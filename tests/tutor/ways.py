"""One formula written in many ways, all of the same value; nothing here simplifies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from closedform.calculus.step import unnamed
from closedform.core.dim import ONE
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, rebuild
from closedform.ops.build import (
    entry_power,
    identity,
    negative,
    num,
    ones_like,
    power,
    product,
    times,
    total,
    transpose,
    zeros_like,
)
from closedform.rewrite.engine import Simplifier
from closedform.rewrite.order import Order, ranks

Rewrite = Callable[[Expr], Expr]


def everywhere(e: Expr, change: Rewrite) -> Expr:
    """The formula with a change made at every node, from the leaves up."""
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        done[node] = change(rebuild(node, tuple(done[a] for a in node.args)))
    return done[e]


def turned(e: Expr) -> Expr:
    """The transpose, carried down to the factors."""
    if e.is_scalar:
        return e
    if e.op.name == "mul":
        return product(*[turned(a) if not a.is_scalar else a for a in reversed(e.args)])
    if e.op.name in ("add", "hadamard"):
        return make(e.op.name, tuple(turned(a) for a in e.args))
    return transpose(e)


def twice_turned(e: Expr) -> Expr:
    """The transpose of the transpose, the inner one carried down."""
    inside = turned(e)
    return inside if e.is_scalar else make("transpose", (inside,))


def multiplied_out(e: Expr) -> Expr:
    """Products of sums as sums."""
    return Simplifier(Order(ranks(e)), expand=True, most=64).canonical(e)


def other_order(e: Expr) -> Expr:
    """Terms, and factors of entrywise products, in the opposite order."""
    if e.op.name in ("add", "hadamard"):
        return make(e.op.name, tuple(reversed(e.args)))
    return e


def doubled(e: Expr) -> Expr:
    """Twice the formula less the formula, each term halved and doubled."""
    return total(product(num(3), e), negative(product(num(2), e)))


def six_sixths(e: Expr) -> Expr:
    """Six times a sixth of it."""
    return product(num(6), product(num(Fraction(1, 6)), e))


def plus_zero(e: Expr) -> Expr:
    """With zeros added."""
    return total(e, zeros_like(e))


def in_identities(e: Expr) -> Expr:
    """Between identities, or ones where it is a scalar."""
    return product(identity(e.rows), e, identity(e.cols))


def halves(e: Expr) -> Expr:
    """Every sum as the sum of its halves."""
    if e.op.name != "add":
        return e
    half = num(Fraction(1, 2))
    return total(*(product(half, a) for a in e.args), *(product(a, half) for a in e.args))


def with_identities(e: Expr) -> Expr:
    """Every product with an identity in it."""
    if e.op.name == "mul" and not e.is_scalar:
        return product(*e.args, identity(e.cols))
    return e


def traces_as_sums(e: Expr) -> Expr:
    """tr(A) as the sum of its diagonal, x'*y as a sum of entries, sums as products with ones."""
    if e.op.name == "trace" and not e.args[0].is_scalar:
        return make("sum", (make("diagonal", (e.args[0],)),))
    if e.op.name == "mul" and len(e.args) == 2 and e.is_scalar and not e.args[0].is_scalar:
        left, right = e.args
        return make("sum", (times(transpose(left), right),))
    if e.op.name == "sum" and e.args[0].is_column and not e.args[0].is_scalar:
        return product(make("ones", (), (ONE, e.args[0].rows)), e.args[0])
    return e


def norms_as_roots(e: Expr) -> Expr:
    """The norm as the square root of a trace, powers as products."""
    if e.op.name == "norm2":
        return make("sqrt", (make("sum", (entry_power(e.args[0], 2),)),))
    if e.op.name == "pow" and e.args[1].op.name == "number" and e.args[1].params[0] == 2:
        return product(e.args[0], e.args[0])
    if e.op.name == "entrypow" and e.args[1].op.name == "number" and e.args[1].params[0] == 2:
        return times(e.args[0], e.args[0])
    return e


def entrywise_as_diagonal(e: Expr) -> Expr:
    """a.*b of vectors as diag(a)*b, of matrices through vec; diag(a)*B as a.*B with ones."""
    if e.op.name == "hadamard" and len(e.args) == 2:
        a, b = e.args
        if a.is_column:
            return product(make("diag", (a,)), b)
        if a.rows is not ONE:
            return make("unvec", (product(make("diag", (make("vec", (a,)),)), make("vec", (b,))),), a.shape)
    if e.op.name == "diag":
        n = e.rows
        return times(product(e.args[0], make("ones", (), (ONE, n))), identity(n))
    return e


def kronecker_split(e: Expr) -> Expr:
    """A ⊗ B as (A ⊗ I)*(I ⊗ B)."""
    if e.op.name == "kron" and len(e.args) == 2 and ONE not in (*e.args[0].shape, *e.args[1].shape):
        A, B = e.args
        return product(make("kron", (A, identity(B.rows))), make("kron", (identity(A.cols), B)))
    return e


def inverses(e: Expr) -> Expr:
    """The inverse as the adjugate over the determinant, or with two transposes."""
    if e.op.name == "inv" and not e.is_scalar:
        A = e.args[0]
        return product(make("adj", (A,)), power(make("det", (A,)), -1))
    return e


def inverses_turned(e: Expr) -> Expr:
    """The inverse of the transpose, transposed."""
    if e.op.name == "inv" and not e.is_scalar:
        return transpose(make("inv", (transpose(e.args[0]),)))
    return e


def functions(e: Expr) -> Expr:
    """Functions in terms of others."""
    name = e.op.name
    if name == "sigmoid":
        return entry_power(total(ones_like(e), make("exp", (negative(e.args[0]),))), -1)
    if name == "tanh":
        return total(product(num(2), make("sigmoid", (product(num(2), e.args[0]),))), negative(ones_like(e)))
    if name == "softmax":
        z = make("exp", e.args)
        return product(z, power(make("sum", (z,)), -1))
    if name == "sqrt":
        return entry_power(e.args[0], Fraction(1, 2)) if not e.is_scalar else power(e.args[0], Fraction(1, 2))
    if name == "cos":
        return make("sin", (total(e.args[0], product(product(num(Fraction(1, 2)), make("pi")), ones_like(e))),))
    return e


def named(e: Expr) -> Expr:
    """The largest proper part as a ``let``."""
    parts = [n for n in postorder(e) if n.args and n is not e and n.op.name not in ("named", "series")]
    if not parts:
        return make("named", (e,), ("Q_0",))
    chosen = parts[-1]
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        new = rebuild(node, tuple(done[a] for a in node.args))
        done[node] = make("named", (new,), ("Q_0",)) if node is chosen else new
    return done[e]


LOCAL: dict[str, Rewrite] = {
    "other order": other_order,
    "halves": halves,
    "identities": with_identities,
    "traces as sums": traces_as_sums,
    "norms as roots": norms_as_roots,
    "entrywise as diagonal": entrywise_as_diagonal,
    "kronecker split": kronecker_split,
    "adjugates": inverses,
    "inverses turned": inverses_turned,
    "functions": functions,
}
WHOLE: dict[str, Rewrite] = {
    "as printed": unnamed,
    "turned twice": twice_turned,
    "multiplied out": multiplied_out,
    "three less two": doubled,
    "with let": named,
    "six sixths": six_sixths,
    "plus zero": plus_zero,
    "in identities": in_identities,
}


def ways(e: Expr) -> Iterator[tuple[str, Expr]]:
    """The formula in every way that changes it, with the name of the way; first as it stands."""
    yield "as it stands", e
    plain = unnamed(e)
    if any(node.op.name == "series" for node in postorder(plain)):
        local: dict[str, Rewrite] = {}
    else:
        local = LOCAL
    seen = {e}
    for name, change in WHOLE.items():
        try:
            other = change(plain)
        except InputError:
            continue
        if other not in seen:
            seen.add(other)
            yield name, other
    for name, change in local.items():
        try:
            other = everywhere(plain, change)
        except InputError:
            continue
        if other not in seen:
            seen.add(other)
            yield name, other
    for first, second in (("other order", "turned twice"), ("functions", "other order"), ("halves", "turned twice")):
        try:
            other = (
                (WHOLE | LOCAL)[second](everywhere(plain, LOCAL[first]))
                if second in WHOLE
                else everywhere(everywhere(plain, LOCAL[first]), LOCAL[second])
            )
        except InputError:
            continue
        if other not in seen:
            seen.add(other)
            yield f"{first}, {second}", other
