"""Derivations as pages: in text, with mathematical characters, in LaTeX, Markdown and HTML."""
