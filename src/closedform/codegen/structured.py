"""Which parts of an expression are computed as tensor networks, and the network of each.

Kronecker and Khatri-Rao products, commutation, duplication and elimination matrices, identities of composite size and
diagonal matrices of vec(M) make a network of everything linear around them.  Where the factors of two sizes do not fit
each other (kron(A, B) beside kron(C, D) with the sizes of C and D exchanged), one side is written out as a matrix, of
which any factor can be split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from closedform.codegen import eliminate, network
from closedform.codegen.assemble import as_matrix, as_tensor
from closedform.codegen.network import Network, Term
from closedform.codegen.program import Value
from closedform.core.dim import Dim
from closedform.core.expr import Expr
from closedform.core.op import f

if TYPE_CHECKING:
    from closedform.codegen.lowering import Lowering, Turned

SEEDS = frozenset({"kron", "khatrirao", "commutation", "duplication", "elimination"})
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
        carried = name in CARRIERS and any(a in out and not a.is_scalar for a in e.args)
        if name in SEEDS or carried or _is_sparse(e) or _is_outer_product(e) or _is_inverse_of_kron(e):
            out.add(e)
    return out


def shifted_nodes(nodes: Iterable[Expr], structured: set[Expr]) -> set[Expr]:
    """The sums with a diagonal matrix, such as eye(n) - P, that are written out as factors of networks."""
    return {
        a for e in nodes if e in structured for a in e.args
        if a not in structured and a.op.name == "add" and any(map(_is_diagonal, a.args))
    }  # fmt: skip


def _is_diagonal(e: Expr) -> bool:
    """Is it a number times an identity, or a diagonal matrix of a vector?"""
    matrices = [a for a in e.args if not a.is_scalar] if e.op.name == "mul" else [e]
    return len(matrices) == 1 and matrices[0].op.name in ("eye", "diag")


def _is_outer_product(e: Expr) -> bool:
    """A matrix that is a product with vec(M)."""
    if e.op.name != "mul" or e.is_column or e.rows.integer == 1:
        return False
    return any(_bare(a.args[0] if a.op.name == "transpose" else a).op.name == "vec" for a in e.args)


def _is_inverse_of_kron(e: Expr) -> bool:
    return e.op.name == "inv" and (k := _bare(e.args[0])).op.name == "kron" and all(a.is_square for a in k.args)


def _is_sparse(e: Expr) -> bool:
    """A diagonal matrix whose rows are pairs of indices, or vec of an identity."""
    if e.op.name == "diag":
        return _bare(e.args[0]).op.name == "vec"
    if e.op.name == "vec":
        return _bare(e.args[0]).op.name == "eye"
    return e.op.name == "eye" and len(e.rows.terms) == 1 and len(e.rows.terms[0][0]) > 1


def _bare(e: Expr) -> Expr:
    while e.op.name == "named":
        e = e.args[0]
    return e


class Networks:
    """The networks of the nodes of an expression that is being lowered."""

    def __init__(self, low: Lowering, nodes: Sequence[Expr]) -> None:
        self._low, self.program = low, low.program
        self.structured = structured_nodes(nodes)
        self.shifted = shifted_nodes(nodes, self.structured)
        self._made: dict[Expr, Network] = {}

    def __contains__(self, e: Expr) -> bool:
        return e in self.structured or e in self.shifted

    def of(self, e: Expr) -> Network:
        """The network of a node.  The nodes below a structured one have been asked for before it."""
        found = self._made.get(e)
        if found is None:
            taken_apart = e in self.structured or (e.op.name in PLAIN and not e.is_scalar)
            found = BUILT[e.op.name](self, e) if taken_apart else network.matrix(self._low.value(e), e.shape)
            self._made[e] = found
        return found

    def value(self, e: Expr) -> Value:
        """The matrix of a structured node, or of a sum with a diagonal matrix."""
        if e in self.shifted:
            return self._matrix(self.sum(e))
        return self._matrix(self.of(e))

    def run(self, run: Iterable[Turned]) -> Value:
        """The matrix of a product of factors."""
        return self._matrix(self.product(run))

    def tensor(self, e: Expr, axes: tuple[Dim, ...]) -> Value:
        """A node as an array with the entries of the matrix in their order, column by column."""
        found = self.of(e)
        while isinstance(value := as_tensor(self.program, found, axes), Term):
            found = self._written_out(found, value)
        return value

    # ---- parts that are written out -----------------------------------------------------------------------------
    def sum(self, e: Expr) -> Network:
        """A sum, of whose terms numbers times diagonal matrices are taken apart."""
        out = network.zero(e.shape)
        for a in e.args:
            out = network.plus(out, self.scaled(a) if a.op.name == "mul" and _is_diagonal(a) else self.of(a))
        return out

    def _matrix(self, found: Network) -> Value:
        while isinstance(value := as_matrix(self.program, found), Term):
            found = self._written_out(found, value)
        return value

    def _written_out(self, found: Network, misfit: Term) -> Network:
        """The network with one term written out as a matrix, whose sizes can be split in any way."""
        at = next(i for i, t in enumerate(found.terms) if t is misfit)
        kept = found.terms[:at] + found.terms[at + 1 :]
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
        whole = self.product(parts.open) if parts.open else network.single(e.shape, (), ())
        if scale is not None and scale.op == "const":
            return whole.times(scale.params[0] if positive else -scale.params[0])
        return whole.times(Fraction(1 if positive else -1), () if scale is None else (scale,))


def _kron(nets: Networks, e: Expr) -> Network:
    return nets.both(network.kron, nets.of(e.args[0]), nets.of(e.args[1]))


def _khatrirao(nets: Networks, e: Expr) -> Network:
    return nets.both(network.khatrirao, nets.of(e.args[0]), nets.of(e.args[1]))


def _inverse_of_kron(nets: Networks, e: Expr) -> Network:
    """inv(kron(A, B)) = kron(inv(A), inv(B))."""
    a, b = _bare(e.args[0]).args
    return nets.both(network.kron, nets.of(f.inv(a)), nets.of(f.inv(b)))


def _hadamard(nets: Networks, e: Expr) -> Network:
    out = nets.of(e.args[0])
    for a in e.args[1:]:
        out = nets.both(network.hadamard, out, nets.of(a))
    return out


def _unvec(nets: Networks, e: Expr) -> Network:
    rows, cols = e.params
    return nets.alone(lambda a: network.unvec(a, rows, cols), nets.of(e.args[0]))


def _of_argument(change: Callable[[Network], Network | None]) -> Callable[[Networks, Expr], Network]:
    def build(nets: Networks, e: Expr) -> Network:
        return nets.alone(change, nets.of(e.args[0]))

    return build


def _itself(a: Network) -> Network:
    return a


def _identity(nets: Networks, e: Expr) -> Network:
    return network.identity(e.rows)


def _ones(nets: Networks, e: Expr) -> Network:
    return network.ones(e.shape)


def _zero(nets: Networks, e: Expr) -> Network:
    return network.zero(e.shape)


def _commutation(nets: Networks, e: Expr) -> Network:
    return network.commutation(*e.params)


def _duplication(nets: Networks, e: Expr) -> Network:
    return eliminate.duplication(nets.program, *e.params)


def _elimination(nets: Networks, e: Expr) -> Network:
    return eliminate.elimination(nets.program, *e.params)


PLAIN: dict[str, Callable[[Networks, Expr], Network]] = {
    "eye": _identity, "ones": _ones, "zeros": _zero, "diag": _of_argument(network.diagonal_matrix),
    "vec": _of_argument(network.vec), "transpose": _of_argument(network.transpose),
}  # fmt: skip
"""Nodes whose structure a network uses wherever they stand in one."""

BUILT: dict[str, Callable[[Networks, Expr], Network]] = {
    **PLAIN, "kron": _kron, "khatrirao": _khatrirao, "commutation": _commutation, "duplication": _duplication,
    "elimination": _elimination, "inv": _inverse_of_kron, "add": Networks.sum, "mul": Networks.scaled, "hadamard": _hadamard,
    "named": _of_argument(_itself), "unvec": _unvec, "diagonal": _of_argument(network.diagonal),
    "trace": _of_argument(network.trace), "sum": _of_argument(network.total),
}  # fmt: skip
"""The network of each operation."""
