"""Certificates as data: they go through JSON, and another process runs the same check from the texts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.test_corpus import CASES, STRUCTURE, given
from tests.verify.test_steps import QUESTIONS

import closedform as cf
from closedform.core.dim import Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.op import f
from closedform.lang.read import parse
from closedform.verify.certificate import Certificate, certify, replay

REPLAY = """
import json, sys
from closedform.verify.certificate import replay
rows = [replay(data) for data in json.load(sys.stdin)]
print(json.dumps([[r.ok, r.trials, r.special, r.max_error, list(r.sizes), r.reason] for r in rows]))
"""
SOURCE = Path(cf.__file__).parent.parent


def elsewhere(rows: list[dict[str, Any]]) -> list[list[Any]]:
    """The outcomes of the checks that data describe, run again in another process."""
    env = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONHASHSEED": "7"}
    run = subprocess.run(
        [sys.executable, "-c", REPLAY], input=json.dumps(rows), capture_output=True, text=True, check=True, env=env
    )
    found: list[list[Any]] = json.loads(run.stdout)
    return found


def certificates() -> list[Certificate]:
    out = []
    asked = [(c["expr"], c["wrt"], given(c), {"structure": STRUCTURE.get(c.get("convention", ""), "free")}) for c in CASES[::4]]
    for expression, wrt, declared, options in [*asked, *QUESTIONS]:
        certificate = cf.derive(expression, wrt, declared, **options).certificate  # type: ignore[arg-type]
        assert certificate is not None
        out.append(certificate)
    return out


def test_another_process_gets_the_same_outcome() -> None:
    made = certificates()
    rows = [json.loads(json.dumps(certificate.data(), allow_nan=False)) for certificate in made]
    for certificate, row, found in zip(made, rows, elsewhere(rows), strict=True):
        assert Certificate.from_data(row) == certificate
        assert found == [
            certificate.ok, certificate.trials, certificate.special, certificate.max_error, row["sizes"], certificate.reason,
        ], row["expression"]  # fmt: skip


def test_a_failure_is_replayed_as_a_failure() -> None:
    read = parse("x'*x", "x: n")
    x = read.scope.symbols["x"]
    for answer in ("3*x", "2*x*(x'*x)/(x'*x)", "x'"):
        wrong = certify(read.expr, [x], parse(answer, read.scope).expr, seed=5, thorough=True)
        assert not wrong.ok
        data = wrong.data()
        assert json.loads(json.dumps(data, allow_nan=False)) == data
        again = replay(data)
        assert again == wrong and again.reason == wrong.reason
        assert elsewhere([data])[0][:3] == [False, wrong.trials, wrong.special]


def test_what_is_written() -> None:
    certificate = cf.derive("x'*A*x", "x").certificate
    assert certificate is not None
    data = certificate.data()
    assert data["expression"] == "x'*A*x" and data["answer"] == "(A + A')*x"
    assert data["wrt"] == ["x"] and data["given"] == {"A": "n n", "x": "n"}
    assert data["ok"] is True and data["trials"] == 3 and len(data["sizes"]) == 3
    member = cf.derive("sum(i in 1..N, exp(b'*x[i]))", "x[j]", "b: p; x[N]: p").certificate
    assert member is not None
    assert member.data()["wrt"] == ["x[j]"] and member.data()["given"] == {"b": "p", "x[N]": "p"}


def test_other_data_are_refused() -> None:
    certificate = cf.derive("x'*A*x", "x").certificate
    assert certificate is not None
    data = certificate.data()
    for name in data:
        with pytest.raises(InputError, match="the data of a certificate need"):
            Certificate.from_data({key: value for key, value in data.items() if key != name})
    with pytest.raises(InputError, match="schema 2"):
        replay({**data, "schema": 2})
    with pytest.raises(InputError):
        replay({**data, "expression": "x'*("})
    with pytest.raises(InputError, match="wrt"):
        replay({**data, "wrt": ["y"]})
    with pytest.raises(InputError):
        replay([])  # type: ignore[arg-type]
    with pytest.raises(Refusal):
        Certificate(True, 3, 0.0, (), 0).data()
    with pytest.raises(Refusal, match="no text"):
        x = parse("x", "x: n").expr
        unspeakable = f.symbol("let", Dim.of("n"), Dim.of(1), 1, frozenset())
        certify(f.mul(f.transpose(x), unspeakable), [x], unspeakable).data()


def test_an_edited_answer_is_not_the_certified_one() -> None:
    certificate = cf.derive("x'*A*x", "x").certificate
    assert certificate is not None
    assert not replay({**certificate.data(), "answer": "2*A*x"}).ok
