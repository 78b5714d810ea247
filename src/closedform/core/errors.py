"""Every exception of the package.

An error states the requirement, the operands with their shapes and a suggestion; when it comes from a text it also
shows the text with a caret under the column at fault.
"""

from __future__ import annotations

WINDOW = 72
"""How many characters of a long input an error message shows."""

LONGEST = 1_600
"""How many characters the sentence of an error has at most."""


def printable(text: str, most: int) -> str:
    """The text for a terminal: at most so many characters, and a dot for each that is no visible one (line ends stay).

    >>> printable("x\\x1b[31m + y", 12)
    'x·[31m + y'
    """
    if len(text) > most:
        text = text[: most - 1] + "…"
    return text if text.isprintable() else "".join(ch if ch.isprintable() or ch == "\n" else "·" for ch in text)


class InputError(ValueError):
    """Input that is not an admissible question.

    ``message`` is the sentence, ``source`` the text that was read (or None) and ``column`` the place in it, counted
    from 0; ``width`` is how many characters the caret underlines.

    >>> print(InputError("unexpected ')'", source="x)", column=1))
    unexpected ')'
      x)
       ^
    """

    def __init__(self, message: str, *, source: str | None = None, column: int | None = None, width: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.column = column
        self.width = width

    def located(self, source: str, column: int, width: int = 1) -> InputError:
        """The same error with a place, unless it already has one."""
        if self.column is None:
            self.source, self.column, self.width = source, column, width
        return self

    def __str__(self) -> str:
        said = printable(self.message, LONGEST)
        if self.source is None or self.column is None:
            return said
        return said + "\n" + caret(self.source, self.column, self.width)


class DivisionByZero(InputError):
    """A division by the number 0, as it was typed or as the expression turns out to be."""


class Refusal(InputError):
    """A question that is well posed but that the system cannot derive or cannot check; it says which part and why."""


class VerificationError(Exception):
    """An answer failed its own numeric check and is withheld.  This is always a defect of the package."""


def caret(source: str, column: int, width: int = 1) -> str:
    """Two lines: the text (a window of it when it is long) and a caret under the column."""
    start = max(0, column - WINDOW // 2) if len(source) > WINDOW else 0
    piece = "".join(ch if ch.isprintable() else "·" for ch in source[start : start + WINDOW])
    lead = "…" if start else ""
    tail = "…" if start + WINDOW < len(source) else ""
    width = max(1, min(width, WINDOW - (column - start)))
    return f"  {lead}{piece}{tail}\n  {' ' * (len(lead) + column - start)}{'^' * width}"
