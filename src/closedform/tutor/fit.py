"""Answers whose shapes do not fit: what would make them fit, and whether that is the derivative."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations, islice
from itertools import product as variations

from closedform.calculus.alike import alike
from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make, shape_text
from closedform.core.op import f
from closedform.lang.declare import Scope
from closedform.lang.text import text
from closedform.ops.build import entry_power, negative, product, times, transpose
from closedform.tutor.candidate import Candidate, Found, holding
from closedform.tutor.case import Case, sizes_of
from closedform.tutor.edits import Edit, arranged, attempt, split, without_factors
from closedform.tutor.ground import POINTS, Ground, same, values
from closedform.tutor.pieces import Misfit, Piece, Pieces, walk
from closedform.tutor.planted import forms_of, short

CONFUSED = "elementwise and matrix product confused"
MOST_SIZES = 4


def sentence(pieces: Pieces, misfit: Misfit) -> str:
    """What does not fit, with the shapes of both operands."""
    piece = misfit.piece
    parts = [p for p in piece.parts if p.expr is not None]
    if len(parts) < 2 or piece.code in ("^", "/"):
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


def repairs(pieces: Pieces, misfit: Misfit, truth: Expr) -> list[Candidate]:
    """The answer with what does not fit rearranged, or one of its parts, those that change little first."""
    ways = [(misfit.piece, edit) for edit in _ways(misfit.piece)]
    if misfit.piece.code == "sum":
        ways += _terms(misfit.piece, truth)
    return [*_bracketed(pieces, misfit), *_rebuilt(pieces, ways)]


MOST_REPAIRS = 40
"""So many repairs are carried on where they leave another part that does not fit."""
DEPTH = 2


def further(pieces: Pieces, misfit: Misfit, truth: Expr, depth: int = DEPTH) -> list[Candidate]:
    """The answer with several parts mended that do not fit, one after the other."""
    out: list[Candidate] = []
    for edit in islice(_ways(misfit.piece), MOST_REPAIRS):
        if pieces.rebuilt(misfit.piece, edit.new) is not None:
            continue
        start, end = misfit.piece.start, misfit.piece.end
        new = text(edit.new, pieces.scope.symbols)
        again = Pieces(f"{pieces.source[:start]}({new}){pieces.source[end:]}", pieces.scope)
        if again.misfit is None:
            continue
        tries = repairs(again, again.misfit, truth)
        if not tries and depth > 1:
            tries = further(again, again.misfit, truth, depth - 1)
        first = f"{short(pieces.text(misfit.piece))} becomes {short(new)}"
        for c in tries:
            out.append(c._replace(said=partial(_then, first, c.said), piece=misfit.piece, slip=edit.mends, rank=c.rank + 1))
    return out


def _then(first: str, said: Callable[[], str]) -> str:
    return said().replace(" when ", f" when {first} and ", 1)


def resizings(pieces: Pieces, misfit: Misfit) -> list[Candidate]:
    """The answer with another size in one of the constants that stand in what does not fit."""
    ways = []
    names = [Dim.of(name) for name in sorted(pieces.scope.sizes)]
    for piece in walk(misfit.piece):
        if piece.code != "call" or piece.parts or piece.expr is None or not 0 < len(piece.value[2]) <= 2:
            continue
        word, count, _ = piece.value
        for row in variations(names, repeat=len(piece.value[2])):
            new = pieces.formed(Piece("call", (word, count, row), (), piece.start, piece.end), ())
            if new.shape != piece.expr.shape:
                ways.append((piece, Edit(new, "", "another size", 2, "")))
    return _rebuilt(pieces, ways)


def _bracketed(pieces: Pieces, misfit: Misfit) -> Iterator[Candidate]:
    """The answer with all that follows a stroke below it: a/(b*c) for a/b*c."""
    if misfit.piece.code != "/":
        return
    for holder in pieces.all:
        if holder.code == "product" and holder.parts[0] is misfit.piece:
            start = misfit.piece.parts[1].start
            below = pieces.source[start : holder.end]
            again = Pieces(f"{pieces.source[:start]}({below}){pieces.source[holder.end :]}", pieces.scope)
            if again.misfit is None:
                said = f"it becomes the derivative when all of {short(below)} is the divisor"
                yield Candidate(again.expr, "brackets left out", 2, partial(str, said), holder, None, mended=True)


def _rebuilt(pieces: Pieces, ways: Sequence[tuple[Piece, Edit]]) -> list[Candidate]:
    out = []
    for piece, edit in ways:
        whole = pieces.rebuilt(piece, edit.new)
        if whole is not None:
            said = partial(_mending, pieces, piece, edit)
            out.append(Candidate(whole, edit.mends, edit.rank, said, piece, edit.new, mended=True))
    return out


def _terms(piece: Piece, truth: Expr) -> Iterator[tuple[Piece, Edit]]:
    """A term of a sum that has another shape than the others: an inner for an outer product, or without a factor."""
    shapes = Counter(part.expr.shape for part in piece.parts if part.expr is not None)
    whole = [term for form in forms_of(truth) for term in (form.args if form.op.name == "add" else (form,))]
    for part in piece.parts:
        if part.expr is None or shapes[part.expr.shape] > 1:
            continue
        if part.expr.is_scalar:
            found = arranged(*split(part.expr), part.expr, every=True)
            yield from ((part, edit) for edit in found if edit.new.shape in shapes)
        for term in whole:
            for signed in (term, negative(term)):
                if any(alike(rest, part.expr) for rest, _ in without_factors(signed)):
                    yield part, Edit(signed, "", "dropped factor", 2, "")


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
                yield Edit(new, "", CONFUSED, 2, "")
    elif piece.code == "sum":
        yield from _sums(piece, parts)
    elif piece.code == "^" and parts[1].op.name == "number":
        yield Edit(entry_power(parts[0], parts[1].params[0]), "", CONFUSED, 2, "")
    elif piece.code in (".*", "./"):
        yield from _row_by_row(piece.code, *parts)
        for a in (parts[0], transpose(parts[0])):
            for b in (parts[1], transpose(parts[1])):
                if piece.code == ".*":
                    new = attempt(product, a, b)
                    if new is not None:
                        turned = (a is not parts[0]) + (b is not parts[1])
                        yield Edit(new, "", CONFUSED, 2 + turned, "")
                if (a, b) != (parts[0], parts[1]) and a.shape == b.shape:
                    new = attempt(times, a, b) if piece.code == ".*" else None
                    if new is not None:
                        yield Edit(new, "", "missing transpose", 2, "")


def _row_by_row(code: str, a: Expr, b: Expr) -> Iterator[Edit]:
    """A vector beside a matrix, as in array libraries: each of its entries with one row, or one column, of the matrix."""
    for vector, matrix in ((a, b), (b, a)) if code == ".*" else ((b, a),):
        if ONE not in vector.shape or vector.is_scalar or ONE in matrix.shape:
            continue
        column = vector if vector.is_column else transpose(vector)
        factor = f.diag(column if code == ".*" else entry_power(column, -1))
        for new in (attempt(product, factor, matrix), attempt(product, matrix, factor)):
            if new is not None:
                yield Edit(new, "", CONFUSED, 2, "")


def _sums(piece: Piece, parts: list[Expr]) -> Iterator[Edit]:
    signs = piece.value

    def added(terms: list[Expr]) -> Expr | None:
        if len({t.shape for t in terms}) > 1:
            return None
        signed = [negative(t) if s == "-" else t for s, t in zip(signs, terms, strict=True)]
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
            new = added([_filled(p, fill) if p.is_scalar else p for p in parts])
            if new is not None:
                yield Edit(new, "", "scalar added to a matrix", 2, "")


def _filled(scalar: Expr, fill: Expr) -> Expr:
    return fill if scalar.op.name == "number" and scalar.params[0] == 1 else product(scalar, fill)


def tries(pieces: Pieces, misfit: Misfit, truth: Expr) -> list[Candidate]:
    """What may be meant by an answer whose shapes do not fit."""
    return resizings(pieces, misfit) or repairs(pieces, misfit, truth) or further(pieces, misfit, truth)


MOST_FITTING = 4


def mended(case: Case, pieces: Pieces, misfit: Misfit, ground: Ground) -> tuple[list[Found], list[Expr]]:
    """The repairs that give the derivative; and answers that fit, those of the right shape first."""
    truth = case.truth
    assert truth is not None
    tries = repairs(pieces, misfit, truth) or further(pieces, misfit, truth)
    found = holding(tries, truth, truth, ground)
    tries.sort(key=_rank)
    tries.sort(key=lambda c: c.expr.shape != case.shape)
    fitting = dict.fromkeys(c.expr for c in tries if case.shape == (ONE, ONE) or not c.expr.is_scalar)
    return found, list(fitting)[:MOST_FITTING]


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
            ground = Ground((function, wanted), (answer,))
            found = [values([wanted, answer], here) for here in ground.points(ground.enough(POINTS))]
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
