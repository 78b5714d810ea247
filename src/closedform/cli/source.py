"""Where formulas and derivations come from: the command line, a file, or standard input."""

from __future__ import annotations

import sys
from typing import BinaryIO

from closedform.core.errors import InputError, Refusal
from closedform.core.limits import limits, said

WIDEST = 4
"""So many bytes has a character at most."""


def formula(text: str) -> str:
    """The text of a formula as given, or what standard input holds when it is ``-``.

    >>> formula("x'*A*x")
    "x'*A*x"
    """
    return standard_input().strip() if text == "-" else text


def contents(path: str) -> str:
    """The text of a file, or standard input for ``-``."""
    if path == "-":
        return standard_input()
    try:
        with open(path, "rb") as file:
            return _decoded(file, f"the derivation {path!r}")
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"the derivation {path!r} cannot be read: {reason}") from None


def standard_input() -> str:
    """All of standard input."""
    if sys.stdin is None:
        raise InputError("standard input is closed")
    try:
        return _decoded(sys.stdin.buffer, "standard input")
    except OSError as error:
        raise InputError(f"standard input cannot be read: {error.strerror}") from None


def _decoded(file: BinaryIO, title: str) -> str:
    """The text of a file, of which no more is read than a question may have."""
    if limits.text is None:
        data = file.read()
    else:
        data = file.read(WIDEST * limits.text + 1)
        if len(data) > WIDEST * limits.text:
            raise Refusal(said("text", f"{title} has more than {limits.text:,} characters"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{title} is not UTF-8 text (byte {error.start + 1})") from None
