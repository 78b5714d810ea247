"""The lines of a page: what a derivation shows, before it is known in which form.

A differentiation is shown as in a textbook: the function under a letter, its differential line by line, and the
derivative that is read off.  The names of a ``let`` are written once, under the line in which they come up; after that
they stand for what they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from closedform.calculus.step import Step, named_as_symbols
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, substitute
from closedform.lang.render import names

START, EQUAL, READ, REWRITE = "start", "equal", "read", "rewrite"
"""How a line relates to the one before: it begins anew, is equal to it, is read off it, or rewrites what was read off."""

FUNCTION, DIFFERENTIAL, DERIVATIVE = "function", "differential", "derivative"

LETTERS = {
    "scalar": ("f", "g", "h", "phi", "psi"), "vector": ("y", "z", "u", "v", "w"), "matrix": ("F", "G", "H", "Phi", "Psi"),
    "gradient": ("g", "h", "u", "v", "w"), "gradient matrix": ("G", "H", "F", "Phi", "Psi"),
    "Hessian": ("H", "M", "F", "Phi", "Psi"), "Jacobian": ("J", "M", "H", "Phi", "Psi"),
}  # fmt: skip
"""What a function is called, the first of them that is free."""

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True)
class Left:
    """What stands before a relation: a function under its letter, its differential, or its derivative by a variable.

    ``stacked``: it is vec of the function; ``variable`` is None where it is not known.
    """

    what: str
    function: Expr
    variable: Expr | None = None
    stacked: bool = False


@dataclass(frozen=True)
class Line:
    """One line: how it relates to the one before, its formula, the rule, the reason and the names that come up in it.

    ``names`` are pairs of a name and the expression it stands for; ``heading`` says which differentiation begins.
    """

    relation: str
    formula: Expr
    left: Left | None = None
    rule: str = ""
    because: str = ""
    names: tuple[tuple[str, Expr], ...] = ()
    heading: str = ""


def lines(steps: Sequence[Step], wrt: Sequence[Expr] = (), declared: Iterable[str] = ()) -> tuple[Line, ...]:
    """The lines of some steps by the variables, taken in turn: each formula once, each name where it comes up.

    The function is called by a letter that is none of the declared names.
    """
    return tuple(_Page(steps, wrt, declared).lines())


def taken(steps: Iterable[Step]) -> frozenset[str]:
    """The names that occur in the steps."""
    nodes = postorder(*(side for step in steps for side in (step.before, step.after)))
    return names(nodes).union(str(n.params[-1]) for n in nodes if n.op.name == "named")


class _Page:
    """The lines of a derivation while they are made."""

    def __init__(self, steps: Sequence[Step], wrt: Sequence[Expr], declared: Iterable[str]) -> None:
        self.steps = steps
        self.wrt = tuple(wrt)
        self.taken = set(taken(steps)).union((x.params[0] for x in wrt), declared)
        self.known: dict[Expr, str] = {}
        self.turn = -1
        self.found: list[str] = []
        """What the differentiations so far have found: gradient, Hessian, Jacobian, derivative."""
        self.left: Left | None = None
        self.at_function = False

    def lines(self) -> Iterator[Line]:
        last: Expr | None = None
        read = False
        for step in self.steps:
            if last is not step.before:
                read = False
                yield self._start(step.before)
            inner = _differentiated(step.after) if self.at_function else None
            if inner is not None and step.rule in ("simplify", "name-layers"):
                yield self._line(EQUAL, inner, None, step)
            elif step.rule == "identify":
                if self.at_function and self.left is not None:
                    yield self._line(EQUAL, step.before, self._as(DIFFERENTIAL))
                yield self._line(READ, step.after, self._as(DERIVATIVE), step)
                read, self.at_function = True, False
            else:
                left = self._as(DIFFERENTIAL) if self.at_function else None
                yield self._line(REWRITE if read else EQUAL, step.after, left, step)
                self.at_function = False
            last = step.after

    def _start(self, before: Expr) -> Line:
        """The first line of a differentiation."""
        self.turn += 1
        self.at_function = True
        function = _differentiated(before)
        x = self.wrt[min(self.turn, len(self.wrt) - 1)] if self.wrt else None
        if function is None and x is not None and _is_direction(before):
            function = x
        if function is None:
            self.left, self.at_function = None, False
            return self._line(START, before, None)
        heading = self._heading(x)
        self.left = Left(FUNCTION, self._letter(function), x, before.op.name == "vec" and function is not before.args[0])
        self.found.append(_found(function, x, self.found))
        return self._line(START, function, self.left, heading=heading)

    def _line(self, relation: str, e: Expr, left: Left | None, step: Step | None = None, *, heading: str = "") -> Line:
        formula, fresh = self._opened(e)
        if step is None:
            return Line(relation, formula, left, names=fresh, heading=heading)
        because = step.because
        for name, _ in fresh:  # written below the line
            because = because.partition(f", and {name} = ")[0]
        return Line(relation, formula, left, step.rule, because, fresh)

    def _as(self, what: str) -> Left | None:
        left = self.left
        if left is None or (what == DERIVATIVE and left.variable is None):
            return None
        return Left(what, left.function, left.variable, left.stacked)

    def _letter(self, function: Expr) -> Expr:
        """The symbol that stands for a function: f, y, F, the gradient g, G, the Hessian H, the Jacobian J."""
        kind = "scalar" if function.is_scalar else "vector" if function.is_column else "matrix"
        before = self.found[-1] if self.found else ""
        if before == "gradient":
            kind = "gradient" if function.is_column else "gradient matrix"
        elif before in LETTERS and not function.is_scalar:
            kind = before
        letters = (*LETTERS[kind], *(f"{LETTERS[kind][0]}{k}" for k in range(1, len(self.taken) + 2)))
        name = next(letter for letter in letters if letter not in self.taken)
        self.taken.add(name)
        return make("symbol", (), (name, function.rows, function.cols, 2, frozenset()))

    def _heading(self, x: Expr | None) -> str:
        if not self.found:
            return ""
        by = f", by {x.params[0]}" if x is not None and len(set(self.wrt)) > 1 else ""
        return f"{ORDINALS[min(self.turn, len(ORDINALS) - 1)]} derivative{by}: the differential of the {self.found[-1]}"

    def _opened(self, e: Expr) -> tuple[Expr, tuple[tuple[str, Expr], ...]]:
        """The formula with names standing for themselves, and those names that are new."""
        named = [n for n in postorder(e) if n.op.name == "named"]
        if not named:
            return e, ()
        table = named_as_symbols(e)
        fresh = []
        for node in named:
            if node not in self.known:
                self.known[node] = node.params[0]
                fresh.append((node.params[0], substitute(node.args[0], table)))
        return substitute(e, table), tuple(fresh)


def _differentiated(e: Expr) -> Expr | None:
    """The e of d(e) or vec(d(e)); None for anything else."""
    whole = e.args[0] if e.op.name == "vec" else e
    return whole.args[0] if whole.op.name == "d" else None


def _is_direction(e: Expr) -> bool:
    """Is it dX, or vec(dX)?"""
    return (e.args[0] if e.op.name == "vec" else e).op.name == "tangent"


def _found(function: Expr, x: Expr | None, before: Sequence[str]) -> str:
    """What the derivative of a function by a variable is called."""
    if x is None or x.is_scalar:
        return "derivative"
    if function.is_scalar:
        return "gradient"
    return "Hessian" if before and before[-1] == "gradient" else "derivative" if len(before) > 1 else "Jacobian"
