"""Every answer against automatic differentiation by JAX, which shares no code with it: the corpus and random expressions."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from tests.referee.jax_values import TABLE, Unread, derivative, jax_function
from tests.strategies import ONE, Maker, N, symbols_of
from tests.test_corpus import CASES, STRUCTURE, given

import closedform as cf
from closedform.core.errors import InputError, VerificationError
from closedform.core.expr import Expr, registry
from closedform.core.walk import tree_size
from closedform.numeric.evaluate import evaluate
from closedform.numeric.tangent import direction, independent, space
from closedform.result import Derivative
from closedform.verify.contraction import as_tensor, contract
from closedform.verify.point import Points
from closedform.verify.written_out import written_out

TOLERANCE = 1e-8
UNREAD = frozenset({"sqrtm", "logm", "dlogm", "eigvecs", "svdu", "svdv", "d", "hole", "tangent", "series", "symbol", "family"})
"""Operations that have no derivative in JAX, and those that are no functions."""
RANDOM = 200


def compared(d: Derivative, seed: int) -> float | None:
    """The largest deviation of the answer from JAX at a random point, along directions that the variables may take."""
    symbols = list(dict.fromkeys([*d.wrt, *symbols_of(d.original)]))
    point = Points([d.original, d.expr, *symbols], seed=seed).next()
    env = {name: np.atleast_2d(point.values[place]) for place, name, _ in point.bound.program.inputs}
    rng = np.random.default_rng(seed)
    at = [point.of(x) for x in d.wrt]
    tangents = [direction(x, X, d.structure, rng) for x, X in zip(d.wrt, at, strict=True)]
    used = tangents
    if d.structure == "independent":
        used = [independent(space(x), V) for x, V in zip(d.wrt, tangents, strict=True)]
    wanted = derivative(written_out(d.original, point.sizes), d.wrt, env, point.sizes, tangents)
    if not np.isfinite(wanted).all():
        return None
    found = contract(as_tensor(point.of(d.expr), int(np.size(point.of(d.original))), tangents), used)
    scale = max(float(np.max(np.abs(wanted), initial=0.0)), 1e-3 * float(np.max(np.abs(point.of(d.original)))), 1e-3)
    return float(np.max(np.abs(wanted - found), initial=0.0)) / scale


@pytest.mark.parametrize("at", range(len(CASES)), ids=[case["id"] for case in CASES])
def test_the_corpus(at: int) -> None:
    case = CASES[at]
    d = cf.derive(
        case["expr"], case["wrt"], given(case), structure=STRUCTURE.get(case.get("convention", ""), "free"), verify=False
    )
    try:
        gap = compared(d, at)
    except Unread as operation:
        assert str(operation).strip("'") in UNREAD
        pytest.skip(f"JAX has no derivative of {operation}")
    assert gap is not None and gap < TOLERANCE, str(d)


def asked(seed: int) -> tuple[Expr, list[str]] | None:
    """A random expression and one or two of its symbols."""
    rng = random.Random(seed)
    maker = Maker(rng.choice, smooth=rng.random() < 0.7, wide=rng.random() < 0.3)
    rows, cols = rng.choice(((ONE, ONE), (ONE, ONE), (ONE, ONE), (N, ONE), (N, N)))
    e = maker.make(rows, cols, rng.choice((2, 2, 3)))
    names = sorted({str(s.params[0]) for s in symbols_of(e)} - {"Q", "V"})
    if not names or tree_size(e) > 60:
        return None
    wrt = [rng.choice(names)]
    if e.is_scalar and rng.random() < 0.25:
        wrt.append(rng.choice([*wrt, *names]))
    return e, wrt


def test_random_expressions() -> None:
    compared_with, refused, seed = 0, 0, 0
    worst: dict[str, float] = {}
    while compared_with < RANDOM:
        seed += 1
        question = asked(seed)
        if question is None:
            continue
        e, wrt = question
        try:
            d = cf.derive(e, wrt, structure=("projected", "free")[seed % 2], verify=False)
            gap = compared(d, seed)
        except Unread:
            continue
        except VerificationError:
            raise
        except InputError:  # no rule, no point, no size
            refused += 1
            continue
        if gap is None:
            continue
        compared_with += 1
        if gap > TOLERANCE:
            worst[f"{e} by {wrt} ({d.structure}): {d}"] = gap
    assert not worst, worst
    assert refused < RANDOM // 3


def test_every_operation_is_read_or_known_not_to_be() -> None:
    assert set(registry()) == set(TABLE) | UNREAD


@pytest.mark.parametrize("name", sorted(set(TABLE) - {"matrixpow", "member", "moved", "index", "blocks", "unvec", "named"}))
def test_an_operation_is_read_as_it_is_evaluated(name: str) -> None:
    for declared in registry()[name].draws:
        for e, env, sizes in drawn(name, declared):
            found = np.asarray(jax_function(e, sizes)({k: np.atleast_2d(v) for k, v in env.items()}))
            wanted = np.atleast_2d(evaluate(e, env, sizes))
            assert found.shape == wanted.shape
            assert np.allclose(found, wanted, rtol=1e-10, atol=1e-11 * np.max(np.abs(wanted), initial=1.0))


def drawn(name: str, declared: str) -> list[tuple[Expr, Mapping[str, Any], dict[str, int]]]:
    from closedform.core.expr import make
    from closedform.lang.declare import declare
    from closedform.numeric.draw import draw

    symbols = list(declare(declared).symbols.values())
    try:
        e = make(name, tuple(symbols))
    except TypeError:  # it needs parameters
        return []
    names = sorted({n for s in symbols for size in s.shape for n in size.names})
    sizes = dict(zip(names, (3, 4, 2, 5), strict=False))
    rng = np.random.default_rng(4)
    return [(e, {s.params[0]: draw(s, sizes, rng) for s in symbols}, sizes)]
