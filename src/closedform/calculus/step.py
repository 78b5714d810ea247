"""One line of a derivation."""

from __future__ import annotations

from dataclasses import dataclass

from closedform.core.expr import Expr, make
from closedform.core.infer import known
from closedform.core.walk import postorder, rebuild
from closedform.ops.build import inner, product


@dataclass(frozen=True)
class Step:
    """One line: ``before`` and ``after`` are whole expressions of equal value (at "identify": what is read and what is
    read off), ``rule`` names the step, ``because`` says why it holds."""

    rule: str
    before: Expr
    after: Expr
    because: str

    def __str__(self) -> str:
        return f"{self.before}\n  = {self.after}    [{self.rule}: {self.because}]"


def direction(leaf: Expr) -> Expr:
    """The direction in which a variable moves: dX."""
    return make("tangent", (), (leaf.params[0], leaf.rows, leaf.cols))


def marked(e: Expr, leaf: Expr) -> Expr:
    """d(e) as it is written: of the variable its direction, of a transpose the transpose."""
    if e is leaf:
        return direction(leaf)
    if e.op.name == "transpose":
        return make("transpose", (marked(e.args[0], leaf),))
    return make("d", (e,))


def pairing(cotangent: Expr, moved: Expr) -> Expr:
    """The inner product of a cotangent with a differential."""
    if cotangent.op.name == "number" and cotangent.params[0] == 1:
        return moved
    if cotangent.op.name == "eye":
        return make("trace", (moved,))
    if not cotangent.is_scalar and known(cotangent, "symmetric") and cotangent.op.name != "transpose":
        return make("trace", (product(cotangent, moved),))
    return inner(cotangent, moved)


def named_as_symbols(e: Expr) -> dict[Expr, Expr]:
    """What named parts and their differentials are written as where their names are known: symbols, and directions."""
    table: dict[Expr, Expr] = {}
    for node in postorder(e):
        if node.op.name == "d" and node.args[0].op.name == "named":
            table[node] = make("tangent", (), (node.args[0].params[0], *node.shape))
        elif node.op.name == "named":
            axes = 0 if node.is_scalar else 1 if node.is_column else 2
            table[node] = make("symbol", (), (node.params[0], node.rows, node.cols, axes, frozenset()))
    return table


def unnamed(e: Expr) -> Expr:
    """The expression without ``let`` names.

    >>> from closedform.lang.read import parse
    >>> print(unnamed(parse("let P = A*A; P + P", "A: n n").expr))
    A*A + A*A
    """
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        done[node] = done[node.args[0]] if node.op.name == "named" else rebuild(node, tuple(done[a] for a in node.args))
    return done[e]


NAMES = {
    "simplify": "the function in simpler words, before it is differentiated",
    "constant": "the variable does not occur: the differential is zero",
    "d-linear": "d passes through sums, constant factors, traces and their like",
    "d-rest": "the rules that are left in a long differential, applied together",
    "name-layers": "the parts of a long composition get names",
    "transpose": "the transpose of a product is the product of the transposes in the other order",
    "cyclic-trace": "tr(A*B) = tr(B*A)",
    "transpose-in-trace": "tr(A) = tr(A')",
    "hadamard-exchange": "tr(A'*(B.*C)) = tr((A.*B)'*C)",
    "sum-as-trace": "sum(A) = tr(ones(m, n)'*A)",
    "diag-exchange": "tr(A'*diag(x)) = diag(A)'*x",
    "triangle-exchange": "tr(A'*tril(B)) = tr(tril(A)'*B)",
    "vec-exchange": "a'*vec(B) = tr(unvec(a)'*B)",
    "kronecker-exchange": "the inner product with a Kronecker product is one with each factor",
    "sum-exchange": "the inner product with a sum is the sum of the inner products",
    "distribute": "the product distributes over the sum",
    "entries": "an entry is an inner product with unit vectors",
    "blocks": "the inner product is taken block by block",
    "adjoint": "a linear map goes to the other side of the inner product as its adjoint",
    "collect-terms": "what stands with the same differential is added up",
    "standard-form": "the differential as a matrix times the direction: dvec F = J*dvec X",
    "facts": "what is declared of the variable is used",
    "project": "only the part of the derivative in the space of the variable acts on its direction",
    "identify": "the derivative is read off the standard form",
    "write-out": "names are replaced by what they stand for",
    "name": "repeated parts are named",
}
"""The steps that are no rewrite rules and no rule of a single operation, and what they say."""
