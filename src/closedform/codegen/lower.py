"""From an expression to array operations: how each operation is computed.

Sums and entrywise products broadcast rows, columns and numbers where the expression spells them out with matrices of
ones; powers of -1 become divisions.  Every operation without a treatment of its own is the call that it declares.
"""

from __future__ import annotations

from closedform.codegen import chain
from closedform.codegen.lowering import Handler, Lowering, bare, is_minus_one
from closedform.codegen.program import SCALAR, Program, Value
from closedform.codegen.template import called
from closedform.core.bound import marked
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr
from closedform.core.infer import known


def lower(root: Expr, tensor: tuple[Dim, ...] | None = None) -> Program:
    """The program of an expression; with ``tensor``, of the axes that its entries are wanted in.

    >>> from closedform.core.op import f
    >>> n = Dim.of("n")
    >>> S = f.symbol("S", n, n, 2, frozenset())
    >>> lower(f.mul(f.inv(S), S)).result.op
    'solve'
    """
    return Lowering(root, LOWERED, called_node, tensor).program


def _add(low: Lowering, e: Expr) -> Value:
    p = low.program
    terms = [a for a in e.args if bare(a).op.name != "zeros"] or list(e.args[:1])
    spreads = low.spreads(tuple(terms))
    first = next((i for i, s in enumerate(spreads) if s.positive), 0)
    total = spreads[first].value if spreads[first].positive else p.negative(spreads[first].value)
    for i, s in enumerate(spreads):
        if i != first:
            total = p.add(total, s.value) if s.positive else p.sub(total, s.value)
    return total


def _mul(low: Lowering, e: Expr) -> Value:
    positive, value = low.signed(low.parts[e])
    if positive:
        return value
    if value.op == "mul" and value.args[0].op == "const":
        return low.program.mul(low.program.negative(value.args[0]), value.args[1])
    return low.program.negative(value)


def _hadamard(low: Lowering, e: Expr) -> Value:
    p = low.program
    above: list[Expr] = []
    below: list[Value] = []
    for a in e.args:
        core = bare(a)
        if core.op.name == "entrypow" and is_minus_one(core.args[1]) and low.uses[a] == 1:
            below.append(low.value(core.args[0]))
        else:
            above.append(a)
    positive, out = True, None
    for s in [low.spread(a) for a in above] if below else low.spreads(tuple(above)):
        positive = positive == s.positive
        out = s.value if out is None else p.mul(out, s.value)
    divisor = None
    for b in below:
        divisor = b if divisor is None else p.mul(divisor, b)
    if out is None:
        out = p.const(1)
    if divisor is not None:
        out = p.div(out, divisor)
    return out if positive else p.negative(out)


def _power(low: Lowering, e: Expr) -> Value:
    a, b = e.args
    return low.program.pow(low.value(a), low.value(b))


def _trace(low: Lowering, e: Expr) -> Value:
    p = low.program
    a = e.args[0]
    if a.is_scalar:
        return low.value(a)
    split = a.op.name == "add" and low.uses[a] == 1 and any(len(low.apart(t).open) > 1 for t in a.args)
    positive, total = _trace_of_term(low, a.args[0] if split else a)
    if not positive:
        total = p.negative(total)
    for t in a.args[1:] if split else ():
        positive, value = _trace_of_term(low, t)
        total = p.add(total, value) if positive else p.sub(total, value)
    return total


def _trace_of_term(low: Lowering, e: Expr) -> tuple[bool, Value]:
    p = low.program
    parts = low.apart(e)
    core = bare(e)
    if core.op.name == "eye":
        return True, p.size(e.rows)
    positive, scale = low.scale(parts)
    value = chain.traced(p, low.factors(parts.open))
    return positive, value if scale is None else p.mul(scale, value)


def _diagonal(low: Lowering, e: Expr) -> Value:
    p = low.program
    a = e.args[0]
    if a.is_scalar:
        return low.value(a)
    parts = low.apart(a)
    positive, scale = low.scale(parts)
    value = chain.diagonal(p, low.factors(parts.open))
    value = value if scale is None else p.mul(scale, value)
    return value if positive else p.negative(value)


def _transpose(low: Lowering, e: Expr) -> Value:
    return low.program.transposed(low.value(e.args[0]))


def _named(low: Lowering, e: Expr) -> Value:
    value = low.value(e.args[0])
    if value.op not in ("name", "const", "size"):
        low.program.hints.setdefault(value, e.params[0])
    return value


def _number(low: Lowering, e: Expr) -> Value:
    return low.program.const(e.params[0])


def _size(low: Lowering, e: Expr) -> Value:
    return low.program.size(e.params[0])


def _symbol(low: Lowering, e: Expr) -> Value:
    value = low.program.name(e.params[0], e.shape)
    if known(e, "symmetric"):
        low.program.symmetric.add(value)
    return value


def _log(low: Lowering, e: Expr) -> Value:
    """The logarithm; of a determinant by its logarithm, which does not overflow."""
    p = low.program
    core = bare(e.args[0])
    inside = bare(core.args[0]) if core.op.name == "abs" else core
    if inside.op.name == "det" and not inside.args[0].is_scalar:
        sure = core.op.name == "abs" or known(inside, "positive")
        return p.call("np.linalg.slogdet({0})[1]" if sure else "log_of_det({0})", (low.value(inside.args[0]),), SCALAR)
    return called_node(low, e)


def _inv(low: Lowering, e: Expr) -> Value:
    a = low.value(e.args[0])
    return low.program.div(low.program.const(1), a) if e.is_scalar else called_node(low, e)


def _itself(low: Lowering, e: Expr) -> Value:
    return low.value(e.args[0]) if e.args[0].is_scalar else called_node(low, e)


def _logdet(low: Lowering, e: Expr) -> Value:
    if e.args[0].is_scalar:
        return low.program.call("np.log(np.abs({0}))", (low.value(e.args[0]),), SCALAR)
    return called_node(low, e)


def _index(low: Lowering, e: Expr) -> Value:
    """Entries and slices, counted from 0 in the code."""
    p = low.program
    a, (r, s, c, d) = e.args[0], e.params
    if a.is_scalar:
        return low.value(a)
    if e.is_scalar:
        return p.call("{0}[{i}, {j}]", (low.value(a),), SCALAR, i=r - 1, j=c - 1)
    params: dict[str, Dim] = {}
    spans = []
    for start, end, count, names in ((r, s, a.rows, "rs"), (c, d, a.cols, "cd")):
        if start is ONE and end is count:
            spans.append(":")
        else:
            params[names[0]], params[names[1]] = start - 1, end
            spans.append(f"{{{names[0]}}}:{{{names[1]}}}")
    return p.call(f"{{0}}[{', '.join(spans)}]", (low.value(a),), e.shape, **params)


def _series(low: Lowering, e: Expr) -> Value:
    """A sum with an index as a loop."""
    return low.program.value("loop", (low.value(e.args[0]),), (*e.params, *e.shape), e.shape)


def _family(low: Lowering, e: Expr) -> Value:
    return low.program.name(e.params[0], e.shape)


def _member(low: Lowering, e: Expr) -> Value:
    """A member of a family, counted from 0 in the code."""
    p, (i, *_) = low.program, e.params
    family = low.value(e.args[0])
    if e.args[0].params[3] == 2:
        out = p.call("{0}[{i}, 0, 0]" if e.is_scalar else "{0}[{i}]", (family,), e.shape, i=i - 1)
    elif e.is_scalar:
        out = p.call("{0}[{i}, 0]", (family,), SCALAR, i=i - 1)
    else:
        out = p.call("{0}[{h}:{i}]", (family,), (e.cols, e.rows), h=i - 1, i=i)
    if not marked((i,)):
        p.places[out] = e.args[0], i
    return out if out.shape == e.shape else p.transposed(out)


def _unit(low: Lowering, e: Expr) -> Value:
    i, n = e.params
    if e.is_scalar:
        return low.program.const(1)
    return low.program.call("np.eye({n})[:, {h}:{i}]", (), e.shape, n=n, h=i - 1, i=i)


def called_node(low: Lowering, e: Expr) -> Value:
    """The call that the operation declares."""
    return called(low.program, e, [low.value(a) for a in e.args])


LOWERED: dict[str, Handler] = {
    "add": _add, "mul": _mul, "hadamard": _hadamard, "pow": _power, "entrypow": _power, "trace": _trace,
    "diagonal": _diagonal, "transpose": _transpose, "named": _named, "number": _number, "size": _size,
    "symbol": _symbol, "log": _log, "inv": _inv, "det": _itself, "sum": _itself, "vec": _itself, "diag": _itself,
    "tril": _itself, "triu": _itself, "logdet": _logdet, "index": _index, "unit": _unit,
    "series": _series, "family": _family, "member": _member,
}  # fmt: skip
