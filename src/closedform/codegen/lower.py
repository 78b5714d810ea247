"""From an expression to array operations.

Products are collected into numbers and chains of matrices; sums and entrywise products broadcast rows, columns and
numbers where the expression spells them out with matrices of ones; powers of -1 become divisions.  Every operation
without a treatment of its own is the call that it declares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import NamedTuple

from closedform.codegen import chain
from closedform.codegen.chain import Factor
from closedform.codegen.program import SCALAR, Program, Value
from closedform.codegen.template import called
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr
from closedform.core.infer import known
from closedform.core.walk import postorder

Turned = tuple[Expr, bool]
"""A factor of a chain and whether it stands transposed."""

SHARED_INVERSE = 3
"""From so many products on, an inverse is computed once instead of one solve for each."""


class Parts(NamedTuple):
    """A product taken apart: numbers, chains whose product is 1 x 1, and the chain that gives it its shape."""

    scalars: tuple[Expr, ...]
    closed: tuple[tuple[Turned, ...], ...]
    open: tuple[Turned, ...]

    def flipped(self) -> Parts:
        return Parts(self.scalars, self.closed, tuple(_turned(e, not t) for e, t in reversed(self.open)))


class Spread(NamedTuple):
    """A signed term that may be smaller than the matrix it stands for: ``rows`` and ``cols`` say where it has full
    extent, along the rest it is constant."""

    positive: bool
    value: Value
    rows: bool
    cols: bool


def bare(e: Expr) -> Expr:
    """The expression without the names that the user gave to it."""
    while e.op.name == "named":
        e = e.args[0]
    return e


def _turned(e: Expr, turned: bool) -> Turned:
    return e, turned and not known(e, "symmetric")


def _is_minus_one(e: Expr) -> bool:
    return e.op.name == "number" and bool(e.params[0] == -1)


def lower(root: Expr) -> Program:
    """The program of an expression.

    >>> from closedform.core.op import f
    >>> n = Dim.of("n")
    >>> S = f.symbol("S", n, n, 2, frozenset())
    >>> lower(f.mul(f.inv(S), S)).result.op
    'solve'
    """
    return _Lowering(root).program


class _Lowering:
    def __init__(self, root: Expr) -> None:
        self.program = Program()
        self.nodes = postorder(root)
        self.uses: dict[Expr, int] = {root: 1}
        for node in self.nodes:
            for a in node.args:
                self.uses[a] = self.uses.get(a, 0) + 1
        self.parts: dict[Expr, Parts] = {}
        self.values: dict[Expr, Value] = {}
        self._vanishing: dict[Expr, set[Expr]] = {}
        for node in self.nodes:
            if node.op.name == "mul":
                self.parts[node] = self._take_apart(node)
        self.explicit = self._explicit_inverses(root)
        for node in self.nodes:
            if node.op.name != "mul" or self.uses[node] > 1:
                self.value(node)
        self.program.result = self.value(root)

    def value(self, e: Expr) -> Value:
        """The value of a node; a product used once is lowered by the node that takes it apart, or here."""
        found = self.values.get(e)
        if found is None:
            found = self.values[e] = LOWERED.get(e.op.name, called_node)(self, e)
        return found

    # ---- products -------------------------------------------------------------------------------------------
    def _take_apart(self, node: Expr) -> Parts:
        scalars: list[Expr] = []
        closed: list[tuple[Turned, ...]] = []
        run: list[Turned] = []
        rows, cols = SCALAR
        for factor in node.args:
            inside = self.apart(factor)
            scalars += inside.scalars
            closed += inside.closed
            if not inside.open:
                continue
            rows, cols = (rows if run else factor.rows), factor.cols
            run += inside.open
            if rows is ONE and cols is ONE:
                closed.append(tuple(run))
                run = []
        return Parts(tuple(scalars), tuple(closed), tuple(run))

    def apart(self, e: Expr) -> Parts:
        """The parts of a factor; of a product inside only when nothing else needs its value."""
        if e in self.parts and self.uses[e] == 1:
            return self.parts[e]
        if e.op.name == "transpose" and not e.is_scalar:
            inner = e.args[0]
            if inner in self.parts and self.uses[inner] == 1 == self.uses[e]:
                return self.parts[inner].flipped()
            return Parts((), (), (_turned(inner, True),))
        return Parts((e,), (), ()) if e.is_scalar else Parts((), (), ((e, False),))

    def _explicit_inverses(self, root: Expr) -> set[Expr]:
        """Inverses whose entries are needed: elsewhere than in products, or in many products."""
        explicit: set[Expr] = set()
        products: dict[Expr, int] = {}
        for node in (*self.nodes, None):
            if node is not None and node.op.name in ("transpose", "named"):
                continue
            for a in node.args if node is not None else (root,):
                while a.op.name in ("transpose", "named"):
                    a = a.args[0]
                if a.op.name == "inv" and not a.is_scalar:
                    if node is not None and node.op.name == "mul" and sum(not g.is_scalar for g in node.args) > 1:
                        products[a] = products.get(a, 0) + 1
                    else:
                        explicit.add(a)
        return explicit | {a for a, count in products.items() if count >= SHARED_INVERSE}

    def factors(self, run: Iterable[Turned]) -> list[Factor]:
        """The factors of a chain by kind; identities are left out unless there is nothing else."""
        p = self.program
        out: list[Factor] = []
        last: Expr | None = None
        for e, turned in run:
            core = bare(e)
            rows, cols = (e.cols, e.rows) if turned else e.shape
            if core.op.name == "eye":
                last = e
            elif core.op.name == "ones":
                out += chain.ones_factors(p, rows, cols)
            elif core.op.name == "inv" and core not in self.explicit:
                a = self.value(core.args[0])
                out.append(Factor("inv", p.transposed(a) if turned else a, rows, cols))
            elif core.op.name == "diag" and not core.is_scalar:
                out.append(Factor("diag", self.value(core.args[0]), rows, cols))
            else:
                value = self.value(e)
                out.append(Factor("dense", p.transposed(value) if turned else value, rows, cols))
        return out or ([Factor("dense", self.value(last), *last.shape)] if last is not None else [])

    def signed(self, parts: Parts) -> tuple[bool, Value]:
        """The value of a product: whether it is added (or subtracted), and its value without the sign."""
        p = self.program
        positive, scale = self.scale(parts)
        if not parts.open:
            return positive, scale if scale is not None else p.const(1)
        factors = self.factors(parts.open)
        if scale is not None and scale.op == "div" and scale.args[0] == p.const(1):
            return positive, p.div(chain.multiply(p, factors), scale.args[1])
        return positive, chain.multiply(p, factors, scale)

    def scale(self, parts: Parts) -> tuple[bool, Value | None]:
        """The numbers of a product: the sign, and their product without it (None for 1)."""
        p = self.program
        coefficient, above, below = Fraction(1), [], []
        for k, s in enumerate(parts.scalars):
            core = bare(s)
            if core.op.name == "number":
                coefficient *= core.params[0]
            elif core.op.name == "pow" and core.args[1].op.name == "number" and core.args[1].params[0] < 0:
                base, exponent = core.args
                if not _is_minus_one(exponent):
                    below.append(p.pow(self.value(base), p.const(-exponent.params[0])))
                    continue
                rest = Parts(parts.scalars[:k] + parts.scalars[k + 1 :], parts.closed, parts.open)
                divisor = self.apart(base)
                for d in divisor.scalars:
                    if d.op.name == "number" and d.params[0]:
                        coefficient /= d.params[0]
                        continue
                    once = s not in rest.scalars and divisor.scalars.count(d) == 1
                    guarded = once and bare(d).op.name == "norm2" and self.vanishes(rest, bare(d).args[0])
                    below.append(p.guard(self.value(d)) if guarded else self.value(d))
                below += [chain.multiply(p, self.factors(run)) for run in divisor.closed]
            else:
                above.append(self.value(s))
        above += [chain.multiply(p, self.factors(run)) for run in parts.closed]
        if not coefficient:
            return True, p.const(0)
        out = p.const(abs(coefficient))
        for a in above:
            out = p.mul(out, a)
        if below:
            divisor_value = below[0]
            for b in below[1:]:
                divisor_value = p.mul(divisor_value, b)
            out = p.div(out, divisor_value)
        return coefficient > 0, None if out is p.const(1) else out

    # ---- a vector over its own norm -------------------------------------------------------------------------
    def vanishes(self, parts: Parts, v: Expr) -> bool:
        """Is the product 0 wherever v is?"""
        gone = self._vanishing_with(v)
        if any(s in gone for s in parts.scalars):
            return True
        wanted = self.parts.get(v) or self.apart(v)
        if not all(s in parts.scalars or s.op.name == "number" for s in wanted.scalars) or wanted.closed or not wanted.open:
            wanted = Parts((), (), (_turned(v, False),))
        size = len(wanted.open)
        for run in (*parts.closed, parts.open):
            if any(e in gone for e, _ in run):
                return True
            for pattern in (wanted.open, wanted.flipped().open):
                if any(run[i : i + size] == pattern for i in range(len(run) - size + 1)):
                    return True
        return False

    def _vanishing_with(self, v: Expr) -> set[Expr]:
        gone = self._vanishing.get(v)
        if gone is None:
            gone = self._vanishing[v] = {v}
            for node in self.nodes:
                name = node.op.name
                if name == "add" and all(a in gone for a in node.args):
                    gone.add(node)
                elif name in VANISH_WITH_ONE and any(a in gone for a in node.args):
                    gone.add(node)
                elif name == "mul" and self.vanishes(self.parts[node], v):
                    gone.add(node)
        return gone

    # ---- sums and entrywise products ------------------------------------------------------------------------
    def spread(self, e: Expr) -> Spread:
        """A term of a sum or a factor of an entrywise product, as small as broadcasting allows."""
        p = self.program
        core = bare(e)
        if core.op.name == "ones":
            return Spread(True, p.const(1), False, False)
        if e not in self.parts or self.uses[e] > 1:
            return Spread(True, self.value(e), True, True)
        parts = self.parts[e]
        if e.is_scalar:
            return Spread(*self.signed(parts), True, True)
        factors = self.factors(parts.open)
        front = len(factors) > 0 and factors[0].kind == "ones" and factors[0].cols is ONE and e.rows is not ONE
        back = len(factors) > 0 and factors[-1].kind == "ones" and factors[-1].rows is ONE and e.cols is not ONE
        if not front and not back:
            return Spread(*self.signed(parts), True, True)
        positive, scale = self.scale(parts)
        kept = factors[front : len(factors) - back]
        value = chain.multiply(p, kept, scale) if kept else scale if scale is not None else p.const(1)
        return Spread(positive, value, not front, not back)

    def whole(self, term: Spread, e: Expr) -> Spread:
        """The term written out in full."""
        if term.rows and term.cols:
            return term
        p = self.program
        ones = p.call("np.ones(({rows}, {cols}))", (), e.shape, rows=e.rows, cols=e.cols)
        return Spread(term.positive, p.mul(term.value, ones), True, True)

    def spreads(self, args: tuple[Expr, ...]) -> list[Spread]:
        """The terms with as much written out that together they have the full extent."""
        out = [self.spread(a) for a in args]
        rows = args[0].rows is ONE or any(s.rows for s in out)
        cols = args[0].cols is ONE or any(s.cols for s in out)
        if not (rows and cols):
            out[0] = self.whole(out[0], args[0])
        return out


def _add(low: _Lowering, e: Expr) -> Value:
    p = low.program
    terms = [a for a in e.args if bare(a).op.name != "zeros"] or list(e.args[:1])
    spreads = low.spreads(tuple(terms))
    first = next((i for i, s in enumerate(spreads) if s.positive), 0)
    total = spreads[first].value if spreads[first].positive else p.negative(spreads[first].value)
    for i, s in enumerate(spreads):
        if i != first:
            total = p.add(total, s.value) if s.positive else p.sub(total, s.value)
    return total


def _mul(low: _Lowering, e: Expr) -> Value:
    positive, value = low.signed(low.parts[e])
    if positive:
        return value
    if value.op == "mul" and value.args[0].op == "const":
        return low.program.mul(low.program.negative(value.args[0]), value.args[1])
    return low.program.negative(value)


def _hadamard(low: _Lowering, e: Expr) -> Value:
    p = low.program
    above: list[Expr] = []
    below: list[Value] = []
    for a in e.args:
        core = bare(a)
        if core.op.name == "entrypow" and _is_minus_one(core.args[1]) and low.uses[a] == 1:
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


def _power(low: _Lowering, e: Expr) -> Value:
    a, b = e.args
    return low.program.pow(low.value(a), low.value(b))


def _trace(low: _Lowering, e: Expr) -> Value:
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


def _trace_of_term(low: _Lowering, e: Expr) -> tuple[bool, Value]:
    p = low.program
    parts = low.apart(e)
    core = bare(e)
    if core.op.name == "eye":
        return True, p.size(e.rows)
    positive, scale = low.scale(parts)
    value = chain.traced(p, low.factors(parts.open))
    return positive, value if scale is None else p.mul(scale, value)


def _diagonal(low: _Lowering, e: Expr) -> Value:
    p = low.program
    a = e.args[0]
    if a.is_scalar:
        return low.value(a)
    parts = low.apart(a)
    positive, scale = low.scale(parts)
    value = chain.diagonal(p, low.factors(parts.open))
    value = value if scale is None else p.mul(scale, value)
    return value if positive else p.negative(value)


def _transpose(low: _Lowering, e: Expr) -> Value:
    return low.program.transposed(low.value(e.args[0]))


def _named(low: _Lowering, e: Expr) -> Value:
    value = low.value(e.args[0])
    if value.op not in ("name", "const", "size"):
        low.program.hints.setdefault(value, e.params[0])
    return value


def _number(low: _Lowering, e: Expr) -> Value:
    return low.program.const(e.params[0])


def _size(low: _Lowering, e: Expr) -> Value:
    return low.program.size(e.params[0])


def _symbol(low: _Lowering, e: Expr) -> Value:
    return low.program.name(e.params[0], e.shape)


def _log(low: _Lowering, e: Expr) -> Value:
    """The logarithm; of a determinant by its logarithm, which does not overflow."""
    p = low.program
    core = bare(e.args[0])
    inside = bare(core.args[0]) if core.op.name == "abs" else core
    if inside.op.name == "det" and not inside.args[0].is_scalar:
        sure = core.op.name == "abs" or known(inside, "positive")
        return p.call("np.linalg.slogdet({0})[1]" if sure else "log_of_det({0})", (low.value(inside.args[0]),), SCALAR)
    return called_node(low, e)


def _inv(low: _Lowering, e: Expr) -> Value:
    a = low.value(e.args[0])
    return low.program.div(low.program.const(1), a) if e.is_scalar else called_node(low, e)


def _itself(low: _Lowering, e: Expr) -> Value:
    return low.value(e.args[0]) if e.args[0].is_scalar else called_node(low, e)


def _logdet(low: _Lowering, e: Expr) -> Value:
    if e.args[0].is_scalar:
        return low.program.call("np.log(np.abs({0}))", (low.value(e.args[0]),), SCALAR)
    return called_node(low, e)


def _index(low: _Lowering, e: Expr) -> Value:
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


def _unit(low: _Lowering, e: Expr) -> Value:
    i, n = e.params
    if e.is_scalar:
        return low.program.const(1)
    return low.program.call("np.eye({n})[:, {h}:{i}]", (), e.shape, n=n, h=i - 1, i=i)


def called_node(low: _Lowering, e: Expr) -> Value:
    """The call that the operation declares."""
    return called(low.program, e, [low.value(a) for a in e.args])


VANISH_WITH_ONE = frozenset({"transpose", "named", "hadamard", "vec", "unvec", "diag", "diagonal", "tril", "triu", "trace",
                             "sum", "index", "kron", "rowsum", "colsum"})  # fmt: skip
"""Operations that are 0 when one of their arguments is."""

LOWERED: dict[str, Callable[[_Lowering, Expr], Value]] = {
    "add": _add, "mul": _mul, "hadamard": _hadamard, "pow": _power, "entrypow": _power, "trace": _trace,
    "diagonal": _diagonal, "transpose": _transpose, "named": _named, "number": _number, "size": _size,
    "symbol": _symbol, "log": _log, "inv": _inv, "det": _itself, "sum": _itself, "vec": _itself, "diag": _itself,
    "tril": _itself, "triu": _itself, "logdet": _logdet, "index": _index, "unit": _unit,
}  # fmt: skip
