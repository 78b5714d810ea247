"""Are the draws of the contract test adversarial enough?  Whatever all small matrices refute, they must refute.

A false claim about the facts of a value is found by the contract test when its draws hold a counterexample.  For each
operation and each assignment of facts to its arguments, ``attacked`` lists the claims that claims.py refutes and the draws
of tests/contract/claims.py do not: each is an error that could be planted and would not be found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tests.contract import admissible, assumed, fresh, node_of, unmet
from tests.contract.claims import PATTERNS
from tests.mutation.claims import Attack
from tests.mutation.rules import Case

from closedform.core.expr import Expr
from closedform.core.facts import closure
from closedform.core.infer import facts


class Attacked(NamedTuple):
    """What small matrices say of claims about a node: those that are made, and those that could be planted."""

    node: str
    given: str
    made: int
    planted: int
    """How many claims are refuted that are not made: each is an error that could be planted in the rule of facts."""
    false: tuple[str, ...]
    """Claims that are made and refuted."""
    unseen: tuple[str, ...]
    """Claims that are refuted, but not by the draws of the contract test: planted, they would not be found."""


def attacked(case: Case, every: int = 1, most: int = 1200) -> Iterator[Attacked]:
    """The claims about an operation under every so many assignments of facts to its arguments.

    ``most`` is how many times arguments are taken together by lot.
    """
    name, declaration, params = case
    e = node_of(name, fresh(declaration), params)
    attack = Attack(e, most)
    original = {s.params[0]: s for s in attack.symbols}
    for k, node in enumerate(assumed(e)):
        if k % every:
            continue
        claimed = facts(node)
        given = {original[s.params[0]]: facts(s) for s in node.args if s.op.name == "symbol"}
        refuted = attack.refuted(given, claimed) - (set() if e.is_column else {"simplex"})
        planted = refuted - claimed
        unseen = planted - seen(node, claimed, planted) if planted else planted
        said = "; ".join(f"{s.params[0]} {' '.join(sorted(s.params[4]))}" for s in node.args if s.op.name == "symbol")
        false = tuple(sorted(refuted & claimed))
        yield Attacked(str(node), said, len(claimed), len(planted), false, tuple(sorted(unseen)))


def seen(node: Expr, claimed: frozenset[str], planted: set[str]) -> set[str]:
    """Those of the planted claims, beside those that are made, that the draws of the contract test refute."""
    left = {fact: closure(claimed | {fact}) - claimed for fact in planted}
    patterns = claimed & PATTERNS
    for value in admissible(node):
        left = {fact: further for fact, further in left.items() if not unmet(value, further | patterns)}
        if not left:
            break
    return planted - left.keys()
