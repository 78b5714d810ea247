"""The program ``closedform``: which command is meant, and how it ends.

Exit status: 0 done (or equal), 1 any other verdict, 2 bad input or a refusal (one message on standard error), 3 an answer
that failed its own check, 74 when the output cannot be written, 130 when interrupted, 141 when its reader went away.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import TextIO

import closedform
from closedform.cli.options import Parser, UsageError, add_limits, caps
from closedform.cli.screen import complain
from closedform.core.errors import InputError, Refusal, VerificationError
from closedform.core.limits import limits

COMMANDS = {
    "derive": "the closed-form derivative of an expression, checked numerically",
    "check": "whether an answer, or a derivation line by line, is right, and what is wrong with it",
    "equal": "whether two expressions are equal, with evidence",
    "doctor": "what this installation consists of, and whether it works",
    "layouts": "what each source calls its layout, and which layout a formula is in",
}
"""Each command with what it gives; ``closedform.cli.NAME`` has its ``parser()`` and ``run(arguments)``."""

INPUT, FAILED, NO_OUTPUT, INTERRUPTED, NO_READER = 2, 3, 74, 130, 141


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    _prepare_streams()
    try:
        try:
            return _answered(sys.argv[1:] if arguments is None else arguments)
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _silence(sys.stdout)
        return NO_READER
    except OSError as error:
        _silence(sys.stdout)
        complain("error", f"the output cannot be written: {error.strerror or error}")
        return NO_OUTPUT


def _answered(arguments: list[str]) -> int:
    """Run a command; its errors become messages."""
    try:
        return _run([_decoded(argument) for argument in arguments])
    except UsageError as error:
        complain("error", str(error))
        return INPUT
    except Refusal as error:
        complain("refused", str(error))
        return INPUT
    except InputError as error:
        complain("error", str(error))
        return INPUT
    except VerificationError as error:
        complain("withheld", str(error))
        return FAILED
    except OSError:
        raise
    except MemoryError:
        complain("refused", "the question needs more memory than there is")
        return INPUT
    except Exception as error:
        complain("defect", _defect(error))
        return FAILED


def _defect(error: Exception) -> str:
    """One sentence of an exception that nothing here expects: what and where it is."""
    from traceback import extract_tb

    where = extract_tb(error.__traceback__)[-1]
    at = f"{os.path.basename(where.filename)}:{where.lineno} in {where.name}"
    return f"{type(error).__name__} at {at}: {error}; this is a defect of closedform, please report it with the command line"


def _prepare_streams() -> None:
    """Streams that take every character; one that was closed takes everything and keeps nothing."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  (open until the program ends)
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show Σ must not end the program


def _silence(stream: TextIO) -> None:
    """Let a stream lead nowhere: the interpreter flushes it once more at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _decoded(argument: str) -> str:
    """An argument as it was typed, also where the locale knows no UTF-8."""
    if argument.isascii():
        return argument
    try:
        return os.fsencode(argument).decode("utf-8")
    except UnicodeError:
        return argument


def _run(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    if name in COMMANDS:
        command = import_module(f"closedform.cli.{name}")
        parser = command.parser()
        add_limits(parser)
        read = parser.read(arguments[1:])
        with limits(**caps(read.limit, parser.prog)):
            status: int = command.run(read)
        return status
    if name and not name.startswith("-"):
        raise UsageError(f"there is no command {name!r}; the commands are {', '.join(COMMANDS)} (see closedform --help)")
    parser = _parser()
    parser.parse_args(arguments)
    parser.print_help(sys.stderr)
    return INPUT


def _parser() -> Parser:
    listed = "\n".join(f"  {name:8} {what}" for name, what in COMMANDS.items())
    parser = Parser(
        "closedform",
        f"Closed-form matrix derivatives.\n\ncommands:\n{listed}",
        "closedform COMMAND --help says more, with examples.",
    )
    parser.usage = "closedform COMMAND …"
    parser.add_argument("--version", action="version", version=f"closedform {closedform.__version__}")
    return parser
