"""The rewrites of the simplifier as lines: each in its place in the whole expression, bookkeeping merged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from closedform.calculus.derive import Stage
from closedform.calculus.step import Step
from closedform.core.expr import Expr
from closedform.core.infer import known
from closedform.core.walk import postorder, substitute
from closedform.lang.text import text
from closedform.rewrite.catalog import TIDY, rule
from closedform.rewrite.engine import Rewrite

MOST_NAMED = 3
"""So many symmetric matrices are listed."""

GENTLE = frozenset({"symmetric", "sum-of-multiples", "transpose-out", "collect", "common-factor", "common-scalar", "common-word"})
"""Rules that are one line together: transposes of what is symmetric, like terms, common factors."""


def rewritten(stage: Stage, line: Expr, shown: Callable[[Expr], Expr]) -> Iterator[Step]:
    """The lines from what was read off the differential to its simplest form; rewrites of one kind are one line."""
    core = stage.raw
    line_of = _Line()
    before = line
    for record in stage.tidied:
        if stage.jacobian and record.before not in postorder(core):
            continue
        changed = substitute(core, {record.before: record.after})
        if changed is core:
            continue
        names = [name for name in record.rules if name not in TIDY]
        if names and not line_of.takes(names):
            after = shown(core)
            if after is not before:
                yield line_of.step(before, after)
                before = after
            line_of = _Line()
        core = changed
        if names:
            line_of.add(names, record)
    after = shown(core)
    if after is not before:
        yield line_of.step(before, after)


class _Line:
    """The rewrites of one line: the names of their rules, and why they hold."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.symmetric: dict[str, None] = {}
        self.places = 0

    def takes(self, names: list[str]) -> bool:
        """Do rewrites by these rules belong on the line?"""
        return not self.names or list(self.names) == names or GENTLE.issuperset((*self.names, *names))

    def add(self, names: list[str], record: Rewrite) -> None:
        """Put a rewrite on the line."""
        self.places += 1
        self.names.update(dict.fromkeys(names))
        if "symmetric" in names:
            self.symmetric.update(dict.fromkeys(_symmetric(record.before)))

    def step(self, before: Expr, after: Expr) -> Step:
        """The line."""
        said = [name for name in self.names if name != "transpose-out"] or list(self.names)
        if not said:
            return Step(TIDY[0], before, after, rule(TIDY[0]).because)
        count = f" ({self.places} places)" if self.places > 1 and len(said) == 1 else ""
        return Step("+".join(said), before, after, "; ".join(self._because(name) for name in said) + count)

    def _because(self, name: str) -> str:
        """Why a rule holds here: the fact it rests on is said of what has it."""
        if name != "symmetric" or not self.symmetric:
            return rule(name).because
        return are_symmetric(sorted(self.symmetric, key=len)[:MOST_NAMED])


def because(name: str, before: Expr) -> str:
    """Why a rule holds where it was used: a point of the simplex is called by its name."""
    if name == "simplex-sums-to-one":
        found = [str(n.params[0]) for n in postorder(before) if n.op.name == "symbol" and known(n, "simplex")]
        if len(found) == 1:
            return f"the entries of {found[0]} sum to 1"
    return rule(name).because


def are_symmetric(names: Sequence[str]) -> str:
    """That they are."""
    return f"{names[0]} is symmetric" if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} are symmetric"


def symmetric_symbols(e: Expr) -> list[str]:
    """The names of symmetric matrices that occur below a transpose, in their order."""
    turned = postorder(*[node.args[0] for node in postorder(e) if node.op.name == "transpose"])
    return [str(node.params[0]) for node in turned if node.op.name == "symbol" and known(node, "symmetric")]


def _symmetric(e: Expr) -> Iterator[str]:
    """The matrices below a transpose that are known to be symmetric."""
    for node in postorder(e):
        if node.op.name == "transpose":
            inside = node.args[0]
            for factor in inside.args if inside.op.name == "mul" else (inside,):
                if not factor.is_scalar and known(factor, "symmetric"):
                    yield text(factor)
