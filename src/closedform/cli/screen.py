"""What goes to a terminal: colour only there, and never when NO_COLOR is set."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO

from closedform.core.errors import printable

MOST = 4_000
"""How many characters a message has at most."""


def on_terminal(stream: TextIO) -> bool:
    """Is a person reading the stream?"""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def show(rows: list[tuple[str, str]], *, headline: str) -> None:
    """A headline and rows of (label, text) on standard output, laid out in two columns.

    On a terminal the label is dimmed and long texts are wrapped; elsewhere each text stays on one line.
    """
    width = max((len(label) for label, _ in rows), default=0)
    if not on_terminal(sys.stdout):
        print(headline)
        for label, text in rows:
            print(f"  {label:{width}}  {text}".rstrip())
        return
    from rich.console import Console  # costs as much as the whole derivation: only where it is seen
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(headline, style="bold cyan"))
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in rows:
        table.add_row(label, Text(text, style="green" if label == "checked" else ""))
    console.print(Padding(table, (0, 0, 0, 2)))


def complain(kind: str, message: str) -> None:
    """One message on standard error, in which nothing can move the cursor; where nobody can hear it, nothing."""
    message = printable(message, MOST)
    with suppress(OSError):
        if not on_terminal(sys.stderr):
            print(f"{kind}: {message}", file=sys.stderr, flush=True)
            return
        from rich.console import Console
        from rich.text import Text

        text = Text.assemble((f"{kind}:", "bold red"), f" {message}")
        Console(stderr=True, highlight=False, soft_wrap=True).print(text)
