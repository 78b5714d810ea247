"""Expressions as plain text of the language: what is printed is read back as the same node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr
from closedform.lang.precedence import ATOM, POSTFIX, POWER, PRODUCT, SUM, UNARY
from closedform.lang.render import (
    Page,
    Piece,
    Printed,
    Rule,
    cat,
    decimal,
    divisor,
    flatten,
    integer_text,
    joined,
    layout,
    leads_with,
    number,
    slices,
    word,
)


def text(e: Expr, given: Iterable[str] = ()) -> str:
    """The expression in the input language, in ASCII.  Named intermediates come first, each as ``let P = …;``.

    ``given`` are names that are declared although they need not occur: K(m, n) is then commutation(m, n) when K is.

    >>> from closedform.core.op import f
    >>> from closedform.ops.build import product, total
    >>> n = Dim.of("n")
    >>> A = f.symbol("A", n, n, 2, frozenset())
    >>> text(product(f.inv(A), total(A, f.transpose(A))))
    "inv(A)*(A + A')"
    """
    page = layout(e, RULES, _call, given)
    body = page.done[e][0]
    if page.lets:
        return flatten(cat(*(cat("let ", name, " = ", piece, "; ") for name, piece in page.lets.items()), body))
    return body if isinstance(body, str) else flatten(body)


def _at(page: Page, e: Expr, least: int) -> Piece:
    """The text of an operand, in brackets when it binds more loosely than its place asks."""
    piece, level = page.done[e]
    if level >= least:
        return piece
    return f"({piece})" if type(piece) is str else cat("(", piece, ")")


# ---- sums ---------------------------------------------------------------------------------------------------------
def _add(page: Page, e: Expr) -> Printed:
    out = [_at(page, e.args[0], PRODUCT)]
    for t in e.args[1:]:
        minus, piece = _term(page, t)
        out.append(" - " if minus else " + ")
        out.append(cat("(", piece, ")") if leads_with(piece, "-") else piece)
    return cat(*out), SUM


def _term(page: Page, t: Expr) -> tuple[bool, Piece]:
    """A later term of a sum: is it subtracted, and what is written after the sign?"""
    value = number(t)
    if value is not None and value < 0:
        return True, _number_text(-value)[0]
    if t.op.name == "mul":
        value = number(t.args[0])
        if value is not None and value < 0:
            rest = t.args[1:]
            if value != -1:
                return True, _product(page, _number_text(-value)[0], True, rest)
            if rest[0].op.name not in ("number", "mul"):
                first = _at(page, rest[0], PRODUCT)
                return True, _product(page, first, False, rest[1:], scalar=rest[0].is_scalar) if rest[1:] else first
    return False, _at(page, t, PRODUCT)


def _divided(e: Expr) -> Expr | None:
    """b where the expression is 1/b or 1./b, so that it is written with a slash after another factor."""
    below = divisor(e, e.op.name) if e.op.name in ("pow", "entrypow") else None
    if below is not None and below.op.name == e.op.name:
        inside = number(below.args[1])
        if inside is not None and inside.denominator == 1 and inside >= 2:
            return None  # 1/b^2 is read as b^-2
    return below


def _below(page: Page, e: Expr) -> Piece | None:
    """What stands under a slash where the expression is a negative whole power."""
    if e.op.name not in ("pow", "entrypow"):
        return None
    base, exponent = e.args[0], number(e.args[1])
    if exponent is None or exponent.denominator != 1 or exponent >= 0 or base.op.name == "number":
        return None
    if exponent == -1:
        return None if _divided(e) is None else _at(page, base, POWER)
    sign = "^" if e.op.name == "pow" else ".^"
    return cat(_at(page, base, POSTFIX), sign, integer_text(int(-exponent)))


# ---- products -----------------------------------------------------------------------------------------------------
def _mul(page: Page, e: Expr) -> Printed:
    first, rest = e.args[0], e.args[1:]
    value = number(first)
    if value is None:
        return _product(page, _at(page, first, PRODUCT), False, rest, scalar=first.is_scalar), PRODUCT
    if value == -1 and rest[0].op.name not in ("number", "mul") and _below(page, rest[0]) is None:
        start = cat("-", _at(page, rest[0], POWER))
        if len(rest) == 1:
            return start, UNARY
        return _product(page, start, False, rest[1:], scalar=rest[0].is_scalar), PRODUCT
    return _product(page, _number_text(value)[0], True, rest, one=value == 1), PRODUCT


def _product(page: Page, start: Piece, literal: bool, rest: Sequence[Expr], *, scalar: bool = True, one: bool = False) -> Piece:
    """Factors after a first one that is written already.

    ``literal``: the first is a number (dividing it by a number would make one number of both); ``one``: it is the
    number 1 (1/b is a power, not a product); ``scalar``: it is 1 x 1.
    """
    out: list[Piece] = [start]
    for g in rest:
        name = g.op.name
        if name == "number":
            value: Fraction = g.params[0]
            if value.numerator == 1 and value.denominator > 1 and not literal:
                out.append("/" + integer_text(value.denominator))
            else:
                out += ("*", _at(page, g, POWER))
        else:
            below = None if one else _below(page, g)
            if below is not None and (name == "pow" or scalar):
                out += ("/" if name == "pow" else "./", below)
            else:
                out += ("*", _at(page, g, POWER))
        literal = one = False
        scalar = scalar and g.is_scalar
    return cat(*out)


def _hadamard(page: Page, e: Expr) -> Printed:
    out = [_at(page, e.args[0], PRODUCT)]
    for g in e.args[1:]:
        below = _below(page, g) if g.op.name == "entrypow" else None
        out += (".*", _at(page, g, POWER)) if below is None else ("./", below)
    return cat(*out), PRODUCT


# ---- powers -------------------------------------------------------------------------------------------------------
def _pow(page: Page, e: Expr) -> Printed:
    below = _below(page, e)
    if below is not None:
        return cat("1/", below), PRODUCT
    return cat(_at(page, e.args[0], POSTFIX), "^", _exponent(page, e.args[1])), POWER


def _entrypow(page: Page, e: Expr) -> Printed:
    below = _below(page, e)
    if below is not None:
        return cat("1./", below), PRODUCT
    return cat(_at(page, e.args[0], POSTFIX), ".^", _exponent(page, e.args[1])), POWER


def _exponent(page: Page, e: Expr) -> Piece:
    value = number(e)
    if value is not None and value.denominator == 1:
        return integer_text(int(value))
    piece, level = page.done[e]
    if e.op.name in ("symbol", "named", "size") and level == ATOM:
        return piece
    return cat("(", piece, ")")


def _matrixpow(page: Page, e: Expr) -> Printed:
    k = str(e.params[0])
    return cat(_at(page, e.args[0], POSTFIX), "^", k if k.isalnum() else f"({k})"), POWER


def _sympow(page: Page, e: Expr) -> Printed:
    k = _size(e.params[0])
    return cat(_at(page, e.args[0], POSTFIX), "^", k if k.isalnum() else f"({k})"), POWER


def _transpose(page: Page, e: Expr) -> Printed:
    return cat(_at(page, e.args[0], POSTFIX), "'"), POSTFIX


# ---- entries and blocks -------------------------------------------------------------------------------------------
def _index(page: Page, e: Expr) -> Printed:
    base = e.args[0]
    return cat(_at(page, base, POSTFIX if number(base) is None else ATOM + 1), "[", ",".join(slices(e, _size)), "]"), POSTFIX


def _blocks(page: Page, e: Expr) -> Printed:
    cells = iter(e.args)
    rows = [joined(", ", [page.done[next(cells)][0] for _ in range(count)]) for count in e.params[0]]
    return cat("[", joined("; ", rows), "]"), ATOM


# ---- sums with an index -------------------------------------------------------------------------------------------
def _series(page: Page, e: Expr) -> Printed:
    name, low, high = e.params
    span = f"{_size(low)}..{_size(high)}".replace(" ", "")
    return cat(f"sum({name} in {span}, ", page.done[e.args[0]][0], ")"), ATOM


def _member(page: Page, e: Expr) -> Printed:
    return cat(page.done[e.args[0]][0], "[", _size(e.params[0]), "]"), POSTFIX


def _moved(page: Page, e: Expr) -> Printed:
    return page.done[e.args[0]]


# ---- leaves -------------------------------------------------------------------------------------------------------
def _symbol(page: Page, e: Expr) -> Printed:
    return e.params[0], ATOM


def _tangent(page: Page, e: Expr) -> Printed:
    return f"d{e.params[0]}", ATOM


def _hole(page: Page, e: Expr) -> Printed:
    return "_", ATOM


def _named(page: Page, e: Expr) -> Printed:
    name = page.intermediate(e)
    return page.done[e.args[0]] if name is None else (name, ATOM)


def _number(page: Page, e: Expr) -> Printed:
    return _number_text(e.params[0])


def _number_text(value: Fraction) -> tuple[str, int]:
    if value.denominator == 1:
        return integer_text(value.numerator), ATOM if value >= 0 else UNARY
    short = decimal(value)
    if short is not None:
        return short, ATOM if value > 0 else UNARY
    return f"{integer_text(value.numerator)}/{integer_text(value.denominator)}", PRODUCT


def _size(dim: Dim) -> str:
    terms = dim.terms
    if len(terms) == 1 and len(terms[0][0]) == 1 and terms[0][1] == 1:
        return terms[0][0][0]
    return str(dim)


def _size_as_number(page: Page, e: Expr) -> Printed:
    dim: Dim = e.params[0]
    shown = _size(dim)
    if shown.isidentifier() or shown.isdecimal():
        return shown, ATOM
    depth = 0
    for ch in shown:
        depth += (ch == "(") - (ch == ")")
        if ch in "+-" and depth == 0:
            return shown, SUM
    return shown, PRODUCT


def _constant(page: Page, e: Expr) -> Printed:
    sizes = e.params if e.cols is not ONE else e.params[:1]
    return f"{e.op.word}({', '.join([_size(d) for d in sizes])})", ATOM


# ---- everything else ----------------------------------------------------------------------------------------------
def _call(page: Page, e: Expr) -> Printed:
    """An operation written as a function: its word and, in brackets, arguments and parameters."""
    name = word(page, e.op)
    args: list[Piece] = [page.done[a][0] for a in e.args]
    if e.params:
        args += [_size(p) if isinstance(p, Dim) else str(p) for p in e.params]
    if len(args) == 1:
        return cat(name, "(", args[0], ")"), ATOM
    return cat(name, "(", joined(", ", args), ")") if args else name, ATOM


RULES: dict[str, Rule] = {
    "symbol": _symbol, "tangent": _tangent, "hole": _hole, "named": _named, "number": _number, "size": _size_as_number,
    "zeros": _constant, "ones": _constant, "add": _add, "mul": _mul, "hadamard": _hadamard, "pow": _pow,
    "entrypow": _entrypow, "matrixpow": _matrixpow, "transpose": _transpose, "index": _index, "blocks": _blocks,
    "sympow": _sympow, "series": _series, "family": _symbol, "member": _member, "moved": _moved,
}  # fmt: skip
"""The operations with a syntax of their own."""
