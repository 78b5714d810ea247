"""The one facade: text in, derivatives out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from closedform.core.errors import InputError
from closedform.core.expr import Expr
from closedform.core.limits import counted
from closedform.lang.read import parse as read
from closedform.question import Question, asked_of
from closedform.result import Derivative
from closedform.rewrite.best import simplest

if TYPE_CHECKING:
    from closedform.equality.verdict import Verdict


@counted
def derive(
    expression: object,
    wrt: object,
    given: object = None,
    *,
    layout: str = "mixed",
    structure: str = "projected",
    verify: bool = True,
) -> Derivative:
    """The derivative of an expression by a variable, or by several in turn, in closed form.

    ``expression`` is a text of the language or an expression, ``wrt`` a name or a list of names (``["x", "x"]`` is the
    Hessian), ``given`` the declarations.  The answer has been checked numerically unless ``verify`` is False.

    Raises InputError on input that is not a question, Refusal on one that cannot be answered, VerificationError when an
    answer fails its check.  Source of the identification: Magnus and Neudecker, Matrix Differential Calculus, chapter 5.

    >>> print(derive("x'*A*x", "x", "x: n; A: n n symmetric"))
    2*A*x
    """
    return Question(expression, wrt, given, layout, structure).answer(verify=verify)


def gradient(
    expression: object,
    wrt: object,
    given: object = None,
    *,
    layout: str = "mixed",
    structure: str = "projected",
    verify: bool = True,
) -> Derivative:
    """The gradient of a scalar by a vector or matrix: the G with df = tr(G'*dX).  Another kind is refused.

    >>> str(gradient("logdet(S)", "S", "S: n n pd"))
    'inv(S)'
    """
    return _of_kind("gradient", Question(expression, wrt, given, layout, structure), verify)


def jacobian(
    expression: object,
    wrt: object,
    given: object = None,
    *,
    layout: str = "mixed",
    structure: str = "projected",
    verify: bool = True,
) -> Derivative:
    """The Jacobian of a vector or matrix: the J with dvec F = J*dvec X.  Another kind is refused.

    >>> str(jacobian("A*exp(x)", "x", "A: m n; x: n"))
    'A*diag(exp(x))'
    """
    return _of_kind("jacobian", Question(expression, wrt, given, layout, structure), verify)


def hessian(
    expression: object,
    wrt: object,
    given: object = None,
    *,
    layout: str = "mixed",
    structure: str = "projected",
    verify: bool = True,
) -> Derivative:
    """The Hessian of a scalar by a vector or matrix.  Another kind is refused.

    >>> str(hessian("x'*A*x", "x", "x: n; A: n n"))
    "A + A'"
    """
    names = [wrt, wrt] if isinstance(wrt, str) else wrt
    return _of_kind("hessian", Question(expression, names, given, layout, structure), verify)


def gradients(
    expression: object,
    wrt: Sequence[str],
    given: object = None,
    *,
    layout: str = "mixed",
    structure: str = "projected",
    verify: bool = True,
) -> dict[str, Derivative]:
    """The gradients of a scalar by several variables side by side, as a mapping from their names.

    >>> {name: str(g) for name, g in gradients("x'*A*x", ["x", "A"], "x: n; A: n n").items()}
    {'x': "(A + A')*x", 'A': "x*x'"}
    """
    if isinstance(wrt, str) or not isinstance(wrt, Sequence):
        raise InputError("gradients: wrt is a list of names")
    questions = {str(name): Question(expression, name, given, layout, structure) for name in wrt}
    return {name: _of_kind("gradient", question, verify) for name, question in questions.items()}


def parse(text: object, given: object = None) -> Expr:
    """The expression of a text.

    >>> print(parse("x'*A*x", "x: n; A: n n"))
    x'*A*x
    """
    return read(text, given).expr


@counted
def simplify(expression: object, given: object = None) -> Expr:
    """The expression in normal form, as short as it is found.

    >>> print(simplify("A*inv(A)*B + 2*B", "A: n n; B: n m"))
    3*B
    """
    parsed = asked_of(expression, given)
    return simplest(parsed.expr)


def equal(a: object, b: object, given: object = None) -> Verdict:
    """The verdict on the equality of two expressions, with its evidence: proved, probably equal, different or undecided.

    Names that are not declared mean the same on both sides.  The verdict has no truth value; read ``.verdict``, or compare
    ``.equal`` with True, False or None.

    >>> equal("inv(eye(m) + A*B)*A", "A*inv(eye(n) + B*A)", "A: m n; B: n m").verdict
    'proved'
    >>> print(equal("A*B", "B*A").verdict)
    different
    """
    from closedform.equality.decide import decide
    from closedform.equality.together import together

    return decide(*together(a, b, given))


def _of_kind(kind: str, question: Question, verify: bool) -> Derivative:
    if question.kind != kind:
        raise InputError(f"{kind}: this is a {question.kind}; ask for it with {question.kind} or derive")
    return question.answer(verify=verify)
