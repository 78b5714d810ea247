"""Declarations: ``S: n n pd; C: n n symmetric; x: n; t: scalar positive`` to symbols with sizes and facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make
from closedform.core.facts import NAMES, declared
from closedform.lang.sizes import positive, read_size
from closedform.lang.tokens import Token, tokenize
from closedform.lang.words import nearest

MEANT: dict[str, str] = {
    "positive_definite": "pd", "posdef": "pd", "spd": "pd", "positive_semidefinite": "psd", "sym": "symmetric",
    "antisymmetric": "skew", "skew_symmetric": "skew", "lower_triangular": "lower", "tril": "lower",
    "upper_triangular": "upper", "triu": "upper", "unit_interval": "unit", "nonneg": "nonnegative", "pos": "positive",
    "nonsingular": "invertible", "diag": "diagonal", "const": "constant", "int": "integer", "orth": "orthogonal",
}  # fmt: skip
"""Words that others use for the facts."""
NOT_NAMES = frozenset({"let", "in"})
SQUARE_WORD = {"square", "vector", "matrix", "column", "row", "real"}


class Scope:
    """What names mean: symbols in the order of their declaration, and the names of sizes.

    >>> scope = declare("S: n n pd; t: scalar")
    >>> list(scope.symbols), sorted(scope.sizes)
    (['S', 't'], ['n'])
    """

    __slots__ = ("sizes", "symbols")
    symbols: Mapping[str, Expr]
    sizes: frozenset[str]

    def __init__(self, symbols: Mapping[str, Expr], sizes: Iterable[str] = ()) -> None:
        self.symbols = dict(symbols)
        used = (name for e in self.symbols.values() for size in e.shape for name in size.names)
        self.sizes = frozenset((*sizes, *used))

    def constant(self, name: str) -> bool:
        """Is the name declared constant?"""
        return name in self.symbols and "constant" in self.symbols[name].params[4]

    def extended(self, symbols: Mapping[str, Expr], sizes: Iterable[str] = ()) -> Scope:
        """The scope with more symbols and size names."""
        sizes = frozenset(sizes)
        return self if not symbols and sizes <= self.sizes else Scope({**self.symbols, **symbols}, self.sizes | sizes)

    def __repr__(self) -> str:
        return f"Scope({self})"

    def __str__(self) -> str:
        return "; ".join(f"{title(e)}: {declaration(e)}" for e in self.symbols.values())


def title(symbol: Expr) -> str:
    """The name as it is declared, with the size of a family.

    >>> title(declare("z[N]: p").symbols["z"])
    'z[N]'
    """
    name: str = symbol.params[0]
    return f"{name}[{symbol.params[5]}]" if symbol.op.name == "family" else name


def declaration(symbol: Expr) -> str:
    """The text that declares a symbol, without its name.

    >>> declaration(declare("X: m n; t: scalar").symbols["X"])
    'm n'
    """
    _, rows, cols, axes, facts = symbol.params[:5]
    shape = ("scalar", _packed(rows), f"{_packed(rows)} {_packed(cols)}")[axes]
    return " ".join((shape, *sorted(facts)))


def _packed(size: Dim) -> str:
    text = str(size).replace(" ", "")
    return f"({text})" if text.startswith("-") else text  # a sign would continue the size before it


def declare(given: object) -> Scope:
    """The scope that declarations make: None, one text, or a mapping from names to the text after the colon.

    A scope is returned as it is.

    >>> str(declare({"A": "m n", "t": "positive"}))
    'A: m n; t: scalar nonnegative positive'
    """
    if given is None:
        return _EMPTY
    if isinstance(given, Scope):
        return given
    if isinstance(given, str):
        return _from_text(str(given))
    if not isinstance(given, Mapping):
        raise InputError(f"given is a text such as 'S: n n pd; x: n' or a mapping, not {type(given).__name__}")
    texts: list[str] = []
    for name, text in given.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise InputError(
                f"given maps names to texts such as 'n n pd'; here {name!r} ({type(name).__name__}) is mapped to "
                f"{text!r} ({type(text).__name__})"
            )
        texts.append(f"{name}: {text}")
    return _from_texts(tuple(texts))


@lru_cache(maxsize=256)
def _from_text(text: str) -> Scope:
    tokens = tokenize(text)
    symbols: dict[str, Expr] = {}
    at = 0
    while tokens[at].kind != "end":
        if tokens[at].text == ";":
            at += 1
            continue
        at = _one(tokens, at, text, symbols)
        if tokens[at].kind != "end" and tokens[at].text != ";":
            raise _wrong(f"unexpected {tokens[at].text!r}; declarations are separated by ';'", tokens[at], text)
    return _checked(symbols, text)


@lru_cache(maxsize=256)
def _from_texts(texts: tuple[str, ...]) -> Scope:
    symbols: dict[str, Expr] = {}
    for text in texts:
        tokens = tokenize(text)
        at = _one(tokens, 0, text, symbols)
        if tokens[at].kind != "end":
            raise _wrong(f"unexpected {tokens[at].text!r} in the declaration of one name", tokens[at], text)
    return _checked(symbols, "; ".join(texts))


def _one(tokens: list[Token], at: int, text: str, symbols: dict[str, Expr]) -> int:
    """Read one declaration into the symbols; the place after it comes back."""
    name = tokens[at]
    if name.kind != "name":
        raise _wrong("a name is wanted here: a letter, then letters, digits and _", name, text)
    if name.text.startswith("_") or name.text in NOT_NAMES:
        raise _wrong(f"{name.text!r} cannot be the name of a variable", name, text)
    number: Dim | None = None
    if tokens[at + 1].text == "[" and tokens[at + 1].kind == "op":
        size, after = read_size(tokens, at + 2, text, _no_use)
        number = positive(size, tokens[at + 2], text, tokens[after - 1].end)
        if tokens[after].text != "]":
            raise _wrong(f"']' is wanted here; a family of N vectors is declared as {name.text}[N]: p", tokens[after], text)
        at = after
    if tokens[at + 1].text != ":":
        raise _wrong(f"a ':' is wanted after the name; write {name.text}: n, {name.text}: n n or {name.text}: scalar",
                     tokens[at + 1], text)  # fmt: skip
    if name.text in symbols:
        raise _wrong(f"{name.text} is declared twice", name, text)
    sizes, facts, at = _body(tokens, at + 2, text, name)
    rows, cols = (*sizes, ONE, ONE)[:2]
    try:
        known = declared(name.text, facts, square=rows is cols)
        if "simplex" in known and cols is not ONE:
            raise InputError(f"{name.text} is declared simplex but is not a column vector")
        if "orthonormal" in known and cols.at_least(rows + 1):
            raise InputError(f"{name.text} is declared orthonormal but has more columns, {cols}, than rows, {rows}")
    except InputError as error:
        raise error.located(text, name.start, tokens[at - 1].end - name.start) from None
    params = (name.text, rows, cols, len(sizes), known)
    symbols[name.text] = make("symbol", (), params) if number is None else make("family", (), (*params, number))
    return at


def _body(tokens: list[Token], at: int, text: str, name: Token) -> tuple[list[Dim], list[str], int]:
    sizes: list[Dim] = []
    facts: list[str] = []
    scalar = False
    while True:
        token = tokens[at]
        if token.kind == "end" or token.text == ";":
            return sizes, facts, at
        if token.text == "," and sizes:
            at += 1
        elif token.text in NAMES:
            facts.append(token.text)
            at += 1
        elif token.text == "scalar":
            if sizes or scalar:
                raise _wrong(f"{name.text} is declared a scalar and given sizes", token, text)
            scalar = True
            at += 1
        else:
            _plausible(token, text, len(sizes), bool(facts))
            if scalar:
                raise _wrong(f"{name.text} is declared a scalar and given sizes", token, text)
            size, after = read_size(tokens, at, text, _no_use)
            sizes.append(positive(size, token, text, tokens[after - 1].end))
            at = after


def _no_use(token: Token) -> None:
    """Every name may be a size where nothing else is declared yet."""


def _plausible(token: Token, text: str, sizes: int, facts: bool) -> None:
    """Raise when a word in the place of a size is rather a fact that is spelled otherwise."""
    word = token.text
    meant = MEANT.get(word) if token.kind == "name" else None
    if token.kind == "name" and meant is None and len(word) > 5:
        meant = nearest(word, sorted(NAMES))
    if meant:
        raise _wrong(f"{word!r} is not a fact; {meant!r} is meant, perhaps", token, text)
    if token.kind == "name" and word in SQUARE_WORD:
        raise _wrong(f"{word!r} is not a fact; a vector is declared by one size, a matrix by two", token, text)
    if token.kind == "name" and (sizes == 2 or facts):
        raise _wrong(f"{word!r} is not a fact; the facts are {', '.join(sorted(NAMES))}", token, text)
    if facts:
        raise _wrong("sizes stand before the facts", token, text)
    if sizes == 2:
        raise _wrong("a variable has at most two sizes; declarations are separated by ';'", token, text)


def _checked(symbols: dict[str, Expr], text: str) -> Scope:
    scope = Scope(symbols)
    for name in symbols:
        if name in scope.sizes:
            raise InputError(f"{name} is declared as a variable and used as a size; give one of them another name").located(
                text, text.find(name) if name in text else 0, len(name)
            )
    return scope


def _wrong(message: str, token: Token, text: str) -> InputError:
    return InputError(message, source=text, column=token.start, width=token.end - token.start)


_EMPTY = Scope({})
