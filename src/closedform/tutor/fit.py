"""Answers whose shapes do not fit: what would make them fit, and whether that is the derivative."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import combinations

from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make, shape_text
from closedform.lang.declare import Scope
from closedform.ops.build import product, times, transpose
from closedform.tutor.candidate import Candidate, Found, holding
from closedform.tutor.case import Case, sizes_of
from closedform.tutor.edits import Edit, arranged, attempt, split
from closedform.tutor.ground import Ground, same, values
from closedform.tutor.pieces import Misfit, Piece, Pieces
from closedform.tutor.planted import short

MOST_SIZES = 4


def sentence(pieces: Pieces, misfit: Misfit) -> str:
    """What does not fit, with the shapes of both operands."""
    piece = misfit.piece
    parts = [p for p in piece.parts if p.expr is not None]
    if len(parts) < 2:
        return misfit.error.message
    start, end = misfit.where
    inside = [p for p in parts if start <= p.start and p.end <= end]
    shown = ", ".join(
        f"{short(pieces.text(p))} is {shape_text(p.expr.shape)}" for p in inside if p.expr is not None and not p.expr.is_scalar
    )
    scalars = [p for p in inside if p.expr is not None and p.expr.is_scalar]
    if piece.code == "sum" and scalars:
        shown = ", ".join(x for x in (f"{short(pieces.text(scalars[0]))} is a scalar", shown) if x)
    what = {"sum": "the terms of this sum have different shapes", "product": "the shapes in this product do not fit"}.get(
        piece.code, "the shapes do not fit here"
    )
    return f"{what}: {shown}" if shown else misfit.error.message


def repairs(pieces: Pieces, misfit: Misfit) -> list[Candidate]:
    """The answer with the part that does not fit rearranged, those that change little first."""
    out = []
    for edit in _ways(misfit.piece):
        whole = pieces.rebuilt(misfit.piece, edit.new)
        if whole is not None:
            said = partial(_mending, pieces, misfit.piece, edit)
            out.append(Candidate(whole, edit.mends, edit.rank, said, misfit.piece, edit.new, mended=True))
    return out


def _mending(pieces: Pieces, piece: Piece, edit: Edit) -> str:
    return f"it becomes the derivative when {short(pieces.text(piece))} becomes {short(str(edit.new))}"


def _ways(piece: Piece) -> Iterator[Edit]:
    parts = [p.expr for p in piece.parts if p.expr is not None]
    if len(parts) < len(piece.parts) or not parts:
        return
    if piece.code == "product":
        yield from arranged(*split(*parts), None)
        for k in range(len(parts) - 1):
            new = attempt(product, *parts[:k], attempt(times, parts[k], parts[k + 1]) or parts[k], *parts[k + 2 :])
            if new is not None and parts[k].shape == parts[k + 1].shape:
                yield Edit(new, "", "elementwise and matrix product confused", 2, "")
    elif piece.code == "sum":
        yield from _sums(piece, parts)
    elif piece.code in (".*", "./"):
        for a in (parts[0], transpose(parts[0])):
            for b in (parts[1], transpose(parts[1])):
                if piece.code == ".*":
                    new = attempt(product, a, b)
                    if new is not None:
                        turned = (a is not parts[0]) + (b is not parts[1])
                        yield Edit(new, "", "elementwise and matrix product confused", 2 + turned, "")
                if (a, b) != (parts[0], parts[1]) and a.shape == b.shape:
                    new = attempt(times, a, b) if piece.code == ".*" else None
                    if new is not None:
                        yield Edit(new, "", "missing transpose", 2, "")


def _sums(piece: Piece, parts: list[Expr]) -> Iterator[Edit]:
    signs = piece.value

    def added(terms: list[Expr]) -> Expr | None:
        if len({t.shape for t in terms}) > 1:
            return None
        signed = [make("mul", (make("number", (), (-1,)), t)) if s == "-" else t for s, t in zip(signs, terms, strict=True)]
        return attempt(make, "add", tuple(signed))

    for count in (1, 2, 3):
        for chosen in combinations(range(len(parts)), min(count, len(parts))):
            new = added([transpose(p) if k in chosen else p for k, p in enumerate(parts)])
            if new is not None:
                yield Edit(new, "", "missing transpose", 2, "")
    shapes = {p.shape for p in parts if not p.is_scalar}
    if len(shapes) == 1:
        (shape,) = shapes
        fills = [make("ones", (), shape)] + ([make("eye", (), shape[:1])] if shape[0] is shape[1] else [])
        for fill in fills:
            new = added([product(p, fill) if p.is_scalar else p for p in parts])
            if new is not None:
                yield Edit(new, "", "scalar added to a matrix", 2, "")


def mended(case: Case, pieces: Pieces, misfit: Misfit, ground: Ground) -> tuple[list[Found], Candidate | None]:
    """The repairs that give the derivative; else the least that makes the shapes fit."""
    tries = repairs(pieces, misfit)
    truth = case.truth
    assert truth is not None
    found = holding(tries, truth, truth, ground)
    fitting = [c for c in tries if c.expr.shape == case.shape] or tries
    return found, min(fitting, key=_rank, default=None)


def _rank(c: Candidate) -> int:
    return c.rank


def right_at_equal_sizes(case: Case, source: str) -> str | None:
    """The equality of two sizes under which the answer fits and is right."""
    truth = case.truth
    assert truth is not None
    scope = case.question.parsed.scope
    names = sorted(sizes_of(truth, case.question.function))
    if len(names) > MOST_SIZES:
        return None
    from closedform.equality.together import resized

    for a, b in combinations(names, 2):
        table = {b: Dim.of(a)}
        try:
            symbols = {name: resized(s, table) for name, s in scope.symbols.items()}
            pieces = Pieces(source.replace(b, a) if f"({b})" in source else source, Scope(symbols, scope.sizes))
            if pieces.misfit is not None:
                continue
            function, wanted, answer = resized(case.question.function, table), resized(truth, table), pieces.expr
            if answer.shape != wanted.shape:
                continue
            found = [values([wanted, answer], here) for here in Ground((function, wanted), (answer,)).points()]
        except InputError:
            continue
        if all(same(left, right) for left, right in found):
            return _square(symbols, scope, a, b)
    return None


def _square(symbols: dict[str, Expr], scope: Scope, a: str, b: str) -> str:
    for name, s in scope.symbols.items():
        if s.op.name == "symbol" and {str(s.rows), str(s.cols)} == {a, b} and ONE not in s.shape:
            return f"{name} is square ({a} = {b})"
    return f"{a} = {b}"
