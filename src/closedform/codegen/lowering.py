"""Products taken apart, and the terms that broadcasting makes smaller: what the lowering of an expression shares.

A product is numbers times a chain of matrices.  A vector over its own norm counts as 0 at 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from closedform.codegen import chain
from closedform.codegen.chain import Factor
from closedform.codegen.program import SCALAR, Program, Value
from closedform.codegen.structured import Networks
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr
from closedform.core.infer import known
from closedform.core.walk import postorder

Turned = tuple[Expr, bool]
"""A factor of a chain and whether it stands transposed."""

SHARED_INVERSE = 3
"""From so many products on, an inverse is computed once instead of one solve for each."""


VANISH_WITH_ONE = frozenset({"transpose", "named", "hadamard", "vec", "unvec", "diag", "diagonal", "tril", "triu", "trace",
                             "sum", "index", "kron", "rowsum", "colsum"})  # fmt: skip
"""Operations that are 0 when one of their arguments is."""


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


def is_minus_one(e: Expr) -> bool:
    return e.op.name == "number" and bool(e.params[0] == -1)


Handler = Callable[["Lowering", Expr], Value]


class Lowering:
    """The work of turning one expression into a program.

    ``handlers`` says how operations are lowered, ``default`` how the others are.  With ``tensor``, a result that is a
    tensor network is made with these axes (its entries in the order of the matrix, column by column).
    """

    def __init__(
        self, root: Expr, handlers: Mapping[str, Handler], default: Handler, tensor: tuple[Dim, ...] | None = None
    ) -> None:
        self.program = Program()
        self._handlers, self._default = handlers, default
        self.nodes = postorder(root)
        self.networks = Networks(self, self.nodes)
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
            if node.op.name == "mul" and self.uses[node] == 1:
                continue
            if node in self.networks.structured:
                self.networks.of(node)
            else:
                self.value(node)
        if tensor is not None and root in self.networks:
            self.program.result, self.program.shaped = self.networks.tensor(root, tensor), True
        else:
            self.program.result = self.value(root)

    def value(self, e: Expr) -> Value:
        """The value of a node; a product used once is lowered by the node that takes it apart, or here."""
        found = self.values.get(e)
        if found is None:
            own = e in self.networks
            found = self.values[e] = self.networks.value(e) if own else self._handlers.get(e.op.name, self._default)(self, e)
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
        if e.is_scalar and e in self.networks:
            return Parts((e,), (), ())
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

    def closed(self, run: tuple[Turned, ...]) -> Value:
        """A chain whose product is a number."""
        if any(e in self.networks for e, _ in run):
            return self.networks.run(run)
        return chain.multiply(self.program, self.factors(run))

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
                if not is_minus_one(exponent):
                    below.append(p.pow(self.value(base), p.const(-exponent.params[0])))
                    continue
                rest = Parts(parts.scalars[:k] + parts.scalars[k + 1 :], parts.closed, parts.open)
                divisor = self.apart(base)
                for d in divisor.scalars:
                    if d.op.name == "number" and d.params[0]:
                        coefficient /= d.params[0]
                        continue
                    guarded = bare(d).op.name == "norm2" and self.vanishes(rest, bare(d).args[0])
                    below.append(p.guard(self.value(d)) if guarded else self.value(d))
                below += [self.closed(run) for run in divisor.closed]
            else:
                above.append(self.value(s))
        above += [self.closed(run) for run in parts.closed]
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
        numbers = all(s in parts.scalars or s.op.name == "number" for s in wanted.scalars)
        if not (numbers and all(run in parts.closed for run in wanted.closed)):
            wanted = Parts((), (), (_turned(v, False),))
        size = len(wanted.open)
        if not size:
            return bool(wanted.closed) or any(s.op.name != "number" for s in wanted.scalars)
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
                if name == "add":
                    zero = all(a in gone for a in node.args)
                elif name == "mul":
                    zero = self.vanishes(self.parts[node], v)
                else:
                    zero = name in VANISH_WITH_ONE and any(a in gone for a in node.args)
                if zero:
                    gone.add(node)
        return gone

    # ---- sums and entrywise products ------------------------------------------------------------------------
    def spread(self, e: Expr) -> Spread:
        """A term of a sum or a factor of an entrywise product, as small as broadcasting allows."""
        p = self.program
        core = bare(e)
        if core.op.name == "ones":
            return Spread(True, p.const(1), False, False)
        if e not in self.parts or self.uses[e] > 1 or e in self.networks:
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
