"""Facts of an expression, inferred from the declared facts of its symbols by the operations' own statements."""

from __future__ import annotations

from closedform.core.expr import Expr
from closedform.core.facts import Truth, answer, closure
from closedform.core.limits import tick
from closedform.core.walk import unsettled

NOTHING: frozenset[str] = frozenset()


def facts(e: Expr) -> frozenset[str]:
    """Everything known to hold of an expression."""
    found: frozenset[str] | None = e.memo.get("facts")
    if found is None:
        for node in unsettled(e, _has_facts):
            tick(2 + len(node.args) // 2)
            node.memo["facts"] = closure(frozenset(node.op.facts(*node.args, *node.params)))
        found = e.memo["facts"]
    return found


def _has_facts(e: Expr) -> bool:
    return "facts" in e.memo


def known(e: Expr, fact: str) -> bool:
    """Is the fact known to hold?  (False covers both "no" and "unknown": use ``truth`` to tell them apart.)"""
    return fact in facts(e)


def truth(e: Expr, fact: str) -> Truth:
    """The three-valued answer."""
    return answer(facts(e), fact)
