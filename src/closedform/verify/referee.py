"""The referee: original and answer compared with many digits where floating point cannot decide.

At a point at which the derivative underflows, saturates, cancels or is swamped by rounding, both sides are evaluated with
``DIGITS`` digits (verify/precise.py) and the original is differentiated by central differences of order 6 with a step of
10^-12, whose error is far below what is compared.  The referee abstains where an operation has no precise value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr
from closedform.core.infer import facts as known_facts
from closedform.core.walk import postorder
from closedform.numeric.difference import STENCIL
from closedform.numeric.tangent import curved, direction, independent, project, space
from closedform.verify.contraction import as_tensor, contract
from closedform.verify.precise import Arithmetic, NoValue, written_out
from closedform.verify.question import Candidate, Question

DIGITS = 90
STEP_DIGITS = 12
MOST_ORDER = 3
AGREE = 1e-12
"""Sides closer than this, relative to the larger, agree ..."""
APART = 1e-6
"""... and sides further apart than this differ, where the difference quotients are sure."""
SURE = 1e-9
NOTHING = 1e-25
"""A derivative below this, relative to what it is put together from, is zero for all that can be seen."""
SINGULAR = 1e25
"""A matrix with a larger condition number counts as singular."""
SCALES = (1.0, 0.1, 0.01, 0.001, 10.0)
"""What a point is multiplied with, in turn, to reach where a function neither saturates nor overflows."""
SCALABLE = frozenset({"symmetric", "skew", "diagonal", "lower", "upper", "psd", "pd", "positive", "nonnegative", "invertible"})
"""Facts that a multiple has too."""
MOST_WORK = 60_000
"""Entries that may be computed for one comparison."""
CANDIDATES = 10


class Verdict(NamedTuple):
    """``right``, ``wrong`` or ``zero`` (both sides vanish), and the relative deviation."""

    kind: str
    error: float
    sizes: dict[str, int]


class Referee:
    """The comparison of one question with many digits."""

    def __init__(self, question: Question, symbols: Mapping[str, Expr], held: Mapping[str, Expr], *, flip: bool) -> None:
        self.question = question
        self.symbols = dict(symbols)
        self.held = dict(held)
        self.flip = flip
        self.arithmetic = Arithmetic(DIGITS)

    def decide(self, candidates: Sequence[Candidate], rng: np.random.Generator) -> Verdict | None:
        """The verdict at the first point that decides; ``zero`` where the derivative vanishes at all that are tried."""
        wrt = self.question.wrt
        if len(wrt) > MOST_ORDER or (len(set(wrt)) < len(wrt) and any(curved(space(x)) for x in wrt)):
            return None
        zero: Verdict | None = None
        for candidate in self._scaled(candidates):
            try:
                found = self._at(candidate, rng)
            except (NoValue, Refusal, InputError):
                continue
            if found is not None and found.kind != "zero":
                return found
            zero = zero or found
        return zero

    def _scaled(self, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
        count = 0
        for scale in SCALES:
            for candidate in candidates[: 2 if scale == 1.0 else 1]:
                env = {name: self._multiple(name, value, scale) for name, value in candidate.env.items()}
                yield Candidate(candidate.sizes, env)
                count += 1
                if count == CANDIDATES:
                    return

    def _multiple(self, name: str, value: Any, scale: float) -> Any:
        symbol = self.symbols.get(name)
        moves = symbol is not None and known_facts(symbol) <= SCALABLE and name not in self.held
        return np.asarray(value) * scale if moves else value

    def _at(self, candidate: Candidate, rng: np.random.Generator) -> Verdict | None:
        question, sizes = self.question, candidate.sizes
        original, answer = (written_out(e, sizes) for e in (question.original, question.answer))
        steps = list(product(STENCIL, repeat=len(question.wrt)))
        entries = sum(d.rows.value(sizes) * d.cols.value(sizes) for d in postorder(original))
        if entries * len(steps) > MOST_WORK:
            return None
        env = {name: self._exact(name, np.asarray(value)) for name, value in candidate.env.items()}
        for name, member in self.held.items():  # the member of a family that is a variable
            family, (i, rows, cols) = member.args[0], (d.value(sizes) for d in member.params)
            value = np.reshape(env[family.params[0]][i - 1], (rows, cols))
            env[name] = value[0, 0] if member.is_scalar else value
        values = self.arithmetic.values([original, answer], env, sizes)
        if not self._admissible(values, [original, answer], sizes, env):
            return None
        tangents = [self._direction(x, env, rng) for x in question.wrt]
        fine, sure = self._slope(original, tangents, steps, env, sizes)
        used = tangents
        if question.structure == "independent":
            used = [independent(space(x), V) for x, V in zip(question.wrt, tangents, strict=True)]
        value = values[answer]
        tensor = as_tensor(np.transpose(value) if self.flip else value, int(np.size(values[original])), used)
        got, terms = contract(tensor, used), contract(np.abs(tensor), [np.abs(V) for V in used])
        return self._judged(np.atleast_1d(got), np.atleast_1d(terms), fine, sure, values, used, sizes)

    def _judged(
        self, got: Any, terms: Any, want: Any, sure: Any, values: Mapping[Expr, Any], used: Sequence[Any], sizes: dict[str, int]
    ) -> Verdict | None:
        size = max(max(abs(v) for v in want), max(abs(v) for v in terms))
        reach = self.arithmetic.number(1)
        for V in used:
            reach *= max(abs(v) for v in np.ravel(V))
        whole = max(reach, *(abs(v) * reach for value in values.values() for v in np.ravel(value)))
        gap = max(abs(a - b) for a, b in zip(got, want, strict=True))
        if size <= NOTHING * whole:
            return Verdict("zero", float(gap / whole), sizes)
        error = float(gap / size)
        if error <= AGREE:
            return Verdict("right", error, sizes)
        if gap <= NOTHING * whole:
            return Verdict("zero", float(gap / whole), sizes)
        return Verdict("wrong", error, sizes) if error > APART and sure <= SURE * gap else None

    def _exact(self, name: str, value: Any) -> Any:
        """The value with many digits, with the declared facts to as many."""
        at = self.arithmetic
        exact = at.array(value)
        symbol = self.symbols.get(name)
        known = frozenset() if symbol is None or symbol.op.name == "family" else known_facts(symbol)
        if "simplex" in known:
            exact = exact / np.sum(exact)
        if "idempotent" in known:
            for _ in range(4):
                exact = 3 * (exact @ exact) - 2 * (exact @ exact @ exact)
        if "orthonormal" in known and np.ndim(exact):
            for _ in range(4):  # the nearest matrix with orthonormal columns
                exact = exact @ (3 * at.array(np.eye(exact.shape[1])) - exact.T @ exact) / 2
        return exact

    def _direction(self, x: Expr, env: Mapping[str, Any], rng: np.random.Generator) -> Any:
        point = env[x.params[0]]
        V = self.arithmetic.array(direction(x, np.asarray(point, dtype=float), self.question.structure, rng))
        facts = space(x) if self.question.structure != "free" else frozenset()
        return project(facts, point, V) if facts else V

    def _slope(
        self, original: Expr, tangents: Sequence[Any], steps: Sequence[Any], env: Mapping[str, Any], sizes: Mapping[str, int]
    ) -> tuple[Any, Any]:
        """The mixed derivative along the directions, and an estimate of its error."""
        at = self.arithmetic
        step = at.context.mpf(10) ** -STEP_DIGITS
        fine: Any = 0
        coarse: Any = 0
        sixth = {1: at.number(3) / 4, 2: at.number(-3) / 20, 3: at.number(1) / 60}
        fourth = {1: at.number(2) / 3, 2: at.number(-1) / 12, 3: at.number(0)}
        for places in steps:
            moved = dict(env)
            a = b = at.number(1)
            for (where, _, _), x, V in zip(places, self.question.wrt, tangents, strict=True):
                moved[x.params[0]] = moved[x.params[0]] + (step * where) * V
                sign = 1 if where > 0 else -1
                a, b = a * sign * sixth[abs(where)], b * sign * fourth[abs(where)]
            value = at.values([original], moved, sizes)[original]
            fine, coarse = fine + a * value, coarse + b * value
        order = len(tangents)
        fine, coarse = (np.ravel(v, order="F") / step**order for v in (fine, coarse))
        return fine, max(abs(u - v) for u, v in zip(fine, coarse, strict=True))

    def _admissible(self, values: dict[Expr, Any], roots: list[Expr], sizes: Mapping[str, int], env: Mapping[str, Any]) -> bool:
        """Do the conditions of the operations hold?"""
        for node in postorder(*roots):
            for condition, argument in node.op.domain(*node.args, *node.params):
                value = values.get(argument)
                if value is None:
                    value = self.arithmetic.values([argument], env, sizes)[argument]
                if not self._holds(condition, value):
                    return False
        return True

    def _holds(self, condition: str, value: Any) -> bool:
        entries = list(np.ravel(value))
        match condition:
            case "positive":
                return bool(min(entries) > 0)
            case "nonnegative":
                return bool(min(entries) >= 0)
            case "nonzero":
                return all(v != 0 for v in entries)
            case "in (-1, 1)":
                return bool(max(abs(v) for v in entries) < 1)
            case "above -1":
                return bool(min(entries) > -1)
            case "invertible":
                return bool(self._condition_number(value) < SINGULAR)
            case "full rank":
                X = np.atleast_2d(np.asarray(value, dtype=object))
                return bool(self._condition_number(X.T @ X if X.shape[0] >= X.shape[1] else X @ X.T) < SINGULAR)
        return True  # what remains is seen when the operation has no value

    def _condition_number(self, A: Any) -> Any:
        A = np.atleast_2d(np.asarray(A, dtype=object))
        if A.size == 1:
            return self.arithmetic.number(1 if A[0, 0] != 0 else SINGULAR)
        inverse = self.arithmetic.inverse(A)
        return self.arithmetic.context.sqrt(sum(v * v for v in A.flat) * sum(v * v for v in inverse.flat))
