"""Make the table of the names of steps on the page of derivations.

python docs/make_steps.py
"""

from __future__ import annotations

from pathlib import Path

from closedform.calculus.step import NAMES

PAGE = Path(__file__).resolve().parent / "derivations.md"
START = "<!-- The table is made by docs/make_steps.py from src/closedform/calculus/step.py. -->\n\n"


def prose(text: str) -> str:
    """A sentence whose formulas are not taken for Markdown."""
    for mark in "*_<|[":
        text = text.replace(mark, "\\" + mark)
    return text


def table() -> str:
    """The names of the steps and what they say."""
    rows = [f"| `{name}` | {prose(said)} |" for name, said in NAMES.items()]
    return "\n".join(["| name | the step |", "|---|---|", *rows]) + "\n"


def page(text: str) -> str:
    """The page with the table as it is now."""
    before, _, after = text.partition(START)
    _, _, rest = after.partition("\n\n")
    return f"{before}{START}{table()}\n{rest}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
