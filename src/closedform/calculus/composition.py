"""How a function is composed: which of its parts are layers, and whether it is long enough to name them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from closedform.calculus.alike import COMMUTE, alike
from closedform.core.bound import indices
from closedform.core.expr import Expr, make
from closedform.core.walk import depends, postorder, rebuild, substitute, tree_size
from closedform.ops.powers import LONGEST_POWER
from closedform.rewrite.engine import Simplifier
from closedform.rewrite.order import Order, ranks

THROUGH = frozenset({"add", "mul", "hadamard", "transpose", "named", "index", "blocks", "trace", "sum", "diag", "diagonal", "vec",
                     "unvec", "tril", "triu", "kron", "khatrirao", "series", "pow", "entrypow", "matrixpow",
                     "sympow"})  # fmt: skip
"""Operations that are no layer of their own: linear ones and powers."""

SHORTEST = 10
"""Functions with fewer nodes than this are written out …"""
LONG = 20
"""… and with fewer than this when they only use a part twice."""


def is_long(function: Expr, leaf: Expr) -> bool:
    """Is the gradient of a scalar function taken from layer to layer?

    So it is where a function of a matrix or vector stands inside another one (tanh inside a norm, softmax inside a
    logarithm), and where a power is too long for its differential to be written out.
    """
    nodes = postorder(function)
    active = depends(nodes, leaf)
    if leaf not in active:
        return False
    if any(n in active and _is_long_power(n) for n in nodes):
        return True
    size = tree_size(function)
    return (size >= SHORTEST and _is_nested(nodes, active)) or (size >= LONG and _is_shared(nodes, active))


def _is_long_power(node: Expr) -> bool:
    """A power that is written out where it is not under a trace: one of many factors, or of a symbolic number of them."""
    if node.op.name == "matrixpow":
        return bool(node.params[0] > LONGEST_POWER)
    if node.op.name != "trace":
        return False
    inside = node.args[0].args if node.args[0].op.name == "mul" else (node.args[0],)
    return inside[-1].op.name == "sympow" and all(g.is_scalar for g in inside[:-1])


def is_layer(node: Expr) -> bool:
    """Is the operation a function of its argument, rather than a linear map, a product or a power?"""
    return node.op.name not in THROUGH and bool(node.args)


def _is_nested(nodes: list[Expr], active: set[Expr]) -> bool:
    inside: set[Expr] = set()  # nodes that hold a layer with more than one entry
    for node in nodes:
        if node not in active or not node.args:
            continue
        below = any(a in inside for a in node.args)
        if below and is_layer(node):
            return True
        if below or (is_layer(node) and not node.is_scalar):
            inside.add(node)
    return False


def _is_shared(nodes: list[Expr], active: set[Expr]) -> bool:
    """Is a part with more than one entry that moves used more than once, below a function?"""
    if not any(is_layer(n) for n in nodes if n in active):
        return False
    uses: dict[Expr, int] = {}
    for node in nodes:
        for a in node.args:
            uses[a] = uses.get(a, 0) + 1
    return any(count > 1 and n in active and not n.is_scalar and _deserves_a_name(n) for n, count in uses.items())


SHORT = 4
"""Parts with fewer nodes than this get no name; scalars one node earlier."""

RESIDUALS = frozenset({"norm2", "norm1", "normnuc", "normspec"})
PROBABILITIES = frozenset({"softmax", "softmax_rows", "sigmoid"})
FACTORS = {"chol": "L", "eigvecs": "V", "eigvalsh": "w", "svdu": "U", "svdv": "V", "svdvals": "s", "sqrtm": "R", "pinv": "P"}
"""Factors of a matrix, which get a name however short they are."""
PLAIN = frozenset({"inv", "det", "logdet"})
"""What comes out of these is written as it is; what goes into them gets a name."""
LETTERS = {"input": "Z", "output": "A", "residual": "R", "probability": "P", "shared": "Y"}
"""The name of a matrix by what it is; of a vector in lower case; of a scalar it is s."""


def with_layers(function: Expr, leaf: Expr, given: Mapping[Expr, str], reserved: Collection[str] = ()) -> Expr:
    """The function with names for its layers; the names are numbered from the inside where there are several of a kind.

    ``given`` are parts that have a name in the answer, which they keep; ``reserved`` are names that are in use.
    """
    nodes = postorder(function)
    active = depends(nodes, leaf)
    given = _as_typed(nodes, given)
    unnamed = set(nodes).difference(given, (node.args[0] for node in nodes if node.op.name == "named"))
    letters = {node: _letter(role, node) for node, role in _roles(nodes, active).items() if node in unnamed}
    taken = {n.params[0] for n in nodes if n.op.name in ("symbol", "named", "family")}.union(given.values(), reserved)
    taken |= {name for n in nodes for d in n.shape for name in d.names}
    several = {letter for letter in letters.values() if list(letters.values()).count(letter) > 1}
    done: dict[Expr, Expr] = {}
    for node in nodes:
        new = rebuild(node, tuple(done[a] for a in node.args))
        letter = letters.get(node)
        if letter is not None:
            choices = (f"{letter}{k}" for k in range(1, len(nodes) + len(taken) + 2))
            name = next(c for c in choices if c not in taken) if letter in several or letter in taken else letter
            taken.add(name)
            new = make("named", (new,), (name,))
        elif node in given and node is not function:
            new = make("named", (new,), (given[node],))
        done[node] = new
    return done[function]


def _as_typed(nodes: list[Expr], given: Mapping[Expr, str]) -> dict[Expr, str]:
    """The parts of the function that are, but for the way they are written, those that have names, without what is called
    by its name in the function itself, and without names that the function has for something else."""
    called = {node.args[0]: node.params[0] for node in nodes if node.op.name == "named"}
    given = {e: name for e, name in given.items() if e not in called and name not in called.values()}
    if not given:
        return {}
    sizes = {(e.op.name, e.shape) for e in given}
    simplifier = Simplifier(Order(ranks(nodes[-1])))
    simple = {simplifier.canonical(e): name for e, name in given.items()}
    found = dict(given)
    for node in nodes:
        if node not in given and node not in called and (node.op.name, node.shape) in sizes:
            name = simple.get(simplifier.canonical(node))
            if name is not None:
                found[node] = name
    return found


def _roles(nodes: list[Expr], active: set[Expr]) -> dict[Expr, str]:
    """Which nodes get a name, and what they are: input or output of a layer, residual, probability, shared."""
    uses: dict[Expr, int] = {}
    roles: dict[Expr, str] = {}
    root = nodes[-1]
    for node in nodes:
        for a in node.args:
            uses[a] = uses.get(a, 0) + (node in active)
        if is_layer(node):
            for a in node.args:
                if not is_layer(a):
                    roles.setdefault(a, "residual" if node.op.name in RESIDUALS else "input")
            if not (node.is_scalar and node.op.name in RESIDUALS) and node.op.name not in PLAIN:
                roles[node] = "probability" if node.op.name in PROBABILITIES else "output"
    for node, count in uses.items():
        if count > 1 and node in active:
            roles.setdefault(node, "shared")
    moving = {node: role for node, role in roles.items() if node is not root and (node in active or not node.is_scalar)}
    return {node: role for node, role in moving.items() if _deserves_a_name(node)}


def _deserves_a_name(node: Expr) -> bool:
    if not node.args or node.op.name in ("named", "transpose", "index") or indices(node):
        return False
    return node.op.name in FACTORS or tree_size(node) >= SHORT - node.is_scalar


def _letter(role: str, node: Expr) -> str:
    if node.op.name in FACTORS:
        return FACTORS[node.op.name]
    return "s" if node.is_scalar else LETTERS[role].lower() if node.is_column else LETTERS[role]


def names_in(e: Expr) -> dict[Expr, str]:
    """What the names of an expression stand for, written out, and the names."""
    out: dict[Expr, str] = {}
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        if node.op.name == "named":
            done[node] = done[node.args[0]]
            out[done[node]] = node.params[0]
        else:
            done[node] = rebuild(node, tuple(done[a] for a in node.args))
    return out


def by_name(e: Expr) -> dict[Expr, Expr]:
    """What stands for the parts of an expression that have names, written out or in other names: the name."""
    out: dict[Expr, Expr] = {}
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        if node.op.name == "named":
            done[node] = done[node.args[0]]
            out[done[node]] = out[node.args[0]] = out[node] = node
        else:
            done[node] = rebuild(node, tuple(done[a] for a in node.args))
    return out


def in_names(e: Expr, names: Mapping[Expr, Expr]) -> Expr:
    """The expression with the names for the parts that have one, in whatever order their terms stand."""
    if not names:
        return e
    table = dict(names)
    for node in postorder(e):
        if node.op.name in COMMUTE and node not in table:
            similar = (part for part in names if part.op is node.op and len(part.args) == len(node.args))
            same = next((part for part in similar if alike(part, node)), None)
            if same is not None:
                table[node] = names[same]
    return substitute(e, table)
