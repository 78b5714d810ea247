"""Texts made to be dear: each is answered or refused within two seconds of processor time, and its memory stays bounded."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from itertools import product

import pytest

import closedform as cf
from closedform.core.limits import resident

SECONDS, MEGABYTES = 2.0, 500.0
SHARED = 3.0
"""Processor time counts longer where two processes share a core and its caches: measured, up to so many times as long."""
PACE = 0.02
"""Processor seconds of ``stroll`` on the machine on which the caps were set; a slower machine may take longer."""
N = 100_000

READ: dict[str, str] = {
    "one long name": "x" * N, "one longer name": "x" * 10 * N, "a long number": "9" * N, "a long fraction": "0." + "3" * N,
    "1e999999": "1e999999", "1e-999999": "1e-999999", "many zeros": "1e" + "0" * 5000 + "1",
    "terms": "x+" * (N // 2 - 1) + "x", "differences": "x-" * 24_000 + "x", "many names": "+".join(f"x{i}" for i in range(12_000)),
    "factors": "t*" * (N // 2 - 1) + "t", "entrywise factors": "x.*" * 24_000 + "x", "entrywise quotients": "x./" * 24_000 + "x",
    "quotients": "t/" * 24_000 + "t", "Kronecker factors": "x⊗" * 24_000 + "x", "Kronecker twos": "ones(2,2)⊗" * 9_000 + "x",
    "brackets": "(" * (N // 2 - 1) + "t" + ")" * (N // 2), "open brackets": "(" * (N - 1), "closed brackets": ")" * (N - 1),
    "square brackets": "[" * (N // 2 - 1) + "t" + "]" * (N // 2 - 1), "norms": "‖" * (N // 2) + "t" + "‖" * (N // 2 - 1),
    "primes": "A" + "'" * (N - 2), "more primes": "A" + "ᵀ" * 40_000, "signs": "-" * (N - 2) + "t", "plus signs": "+" * (N - 2) + "t",
    "powers": "t" + "^t" * (N // 2 - 1), "squares": "A" + "^2" * 24_000, "roots": "t" + "^0.5" * 15_000, "9^9^9^9": "9^9^9^9^9^9",
    "9^(9^(9^9))": "9^(9^(9^(9^9)))", "a large matrix power": "A^99999999999999", "a larger one": "A^" + "9" * 900,
    "calls": "sin(" * (N // 5) + "t" + ")" * (N // 5), "inverses": "inv(" * (N // 5) + "A" + ")" * (N // 5),
    "commas": "tr(" + "," * (N - 5) + ")", "a row": "[" + ", ".join(["t"] * 24_000) + "]", "a column": "[" + ";".join(["t"] * 24_000) + "]",
    "a wide row": "[" + ",".join(["x"] * 24_000) + "]", "a wide row of many sizes": "[" + ",".join(f"ones(n{i})'" for i in range(6_000)) + "]",
    "semicolons": ";" * N, "lets": "".join(f"let Z{i} = x*{i}; " for i in range(4_000)) + "x",
    "lets in a chain": "let Z0 = x;" + "".join(f"Z{i} = Z{i - 1}+Z{i - 1}; " for i in range(1, 4_000)) + "Z3999",
    "lets of Kronecker squares": "let Z0 = A;" + "".join(f"Z{i} = Z{i - 1}⊗Z{i - 1}; " for i in range(1, 500)) + "Z499",
    "a sum to 10^12": "sum(i in 1..1000000000000, x[i]*t)", "sums of sums": "sum(i in 1..n, " * 13 + "t" + ")" * 13,
    "many sums": "+".join(["sum(i in 1..n, x[i])"] * 2_000), "many long sums": "+".join(f"sum(i in 1..{10**k}, x[i])" for k in range(12)),
    "a large size": "sum(ones(10^9))", "a larger size": "sum(ones(" + "9" * 900 + "))", "powers of a size": "sum(ones(" + "n^8*" * 9 + "n))",
    "products of sizes": "sum(ones(" + "(n+m)^8*" * 4 + "n))", "a long size": "sum(ones(" + "n+" * 20_000 + "n))",
    "entries of entries": "x" + "[1:2]" * 15_000, "digits of other scripts": "x*" + "٣" * 1000, "marks": "x" + "\u0301" * 50_000,
    "backslashes": "\\" * N, "Greek words": "\\Sigma" * 14_000, "spaces": " " * (N - 3) + "x", "line ends": "x +\n" * 20_000 + "x",
    "null characters": "\0" * N, "surrogates": "\ud800" * 1000, "a tower of fractions": "1/(t+" * 15_000 + "1" + ")" * 15_000,
    "vec": "vec(" * 20_000 + "A" + ")" * 20_000, "diag": "diag(" * 16_000 + "x" + ")" * 16_000, "duplication": "D(" * 1000 + "n" + ")" * 1000,
}  # fmt: skip

DECLARED: dict[str, str] = {
    "many": "; ".join(f"x{i}: n" for i in range(9_000)), "many sizes": "; ".join(f"x{i}: n{i} m{i}" for i in range(5_000)),
    "long size": "x: " + "n+" * 40_000 + "n", "size of many names": "x: " + "+".join(f"n{i}" for i in range(12_000)),
    "product": "x: " + "*".join(["n"] * 40_000), "brackets": "x: " + "(" * 40_000 + "n" + ")" * 40_000, "signs": "x: " + "-" * 90_000 + "n",
    "facts": "x: n n" + " symmetric" * 9_000, "power": "x: n^99999999", "tower": "x: 9^9^9^9", "digits": "x: " + "9" * 90_000,
    "the largest": "x: 1000000000000000", "exponent": "x: 1e400", "colons": "x" + ":" * 90_000, "semicolons": ";" * 90_000,
    "same name": "x: n; " * 15_000, "family": "x[" * 40_000, "long name": "x" * 90_000 + ": n", "long fact": "x: n " + "y" * 90_000,
}  # fmt: skip


def stroll() -> float:
    """The processor time of a fixed piece of work of the kind that questions are made of."""
    start = time.process_time()
    table: dict[tuple[int, int], int] = {}
    for i in range(100_000):
        table[i % 97, i % 89] = table.get((i % 89, i % 97), 0) + i
    return time.process_time() - start


@pytest.fixture(scope="module")
def longest() -> float:
    """Two seconds, on the machine on which the caps were set."""
    return SECONDS * SHARED * max(1.0, min(stroll() for _ in range(3)) / PACE)


def bounded(ask: Callable[[], object], longest: float) -> object:
    """What is answered, None when it is refused; fails when it takes too long or too much."""
    memory, start = resident(), time.process_time()
    try:
        out = ask()
    except cf.InputError as error:
        said = str(error)
        assert said.strip()
        assert len(said) < 2_000
        out = None
    spent, more = time.process_time() - start, resident() - memory
    assert spent < longest, f"{spent:.1f} s"
    assert more < MEGABYTES, f"{more:.0f} MB"
    return out


@pytest.mark.parametrize("name", READ)
def test_a_text_is_read_printed_and_differentiated(name: str, longest: float) -> None:
    e = bounded(lambda: cf.parse(READ[name], "t: scalar; A: n n; x: n"), longest)
    if isinstance(e, cf.Expr):
        bounded(e._repr_mimebundle_, longest)
        wrt = next((wrt for wrt in ("x", "t", "A") if wrt in READ[name]), None)
        if wrt is not None:
            bounded(lambda: cf.derive(e, wrt, "t: scalar; A: n n; x: n"), longest)


@pytest.mark.parametrize("name", DECLARED)
def test_declarations(name: str, longest: float) -> None:
    bounded(lambda: cf.parse("1 + 1", DECLARED[name]), longest)


@pytest.mark.parametrize("name", ["many sizes", "same name", "size of many names"])
def test_declarations_as_a_table(name: str, longest: float) -> None:
    bounded(lambda: cf.parse("1 + 1", dict(pair.partition(":")[::2] for pair in DECLARED[name].split(";"))), longest)


@pytest.mark.parametrize(("seed", "size"), [*product(range(4), [50, 400]), (0, 1_000), (2, 3_000), (3, 3_000)])
def test_a_short_text_many_times(seed: int, size: int, longest: float) -> None:
    """A random piece, repeated: what is linear in each piece must not be more than that in their number."""
    rng = random.Random(seed * 1_000 + size)
    pieces = ["x'*A*x", "tr(A)", "t", "sum(x)", "norm2(x)", "x'*B*x/2", "log(t)", "exp(-t)", "det(A)", "x[1]", "logsumexp(x)"]
    wraps = [
        "({})",
        "sin({})",
        "({})^2",
        "1/({})",
        "exp({})",
        "-({})",
        "sqrt({})",
        "abs({})",
        "({})*t",
        "(({}) + 1)",
        "({})*sum(x)",
    ]
    text = rng.choice(pieces)
    for _ in range(size):
        kind = rng.random()
        if kind < 0.4:
            text = f"{text} {rng.choice('+-*')} {rng.choice(pieces)}"
        elif len(text) < 40_000:
            text = rng.choice(wraps).format(text)
    try:
        bounded(lambda: cf.derive(text, rng.choice(["x", "t", "A"]), "t: scalar positive; A: n n; B: n n; x: n"), longest)
    except cf.VerificationError:
        pytest.skip("the values overflow")
