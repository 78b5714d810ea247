r"""Expressions as LaTeX (amsmath): A^{\top} A, \frac{1}{2}, \lVert x \rVert, \Sigma."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr
from closedform.lang.precedence import ATOM, PRODUCT, SUM, UNARY
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
"""How tightly the entrywise and Kronecker products bind here: less than products, which are written side by side."""

SCRIPTED = 50
"""What carries a superscript: another one on it needs brackets."""

LATIN = {
    "Alpha": "A", "Beta": "B", "Epsilon": "E", "Zeta": "Z", "Eta": "H", "Iota": "I", "Kappa": "K", "Mu": "M", "Nu": "N",
    "Omicron": "O", "Rho": "P", "Tau": "T", "Chi": "X", "omicron": "o",
}  # fmt: skip
"""Greek letters without a command of their own, by the Latin letters that they look like."""


def latex(e: Expr, given: Iterable[str] = ()) -> str:
    r"""The expression in LaTeX; named intermediates follow it after "with".

    >>> from closedform.core.op import f
    >>> from closedform.ops.build import product, transpose
    >>> n = Dim.of("n")
    >>> x, A = f.symbol("x", n, ONE, 1, frozenset()), f.symbol("A", n, n, 2, frozenset())
    >>> print(latex(product(transpose(x), f.inv(A), x)))
    x^{\top} A^{-1} x
    """
    page = layout(e, RULES, _other, given)
    body = page.done[e][0]
    if page.lets:
        lets = [cat(name_text(name), " = ", piece) for name, piece in page.lets.items()]
        body = cat(body, r",\quad \text{with } ", joined(r",\quad ", lets))
    return flatten(body)


def _at(page: Page, e: Expr, least: int) -> Piece:
    """The text of an operand, in brackets when it binds more loosely than its place asks."""
    piece, level = page.done[e]
    return piece if level >= least else _bracketed(piece)


def _inner(page: Page, e: Expr, least: int) -> Piece:
    """The same for an operand that is not the first: a minus sign in front takes brackets too."""
    piece = _at(page, e, least)
    return _bracketed(piece) if leads_with(piece, "-") else piece


def _bracketed(piece: Piece) -> Piece:
    return cat(r"\left(", piece, r"\right)")


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
        out.append(_bracketed(piece) if leads_with(piece, "-") else piece)
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
        upper = _inner(page, args[0], PRODUCT) if value is None else _number_text(abs(value))[0]
        return value is not None and value < 0, cat(upper, r" \oslash ", _inner(page, below, PRODUCT)), ENTRYWISE
    q = quotient(args)
    fraction = bool(q.under) or q.bottom > 1
    if not fraction and not q.front and q.lead == 1 and len(q.over) == 1:
        return q.negative, (_at if first else _inner)(page, q.over[0], ENTRYWISE if first else PRODUCT + 1), PRODUCT
    out: list[Piece] = []
    above: list[Piece] = []
    top, bottom = q.lead.numerator, q.bottom
    if q.front:
        out.append(cat(rf"\frac{{{integer_text(top)}}}{{", _below(page, q.lead.denominator, q.front), "}"))
    elif fraction and decimal(q.lead) is None:
        bottom *= q.lead.denominator
        above = [integer_text(top)] if top != 1 else []
    elif q.lead != 1:
        out.append(_number_text(q.lead)[0])
    if fraction:
        lone = len(q.over) == 1 and not above
        above += [page.done[q.over[0]][0]] if lone else [_factor(page, g) for g in q.over]
        out.append(cat(r"\frac{", joined(" ", above), "}{", _below(page, bottom, q.under), "}"))
    else:
        out += [_factor(page, g) for g in q.over]
    return q.negative, joined(" ", out), PRODUCT


def _factor(page: Page, g: Expr) -> Piece:
    """A factor beside others; a number takes a dot, lest digits run together."""
    piece = _inner(page, g, PRODUCT + 1)
    return cat(r"\cdot ", piece) if g.op.name == "number" else piece


def _below(page: Page, bottom: int, powers: list[tuple[Expr, int]]) -> Piece:
    """A denominator."""
    if bottom == 1 and len(powers) == 1 and powers[0][1] == 1:
        return page.done[powers[0][0]][0]
    pieces: list[Piece] = [integer_text(bottom)] if bottom > 1 else []
    for base, k in powers:
        pieces.append(_inner(page, base, PRODUCT + 1) if k == 1 else cat(_at(page, base, ATOM), f"^{{{k}}}"))
    return joined(" ", pieces)


def _hadamard(page: Page, e: Expr) -> Printed:
    out = [_at(page, e.args[0], PRODUCT)]
    for g in e.args[1:]:
        below = divisor(g, "entrypow")
        if below is None:
            out += (r" \odot ", _inner(page, g, PRODUCT))
        else:
            out += (r" \oslash ", _inner(page, below, PRODUCT))
    return cat(*out), ENTRYWISE


def _kron(page: Page, e: Expr) -> Printed:
    return cat(_at(page, e.args[0], PRODUCT), r" \otimes ", _inner(page, e.args[1], PRODUCT)), ENTRYWISE


# ---- powers and transposes ----------------------------------------------------------------------------------------
def _pow(page: Page, e: Expr) -> Printed:
    below = divisor(e, "pow")
    if below is not None:
        return cat(r"\frac{1}{", page.done[below][0], "}"), PRODUCT
    return cat(_at(page, e.args[0], ATOM), "^{", _exponent(page, e.args[1]), "}"), SCRIPTED


def _entrypow(page: Page, e: Expr) -> Printed:
    below = divisor(e, "entrypow")
    if below is not None:
        return cat(r"1 \oslash ", _inner(page, below, PRODUCT)), ENTRYWISE
    exponent = _exponent(page, e.args[1])
    if leads_with(exponent, "-") or page.done[e.args[1]][1] < PRODUCT:
        exponent = _bracketed(exponent)
    return cat(_at(page, e.args[0], ATOM), r"^{\odot ", exponent, "}"), SCRIPTED


def _exponent(page: Page, e: Expr) -> Piece:
    value = number(e)
    if value is None or value.denominator == 1:
        return page.done[e][0]
    return f"{integer_text(value.numerator)}/{integer_text(value.denominator)}"


def _matrixpow(page: Page, e: Expr) -> Printed:
    inside, k = e.args[0], str(e.params[0])
    if inside.op.name == "inv" and k.isdecimal():
        inside, k = inside.args[0], "-" + k
    return cat(_at(page, inside, ATOM), f"^{{{k}}}"), SCRIPTED


def _sympow(page: Page, e: Expr) -> Printed:
    return cat(_at(page, e.args[0], ATOM), f"^{{{_size(e.params[0])}}}"), SCRIPTED


def _transpose(page: Page, e: Expr) -> Printed:
    inside = e.args[0]
    if inside.op.name == "inv":
        return cat(_at(page, inside.args[0], ATOM), r"^{-\top}"), SCRIPTED
    return cat(_at(page, inside, ATOM), r"^{\top}"), SCRIPTED


def _inv(page: Page, e: Expr) -> Printed:
    inside = e.args[0]
    if inside.op.name == "transpose":
        return cat(_at(page, inside.args[0], ATOM), r"^{-\top}"), SCRIPTED
    return cat(_at(page, inside, ATOM), "^{-1}"), SCRIPTED


# ---- entries, blocks, leaves --------------------------------------------------------------------------------------
def _index(page: Page, e: Expr) -> Printed:
    base = _at(page, e.args[0], ATOM)
    if not isinstance(base, str) or "_" in base:
        base = cat("{", base, "}")
    return cat(base, "_{", ",".join(slices(e, _size)), "}"), ATOM


def _series(page: Page, e: Expr) -> Printed:
    name, low, high = e.params
    return cat(rf"\sum_{{{name_text(name)}={_size(low)}}}^{{{_size(high)}}} ", _inner(page, e.args[0], ENTRYWISE)), ENTRYWISE


def _member(page: Page, e: Expr) -> Printed:
    base = page.done[e.args[0]][0]
    if not isinstance(base, str) or "_" in base:
        base = cat("{", base, "}")
    return cat(base, "_{", _size(e.params[0]), "}"), ATOM


def _moved(page: Page, e: Expr) -> Printed:
    return page.done[e.args[0]]


def _blocks(page: Page, e: Expr) -> Printed:
    cells = iter(e.args)
    rows = [joined(" & ", [page.done[next(cells)][0] for _ in range(count)]) for count in e.params[0]]
    return cat(r"\begin{bmatrix} ", joined(r" \\ ", rows), r" \end{bmatrix}"), ATOM


@lru_cache(maxsize=4096)
def name_text(name: str) -> str:
    r"""A name: Greek letters by their commands, what follows ``_`` and trailing digits as a subscript.

    >>> name_text("Sigma_1"), name_text("W1"), name_text("loss")
    ('\\Sigma_{1}', 'W_{1}', '\\mathrm{loss}')

    The name of a variable that stands for a member of a family is that of the member.

    >>> name_text("z_1[2*k]")
    '{z_{1}}_{2 k}'
    """
    family, bracket, place = name.partition("[")
    if bracket:
        base = name_text(family)
        return f"{{{base}}}_{{{_size_text(place[:-1])}}}" if "_" in base else f"{base}_{{{_size_text(place[:-1])}}}"
    stem, _, below = name.partition("_")
    if not below:
        digits = len(name) - len(name.rstrip("0123456789"))
        stem, below = (name[:-digits], name[-digits:]) if digits else (name, "")
    if not stem or "_" in below or name.endswith("_"):
        return rf"\mathrm{{{_escaped(name)}}}"
    return _letters(stem) + (f"_{{{below if below.isdecimal() else _letters(below)}}}" if below else "")


def _letters(word: str) -> str:
    if len(word) == 1:
        return word
    if word in LETTERS and word not in LATIN:
        return "\\" + word
    return rf"\mathrm{{{LATIN.get(word, word)}}}"


def _escaped(name: str) -> str:
    return name.replace("_", r"\_")


def _variable(page: Page, name: str) -> str:
    """The name of a variable; W1 stands upright beside a W_1, which would look the same."""
    stem = name.rstrip("0123456789")
    if stem != name and f"{stem}_{name[len(stem) :]}" in page.taken:
        return rf"\mathrm{{{_escaped(name)}}}"
    return name_text(name)


def _symbol(page: Page, e: Expr) -> Printed:
    return _variable(page, e.params[0]), ATOM


def _tangent(page: Page, e: Expr) -> Printed:
    return r"\mathrm{d}" + _variable(page, e.params[0]), ATOM


def _hole(page: Page, e: Expr) -> Printed:
    return r"\_", ATOM


def _named(page: Page, e: Expr) -> Printed:
    name = page.intermediate(e)
    return page.done[e.args[0]] if name is None else (name_text(name), ATOM)


def _number(page: Page, e: Expr) -> Printed:
    return _number_text(e.params[0])


def _number_text(value: Fraction) -> tuple[str, int]:
    sign, size = "-" if value < 0 else "", abs(value)
    shown = integer_text(size.numerator) if size.denominator == 1 else decimal(size)
    if shown is not None:
        return sign + shown, UNARY if sign else ATOM
    top, bottom = integer_text(size.numerator), integer_text(size.denominator)
    return rf"{sign}\frac{{{top}}}{{{bottom}}}", UNARY if sign else PRODUCT + 1


def _size(dim: Dim) -> str:
    terms = dim.terms
    if len(terms) == 1 and len(terms[0][0]) == 1 and terms[0][1] == 1:
        return name_text(terms[0][0][0])
    return _size_text(str(dim))


def _size_text(size: str) -> str:
    """The text of a size in LaTeX."""
    out, word = [], ""
    for ch in size + " ":
        if ch.isalnum() or ch == "_":
            word += ch
            continue
        if word:
            out.append(word if word.isdecimal() else name_text(word))
            word = ""
        out.append(" " if ch == "*" else ch)
    return "".join(out).rstrip()


def _size_as_number(page: Page, e: Expr) -> Printed:
    dim: Dim = e.params[0]
    shown = _size(dim)
    if len(dim.terms) == 1 and "/" not in shown:
        return shown, ATOM if " " not in shown else PRODUCT
    return shown, SUM if " " in shown.split("(")[0].rstrip() else PRODUCT


def _ones(page: Page, e: Expr) -> Printed:
    sizes = e.params if e.cols is not ONE else e.params[:1]
    return rf"\mathbf{{1}}_{{{_times(sizes)}}}", ATOM


def _zeros(page: Page, e: Expr) -> Printed:
    return "0", ATOM


def _times(sizes: tuple[Dim, ...]) -> str:
    return r" \times ".join(_size(d) for d in sizes)


# ---- everything else ----------------------------------------------------------------------------------------------
def _other(page: Page, e: Expr) -> Printed:
    """The template of the operation where it declares one, else a function call."""
    op = e.op
    if op.latex and not op.variadic:
        piece, closed = fill(page, e, op.latex, _at, _size)
        return piece, ATOM if closed or not e.args else SCRIPTED
    letter = word(page, op)
    if len(letter) == 1 and not e.args:
        return f"{letter}_{{{','.join(_size(p) for p in e.params)}}}", ATOM
    args: list[Piece] = [page.done[a][0] for a in e.args]
    args += [_size(p) if isinstance(p, Dim) else str(p) for p in e.params]
    return cat(rf"\operatorname{{{_escaped(letter)}}}", r"\left(", joined(", ", args), r"\right)"), ATOM


RULES: dict[str, Rule] = {
    "symbol": _symbol, "tangent": _tangent, "hole": _hole, "named": _named, "number": _number, "size": _size_as_number,
    "zeros": _zeros, "ones": _ones, "add": _add, "mul": _mul, "hadamard": _hadamard, "kron": _kron, "pow": _pow,
    "entrypow": _entrypow, "matrixpow": _matrixpow, "transpose": _transpose, "inv": _inv, "index": _index,
    "sympow": _sympow, "series": _series, "family": _symbol, "member": _member, "moved": _moved,
    "blocks": _blocks,
}  # fmt: skip
"""The operations whose form is not a template."""
