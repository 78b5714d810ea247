"""Random questions: an expression, by what, what is declared, and the conventions of the answer."""

from __future__ import annotations

import random
import re
from typing import NamedTuple

from tests.fuzz.grammar import Grammar
from tests.fuzz.trees import ONE, SCALAR, Node, Writer, count, names, nodes

NO_ENTRIES = frozenset({"orthogonal", "orthonormal", "simplex"})
"""Facts of variables without independent entries."""
CLASSES = {"abcdfg": "scalar", "hrstuvwxyz": "column", "ABCEFGHMPQRSUVWXYZ": "matrix"}
"""What letters mean that are not declared."""


class Question(NamedTuple):
    """A question: the tree and its text, by what, what is declared (all of it, and what is said), and the conventions."""

    tree: Node
    text: str
    wrt: tuple[str, ...]
    declared: dict[str, str]
    given: str
    layout: str
    structure: str


def question(rng: random.Random, most: int = 60) -> Question:
    """A random question."""
    grammar = Grammar(rng)
    budget = min(most, rng.choice((4, 6, 8, 10, 14, 20, 30, 45, 60)))
    order = rng.choice((1, 1, 1, 1, 1, 1, 1, 2, 2, 3)) if budget <= 14 else rng.choice((1, 1, 1, 1, 1, 1, 2))
    shape = SCALAR
    if rng.random() < 0.4:
        n = grammar.size()
        shape = rng.choice(((n, ONE), (n, ONE), (n, grammar.size()), (n, n), (ONE, n)))
    tree = grammar.make(shape, budget)
    if rng.random() < 0.12:
        tree = with_let(tree, rng)
    while count(tree) > most and (
        parts := [a for a in tree.args if not open_indices(a) and a.op != "index" and tree.op != "let"]
    ):
        tree = max(parts, key=count)
    present = sorted(
        (names(tree) - {"T0"}) & {n for n in grammar.shapes if "constant" not in grammar.facts[n]} - set(grammar.counted)
    )
    if not present or rng.random() < 0.01:
        present = [grammar.variable(SCALAR, "").data]
    if rng.random() < 0.8:  # a variable of few entries is worth more at second order than a third matrix
        present = sorted(present, key=lambda v: rng.random())
    wrt = tuple(rng.choice(present[:2] if k else present) for k in range(order))
    if grammar.families and rng.random() < 0.5:
        family = rng.choice(sorted(grammar.families))
        if family in names(tree):
            wrt = (f"{family}[{rng.choice('12jj')}]", *wrt[1:])
    structure = rng.choice(("projected", "projected", "projected", "free", "independent"))
    if structure == "independent" and (order > 1 or tree.shape != SCALAR or grammar.facts.get(wrt[0], frozenset()) & NO_ENTRIES):
        structure = "free"
    layout = rng.choice(("mixed", "mixed", "numerator", "denominator"))
    declared = grammar.declared
    undeclared = [
        str(b) for b in grammar.bases if b.fixed is None and not any(str(b) in re.findall(r"\w+", t) for t in declared.values())
    ]
    for k, size in enumerate(undeclared):  # a size is one only where a declaration says so
        declared[f"o{k}"] = size
    left_out = [v for v in declared if rng.random() < 0.5 and _understood(grammar, v)] if rng.random() < 0.15 else []
    given = "; ".join(f"{name}: {text}" for name, text in declared.items() if name not in left_out)
    text = Writer(rng if rng.random() < 0.7 else None, hat=True).text(tree)
    return Question(tree, text, wrt, dict(declared), given, layout, structure)


def _understood(grammar: Grammar, name: str) -> bool:
    """Would the letter mean the same, but for its sizes, if it were not declared?"""
    if name not in grammar.shapes or grammar.facts[name]:
        return False
    rows, cols = grammar.shapes[name]
    kind = "scalar" if rows == cols == ONE else "column" if cols == ONE else "matrix" if rows != ONE else "row"
    return any(name in letters and kind == meant for letters, meant in CLASSES.items())


def open_indices(tree: Node) -> bool:
    """Is there an index that no sum in the tree binds?"""
    found = nodes(tree)
    bound = {n.data[0] if n.op == "sum" else n.data for n in found if n.op in ("sum", "Sigma")}
    return any(n.op == "index" and n.data in ("i", "j", "l") and n.data not in bound for n in found)


def with_let(tree: Node, rng: random.Random) -> Node:
    """The tree with one of its parts named first."""
    parts = [n for n in nodes(tree) if n.args and n is not tree and n.op != "member" and not open_indices(n)]
    if not parts:
        return tree
    part = rng.choice(parts)
    named = Node("name", (), part.shape, "T0")
    return Node("let", (part, replaced(tree, part, named)), tree.shape, "T0")


def replaced(tree: Node, old: Node, new: Node) -> Node:
    """The tree with one part in place of another."""
    if tree is old or tree == old:
        return new
    return tree._replace(args=tuple(replaced(a, old, new) for a in tree.args))
