"""The code of every operation has the value of the operation, at sizes of which some are 1."""

from __future__ import annotations

import numpy as np
import pytest
from tests.codegen.support import close, declared, point, reference

from closedform.codegen.function import compile_function
from closedform.core.dim import ONE
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make, registry
from closedform.core.op import f
from closedform.ops.build import num, product

ALL_SIZES = ({"m": 2, "n": 3, "p": 5, "q": 7, "k": 4}, {"m": 1, "n": 2, "p": 1, "q": 3, "k": 1})


def node(name: str, draw: str) -> Expr:
    return make(name, tuple(declared(draw).values()), {"matrixpow": (3,)}.get(name, ()))


def fits(name: str, draw: str) -> bool:
    try:
        node(name, draw)
    except InputError:
        return False
    return True


CASES = [(name, draw) for name, op in sorted(registry().items()) for draw in op.draws if fits(name, draw)]


@pytest.mark.parametrize(("name", "draw"), CASES)
@pytest.mark.parametrize("sizes", ALL_SIZES, ids=["general", "ones"])
def test_code_equals_value(name: str, draw: str, sizes: dict[str, int]) -> None:
    e = node(name, draw)
    env = point(e, sizes)
    assert close(compile_function(e, form="matrix")(**env), reference(e, env, sizes))


@pytest.mark.parametrize(("name", "draw"), CASES)
def test_code_equals_value_where_everything_is_a_number(name: str, draw: str) -> None:
    sizes = {name: 1 for name in "mnpqk"}
    fixed = "; ".join(" ".join("1" if w in sizes else w for w in part.split()) for part in draw.split(";"))
    e = node(name, fixed)
    env = point(e, sizes)
    assert close(compile_function(e, form="matrix")(**env), reference(e, env, sizes))
    used_further = product(num(2), e) if e.is_scalar else product(e, f.ones(e.cols, ONE))
    assert close(compile_function(used_further, form="matrix")(**env), reference(used_further, env, sizes))


@pytest.mark.parametrize(("name", "draw"), CASES)
def test_source_alone_gives_the_same(name: str, draw: str) -> None:
    e = node(name, draw)
    sizes = ALL_SIZES[0]
    env = point(e, sizes)
    function = compile_function(e)
    space: dict[str, object] = {}
    exec(function.source, space)
    assert np.array_equal(space["derivative"](**env), function(**env))  # type: ignore[operator]
