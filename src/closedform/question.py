"""A question: an expression, the variables and the conventions of the answer; and how it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from closedform.calculus import layout as layouts
from closedform.calculus import series as members
from closedform.calculus import structure as structures
from closedform.calculus.derivation import Finish
from closedform.calculus.derive import Stage, differentiate
from closedform.core.dim import Dim
from closedform.core.errors import DivisionByZero, InputError, Refusal, VerificationError
from closedform.core.expr import Expr
from closedform.core.limits import counted
from closedform.core.walk import postorder, substitute
from closedform.lang.declare import Scope, declare
from closedform.lang.read import Parsed
from closedform.lang.read import parse as read
from closedform.lang.tokens import latin
from closedform.lang.words import ARITY
from closedform.ops.build import num
from closedform.result import Derivative
from closedform.rewrite.best import polished, shortest
from closedform.rewrite.engine import Simplifier
from closedform.rewrite.naming import with_names
from closedform.rewrite.order import Order, ranks
from closedform.rewrite.term import is_zero

if TYPE_CHECKING:
    from closedform.verify.certificate import Certificate

STACKING = frozenset({"kron", "khatrirao", "vec", "unvec", "commutation"})
"""Operations that are worth simplifying away before differentiating, …"""

FACTORING = frozenset({"chol", "sqrtm", "expm", "logm", "pinv", "eigvecs", "eigvalsh", "svdu", "svdv", "svdvals"})
"""… and those that are where one of them goes away."""

LONG_PRODUCT = 64
"""Products of more factors, some of them equal, are simplified too."""

NORMS = frozenset({"norm1", "norm2", "normnuc", "normspec"})

MOST_VARIABLES = 6
"""Derivatives up to this order."""


def asked_of(expression: object, given: object) -> Parsed:
    if isinstance(expression, Expr):
        scope = declare(given)
        symbols = {n.params[0]: n for n in postorder(expression) if n.op.name in ("symbol", "family")}
        for name, symbol in scope.symbols.items():
            if symbols.get(name, symbol) is not symbol:
                raise InputError(f"{name} is declared otherwise in the expression")
        return Parsed(expression, Scope({**scope.symbols, **symbols}, scope.sizes), {})
    if callable(expression):
        raise Refusal("a Python function as the expression is not available in this version; write it as text")
    return read(expression, given)


class Question:
    """An expression, the variables, and the conventions of the answer."""

    def __init__(self, expression: object, wrt: object, given: object, layout: str, structure: str) -> None:
        self.parsed: Parsed = asked_of(expression, given)
        self.function = self.parsed.expr
        self.source = expression if isinstance(expression, str) else ""
        self.layout = layouts.checked(layout)
        self.structure = structures.checked(structure)
        self.members: dict[Expr, Expr] = {}
        """Variables that are members of families, and the members."""
        self.wrt = tuple(self._variable(name) for name in _names(wrt))
        self.kind = _kind(self.function, self.wrt)

    def _variable(self, name: str) -> Expr:
        symbol = self.parsed.scope.symbols.get(name)
        member = members.member_named(name, self.parsed.scope)
        if member is not None:
            symbol = members.variable(member)
            self.members[symbol] = member
        if symbol is None:
            raise InputError(f"wrt: {_shown(name)} {_reason(name, self.parsed.scope)}")
        if self.parsed.scope.constant(name):
            raise InputError(f"wrt: {name} is declared constant")
        if symbol in members.counted(self.function, self.parsed.scope):
            raise Refusal(f"wrt: {name} is an integer that counts terms or factors here; there is no derivative by it")
        return symbol

    @counted
    def answer(self, *, verify: bool) -> Derivative:
        """The derivative, checked unless ``verify`` is False."""
        scalar, first = self.function.is_scalar, len(self.wrt) == 1
        for x in self.wrt:
            structures.admit(x, self.structure, gradient=scalar and (first or x.is_scalar))
        order = Order(ranks(self.function, *self.wrt, *self.parsed.scope.symbols.values()))
        try:
            asked, stages, finish = self._derived(order)
        except DivisionByZero as error:
            raise (self._nowhere(order) or error) from None
        certificate = self._checked(finish.mixed) if verify else None
        notes = tuple(n for n in (structures.note(x, self.structure) for x in dict.fromkeys(self.wrt)) if n)
        return Derivative(
            expr=finish.named, mixed=finish.named if finish.printed is finish.mixed else finish.mixed, function=self.function,
            wrt=self.wrt, symbols=self.parsed.scope.symbols, kind=self.kind, layout=self.layout, structure=self.structure,
            inferred=self.parsed.inferred, stages=stages, finish=finish, asked=asked, notes=notes, certificate=certificate,
            assumed=members.conditions(self.members.values(), members.counted(self.function, self.parsed.scope)),
        )  # fmt: skip

    def _nowhere(self, order: Order) -> Refusal | None:
        """The refusal of a function that divides by 0, or takes the logarithm of 0, whatever its variables are."""
        simplifier = Simplifier(order)
        for node in postorder(self.function):
            for condition, argument in node.op.domain(*node.args, *node.params):
                if is_zero(simplifier.canonical(_without_zero_norms(argument, simplifier))):
                    refusal = Refusal(f"{argument} is 0 whatever its variables are, where it has to be {condition}")
                    return self._located(refusal, str(argument))
        return None

    def _located(self, refusal: Refusal, said: str) -> Refusal:
        """The refusal with its place in the text, where the part it speaks of is written so."""
        places = [at for at, ch in enumerate(self.source) if not ch.isspace()]
        start = "".join(self.source.split()).find(said := "".join(said.split()))
        if start < 0:
            return refusal
        first, last = places[start], places[start + len(said) - 1]
        refusal.located(self.source, first, last - first + 1)
        return refusal

    def _derived(self, order: Order) -> tuple[Expr, tuple[Stage, ...], Finish]:
        """What is differentiated, the differentiations, and how the last of them becomes the answer.

        Facts that restrict a variable to a smaller space are set aside (its twin lacks them) until the end.
        """
        simplifier = Simplifier(order)
        free = {x: structures.unstructured(x) for x in self.wrt}
        families = {member.args[0] for member in self.members.values()}
        free.update((family, members.family_twin(family)) for family in families)
        held = {twin: x for x, twin in free.items() if twin is not x}
        twins = {x: twin for twin, x in held.items()}
        function = self.function if self.structure == "free" else _without_factors(self.function, simplifier)
        function, asked = (substitute(e, twins) if twins else e for e in (function, self.function))
        asked = self._followed(asked, self.wrt[0], free)
        function = _without_zero_norms(function, simplifier)
        simple = simplifier.canonical(function)
        own = frozenset(node for node in postorder(simple) if node.op.name == "add")
        if _is_worth_simplifying(function):
            function = simple
        stages: list[Stage] = []
        rows: Expr | None = None
        restricted = False
        for x in self.wrt:
            stage = differentiate(self._followed(function, x, free), free[x], order, own)
            function = stage.result
            fact = structures.space(x) if self.structure != "free" else ""
            gradient = _is_gradient(stage.function, x)
            raw = structures.restricted(stage.result, free[x], fact, self.structure, gradient=gradient, rows=rows)
            if raw is not stage.result:
                function, restricted = shortest(raw, order, own).expr, True
            stages.append(replace(stage, settled=function))
            if not x.is_scalar:
                entries = stage.function.rows * stage.function.cols
                rows = structures.row_projector(free[x], fact, rows, entries, gradient=gradient)
        rule, because = "", ""
        if held:
            function = shortest(substitute(function, held), order, own).expr
            rule = self.structure if self.structure == "independent" else "project" if restricted else "facts"
            reasons = dict.fromkeys(structures.reason(x, self.structure) for x in held.values() if x.op.name == "symbol")
            because = "; ".join(r for r in reasons if r) or "with what is declared"
        mixed = members.uncounted(members.settled(function, self.members), self.parsed.scope)
        turned = layouts.is_turned(self.layout, gradient=_is_gradient(stages[-1].function, self.wrt[-1]))
        finish = self._finished(mixed, order, own, turned)
        return (
            asked,
            tuple(stages),
            replace(finish, rule=rule, because=because, held=held, own=own, restricts=self.structure != "free"),
        )

    def _finished(self, mixed: Expr, order: Order, own: frozenset[Expr], turned: bool) -> Finish:
        """The answer in the layout asked for, with its repeated parts named."""
        printed, layout = mixed, ""
        if turned:
            simplifier = Simplifier(order)
            printed = polished(simplifier.canonical(simplifier.transposed(simplifier.canonical(mixed))), own)
            layout = layouts.says(self.layout, self.function, self.wrt)
        _spelled(printed)
        taken = {*self.parsed.scope.symbols, *self.parsed.scope.sizes, *_bound(printed)}
        return Finish(mixed, printed, with_names(printed, taken), layout=layout, taken=frozenset(taken))

    def _followed(self, function: Expr, x: Expr, free: dict[Expr, Expr]) -> Expr:
        """The function of a variable that is a member of a family; of any other it is as it stands."""
        if x not in self.members:
            return function
        return members.followed(function, free[x], substitute(self.members[x], free))

    def _checked(self, mixed: Expr) -> Certificate:
        from closedform.verify.certificate import certify
        from closedform.verify.spectrum import admit_vectors

        function = self.function
        for x, member in self.members.items():
            function = members.followed(function, x, member)
        admit_vectors(function, self.wrt)
        certificate = certify(function, self.wrt, mixed, structure=self.structure)
        if not certificate.ok:
            raise VerificationError(
                f"the derivative of {self.function} by {', '.join(x.params[0] for x in self.wrt)} failed its numeric check "
                f"(largest error {certificate.max_error:.1e}) and is withheld; this is a defect of closedform, please report it"
            )
        return certificate


def _names(wrt: object) -> list[str]:
    if isinstance(wrt, str):
        listed: list[object] = [wrt]
    elif isinstance(wrt, Expr):
        listed = [wrt]
    elif isinstance(wrt, Sequence) and not isinstance(wrt, bytes):
        listed = list(wrt)
    else:
        raise InputError(f"wrt: a name or a list of names is needed, not {type(wrt).__name__}")
    if not listed:
        raise InputError("wrt: no variable is named")
    if len(listed) > MOST_VARIABLES:
        raise InputError(f"wrt: {len(listed)} variables; derivatives are taken up to order {MOST_VARIABLES}")
    names = []
    for item in listed:
        if isinstance(item, Expr) and item.op.name == "symbol":
            item = item.params[0]
        if not isinstance(item, str):
            raise InputError(f"wrt: a name is a text, not {type(item).__name__}")
        names.append(latin(item.strip()))
    return names


def _reason(name: str, scope: Scope) -> str:
    if not name:
        return "names no variable"
    if "[" in name and name.partition("[")[0].strip().isidentifier():
        return "is a part of a variable; name the whole variable"
    if name in scope.sizes:
        return "is a size, not a variable"
    if name in ARITY:
        return "is a function, not a variable"
    if not name.isidentifier():
        return "is not a name"
    return f'is neither declared nor in the expression; declare it, for example given="{name}: n"'


def _shown(name: str) -> str:
    clean = "".join(ch if ch.isprintable() else "·" for ch in name)
    return repr(clean if len(clean) <= 40 else clean[:37] + "…")


def _is_gradient(function: Expr, variable: Expr) -> bool:
    return function.is_scalar and not variable.is_scalar


def _kind(function: Expr, wrt: tuple[Expr, ...]) -> str:
    if len(wrt) >= 3 or wrt[-1].is_scalar:
        return "derivative"
    if len(wrt) == 2 and function.is_scalar:
        return "hessian"
    if len(wrt) == 1 and function.is_scalar:
        return "gradient"
    return "jacobian"


def _without_zero_norms(function: Expr, simplifier: Simplifier) -> Expr:
    """The function with 0 for every norm of a matrix that is 0 whatever its variables are: no rule applies there."""
    norms = [node for node in postorder(function) if node.op.name in NORMS]
    zeros = {node: num(0) for node in norms if is_zero(simplifier.canonical(node.args[0]))}
    return substitute(function, zeros) if zeros else function


def _without_factors(function: Expr, simplifier: Simplifier) -> Expr:
    """The function in normal form where that holds fewer factorisations.

    It is the same function on the space of its variables only: chol(S)*chol(S)' is S where S is symmetric.
    """
    if not any(node.op.name in FACTORING for node in postorder(function)):
        return function
    simple = simplifier.canonical(function)
    count, fewer = (sum(node.op.name in FACTORING for node in postorder(e)) for e in (function, simple))
    return simple if fewer < count else function


def _is_worth_simplifying(function: Expr) -> bool:
    """Is the function simplified before it is differentiated: does it stack columns, or hold a long power written as a
    product?"""
    for node in postorder(function):
        if len(node.args) > LONG_PRODUCT and len(set(node.args)) < len(node.args) and node.op.name in ("mul", "hadamard"):
            return True
        if node.op.name in STACKING:
            return True
    return False


def _spelled(answer: Expr) -> None:
    """Refuse an answer that holds a size of which it is not known what it is."""
    for node in postorder(answer):
        for part in node.params:
            if isinstance(part, Dim) and part.undecided:
                raise Refusal(f"the answer needs the size {part}; declare the larger of the two as a sum, such as n + k")


def _bound(e: Expr) -> set[str]:
    return {node.params[0] for node in postorder(e) if node.op.name == "named"}
