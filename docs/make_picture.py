"""Make the picture of the README: run its first command's `closedform …` on a terminal and draw what it prints.

python docs/make_picture.py
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

DOCS = Path(__file__).resolve().parent
PICTURE = DOCS / "images" / "derive.svg"
WIDTH = 100


def command() -> str:
    """The command of the README, without what sets it up."""
    text = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    return text[text.index("closedform derive") :].partition("\n")[0]


def on_a_terminal(arguments: list[str]) -> str:
    """What a program prints on a terminal of the picture's width."""
    process, terminal = pty.fork()
    if process == 0:
        settings = {"COLUMNS": str(WIDTH), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        os.execve(arguments[0], arguments, {**os.environ, **settings})
    said = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        said += piece
    _, status = os.waitpid(process, 0)
    if status:
        raise SystemExit(f"the command failed: {said.decode()}")
    return said.decode("utf-8").replace("\r\n", "\n")


def main() -> None:
    line = command()
    said = on_a_terminal([sys.executable, "-m", *shlex.split(line)])
    with open(os.devnull, "w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True, color_system="truecolor")
        console.print(Text.assemble(("$ ", "green"), line))
        console.print(Text.from_ansi(said.rstrip()))
    svg = console.export_svg(title="closedform", unique_id="run")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL), encoding="utf-8")  # no fonts from the web
    print(f"wrote {PICTURE.relative_to(DOCS.parent)}")


if __name__ == "__main__":
    main()
