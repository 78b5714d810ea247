"""An answer in each of the formats of ``closedform derive``.

``steps`` is the notation of the derivation, empty where it is not asked for.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from closedform.cli.screen import show
from closedform.result import Derivative

SCHEMA = 1
"""Version of the JSON object; raised when a field changes its meaning or goes away."""


@dataclass(frozen=True)
class Question:
    """What was asked, as it was typed."""

    expression: str
    wrt: tuple[str, ...]
    given: str | None
    forms: bool = False
    """Are the other forms of the answer wanted too?"""


def certificate_said(d: Derivative) -> str:
    """The numeric check in one line; the sizes are those of each trial in turn."""
    c = d.certificate
    if c is None:
        return "not checked"
    sizes = "; ".join(", ".join(f"{name}={size}" for name, size in trial.items()) for trial in c.sizes)
    return (
        f"numerically: {c.trials} trials, largest error {c.max_error:.1e}"
        + (f", sizes {sizes}" if sizes.strip("; ") else "")
        + f", seed {c.seed}"
    )


def rows(d: Derivative) -> list[tuple[str, str]]:
    """Everything that is said of an answer, as pairs (label, text)."""
    out = [
        ("shape", " x ".join(d.shape)),
        ("kind", d.kind),
        ("layout", f"{d.layout}: {d.reads}"),
        ("structure", d.structure),
    ]
    out += [("condition" if i == 0 else "", text) for i, text in enumerate(d.conditions)]
    out += [("note" if i == 0 else "", text) for i, text in enumerate(d.notes)]
    if d.inferred:
        out.append(("inferred", inferred_said(d)))
    return [*out, ("checked", certificate_said(d))]


def inferred_said(d: Derivative) -> str:
    """The declarations that were not given."""
    return "; ".join(f"{name}: {what}" for name, what in d.inferred.items())


def text(d: Derivative, question: Question, steps: str) -> None:
    """The formula in the language that is typed, and what is said of it."""
    _readable(d, question, steps, "text")


def indented(said: str) -> str:
    """A text two columns further in."""
    return "\n".join(f"  {line}" for line in said.splitlines())


def unicode(d: Derivative, question: Question, steps: str) -> None:
    """The formula with mathematical characters, and what is said of it."""
    _readable(d, question, steps, "unicode")


def _readable(d: Derivative, question: Question, steps: str, form: str) -> None:
    more = [f"other forms\n{indented(str(d.forms()))}"] if question.forms else []
    if steps:
        more.append(d.derivation.page(form, steps))
    show(rows(d), headline=d.unicode if form == "unicode" else str(d))  # nothing is printed before all is written
    for part in more:
        print(f"\n{part}")


def latex(d: Derivative, question: Question, steps: str) -> None:
    """The formula in LaTeX, nothing else; with the derivation as an aligned display."""
    page = f"\n\n{d.derivation.page('latex', steps)}" if steps else ""
    print(f"{d.latex}{page}")


def markdown(d: Derivative, question: Question, steps: str) -> None:
    """A section of a document."""
    by = ", ".join(f"`{name}`" for name in question.wrt)
    lines = [f"## Derivative of `{' '.join(question.expression.split())}` by {by}", ""]
    if question.given:
        lines += [f"Given `{' '.join(question.given.split())}`.", ""]
    lines += ["$$", d.latex, "$$", "", f"As text: `{d}`", "", "| | |", "|---|---|"]
    lines += [f"| {label} | {said.replace('|', chr(92) + '|')} |" for label, said in rows(d)]
    if question.forms:
        lines += ["", "### Other forms", "", d.forms().markdown()]
    if steps:
        lines += ["", "### Derivation", "", d.derivation.page("markdown", steps)]
    print("\n".join(lines).rstrip())


def html(d: Derivative, question: Question, steps: str) -> None:
    """A section of a page, without styles and scripts."""
    by = ", ".join(f"<code>{escape(name)}</code>" for name in question.wrt)
    lines = ["<section>", f"<h2>Derivative of <code>{escape(' '.join(question.expression.split()))}</code> by {by}</h2>"]
    if question.given:
        lines.append(f"<p>Given <code>{escape(' '.join(question.given.split()))}</code>.</p>")
    lines += [f'<p><span class="math">{escape(d.unicode)}</span></p>', f"<p>As text: <code>{escape(str(d))}</code></p>"]
    lines += _table(rows(d), code=False)
    if question.forms:
        lines += ["<h3>Other forms</h3>", *_table([(name, str(form)) for name, form in d.forms().items()], code=True)]
    if steps:
        lines += ["<h3>Derivation</h3>", d.derivation.page("html", steps)]
    print("\n".join([*lines, "</section>"]))


def _table(rows: list[tuple[str, str]], *, code: bool) -> list[str]:
    mark = ("<code>", "</code>") if code else ("", "")
    cells = [f"<tr><th>{escape(label)}</th><td>{mark[0]}{escape(said)}{mark[1]}</td></tr>" for label, said in rows]
    return ["<table>", *cells, "</table>"]


def python(d: Derivative, question: Question, steps: str) -> None:
    """The source of a NumPy function."""
    print(d.function().source.rstrip())


def json_object(d: Derivative, question: Question, steps: str) -> None:
    """One object for programs."""
    json.dump(record(d, question), sys.stdout, indent=2)
    print()


def record(d: Derivative, question: Question) -> dict[str, Any]:
    """The answer as plain data."""
    c = d.certificate
    return {
        "schema": SCHEMA,
        **({"forms": d.forms().record()} if question.forms else {}),
        "expression": question.expression,
        "wrt": list(question.wrt),
        "given": question.given,
        "inferred": dict(d.inferred),
        "kind": d.kind,
        "shape": list(d.shape),
        "layout": d.layout,
        "structure": d.structure,
        "derivative": {"text": str(d), "unicode": d.unicode, "latex": d.latex},
        "conditions": list(d.conditions),
        "notes": list(d.notes),
        "steps": [
            {"rule": step.rule, "before": str(step.before), "after": str(step.after), "because": step.because}
            for step in d.derivation
        ],
        "certificate": None
        if c is None
        else {
            "ok": c.ok,
            "trials": c.trials,
            "max_error": c.max_error,
            "sizes": [dict(trial) for trial in c.sizes],
            "seed": c.seed,
        },
        "code": {"numpy": d.function().source},
    }


FORMS: Mapping[str, Callable[[Derivative, Question, str], None]] = {
    "text": text,
    "unicode": unicode,
    "latex": latex,
    "markdown": markdown,
    "html": html,
    "python": python,
    "json": json_object,
}
"""What each format prints."""
