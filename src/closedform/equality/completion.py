"""Equality of formulas with inverses, by bounded completion of the relations that define the inverses.

For every inverse u of P the relations u P = 1 and P u = 1 hold.  Their consequences are found by superposition, in order
of length and up to fixed bounds; when they reduce the difference of two formulas to zero, that is a proof, given that the
inverses exist.  A difference that is not reduced to zero proves nothing.

Source: Helton, Stankus and Wavrik, Computer simplification of formulas in linear systems theory (1998).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from closedform.core.expr import Expr
from closedform.core.infer import known
from closedform.core.limits import tick
from closedform.equality.words import Alphabet, Mono, Poly, TooLarge, Word, added

MOST_RULES = 48
MOST_STEPS = 260
LONGEST = 11
"""Superpositions of longer words are left out."""
WIDEST = 24
"""So are consequences of more terms."""
MOST_REDUCTIONS = 400


class Rule(NamedTuple):
    """A monomial that may be replaced by a polynomial."""

    left: Mono
    right: Poly


class Reduced(NamedTuple):
    """A proof: the relations given, the consequences drawn, the inverses that must exist."""

    relations: int
    consequences: int
    inverses: tuple[Expr, ...]


def vanishes(difference: Expr) -> Reduced | None:
    """Does a formula vanish as a consequence of what its inverses are?

    >>> from closedform.lang.read import parse
    >>> e = parse("inv(eye(n) + A*B)*A - A*inv(eye(m) + B*A)", "A: n m; B: m n").expr
    >>> vanishes(e).inverses
    (Expr(inv(eye(n) + A*B)), Expr(inv(eye(m) + B*A)))
    """
    alphabet = Alphabet()
    try:
        target = alphabet.of(difference)
        relations = list(_relations(alphabet))
    except TooLarge:
        return None
    inverses = tuple(e for e in alphabet.letters if e.op.name in ("inv", "pow"))
    if not relations:
        return None
    return _Completion(alphabet, target, relations).proof(inverses)


def _relations(alphabet: Alphabet) -> Iterator[Poly]:
    """What is known of the letters; letters of the arguments of inverses join as they are met."""
    at = 0
    while at < len(alphabet.letters):
        e = alphabet.letters[at]
        u: Poly = {((), (at,)): Fraction(1)}
        at += 1
        name = e.op.name
        inverse_of: Poly | None = None
        if name == "inv" or (name == "pow" and e.args[1].op.name == "number" and e.args[1].params[0] == -1):
            inverse_of = alphabet.of(e.args[0])
        elif name == "transpose" and e.args[0].op.name == "inv":
            inverse_of = alphabet.turned(alphabet.of(e.args[0].args[0]))
        elif name == "symbol" and known(e, "orthogonal"):
            inverse_of = alphabet.turned(u)
        elif name == "symbol" and known(e, "idempotent"):
            yield added(alphabet.times(u, u), u, Fraction(-1))
        if inverse_of is not None:
            one: Poly = {((), ()): Fraction(-1)}
            yield added(alphabet.times(u, inverse_of), one, Fraction(1))
            yield added(alphabet.times(inverse_of, u), one, Fraction(1))


class _Completion:
    """The state of a completion: rules, and pairs of them that are still to be superposed."""

    def __init__(self, alphabet: Alphabet, target: Poly, relations: list[Poly]) -> None:
        self.alphabet = alphabet
        self.target = target
        self.given = len(relations)
        self.rules: list[Rule | None] = []
        self.waiting: list[tuple[int, int, Poly]] = []
        self._serial = count()
        self._budget = 0
        for p in relations:
            self._wait(p)

    def proof(self, inverses: tuple[Expr, ...]) -> Reduced | None:
        """Complete until the target is zero or a bound is met."""
        drawn = 0
        for _ in range(MOST_STEPS):
            if not self.waiting:
                return None
            p = self._reduced(heappop(self.waiting)[2])
            if p is None or not p or len(p) > WIDEST:
                continue
            drawn += 1
            if drawn > MOST_RULES:
                return None
            self._learn(p)
            left = self._reduced(self.target)
            if left is None:
                return None
            self.target = left
            if not left:
                return Reduced(self.given, max(0, drawn - self.given), inverses)
        return None

    def _wait(self, p: Poly) -> None:
        if p:
            heappush(self.waiting, (max(_order(m) for m in p)[0], next(self._serial), p))

    def _learn(self, p: Poly) -> None:
        """Make a rule of a polynomial, and superpose it with the others."""
        left = max(p, key=_order)
        scale = -1 / p[left]
        rule = Rule(left, {m: c * scale for m, c in p.items() if m != left})
        for k, other in enumerate(self.rules):
            if other is not None and _inside(left, other.left) is not None:
                self.rules[k] = None  # its left side can be reduced now
                self._wait(added(other.right, {other.left: Fraction(1)}, Fraction(-1)))
        self.rules.append(rule)
        for other in self.rules:
            if other is not None:
                for p_, q_ in ((rule, other), (other, rule)) if other is not rule else ((rule, rule),):
                    self._superpose(p_, q_)

    def _superpose(self, p: Rule, q: Rule) -> None:
        """Where the left side of p ends as that of q begins, both may be used: the results are equal."""
        (s, v), (t, w) = p.left, q.left
        for k in range(1, min(len(v), len(w))):
            if v[-k:] == w[:k] and len(v) + len(w) - k <= LONGEST:
                more_q, more_p = _minus(s, t), _minus(t, s)
                one = self._framed(p.right, (), w[k:], more_p)
                two = self._framed(q.right, v[:-k], (), more_q)
                if one is not None and two is not None:
                    self._wait(added(one, two, Fraction(-1)))

    def _framed(self, p: Poly, before: Word, after: Word, scalars: tuple[Word, ...]) -> Poly | None:
        out: Poly = {}
        for (s, w), c in p.items():
            mono = self.alphabet.settled(s + scalars, before + w + after)
            if len(mono[1]) > 2 * LONGEST:
                return None
            out[mono] = out.get(mono, Fraction(0)) + c
        return {m: c for m, c in out.items() if c}

    def _reduced(self, p: Poly) -> Poly | None:
        """The polynomial with every rule used as often as it can be; None where that takes too long."""
        todo = dict(p)
        out: Poly = {}
        for _ in range(MOST_REDUCTIONS):
            if not todo:
                return out
            mono = max(todo, key=_order)
            c = todo.pop(mono)
            tick(1 + len(self.rules))
            for rule in self.rules:
                if rule is None:
                    continue
                at = _inside(rule.left, mono)
                if at is not None:
                    word = mono[1]
                    more = _minus(mono[0], rule.left[0])
                    new = self._framed(rule.right, word[:at], word[at + len(rule.left[1]) :], more)
                    if new is None:
                        return None
                    todo = added(todo, new, c)
                    break
            else:
                out[mono] = c
        return None


def _order(m: Mono) -> tuple[int, int, Word, tuple[Word, ...]]:
    """Longer words first, then by letters; compatible with multiplication."""
    return len(m[1]) + sum(len(s) for s in m[0]), len(m[1]), m[1], m[0]


def _inside(small: Mono, large: Mono) -> int | None:
    """Where the word of one monomial stands in that of another that has its scalars, too."""
    (s, v), (t, w) = small, large
    if len(v) > len(w) or (s and len(_minus(s, t)) > 0):
        return None
    for i in range(len(w) - len(v) + 1):
        if w[i : i + len(v)] == v:
            return i
    return None


def _minus(a: tuple[Word, ...], b: tuple[Word, ...]) -> tuple[Word, ...]:
    """The scalars of a that b lacks, with repetition."""
    left = list(a)
    for s in b:
        if s in left:
            left.remove(s)
    return tuple(left)
