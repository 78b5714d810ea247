"""Points at which a true answer, an answer given and what might explain it are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from closedform.core.errors import Refusal
from closedform.core.expr import Expr
from closedform.core.walk import postorder

if TYPE_CHECKING:
    from numpy.random import Generator

CLOSE = 1e-8
"""Values that differ by less, relative to the largest entry, count as equal."""
NOISE = 1e-9
"""Terms that are so much smaller than the largest are not told from rounding."""
POINTS = 3
PIECEWISE = 30
"""So many points are looked at where there are steps and kinks."""
FACTORS = tuple(
    Fraction(n, d)
    for n, d in ((-1, 1), (2, 1), (1, 2), (-2, 1), (-1, 2), (4, 1), (1, 4), (-4, 1), (-1, 4), (3, 1), (1, 3), (-3, 1))
)
"""The constants by which answers are usually off."""
SEED = 20240229


class Here(NamedTuple):
    """A point: sizes, the values of the names, and a source of more random numbers that belongs to it."""

    sizes: dict[str, int]
    env: dict[str, Any]
    number: int


class Ground:
    """Random points inside the domain of the question, at small and mutually different sizes."""

    def __init__(
        self, required: Sequence[Expr], optional: Sequence[Expr], extra: Sequence[Expr] = (), *, seed: int = SEED
    ) -> None:
        self.seed = seed
        self.required, self.optional = tuple(required), tuple(optional)
        self.extra = tuple(extra)
        """Symbols that no formula holds but that are to have values (directions, cotangents)."""
        self._points: list[Here] = []
        self._source: Any = None
        self._kinks: bool | None = None

    def points(self, count: int = POINTS) -> list[Here]:
        """So many points; Refusal when there are none."""
        from closedform.verify.point import Points

        if self._source is None:
            self._source = Points(self.required, self.optional, seed=self.seed)
        while len(self._points) < count:
            try:
                self._points.append(self._next())
            except Refusal:
                if not self._points:
                    raise
                break
        return self._points[:count]

    def enough(self, count: int, most: int = PIECEWISE) -> int:
        """So many points, or more where steps and kinks hide differences at most of them."""
        if self._kinks is None:
            self._kinks = any(node.op.kink for node in postorder(*self.required, *self.optional))
        return max(count, most) if self._kinks else count

    def _next(self) -> Here:
        import numpy as np

        from closedform.numeric.draw import draw

        point = self._source.next()
        env = {name: point.values[place] for place, name, _ in self._source.program.inputs}
        number = len(self._points)
        rng = np.random.default_rng((self.seed, number))
        for symbol in self.extra:
            if symbol.params[0] not in env:
                env[symbol.params[0]] = draw(symbol, point.sizes, rng)
        return Here(dict(point.sizes), env, number)

    def random(self, here: Here) -> Generator:
        """Random numbers that belong to a point."""
        import numpy as np

        return np.random.default_rng((self.seed, 1 + here.number))


def values(exprs: Sequence[Expr], here: Here) -> list[Any]:
    """The value of each expression at a point as a matrix; None where it has none there."""
    import numpy as np

    from closedform.numeric.evaluate import Program

    program = Program(*exprs)
    with np.errstate(all="ignore"):
        found = program.at(here.sizes).values(here.env)
    out = [np.atleast_2d(found[program.place[e]]) for e in exprs]
    return [value if np.isfinite(value).all() else None for value in out]


def same(a: Any, b: Any, close: float = CLOSE) -> bool:
    """Are two values equal up to rounding?"""
    import numpy as np

    if a is None or b is None or np.shape(a) != np.shape(b):
        return False
    scale = max(float(np.max(np.abs(a), initial=0.0)), float(np.max(np.abs(b), initial=0.0)))
    return bool(float(np.max(np.abs(a - b), initial=0.0)) <= close * scale)


def agree(found: Iterable[tuple[Any, Any]], close: float = CLOSE) -> bool:
    """Are two values the same at every point, and at two or more of them not both zero?"""
    telling = 0
    for left, right in found:
        if left is None or not same(left, right, close):
            return False
        telling += bool(left.any())
    return telling > 1


def multiple(a: Any, b: Any, limit: int = 0) -> Fraction | None:
    """The simple constant c with a = c*b, where there is one; with a limit any fraction with a denominator up to that."""
    import numpy as np

    if a is None or b is None or np.shape(a) != np.shape(b):
        return None
    at = np.unravel_index(int(np.argmax(np.abs(b))), np.shape(b))
    if not abs(b[at]) > 0.0:
        return None
    ratio = float(np.real(a[at] / b[at]))
    listed = (Fraction(ratio).limit_denominator(limit),) if limit and np.isfinite(ratio) else FACTORS
    for c in listed:
        if c and abs(ratio - c) <= 1e-7 * abs(c):
            return c if same(a, float(c) * b) else None
    return None


def combination(targets: Sequence[Any], terms: Sequence[Sequence[Any]]) -> list[Fraction] | None:
    """The simple coefficients c with target = c1*term1 + c2*term2 + … at every point, where they are determined.

    ``targets`` has the value at each point, ``terms`` the values of the terms at each point.
    """
    import numpy as np

    if any(t is None for t in targets) or any(v is None for row in terms for v in row):
        return None
    if any(np.shape(v) != np.shape(t) for t, row in zip(targets, terms, strict=True) for v in row):
        return None
    wanted = np.concatenate([np.ravel(t) for t in targets])
    matrix = np.concatenate([np.stack([np.ravel(v) for v in row], axis=1) for row in terms])
    scale = np.abs(matrix).max(axis=0)
    if matrix.shape[0] <= matrix.shape[1] or not (scale > 0.0).all():
        return None
    found, _, rank, _ = np.linalg.lstsq(matrix / scale, wanted, rcond=1e-9)
    if rank < matrix.shape[1]:
        return None
    found = found / scale
    sizes = np.abs(found * scale)
    if (sizes[found != 0.0] < NOISE * sizes.max()).any():  # less than rounding leaves of it
        return None
    exact = [Fraction(float(c)).limit_denominator(12) for c in found]
    if any(abs(float(c) - x) > 1e-6 for c, x in zip(exact, found, strict=True)):
        return None
    return exact if same(wanted, matrix @ np.array([float(c) for c in exact]), 1e-7) else None


def with_changes(here: Here, changes: Mapping[str, Any]) -> Here:
    """The point with some names given other values."""
    return here._replace(env={**here.env, **changes})


def symbols_of(*exprs: Expr) -> dict[str, Expr]:
    """The symbols of some expressions, by name."""
    return {node.params[0]: node for node in postorder(*exprs) if node.op.name == "symbol"}
