"""The forms of a page by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from closedform.page import html, latex, markdown, text
from closedform.page.script import Row

FORMS: Mapping[str, tuple[str, Callable[[list[Row]], str]]] = {
    "text": ("text", text.page),
    "unicode": ("unicode", text.page),
    "latex": ("latex", latex.page),
    "markdown": ("latex", markdown.page),
    "html": ("unicode", html.page),
}
"""How the formulas of each form are written, and what makes a page of the rows."""
