"""Sizes and abuse: long sums, deep networks, nested brackets, odd input, threads, pickles, and memory."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.contract import fresh
from tests.test_corpus import given

import closedform as cf
from closedform.core import expr
from closedform.core.walk import postorder, tree_size

DATA = Path(__file__).parent / "data" / "bad_input.jsonl"
BAD: list[dict[str, Any]] = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines() if line.strip()]


class TooLong(BaseException):
    """Not an Exception, so that nothing between here and there takes it for its own."""


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Fail instead of hanging (on the main thread of a system that has alarms)."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def stop(*_: object) -> None:
        raise TooLong(f"longer than {seconds} s")

    held = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, held)


# ---- large -----------------------------------------------------------------------------------------------------------
def test_a_sum_of_2000_terms() -> None:
    names = [f"a{i}" for i in range(2000)]
    declared = "x: n; " + "; ".join(f"{a}: n" for a in names)
    d = cf.derive(" + ".join(f"{a}'*x" for a in names), "x", declared, verify=False)
    assert str(d) == " + ".join(names)
    equal = cf.derive(" + ".join(["x'*A*x"] * 2000), "x", "x: n; A: n n symmetric")
    assert str(equal) == "4000*A*x"
    assert equal.certificate is not None and equal.certificate.ok


def network(depth: int) -> str:
    out = "x"
    for _ in range(depth):
        out = f"tanh(A*{out})"
    return f"b'*{out}"


GIVEN = "A: n n; b: n; x: n"


@pytest.mark.parametrize("wrt", ["x", "A"])
def test_a_network_of_200_layers(wrt: str) -> None:
    d = cf.derive(network(200), wrt, GIVEN, verify=False)
    assert d.shape == (("n", "1") if wrt == "x" else ("n", "n"))
    assert cf.parse(str(d), GIVEN) is d.expr
    assert len(postorder(d.expr)) < 200 * 20
    assert d.latex
    assert d.unicode


@pytest.mark.parametrize("wrt", ["x", "A"])
def test_a_network_of_30_layers_with_its_check(wrt: str) -> None:
    d = cf.derive(network(30), wrt, GIVEN)
    assert d.certificate is not None and d.certificate.ok
    assert cf.parse(str(d), GIVEN) is d.expr


def test_the_steps_of_a_network_of_20_layers() -> None:
    d = cf.derive(network(20), "A", GIVEN)
    steps = list(d.derivation)
    assert steps[-1].after is d.expr
    assert len(steps) > 20


def test_brackets_nested_5000_deep() -> None:
    assert str(cf.derive("(" * 5000 + "x" + ")" * 5000 + "'*x", "x", "x: n")) == "2*x"


def test_a_billionth_power_under_a_trace() -> None:
    assert str(cf.derive("tr(S^1000000000)", "S", "S: n n symmetric", verify=False)) == "1000000000*S^999999999"
    try:
        d = cf.derive("tr(S^1000000000)", "S", "S: n n symmetric")
    except cf.Refusal:
        return  # no point at which it could be checked
    assert str(d) == "1000000000*S^999999999"


@pytest.mark.parametrize("count", [1, 2, 4999, 5000])
def test_many_signs(count: int) -> None:
    assert str(cf.derive("-" * count + "t", "t", "t: scalar")) == ("1" if count % 2 == 0 else "-1")


def test_long_products_and_quotients() -> None:
    assert str(cf.derive("*".join(["t"] * 500), "t", "t: scalar", verify=False)) == "500*t^499"
    assert str(cf.derive("tr(" + "*".join(["A"] * 40) + "*X)", "X", "A: n n; X: n n")) == "A'^40"
    deep = cf.simplify("/".join(["t"] * 400), "t: scalar positive")
    assert str(deep) == "t^-398"


def test_words_nested_deeply() -> None:
    d = cf.derive("sin(" * 300 + "t" + ")" * 300, "t", "t: scalar", verify=False)
    assert cf.parse(str(d), "t: scalar") is d.expr
    assert tree_size(d.expr) < 10**9


# ---- odd input -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", BAD, ids=[case["id"] for case in BAD])
def test_odd_input_is_answered_or_refused(case: dict[str, Any]) -> None:
    try:
        with within(30):
            d = cf.derive(case["expr"], case["wrt"], given(case))
    except cf.InputError as error:
        assert str(error).strip()
        assert len(str(error)) < 2000
    else:
        assert case["outcome"] == "either", f"answered {d}; {case['why']}"
        assert d.certificate is not None and d.certificate.ok


@pytest.mark.parametrize(
    ("expression", "wrt", "declared"),
    [
        (None, "x", None), (5, "x", None), (b"x", "x", None), ("x", None, None), ("x", [], None), ("x", 3, None),
        ("x", ["x"] * 7, "x: n"), ("x", "y", "x: n"), ("x", "x", 3), ("x", "x", {"x": 3}), ("x", "x", {3: "n"}),
        ("", "x", None), ("   ", "x", None), ("x", "", "x: n"), ("x", "x[1]", "x: n"), ("x", "n", "x: n"), ("x", "sin", "x: n"),
        ("x'*x", "x", "x: n constant"), ("x\x00", "x", "x: n"), ("x", "\n", "x: n"), ("x", "x", "x: 0"), ("x", "x", "x: -3"),
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused(expression: object, wrt: object, declared: object) -> None:
    with pytest.raises(cf.InputError):
        cf.derive(expression, wrt, declared)


def test_options_that_do_not_exist_are_refused() -> None:
    for options in ({"layout": "rows"}, {"structure": "none"}, {"layout": None}, {"structure": 1}):
        with pytest.raises(cf.InputError):
            cf.derive("x'*x", "x", "x: n", **options)
    with pytest.raises(cf.InputError):
        cf.gradient("A*x", "x", "A: m n; x: n")
    with pytest.raises(cf.InputError):
        cf.jacobian("x'*x", "x", "x: n")


# ---- threads, pickles, memory --------------------------------------------------------------------------------------
QUESTIONS = [
    ("x'*A*x", "x", "x: n; A: n n"), ("logdet(S) + tr(inv(S)*C)", "S", "S: n n pd; C: n n symmetric"),
    ("norm2(A*x - b)^2", "x", "A: m n; x: n; b: m"), ("tr(A*X*B)", "X", "A: p m; X: m n; B: n p"),
    ("b'*tanh(A*tanh(A*x))", "A", GIVEN), ("logsumexp(A*x + b)", ["x", "x"], "A: m n; x: n; b: m"),
]  # fmt: skip


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
