"""A question with its true answer and the answer that was given: what every part of the referee looks at."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from closedform.calculus import layout as layouts
from closedform.calculus import structure as structures
from closedform.calculus.step import unnamed
from closedform.core.bound import MARK
from closedform.core.dim import Dim
from closedform.core.errors import InputError, Refusal, VerificationError
from closedform.core.expr import Expr, Shape, make
from closedform.core.walk import postorder
from closedform.lang.declare import Scope
from closedform.lang.read import parse
from closedform.ops.build import transpose
from closedform.question import Question
from closedform.result import Derivative
from closedform.tutor.ground import Ground
from closedform.tutor.pieces import Pieces, refuse_long

COTANGENT = "V_out"
"""The name of the random cotangent by which functions that are not scalar are made scalar."""


class Case:
    """One question, in one layout and structure, and one answer to it."""

    def __init__(self, expression: object, wrt: object, given: object, layout: str, structure: str) -> None:
        self.asked = (expression, wrt, given)
        self.question = Question(expression, wrt, given, layout, structure)
        self.refused: Refusal | None = None
        question = self.question
        scalar, first = question.function.is_scalar, len(question.wrt) == 1
        for x in question.wrt:
            structures.admit(x, structure, gradient=scalar and (first or x.is_scalar))
        self.derivative: Derivative | None = None
        try:
            self.derivative = question.answer(verify=True)
        except VerificationError:
            self.refused = Refusal("the derivative failed its own check")
        except Refusal as refusal:
            self.refused = refusal

    @property
    def layout(self) -> str:
        return self.question.layout

    @property
    def structure(self) -> str:
        return self.question.structure

    @cached_property
    def truth(self) -> Expr | None:
        """The derivative in the layout asked for, with nothing named."""
        return None if self.derivative is None else unnamed(self.derivative.expr)

    @cached_property
    def turned(self) -> bool:
        """Is an answer in the layout asked for the transpose of the one in mixed layout?"""
        *earlier, last = self.question.wrt
        gradient = not last.is_scalar and self.question.function.is_scalar and all(x.is_scalar for x in earlier)
        return layouts.is_turned(self.layout, gradient=gradient)

    @cached_property
    def shape(self) -> Shape:
        """The shape of an answer."""
        from closedform.verify.contraction import derivative_shape

        return derivative_shape(self.question.function.shape, self.question.wrt, self.layout)

    def mixed(self, e: Expr) -> Expr:
        """An answer in the layout asked for, in mixed layout."""
        return transpose(e) if self.turned else e

    @property
    def names(self) -> str:
        """The variables, for a sentence."""
        return ", ".join(x.params[0] for x in self.question.wrt)

    def other(self, structure: str) -> Expr | None:
        """The derivative under another structure convention, in the layout asked for; None where there is none."""
        try:
            found = Question(*self.asked, self.layout, structure).answer(verify=False)
        except InputError:
            return None
        return unnamed(found.expr)

    @cached_property
    def last(self) -> tuple[Expr, Expr] | None:
        """What was differentiated last, and by which variable (its facts set aside); None where that is not known."""
        question = self.question
        if question.members:
            return None
        x = question.wrt[-1]
        function: Expr = question.function
        if len(question.wrt) > 1:
            names = [v.params[0] for v in question.wrt[:-1]]
            expression, _, given = self.asked
            try:
                found = Question(expression, names, given, "mixed", self.structure).answer(verify=False)
            except InputError:
                return None
            function = unnamed(found.expr)
        return function, x

    def ground(self, *formulas: Expr) -> Ground:
        """Points at which the question and the truth have values, as well as every name of other formulas."""
        assert self.truth is not None
        function = self.question.function
        extra: list[Expr] = []
        if self.last is not None:
            function_, _ = self.last
            if not function_.is_scalar:
                extra.append(cotangent(function_))
        parts = [node for node in postorder(*formulas) if not node.args and node.op.name != "number"]
        return Ground((function, self.truth), parts, extra)


def cotangent(function: Expr) -> Expr:
    """A symbol of the shape of a function."""
    return make("symbol", (), (COTANGENT, *function.shape, 2, frozenset()))


def sizes_of(*exprs: Expr) -> set[str]:
    """The names of sizes in some expressions."""
    return {
        name
        for node in postorder(*exprs)
        for part in (*node.params, *node.shape)
        if isinstance(part, Dim)
        for name in part.names
        if not name.startswith(MARK)
    }


def read(answer: object, case: Case, defined: Mapping[str, Expr] | None = None) -> tuple[Pieces | None, Expr | None, str, int]:
    """The answer in the question's names: its pieces, its expression, its text and where in the text it begins.

    ``defined`` are more names, with what they mean.  The expression is None when the shapes do not fit; the pieces are
    None when the text cannot be taken apart.
    """
    scope = case.question.parsed.scope
    if defined:
        scope = Scope({**scope.symbols, **defined}, scope.sizes)
    if isinstance(answer, Expr):
        refuse_long(postorder(answer))
        return None, answer, str(answer), 0
    if not isinstance(answer, str):
        raise InputError(f"an answer is a text of the language, not {type(answer).__name__}")
    start = prefix(answer)
    text = answer[start:]
    if not text.strip():
        raise InputError("the answer is empty", source=answer, column=0)
    try:
        if "\\" in text or "vector(" in text or "matrix(" in text:
            parsed = parse(text, scope)
            if parsed.inferred:
                raise InputError(f"{next(iter(parsed.inferred))} is not a name of the question; declare it in given")
            return None, parsed.expr, answer, start
        pieces = Pieces(text, scope)
    except InputError as error:
        raise _moved(error, answer, start) from None
    return pieces, None if pieces.misfit else pieces.expr, answer, start


def prefix(text: str) -> int:
    """Where the formula begins behind a left side such as ``grad =`` or ``df/dx =``.

    >>> prefix("df/dx = 2*x"), prefix("let P = inv(S); P")
    (7, 0)
    """
    at = text.find("=")
    if at < 0:
        return 0
    left = text[:at].strip()
    if left == "let" or left.startswith("let ") or ";" in left or any(ch in left for ch in "*+,-"):
        return 0
    return at + 1


def _moved(error: InputError, text: str, start: int) -> InputError:
    if start and error.column is not None:
        error.source, error.column = text, error.column + start
    return error
