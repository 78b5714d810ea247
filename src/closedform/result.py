"""What ``derive`` gives back: the answer with all that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from closedform.calculus.derivation import Finish, derivation
from closedform.calculus.derive import Stage
from closedform.calculus.layout import reads
from closedform.core.expr import Expr
from closedform.core.infer import known
from closedform.core.limits import counted
from closedform.core.walk import depends, postorder
from closedform.lang.latex import latex
from closedform.lang.render import declared
from closedform.lang.text import text
from closedform.lang.unicode import unicode
from closedform.page.derivation import Derivation

if TYPE_CHECKING:
    from closedform.codegen.function import GeneratedFunction
    from closedform.tutor.chain_rule import Chain
    from closedform.tutor.entries import Entries
    from closedform.tutor.forms import Forms
    from closedform.verify.certificate import Certificate

CONDITIONS = {
    "invertible": "{} is invertible",
    "nonzero": "{} is not 0",
    "positive": "{} > 0",
    "above -1": "{} > -1",
    "in (-1, 1)": "-1 < {} < 1",
    "pd": "{} is positive definite",
    "full rank": "{} has full rank",
}
"""How the conditions of the operations read."""


class Derivative:
    """A derivative in closed form.

    ``str()`` is its text, which parses back to the same expression; ``expr`` is the expression.  ``kind`` is
    'gradient', 'jacobian', 'hessian' or 'derivative', ``shape`` its two sizes as text, ``layout`` and ``structure`` the
    conventions it is in.
    """

    def __init__(
        self,
        *,
        expr: Expr,
        mixed: Expr,
        function: Expr,
        wrt: tuple[Expr, ...],
        symbols: Mapping[str, Expr],
        kind: str,
        layout: str,
        structure: str,
        inferred: Mapping[str, str],
        stages: tuple[Stage, ...],
        finish: Finish,
        asked: Expr,
        notes: tuple[str, ...],
        certificate: Certificate | None,
        assumed: tuple[str, ...] = (),
    ) -> None:
        self.expr = expr
        self.original = function
        self.wrt = wrt
        self.kind = kind
        self.layout = layout
        self.structure = structure
        self.inferred = dict(inferred)
        self.certificate = certificate
        self._mixed = mixed
        self._symbols = dict(symbols)
        self._stages = stages
        self._finish = finish
        self._asked = asked
        self._notes = notes
        self._assumed = assumed

    def __str__(self) -> str:
        return text(self.expr, self.declared)

    def __repr__(self) -> str:
        by = ", ".join(x.params[0] for x in self.wrt)
        return f"<{self.kind} by {by}, {' x '.join(self.shape)}: {self}>"

    @cached_property
    def latex(self) -> str:
        """The answer in LaTeX."""
        return latex(self.expr, self.declared)

    @cached_property
    def unicode(self) -> str:
        """The answer on one line for people."""
        return unicode(self.expr, self.declared)

    @property
    def declared(self) -> frozenset[str]:
        """The names of the variables and sizes of the question: no operation is written with one of them."""
        return frozenset(self._symbols).union(*(s.names for e in self._symbols.values() for s in e.shape))

    @property
    def shape(self) -> tuple[str, str]:
        """The two sizes of the printed answer."""
        return str(self.expr.rows), str(self.expr.cols)

    @property
    def reads(self) -> str:
        """The layout by what it does: the shape it gives to the answer, or what its rows and columns run over."""
        return reads(self.layout, self.original, self.wrt)

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """The side conditions under which the answer holds, beyond what was declared."""
        found: dict[str, None] = {}
        for node in postorder(self.original):
            for condition, argument in node.op.domain(*node.args, *node.params):
                if _needed(condition, argument):
                    with declared(self.declared):
                        found[_condition_text(condition, argument)] = None
        return (*found, *self._assumed)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Where the function is not differentiable, and where conventions differ."""
        found: dict[str, None] = {}
        nodes = postorder(self.original)
        moving: set[Expr] = set()
        for x in self.wrt:
            moving |= depends(nodes, x)
        squared = _only_squared(nodes)
        for node in nodes:
            if node in moving and node.op.kink and node not in squared:
                with declared(self.declared):
                    slots = dict(zip(node.op.args or (), map(_shown, node.args), strict=False))
                found[node.op.kink.format(**slots)] = None
        return (*found, *self._notes)

    @cached_property
    @counted
    def derivation(self) -> Derivation:
        """The steps that produced the answer."""
        with declared(self.declared):
            steps = derivation(self._stages, self._finish, self._asked)
        return Derivation(steps, self.wrt, self.structure, self.layout, self.declared)

    def function(self, form: str = "tensor") -> GeneratedFunction:
        """The answer as a NumPy function of arrays, by name.

        ``form="tensor"`` has the axes of automatic differentiation (output axes, then input axes), ``form="matrix"`` the
        value of the printed formula as a matrix.  The source is in ``.source``.  InputError on another form.
        """
        from closedform.codegen.function import compile_function, tensor_shape

        by = ", ".join(x.params[0] for x in self.wrt)
        title = f"The {self.kind} of {text(self.original, self.declared)} by {by}: {self}"
        symbols = list(self._symbols.values())
        if isinstance(form, str) and form == "tensor":
            axes = tensor_shape(self.original.shape, self.wrt)
            return compile_function(self._mixed, symbols, form=form, tensor=axes, title=title)
        return compile_function(self.expr, symbols, form=form, title=title)

    @counted
    def derivation_in(self, style: str) -> Derivation | Chain | Entries:
        """The derivation in a style: "differential" (that of ``derivation``), "chain" (a product of Jacobians with the sizes
        of each) or "entries" (with an index for each entry).  ``str()`` is a readable page, ``.steps`` are its lines.
        """
        from importlib import import_module

        found: Derivation | Chain | Entries = import_module("closedform.tutor.styles").derivation_of(self, style)
        return found

    def forms(self) -> Forms:
        """The answer in other words: other layouts and structure conventions, by entries, stacked, multiplied out.

        A mapping from the name of a form to it; each has ``.text``, ``.latex``, ``.expr`` and ``.because``.
        """
        from importlib import import_module

        found: Forms = import_module("closedform.tutor.forms").forms(self)  # by name: it stands on a higher floor
        return found

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        said = f"$\\displaystyle {self.latex}$\n\n{self.layout} layout: {self.reads}"
        return {"text/plain": str(self), "text/latex": f"${self.latex}$", "text/markdown": said}


def _only_squared(nodes: list[Expr]) -> set[Expr]:
    """The norms that occur in whole powers of at least 2 only: those are differentiable."""
    norms = {n for n in nodes if n.op.name == "norm2"}
    for node in nodes:
        smooth = node.op.name == "pow" and node.args[1].op.name == "number" and node.args[1].params[0] >= 2
        if not smooth and norms.intersection(node.args):
            norms.difference_update(node.args)
    return norms - {nodes[-1]}


def _shown(e: Expr) -> str:
    """The text of a part of the expression, without what its ``let`` names stand for."""
    full = text(e)
    return full.rsplit("; ", 1)[-1] if full.startswith("let ") else full


def _needed(condition: str, argument: Expr) -> bool:
    if condition == "invertible":
        return not known(argument, "invertible")
    if argument.op.name == "adj":
        return False  # where it is 0, so is the derivative of the determinant that it belongs to
    if condition == "nonzero":
        return not (known(argument, "positive") or (argument.is_scalar and known(argument, "invertible")))
    if condition == "in (-1, 1)":
        return not known(argument, "unit")
    if condition == "above -1":
        return not known(argument, "nonnegative")
    return not known(argument, condition)


def _condition_text(condition: str, argument: Expr) -> str:
    if condition == "invertible" and argument.op.name == "mul" and len(argument.args) == 2:
        left, right = argument.args
        if left.op.name == "transpose" and left.args[0] is right:
            return f"{_shown(right)} has full column rank"
        if right.op.name == "transpose" and right.args[0] is left:
            return f"{_shown(left)} has full row rank"
    return CONDITIONS.get(condition, "{} is " + condition).format(_shown(argument))
