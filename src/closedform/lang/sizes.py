"""Sizes in a text: names, integers and simple expressions of them, such as ``p-1``, ``2*n`` or ``n*(n+1)/2``."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import lcm

from closedform.core.dim import MOST_FACTORS, MOST_TERMS, Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.facts import NAMES
from closedform.core.limits import limits
from closedform.lang.tokens import Token, number

LEVELS = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4}
SIGN = 3
"""The level of a sign, between products and powers."""
RESERVED = frozenset({*NAMES, "scalar", "let", "in", "pi"})
"""Words that cannot be the name of a size."""


def read_size(tokens: list[Token], at: int, source: str, use: Callable[[Token], None]) -> tuple[Dim, int]:
    """The size expression that starts at a token, and the place of the first token after it.

    ``use`` sees the token of every name, and raises when it cannot be a size.
    """
    values: list[Dim] = []
    pending: list[tuple[str, int, Token]] = []

    def reduce(level: int) -> None:
        while pending and pending[-1][1] >= level:
            op, _, where = pending.pop()
            right = values.pop()
            values.append(right * -1 if op == "neg" else _join(op, values.pop(), right, where, source))

    start = tokens[at]
    want, opened = True, 0
    while True:
        token = tokens[at]
        kind, text = token.kind, token.text
        if want:
            if kind == "num":
                written = number(token, source)
                if limits.power is not None and written > limits.power:
                    raise _error("this size is too large" + _capped(), token, source)
                values.append(Dim.of(1) * written)
                if tokens[at + 1].kind == "name" and tokens[at + 1].start == token.end:
                    raise _error(f"write {text}*{tokens[at + 1].text} for a product of sizes", token, source)
            elif kind == "name":
                if text in RESERVED or text.startswith("_"):
                    raise _error(f"{text!r} cannot be the name of a size", token, source)
                use(token)
                values.append(Dim.of(text))
            elif kind == "op" and text in ("+", "-"):
                if text == "-":
                    pending.append(("neg", SIGN, token))
                at += 1
                continue
            elif kind == "op" and text == "(":
                pending.append(("(", 0, token))
                opened += 1
                at += 1
                continue
            else:
                raise _error("a size is wanted here: a name, an integer or an expression such as n-1", token, source)
            want = False
        elif kind == "op" and text in LEVELS:
            reduce(LEVELS[text])
            pending.append((text, LEVELS[text], token))
            want = True
        elif kind == "op" and text == ")" and opened:
            opened -= 1
            reduce(1)
            pending.pop()
        else:
            break
        at += 1
    reduce(1)
    if pending:
        raise _error("this bracket is not closed", pending[-1][2], source)
    (value,) = values
    if _large(value):
        raise _error("this size is too large" + _capped(), start, source, tokens[at - 1].end)
    if not whole(value):
        raise _error(f"the size {value} is not a whole number", start, source, tokens[at - 1].end)
    return value, at


def positive(size: Dim, token: Token, source: str, end: int | None = None) -> Dim:
    """The size, refused when it is never at least 1."""
    if never_positive(size):
        raise _error(f"a size is at least 1, not {size}", token, source, end)
    return size


def never_positive(size: Dim) -> bool:
    """Is the polynomial at most 0 for all positive integers, because it only falls from its value at 1?

    >>> n = Dim.of("n")
    >>> never_positive(n * -1 + 1), never_positive(n * -1 + 2), never_positive(n - 1)
    (True, False, False)
    """
    falls = all(factor < 0 for names, factor in size.terms if names)
    return falls and sum(factor for _, factor in size.terms) <= 0


def _large(size: Dim) -> bool:
    return limits.power is not None and any(abs(factor) > limits.power for _, factor in size.terms)


def _capped() -> str:
    return f"; the cap is {limits.power:,} (cf.limits.power)"


def _join(op: str, left: Dim, right: Dim, where: Token, source: str) -> Dim:
    for side in (left, right):
        if _large(side):
            raise _error("this size is too large" + _capped(), where, source)
    if op in ("+", "-", "*"):
        if op == "*" and len(left.terms) * len(right.terms) > 2 * MOST_TERMS:
            raise _error(f"a size is a sum of at most {MOST_TERMS} products", where, source)
        try:
            return left * right if op == "*" else left + (right if op == "+" else right * -1)
        except Refusal as error:
            raise error.located(source, where.start, where.end - where.start) from None
    fixed = right.integer
    if op == "/":
        if fixed is None or fixed == 0:
            raise _error("a size is divided by a whole number only", where, source)
        return left * Fraction(1, fixed)
    if fixed is None or not 0 <= fixed <= MOST_FACTORS:
        raise _error(f"the power of a size is a whole number up to {MOST_FACTORS}", where, source)
    out = Dim.of(1)
    for _ in range(fixed):
        out = _join("*", out, left, where, source)
    return out


def whole(size: Dim) -> bool:
    """Is the polynomial a whole number wherever its names are?  Its remainders repeat, so one period decides."""
    scale = lcm(*(factor.denominator for _, factor in size.terms))
    if scale == 1:
        return True
    names = sorted(size.names)
    if len(names) > 3 or scale > 6:
        return False
    for values in product(range(1, scale + 1), repeat=len(names)):
        try:
            size.value(dict(zip(names, values, strict=True)))
        except ValueError:
            return False
    return True


def _error(message: str, token: Token, source: str, end: int | None = None) -> InputError:
    return InputError(message, source=source, column=token.start, width=(end or token.end) - token.start)
