"""Expressions as one line of mathematics for people: AᵀA, S⁻¹, ‖x‖, Σ."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr
from closedform.lang.precedence import ATOM, POSTFIX, POWER, PRODUCT, SUM, UNARY
from closedform.lang.render import (
    LETTERS,
    Page,
    Piece,
    Printed,
    Rule,
    cat,
    decimal,
    divisor,
    fill,
    flatten,
    integer_text,
    joined,
    layout,
    leads_with,
    number,
    quotient,
    slices,
    word,
)

ENTRYWISE = 15
"""How tightly ⊙, ⊘ and ⊗ bind here: less than products, which are written side by side."""

SUPERSCRIPT = dict(zip("0123456789-T", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ", strict=True))
SUBSCRIPT = dict(zip("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
MARKS = "".join((*SUPERSCRIPT.values(), *SUBSCRIPT.values()))
VULGAR = {
    Fraction(1, 2): "½", Fraction(1, 3): "⅓", Fraction(2, 3): "⅔", Fraction(1, 4): "¼", Fraction(3, 4): "¾",
    Fraction(1, 5): "⅕", Fraction(1, 6): "⅙", Fraction(1, 8): "⅛", Fraction(3, 8): "⅜",
}  # fmt: skip


def unicode(e: Expr, given: Iterable[str] = ()) -> str:
    """The expression as one line for people; named intermediates follow it, ``… with P = …``.

    >>> from closedform.core.op import f
    >>> from closedform.ops.build import minus, product
    >>> n = Dim.of("n")
    >>> S = f.symbol("Sigma", n, n, 2, frozenset())
    >>> unicode(minus(f.inv(S), product(f.transpose(S), S)))
    'Σ⁻¹ - ΣᵀΣ'
    """
    page = layout(e, RULES, _other, given)
    body = page.done[e][0]
    if page.lets:
        body = cat(body, " with ", joined(", ", [cat(_name(name), " = ", piece) for name, piece in page.lets.items()]))
    return flatten(body)


def _at(page: Page, e: Expr, least: int) -> Piece:
    """The text of an operand, in brackets when it binds more loosely than its place asks."""
    piece, level = page.done[e]
    return piece if level >= least else cat("(", piece, ")")


def _inner(page: Page, e: Expr, least: int) -> Piece:
    """The same for an operand that is not the first: a minus sign in front takes brackets too."""
    piece = _at(page, e, least)
    return cat("(", piece, ")") if leads_with(piece, "-") else piece


def _raised(value: str) -> str:
    return "".join([SUPERSCRIPT[ch] for ch in value])


def _lowered(*sizes: Dim) -> str | None:
    """Sizes as a subscript, None where a character is missing."""
    shown = [_size(d) for d in sizes]
    if all(len(s) == 1 or s.isdecimal() for s in shown) and all(ch in SUBSCRIPT for s in shown for ch in s):
        return "".join(SUBSCRIPT[ch] for s in shown for ch in s)
    return None


# ---- sums and products --------------------------------------------------------------------------------------------
def _add(page: Page, e: Expr) -> Printed:
    out = [_at(page, e.args[0], ENTRYWISE)]
    for t in e.args[1:]:
        value = number(t)
        minus, piece = False, _at(page, t, ENTRYWISE)
        if value is not None and value < 0:
            minus, piece = True, _number_text(-value)[0]
        elif t.op.name == "mul":
            minus, piece, _ = _product(page, t, first=True)
        out.append(" - " if minus else " + ")
        out.append(cat("(", piece, ")") if leads_with(piece, "-") else piece)
    return cat(*out), SUM


def _mul(page: Page, e: Expr) -> Printed:
    minus, piece, level = _product(page, e, first=False)
    return (cat("-", piece), min(level, UNARY)) if minus else (piece, level)


def _product(page: Page, e: Expr, *, first: bool) -> tuple[bool, Piece, int]:
    """Sign, text without the sign, and binding power; ``first``: a lone factor may bind as loosely as a term."""
    args = e.args
    below = divisor(args[1], "entrypow") if len(args) == 2 and args[0].is_scalar else None
    if below is not None:
        value = number(args[0])
        top = _inner(page, args[0], PRODUCT) if value is None else _number_text(abs(value))[0]
        return value is not None and value < 0, cat(top, " ⊘ ", _inner(page, below, PRODUCT)), ENTRYWISE
    q = quotient(args)
    alone = len(q.over) == 1 and q.lead == 1 and not q.front and not q.under and q.bottom == 1
    if alone:
        return q.negative, (_at if first else _inner)(page, q.over[0], ENTRYWISE if first else POWER), POWER
    out = _lead(page, q.lead, q.front, bool(q.over))
    for i, g in enumerate(q.over):
        piece = _inner(page, g, PRODUCT + 1)
        if i > 0 or out:
            out.append(_gap(out[-1], piece))
        out.append(piece)
    if q.under or q.bottom > 1:
        out += ("/", _below(page, q.bottom, q.under))
    return q.negative, cat(*out), PRODUCT


def _lead(page: Page, value: Fraction, front: list[tuple[Expr, int]], more: bool) -> list[Piece]:
    """The number in front of a product."""
    if front:
        top, below = integer_text(value.numerator), _below(page, value.denominator, front)
        return [cat("(", top, "/", below, ")")] if more else [top, "/", below]
    if value == 1 and more:
        return []
    shown, level = _number_text(value)
    return [f"({shown})" if more and level < POWER else shown]


def _below(page: Page, bottom: int, powers: list[tuple[Expr, int]]) -> Piece:
    """A denominator, in brackets when it has several factors."""
    pieces: list[Piece] = [integer_text(bottom)] if bottom > 1 else []
    for base, k in powers:
        piece = _at(page, base, POWER if k == 1 else ATOM)
        pieces.append(piece if k == 1 else cat(piece, _raised(str(k))))
    out: list[Piece] = []
    for piece in pieces:
        if out:
            out.append(_gap(out[-1], piece))
        out.append(piece)
    return out[0] if len(out) == 1 else cat("(", *out, ")")


def _gap(left: Piece, right: Piece) -> str:
    """What stands between two factors: nothing, a space where they would run together, a dot before a number."""
    if not isinstance(left, str) or not isinstance(right, str):
        return " "
    if right[0] in "0123456789" or right[0] in VULGAR.values():
        return "·"
    stem = left.rstrip(MARKS)
    name = len(stem) > 1 and _letter(stem[-1]) and (_letter(stem[-2]) or stem[-2] == ".")
    if name and not stem.replace(".", "").isdecimal():
        return " "
    if left[0] == "√" or (len(stem) > 1 and stem[-2] in "^⊙"):
        return " "
    if (left[-1] == ")" and left[0] != "(") or (left[-1] in "|‖" and right[0] != "("):
        return " "
    return " " if len(right) > 1 and _letter(right[0]) and (_letter(right[1]) or right[1] == "(") else ""


def _letter(ch: str) -> bool:
    return (ch.isalnum() or ch == "_") and ch not in MARKS


def _hadamard(page: Page, e: Expr) -> Printed:
    out = [_at(page, e.args[0], PRODUCT)]
    for g in e.args[1:]:
        below = divisor(g, "entrypow")
        out += (" ⊙ ", _inner(page, g, PRODUCT)) if below is None else (" ⊘ ", _inner(page, below, PRODUCT))
    return cat(*out), ENTRYWISE


def _kron(page: Page, e: Expr) -> Printed:
    return cat(_at(page, e.args[0], PRODUCT), " ⊗ ", _inner(page, e.args[1], PRODUCT)), ENTRYWISE


# ---- powers and transposes ----------------------------------------------------------------------------------------
def _pow(page: Page, e: Expr) -> Printed:
    below = divisor(e, "pow")
    if below is not None:
        return cat("1/", _at(page, below, POWER)), PRODUCT
    k = number(e.args[1])
    if k is not None and k.denominator == 1:
        return cat(_at(page, e.args[0], ATOM), _raised(integer_text(int(k)))), POSTFIX
    return cat(_at(page, e.args[0], ATOM), "^", _at(page, e.args[1], ATOM)), POWER


def _entrypow(page: Page, e: Expr) -> Printed:
    below = divisor(e, "entrypow")
    if below is not None:
        return cat("1 ⊘ ", _inner(page, below, PRODUCT)), ENTRYWISE
    return cat(_at(page, e.args[0], ATOM), "^⊙", _at(page, e.args[1], ATOM)), POWER


def _matrixpow(page: Page, e: Expr) -> Printed:
    inside, k = e.args[0], str(e.params[0])
    if inside.op.name == "inv" and k.isdecimal():
        inside, k = inside.args[0], "-" + k
    shown = _raised(k) if all(ch in SUPERSCRIPT for ch in k) else f"^{k}" if k.isalnum() else f"^({k})"
    return cat(_at(page, inside, ATOM), shown), POSTFIX


def _sympow(page: Page, e: Expr) -> Printed:
    k = _size(e.params[0])
    return cat(_at(page, e.args[0], ATOM), f"^{k}" if k.isalnum() else f"^({k})"), POSTFIX


def _transpose(page: Page, e: Expr) -> Printed:
    inside = e.args[0]
    if inside.op.name == "inv":
        return cat(_at(page, inside.args[0], ATOM), "⁻ᵀ"), POSTFIX
    return cat(_at(page, inside, ATOM), "ᵀ"), POSTFIX


def _inv(page: Page, e: Expr) -> Printed:
    inside = e.args[0]
    if inside.op.name == "transpose":
        return cat(_at(page, inside.args[0], ATOM), "⁻ᵀ"), POSTFIX
    return cat(_at(page, inside, ATOM), "⁻¹"), POSTFIX


def _sqrt(page: Page, e: Expr) -> Printed:
    return cat("√", _at(page, e.args[0], ATOM)), POWER


# ---- entries, blocks, leaves --------------------------------------------------------------------------------------
def _index(page: Page, e: Expr) -> Printed:
    return cat(_at(page, e.args[0], POSTFIX), "[", ",".join(slices(e, _size)), "]"), ATOM


def _series(page: Page, e: Expr) -> Printed:
    name, low, high = e.params
    span = f"{_size(low)}..{_size(high)}".replace(" ", "")
    return cat(f"∑_{{{name}={span}}}(", page.done[e.args[0]][0], ")"), ATOM


def _member(page: Page, e: Expr) -> Printed:
    return cat(page.done[e.args[0]][0], "[", _size(e.params[0]), "]"), ATOM


def _moved(page: Page, e: Expr) -> Printed:
    return page.done[e.args[0]]


def _blocks(page: Page, e: Expr) -> Printed:
    cells = iter(e.args)
    rows = [joined(", ", [page.done[next(cells)][0] for _ in range(count)]) for count in e.params[0]]
    return cat("[", joined("; ", rows), "]"), ATOM


def _name(name: str) -> str:
    """A name with its Greek letter."""
    stem = name.rstrip("0123456789")
    if "_" in name:
        stem = name[: name.index("_")]
    return LETTERS.get(stem, stem) + name[len(stem) :]


def _symbol(page: Page, e: Expr) -> Printed:
    return _name(e.params[0]), ATOM


def _tangent(page: Page, e: Expr) -> Printed:
    return "d" + _name(e.params[0]), ATOM


def _hole(page: Page, e: Expr) -> Printed:
    return "_", ATOM


def _named(page: Page, e: Expr) -> Printed:
    name = page.intermediate(e)
    return page.done[e.args[0]] if name is None else (_name(name), ATOM)


def _number(page: Page, e: Expr) -> Printed:
    return _number_text(e.params[0])


def _number_text(value: Fraction) -> tuple[str, int]:
    sign, size = "-" if value < 0 else "", abs(value)
    shown = VULGAR.get(size) or decimal(size)
    if shown is None and size.denominator == 1:
        shown = integer_text(size.numerator)
    if shown is not None:
        return sign + shown, UNARY if sign else ATOM
    return f"{sign}{integer_text(size.numerator)}/{integer_text(size.denominator)}", PRODUCT


def _size(dim: Dim) -> str:
    terms = dim.terms
    if len(terms) == 1 and len(terms[0][0]) == 1 and terms[0][1] == 1:
        return _name(terms[0][0][0])
    shown = str(dim)
    short = all(len(name) == 1 for name in dim.names)
    for name in sorted(dim.names, key=len, reverse=True):
        if name in LETTERS:
            shown = shown.replace(name, LETTERS[name])
    return shown.replace("*", "" if short else "·")


def _size_as_number(page: Page, e: Expr) -> Printed:
    shown = _size(e.params[0])
    if shown.isidentifier() or shown.isdecimal():
        return shown, ATOM
    return shown, SUM if " " in shown.split("(")[0] else PRODUCT


def _ones(page: Page, e: Expr) -> Printed:
    lowered = _lowered(e.rows) if e.cols is ONE else None
    if lowered is not None:
        return "\N{MATHEMATICAL BOLD DIGIT ONE}" + lowered, ATOM
    sizes = e.params if e.cols is not ONE else e.params[:1]
    return f"ones({', '.join([_size(d) for d in sizes])})", ATOM


def _zeros(page: Page, e: Expr) -> Printed:
    return "0", ATOM


def _eye(page: Page, e: Expr) -> Printed:
    if not page.free("I"):
        return f"eye({_size(e.params[0])})", ATOM
    return "I" + (_lowered(e.params[0]) or ""), ATOM


def _unit(page: Page, e: Expr) -> Printed:
    i, n = e.params
    lowered = _lowered(i) if page.free("e") else None
    return (f"e({_size(i)}, {_size(n)})", ATOM) if lowered is None else ("e" + lowered, ATOM)


# ---- everything else ----------------------------------------------------------------------------------------------
def _other(page: Page, e: Expr) -> Printed:
    """The template of the operation where it declares one, else a function call."""
    op = e.op
    if op.unicode and not op.variadic:
        piece, closed = fill(page, e, op.unicode, _at, _size)
        return piece, ATOM if closed else POWER
    args: list[Piece] = [page.done[a][0] for a in e.args]
    args += [_size(p) if isinstance(p, Dim) else str(p) for p in e.params]
    return cat(word(page, op), "(", joined(", ", args), ")") if args else word(page, op), ATOM


RULES: dict[str, Rule] = {
    "symbol": _symbol, "tangent": _tangent, "hole": _hole, "named": _named, "number": _number, "size": _size_as_number,
    "zeros": _zeros, "ones": _ones, "eye": _eye, "unit": _unit, "add": _add, "mul": _mul, "hadamard": _hadamard,
    "kron": _kron, "pow": _pow, "entrypow": _entrypow, "matrixpow": _matrixpow, "transpose": _transpose, "inv": _inv,
    "sqrt": _sqrt, "index": _index, "blocks": _blocks,
    "sympow": _sympow, "series": _series, "family": _symbol, "member": _member, "moved": _moved,
}  # fmt: skip
"""The operations whose form is not a template."""
