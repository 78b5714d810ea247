"""Make the page of rewrite rules from their catalog.

python docs/make_rules.py
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from closedform.rewrite import catalog
from closedform.rewrite.catalog import Row

PAGE = Path(__file__).resolve().parent / "rules.md"

HEAD = """# Rewrite rules

<!-- Made by docs/make_rules.py from the catalog in src/closedform/rewrite/catalog/. -->

An answer is brought into normal form, and made as short as it can be, by the rules below. A step of a derivation is
labelled with the name of its rule, and the name is the rule's anchor on this page. Each rule is given by one example of
what it does, with the declarations under which it holds, the reason, and an example that it leaves alone. Rules that make
an expression longer, such as `multiply-out`, are used on the way to a shorter one.

```python
>>> import closedform as cf
>>> print(cf.simplify("A*inv(A)*B + 2*B", "A: n n; B: n m"))
3*B

```
"""


def prose(text: str) -> str:
    """A sentence whose formulas are not taken for Markdown."""
    for mark in "*_<|[":
        text = text.replace(mark, "\\" + mark)
    return text


def code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def sentence(text: str) -> str:
    """A reason with a capital letter, unless it begins with a formula."""
    first = text.split()[0].rstrip(",;:")
    return prose(text[0].upper() + text[1:] if first.isalpha() and first.islower() else text) + "."


def entry(row: Row) -> str:
    """One rule under its name."""
    given = f" for {code(row.given)}" if row.given else ""
    lines = [f"### {row.name}", "", f"{code(row.left)} → {code(row.right)}{given}", "", sentence(row.because)]
    if row.counter:
        unless = f" for {code(row.unless)}" if row.unless else ""
        lines += ["", f"Left alone: {code(row.counter)}{unless}"]
    return "\n".join(lines) + "\n"


def areas() -> list[ModuleType]:
    """The parts of the catalog."""
    return [part for part in vars(catalog).values() if isinstance(part, ModuleType) and hasattr(part, "ROWS")]


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for area in areas():
        parts += [f"## {(area.__doc__ or '').splitlines()[0].rstrip('.')}\n", *map(entry, area.ROWS)]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
