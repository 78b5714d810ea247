"""One table of nodes: under threads, pickles and copies, and what it keeps alive."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
from typing import Any

import pytest
from tests.contract import fresh
from tests.limits.support import QUESTIONS

import closedform as cf
from closedform.core import expr


def test_threads_get_the_same_nodes() -> None:
    answers: list[list[cf.Expr]] = [[] for _ in range(8)]
    failures: list[BaseException] = []
    start = threading.Barrier(8)

    def work(into: list[cf.Expr], shift: int) -> None:
        try:
            start.wait()
            for i in range(len(QUESTIONS)):
                into.append(cf.derive(*QUESTIONS[(i + shift) % len(QUESTIONS)]).expr)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(row, k)) for k, row in enumerate(answers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    wanted = [cf.derive(*question).expr for question in QUESTIONS]
    for k, row in enumerate(answers):
        for i, e in enumerate(row):
            assert e is wanted[(i + k) % len(QUESTIONS)]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question[0])
def test_an_expression_survives_a_pickle_and_a_copy(question: tuple[Any, ...]) -> None:
    e = cf.derive(*question).expr
    assert pickle.loads(pickle.dumps(e)) is e
    assert copy.copy(e) is e
    assert copy.deepcopy(e) is e


def test_a_deep_expression_survives_a_pickle() -> None:
    e = cf.parse("sin(" * 3000 + "t" + ")" * 3000, "t: scalar")
    assert pickle.loads(pickle.dumps(e)) is e


def test_a_pickle_of_an_expression_that_is_gone_makes_it_anew() -> None:
    scope = fresh("A: n n; x: n")
    A, x = scope.symbols.values()
    packed = pickle.dumps(A @ x)
    names = [str(A), str(x)]
    del A, x, scope
    gc.collect()
    again = pickle.loads(packed)
    assert [str(a) for a in again.args] == names


def test_nodes_that_nobody_holds_are_dropped() -> None:
    gc.collect()
    before = len(expr._table)
    scope = fresh("A: n n; x: n; b: n")
    A, x, b = scope.symbols
    d = cf.derive(f"norm2({A}*{x} - {b})^2", x, scope)
    text = str(d)
    assert len(expr._table) > before
    del d, scope
    gc.collect()
    assert text
    assert len(expr._table) <= before + 3  # what stays is in bounded caches


def test_many_questions_do_not_fill_the_memory() -> None:
    sizes = []
    for round_ in range(3):
        for i in range(30):
            scope = fresh("A: n n; x: n")
            A, x = scope.symbols
            cf.derive(f"{x}'*{A}*{x} + {i}*sum({x}.^{2 + round_})", x, scope)
            del scope, A, x
        gc.collect()
        sizes.append(len(expr._table))
    assert sizes[2] <= sizes[0] + 400, sizes
