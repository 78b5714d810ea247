"""Noncommutative polynomials: formulas as sums of numbers times words of letters.

A letter is a matrix that is not looked into; its transpose and its inverse are letters of their own.  A monomial is a pair:
scalars that commute with everything (each a word that is 1 x 1), and the word.  Where a word passes through a size of 1,
as u*v' does between u and v', scalars stand there, so that a scalar and its inverse meet as letters of the word.
"""

from __future__ import annotations

from fractions import Fraction

from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.core.infer import known
from closedform.core.walk import postorder
from closedform.ops.build import transpose

Word = tuple[int, ...]
Mono = tuple[tuple[Word, ...], Word]
Poly = dict[Mono, Fraction]

MOST_TERMS = 120
MOST_LETTERS = 40


class TooLarge(Exception):
    """The polynomial has too many terms, or words that are too long."""


class Alphabet:
    """Letters by number, in order of first appearance."""

    def __init__(self) -> None:
        self.letters: list[Expr] = []
        self._number: dict[Expr, int] = {}
        self._starts: list[bool] = []
        self._ends: list[bool] = []

    def number(self, e: Expr) -> int:
        found = self._number.get(e)
        if found is None:
            found = self._number[e] = len(self.letters)
            self.letters.append(e)
            self._starts.append(e.rows is ONE)
            self._ends.append(e.cols is ONE)
        return found

    # ---- polynomials ---------------------------------------------------------------------------------------
    def settled(self, scalars: tuple[Word, ...], word: Word) -> Mono:
        """The monomial with its scalars in their place."""
        if not scalars:
            return (), word
        ordered = tuple(sorted(scalars))
        for i in range(len(word) + 1):
            if (i < len(word) and self._starts[word[i]]) or (i and self._ends[word[i - 1]]):
                return (), word[:i] + tuple(x for s in ordered for x in s) + word[i:]
        return ordered, word

    def times(self, p: Poly, q: Poly) -> Poly:
        """The product of two polynomials."""
        out: Poly = {}
        for (s, v), a in p.items():
            for (t, w), b in q.items():
                mono = self.settled(s + t, v + w)
                out[mono] = out.get(mono, Fraction(0)) + a * b
        if len(out) > MOST_TERMS or any(len(w) > MOST_LETTERS for _, w in out):
            raise TooLarge
        return {m: c for m, c in out.items() if c}

    def of(self, e: Expr) -> Poly:
        """The polynomial of an expression; TooLarge when it has too many terms."""
        done: dict[Expr, Poly] = {}
        for node in _opened(e):
            done[node] = self._node(node, done)
            if len(done[node]) > MOST_TERMS:
                raise TooLarge
        return done[e]

    def _node(self, node: Expr, done: dict[Expr, Poly]) -> Poly:
        name = node.op.name
        match name:
            case "number":
                return {((), ()): node.params[0]} if node.params[0] else {}
            case "eye":
                return {((), ()): Fraction(1)}
            case "zeros":
                return {}
            case "named":
                return done[node.args[0]]
            case "add":
                out: Poly = {}
                for a in node.args:
                    out = added(out, done[a], Fraction(1))
                return out
            case "mul":
                return self._product(node.args, done)
            case "matrixpow":
                power = done[node.args[0]]
                for _ in range(node.params[0] - 1):
                    power = self.times(power, done[node.args[0]])
                return power
            case "pow" if _reciprocal(node):
                k = -int(node.args[1].params[0])
                letter = self.number(make("pow", (node.args[0], _minus_one())))
                return {((), (letter,) * k): Fraction(1)}
            case "transpose" if node.args[0].op.name in ("add", "mul", "transpose", "eye", "matrixpow"):
                return self.turned(done[node.args[0]])
        return {((), (self.number(node),)): Fraction(1)}

    def _product(self, factors: tuple[Expr, ...], done: dict[Expr, Poly]) -> Poly:
        """Factors from left to right; what has become 1 x 1 is a scalar to what follows."""
        out: Poly = {((), ()): Fraction(1)}
        rows = cols = ONE
        for g in factors:
            scalar_before = rows is ONE and cols is ONE
            if g.is_scalar or scalar_before:
                aside, main = (done[g], out) if g.is_scalar else (out, done[g])
                both_scalar = g.is_scalar and scalar_before
                moved: Poly = {((*s, w), ()) if w else (s, ()): c for (s, w), c in aside.items()}
                out = self.times(moved, main)
                if both_scalar:
                    out = self._flat(out)
                if not g.is_scalar:
                    rows, cols = g.shape
            else:
                out = self.times(out, done[g])
                cols = g.cols
        return out

    def _flat(self, p: Poly) -> Poly:
        """A polynomial whose value is 1 x 1, its scalars written one after the other."""
        out: Poly = {}
        for (s, w), c in p.items():
            pieces = sorted((*s, w) if w else s)
            mono: Mono = ((), tuple(x for piece in pieces for x in piece))
            out[mono] = out.get(mono, Fraction(0)) + c
        return {m: c for m, c in out.items() if c}

    def turned(self, p: Poly) -> Poly:
        """The transpose of a polynomial."""
        out: Poly = {}
        for (s, w), c in p.items():
            mono = self.settled(s, tuple(self.number(self._other(self.letters[x])) for x in reversed(w)))
            out[mono] = out.get(mono, Fraction(0)) + c
        return out

    def _other(self, e: Expr) -> Expr:
        return e if e.is_scalar or known(e, "symmetric") else transpose(e)


def added(p: Poly, q: Poly, factor: Fraction) -> Poly:
    """p + factor*q."""
    out = dict(p)
    for m, c in q.items():
        total = out.get(m, Fraction(0)) + factor * c
        if total:
            out[m] = total
        else:
            out.pop(m, None)
    return out


OPENED = frozenset({"add", "mul", "named", "matrixpow", "transpose"})


def _reciprocal(node: Expr) -> bool:
    exponent = node.args[1]
    return exponent.op.name == "number" and exponent.params[0].denominator == 1 and -8 <= exponent.params[0] < 0


def _minus_one() -> Expr:
    return make("number", (), (Fraction(-1),))


def _opened(e: Expr) -> list[Expr]:
    wanted: set[Expr] = set()
    stack = [e]
    while stack:
        node = stack.pop()
        if node not in wanted:
            wanted.add(node)
            stack.extend(node.args if node.op.name in OPENED else ())
    return [node for node in postorder(e) if node in wanted]
