"""Answers that are off by constants: as a whole, or term by term."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from closedform.core.expr import Expr
from closedform.ops.build import negative
from closedform.rewrite.term import join, split
from closedform.tutor.candidate import valued
from closedform.tutor.ground import Ground, combination, multiple
from closedform.tutor.pieces import Piece, Pieces
from closedform.tutor.planted import forms_of, short

MOST_TERMS = 10
POINTS = 4
LARGEST = 1000
"""The largest denominator of a constant by which a whole answer is off."""


class Constant(NamedTuple):
    """A slip in the constants: its name, the sentence, the part of the answer, and the right term of the derivative."""

    slip: str
    said: str
    piece: Piece | None = None
    good: Expr | None = None
    terms: int = 1
    """How many terms are off."""


def whole(truth: Expr, answer: Expr, ground: Ground) -> Constant | None:
    """The answer is a constant times the derivative."""
    factors: set[Fraction | None] = set()
    if all(_vanishes(valued([answer], here)[0]) for here in ground.points(ground.enough(POINTS))):
        return Constant("zero", "it is zero, and the derivative is not")
    for here in ground.points(ground.enough(POINTS)):
        t, a = valued([truth, answer], here)
        if not (_vanishes(t) and _vanishes(a)):
            factors.add(multiple(a, t, LARGEST))
    if len(factors) != 1:
        return None
    (c,) = factors
    if c is None:
        return None
    if c == -1:
        return Constant("wrong sign", "it is the derivative with the opposite sign")
    slip = "wrong factor" if c > 0 else "wrong factor and sign"
    return Constant(slip, f"it is {c} times the derivative")


def _vanishes(value: Any) -> bool:
    return value is not None and not abs(value).max(initial=0.0) > 0.0


def by_terms(truth: Expr, answer: Expr, pieces: Pieces | None, ground: Ground) -> Constant | None:
    """The answer consists of the terms of the derivative with other constants, or the derivative of those of the answer."""
    best: list[Constant] = []
    for form in forms_of(truth):
        terms = list(form.args) if form.op.name == "add" else [form]
        if 1 < len(terms) <= MOST_TERMS:
            found = _coefficients(answer, terms, ground)
            if found is not None:
                said = _of_truth(terms, found, pieces, ground)
                if said is not None:
                    best.append(said)
    own = _own_terms(answer, pieces)
    for listed in own:
        exprs = [e for e, _ in listed]
        if 1 < len(exprs) <= MOST_TERMS:
            found = _coefficients(truth, exprs, ground)
            if found is not None:
                said = _of_answer(listed, found)
                if said is not None:
                    best.append(said)
    return min(best, key=_terms_off, default=None)


def _terms_off(c: Constant) -> int:
    return c.terms


def _own_terms(answer: Expr, pieces: Pieces | None) -> list[list[tuple[Expr, Piece | None]]]:
    out: list[list[tuple[Expr, Piece | None]]] = []
    if pieces is not None and pieces.root.code == "sum":
        row: list[tuple[Expr, Piece | None]] = []
        for sign, part in zip(pieces.root.value, pieces.root.parts, strict=True):
            assert part.expr is not None
            row.append((negative(part.expr) if sign == "-" else part.expr, part))
        out.append(row)
    for form in forms_of(answer):
        if form.op.name == "add":
            out.append([(term, None) for term in form.args])
    return out


def _coefficients(target: Expr, terms: Sequence[Expr], ground: Ground) -> list[Fraction] | None:
    targets, rows = [], []
    points = ground.points(ground.enough(POINTS if not target.is_scalar else POINTS + len(terms)))
    for here in points:
        value, *row = valued([target, *terms], here)
        targets.append(value)
        rows.append(row)
    return combination(targets, rows)


def _of_truth(terms: Sequence[Expr], found: Sequence[Fraction], pieces: Pieces | None, ground: Ground) -> Constant | None:
    """The answer as a combination of the terms of the derivative."""
    off = [(c, t) for c, t in zip(found, terms, strict=True) if c != 1]
    dropped = [t for c, t in off if c == 0]
    others = [(c, t) for c, t in off if c != 0]
    if not off or len(dropped) == len(terms):
        return None
    clauses = []
    if dropped:
        plural = "s" if len(dropped) > 1 else ""
        clauses.append(f"lacks the term{plural} " + " and ".join(short(str(t)) for t in dropped))
    for c, t in others:
        clauses.append(
            f"has {short(str(_times(t, c)))} where {short(str(t))} belongs"
            if c != -1
            else f"has the wrong sign at {short(str(t))}"
        )
    slip = "dropped term" if dropped and not others else _constant(c for c, _ in others) if not dropped else "dropped term"
    piece = None
    if pieces is not None and others:
        piece = _spanning([_located(pieces, other, ground) for other in others])
    return Constant(slip, "it " + " and ".join(clauses), piece, off[0][1], len(off))


def _times(e: Expr, number: Fraction) -> Expr:
    term = split(e)
    term.coefficient = Fraction(term.coefficient * number)
    return join(term)


def _spanning(found: Sequence[Piece | None]) -> Piece | None:
    """The terms, and what stands between them; None where one of them is not found."""
    pieces = [piece for piece in found if piece is not None]
    if len(pieces) < len(found) or len(pieces) < 2:
        return pieces[0] if len(pieces) == len(found) else None
    return Piece("span", None, pieces, min(p.start for p in pieces), max(p.end for p in pieces))


def _located(pieces: Pieces, off: tuple[Fraction, Expr], ground: Ground) -> Piece | None:
    """The term of the answer that is so many times a term of the derivative."""
    if pieces.root.code != "sum":
        return None
    c, term = off
    parts = [p for p in pieces.root.parts if p.expr is not None]
    value, *row = valued([term, *(p.expr for p in parts if p.expr is not None)], ground.points(1)[0])
    for part, mine in zip(parts, row, strict=True):
        factor = multiple(mine, value)
        if factor is not None and abs(factor) == abs(c):
            return part
    return None


def _of_answer(terms: Sequence[tuple[Expr, Piece | None]], found: Sequence[Fraction]) -> Constant | None:
    """The derivative as a combination of the terms of the answer."""
    off = [(c, t, p) for c, (t, p) in zip(found, terms, strict=True) if c != 1]
    if not off or all(c == 0 for c in found):
        return None
    extra = [t for c, t, _ in off if c == 0]
    others = [(c, t) for c, t, _ in off if c != 0]
    clauses = []
    if extra:
        plural = "s" if len(extra) > 1 else ""
        clauses.append(
            f"the term{plural} "
            + " and ".join(short(str(t)) for t in extra)
            + f" do{'' if plural else 'es'} not belong to the derivative"
        )
    for c, t in others:
        clauses.append(
            f"{short(str(t))} has to be multiplied by {c}" if c != -1 else f"the sign of {short(str(t))} has to change"
        )
    slip = "extra term" if extra else _constant(c for c, _ in others)
    return Constant(slip, " and ".join(clauses), off[0][2], None, len(off))


def _constant(factors: object) -> str:
    listed = list(factors)  # type: ignore[call-overload]
    if all(c == -1 for c in listed):
        return "wrong sign"
    return "wrong factor" if all(c > 0 for c in listed) else "wrong factor and sign"
