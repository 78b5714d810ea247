"""Which parts of an expression are computed as tensor networks, and the network of each.

Kronecker and Khatri-Rao products, commutation matrices, identities of composite size and diagonal matrices of vec(M) make
a network of everything linear around them.  Where the factors of two sizes do not fit each other (kron(A, B) beside
kron(C, D) with the sizes of C and D exchanged), one side is written out as a matrix, of which any factor can be split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from closedform.codegen import network
from closedform.codegen.assemble import as_matrix, as_tensor
from closedform.codegen.network import Network, Term
from closedform.codegen.program import Value
from closedform.core.dim import Dim
from closedform.core.expr import Expr
from closedform.core.op import f

if TYPE_CHECKING:
    from closedform.codegen.lowering import Lowering, Turned

SEEDS = frozenset({"kron", "khatrirao", "commutation"})
"""Operations that always make a network."""

CARRIERS = frozenset({"add", "mul", "transpose", "named", "vec", "unvec", "hadamard", "diag", "diagonal", "trace", "sum"})
"""Operations that are a network when one of their arguments is."""

MOST_TERMS = 32
"""A product of sums is multiplied out up to so many terms."""


def structured_nodes(nodes: Iterable[Expr]) -> set[Expr]:
    """The nodes that are computed as networks."""
    out: set[Expr] = set()
    for e in nodes:
        name = e.op.name
        if name in SEEDS or (name in CARRIERS and any(a in out and not a.is_scalar for a in e.args)) or _is_sparse(e):
            out.add(e)
        elif name == "inv" and _bare(e.args[0]).op.name == "kron" and all(a.is_square for a in _bare(e.args[0]).args):
            out.add(e)
    return out


def _is_sparse(e: Expr) -> bool:
    """A diagonal matrix whose rows are pairs of indices."""
    if e.op.name == "diag":
        return _bare(e.args[0]).op.name == "vec"
    return e.op.name == "eye" and len(e.rows.terms) == 1 and len(e.rows.terms[0][0]) > 1


def _bare(e: Expr) -> Expr:
    while e.op.name == "named":
        e = e.args[0]
    return e


class Networks:
    """The networks of the nodes of an expression that is being lowered."""

    def __init__(self, low: Lowering, nodes: Iterable[Expr]) -> None:
        self._low = low
        self.structured = structured_nodes(nodes)
        self._made: dict[Expr, Network] = {}

    def __contains__(self, e: Expr) -> bool:
        return e in self.structured

    def of(self, e: Expr) -> Network:
        """The network of a node.  The nodes below a structured one have been asked for before it."""
        found = self._made.get(e)
        if found is None:
            found = self._made[e] = BUILT[e.op.name](self, e) if e in self.structured or e.op.name in PLAIN else self._dense(e)
        return found

    def value(self, e: Expr) -> Value:
        """The matrix of a structured node."""
        return self._matrix(self.of(e))

    def run(self, run: Iterable[Turned]) -> Value:
        """The matrix of a product of factors."""
        return self._matrix(self.product(run))

    def tensor(self, e: Expr, axes: tuple[Dim, ...]) -> Value:
        """A node as an array with the entries of the matrix in their order, column by column."""
        found = self.of(e)
        while isinstance(value := as_tensor(self._low.program, found, axes), Term):
            found = self._written_out(found, value)
        return value

    # ---- parts that are written out -----------------------------------------------------------------------------
    def _dense(self, e: Expr) -> Network:
        return network.matrix(self._low.value(e), e.shape)

    def _matrix(self, found: Network) -> Value:
        while isinstance(value := as_matrix(self._low.program, found), Term):
            found = self._written_out(found, value)
        return value

    def _written_out(self, found: Network, misfit: Term) -> Network:
        """The network with one term written out as a matrix, whose sizes can be split in any way."""
        kept = tuple(t for t in found.terms if t is not misfit)
        value = self._matrix(Network(found.shape, (misfit,)))
        return Network(found.shape, kept + network.matrix(value, found.shape).terms)

    def whole(self, found: Network) -> Network:
        """The network as one matrix."""
        return network.matrix(self._matrix(found), found.shape)

    def both(self, join: Callable[[Network, Network], Network | None], a: Network, b: Network) -> Network:
        """Two networks joined; written out where their factors do not fit, or where there would be too many terms."""
        while len(a.terms) * len(b.terms) > MOST_TERMS:
            a, b = (self.whole(a), b) if len(a.terms) >= len(b.terms) else (a, self.whole(b))
        joined = join(a, b)
        if joined is None:
            joined = join(a, self.whole(b))
        if joined is None:
            joined = join(self.whole(a), self.whole(b))
        assert joined is not None
        return joined

    def alone(self, change: Callable[[Network], Network | None], a: Network) -> Network:
        """A change of one network, written out first where its factors do not fit."""
        changed = change(a)
        if changed is None:
            changed = change(self.whole(a))
        assert changed is not None
        return changed

    def product(self, run: Iterable[Turned]) -> Network:
        out: Network | None = None
        for e, turned in run:
            factor = network.transpose(self.of(e)) if turned else self.of(e)
            out = factor if out is None else self.both(network.product, out, factor)
        assert out is not None
        return out

    def scaled(self, e: Expr) -> Network:
        """A product: the numbers, and the chain of matrices."""
        parts = self._low.parts[e]
        positive, scale = self._low.scale(parts)
        if not parts.open:
            whole = network.single(e.shape, (), ())
        else:
            whole = self.product(parts.open)
        if scale is not None and scale.op == "const":
            return whole.times(scale.params[0] if positive else -scale.params[0])
        return whole.times(ONE_ if positive else -ONE_, () if scale is None else (scale,))


def _kron(nets: Networks, e: Expr) -> Network:
    return nets.both(network.kron, nets.of(e.args[0]), nets.of(e.args[1]))


def _khatrirao(nets: Networks, e: Expr) -> Network:
    return nets.both(network.khatrirao, nets.of(e.args[0]), nets.of(e.args[1]))


def _inverse_of_kron(nets: Networks, e: Expr) -> Network:
    """inv(kron(A, B)) = kron(inv(A), inv(B))."""
    a, b = _bare(e.args[0]).args
    return nets.both(network.kron, nets.of(f.inv(a)), nets.of(f.inv(b)))
