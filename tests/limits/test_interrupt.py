"""Ctrl-C or a deadline in the middle of a question leaves every table as it was: later answers are those of a new process."""

from __future__ import annotations

import json
import linecache
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from tests.limits.support import GIVEN

import closedform as cf
from closedform.core import limits as account
from closedform.core.expr import Expr, make
from closedform.core.walk import postorder

ROOT = Path(__file__).parents[2]
PACKAGE = str(ROOT / "src" / "closedform")

QUESTIONS: list[tuple[str, str | list[str], str]] = [
    ("x'*A*x", "x", "x: n; A: n n"), ("logdet(S) + tr(inv(S)*C)", "S", "S: n n pd; C: n n symmetric"),
    ("norm2(A*x - b)^2", "x", "A: m n; x: n; b: m"), ("tr(A*X*B*X'*C)", "X", "A: p m; X: m n; B: n n; C: m p"),
    ("b'*tanh(A*tanh(A*x))", "A", GIVEN), ("logsumexp(A*x + b)", ["x", "x"], "A: m n; x: n; b: m"),
    ("kron(A, X)*v", "X", "A: p q; X: m n; v: q*n"), ("exp(A*x) .* x", "x", "A: n n; x: n"),
    ("sum(i in 1..N, log(1 + exp(-y[i]*w'*z[i])))", "w", "w: p; z[N]: p; y: N"),
    ("let P = inv(S); tr(P*C*P)", "S", "S: n n symmetric; C: n n"), ("det(X'*X)", "X", "X: m n"), ("tr(X^4)", "X", "X: n n"),
    ("min(x) + norm1(x - y)", "x", "x: n; y: n"), ("(t + 1)*(t + 2)*(t + 3)*exp(t^2)", "t", "t: scalar"),
]  # fmt: skip
EQUAL = [("inv(A + B)*B*inv(A)", "inv(A) - inv(A + B)", "A: n n invertible; B: n n"), ("A*B", "B*A", "A: n n; B: n n")]


def everything() -> list[list[str]]:
    """All that is said in answer to the questions."""
    out = []
    for expression, wrt, given in QUESTIONS:
        d = cf.derive(expression, wrt, given)
        assert d.certificate is not None
        out.append(
            [
                str(d),
                d.latex,
                d.unicode,
                str(d.conditions),
                str(d.notes),
                str(d.inferred),
                repr(d.certificate),
                d.function().source,
            ]
        )
    for left, right, given in EQUAL:
        verdict = cf.equal(left, right, given)
        out.append([verdict.verdict, *verdict.evidence.reasons])
    return out


@pytest.fixture(scope="module")
def untouched() -> list[list[str]]:
    """What a process says in which nothing was ever interrupted."""
    code = "import json; from tests.limits.test_interrupt import everything; print(json.dumps(everything()))"
    paths = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'src')!r}]; "
    run = subprocess.run([sys.executable, "-c", paths + code], check=True, capture_output=True, text=True, cwd=ROOT)
    found: list[list[str]] = json.loads(run.stdout)
    return found


def one(number: int) -> None:
    """One of the questions, answered."""
    if number < len(QUESTIONS):
        d = cf.derive(*QUESTIONS[number])
        assert d.latex and d.unicode and d.function().source
    else:
        cf.equal(*EQUAL[number - len(QUESTIONS)])


class Interrupt:
    """A trace function that raises KeyboardInterrupt at a line of the package, after so many of them."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        self.left -= 1
        if self.left < 0 and not leaves_a_lock(frame):
            raise KeyboardInterrupt
        return self


def leaves_a_lock(frame: FrameType) -> bool:
    """Is the line that of a lock?  The interpreter looks for signals when it calls and jumps, never between the end of
    such a block and the release; a trace function would be called there."""
    return linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip() == "with _lock:"


def intact() -> None:
    """No question is under way, and what is in the table of nodes is complete and says the truth about itself."""
    from closedform.core import expr

    assert account._clock.get() is None
    assert not expr._lock.locked()
    for key, node in list(expr._table.items()):
        assert (node.op.name, node.args, node.params) == key
        assert node.shape == node.op.shape(*node.args, *node.params)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_at_any_line_changes_no_later_answer(untouched: list[list[str]]) -> None:
    rng = random.Random(20)
    held = sys.gettrace()
    interrupted = 0
    for turn in range(240):
        number = rng.randrange(len(QUESTIONS) + len(EQUAL))
        after = int(10 ** rng.uniform(0, 4.6))
        sys.settrace(Interrupt(after))
        try:
            one(number)
        except KeyboardInterrupt:
            interrupted += 1
        finally:
            sys.settrace(held)
        if turn % 40 == 0:
            intact()
    intact()
    assert interrupted > 100
    assert everything() == untouched


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # raised where a node was being dropped
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="a system without timers")
def test_a_signal_at_any_moment_changes_no_later_answer(untouched: list[list[str]]) -> None:
    rng = random.Random(22)
    held = signal.signal(signal.SIGALRM, stop)
    interrupted = 0
    try:
        for _ in range(240):
            number = rng.randrange(len(QUESTIONS) + len(EQUAL))
            try:
                signal.setitimer(signal.ITIMER_REAL, 10 ** rng.uniform(-4.5, -1.5))
                one(number)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupted += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, held)
    intact()
    assert interrupted > 60
    assert everything() == untouched


def stop(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_cap_that_is_hit_anywhere_changes_no_later_answer(untouched: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "BETWEEN", 1)  # look at the account at every step
    rng = random.Random(21)
    stopped = 0
    for _ in range(200):
        number = rng.randrange(len(QUESTIONS) + len(EQUAL))
        try:
            with cf.limits(steps=int(10 ** rng.uniform(0, 3.5))):
                one(number)
        except cf.Refusal as error:
            assert "(cf.limits.steps)" in str(error)
            stopped += 1
    monkeypatch.undo()
    intact()
    assert stopped > 80
    assert everything() == untouched


def test_a_deadline_in_the_middle_is_named_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "BETWEEN", 1)
    for _ in range(20):
        with cf.limits(seconds=1e-3), pytest.raises(cf.Refusal, match=r"limits.seconds: .*\(cf.limits.seconds\)"):
            cf.derive("b'*" + "tanh(A*" * 60 + "x" + ")" * 60, "x", GIVEN)
    intact()


def test_a_cap_is_not_mistaken_for_a_rule_that_does_not_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    """A form is dropped when multiplying it out is refused; a question that is given up is not."""
    monkeypatch.setattr(account, "BETWEEN", 1)
    answers = set()
    for steps in range(1, 6000, 41):
        try:
            with cf.limits(steps=steps):
                answers.add(str(cf.derive("tr((A + X)*(B + X)*(C + X))", "X", "A: n n; B: n n; C: n n; X: n n", verify=False)))
        except cf.Refusal:
            pass
    assert len(answers) == 1


def test_an_interrupt_inside_the_table_of_nodes_leaves_no_half_node() -> None:
    """Interrupt the making of one node at each of its lines."""
    x = make("symbol", (), ("x", *cf.parse("x", "x: n").shape, 1, frozenset()))
    for after in range(40):
        sys.settrace(Interrupt(after))
        found: Expr | None = None
        try:
            found = make("sin", (make("cos", (x,)),))
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        again = make("sin", (make("cos", (x,)),))
        assert found is None or found is again
        assert [n.op.name for n in postorder(again)] == ["symbol", "cos", "sin"]
        del found, again
