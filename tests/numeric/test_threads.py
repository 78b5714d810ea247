"""One thread for linear algebra during a question, and what was set before it afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

import closedform as cf
from closedform.core.limits import counted
from closedform.numeric import threads

POOLS = threads.pools(np)
pytestmark = pytest.mark.skipif(not POOLS, reason="NumPy brings no OpenBLAS of its own here")


@pytest.fixture
def two() -> Iterator[None]:
    """Two threads before the question."""
    get, put = POOLS[0]
    before = get()
    put(2)
    if get() != 2:
        pytest.skip("this OpenBLAS has one thread")
    yield
    put(before)


def count() -> int:
    return POOLS[0][0]()


@pytest.mark.usefixtures("two")
def test_one_thread_while_a_question_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    multiply = np.kron

    def watched(a: object, b: object) -> object:
        seen.append(count())
        return multiply(a, b)  # type: ignore[arg-type]

    monkeypatch.setattr(np, "kron", watched)
    cf.derive("tr(kron(A, X))", "X", "A: n n; X: n n")
    assert set(seen) == {1}
    assert count() == 2


@pytest.mark.usefixtures("two")
def test_what_was_set_is_set_again_whatever_happens() -> None:
    @counted
    def given_up(error: BaseException) -> None:
        threads.one()
        assert count() == 1
        raise error

    for error in (ValueError(), KeyboardInterrupt(), cf.Refusal("no")):
        with pytest.raises(type(error)):
            given_up(error)
        assert count() == 2
    with cf.limits(steps=100), pytest.raises(cf.Refusal):
        cf.derive(" + ".join(f"x'*A^{k}*x" for k in range(2, 60)), "x", "x: n; A: n n")
    assert count() == 2


@pytest.mark.usefixtures("two")
def test_the_last_of_several_questions_sets_it_again() -> None:
    started, finish = threading.Event(), threading.Event()
    inside = []

    @counted
    def long() -> None:
        threads.one()
        started.set()
        finish.wait(20)
        inside.append(count())

    thread = threading.Thread(target=long)
    thread.start()
    started.wait(20)
    cf.derive("x'*x", "x", "x: n")
    assert count() == 1
    finish.set()
    thread.join()
    assert inside == [1]
    assert count() == 2


@pytest.mark.usefixtures("two")
def test_outside_of_a_question_nothing_is_set() -> None:
    threads.one()
    assert count() == 2
