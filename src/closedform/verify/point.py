"""Random points at which expressions can be compared: inside their domains, at sizes that fit, with finite values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from closedform.core.bound import indices
from closedform.core.dim import Dim
from closedform.core.errors import Refusal
from closedform.core.expr import Expr
from closedform.core.infer import facts as known_facts
from closedform.core.walk import postorder
from closedform.numeric.draw import STYLES, draw
from closedform.numeric.evaluate import Bound, Program
from closedform.numeric.sizes import Demands, choices

WORST_CONDITION = 1e7
"""A matrix with a larger condition number (in the Frobenius norm) counts as singular."""
NEAR_ZERO = 1e-6

SCHEDULE = (
    ("normal", 4), ("domain", 4), ("balanced", 2), ("positive", 3), ("small", 3), ("near identity", 3), ("small positive", 2),
    ("large positive", 2), ("large", 1), ("wide positive", 6), ("mixed", 30),
)  # fmt: skip
"""Ways to draw, in turn, with how often each is tried; ``domain`` draws only those names positive on which a condition
such as the positive argument of a logarithm rests."""
SIZE_TRIES = 12
"""How often the sizes are changed, because a matrix is singular at them, before the way to draw is."""
FEWEST_TRIES = 24
FEW_ENTRIES = 200_000
"""Sizes with a larger matrix are passed over ..."""
MOST_ENTRIES = 1_500_000
"""A matrix with more entries is not evaluated: smaller sizes are used."""
WORK = 60_000
"""Steps that may be taken in search of one point, once the fewest tries have been made."""

ENTRYWISE = ("positive", "nonnegative", "in (-1, 1)", "above -1")
RANK = ("invertible", "full rank")


class Point(NamedTuple):
    """Sizes, the program at them, the value of each of its nodes, and how the point was drawn."""

    sizes: dict[str, int]
    bound: Bound
    values: list[Any]
    style: str

    def of(self, e: Expr) -> Any:
        """The value of an expression of the program."""
        return self.values[self.bound.program.place[e]]


class Points:
    """A reproducible sequence of admissible points of some expressions.

    ``optional`` are further expressions that are evaluated, and whose conditions count, but whose value may turn out
    not to be finite.
    """

    def __init__(self, required: Sequence[Expr], optional: Sequence[Expr] = (), *, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.required = tuple(required)
        nodes = postorder(*required, *optional)
        conditions = list(
            dict.fromkeys(
                (condition, argument)
                for node in nodes
                for condition, argument in node.op.domain(*node.args, *node.params)
                if argument.op.name not in ("number", "pi", "size", "eye")
            )
        )
        own = {pair for node in postorder(*required) for pair in node.op.domain(*node.args, *node.params)}
        judged = [pair for pair in conditions if not indices(pair[1])]
        self.conditions = [pair for pair in judged if pair in own or pair[0] not in ENTRYWISE]
        self.claimed = [pair for pair in judged if pair not in self.conditions]
        """Conditions on entries that only the optional expressions put: where they fail, these have no value."""
        self.limited = [argument for condition, argument in conditions if condition in ENTRYWISE]
        self.held = {node.args[1].params[0]: node.args[2] for node in nodes if node.op.name == "moved"}
        """Variables that are members of families, and the members."""
        self.program = Program(*required, *optional, *(argument for _, argument in judged))
        symbols: dict[str, Expr] = {}
        for _, name, node in self.program.inputs:  # of one name, the symbol with the most facts is drawn
            if name not in symbols or len(known_facts(node)) > len(known_facts(symbols[name])):
                symbols[name] = node
        self.symbols = symbols
        self.demands = Demands(postorder(*self.program.roots))
        self.tall = list({node.shape for node in self.program.nodes if sum(_degree(d) for d in node.shape) > 3})
        """The shapes that grow fastest with the sizes."""
        self.choices = choices(self.demands, self.rng)
        self.known_sizes: list[dict[str, int]] = []
        self.turn = 0
        self.stage = 0
        self.tries_left = SCHEDULE[0][1]
        self.tried = 0
        """How many points have been tried."""
        self._why: tuple[Expr, str] | None = None
        self._last = max((self.program.place[e] for e in self.required), default=-1)
        """Where the values of the required expressions end; without them no others are wanted."""
        self._singular = False
        self._restricted: set[str] | None = None

    def next(self) -> Point:
        """Another point, at other sizes where there are any; Refusal when none is found."""
        most = max(FEWEST_TRIES, min(4 * SIZE_TRIES + 64, WORK // self.program.cost))
        singular = stages = 0
        for _ in range(most):
            with np.errstate(all="ignore"):
                point = self._try()
            if point is not None:
                self.back(self.stage)
                return point
            if self._singular and singular < SIZE_TRIES and (self.demands.names or self.demands.indices):
                singular += 1
                continue
            singular = 0
            self.tries_left -= 1
            if self.tries_left == 0:
                self.back(self.stage + 1)
                stages += 1
            if stages == len(SCHEDULE):
                break
        self.back(0)
        raise Refusal(f"no admissible point was found to check the answer at: {self.reason}")

    def mark(self) -> int:
        """Where in the ways to draw the sequence stands; ``back`` returns there."""
        return self.stage

    @property
    def style(self) -> str:
        """The way in which points are drawn at present."""
        return SCHEDULE[self.stage][0]

    def back(self, stage: int) -> None:
        """Draw again in the way that a mark stands for."""
        self.stage = stage % len(SCHEDULE)
        self.tries_left = SCHEDULE[self.stage][1]

    def skip_style(self) -> None:
        """Draw the next points in another way."""
        self.back(self.stage + 1)

    def _sizes(self) -> dict[str, int]:
        """The next choice of sizes; from the first again when all have been used."""
        for found in self.choices:
            if self.affords(found):
                self.known_sizes.append(found)
                return found
        if not self.known_sizes:
            self.known_sizes = self._small_sizes()
        self.turn += 1
        return self.known_sizes[self.turn % len(self.known_sizes)]

    def affords(self, sizes: dict[str, int]) -> bool:
        """Is no matrix too large at some sizes?"""
        return not self.tall or self._entries(sizes) <= FEW_ENTRIES

    def _entries(self, sizes: dict[str, int]) -> int:
        """The entries of the largest matrix at some sizes."""
        return max((rows.value(sizes) * cols.value(sizes) for rows, cols in self.tall), default=0)

    def _small_sizes(self) -> list[dict[str, int]]:
        """Small sizes at which no matrix is too large; Refusal when there are none."""
        names = sorted(self.demands.names)
        options = [{name: 1 + (k + shift) % 3 for k, name in enumerate(names)} for shift in (1, 2, 0)]
        options = [{**sizes, **dict.fromkeys(self.demands.indices, 1)} for sizes in options]
        options = [sizes for sizes in options if self.demands.met(sizes, 1)]
        if not options:
            raise Refusal("no sizes fit the expression")
        fitting = [sizes for sizes in options if self._entries(sizes) <= MOST_ENTRIES]
        if not fitting:
            raise Refusal(f"the check of the answer needs a matrix of more than {MOST_ENTRIES} entries at every choice of sizes")
        return fitting

    @property
    def reason(self) -> str:
        """Why the last point that was not admissible was not."""
        if self._why is None:
            return ""
        return said(*self._why)

    def _try(self) -> Point | None:
        self._singular = False
        sizes, env, style = self._drawn()
        return self.at(sizes, env, style, self.conditions)

    def drawn(self) -> Point | None:
        """A point as the next one would be, when it is admissible."""
        with np.errstate(all="ignore"):
            return self._try()

    def anywhere(self) -> tuple[dict[str, int], dict[str, Any]]:
        """Sizes and values of the symbols as the next point would have them, whether it is admissible or not."""
        sizes, env, _ = self._drawn()
        return sizes, self._counted(sizes, env)

    def _counted(self, sizes: dict[str, int], env: dict[str, Any]) -> dict[str, Any]:
        """The values of the symbols; of declared integers that count, the sizes."""
        return {name: float(sizes[name]) if name in sizes else value for name, value in env.items()}

    def _drawn(self) -> tuple[dict[str, int], dict[str, Any], str]:
        sizes = self._sizes()
        style = SCHEDULE[self.stage][0]
        env = {}
        for k, (name, symbol) in enumerate(self.symbols.items()):
            value = draw(symbol, sizes, self.rng, self.style_of(style, name))
            if style == "normal" and symbol.is_scalar and not known_facts(symbol):
                value = abs(value) * (-1.0 if (k + self.turn + len(self.known_sizes)) % 2 else 1.0)  # both signs in turn
            env[name] = value
        return sizes, env, style

    def at(self, sizes: dict[str, int], env: dict[str, Any], style: str, conditions: Sequence[tuple[str, Expr]]) -> Point | None:
        """The point with these values of the symbols, when it satisfies the conditions and the required expressions
        have values; else None, and ``reason`` says why."""
        env = self._counted(sizes, env)
        for name, member in self.held.items():
            family, (i, rows, cols) = member.args[0], (d.value(sizes) for d in member.params)
            value = np.reshape(env[family.params[0]][i - 1], (rows, cols))
            env[name] = value[0, 0] if member.is_scalar else value
        self.tried += 1
        bound = self.program.at(sizes)
        values = bound.begun(env, self._last)
        place = self.program.place
        early = [pair for pair in conditions if place[pair[1]] <= self._last]
        if not self._all_hold(early, values):
            return None
        for e in self.required:
            if not np.isfinite(values[place[e]]).all():
                self._why = e, "finite"
                return None
        bound.completed(values, self._last)
        if len(early) < len(conditions) and not self._all_hold([p for p in conditions if place[p[1]] > self._last], values):
            return None
        return Point(sizes, bound, values, style)

    def _all_hold(self, conditions: Sequence[tuple[str, Expr]], values: list[Any]) -> bool:
        """Do conditions hold at some values?"""
        for condition, argument in conditions:
            if not holds(condition, values[self.program.place[argument]]):
                self._singular = condition in RANK
                self._why = argument, condition
                return False
        return True

    def narrowed(self, point: Point) -> bool:
        """Does the point clearly lie outside of what the optional expressions are defined on?"""
        return any(_clearly_fails(condition, point.of(argument)) for condition, argument in self.claimed)

    def own_conditions(self) -> list[tuple[str, Expr]]:
        """Those of the conditions that the required expressions put on their arguments."""
        own = {pair for node in postorder(*self.required) for pair in node.op.domain(*node.args, *node.params)}
        return [pair for pair in self.conditions if pair in own]

    def style_of(self, style: str, name: str) -> str:
        """The way in which one symbol is drawn under a way of the schedule."""
        if style == "domain":
            if self._restricted is None:
                self._restricted = {node.params[0] for node in postorder(*self.limited) if node.op.name in ("symbol", "family")}
            return "positive" if name in self._restricted else "normal"
        if style == "mixed":
            listed = list(STYLES)
            return listed[int(self.rng.integers(len(listed)))]
        return style


def _degree(dim: Dim) -> int:
    return max((len(names) for names, _ in dim.terms), default=0)


def short(e: Expr) -> str:
    """The text of an expression, cut off where it is long."""
    text = str(e)
    return text if len(text) <= 60 else f"{text[:57]}..."


def said(e: Expr, condition: str) -> str:
    """That a condition on an expression held nowhere."""
    how = {"invertible": "singular", "nonzero": "zero"}.get(condition, f"not {condition}")
    return f"{short(e)} was {how} wherever it was tried"


def holds(condition: str, value: Any) -> bool:
    """Does a condition that an operation puts on an argument hold of its value?  A condition that cannot be
    judged by the value alone counts as holding.

    >>> holds("positive", np.array([[1.0, -1.0]])), holds("invertible", np.ones((2, 2)))
    (False, False)
    """
    if not np.isfinite(value).all():
        return False
    match condition:
        case "invertible":
            return _condition_number(value) < WORST_CONDITION
        case "positive":
            return bool(np.min(value) > 0)
        case "nonnegative":
            return bool(np.min(value) >= 0)
        case "nonzero":
            return bool(np.min(np.abs(value)) > NEAR_ZERO) if np.ndim(value) == 0 else bool(np.max(np.abs(value)) > NEAR_ZERO)
        case "in (-1, 1)":
            return bool(np.max(np.abs(value)) < 1)
        case "above -1":
            return bool(np.min(value) > -1)
        case "pd":
            return bool(np.linalg.eigvalsh(np.atleast_2d(0.5 * (value + np.transpose(value)))).min() > NEAR_ZERO)
        case "full rank":
            singular = np.linalg.svd(np.atleast_2d(value), compute_uv=False)
            return bool(singular[-1] * WORST_CONDITION > singular[0])
    return True


def _clearly_fails(condition: str, value: Any) -> bool:
    """Does a condition on the entries of a value fail by more than rounding?"""
    if not np.isfinite(value).all():
        return False
    margin = NEAR_ZERO * max(1.0, float(np.max(np.abs(value), initial=0.0)))
    match condition:
        case "positive" | "nonnegative":
            return bool(np.min(value) < -margin)
        case "in (-1, 1)":
            return bool(np.max(np.abs(value)) > 1 + margin)
        case "above -1":
            return bool(np.min(value) < -1 - margin)
    return False


def _condition_number(A: Any) -> float:
    if np.ndim(A) == 0 or A.shape == (1, 1):
        size = abs(float(np.reshape(A, ())))
        return np.inf if size < 1e-150 else 1.0
    try:
        return float(np.sqrt((A * A).sum() * (np.linalg.inv(A) ** 2).sum()))
    except np.linalg.LinAlgError:
        return np.inf
