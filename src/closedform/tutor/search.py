"""The slip behind a wrong answer: simple explanations first, each tried on values."""

from __future__ import annotations

from typing import NamedTuple

from closedform.calculus.step import Step, unnamed
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder
from closedform.rewrite import term
from closedform.tutor import terms
from closedform.tutor.candidate import Found, holding, valued
from closedform.tutor.case import Case
from closedform.tutor.ground import Ground, same
from closedform.tutor.pieces import Piece, Pieces
from closedform.tutor.planted import mended, planted, scaled
from closedform.tutor.wrong_rules import Chain

GOOD_ENOUGH = 2
"""Explanations of this rank end the search."""
FAR = 3
"""Explanations beyond this rank give way to constants of several terms."""
FIRST = (
    "entrywise function taken as matrix function", "elementwise softmax derivative", "chain rule stopped early",
    "inner for outer product", "missing transpose", "misplaced transpose", "factors commuted", "dropped factor",
    "wrong power", "function for its derivative",
)  # fmt: skip
"""The order in which equally simple slips are named."""


class Explained(NamedTuple):
    """What explains a wrong answer: the slips that would (all equally simple), the sentences, and where."""

    slips: tuple[str, ...]
    sentences: tuple[str, ...]
    piece: Piece | None = None
    good: Expr | None = None
    node: Expr | None = None
    suggestion: str | None = None

    def said(self) -> str:
        """The sentences as one; alternatives are said as such."""
        if len(self.sentences) == 1:
            return self.sentences[0]
        return "several slips would explain it: either " + ", or ".join(self.sentences)


def explained(case: Case, answer: Expr, pieces: Pieces | None, ground: Ground) -> Explained | None:
    """What explains an answer of the right shape, or of the transposed one."""
    assert case.truth is not None
    return explained_by(case.truth, answer, pieces, ground, case)


def explained_by(truth: Expr, answer: Expr, pieces: Pieces | None, ground: Ground, case: Case | None = None) -> Explained | None:
    """What explains that an answer is not the truth; with the case, slips in the rules are looked at too."""
    whole = terms.whole(truth, answer, ground)
    if whole is not None:
        return _constant(whole)
    constant = terms.by_terms(truth, answer, pieces, ground)
    if constant is not None and constant.terms == 1:
        return _constant(constant)
    tries = list(mended(pieces)) if pieces is not None else []
    tries += planted(truth)
    found = holding(tries, truth, answer, ground)
    if case is not None:
        found = sorted([*found, *chained(case, answer, ground, misread=True)], key=_rank)
    if case is not None and (not found or found[0].rank > GOOD_ENOUGH):
        found = sorted([*found, *chained(case, answer, ground)], key=_rank)
    if constant is not None and (not found or found[0].rank > FAR):
        return _constant(constant)
    found = found or holding(list(scaled(truth)), truth, answer, ground)
    return chosen(found, pieces, ground) if found else None


def _constant(found: terms.Constant) -> Explained:
    return Explained((found.slip,), (found.said,), found.piece, found.good)


def chained(case: Case, answer: Expr, ground: Ground, *, misread: bool = False) -> list[Found]:
    """Slips in the rules that explain an answer."""
    if case.last is None:
        return []
    chain = Chain(case)
    said = chain.action(answer)
    if said is None:
        return []
    return holding(chain.misread() if misread else chain.candidates(), said, said, ground)


def _rank(f: Found) -> int:
    return f.rank


def chosen(found: list[Found], pieces: Pieces | None, ground: Ground) -> Explained:
    """The simplest explanations: one for each slip, mending before planting."""
    best = found[0].rank
    kept: dict[str, Found] = {}
    for f in sorted((f for f in found if f.rank == best), key=_mending_first):
        kept.setdefault(f.candidate.slip, f)
    first = next(iter(kept.values()))
    piece = first.candidate.piece
    if piece is None and pieces is not None and first.candidate.planted is not None:
        piece = _seen(pieces, first.candidate.planted, ground)
    suggestion = None
    if first.candidate.mended and first.factor == 1 and not first.turned:
        suggestion = str(first.candidate.expr)
    return Explained(
        tuple(kept), tuple(f.sentence() for f in kept.values()), piece, first.candidate.good, first.candidate.node, suggestion
    )


def _mending_first(f: Found) -> tuple[int, bool, bool, int]:
    c = f.candidate
    return (FIRST.index(c.slip) if c.slip in FIRST else len(FIRST), f.turned, not c.mended, len(str(c.expr)) if c.mended else 0)


def _seen(pieces: Pieces, wrong: Expr, ground: Ground) -> Piece | None:
    """The shortest part of the answer that has the value of a wrong part, with or without its number."""
    bare = term.split(wrong)
    bare.coefficient = 1
    return _valued_so(pieces, wrong, ground) or _valued_so(pieces, term.join(bare), ground)


def _valued_so(pieces: Pieces, wrong: Expr, ground: Ground) -> Piece | None:
    listed = [p for p in pieces.all if p.expr is not None and p.expr.shape == wrong.shape and p.code not in ("num", "size")]
    if not listed:
        return None
    value, *rest = valued([wrong, *(p.expr for p in listed if p.expr is not None)], ground.points(1)[0])
    equal = [p for p, v in zip(listed, rest, strict=True) if same(v, value)]
    return min(equal, key=_length, default=None)


def _length(piece: Piece) -> int:
    return piece.end - piece.start


NOT_MATHEMATICS = frozenset({"project", "facts", "name", "layout", "simplify", "identify", "name-layers"})
"""Steps at which nothing is derived."""


MOVED = ("transpose", "factors commuted", "for inner product", "for outer product")
"""Slips that are made where a differential is brought to its standard form."""


def parting(case: Case, why: Explained, answer: Expr | None, ground: Ground) -> Step | None:
    """The step of the derivation at which an answer parts from it; None where that is not known."""
    if case.derivative is None:
        return None
    steps = [step for step in case.derivative.derivation if step.rule not in NOT_MATHEMATICS]
    node = why.node
    if node is None and answer is not None:  # the rule in which the same slip would give the same answer
        found = [f for f in chained(case, answer, ground) if f.candidate.slip in why.slips and f.candidate.node is not None]
        node = found[0].candidate.node if found else None
    if node is not None:
        wanted = make("d", (node,))
        for step in steps:
            if wanted in postorder(unnamed(step.before)) and wanted not in postorder(unnamed(step.after)):
                return step
        for step in steps:
            if step.rule == f"d-{node.op.name}":
                return step
    if why.good is not None and why.good.args:
        for step in steps:
            if why.good in postorder(unnamed(step.after)) and why.good not in postorder(unnamed(step.before)):
                return step if step.rule.startswith("d-") or why.slips[0].endswith(MOVED) else None
    return None
