"""Answers with one error in them: every one that differs, by an evaluator of its own, must fail its certificate.

An answer is mutated as a formula and judged by the text that it prints (values.py): where the texts of the answer and of
the mutant have different values at an admissible point, the mutant is wrong, and ``certify`` has to say so.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from tests import test_corpus, test_mission, test_mission_gaussian
from tests.mutation.edits import some
from tests.mutation.points import Leaf, Point, around, points
from tests.mutation.values import Formula, NoValue
from tests.ops import test_derivatives
from tests.strategies import Maker

import closedform as cf
from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError, VerificationError
from closedform.core.expr import Expr
from closedform.core.walk import leaves, postorder, tree_size
from closedform.lang.text import text
from closedform.result import Derivative
from closedform.verify.certificate import Certificate, certify

APART = 1e-6
"""Values that differ by more than this, relative to the larger of them, are different ..."""
FLOOR = 1e-9
"""... and by more than this absolutely."""
SMOOTH = 0.7
"""This share of the random expressions has no entrywise function with a kink."""
LARGEST = 60
"""Random answers of more nodes than this are passed over."""

MISSION = [
    ("x^3 + 2*x^2 - 5*x + 7", "x", "x: scalar"),
    ("x[1]^2 + 3*x[1]*x[2] + x[2]^2", "x", "x: 2"),
    ("[cos(t); sin(t); t^2]", "t", "t: scalar"),
    ("[x[1]^2 + x[2]; x[1]*x[2]; sin(x[1]) + cos(x[2])]", "x", "x: 2"),
    ("[cos(t), sin(t); -sin(t), cos(t)]", "t", "t: scalar"),
    ("A*X*b", "X", "A: p m; X: m n; b: n"),
    ("A*X*B", "X", "A: p m; X: m n; B: n q"),
    ("x*x'", "x", "x: n"),
    ("inv(X)", "X", "X: n n"),
    ("logsumexp(A*theta)", "theta", "A: m n; theta: n; y: m"),
    ("y'*tanh(A*theta)", "theta", "A: m n; theta: n; y: m"),
    ("tanh(B*exp(A*x))", "x", "A: m n; B: p m; x: n"),
    ("logdet(A + t*B)", "t", "A: n n pd; B: n n symmetric; t: scalar"),
    ("crossentropy(p, W*x + b)", "W", "p: m simplex; W: m n; x: n; b: m"),
    ("norm2(y - X*b)^2 + l*norm2(b)^2", ["b", "b"], "y: m; X: m n; b: n; l: scalar"),
    ("log(1 + exp(-y*w'*x))", ["w", "w"], "y: scalar; w: n; x: n"),
    ("x'*A*x/(x'*x)", ["x", "x"], "A: n n symmetric; x: n"),
    ("logdet(S) + tr(inv(S)*C)", ["S", "S"], "S: n n pd; C: n n symmetric"),
    (test_mission_gaussian.LIKELIHOOD, "mu", test_mission_gaussian.GIVEN),
    (test_mission_gaussian.LIKELIHOOD, "Sigma", test_mission_gaussian.GIVEN),
]
"""Cases of the founding documents beside those that tests/test_mission.py lists."""


class Answer(NamedTuple):
    """An answer and the question that it answers."""

    name: str
    original: Expr
    wrt: tuple[Expr, ...]
    expr: Expr
    structure: str


class Mutant(NamedTuple):
    """An answer with one error of some kind in it, shown to differ at a point."""

    answer: Answer
    kind: str
    expr: Expr
    point: Point

    def certificate(self) -> Certificate:
        return certify(self.answer.original, self.answer.wrt, self.expr, structure=self.answer.structure)


def _answer(name: str, d: Derivative) -> Answer:
    return Answer(
        f"{name}: {text(d.original)} by {', '.join(x.params[0] for x in d.wrt)}", d.original, d.wrt, d.expr, d.structure
    )


def answers() -> Iterator[Answer]:
    """The answers of the corpus, of the founding documents, and through functions of matrices."""
    for at, case in enumerate(test_corpus.CASES):
        yield _answer(case["id"], test_corpus.answer(at))
    asked: list[tuple[str, Any, str]] = [*((e, x, given) for e, x, given, _ in test_mission.IDENTITIES), *MISSION]
    for e, x, given in asked:
        yield _answer("mission", cf.derive(e, x, given, verify=False))
    for e, x, given in test_derivatives.FIRST:
        yield _answer("functions", cf.derive(e, x, given, structure="free", verify=False))
    for e, given in test_derivatives.BY_SCALAR:
        yield _answer("functions", cf.derive(e, "t", given, verify=False))


def random_answers(seed: int = 0, withheld: list[str] | None = None) -> Iterator[Answer]:
    """Derivatives of random expressions, of first and of second order in turn; without end.

    What is said of answers that fail their own certificate is added to ``withheld``.
    """
    rng = random.Random(seed)
    while True:
        maker = Maker(rng.choice, smooth=rng.random() < SMOOTH, kron=rng.random() < 0.2, wide=rng.random() < 0.3)
        for order in (1, 2):
            shape = (ONE, ONE) if order == 2 or rng.random() < 0.5 else (maker.dim(), maker.dim())
            e = maker.make(*shape, rng.choice((2, 3)))
            names = [s.params[0] for s in leaves(e, "symbol")]
            if not names:
                continue
            wrt = [rng.choice(names) for _ in range(order)]
            try:
                d = cf.derive(e, wrt, structure=rng.choice(("free", "projected")))
            except InputError:
                continue
            except VerificationError as error:
                if withheld is not None:
                    withheld.append(str(error))
                continue
            if 1 < tree_size(d.expr) <= LARGEST and not _always_tied(d.original):
                yield _answer(f"random, order {order}", d)


def _always_tied(e: Expr) -> bool:
    """Is an extreme of two equal things taken?  It is differentiable nowhere in the sense of its rule."""
    return any(node.op.name in ("maximum", "minimum") and node.args[0] is node.args[1] for node in postorder(e))


class Judge:
    """Tells, from the printed texts alone, whether another formula than the answer has other values."""

    def __init__(self, answer: Answer, seed: int = 0) -> None:
        nodes = postorder(answer.original, answer.expr, *answer.wrt)
        self.leaves = list({leaf.name: leaf for leaf in map(_leaf, nodes) if leaf is not None}.values())
        self.names = sorted({x for node in nodes for d in (*node.shape, *_sizes(node)) for x in d.names if "%" not in x})
        self.loose = [leaf.name for leaf in self.leaves if not leaf.facts and leaf.members is None]
        bound = {node.params[0] for node in nodes if node.op.name == "series"}
        self.names = [x for x in self.names if x not in bound and x.isidentifier()]
        self.original, self.answer = Formula(text(answer.original)), Formula(text(answer.expr))
        self.points = list(points(self.leaves, self.names, [self.original, self.answer], seed))
        self.values = [self.answer.at(*point) for point in self.points]

    def differs(self, other: Expr) -> Point | None:
        """A point at which, and around which, the values differ."""
        formula = Formula(text(other))
        for point, wanted in zip(self.points, self.values, strict=True):
            try:
                gap = _gap(formula.at(*point), wanted)
                if gap and all(_gap(formula.at(*near), self.answer.at(*near)) > 0.5 * gap for near in around(point, self.loose)):
                    return point
            except NoValue:
                continue
        return None


def _gap(found: Any, wanted: Any) -> float:
    """How far values are apart; 0 where that is next to nothing."""
    if found.shape != wanted.shape:
        return float("inf")
    gap = float(np.abs(found - wanted).max(initial=0.0))
    largest = max(np.abs(found).max(initial=0.0), np.abs(wanted).max(initial=0.0))
    return gap if gap > max(FLOOR, APART * largest) else 0.0


def _sizes(node: Expr) -> list[Dim]:
    return [p for p in node.params if isinstance(p, Dim)]


def _leaf(node: Expr) -> Leaf | None:
    if node.op.name == "symbol":
        return Leaf(node.params[0], node.rows, node.cols, node.params[4])
    if node.op.name == "family":
        name, rows, cols, _, facts, count = node.params
        return Leaf(name, rows, cols, facts, count)
    return None


def mutants(listed: Sequence[Answer] | Iterator[Answer], each: int, seed: int = 0) -> Iterator[Mutant]:
    """The mutants of answers that differ from them, at most so many of each answer."""
    for number, answer in enumerate(listed):
        judge = Judge(answer)
        symbols = leaves(answer.original, "symbol")
        for kind, expr in some(answer.expr, each, seed + number, symbols):
            point = judge.differs(expr) if judge.points else None
            if point is not None:
                yield Mutant(answer, kind, expr, point)
