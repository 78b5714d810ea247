"""``closedform derive``: the derivative of an expression."""

from __future__ import annotations

import argparse

from closedform import session
from closedform.cli import report
from closedform.cli.options import Parser, UsageError
from closedform.cli.source import formula
from closedform.core.errors import Refusal
from closedform.lang.render import declared

FORMATS = ("text", "unicode", "latex", "markdown", "html", "python", "json")
LAYOUTS = ("mixed", "numerator", "denominator")
NOTATIONS = ("trace", "frobenius")
STRUCTURES = ("projected", "free", "independent")
STYLES = ("differential", "chain", "entries")
TARGETS = ("numpy", "jax", "torch")

EXAMPLES = """\
examples:
  closedform derive "x'*A*x" --wrt x
  closedform derive "logdet(S) + tr(inv(S)*C)" --wrt S --given "S: n n pd; C: n n symmetric"
  closedform derive "norm2(y - X*b)^2" --wrt b --wrt b --given "X: m n; y: m; b: n"
  closedform derive "tr(A*X*B)" --wrt X --layout numerator --format latex
  closedform derive "softmax(x)" --wrt x --steps
  echo "logsumexp(A*x)" | closedform derive - --wrt x --format json
"""


def parser() -> Parser:
    """The options of the command."""
    made = Parser(
        "closedform derive",
        "The closed-form derivative of an expression, checked numerically before it is shown.",
        EXAMPLES,
    )
    made.add_argument("expression", metavar="EXPR", help="what to differentiate; - reads it from standard input")
    made.add_argument(
        "--wrt", metavar="NAME", action="append", required=True, help="the variable; given again, differentiates again"
    )
    made.add_argument(
        "--given", metavar="TEXT", action="append", help='declarations: sizes and facts, as in "S: n n pd; x: n; t: scalar"'
    )
    made.add_argument(
        "--layout", choices=LAYOUTS, default="mixed", help="mixed (default): a gradient has the shape of its variable"
    )
    made.add_argument(
        "--structure",
        choices=STRUCTURES,
        default="projected",
        help="projected (default): the gradient of a symmetric variable is symmetric; free: as if it had no structure",
    )
    made.add_argument("--steps", action="store_true", help="show the derivation too")
    made.add_argument("--notation", choices=NOTATIONS, default="trace", help="its inner products: tr(A'*B) or A : B (frobenius)")
    made.add_argument("--style", choices=STYLES, help="show the derivation by differentials, by the chain rule or by entries")
    made.add_argument("--forms", action="store_true", help="show the answer in its other forms too")
    made.add_argument("--format", choices=FORMATS, default="text", help="how to print the answer (default: text)")
    made.add_argument("--target", choices=TARGETS, default="numpy", help="for whom the code is written (default: numpy)")
    return made


def run(arguments: argparse.Namespace) -> int:
    """Derive and print."""
    if arguments.target != "numpy":
        raise Refusal(f"code for {arguments.target} is not available in this version; --target numpy is")
    if arguments.style in ("chain", "entries") and arguments.format not in ("text", "unicode"):
        raise UsageError(f"--style {arguments.style} is printed as text: leave --format {arguments.format} away")
    if arguments.forms and arguments.format in ("latex", "python"):
        raise UsageError(f"--forms: the format {arguments.format} holds the answer only; take text, markdown or json")
    expression = formula(arguments.expression)
    given = "; ".join(arguments.given) if arguments.given else None
    wrt = arguments.wrt[0] if len(arguments.wrt) == 1 else arguments.wrt
    answer = session.derive(expression, wrt, given, layout=arguments.layout, structure=arguments.structure)
    question = report.Question(expression, tuple(arguments.wrt), given, arguments.forms)
    notation = arguments.notation if arguments.steps or arguments.style == "differential" else ""
    with declared(answer.declared):
        styled = f"\n{answer.derivation_in(arguments.style)}" if arguments.style in ("chain", "entries") else ""
        report.FORMS[arguments.format](answer, question, notation)
    if styled:
        print(styled)
    return 0
