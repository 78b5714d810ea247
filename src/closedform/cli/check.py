"""``closedform check``: is an answer the derivative that was asked for, and if not, what is wrong with it?"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from closedform.cli.derive import LAYOUTS, STRUCTURES
from closedform.cli.options import Parser, UsageError
from closedform.cli.report import SCHEMA
from closedform.cli.screen import show
from closedform.cli.source import contents, formula
from closedform.core.errors import InputError
from closedform.tutor.check import check
from closedform.tutor.judgement import Judgement, LineJudgement, Witness
from closedform.tutor.reasoning import check_derivation

EXAMPLES = """\
examples:
  closedform check "x'*A*x" --wrt x --answer "2*A*x" --given "x: n; A: n n"
  closedform check "norm2(y - X*w)^2" --wrt w --answer "2*(y - X*w)*(-X)" --given "X: n p; y: n; w: p"
  closedform check "tr(X'*A*X)" --wrt X --derivation lines.txt --given "X: n p; A: n n"

A derivation is a text file: df = ... in the first line, = ... in the next ones, => ... for the derivative; dX is the
direction of the variable X, d(e) the differential of e.

exit status: 0 right, 1 any other verdict, 2 bad input or a refusal
"""


def parser() -> Parser:
    """The options of the command."""
    made = Parser("closedform check", "Whether an answer is the derivative; if not, what is wrong with it and where.", EXAMPLES)
    made.add_argument("expression", metavar="EXPR", help="what was to be differentiated; - reads it from standard input")
    made.add_argument(
        "--wrt", metavar="NAME", action="append", required=True, help="the variable; given again, differentiates again"
    )
    made.add_argument("--answer", metavar="TEXT", help="the answer to be judged")
    made.add_argument("--derivation", metavar="FILE", help="a derivation to be judged line by line; - is standard input")
    made.add_argument(
        "--given", metavar="TEXT", action="append", help='declarations: sizes and facts, as in "S: n n pd; x: n; t: scalar"'
    )
    made.add_argument("--layout", choices=LAYOUTS, default="mixed", help="the layout that was asked for (default: mixed)")
    made.add_argument("--structure", choices=STRUCTURES, default="projected", help="the structure convention that was asked for")
    made.add_argument("--format", choices=("text", "json"), default="text", help="how to print the verdict (default: text)")
    return made


def run(arguments: argparse.Namespace) -> int:
    """Judge and print; 0 when the answer, or the derivation, is right, else 1."""
    if (arguments.answer is None) == (arguments.derivation is None):
        raise UsageError("give --answer or --derivation, one of them (see closedform check --help)")
    if "-" == arguments.expression == arguments.derivation:
        raise InputError("only one of the expression and the derivation can be read from standard input")
    expression = formula(arguments.expression)
    given = "; ".join(arguments.given) if arguments.given else None
    wrt = arguments.wrt[0] if len(arguments.wrt) == 1 else arguments.wrt
    asked = {"layout": arguments.layout, "structure": arguments.structure}
    judged: Judgement | LineJudgement
    if arguments.answer is not None:
        judged = check(expression, wrt, arguments.answer, given, **asked)
    else:
        judged = check_derivation(expression, wrt, contents(arguments.derivation), given, **asked)
    if arguments.format == "json":
        question = {"schema": SCHEMA, "expression": expression, "wrt": arguments.wrt, "given": given, **asked}
        json.dump({**question, **record(judged)}, sys.stdout, indent=2)
        print()
    else:
        show(judged.rows(), headline=judged.headline())
    return 0 if judged.right else 1


def record(judged: Judgement | LineJudgement) -> dict[str, Any]:
    """The verdict as plain data."""
    out: dict[str, Any] = {
        "right": judged.right,
        "verdict": judged.verdict,
        "slip": judged.slip,
        "slips": list(judged.slips),
        "explanation": judged.explanation,
        "where": None if judged.where is None else list(judged.where),
        "witness": None if judged.witness is None else witness(judged.witness),
    }
    if isinstance(judged, LineJudgement):
        out["line"] = judged.line
        out["lines"] = [{"line": number, "text": text, "said": said} for number, text, said in judged.lines]
        return out
    step = judged.step
    return {
        **out,
        "assumption": judged.assumption,
        "answer": judged.answer,
        "suggestion": judged.suggestion,
        "derivative": judged.derivative or None,
        "step": None
        if step is None
        else {"rule": step.rule, "before": str(step.before), "after": str(step.after), "because": step.because},
    }


def witness(w: Witness) -> dict[str, Any]:
    """A witness as plain data."""
    return {
        "sizes": dict(w.sizes),
        "seed": w.seed,
        "entry": list(w.entry),
        "values": [w.answer, w.derivative],
    }
