"""Slips planted in the true derivative, and slips mended in an answer."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial

from closedform.core.dim import Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder, substitute, tree_size
from closedform.ops.build import negative, num, product, times, total, transpose
from closedform.rewrite.engine import Simplifier
from closedform.rewrite.order import Order, ranks
from closedform.tutor.candidate import Candidate
from closedform.tutor.edits import Edit, edits, without_factors
from closedform.tutor.pieces import Piece, Pieces

MOST_NODES = 80
"""Formulas with more nodes are not searched for slips."""
MOST_TERMS = 12
LONGEST = 48
"""How much of a formula a sentence shows."""


def mended(pieces: Pieces, *, every: bool = False) -> Iterator[Candidate]:
    """The answer with one slip undone, in every place (``every``: also where that changes a shape)."""
    if len(pieces.all) > MOST_NODES:
        return
    for piece in pieces.all:
        expr = piece.expr
        if expr is None or piece.code in ("bind", "let"):
            continue
        if piece.code in ("num", "neg"):
            yield from _constants(pieces, piece, expr)
            if piece.code == "num":
                continue
        for edit in edits(expr, every=every):
            if edit.mends != "dropped term":
                whole = pieces.rebuilt(piece, edit.new)
                if whole is not None:
                    said = partial(mending, pieces, piece, edit)
                    yield Candidate(whole, edit.mends, edit.rank, said, piece, edit.new, mended=True)
        for rest, factor in without_factors(expr):
            whole = pieces.rebuilt(piece, rest)
            if whole is not None:
                said = partial(_extra, pieces, piece, factor)
                yield Candidate(whole, "extra factor", 2, said, piece, rest, mended=True)
        if piece.code == "name":
            yield from _renamed(pieces, piece)


def _constants(pieces: Pieces, piece: Piece, expr: Expr) -> Iterator[Candidate]:
    """The answer with another number, or without a minus sign."""
    if piece.code == "neg":
        others = [(negative(expr), "wrong sign")]
    elif expr.op.name == "number":
        k = expr.params[0]
        others = [(num(v), "wrong sign" if v == -k else "wrong factor") for v in (-k, 2 * k, k / 2, k + 1, k - 1)]
    else:
        return
    for other, slip in others:
        whole = pieces.rebuilt(piece, other)
        if whole is not None:
            said = partial(_other_name, pieces.text(piece), str(other))
            yield Candidate(whole, slip, 2, said, piece, None, mended=True)


def mending(pieces: Pieces, piece: Piece, edit: Edit) -> str:
    """The sentence of an edit that makes an answer right."""
    old, new = short(pieces.text(piece)), short(str(edit.new))
    clause = {
        "missing transpose": "{old} is transposed" if edit.new is _transposed(piece) else "{old} becomes {new}",
        "misplaced transpose": "{old} loses its transpose" if "without" in edit.said else "{old} becomes {new}",
        "missing inverse": "{old} is inverted",
        "misplaced inverse": "{old} is not inverted",
    }.get(edit.mends, "{old} becomes {new}")
    return "it becomes the derivative when " + clause.format(old=old, new=new)


def _transposed(piece: Piece) -> Expr | None:
    return None if piece.expr is None else transpose(piece.expr)


def _extra(pieces: Pieces, piece: Piece, factor: Expr) -> str:
    return f"it becomes the derivative when the factor {short(str(factor))} is taken out of {short(pieces.text(piece))}"


def _renamed(pieces: Pieces, piece: Piece) -> Iterator[Candidate]:
    expr = piece.expr
    assert expr is not None
    for other in pieces.scope.symbols.values():
        if other is not expr and other.op.name == "symbol" and other.shape == expr.shape:
            whole = pieces.rebuilt(piece, other)
            if whole is not None:
                said = partial(_other_name, pieces.text(piece), other.params[0])
                yield Candidate(whole, "another variable", 3, said, piece, other, mended=True)
    if expr.op.name == "size":
        for name in sorted(pieces.scope.sizes):
            if name != str(expr.params[0]):
                whole = pieces.rebuilt(piece, make("size", (), (Dim.of(name),)))
                if whole is not None:
                    said = partial(_other_name, pieces.text(piece), name)
                    yield Candidate(whole, "another size", 3, said, piece, None, mended=True)


def _other_name(old: str, new: str) -> str:
    return f"it becomes the derivative when {short(old)} gives way to {short(new)}"


# ---- slips in the truth ------------------------------------------------------------------------------------------
def planted(truth: Expr) -> Iterator[Candidate]:
    """The derivative with one slip in it: in the whole, and in each of its terms."""
    seen: set[Expr] = {truth}
    forms = forms_of(truth)
    for form in forms:
        if tree_size(form, 4 * MOST_NODES) >= 4 * MOST_NODES:
            continue
        terms = form.args if form.op.name == "add" and len(form.args) <= MOST_TERMS else (form,)
        for k, term in enumerate(terms):
            for wrong, edit, node, part in _slipped(term):
                whole = wrong
                if len(terms) > 1:
                    if wrong.shape != form.shape:
                        continue
                    whole = total(*terms[:k], wrong, *terms[k + 1 :])
                if whole not in seen:
                    seen.add(whole)
                    yield Candidate(whole, edit.plants, edit.rank, partial(_planting, node, edit), None, node, planted=part)
        if len(terms) > 1:
            for wrong, edit, node, part in _slipped(form):
                if wrong not in seen:
                    seen.add(wrong)
                    yield Candidate(wrong, edit.plants, edit.rank, partial(_planting, node, edit), None, node, planted=part)


SCALES = (Fraction(2), Fraction(1, 2), Fraction(-1), Fraction(3), Fraction(1, 3))


def scaled(truth: Expr) -> Iterator[Candidate]:
    """The derivative with a constant before one of its parts, wherever that stands (as inside of functions)."""
    for form in forms_of(truth):
        if tree_size(form, MOST_NODES + 1) > MOST_NODES:
            continue
        for node in postorder(form)[:-1]:
            if node.op.name in ("number", "size"):
                continue
            for c in SCALES:
                wrong = negative(node) if c == -1 else product(num(c), node)
                whole = _replaced(form, node, wrong)
                if whole is not None:
                    slip = "wrong sign" if c < 0 else "wrong factor"
                    edit = Edit(wrong, slip, slip, 3, "")
                    yield Candidate(whole, slip, 3, partial(_planting, node, edit), None, node, planted=wrong)


def forms_of(e: Expr) -> list[Expr]:
    """The formula as it stands, and multiplied out."""
    try:
        opened = Simplifier(Order(ranks(e)), expand=True, most=64).canonical(e)
    except (InputError, Refusal):
        return [e]
    return [e] if opened is e else [e, opened]


def _slipped(term: Expr) -> Iterator[tuple[Expr, Edit, Expr, Expr]]:
    """The term with a slip in it, the slip, the part of the term that it changes and what that becomes."""
    for node in postorder(term):
        if node.op.name == "number":
            continue
        changes = [(edit, edit.new) for edit in edits(node)]
        changes += [
            (Edit(factor, "dropped factor", "dropped factor", 2, "factor"), rest) for rest, factor in without_factors(node)
        ]
        softened = elementwise_softmax(node)
        if softened is not None:
            changes.append((Edit(softened, "elementwise softmax derivative", "", 2, ""), softened))
        for edit, part in changes:
            whole = _replaced(term, node, part)
            if whole is not None:
                yield whole, edit, node, part


def _replaced(term: Expr, node: Expr, new: Expr) -> Expr | None:
    if node is term:
        return new
    try:
        return substitute(term, {node: new})
    except InputError:
        return None


def _planting(node: Expr, edit: Edit) -> str:
    if edit.plants == "dropped factor":
        return f"it is the derivative without the factor {short(str(edit.new))} in {short(str(node))}"
    return f"it is the derivative with {short(str(edit.new))} where {short(str(node))} belongs"


def elementwise_softmax(node: Expr) -> Expr | None:
    """diag(p.*(1 - p)) for diag(p) - p*p', the Jacobian of softmax."""
    if node.op.name != "add" or len(node.args) != 2:
        return None
    for part in node.args:
        if part.op.name == "diag":
            p = part.args[0]
            return make("diag", (times(p, total(make("ones", (), p.shape), negative(p))),))
    return None


def short(text: str) -> str:
    """A formula for a sentence."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
