"""The contract of an operation: one class with every aspect, refused when one is missing.

An operation is declared once, in one file of ``ops``:

    @operation
    class logdet:
        '''log|det A|.  A : n x n, invertible -> scalar.'''
        args = ("A",)
        code = "np.linalg.slogdet({A})[1]"
        draws = ("A: n n invertible",)
        def shape(A): ...
        def domain(A): ...
        def facts(A): ...
        def d_A(A, dA): ...            # nonlinear in A: the differential; or adjoint_A(G, A) where linear in A
        def value(xp, A): ...

The body holds functions, not methods.  For each argument slot exactly one of two rules is declared: ``d_A(A, ..., dA)``,
the differential, where the operation is nonlinear in the slot, or ``adjoint_A(G, A, ...)``, the adjoint for the
Frobenius inner product, where it is linear.  The other direction is derived.  An operation of any number of arguments
(``args = "*"``) declares ``adjoint(k, G, *args)`` and is linear in each, or with ``joint = True`` in all together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from closedform.core.errors import Refusal
from closedform.core.expr import Expr, Shape, make, register

Rule = Callable[..., Expr]


@dataclass(frozen=True)
class Op:
    """A declared operation.  See the module for what each aspect means."""

    name: str
    args: tuple[str, ...] | None
    """Names of the slots, or None when there may be any number of arguments."""
    params: tuple[str, ...]
    word: str
    """The function name in the text language; empty when the operation has a syntax of its own."""
    shape: Callable[..., Shape] = field(repr=False)
    domain: Callable[..., Iterable[tuple[str, Expr]]] = field(repr=False)
    """What must hold of the arguments for the operation to be differentiable: pairs (condition, argument)."""
    facts: Callable[..., Iterable[str]] = field(repr=False)
    value: Callable[..., Any] = field(repr=False)
    """value(xp, *arrays, *params) with an array namespace; analytic for complex arrays where the operation is."""
    code: str | Callable[..., str] = field(repr=False)
    differentials: dict[int, Rule] = field(repr=False)
    adjoints: dict[int, Rule] = field(repr=False)
    draws: tuple[str, ...] = field(repr=False)
    """Declarations from which its contract test draws arguments."""
    cost: Callable[..., Any] = field(repr=False)
    weight: Callable[[Expr], int] = field(repr=False)
    """What the node adds to the length of a formula."""
    latex: str = ""
    unicode: str = ""
    analytic: bool = True
    """Does ``value`` continue to complex arguments (so that the complex step is exact)?"""
    kink: str = ""
    """Where it is not differentiable, in words with {A} for the argument."""
    why: str = ""
    """The rule of its differential in words of the language, shown in derivations."""
    whys: Mapping[int, str] = field(default_factory=dict)
    """The rule where one slot alone moves."""
    uses: Callable[..., str] = lambda *args: ""
    """What its differential uses of its arguments beyond the rule, in words."""
    doc: str = ""
    joint: bool = False
    """Of any number of arguments and linear in all of them together (a sum, blocks), not in each alone."""

    @property
    def variadic(self) -> bool:
        return self.args is None

    def linear_in(self, slot: int) -> bool:
        return self.variadic or slot in self.adjoints

    def adjoint(self, slot: int, cotangent: Expr, e: Expr) -> Expr:
        """The adjoint of the node's dependence on a linear slot, applied to a cotangent; Refusal where no rule is declared."""
        rule = self.adjoints.get(0 if self.variadic else slot)
        if rule is None:
            raise self._without_rule(slot)
        return rule(slot, cotangent, *e.args, *e.params) if self.variadic else rule(cotangent, *e.args, *e.params)

    def differential(self, slot: int, tangent: Expr, e: Expr) -> Expr:
        """The part of the node's differential that comes from one slot; Refusal where no rule is declared."""
        if self.linear_in(slot):
            return make(self.name, (*e.args[:slot], tangent, *e.args[slot + 1 :]), e.params)
        rule = self.differentials.get(slot)
        if rule is None:
            raise self._without_rule(slot)
        return rule(*e.args, *e.params, tangent)

    def _without_rule(self, slot: int) -> Refusal:
        argument = f"its argument {self.args[slot]}" if self.args is not None else f"its argument number {slot + 1}"
        return Refusal(f"{self.word or self.name} has no rule of differentiation by {argument}")


def _count(e: Expr) -> int:
    return max(1, len(e.args) - 1) if e.op.variadic else 1


def _entries(*parts: object) -> int:
    return 1


NEEDED = ("shape", "facts", "value", "code", "draws")


def operation(cls: type) -> type:
    """Register the operation that a class declares; TypeError naming every missing aspect."""
    body = vars(cls)
    name = cls.__name__.rstrip("_")
    slots = body.get("args", ())
    variadic = slots == "*"
    missing = [aspect for aspect in NEEDED if aspect not in body]
    if not cls.__doc__:
        missing.append("docstring")
    differentials: dict[int, Rule] = {}
    adjoints: dict[int, Rule] = {}
    if variadic:
        if "adjoint" in body:
            adjoints[0] = body["adjoint"]
        else:
            missing.append("adjoint")
    for i, slot in enumerate(() if variadic else slots):
        found = [body.get(f"d_{slot}"), body.get(f"adjoint_{slot}")]
        if (found[0] is None) == (found[1] is None):
            missing.append(f"one of d_{slot} and adjoint_{slot}" + (" (both are declared)" if found[0] else ""))
        if found[0] is not None:
            differentials[i] = found[0]
        if found[1] is not None:
            adjoints[i] = found[1]
    if missing:
        raise TypeError(f"the operation {name} is incomplete: it lacks {', '.join(missing)}")
    register(
        Op(
            name=name,
            args=None if variadic else tuple(slots),
            params=tuple(body.get("params", ())),
            word=body.get("word", name),
            shape=body["shape"],
            domain=body.get("domain", lambda *parts: ()),
            facts=body["facts"],
            value=body["value"],
            code=body["code"],
            differentials=differentials,
            adjoints=adjoints,
            draws=tuple(body["draws"]),
            cost=body.get("cost", _entries),
            weight=body.get("weight", _count),
            latex=body.get("latex", ""),
            unicode=body.get("unicode", ""),
            analytic=body.get("analytic", True),
            kink=body.get("kink", ""),
            why=body.get("why", ""),
            whys={i: body[f"why_{slot}"] for i, slot in enumerate(() if variadic else slots) if f"why_{slot}" in body},
            uses=body.get("uses", lambda *args: ""),
            doc=cls.__doc__ or "",
            joint=body.get("joint", False),
        )
    )
    return cls


class _Builders:
    """``f.inv(A)`` is the node of the operation ``inv``; what is not an expression is a parameter."""

    def __getattr__(self, name: str) -> Callable[..., Expr]:
        def build(*parts: Any) -> Expr:
            args = tuple(p for p in parts if isinstance(p, Expr))
            return make(name, args, tuple(p for p in parts if not isinstance(p, Expr)))

        build.__name__ = name
        setattr(self, name, build)
        return build


f = _Builders()


def hole(like: Expr) -> Expr:
    """A stand-in of the same shape: a rule that is linear in a slot may see no more of that argument."""
    return make("hole", (), like.shape)
