"""Moves to the standard form: a differential, linear in dX, becomes tr(G'*dX), line by line.

A differential is a sum of inner products of known matrices with expressions that are linear in dX.  Each move takes one
operation off such an expression and puts its adjoint on the other side: that is transposition in the sense of linear
maps, recorded by reverse accumulation.
"""

from __future__ import annotations

from collections.abc import Iterator

from closedform.calculus.reverse import Pullback, pull_back
from closedform.calculus.step import Step, direction, pairing
from closedform.calculus.tidy import distributed, tidied, turned
from closedform.core.expr import Expr, make
from closedform.core.walk import depends, postorder, tree_size
from closedform.ops.build import num, product, total

MOVES = {
    "trace": ("cyclic-trace", "tr(A*B) = tr(B*A)"),
    "mul": ("cyclic-trace", "tr(A*dX*B) = tr(B*A*dX)"),
    "transpose": ("transpose-in-trace", "tr(A*dX') = tr(A'*dX)"),
    "hadamard": ("hadamard-exchange", "tr(A'*(B.*dX)) = tr((A.*B)'*dX)"),
    "sum": ("sum-as-trace", "sum(dX) = tr(ones(m, n)'*dX)"),
    "diag": ("diag-exchange", "tr(A'*diag(dx)) = diag(A)'*dx"),
    "diagonal": ("diag-exchange", "a'*diag(dX) = tr(diag(a)*dX)"),
    "tril": ("triangle-exchange", "tr(A'*tril(dX)) = tr(tril(A)'*dX)"),
    "triu": ("triangle-exchange", "tr(A'*triu(dX)) = tr(triu(A)'*dX)"),
    "vec": ("vec-exchange", "a'*vec(dX) = tr(unvec(a)'*dX)"),
    "unvec": ("vec-exchange", "tr(A'*unvec(dx)) = vec(A)'*dx"),
    "kron": ("kronecker-exchange", "the inner product with kron(A, dX) is one with dX, block by block"),
    "khatrirao": ("kronecker-exchange", "the inner product with khatrirao(A, dX) is one with dX, block by block"),
    "index": ("entries", "an entry of dX is its inner product with a matrix of zeros and a one"),
    "add": ("distribute", "tr(A*(dX + dY)) = tr(A*dX) + tr(A*dY)"),
    "blocks": ("blocks", "the inner product is taken block by block"),
    "series": ("sum-exchange", "the inner product with a sum is the sum of the inner products"),
    "dexpm": ("adjoint", "tr(G'*dexpm(A, dX)) = tr(dexpm(A', G)'*dX)"),
    "dlogm": ("adjoint", "tr(G'*dlogm(A, dX)) = tr(dlogm(A', G)'*dX)"),
    "sylvester": ("adjoint", "tr(G'*sylvester(A, B, dX)) = tr(sylvester(A', B', G)'*dX)"),
    "crossentropy": ("adjoint", "crossentropy(dp, z) = -logsoftmax(z)'*dp"),
    "lyap": ("adjoint", "tr(G'*lyap(A, dX)) = tr(lyap(A', G)'*dX)"),
}
"""How the adjoint of each linear operation reads: the name of the step and the rule."""

WITH_A_VECTOR = frozenset({"mul", "trace", "transpose", "add"})
"""What is one move, a transpose, when the variable is a vector."""

OTHER = ("adjoint", "a linear map goes to the other side of the inner product as its adjoint")
COLUMN = ("transpose", "a scalar is its own transpose: dx'*a = a'*dx")
TURNED = ("transpose", "(A*B)' = B'*A'")
ADDED = ("collect-terms", "what stands with the same differential is added up")


def standard_form(whole: Expr, leaf: Expr) -> Iterator[Step]:
    """The steps from a scalar differential to tr(G'*dX), or g'*dx."""
    tangent = direction(leaf)
    nodes = postorder(whole)
    moving = depends(nodes, tangent)
    if not moving:
        return  # the differential is zero
    if tangent.is_column and all(n.op.name in WITH_A_VECTOR for n in moving if n.args):
        yield from _transposed(whole, tangent, moving)
    else:
        yield from _moved(whole, tangent)


def _transposed(whole: Expr, tangent: Expr, moving: set[Expr]) -> Iterator[Step]:
    """Of a sum of inner products with a vector: each is turned so that the direction comes last, then they are added."""
    gradients = [tidied(pull_back(term, tangent, num(1))) for term in distributed(whole, moving)]
    spread = total(*[product(turned(g), tangent) for g in gradients])
    after = pairing(tidied(total(*gradients)), tangent)
    if len(gradients) > 1 and spread is not whole:
        yield Step(COLUMN[0], whole, spread, COLUMN[1])
        whole = spread
    if after is not whole:
        name, why = ADDED if len(gradients) > 1 else TURNED
        yield Step(name, whole, after, why)


def _moved(whole: Expr, tangent: Expr) -> Iterator[Step]:
    """The operations through which the direction goes, taken off from the outside in."""
    records: list[Pullback] = []
    pull_back(whole, tangent, num(1), records)
    state = _State(whole, records, tangent)
    before = whole
    while (kind := state.next_kind()) is not None:
        scalars = kind == "mul" and state.is_scalar(kind)
        places = state.move(kind)
        after = state.shown()
        if kind == "add" or after is before or not places:
            continue  # the terms are moved one by one
        name, why = ADDED if scalars else MOVES.get(kind, OTHER)
        yield Step(name, before, after, why + (f" ({places} places)" if places > 1 else ""))
        before = after
    after = pairing(tidied(total(*state.arrived())), tangent) if state.terms else before
    if after is not before:
        name, why = ADDED if len(state.terms) > 1 else TURNED
        yield Step(name, before, after, why)


class _State:
    """A sum of inner products, while operations are taken off what moves.

    ``terms`` are the open ones in the order in which they are written, each a linear expression in the direction with the
    cotangents that have come to it.
    """

    def __init__(self, whole: Expr, records: list[Pullback], tangent: Expr) -> None:
        self.tangent = tangent
        self.records = {r.node: r for r in records}
        self.waiting = dict.fromkeys(self.records, 0)
        for r in records:
            for argument, _ in r.parts:
                if argument in self.waiting:
                    self.waiting[argument] += 1
        self.terms: list[tuple[Expr, list[Expr]]] = [(whole, [num(1)])]
        self._tidy: dict[Expr, Expr] = {}

    def next_kind(self) -> str | None:
        """The operation that is taken off next; None when nothing but the direction is left."""
        return next((node.op.name for node, _ in self.terms if self._is_ready(node)), None)

    def _is_ready(self, node: Expr) -> bool:
        return node in self.records and not self.waiting[node]

    def arrived(self) -> list[Expr]:
        """What stands before the direction."""
        return [g for node, cotangents in self.terms if node is self.tangent for g in cotangents]

    def is_scalar(self, kind: str) -> bool:
        """Are all that the operation is taken off next, and all it is taken from, scalars?"""
        ready = [node for node, _ in self.terms if node.op.name == kind and self._is_ready(node)]
        return all(a.is_scalar for node in ready for a, _ in self.records[node].parts)

    def move(self, kind: str) -> int:
        """Take an operation off wherever it is outermost; the number of places where that changed a term."""
        ready = [node for node, _ in self.terms if node.op.name == kind and self._is_ready(node)]
        return sum(self._open(node) for node in ready)

    def _open(self, node: Expr) -> bool:
        """Replace a term by those of the arguments of its operation; True where that is seen."""
        at = next(i for i, (n, _) in enumerate(self.terms) if n is node)
        seen = self._term(*self.terms[at])
        parts = self.records[node].parts
        del self.terms[at]
        for argument, cotangent in parts:
            if argument in self.waiting:
                self.waiting[argument] -= 1
            there = next((cs for n, cs in self.terms if n is argument), None)
            if there is not None and argument is not self.tangent:
                there.append(cotangent)
            else:
                self.terms.insert(at, (argument, [cotangent]))
                at += 1
        return tidied(total(*[self._term(a, [c]) for a, c in parts]), self._tidy) is not seen

    def shown(self) -> Expr:
        """The sum as it is written."""
        return tidied(total(*[self._term(node, cotangents) for node, cotangents in self.terms]), self._tidy)

    def _term(self, node: Expr, cotangents: list[Expr]) -> Expr:
        G = tidied(total(*cotangents), self._tidy)
        if node.is_scalar:
            return tidied(product(G, node), self._tidy)
        if node.rows.integer == 1:
            return pairing(G, node)
        flat = turned(G)
        across = flat if tree_size(flat) <= tree_size(G) + 1 else make("transpose", (G,))
        inside = product(across, node)
        return tidied(inside if node.is_column else make("trace", (inside,)), self._tidy)
