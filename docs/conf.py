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
