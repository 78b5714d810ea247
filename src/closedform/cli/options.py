"""Reading a command line whose positional arguments are formulas: they may begin with a minus sign."""

from __future__ import annotations

import argparse
from typing import NoReturn

from closedform.core.limits import DEFAULTS, checked


class UsageError(Exception):
    """A command line that cannot be read; its text says what is wrong and where help is."""


class Parser(argparse.ArgumentParser):
    """An argument parser that takes ``-x'*A*x`` for a formula and reports one line instead of the whole usage.

    >>> parser = Parser("demo", "A demonstration.", "")
    >>> _ = parser.add_argument("expression")
    >>> _ = parser.add_argument("--wrt")
    >>> parser.read(["-x'*A*x", "--wrt", "x"])
    Namespace(expression="-x'*A*x", wrt='x')
    """

    def __init__(self, prog: str, description: str, examples: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=examples,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def read(self, arguments: list[str]) -> argparse.Namespace:
        """The arguments by name; UsageError when they do not fit."""
        return self.parse_args(self._formulas_last(arguments))

    def error(self, message: str) -> NoReturn:
        said = message.replace("arguments: -- ", "arguments: ")  # the -- is that of ``read``
        raise UsageError(f"{said} (see {self.prog} --help)")

    def _formulas_last(self, arguments: list[str]) -> list[str]:
        """Options first, each joined to its value, then everything else behind ``--``."""
        takes_value = {name: action.nargs != 0 for action in self._actions for name in action.option_strings}
        options: list[str] = []
        formulas: list[str] = []
        rest = iter(arguments)
        for item in rest:
            if item == "--":
                formulas.extend(rest)
            elif takes_value.get(item):
                value = next(rest, None)
                options.append(item if value is None else f"{item}={value}")
            elif item.partition("=")[0] in takes_value or _mistyped(item):
                options.append(item)
            else:
                formulas.append(item)
        return [*options, "--", *formulas] if formulas else options


def _mistyped(item: str) -> bool:
    """Does it look like an option that does not exist, rather than like a formula?"""
    name = item.partition("=")[0]
    return name.startswith("--") and len(name) > 3 and name[2:].replace("-", "").isalpha()


def add_limits(parser: Parser) -> None:
    """The option that changes what a question may cost."""
    parser.add_argument(
        "--limit",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help=f"a cap on what the question may cost, or none: {', '.join(DEFAULTS)}; as in --limit seconds=5",
    )


def caps(listed: list[str], prog: str) -> dict[str, float | None]:
    """The caps that are named by the option; UsageError when one cannot be read.

    >>> caps(["seconds=5", "nodes=1e4", "text=none"], "demo")
    {'seconds': 5, 'nodes': 10000, 'text': None}
    """
    out: dict[str, float | None] = {}
    for item in listed:
        name, equals, text = (part.strip() for part in item.partition("="))
        if name not in DEFAULTS or not equals:
            raise UsageError(f"--limit wants NAME=VALUE with a name of {', '.join(DEFAULTS)}, not {item!r} (see {prog} --help)")
        try:
            value = None if text == "none" else float(text)
            out[name] = checked(name, int(value) if value is not None and value.is_integer() else value)
        except (ValueError, OverflowError) as error:
            said = str(error) if str(error).startswith("limits.") else f"{text!r} is not a number or none"
            raise UsageError(f"--limit {name}: {said} (see {prog} --help)") from None
    return out
