"""The caps: named when hit, changed for a process, for a block, for a thread, from the command line."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import closedform as cf
from closedform.cli.main import main
from closedform.core import limits as account
from closedform.core.limits import DEFAULTS
from closedform.ops.build import product, transpose

LONG = " + ".join(f"x'*A^{k}*x" for k in range(1, 60))

HIT: list[tuple[str, float, str, str]] = [
    ("text", 10, LONG, "x"), ("nodes", 100, LONG, "x"), ("depth", 20, "(" * 30 + "x" + ")" * 30 + "'*x", "x"),
    ("power", 50, "x'*A^51*x", "x"), ("power", 50, "sum(x.^51)", "x"), ("power", 50, "x'*x + 0*sum(ones(51))", "x"),
    ("seconds", 0.01, " + ".join([LONG] * 8), "x"), ("steps", 5_000, LONG, "x"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "expression", "wrt"), HIT)
def test_a_cap_that_is_hit_is_named(name: str, value: float, expression: str, wrt: str) -> None:
    with cf.limits(**{name: value}):
        with pytest.raises(cf.InputError) as caught:
            cf.derive(expression, wrt, "x: n; A: n n")
        assert f"cf.limits.{name})" in str(caught.value)
        assert f"the cap is {value:,}" in str(caught.value)
    assert getattr(cf.limits, name) == DEFAULTS[name]


def test_expansion_written_and_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    from closedform.rewrite.engine import Simplifier
    from closedform.rewrite.order import Order, ranks

    e = cf.parse("(a + b)*(a + c)*(b + c)", "a: scalar; b: scalar; c: scalar")
    with cf.limits(expansion=7), pytest.raises(cf.Refusal, match=r"limits.expansion: .* the cap is 7 \(cf.limits.expansion\)"):
        Simplifier(Order(ranks(e)), expand=True).canonical(e)
    with cf.limits(expansion=None):
        assert Simplifier(Order(ranks(e)), expand=True).canonical(e)
    doubled = cf.parse("A", "A: n n")
    for _ in range(9):
        doubled = product(doubled, transpose(doubled))
    with cf.limits(written=500), pytest.raises(cf.Refusal, match=r"\(cf.limits.written\)"):
        str(doubled)
    assert str(doubled)
    sizes = iter(range(0, 10**6, 100))
    monkeypatch.setattr(account, "resident", lambda: float(next(sizes)))
    monkeypatch.setattr(account, "BETWEEN", 10)
    with cf.limits(megabytes=150), pytest.raises(cf.Refusal, match=r"limits.megabytes: .* 150 MB .*\(cf.limits.megabytes\)"):
        cf.derive(LONG, "x", "x: n; A: n n")


def test_the_memory_of_the_process_is_known() -> None:
    before = account.resident()
    held = bytearray(64 * 2**20)
    assert before > 1
    assert account.resident() - before > 32
    del held


def test_no_cap() -> None:
    with cf.limits(**dict.fromkeys(DEFAULTS)):
        assert str(cf.derive("x'*A^3*x", "x", "x: n; A: n n symmetric")) == "2*A^3*x"
        assert cf.limits.seconds is None


def test_blocks_stand_inside_each_other_and_end() -> None:
    with cf.limits(nodes=5, seconds=3) as inside:
        assert inside is cf.limits
        with cf.limits(nodes=6):
            assert (cf.limits.nodes, cf.limits.seconds) == (6, 3)
        assert (cf.limits.nodes, cf.limits.seconds) == (5, 3)
        with pytest.raises(RuntimeError), cf.limits(nodes=7):
            raise RuntimeError
        assert cf.limits.nodes == 5
    assert cf.limits.nodes == DEFAULTS["nodes"]


def test_a_block_is_for_one_thread_and_an_attribute_for_all() -> None:
    seen: dict[str, Any] = {}

    def look(name: str) -> None:
        seen[name] = cf.limits.nodes

    def run(name: str) -> None:
        thread = threading.Thread(target=look, args=(name,))
        thread.start()
        thread.join()

    with cf.limits(nodes=5):
        run("block")
    try:
        cf.limits.nodes = 77
        run("process")
    finally:
        cf.limits.nodes = DEFAULTS["nodes"]
    assert seen == {"block": DEFAULTS["nodes"], "process": 77}


@pytest.mark.parametrize("value", [0, -1, "5", True, float("nan"), float("inf"), [1], 2.5])
def test_what_is_no_cap_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"limits\.nodes"), cf.limits(nodes=value):
        pass
    with pytest.raises(ValueError, match=r"limits\.nodes"):
        cf.limits.nodes = value


def test_a_name_that_is_no_cap() -> None:
    with pytest.raises(AttributeError, match="there is no limit 'node'; the limits are text, depth"):
        cf.limits.node  # noqa: B018
    with pytest.raises(AttributeError, match="there is no limit"):
        cf.limits.node = 5
    with pytest.raises(AttributeError, match="there is no limit"), cf.limits(node=5):
        pass
    assert set(DEFAULTS) <= set(dir(cf.limits))
    assert repr(cf.limits).startswith("limits(text=100000, depth=")


def test_every_cap_is_documented() -> None:
    for name in DEFAULTS:
        assert f"``{name}``" in (type(cf.limits).__doc__ or "")


def test_the_page_says_the_defaults() -> None:
    page = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
    for name, value in DEFAULTS.items():
        shown = "10^15" if value == 10**15 else f"{value:,}"
        assert f"| `{name}` | {shown} |" in page


def test_a_question_has_one_account() -> None:
    """What is asked inside of a question counts towards it."""
    steps: list[int] = []

    @account.counted
    def inner() -> None:
        account.tick(10)
        steps.append(account.spent())

    @account.counted
    def outer() -> None:
        account.tick(5)
        inner()
        inner()

    outer()
    inner()
    assert steps == [15, 25, 10]
    assert account.spent() == 0


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "x'*A*x", "--wrt", "x", "--limit", "seconds=30", "--limit", "nodes=none"]) == 0
    assert main(["derive", "x'*A*x", "--wrt", "x", "--limit", "nodes=3"]) == 2
    assert "refused: limits.nodes: the expression has 6 nodes; the cap is 3 (cf.limits.nodes)" in capsys.readouterr().err
    assert main(["equal", "A*B", "A*B", "--limit", "text=2"]) == 2
    for text in ("nodes", "nodes=", "nodes=x", "nodes=0", "nodes=nan", "nodes=1e999", "foo=5", "nodes=2.5", "=3"):
        assert main(["derive", "x'*x", "--wrt", "x", "--limit", text]) == 2
        assert "--limit" in capsys.readouterr().err
