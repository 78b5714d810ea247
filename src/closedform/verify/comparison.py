"""One original and one answer compared at random points, along random directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from closedform.core.errors import Refusal
from closedform.core.expr import Expr
from closedform.core.infer import facts as known_facts
from closedform.core.infer import known
from closedform.core.walk import postorder
from closedform.numeric.difference import COMPLEX_STEP, Slope, derivative
from closedform.numeric.tangent import curved, direction, independent, project, space
from closedform.numeric.vectors import VECTORS
from closedform.verify.contraction import as_tensor, contract, off_space, transposed
from closedform.verify.domain import Domain
from closedform.verify.kinks import (
    EXTREMES,
    JUMPING,
    PIECEWISE,
    RANKED,
    SPECTRAL,
    bends,
    blurred,
    coincidences,
    largest,
    rankless,
    ties,
    unsettled,
)
from closedform.verify.point import Point, Points
from closedform.verify.question import Question

EXACT = 1e-8
"""Tolerance where the derivative is taken by the complex step alone."""
DIFFERENCED = 1e-6
"""Tolerance where differences are involved; it grows with their estimated error, up to ``LOOSEST``."""
LOOSEST = 1e-4
UNSURE = 1e-5
"""A difference whose estimated error is larger is not used; another point is drawn."""
DOUBTED = 20.0
"""A deviation may be this many times the estimated error of a difference."""
NEARER = 0.03
"""Differences are taken once more with steps so much shorter before they count against an answer."""
STILL_NEARER = (1e-3, 1e-4, 1e-5)
"""Where these say what an answer says, the longer ones count for nothing."""
NEAREST = 1e-7
"""Where steps would have to be still shorter, they do not."""
ROUNDING = 1e-14
"""A deviation below this, relative to what the derivative is put together from, is rounding."""
STROLL = 1e-3
"""So far along a direction it is seen whether a tie stays one."""
NUDGE = 1e-13
NOISE = 100.0
"""A deviation counts as rounding up to this many times the change that comes from moving the point by ``NUDGE``."""
NUDGES = 3
UNDETERMINED = 1e-3
"""Singular vectors that change by more than this with rounding are not determined at all, nor is what they say."""
ROUNDED = 1e-13
"""Terms of a sum that cancel may leave this much of the directions."""
BLURRED = 1e-10
"""A deviation below this, relative to the values that differences are taken of, may come from their rounding."""
CANCELLED, CANCELLING = 1e-6, 5e-14
"""A derivative below the one, relative to what it is put together from, with a deviation below the other may be rounding."""
BOUNDED = frozenset({"tanh", "sigmoid", "erf"})
SATURATED = 1e-8
"""A bounded function as near as this to its bound has lost half of its digits."""
OSCILLATING = frozenset({"sin", "cos", "tan"})
FAST = 1e8
"""So have these at larger arguments."""
TINY = 1e-140
"""Where a derivative has passed through numbers below this, it may have been lost on the way ..."""
LOST = 1e-100
"""... if it is itself below this."""
SIDED = 0.1
"""Differences side with the answer when they are this much nearer to it than the complex step is."""
NARROW = 1e-4
"""A deviation below this may come from a badly conditioned point: other points are tried first."""


class Outcome(NamedTuple):
    """One comparison: the kind (see ``Comparison.compare``), the relative deviation, the sizes, why it failed."""

    kind: str
    error: float
    sizes: dict[str, int]
    reason: str = ""


class Noise(NamedTuple):
    """How much rounding may change: the answer, what it says about the directions, what the original says about them,
    and the singular vectors and eigenvectors in the answer."""

    answer: float
    got: float
    want: float
    vectors: float


def _inside(node: Expr) -> Sequence[Expr]:
    """A node, with those of the terms of a sum."""
    return postorder(node) if node.op.name == "series" else (node,)


class Comparison:
    """The original of a question against its answer, at one point and another."""

    def __init__(self, question: Question, seed: int) -> None:
        self.question = question
        self.points = Points((question.original,), (question.answer, *question.wrt), seed=seed)
        self.domain = Domain(question.original)
        names = {x.params[0]: x for x in question.wrt}
        self.moving = {node: names[name] for _, name, node in self.points.program.inputs if name in names}
        """Every symbol that moves with a variable: itself, and others of its name."""
        answer = question.answer
        self.zero = answer.op.name == "zeros" or (answer.op.name == "number" and answer.params[0] == 0)
        self.flip = transposed(question.original.shape, question.wrt, question.layout)
        self.changing = self.points.program.dependents(self.moving, question.original)
        self.under = range(self.points.program.place[question.original] + 1)
        """The places of the original's own nodes."""
        nodes = self.points.program.nodes
        still = sorted(set(self.under) - set(self.changing))
        self.fixed = [nodes[i] for i in still if nodes[i].op.name in VECTORS | JUMPING]
        """Those of them that give vectors, or jump, and do not move: where values coincide they are not determined."""
        self.analytic = all(n.op.analytic for i in self.changing for n in _inside(nodes[i]))
        self.tested = not self.analytic
        self.pieces = any(n.op.name in PIECEWISE for node in nodes for n in _inside(node))
        """Is the original or the answer put together from pieces?"""
        self.vectors = [node for node in postorder(answer) if node.op.name in VECTORS]
        self.spectral = any(n.op.name in SPECTRAL for node in nodes for n in _inside(node))
        repeated = [x for x in names.values() if question.wrt.count(x) > 1 and curved(space(x))]
        self.bent = bool(repeated) and question.structure == "projected"
        if self.bent and len(question.wrt) > 2:
            raise Refusal(f"an answer of order {len(question.wrt)} by {repeated[0]}, with orthonormal columns, cannot be checked")

    def extreme(self, point: Point) -> bool:
        """Does something that moves come near the ends of the range of floating point, or of that of its function?"""
        values = [point.values[i] for i in self.changing]
        nodes = self.points.program.nodes
        if any(largest(point.values[i]) > 1 - SATURATED for i in self.changing if nodes[i].op.name in BOUNDED):
            return True
        if any(largest(point.of(nodes[i].args[0])) > FAST for i in self.changing if nodes[i].op.name in OSCILLATING):
            return True
        return any(_smallest(v) < TINY or largest(v) > 1 / TINY or not np.isfinite(v).all() for v in values)

    def compare(self, point: Point) -> Outcome:
        """The comparison at one point.

        The kinds: ``right`` and ``wrong`` settle it; ``doubtful`` is a deviation beside terms that are much larger than
        the derivative, ``narrow`` a small one, ``faint`` agreement on next to
        nothing, ``undefined`` an answer without a value, ``vanishing`` a derivative that underflows, ``unusable`` one
        that cannot be had numerically, ``kinked`` one at a kink, where there is none.
        """
        question = self.question
        at = [point.of(x) for x in question.wrt]
        tangents = [direction(x, X, question.structure, self.points.rng) for x, X in zip(question.wrt, at, strict=True)]
        tensor = self.tensor(point, tangents)
        if not np.isfinite(tensor).all():
            bent = any(self._bends(point, x, V) for x, V in zip(question.wrt, tangents, strict=True))
            kind = "unusable" if bent or self.at_a_kink(point) else "undefined"
            if kind == "undefined" and self.points.narrowed(point) and self._smooth(point, tangents):
                kind = "wrong"
            return Outcome(kind, np.inf, point.sizes, "the answer has no finite value where the expression is smooth")
        used = tangents
        if question.structure == "independent":
            used = [independent(space(x), V) for x, V in zip(question.wrt, tangents, strict=True)]
        off = off_space(tensor, question.wrt, at, question.structure)
        outside = off > EXACT * largest(tensor) and off > ROUNDING * self.size_of_terms(point, tangents)
        if outside and off > NOISE * self._noise(point, tangents, used).answer:
            off /= largest(tensor)
            reason = f"the answer leaves the space of its variable (by {off:.1e}, relative) at sizes {point.sizes}"
            return Outcome("narrow" if off < NARROW else "wrong", off, point.sizes, reason)
        return self._judged(point, tangents, used, *self.sides(point, tensor, tangents, used))

    def _judged(self, point: Point, tangents: Sequence[Any], used: Sequence[Any], got: Any, terms: Any, slope: Slope) -> Outcome:
        want = np.reshape(slope.value, -1, order="F")
        if not np.isfinite(want).all() or slope.error > UNSURE:
            kind = "kinked" if self.at_a_kink(point, tangents) else "unusable"
            return self._within(point, tangents) or Outcome(kind, np.inf, point.sizes)
        gap = np.abs(got - want)
        scale = np.maximum(np.abs(want), terms)
        size = float(scale.max())
        error = float((gap / np.maximum(scale, 1e-3 * size)).max()) if size > 0.0 else 0.0
        exact = self.analytic and len(tangents) == 1
        if size > 0.0 and error <= (EXACT if exact else min(LOOSEST, max(DIFFERENCED, DOUBTED * slope.error))):
            return Outcome("right", error, point.sizes)
        if size < LOST and self._vanishing(point, tangents):
            return Outcome("vanishing", np.inf, point.sizes)
        if size == 0.0:
            return Outcome("faint", 0.0, point.sizes)
        if size <= CANCELLED * (whole := self.size_of_terms(point, tangents)) and float(gap.max()) <= CANCELLING * whole:
            return Outcome("faint", min(error, float(gap.max())), point.sizes)
        values = max(largest(point.values[i]) for i in self.changing) if self.changing else 0.0
        if not exact and size <= CANCELLED * values and float(gap.max()) <= BLURRED * values:
            return Outcome("faint", min(error, float(gap.max())), point.sizes)
        if self.at_a_kink(point, tangents):
            return self._within(point, tangents) or Outcome("kinked", np.inf, point.sizes)
        noise = self._noise(point, tangents, used)
        undetermined = noise.vectors > UNDETERMINED and noise.want <= EXACT * size and noise.got > UNDETERMINED * size
        if not undetermined and float(gap.max()) <= max(self._rounding(tangents), NOISE * max(noise.got, noise.want)):
            rounding = size <= CANCELLED * self.size_of_terms(point, tangents)
            return Outcome("faint" if rounding else "unusable", min(error, float(gap.max())), point.sizes)
        if self._differences_agree(point, tangents, got, want, size) if exact else self._unsteady(point, tangents, slope, got):
            return Outcome("unusable", np.inf, point.sizes)
        reason = f"the answer and the numerical derivative differ by {error:.1e} (relative) at sizes {point.sizes}"
        doubtful = size <= CANCELLED * self.size_of_terms(point, tangents)
        return Outcome("narrow" if error < NARROW else "doubtful" if doubtful else "wrong", error, point.sizes, reason)

    def _smooth(self, point: Point, tangents: Sequence[Any]) -> bool:
        """Has the original a derivative here, as far as can be seen?"""
        slope = self.slope(point, tangents, 0.0)
        return bool(np.isfinite(slope.value).all()) and slope.error <= UNSURE

    def _bends(self, point: Point, x: Expr, V: Any) -> bool:
        """Has the original a bend here along a direction?"""
        return bends(lambda step: self._follow(point, [(x, step * V)])[self.points.program.place[self.question.original]])

    def _unsteady(self, point: Point, tangents: Sequence[Any], slope: Slope, got: Any) -> bool:
        """Is a difference no surer than the deviation from it, or another one nearer by?  (What oscillates fast it misses.)

        Where one much nearer by says what the answer says, the function has turned on the way.
        """

        def nearby(near: float) -> Any:
            value = self.slope(point, [near * V for V in tangents], 0.0).value / near ** len(tangents)
            return np.reshape(value, -1, order="F")

        want = np.reshape(slope.value, -1, order="F")
        gap = largest(got - want)
        near = min(NEARER, 2 * largest(point.of(self.question.original)) / gap) or NEARER
        if near < NEAREST or not max(10 * largest(nearby(near) - want), DOUBTED * slope.doubt) < gap:
            return True
        return any(largest(nearby(step) - got) <= LOOSEST * gap for step in STILL_NEARER)

    def _differences_agree(self, point: Point, tangents: Sequence[Any], got: Any, want: Any, size: float) -> bool:
        """Do differences say what the answer says, where the complex step does not?  (High powers have none to speak of.)"""
        slope = self.slope(point, tangents, size, analytic=False)
        gap = float(np.max(np.abs(np.reshape(slope.value, -1, order="F") - got), initial=0.0))
        return slope.error <= UNSURE and gap <= min(LOOSEST * size, SIDED * float(np.max(np.abs(want - got))))

    def _within(self, point: Point, tangents: Sequence[Any]) -> Outcome | None:
        """What is wrong along directions in the spaces of the variables, where the ties of declared zeros stay ties."""
        wrt = self.question.wrt
        if self.question.structure != "free" or not any(space(x) for x in wrt):
            return None
        inside = [project(space(x), point.of(x), V) if space(x) else V for x, V in zip(wrt, tangents, strict=True)]
        if not self.at_a_kink(point, tangents) or self.at_a_kink(point, inside):
            return None
        tensor = self.tensor(point, inside)
        found = self._judged(point, inside, inside, *self.sides(point, tensor, inside, inside))
        return found if found.kind in ("wrong", "narrow") else None

    def at_a_kink(self, point: Point, tangents: Sequence[Any] = ()) -> bool:
        """Does something that moves stand where it is not differentiable?  (A declared zero makes every point such.)

        With directions, what is tied and stays tied along them, as a row of zeros does, counts for nothing.
        """
        nodes = [self.points.program.nodes[i] for i in self.changing]
        if any(blurred(node.op.name, point.of(node.args[0])) for node in nodes if node.op.name in EXTREMES):
            return True
        if any(rankless(point.of(node.args[0])) for node in nodes if node.op.name in RANKED):
            return True
        jumping = [node.args[0] for node in (*nodes, *self.fixed) if node.op.name in JUMPING]
        if any(unsettled(point.of(a), positive=known(a, "positive")) for a in jumping):
            return True
        if any(self._ties(node, point.values).any() for node in self.fixed if node.op.name in VECTORS):
            return True
        kinked = [node for node in nodes if node.op.name in PIECEWISE | SPECTRAL]
        tied = [(node, on) for node in kinked if (on := self._ties(node, point.values)).any()]
        lasting = tangents and all(node.op.name in PIECEWISE or len(tangents) == 1 for node, _ in tied)
        if not tied or not lasting or any(node.op.name in VECTORS for node, _ in tied):
            return bool(tied)
        ways = self._ways(point, tangents)
        return not all((self._ties(node, values) | ~on).all() for node, on in tied for values in ways)

    def _ties(self, node: Expr, values: Sequence[Any]) -> Any:
        """Which entries are tied, or which singular values or eigenvalues coincide."""
        arguments = [np.asarray(values[self.points.program.place[a]]) for a in node.args]
        if node.op.name in PIECEWISE:
            return ties(node.op.name, arguments)
        return coincidences(node.op.name, np.atleast_2d(arguments[0]))

    def _ways(self, point: Point, tangents: Sequence[Any]) -> list[list[Any]]:
        """The values of the original's nodes a little way along each direction, and along all of them."""
        steps = [(x, STROLL * V) for x, V in zip(self.question.wrt, tangents, strict=True)]
        return [self._follow(point, some) for some in ([steps] if len(steps) == 1 else [*([one] for one in steps), steps])]

    def sides(self, point: Point, tensor: Any, tangents: Sequence[Any], used: Sequence[Any]) -> tuple[Any, Any, Slope]:
        """What the answer says about the directions, the size of its terms, and what the original says."""
        got = contract(tensor, used)
        terms = contract(np.abs(tensor), [np.abs(V) for V in used])
        return got, terms, self.slope(point, tangents, float(np.max(terms)))

    def _noise(self, point: Point, tangents: Sequence[Any], used: Sequence[Any]) -> Noise:
        """How much the answer, and the two sides, change when the point moves by next to nothing."""
        rng, answers, sides, turned = self.points.rng, [], [], 0.0
        seen = [node for node in self.vectors if node in self.points.program.place]
        for scale in (0.0, *[NUDGE] * NUDGES):
            env = {}
            for place, name, node in self.points.program.inputs:
                value = point.values[place]
                change = scale * rng.standard_normal(np.shape(value))
                if known_facts(node) & {"symmetric", "skew"} and np.ndim(value):  # entries that are tied stay so
                    change = change + np.transpose(change)
                env[name] = value * (1 + change)
            moved = point._replace(values=point.bound.values(env))
            answers.append(self.tensor(moved, tangents))
            turned = max([turned, *(largest(moved.of(node) - point.of(node)) for node in seen)])
            got, _, slope = self.sides(moved, answers[-1], tangents, used)
            sides += [(got, np.reshape(slope.value, -1, order="F"))]
        got, want = (max(largest(row[k] - sides[0][k]) for row in sides) for k in (0, 1))
        if len(seen) < len(self.vectors):  # inside of sums it is not seen
            turned = np.inf
        return Noise(max(largest(a - answers[0]) for a in answers), got, want, turned)

    def tensor(self, point: Point, tangents: Sequence[Any]) -> Any:
        """The value of the answer with an axis for the entries of the function and one for those of each variable."""
        value = point.of(self.question.answer)
        if self.flip:
            value = np.transpose(value)
        return as_tensor(value, np.size(point.of(self.question.original)), tangents)

    def _follow(self, point: Point, steps: Sequence[tuple[Expr, Any]]) -> list[Any]:
        """The values of the original's nodes when the variables take steps."""
        at = {x: point.of(x) for x in self.question.wrt}
        for x, step in steps:
            at[x] = at[x] + step
        moved = {node: at[x] for node, x in self.moving.items()}
        return point.bound.moved(point.values, moved, self.question.original)

    def slope(self, point: Point, tangents: Sequence[Any], terms: float, *, analytic: bool = True) -> Slope:
        """The mixed derivative of the original along the directions, and how sure it is."""
        place = self.points.program.place[self.question.original]

        def phi(s: Sequence[complex]) -> Any:
            return self._follow(point, [(x, c * V) for x, c, V in zip(self.question.wrt, s, tangents, strict=True)])[place]

        order = len(tangents)
        if not self.tested:
            start, here = phi((1j * COMPLEX_STEP, *[0.0] * (order - 1))), point.values[place]
            with_real = np.abs(np.real(start) - here)
            self.analytic = bool(np.all(with_real <= 1e-6 * (np.abs(here) + 1e-6 * float(np.max(np.abs(here))))))
            self.tested = True
        floor, analytic = terms, analytic and self.analytic
        if order > 1 or not analytic:
            floor = max(terms, 1e-3 * max((largest(point.values[i]) for i in self.changing), default=0.0))
        slope = derivative(phi, order, analytic=analytic, floor=floor)
        if not self.bent:
            return slope
        Q, (U, V) = point.of(self.question.wrt[0]), tangents
        turn = Q @ (0.5 * (U.T @ V + V.T @ U))  # the geodesics of the space bend by this much

        def along(s: Sequence[complex]) -> Any:
            return self._follow(point, [(self.question.wrt[0], s[0] * turn)])[place]

        bend = derivative(along, 1, analytic=analytic, floor=floor)
        return Slope(slope.value - bend.value, max(slope.error, bend.error), slope.doubt + bend.doubt)

    def _spread(self, point: Point, tangents: Sequence[Any]) -> list[Any]:
        """The derivatives of the original's nodes along all the directions at once; none where there is no complex step."""
        if not self.analytic:
            return []
        steps = [(x, 1j * COMPLEX_STEP * V) for x, V in zip(self.question.wrt, tangents, strict=True)]
        followed = self._follow(point, steps)
        return [np.imag(followed[i]) / COMPLEX_STEP for i in self.changing]

    def _vanishing(self, point: Point, tangents: Sequence[Any]) -> bool:
        """Did the derivative of the original pass through numbers too small to be kept?"""
        values = [point.values[i] for i in self.changing] + self._spread(point, tangents)
        return any(_smallest(v) < TINY for v in values)

    def _rounding(self, tangents: Sequence[Any]) -> float:
        """What adding up the terms of a sum may leave of those that cancel."""
        if not any(self.points.program.nodes[i].op.name == "series" for i in self.changing):
            return 0.0
        return ROUNDED * float(np.prod([largest(V) for V in tangents]))

    def size_of_answer(self, point: Point) -> float:
        """The largest number that the answer is put together from."""
        return max(largest(point.of(node)) for node in postorder(self.question.answer) if node in self.points.program.place)

    def size_of_terms(self, point: Point, tangents: Sequence[Any]) -> float:
        """The size of what the derivative is put together from, in the original and in the answer."""
        reach = float(np.prod([largest(V) for V in tangents]))
        inside = self.size_of_answer(point) * reach
        spread = self._spread(point, tangents) or [point.values[i] for i in self.changing]
        inside = max(inside, self._rounding(tangents) / ROUNDED)
        direct = reach if self.zero else 0.0  # entries of the direction that cancel in a sum
        return max([inside, direct, *(largest(v) for v in spread)])


def _smallest(value: Any) -> float:
    """The smallest absolute value of the entries that are not zero."""
    size = np.abs(value)
    return float(np.min(size, initial=np.inf, where=size > 0.0))
