"""``closedform layouts``: what each source calls its layout, and which layout a formula is in."""

from __future__ import annotations

import argparse
import json
import sys

from closedform.cli.derive import LAYOUTS, STRUCTURES
from closedform.cli.options import Parser, UsageError
from closedform.cli.report import SCHEMA
from closedform.cli.source import formula
from closedform.tutor.conventions import layouts
from closedform.tutor.layouts import which_layout

EXAMPLES = """\
examples:
  closedform layouts
  closedform layouts "A*x" --wrt x --formula "A'" --given "A: m n; x: n"
  closedform layouts "logdet(S)" --wrt S --formula "2*inv(S) - diag(diag(inv(S)))" --given "S: n n pd"

exit status: 0 the table, or a formula that is right in some convention; 1 one that is right in none; 2 bad input
"""


def parser() -> Parser:
    """The options of the command."""
    made = Parser(
        "closedform layouts",
        "What well-known sources call their layouts; with a formula, the layouts and structure conventions it is right in.",
        EXAMPLES,
    )
    made.add_argument("expression", metavar="EXPR", nargs="?", help="what is differentiated; - reads it from standard input")
    made.add_argument("--wrt", metavar="NAME", action="append", help="the variable; given again, differentiates again")
    made.add_argument("--formula", metavar="TEXT", help="the derivative as it stands in the paper")
    made.add_argument(
        "--given", metavar="TEXT", action="append", help='declarations: sizes and facts, as in "S: n n pd; x: n; t: scalar"'
    )
    made.add_argument("--layout", choices=LAYOUTS, default="mixed", help="the layout to restate it in (default: mixed)")
    made.add_argument("--structure", choices=STRUCTURES, default="projected", help="the structure convention to restate it in")
    made.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="how to print it (default: text)")
    return made


def run(arguments: argparse.Namespace) -> int:
    """Print the table, or tell the layout of a formula; 1 when it is the derivative in no convention."""
    if arguments.expression is None:
        if arguments.wrt or arguments.formula:
            raise UsageError("the expression is missing: it comes first (see closedform layouts --help)")
        return table(arguments.format)
    if not arguments.wrt or not arguments.formula:
        raise UsageError("to tell the layout of a formula give --wrt and --formula (see closedform layouts --help)")
    expression = formula(arguments.expression)
    given = "; ".join(arguments.given) if arguments.given else None
    wrt = arguments.wrt[0] if len(arguments.wrt) == 1 else arguments.wrt
    report = which_layout(
        expression, wrt, arguments.formula, given, layout=arguments.layout, structure=arguments.structure
    )  # fmt: skip
    if arguments.format == "json":
        asked = {"schema": SCHEMA, "expression": expression, "wrt": arguments.wrt, "given": given}
        json.dump({**asked, **report.record()}, sys.stdout, indent=2)
        print()
    else:
        print(report)
    return 0 if report.found else 1


def table(form: str) -> int:
    """The table of sources."""
    found = layouts()
    if form == "json":
        json.dump({"schema": SCHEMA, "sources": found.rows}, sys.stdout, indent=2)
        print()
    else:
        print(found.markdown() if form == "markdown" else found)
    return 0
