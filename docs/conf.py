"""Sphinx configuration: pages in MyST Markdown, the reference from docstrings."""

import closedform

project = "closedform"
author = "The closedform developers"
copyright = "2026, The closedform developers"
version = release = closedform.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = False
suppress_warnings = ["ref.python"]  # the interned node is re-exported by the package: two names for one object

autodoc_typehints = "description"
autodoc_member_order = "bysource"

html_theme = "furo"
html_title = "closedform"


def _formulas_as_text(app, what, name, obj, options, lines):
    """A * in a docstring multiplies; it does not begin emphasis."""
    example = False
    for at, line in enumerate(lines):
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        if not example:
            pieces = line.split("``")
            pieces[::2] = [piece.replace("*", "\\*") for piece in pieces[::2]]
            lines[at] = "``".join(pieces)


def setup(app):
    app.connect("autodoc-process-docstring", _formulas_as_text)
