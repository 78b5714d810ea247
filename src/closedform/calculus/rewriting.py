"""The rewrites of the simplifier as lines: each in its place in the whole expression, bookkeeping merged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from closedform.calculus.alike import alike
from closedform.calculus.composition import in_names
from closedform.calculus.derive import Stage
from closedform.calculus.step import Step, named_as_symbols, unnamed
from closedform.core.expr import Expr
from closedform.core.infer import known
from closedform.core.walk import postorder, substitute, tree_size
from closedform.lang.text import text
from closedform.rewrite.best import shortest
from closedform.rewrite.catalog import TIDY, rule
from closedform.rewrite.engine import Rewrite
from closedform.rewrite.order import Order

MOST_NAMED = 3
"""So many symmetric matrices are listed."""

PLAIN = frozenset({"eye", "zeros", "ones", "diag", "add", "mul", "hadamard"})
"""Symmetric matrices of which that need not be said."""

GENTLE = frozenset({"symmetric", "sum-of-multiples", "transpose-out", "collect", "common-factor", "common-scalar", "common-word"})
"""Rules that are one line together: transposes of what is symmetric, like terms, common factors."""


def rewritten(stage: Stage, line: Expr, shown: Callable[[Expr], Expr], names: Mapping[Expr, Expr]) -> Iterator[Step]:
    """The lines from what was read off the differential to its simplest form; rewrites of one kind are one line.

    ``names`` is how parts are written that have a name.
    """
    core = stage.raw
    line_of = _Line(names)
    before = line
    for record in stage.tidied:
        if stage.jacobian and record.before not in postorder(core):
            continue
        changed = substitute(core, {record.before: record.after})
        if changed is core:
            continue
        rules = [name for name in record.rules if name not in TIDY and (name != "symmetric" or any(_symmetric(record.before)))]
        if rules and not line_of.takes(rules):
            after = shown(core)
            if after is not before:
                yield line_of.step(before, after)
                before = after
            line_of = _Line(names)
        core = changed
        if rules:
            line_of.add(rules, record)
    after = shown(core)
    if after is not before:
        yield line_of.step(before, after)


class _Line:
    """The rewrites of one line: the names of their rules, and why they hold."""

    def __init__(self, written: Mapping[Expr, Expr]) -> None:
        self.written = written
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
            self.symmetric.update((_text(e, self.written), None) for e in _symmetric(record.before))

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


WRITTEN_OUT = "with what the names stand for"
MOST_NODES = 400
"""In longer formulas it is not looked for how they get shorter once the names are written out."""
MOST_RULES = 2


def written_out(reached: Expr, printed: Expr, named: Expr, order: Order, own: frozenset[Expr] = frozenset()) -> Step:
    """The line in which names give way to what they stand for; it says by which rules the formula gets shorter then."""
    plain = unnamed(reached)
    if alike(plain, printed):
        return Step("write-out", reached, named, WRITTEN_OUT)
    said: dict[str, None] = {"in simpler words": None}
    if tree_size(plain, MOST_NODES + 1) <= MOST_NODES:
        done = shortest(plain, order, own)
        rules = dict.fromkeys(n for record in done.records for n in record.rules if n not in GENTLE and n not in TIDY)
        if done.expr is printed and len(rules) <= MOST_RULES:
            said = {rule(name).because: None for name in rules}
    return Step("write-out", reached, named, "; ".join((WRITTEN_OUT, *said)))


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


def _symmetric(e: Expr) -> Iterator[Expr]:
    """The matrices below a transpose that are known to be symmetric; where there are none, all factors that are."""
    nodes = [node for node in postorder(e) if not node.is_scalar]
    stack = [node.args[0] for node in reversed(nodes) if node.op.name == "transpose"]
    below = []
    while stack:
        factor = stack.pop()
        bare = [a for a in factor.args if not a.is_scalar]
        if factor.op.name in ("mul", "add") and (len(bare) == 1 or not known(factor, "symmetric")):
            stack += reversed(bare)
        else:
            below.append(factor)
    found = [factor for factor in below if not factor.is_scalar and known(factor, "symmetric")]
    found = found or [node for node in nodes if node.op.name not in PLAIN and known(node, "symmetric")]
    inside = {a for factor in found for a in factor.args}
    yield from (factor for factor in found if factor not in inside)


def _text(e: Expr, written: Mapping[Expr, Expr]) -> str:
    """The text of a part, with the names that it holds."""
    named = in_names(e, written)
    return text(substitute(named, named_as_symbols(named)))
