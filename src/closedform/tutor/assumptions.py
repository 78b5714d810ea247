"""What would make an answer right: facts that nobody declared, tried on values that have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from closedform.core.expr import Expr
from closedform.core.infer import facts
from closedform.core.walk import postorder
from closedform.tutor.ground import Ground, Here, agree, same, values, with_changes

if TYPE_CHECKING:
    from numpy.random import Generator

Change = Callable[[Any, "Generator"], Any]
SLACK = 1e-7
CONFIRMED = 4
"""At so many points an assumption must make the answer right."""


class Assumption(NamedTuple):
    """Something that may hold of the names: how it reads, and what it does to their values."""

    text: str
    slip: str
    changes: dict[str, Change]


def symmetric(value: Any, rng: Generator) -> Any:
    """The symmetric part."""
    return (value + value.T) / 2


def binary(value: Any, rng: Generator) -> Any:
    """Zeros and ones."""
    return (rng.random(value.shape) < 0.6).astype(float)


def of_sum_one(value: Any, rng: Generator) -> Any:
    """Entries that sum to 1, of either sign where they had."""
    return value / value.sum()


def with_rows_of_sum_one(value: Any, rng: Generator) -> Any:
    """Rows that sum to 1."""
    return value / value.sum(axis=1, keepdims=True)


def of_parts(value: Any, rng: Generator) -> Any:
    """Positive entries that sum to 1."""
    return of_sum_one(abs(value), rng)


def with_rows_of_parts(value: Any, rng: Generator) -> Any:
    """Positive entries, rows that sum to 1."""
    return with_rows_of_sum_one(abs(value), rng)


def of_length_one(value: Any, rng: Generator) -> Any:
    """Euclidean length 1."""
    return value / (value * value).sum() ** 0.5


def positive(value: Any, rng: Generator) -> Any:
    """Positive entries."""
    return abs(value)


def orthonormal(value: Any, rng: Generator) -> Any:
    """Orthonormal columns (rows, where there are fewer)."""
    import numpy as np

    tall = value.shape[0] >= value.shape[1]
    basis = np.linalg.qr(value if tall else value.T)[0]
    return basis if tall else np.full(value.shape, np.nan)


def diagonal(value: Any, rng: Generator) -> Any:
    """Zero off the diagonal."""
    import numpy as np

    return np.diag(np.diag(value))


def projection(value: Any, rng: Generator) -> Any:
    """An orthogonal projection."""
    import numpy as np

    basis = np.linalg.qr(value[:, : max(1, value.shape[0] // 2)])[0]
    return basis @ basis.T


def _matrices(symbols: Sequence[Expr]) -> list[Expr]:
    return [s for s in symbols if s.is_square and not s.is_scalar]


def plausible(symbols: Sequence[Expr]) -> Iterator[Assumption]:
    """What people tend to assume without saying so."""
    asymmetric = [s for s in _matrices(symbols) if not facts(s) & {"symmetric", "skew", "lower", "upper", "orthogonal"}]
    slip = "asymmetric treated as symmetric"
    for s in asymmetric:
        yield Assumption(f"{_name(s)} is symmetric", slip, {_name(s): symmetric})
    if len(asymmetric) > 1:
        names = [_name(s) for s in asymmetric]
        yield Assumption(f"{_listed(names)} are symmetric", slip, dict.fromkeys(names, symmetric))
    slip = "right only under an assumption"
    for s in symbols:
        name, known = _name(s), facts(s) - {"nonnegative", "constant"}
        if s.is_scalar:
            if not known & {"positive", "integer"}:
                yield Assumption(f"{name} is positive", slip, {name: positive})
            continue
        if not known:
            yield Assumption(f"the entries of {name} are 0 or 1 (so that {name}.*{name} = {name})", slip, {name: binary})
        if not known - {"positive"} and s.is_column:
            yield Assumption(f"the entries of {name} sum to 1", slip, {name: of_sum_one})
        if not known - {"positive"} and not s.is_column:
            yield Assumption(f"the rows of {name} sum to 1", slip, {name: with_rows_of_sum_one})
        if not known:
            yield Assumption(f"the entries of {name} are positive", slip, {name: positive})
            what, change = (name, of_parts) if s.is_column else (f"each row of {name}", with_rows_of_parts)
            yield Assumption(f"the entries of {what} are positive and sum to 1", slip, {name: change})


def far_fetched(symbols: Sequence[Expr]) -> Iterator[Assumption]:
    """Stronger facts, tried when nothing else explains an answer."""
    slip = "right only under an assumption"
    for s in symbols:
        if s.is_column and not s.is_scalar and not facts(s) - {"constant"}:
            yield Assumption(f"{_name(s)} has length 1 ({_name(s)}'*{_name(s)} = 1)", slip, {_name(s): of_length_one})
    for s in symbols:
        name, known = _name(s), facts(s) - {"nonnegative", "constant"}
        if s.is_scalar or s.is_column or known - {"invertible", "symmetric"}:
            continue
        if s.is_square:
            if "symmetric" not in known:
                yield Assumption(f"{name} is orthogonal", slip, {name: orthonormal})
            if "invertible" not in known:
                yield Assumption(f"{name} is an orthogonal projection", slip, {name: projection})
            yield Assumption(f"{name} is diagonal", slip, {name: diagonal})
        elif not known:
            yield Assumption(f"{name} has orthonormal columns ({name}'*{name} = I)", slip, {name: orthonormal})


def commuting(symbols: Sequence[Expr]) -> Iterator[tuple[str, str, str]]:
    """Pairs of square matrices that may commute: how it reads, and the two names; the second becomes a polynomial in the
    first."""
    square = _matrices(symbols)
    for a, b in combinations(square, 2):
        if (
            a.shape == b.shape
            and not facts(b) - {"invertible", "symmetric"}
            and ("symmetric" in facts(a) or "symmetric" not in facts(b))
        ):
            yield f"{_name(a)} and {_name(b)} commute", _name(a), _name(b)


def commuted(symbols: Sequence[Expr], truth: Expr, answer: Expr, ground: Ground) -> Assumption | None:
    """The first pair of matrices that makes the answer right by commuting."""
    import numpy as np

    for text, first, second in commuting(symbols):
        agreed = []
        for here in ground.points(ground.enough(CONFIRMED)):
            A, c = here.env[first], ground.random(here).normal(size=3)
            B = c[0] * np.eye(len(A)) + c[1] * A + c[2] * A @ A
            left, right = values([truth, answer], with_changes(here, {second: B}))
            agreed.append(left is not None and same(left, right, SLACK))
        if all(agreed):
            return Assumption(text, "factors commuted", {})
    return None


def found(assumptions: Iterator[Assumption], truth: Expr, answer: Expr, ground: Ground) -> Assumption | None:
    """The first of the assumptions under which the answer equals the truth."""
    for assumption in assumptions:
        points = ground.points(ground.enough(CONFIRMED))
        if agree((_values(assumption, truth, answer, here, ground) for here in points), SLACK):
            return assumption
    return None


def _values(assumption: Assumption, truth: Expr, answer: Expr, here: Here, ground: Ground) -> tuple[Any, Any]:
    rng = ground.random(here)
    changes = {name: change(here.env[name], rng) for name, change in assumption.changes.items() if name in here.env}
    left, right = values([truth, answer], with_changes(here, changes))
    return left, right


def symbols_in(*exprs: Expr) -> list[Expr]:
    """The symbols of some expressions, one for each name, in order of appearance."""
    table = {node.params[0]: node for node in postorder(*exprs) if node.op.name == "symbol"}
    return list(table.values())


def _name(s: Expr) -> str:
    name: str = s.params[0]
    return name


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1]
