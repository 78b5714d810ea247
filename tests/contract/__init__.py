"""The contract of an operation, checked: every aspect of its declaration against the value it computes.

``violations`` is the whole of it.  It knows nothing about single operations: a node is made from a declaration, its
arguments are drawn, and what the operation says (shape, differential, adjoint, facts, printed forms, code) is compared
with what its ``value`` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from tests.contract.claims import admissible, assumed, false_facts, unmet
from tests.contract.nodes import PRIMES, fresh, inner, like, name_of, node_of, relative
from tests.contract.rules import (
    wrong_adjoint,
    wrong_code,
    wrong_differential,
    wrong_linearity,
    wrong_printing,
    wrong_pullback,
    wrong_second_differential,
    wrong_shape,
)

from closedform.core.dim import Dim
from closedform.core.expr import operation


def squared(declaration: str) -> str:
    """The declaration with all its sizes equal (a sum of sizes stays a sum)."""
    return re.sub(r"(?<!\w)[a-z](?!\w|:)", lambda found: "n" if found[0] in PRIMES[0] else found[0], declaration)


def findings(name: str, declaration: str, params: Sequence[Any] = ()) -> Iterator[str]:
    """Everything in which an operation breaks its contract for the arguments of one declaration."""
    sized = any(isinstance(p, Dim) for p in params)
    for given in dict.fromkeys((declaration, declaration if sized else squared(declaration))):
        scope = fresh(given).extended({}, [x for p in params if isinstance(p, Dim) for x in p.names])
        e = node_of(name, scope, params)
        assert e.op is operation(name)
        for aspect in (
            wrong_shape,
            wrong_differential,
            wrong_adjoint,
            wrong_pullback,
            wrong_linearity,
            wrong_second_differential,
        ):
            yield from aspect(e)
        yield from wrong_printing(e, scope)
        yield from wrong_code(e)
        yield from false_facts(e)


def violations(name: str, declaration: str, params: Sequence[Any] = ()) -> list[str]:
    """The findings as a list; empty when the contract is kept."""
    return list(findings(name, declaration, params))


__all__ = [
    "PRIMES", "admissible", "assumed", "findings", "fresh", "inner", "like", "name_of", "node_of", "relative", "unmet",
    "violations",
]  # fmt: skip
