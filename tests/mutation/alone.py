"""Every rule alone: without one of them there is a refusal, or an equal answer by another way, and nothing else.

``without_rule`` takes the rule of differentiation of one slot out of an operation; ``without_row`` keeps one rewrite rule
of the catalogue from being applied, wherever it would: the node stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from tests import test_corpus
from tests.contract import fresh, node_of
from tests.mutation.answers import Answer, Judge
from tests.mutation.rules import Case as OperationCase
from tests.mutation.rules import declared_rules, registered

import closedform as cf
from closedform.core.errors import Refusal
from closedform.core.expr import Expr, make, registry
from closedform.core.infer import facts
from closedform.core.op import Op, f
from closedform.core.walk import leaves
from closedform.ops.build import entry_power, num, product, total
from closedform.result import Derivative
from closedform.rewrite.catalog import ROWS
from closedform.rewrite.catalog.row import Row
from closedform.rewrite.engine import Simplifier
from closedform.rewrite.term import join, split


# ---- rules of differentiation ----------------------------------------------------------------------------------------
def without_rule(name: str, slot: int) -> Op:
    """The operation without its rule in one slot (of any number of arguments: without its only rule)."""
    op = registry()[name]
    key = 0 if op.variadic else slot
    return replace(
        op,
        differentials={k: rule for k, rule in op.differentials.items() if k != key},
        adjoints={k: rule for k, rule in op.adjoints.items() if k != key},
    )


def square(e: Expr) -> Expr:
    return f.sum(entry_power(e, 2)) if not e.is_scalar else entry_power(e, 2)


def doubled(e: Expr) -> Expr:
    return total(product(num(2), e), e)


USES: dict[str, Callable[[Expr], Expr]] = {"itself": doubled, "the sum of its squares": square}
"""Expressions that use a node."""


class Use(NamedTuple):
    """A question whose answer needs the rule of an operation in a slot."""

    case: OperationCase
    slot: int
    use: str
    order: int

    def __str__(self) -> str:
        return f"{self.case[0]} ({self.case[1]}) in slot {self.slot}, {self.use}, order {self.order}"

    def asked(self) -> tuple[Expr, list[str]]:
        """The expression, made anew, and the variables."""
        name, declaration, params = self.case
        node = node_of(name, fresh(declaration), params)
        return USES[self.use](node), [node.args[self.slot].params[0]] * self.order


def uses(one_case: bool = False) -> Iterator[Use]:
    """Every slot with a rule in every use; of each operation and slot only the first case when so asked."""
    seen: set[tuple[str, int]] = set()
    for case, slot, _, _, _ in declared_rules():
        if one_case and (case[0], slot) in seen:
            continue
        seen.add((case[0], slot))
        for use in USES:
            yield Use(case, slot, use, 1)
        yield Use(case, slot, "the sum of its squares", 2)


def outcome(use: Use) -> str:
    """What happens without the rule: "refused", "equal", or a sentence that says what is wrong."""
    try:
        with registered(without_rule(use.case[0], use.slot)):
            e, wrt = use.asked()
            d = cf.derive(e, wrt, structure="free")
    except Refusal as refusal:
        return "refused" if str(refusal).strip() else "a refusal without a reason"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "equal" if _certified(d) else f"another answer: {d}"


def _certified(d: Derivative) -> bool:
    return d.certificate is not None and d.certificate.ok


# ---- rewrite rules -----------------------------------------------------------------------------------------------------
class Disabled(Exception):
    """A rule that is taken out was about to be applied."""


@contextmanager
def replaced(owner: Any, **changes: Any) -> Iterator[None]:
    before = {name: getattr(owner, name) for name in changes}
    for name, value in changes.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(owner, name, value)


def as_it_is(word: str, args: tuple[Expr, ...], params: tuple[Any, ...] = ()) -> Expr:
    """A node to which no rule is applied: of products and sums only the brackets go."""
    if word == "mul":
        flat = product(*(g for a in args for g in (a.args if a.op.name == "mul" else (a,))))
        return join(split(flat))
    return total(*args) if word == "add" else make(word, args, params)


@contextmanager
def without_row(name: str) -> Iterator[list[str]]:
    """The simplifier without one rule.  What is handed out grows by one for each time it would have been applied."""
    met: list[str] = []
    fire, apply, multiply, add = Simplifier.fire, Simplifier.apply, Simplifier.product, Simplifier.sum

    def refusing(self: Simplifier, rule: str) -> None:
        if rule == name:
            met.append(rule)
            raise Disabled(rule)
        fire(self, rule)

    def plain(self: Simplifier, word: str, args: tuple[Expr, ...], params: tuple[Any, ...] = (), shape: Any = None) -> Expr:
        try:
            return apply(self, word, args, params, shape)
        except Disabled:
            return as_it_is(word, args, params)

    def product_as_is(self: Simplifier, factors: tuple[Expr, ...]) -> Expr:
        try:
            return multiply(self, factors)
        except Disabled:
            return as_it_is("mul", factors)

    def sum_as_is(self: Simplifier, terms: list[Expr], shape: Any) -> Expr:
        given = list(terms)
        try:
            return add(self, terms, shape)
        except Disabled:
            return total(*given)

    with replaced(Simplifier, fire=refusing, apply=plain, product=product_as_is, sum=sum_as_is):
        yield met


@contextmanager
def watched() -> Iterator[set[str]]:
    """The names of the rules that are applied meanwhile."""
    fired: set[str] = set()
    fire = Simplifier.fire

    def noting(self: Simplifier, rule: str) -> None:
        fired.add(rule)
        fire(self, rule)

    with replaced(Simplifier, fire=noting):
        yield fired


class Case(NamedTuple):
    """A question in which rewrite rules are applied."""

    name: str
    expression: str
    wrt: str
    given: Any
    structure: str = "free"

    def derived(self) -> Derivative:
        return cf.derive(self.expression, self.wrt, self.given, structure=self.structure)


def corpus() -> list[Case]:
    """The cases of the public corpus."""
    out = []
    for case in test_corpus.CASES:
        structure = test_corpus.STRUCTURE.get(case.get("convention", ""), "free")
        out.append(Case(case["id"], case["expr"], case["wrt"], test_corpus.given(case), structure))
    return out


BESIDE: dict[str, Case] = {
    "decomposition": Case("the sum of the squared eigenvalues", "sum(eigvalsh(S).^2)", "S", "S: n n symmetric"),
    "sum-of-few-terms": Case("a sum of one term", "sum(i in 2..2, norm2(x[i] - y)^2)", "y", "x[N]: n; y: n"),
    "sums-together": Case(
        "a log-likelihood by its weights",
        "sum(i in 1..N, y[i]*log(sigmoid(w'*x[i])) + (1 - y[i])*log(1 - sigmoid(w'*x[i])))",
        "w",
        "x[N]: p; y: N; w: p",
    ),
    "kronecker-delta": Case("by one member", "sum(i in 1..N, log(x[i]'*A*x[i]))", "x[j]", "x[N]: n; A: n n"),
}
"""Questions in which rules are applied that are not in those of their own left side."""


def of_row(row: Row) -> list[Case]:
    """The left side of a rule by each name in it, and the sum of the squares of its entries."""
    parsed = cf.parse(row.left, row.given)
    names = [s.params[0] for s in leaves(parsed, "symbol") if not facts(s) & {"integer", "constant"}]
    whole = f"({row.left})^2" if parsed.is_scalar else f"sum(({row.left}).^2)"
    out = [Case(f"{row.name} by {x}", text, x, row.given) for x in dict.fromkeys(names) for text in (row.left, whole)]
    return out + [case for name, case in BESIDE.items() if name == row.name]


def of_rows() -> list[Case]:
    """The questions of all rules of the catalogue."""
    return [case for row in ROWS for case in of_row(row)]


Fired = dict[str, list[Case]]


def fired_in(cases: Sequence[Case]) -> Fired:
    """The rules of the catalogue, each with the cases in which it is applied (of those that are answered)."""
    out: Fired = {}
    for case in cases:
        with watched() as fired:
            try:
                case.derived()
            except Refusal:
                continue
        for name in sorted(fired):
            out.setdefault(name, []).append(case)
    return out


def outcome_without(name: str, case: Case) -> str:
    """What becomes of a case without a rule: "refused", "right", or a sentence that says what is wrong."""
    whole = case.derived()
    try:
        with without_row(name):
            d = case.derived()
    except Refusal:
        return "refused"
    except Exception as error:
        return f"{case.name} without {name}: {type(error).__name__}: {error}"
    if not _certified(d):
        return f"{case.name} without {name}: not certified"
    judge = Judge(Answer("", whole.original, whole.wrt, whole.expr, ""))
    return "right" if judge.differs(d.expr) is None else f"{case.name} without {name}: {d}, not {whole}"
