"""Text to tokens.  Columns are kept, spellings of one operator become one, Greek letters become their Latin names."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from closedform.core.errors import InputError, Refusal
from closedform.core.limits import admit

LONGEST_NUMBER = 1000
"""How many digits a number may have."""
LARGEST_EXPONENT = 400
"""The largest power of ten that may be written after e."""

_SMALL = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
GREEK: dict[str, str] = dict(zip("αβγδεζηθικλμνξοπρστυφχψω", _SMALL, strict=True))
"""The Latin name of each Greek letter."""
GREEK.update({letter.upper(): name.capitalize() for letter, name in list(GREEK.items())})
GREEK.update({"ς": "sigma", "ϑ": "theta", "ϕ": "phi", "ϖ": "pi", "ϱ": "rho", "ϵ": "epsilon", "µ": "mu"})

SPELLINGS: dict[str, str] = {
    "−": "-", "·": "*", "⋅": "*", "@": "*", "⊙": ".*", "∘": ".*", "⊘": "./", "∥": "‖",
    "ᵀ": "'", "⊤": "'", "’": "'", "′": "'", ".T": "'",
}  # fmt: skip
"""Other ways to write an operator."""

_NAMES = frozenset(GREEK.values())
_LETTER = "A-Za-z_" + "".join(GREEK)
_TOKEN = re.compile(
    r"\s*(?:(?P<num>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    rf"|(?P<name>[{_LETTER}][{_LETTER}0-9]*)"
    r"|(?P<op>\.\.|\.\*|\./|\.\^|\.T(?![^\Wᵀ])|[-+*/^'(),;:=\[\]⊗‖−·⋅@⊙∘⊘∥ᵀ⊤’′∑])"
    r"|\\(?P<greek>[A-Za-z]+(?:_[A-Za-z0-9]+)?))"
)


class Token(NamedTuple):
    """A piece of text: its kind (``num``, ``name``, ``op``, ``end``), what it stands for, and where it is."""

    kind: str
    text: str
    start: int
    end: int


def latin(name: str) -> str:
    r"""The canonical spelling of a name.

    >>> latin("Σ_1"), latin("\\mu[j]"), latin("x")
    ('Sigma_1', 'mu[j]', 'x')
    """
    if name.startswith("\\") and name[1:].partition("[")[0].partition("_")[0] in _NAMES:
        name = name[1:]
    return name if name.isascii() else "".join(GREEK.get(letter, letter) for letter in name)


def tokenize(text: str) -> list[Token]:
    """The tokens of a text, the last one of kind ``end``.

    >>> [t.text for t in tokenize("2·Σ.T")]
    ['2', '*', 'Sigma', "'", '']
    """
    admit("text", len(text), "the text has {} characters")
    out: list[Token] = []
    at, last = 0, len(text.rstrip())
    match = _TOKEN.match
    while at < last:
        hit = match(text, at)
        if hit is None:
            raise _unreadable(text, at)
        kind = hit.lastgroup
        assert kind is not None
        start, at = hit.span(kind)
        word = text[start:at]
        if kind == "op":
            word = SPELLINGS.get(word, word)
        elif kind == "name":
            word = latin(word)
        elif kind == "greek":
            kind, start = "name", start - 1
            if word.partition("_")[0] not in _NAMES:
                raise latex(text, start)
        out.append(Token(kind, word, start, at))
    out.append(Token("end", "", last, last + 1))
    return out


def number(token: Token, source: str) -> Fraction:
    """The exact value of a number as written."""
    digits, _, exponent = token.text.replace("E", "e").partition("e")
    if len(digits) > LONGEST_NUMBER:
        raise InputError(f"a number of more than {LONGEST_NUMBER} digits", source=source, column=token.start)
    if exponent and (len(exponent) > 6 or abs(int(exponent)) > LARGEST_EXPONENT):
        raise InputError(
            f"the exponent of a number is at most {LARGEST_EXPONENT}",
            source=source, column=token.start, width=token.end - token.start,
        )  # fmt: skip
    return Fraction(token.text)


def latex(text: str, at: int) -> Refusal:
    """The refusal of LaTeX, which is not read yet."""
    return Refusal(
        "LaTeX input is not available in this version (only Greek names such as \\Sigma are read); write the expression "
        "as in tr(inv(S)*C)",
        source=text, column=at,
    )  # fmt: skip


def _unreadable(text: str, at: int) -> InputError:
    while text[at].isspace():
        at += 1
    char = text[at]
    if "\\" in text:
        return latex(text, text.index("\\"))
    hint = {
        ".": "a dot stands only in numbers, in .* ./ .^ and in .T; attributes and methods are not part of the language",
        "×": "write * for the product, .* for the entrywise one",
        "÷": "write / or ./",
        "²": "write ^2",
        "{": "write round brackets",
        "}": "write round brackets",
        "|": "write abs(...), det(...) or norm2(...)",
        "#": "there are no comments in an expression",
        "<": "comparisons are not part of the language",
        ">": "comparisons are not part of the language",
        "!": "factorials and negations are not part of the language",
        "%": "remainders are not part of the language",
    }.get(char, "")
    return InputError(f"unexpected character {describe(char)}" + (f": {hint}" if hint else ""), source=text, column=at)


def describe(char: str) -> str:
    """A character for a message: as it is when plain, else with its number and name, so that look-alikes show."""
    if char.isascii() and char.isprintable():
        return repr(char)
    import unicodedata  # only an error needs it

    name = unicodedata.name(char, "")
    shown = f"{char!r} " if char.isprintable() else ""
    return f"{shown}U+{ord(char):04X}" + (f" ({name.capitalize()})" if name else "")
