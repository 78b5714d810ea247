"""Forms that neither overflow nor cancel, put in place of those that do before code is written.

Each has the value of the form it replaces wherever that one can be computed.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from closedform.core.expr import Expr
from closedform.core.op import f
from closedform.core.walk import postorder, rebuild
from closedform.ops.build import entry_power, negative, num, product, times


def stable(root: Expr) -> Expr:
    """The expression with its exponentials, logarithms and their quotients in stable form.

    >>> from closedform.core.dim import ONE
    >>> t = f.symbol("t", ONE, ONE, 0, frozenset())
    >>> stable(f.log(f.add(num(1), f.exp(t)))).op.name
    'softplus'
    """
    nodes = postorder(root)
    if not any(node.op.name in ("exp", "softmax", "sigmoid") for node in nodes):
        return root
    done: dict[Expr, Expr] = {}
    for node in nodes:
        e = rebuild(node, tuple(done[a] for a in node.args))
        rule = RULES.get(e.op.name)
        done[node] = rule(e) if rule is not None else e
    return done[root]


def _bare(e: Expr) -> Expr:
    while e.op.name == "named":
        e = e.args[0]
    return e


def _exponent(e: Expr) -> Expr | None:
    """z when e is exp(z)."""
    e = _bare(e)
    return e.args[0] if e.op.name == "exp" else None


def _one_plus_exp(e: Expr) -> Expr | None:
    """z when e is 1 + exp(z) (entrywise: ones + exp(z))."""
    e = _bare(e)
    if e.op.name != "add" or len(e.args) != 2:
        return None
    for one, other in (e.args, e.args[::-1]):
        if one.op.name == "ones" or one is num(1):
            return _exponent(other)
    return None


def _log(e: Expr) -> Expr:
    x = _bare(e.args[0])
    z = _one_plus_exp(x)
    if z is not None:
        return f.softplus(z)
    if x.op.name == "sum" and _is_vector(x.args[0]):
        z = _exponent(x.args[0])
        if z is not None:
            return f.logsumexp(z)
    if x.op.name == "softmax":
        return f.logsoftmax(x.args[0])
    if x.op.name == "sigmoid":
        return negative(f.softplus(_minus(x.args[0])))
    return e


def _log1p(e: Expr) -> Expr:
    z = _exponent(e.args[0])
    return e if z is None else f.softplus(z)


def _reciprocal(e: Expr) -> Expr:
    """1/(1 + exp(z))^k = sigmoid(-z)^k."""
    if e.args[1].op.name != "number" or e.args[1].params[0] >= 0:
        return e
    z = _one_plus_exp(e.args[0])
    if z is None:
        return e
    k: Fraction = -e.args[1].params[0]
    s = f.sigmoid(_minus(z))
    return s if k == 1 else entry_power(s, k)


def _product(e: Expr) -> Expr:
    """exp(z)*sigmoid(-z) = sigmoid(z), and exp(x)/sum(exp(x)) = softmax(x), among the factors of a product."""
    factors: list[Expr | None] = list(e.args)
    for i, g in enumerate(factors):
        z = None if g is None else _exponent(g)
        if z is None:
            continue
        for j, h in enumerate(factors):
            pair = _together(z, h, z.is_scalar or e.op.name == "hadamard") if h is not None and j != i else None
            if pair is not None:
                factors[i], factors[j] = pair
                break
    kept = [g for g in factors if g is not None]
    if kept == list(e.args):
        return e
    out = kept[0]
    for g in kept[1:]:
        out = times(out, g) if e.op.name == "hadamard" else product(out, g)
    return out


def _together(z: Expr, h: Expr, entrywise: bool) -> tuple[Expr, Expr | None] | None:
    """What exp(z) and the factor h become together."""
    h = _bare(h)
    base, k = h, Fraction(1)
    if h.op.name in ("pow", "entrypow") and h.args[1].op.name == "number":
        base, k = _bare(h.args[0]), h.args[1].params[0]
    if entrywise and k >= 1 and base.op.name == "sigmoid" and base.args[0] is _minus(z):
        return f.sigmoid(z), None if k == 1 else base if k == 2 else entry_power(base, k - 1)
    if k == -1 and base.op.name == "sum" and _exponent(base.args[0]) is z and _is_vector(z):
        return f.softmax(z), None
    return None


def _is_vector(e: Expr) -> bool:
    return 1 in (e.rows.integer, e.cols.integer)


def _minus(z: Expr) -> Expr:
    """-z, without a second sign where z has one."""
    if z.op.name == "mul" and z.args[0].op.name == "number":
        c = -z.args[0].params[0]
        return product(*z.args[1:]) if c == 1 else product(num(c), *z.args[1:])
    return negative(z)


RULES: dict[str, Callable[[Expr], Expr]] = {
    "log": _log, "log1p": _log1p, "pow": _reciprocal, "entrypow": _reciprocal, "mul": _product, "hadamard": _product,
}  # fmt: skip
