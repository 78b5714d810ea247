"""The referee: original and answer compared with many digits where floating point cannot decide.

At a point at which the derivative underflows, saturates, cancels or is swamped by rounding, both sides are evaluated with
``DIGITS`` digits (verify/precise.py) and the original is differentiated by central differences of order 6 with a step of
10^-12, whose error is far below what is compared.  The referee abstains where an operation has no precise value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from closedform.core.dim import Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr
from closedform.core.infer import facts as known_facts
from closedform.core.limits import tick
from closedform.core.walk import postorder
from closedform.numeric.difference import STENCIL
from closedform.numeric.tangent import curved, direction, independent, project, space
from closedform.rewrite.term import is_zero
from closedform.verify.contraction import as_tensor, contract
from closedform.verify.precise import Arithmetic
from closedform.verify.question import Candidate, Question
from closedform.verify.written_out import NoValue, written_out

DIGITS = 90
MOST_DIGITS = 800
"""More digits than ``DIGITS`` are used where the answer is small beside what it is put together from."""
STEP_DIGITS = 12
MOST_STEP_DIGITS = 200
"""The step is 10 to the minus so many; shorter where what is claimed would change the function by more than itself."""
MOST_ORDER = 3
AGREE = 1e-12
"""Sides closer than this, relative to the larger, agree ..."""
APART = 1e-6
"""... and sides further apart than this differ."""
SURE = 1e-9
"""A difference quotient counts where its estimated error, relative to it, is below this."""
REPEATED = 1e-6
"""So closely a side is the same when it is computed with more digits."""
LOOKS = 3
FINER = 30
"""Where the derivative is not seen, steps are shorter by so many digits."""
ROUNDINGS = 1e6
"""A difference quotient up to so many times what rounding makes of it counts as 0."""
SPARE = 40
"""So many digits are left to rounding."""
SINGULAR = 1e25
"""A matrix with a larger condition number counts as singular."""
SCALES = (0.1, 0.01, 0.001, 1e-4, 1e-6, 10.0, 100.0, 1000.0)
"""What points are multiplied with, in turn, to reach where a function neither saturates nor overflows."""
SCALABLE = frozenset({"symmetric", "skew", "diagonal", "lower", "upper", "psd", "pd", "positive", "nonnegative", "invertible"})
"""Facts that a multiple has too."""
MOST_WORK = 200_000
"""Multiplications of numbers that may be spent on one question."""
IN_A_STEP = 4
"""So many of them, with ``DIGITS`` digits, count as one step (``cf.limits.steps``)."""
POWERS = frozenset(["matrixpow", "sympow"])
"""Operations whose exponent says how many products of matrices they take."""
COSTLY = {"expm": 250, "dexpm": 900, "logm": 1000, "dlogm": 3500, "sqrtm": 370, "eigvalsh": 45, "lambda_max": 45, "svdvals": 70,
          "normnuc": 70, "normspec": 70, "adj": 12, "sylvester": 75, "lyap": 75, "pinv": 15, "inv": 10, "det": 8, "logdet": 8,
          "chol": 8}  # fmt: skip
"""How many times n^3 multiplications these cost …"""
SMALLEST = 2
"""… where n is at least this: smaller matrices take as long."""


ENTRY = 8
"""So many multiplications are worth what an entry of the answer takes on its way to the directions."""
CALL = 4
"""So many multiplications are worth what it takes to come to a node."""
TRANSCENDENTAL = dict.fromkeys(
    ("acos", "asin", "atan", "cos", "cosh", "erf", "exp", "expm1", "gelu", "log", "log1p", "sigmoid", "silu", "sin", "sinh",
     "softplus", "tan", "tanh", "softmax", "softmax_rows", "logsumexp_rows", "logsoftmax"), 20)  # fmt: skip
"""How many multiplications an entry of these costs."""


class Verdict(NamedTuple):
    """``right``, ``wrong``, ``near``, ``zero`` (both sides vanish, as far as can be seen) or ``unseen`` (the steps of the
    differences are too long), and the relative deviation."""

    kind: str
    error: float
    sizes: dict[str, int]


@dataclass
class Sides:
    """What the answer says (``got``, put together from ``terms``) and what the original says (``want``, up to ``error``)."""

    context: Any
    got: list[Any]
    terms: list[Any]
    want: list[Any]
    error: Any
    whole: Any
    digits: int
    """The step is 10 to the minus that many, in every one of the directions."""

    @property
    def claimed(self) -> Any:
        return max(abs(v) for v in self.got)

    @property
    def found(self) -> Any:
        return max(abs(v) for v in self.want)

    @property
    def seen(self) -> bool:
        """Is the derivative of the original told from the error of its difference quotient?"""
        return bool(self.found > 0 and self.error <= SURE * self.found)

    def verdict(self, sizes: dict[str, int]) -> Verdict:
        """What these sides say by themselves."""
        gap = max(abs(a - b) for a, b in zip(self.got, self.want, strict=True))
        size = max(self.found, self.claimed, *(abs(v) for v in self.terms))
        if self.seen:
            relative = float(gap / size)
            return Verdict("right" if relative <= AGREE else "wrong" if relative > APART else "near", relative, sizes)
        if self.claimed * SURE > max(self.found, self.error):  # the answer says that there is one
            return Verdict("wrong", 1.0, sizes)
        return Verdict("unseen" if max(self.found, self.error) > ROUNDINGS * self.rounding else "zero", 0.0, sizes)

    @property
    def rounding(self) -> Any:
        """What rounding of the largest number on the way may make of a difference quotient."""
        return self.context.eps * self.whole * self.context.mpf(10) ** self.digits

    def repeat(self, before: Sides) -> bool:
        """Were both sides the same with fewer digits?"""
        if self.seen != before.seen:
            return False
        return self.repeats(self.got, before.got) and (not self.seen or self.repeats(self.want, before.want))

    def repeats(self, now: Sequence[Any], before: Sequence[Any]) -> bool:
        """Is a side what it was with fewer digits?"""
        largest = max(abs(v) for v in now)
        return all(abs(a - b) <= REPEATED * largest for a, b in zip(now, before, strict=True))

    def digits_wanted(self) -> int:
        """How many digits show a derivative of the size that is claimed."""
        if not self.claimed or not self.whole:
            return 0
        return 2 * SPARE + self.digits + max(0, int(self.context.log10(self.whole / self.claimed)))


class Referee:
    """The comparison of one question with many digits."""

    def __init__(self, question: Question, symbols: Mapping[str, Expr], held: Mapping[str, Expr], *, flip: bool) -> None:
        self.question = question
        self.symbols = dict(symbols)
        self.held = dict(held)
        self.flip = flip
        self.work = MOST_WORK
        self.arithmetics: dict[int, Arithmetic] = {}
        self.arithmetic = self._with(DIGITS)
        wrt = question.wrt
        self.able = len(wrt) <= MOST_ORDER and not (len(set(wrt)) < len(wrt) and any(curved(space(x)) for x in wrt))
        self.able = self.able and all(self.arithmetic.knows(e) for e in (question.original, question.answer))

    def _with(self, digits: int) -> Arithmetic:
        """The arithmetic with so many digits."""
        if digits not in self.arithmetics:
            self.arithmetics[digits] = Arithmetic(digits)
        return self.arithmetics[digits]

    def decide(self, candidates: Sequence[Candidate], rng: np.random.Generator) -> Verdict | None:
        """The verdict at the first point that decides; ``zero`` where the derivative vanishes at all that are tried.

        None where no point can be looked at, also because of what the points before have cost.
        """
        zero: Verdict | None = None
        turns = [(1.0, candidate) for candidate in candidates[:2]]
        turns += [(scale, candidates[k % min(2, len(candidates))]) for k, scale in enumerate(SCALES)]
        for scale, candidate in turns if self.able else ():
            env = {name: self._multiple(name, value, scale) for name, value in candidate.env.items()}
            found = self.at(Candidate(candidate.sizes, env), rng)
            if found is not None and found.kind != "zero":
                return found
            zero = zero or found
        return zero

    def at(self, candidate: Candidate, rng: np.random.Generator) -> Verdict | None:
        """The verdict at a point.  That the sides differ counts when more digits show the same two sides."""
        if not self.able:
            return None
        wrt = self.question.wrt
        points = [np.asarray(candidate.env[x.params[0]], dtype=float) for x in wrt]
        towards = [direction(x, X, self.question.structure, rng) for x, X in zip(wrt, points, strict=True)]
        before: Sides | None = None
        digits, finer = DIGITS, 0
        found: Verdict | None = None
        for _ in range(LOOKS):
            try:
                sides = self._sides(candidate, towards, digits, finer)
            except (NoValue, Refusal, InputError):
                return None
            if sides is None:
                return found if found is not None and found.kind == "zero" else None
            found = sides.verdict(candidate.sizes)
            if found.kind == "right" or (found.kind == "zero" and not sides.claimed):
                return found
            if found.kind == "unseen":
                finer += FINER
                before, digits = None, min(MOST_DIGITS, max(digits, sides.digits_wanted()) + FINER * len(wrt))
                continue
            if before is not None:
                if found.kind == "wrong" and sides.repeat(before):
                    return found
                if found.kind == "zero" or not sides.repeats(sides.got, before.got):  # what is claimed is rounding
                    return Verdict("zero", 0.0, candidate.sizes)
            before, digits = sides, min(MOST_DIGITS, max(digits + SPARE, sides.digits_wanted()))
        return None

    def _multiple(self, name: str, value: Any, scale: float) -> Any:
        symbol = self.symbols.get(name)
        moves = symbol is not None and known_facts(symbol) <= SCALABLE and name not in self.held
        return np.asarray(value) * scale if moves else value

    def _sides(self, candidate: Candidate, towards: Sequence[Any], digits: int, finer: int) -> Sides | None:
        """Both sides with so many digits, and steps shorter by so many; None where the point is not admissible, or the
        work is too much."""
        self.arithmetic = at = self._with(digits)
        question, sizes = self.question, candidate.sizes
        roots = [written_out(e, sizes) for e in (question.original, question.answer)]
        original, answer = roots
        zero = is_zero(answer)
        if zero:  # its many entries need not be made
            roots.pop()
        steps = list(product(STENCIL, repeat=len(question.wrt)))
        work = _work(original, sizes) * len(steps) + (0 if zero else _work(answer, sizes) + ENTRY * _entries(answer, sizes))
        self.work -= work
        if self.work < 0:
            return None
        tick(int(work * (digits / DIGITS) ** 1.5) // IN_A_STEP)
        env = {name: self._exact(name, np.asarray(value)) for name, value in candidate.env.items()}
        for name, member in self.held.items():  # the member of a family that is a variable
            family, (i, rows, cols) = member.args[0], (d.value(sizes) for d in member.params)
            value = np.reshape(env[family.params[0]][i - 1], (rows, cols))
            env[name] = value[0, 0] if member.is_scalar else value
        values = at.values(roots, env, sizes)
        if not self._admissible(values, roots, sizes, env):
            return None
        tangents = [self._tangent(x, V, env) for x, V in zip(question.wrt, towards, strict=True)]
        used = tangents
        if question.structure == "independent":
            used = [independent(space(x), V) for x, V in zip(question.wrt, tangents, strict=True)]
        if zero:
            got = terms = [at.number(0)] * int(np.size(values[original]))
        else:
            value = values[answer]
            tensor = as_tensor(np.transpose(value) if self.flip else value, int(np.size(values[original])), used)
            got, terms = contract(tensor, used), contract(np.abs(tensor), [np.abs(V) for V in used])
        got, terms = list(np.atleast_1d(got)), list(np.atleast_1d(terms))
        whole = max(abs(v) for value in values.values() for v in np.ravel(value))
        here = max(abs(v) for v in np.ravel(values[original]))
        step = finer + self._step_digits(max(abs(v) for v in got), here)
        want, error = self._slope(original, tangents, steps, step, env, sizes)
        error = max(error, at.context.eps * here * at.context.mpf(10) ** (step * len(used)))
        return Sides(at.context, got, terms, list(want), error, whole, step * len(used))

    def _step_digits(self, claimed: Any, here: Any) -> int:
        """With which step differences see a derivative of the size that is claimed, of a function of this size."""
        c = self.arithmetic.context
        steep = int(c.ceil(c.log10(claimed / here))) if claimed > here > 0 else 0
        if STEP_DIGITS + steep > MOST_STEP_DIGITS:
            raise NoValue("the derivative that is claimed is too large for differences")
        return STEP_DIGITS + steep

    def _exact(self, name: str, value: Any) -> Any:
        """The value with many digits, with the declared facts to as many."""
        at = self.arithmetic
        exact = at.array(value)
        symbol = self.symbols.get(name)
        known = frozenset() if symbol is None or symbol.op.name == "family" else known_facts(symbol)
        if "simplex" in known:
            exact = exact / np.sum(exact)
        if "idempotent" in known and np.ndim(exact):
            for _ in range(4):
                exact = 3 * (exact @ exact) - 2 * (exact @ exact @ exact)
        if "orthonormal" in known and np.ndim(exact):
            for _ in range(4):  # the nearest matrix with orthonormal columns
                exact = exact @ (3 * at.array(np.eye(exact.shape[1])) - exact.T @ exact) / 2
        return exact

    def _tangent(self, x: Expr, towards: Any, env: Mapping[str, Any]) -> Any:
        """A direction in the space of the variable, to as many digits."""
        V = self.arithmetic.array(towards)
        facts = space(x) if self.question.structure != "free" else frozenset()
        return project(facts, env[x.params[0]], V) if facts else V

    def _slope(
        self, original: Expr, tangents: Sequence[Any], steps: Sequence[Any], step_digits: int, env: Mapping[str, Any],
        sizes: Mapping[str, int],
    ) -> tuple[Any, Any]:  # fmt: skip
        """The mixed derivative along the directions, and an estimate of its error."""
        at = self.arithmetic
        step = at.context.mpf(10) ** -step_digits
        fine: Any = 0
        coarse: Any = 0
        sixth = {1: at.number(3) / 4, 2: at.number(-3) / 20, 3: at.number(1) / 60}
        fourth = {1: at.number(2) / 3, 2: at.number(-1) / 12, 3: at.number(0)}
        for places in steps:
            moved = dict(env)
            a = b = at.number(1)
            for (where, _, _), x, V in zip(places, self.question.wrt, tangents, strict=True):
                moved[x.params[0]] = moved[x.params[0]] + V * (step * where)
                sign = 1 if where > 0 else -1
                a, b = a * sign * sixth[abs(where)], b * sign * fourth[abs(where)]
            value = at.values([original], moved, sizes)[original]
            fine, coarse = fine + value * a, coarse + value * b
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


def _doublings(exponent: object, sizes: Mapping[str, int]) -> int:
    """How many products of matrices make up a power."""
    number = exponent.value(sizes) if isinstance(exponent, Dim) else exponent
    return 2 * number.bit_length() if isinstance(number, int) else 0


def _entries(e: Expr, sizes: Mapping[str, int]) -> int:
    return e.rows.value(sizes) * e.cols.value(sizes)


def _work(e: Expr, sizes: Mapping[str, int]) -> int:
    """About how many multiplications the value of an expression takes."""
    total = 0
    for node in postorder(e):
        total += CALL
        rows, cols = node.rows.value(sizes), node.cols.value(sizes)
        inner = max((a.cols.value(sizes) for a in node.args), default=1)
        total += rows * cols * (inner if node.op.name == "mul" else 1)
        if node.op.name in TRANSCENDENTAL:
            total += rows * cols * TRANSCENDENTAL[node.op.name]
        if node.op.name in COSTLY:
            n = max(SMALLEST, node.args[0].rows.value(sizes), node.args[0].cols.value(sizes))
            total += COSTLY[node.op.name] * n**3
        if node.op.name in POWERS:
            total += rows**3 * sum(_doublings(p, sizes) for p in node.params)
    return total
