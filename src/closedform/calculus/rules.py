"""How the rules of the differential read: one sentence for each operation, in the words of the language."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from closedform.calculus.forward import one_step
from closedform.calculus.step import marked, named_as_symbols
from closedform.calculus.tidy import tidied
from closedform.core.dim import Dim
from closedform.core.expr import Expr, make
from closedform.core.walk import depends, postorder, substitute
from closedform.lang.text import text
from closedform.ops.elementwise import DECLARED

ENTRYWISE = frozenset(row["name"] for row in DECLARED)

SUM = "d(A + B) = dA + dB"
MULTIPLE = "d(A*B) = dA*B where B is constant"
TRANSPOSE = "d(A') = (dA)'"
BLOCKS = "the differential of a block matrix is taken block by block"
ENTRY = "the differential of an entry is the entry of the differential"

LINEAR = {
    "add": SUM,
    "mul": "d(A*B) = dA*B + A*dB",
    "hadamard": "d(A.*B) = dA.*B + A.*dB",
    "transpose": TRANSPOSE,
    "blocks": BLOCKS,
    "index": ENTRY,
}
"""The rules of the operations that are linear in each argument and have no word."""

NAMED_AT_MOST = 4
"""More constants than this are not listed."""


def is_bookkeeping(node: Expr, active: Container[Expr]) -> bool:
    """Does d pass through the node as through a constant matrix: is it linear in what moves in it, taken together?"""
    if node.op.joint or node.op.name == "named":
        return True
    moving = [slot for slot, a in enumerate(node.args) if a in active]
    return len(moving) == 1 and node.op.linear_in(moving[0])


def is_multiple(node: Expr, active: Container[Expr]) -> bool:
    """Is it a number times one part that moves?"""
    still = [a.op.name for a in node.args if a not in active]
    return node.op.name == "mul" and len(still) == len(node.args) - 1 and set(still) <= {"number"}


def reason(nodes: Sequence[Expr], active: Container[Expr]) -> str:
    """Why the differentials of some nodes of one kind are what they are."""
    if not all(is_bookkeeping(node, active) for node in nodes):
        shells = ("named", "transpose")
        nodes = [n for n in nodes if n.op.name not in shells and not is_multiple(n, active)]
        laws = dict.fromkeys(law(node, active) for node in nodes)
        places = f" ({len(nodes)} places)" if len(nodes) > 1 else ""
        return "; ".join(laws) + places
    said: dict[str, None] = {}
    outside = False
    for node in nodes:
        if node.op.name in ("transpose", "named"):
            continue
        moving = sum(a in active for a in node.args)
        if node.op.name == "add":
            if moving > 1:
                said[SUM] = None
        elif node.op.name in ("mul", "hadamard"):
            if len(node.args) - moving > sum(a.op.name in ("number", "size") for a in node.args):
                outside = True
        else:
            said[law(node, active)] = None
    still = constants(nodes, active)
    if still:
        said[still] = None
    elif outside:
        said["constant factors stand outside of d"] = None
    return "; ".join(said) or "d is linear"


def constants(nodes: Iterable[Expr], active: Container[Expr]) -> str:
    """Which names stand in the nodes without moving, in words; nothing when there are none or many."""
    names: dict[str, None] = {}
    for node in nodes:
        for a in node.args:
            if a not in active:
                written = postorder(substitute(a, named_as_symbols(a)))
                names.update((n.params[0], None) for n in written if n.op.name == "symbol")
    listed = sorted(names, key=str.swapcase)
    if not listed or len(listed) > NAMED_AT_MOST:
        return ""
    if len(listed) == 1:
        return f"{listed[0]} is constant"
    return f"{', '.join(listed[:-1])} and {listed[-1]} are constant"


def law(node: Expr, active: Container[Expr]) -> str:
    """The rule of one operation, for the arguments that move."""
    name = node.op.name
    if name == "pow":
        return _power(node, active)
    if name == "entrypow" and node.args[1].op.name == "number":
        return "d X.^k = k*X.^(k - 1).*dX"
    if name in ENTRYWISE:
        return _entrywise(name, scalar=node.is_scalar)
    moving = [slot for slot, a in enumerate(node.args) if a in active]
    said = node.op.whys.get(moving[0]) if len(moving) == 1 else None
    said = said or node.op.why or LINEAR.get(name) or f"{node.op.word or name} is linear in each argument"
    used = node.op.uses(*node.args)
    return f"{said}; {used}" if used else said


def _power(node: Expr, active: Container[Expr]) -> str:
    base, exponent = node.args
    if exponent not in active:
        if base.op.name == "norm2" and exponent.op.name == "number" and exponent.params[0] == 2:
            return "d norm2(x)^2 = 2*x'*dx" if base.args[0].is_column else "d norm2(X)^2 = 2*tr(X'*dX)"
        if exponent.op.name == "number" and exponent.params[0] == -1:
            return "d(1/a) = -da/a^2"
        return "d a^k = k*a^(k - 1)*da"
    if base not in active:
        return "d c^b = log(c)*c^b*db"
    return "d a^b = b*a^(b - 1)*da + log(a)*a^b*db"


def _entrywise(name: str, *, scalar: bool) -> str:
    """d f(x) = f'(x).*dx with the derivative written out."""
    x = make("symbol", (), ("x", Dim.of(1 if scalar else "n"), Dim.of(1), 0 if scalar else 1, frozenset()))
    node = make(name, (x,))
    return f"d {text(node)} = {text(tidied(one_step(node, {x: marked(x, x)})))}"


JACOBIANS = {
    "hadamard": "a.*dx = diag(a)*dx",
    "diag": "vec(diag(dx)) = khatrirao(eye(n), eye(n))*dx",
    "mul": "vec(A*dX*B) = kron(B', A)*vec(dX)",
    "transpose": "vec(dX') = K(m, n)*vec(dX)",
    "kron": "vec(kron(A, dX)) is a Kronecker product with K(m, n) times vec(dX)",
    "trace": "tr(A'*dX) = vec(A)'*vec(dX)",
    "sum": "sum(A.*dX) = vec(A)'*vec(dX)",
    "blocks": "the rows of the Jacobian are those of the blocks",
    "index": "an entry of dX is a row of the identity times vec(dX)",
    "dexpm": "vec(dexpm(A, dX)) is the Jacobian of expm(A) times vec(dX)",
    "dlogm": "vec(dlogm(A, dX)) is the Jacobian of logm(A) times vec(dX)",
}
"""How each linear operation on a direction is a matrix times the direction."""

COLUMNS = {
    "transpose": "dx'*a = a'*dx",
    "kron": "kron(dx, a) = kron(eye(n), a)*dx; kron(a, dx) = kron(a, eye(n))*dx",
}
"""The same for columns."""


def jacobian_laws(line: Expr, leaf: Expr) -> str:
    """Why a differential is a matrix times the direction: the laws of the operations through which the direction goes."""
    nodes = postorder(line)
    if leaf.is_scalar:
        return "what is multiplied with dt is added up".replace("dt", f"d{leaf.params[0]}")
    moving = depends(nodes, marked(leaf, leaf))
    through = [n for n in nodes if n in moving and n.op.name in JACOBIANS and not _is_column_product(n)]
    found = dict.fromkeys(_jacobian_law(n, stacked=line.op.name == "vec") for n in through)
    return "; ".join(found) or "the direction comes last"


def _jacobian_law(node: Expr, *, stacked: bool) -> str:
    """The law of an operation on a direction, which is simpler where that is a column."""
    name = node.op.name
    if all(a.is_column or a.is_scalar for a in node.args):
        return "vec(dx') = dx" if stacked and name == "transpose" else COLUMNS.get(name) or JACOBIANS[name]
    return JACOBIANS[name]


def _is_column_product(node: Expr) -> bool:
    """A*dx, which needs no vec."""
    return node.op.name == "mul" and node.is_column
