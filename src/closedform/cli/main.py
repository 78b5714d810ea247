"""The program ``closedform``: which command is meant, and how it ends.

Exit status: 0 done (or equal), 1 any other verdict, 2 bad input or a refusal (one message on standard error), 3 an answer
that failed its own check, 130 when interrupted, 141 when the reader of the output went away.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

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

INPUT, FAILED, INTERRUPTED, NO_READER = 2, 3, 130, 141


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show Σ must not end the program
    try:
        status = _run(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
        return status
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
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes once more at its end
        return NO_READER


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
