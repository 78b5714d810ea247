"""``closedform equal``: are two expressions equal?"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from closedform import session
from closedform.cli.options import Parser
from closedform.cli.report import SCHEMA
from closedform.cli.screen import show
from closedform.cli.source import formula
from closedform.core.errors import InputError

if TYPE_CHECKING:
    from closedform.equality.verdict import Verdict

EXAMPLES = """\
examples:
  closedform equal "inv(eye(m) + A*B)*A" "A*inv(eye(n) + B*A)" --given "A: m n; B: n m"
  closedform equal "tr(A*B)" "tr(B*A)"
  closedform equal "det(A + u*v')" "det(A)*(1 + v'*inv(A)*u)" --given "A: n n; u: n; v: n" --format json

exit status: 0 equal (proved or probably), 1 different or undecided, 2 bad input
"""


def parser() -> Parser:
    """The options of the command."""
    made = Parser("closedform equal", "Whether two expressions are equal: a verdict, and what it rests on.", EXAMPLES)
    made.add_argument("left", metavar="A", help="an expression; - reads it from standard input")
    made.add_argument("right", metavar="B", help="another one")
    made.add_argument(
        "--given", metavar="TEXT", action="append", help='declarations: sizes and facts, as in "S: n n pd; x: n; t: scalar"'
    )
    made.add_argument("--format", choices=("text", "json"), default="text", help="how to print the verdict (default: text)")
    return made


def run(arguments: argparse.Namespace) -> int:
    """Decide and print; 0 when the verdict is "proved" or "probably equal", else 1."""
    if arguments.left == "-" and arguments.right == "-":
        raise InputError("only one of the two expressions can be read from standard input")
    left, right = formula(arguments.left), formula(arguments.right)
    given = "; ".join(arguments.given) if arguments.given else None
    verdict = session.equal(left, right, given)
    if arguments.format == "json":
        json.dump(record(verdict, left, right, given), sys.stdout, indent=2)
        print()
    else:
        show(rows(verdict), headline=verdict.verdict)
    return 0 if verdict.equal is True else 1


def rows(verdict: Verdict) -> list[tuple[str, str]]:
    """What is said of a verdict, as pairs (label, text)."""
    out = [("by", verdict.evidence.stage)]
    out += [("because" if i == 0 else "", reason) for i, reason in enumerate(verdict.evidence.reasons)]
    if verdict.witness is not None:
        out.append(("witness", str(verdict.witness)))
    out += [("given that" if i == 0 else "", text) for i, text in enumerate(verdict.conditions)]
    if verdict.error_bound:
        out.append(("error bound", f"{verdict.error_bound:.1e}"))
    return out


def record(verdict: Verdict, left: str, right: str, given: str | None) -> dict[str, Any]:
    """The verdict as plain data."""
    w = verdict.witness
    return {
        "schema": SCHEMA,
        "left": left,
        "right": right,
        "given": given,
        "equal": verdict.equal,
        "verdict": verdict.verdict,
        "evidence": {
            "stage": verdict.evidence.stage,
            "reasons": list(verdict.evidence.reasons),
            "details": _plain(verdict.evidence.details),
        },
        "error_bound": verdict.error_bound,
        "witness": None
        if w is None
        else {
            "sizes": dict(w.sizes),
            "seed": w.seed,
            "entry": list(w.entry),
            "prime": w.prime,
            "residues": None if w.residues is None else list(w.residues),
            "values": None if w.values is None else list(w.values),
            "point": w.point,
        },
        "conditions": list(verdict.conditions),
    }


def _plain(details: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in details.items()}
