"""The normal form under abuse: the same for every way to write an expression, and its own normal form.

    python bench/confluence.py SECONDS [SEED]

Random expressions with declared facts are simplified, and so are other ways to write them (tests/rewrite/variants.py).
A line for each property: how many were tried, how many failed, and the shortest failure found.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.rewrite.variants import WAYS, renamed, variant  # noqa: E402
from tests.strategies import SCOPE, Maker, symbols_of  # noqa: E402

import closedform as cf  # noqa: E402
from closedform.core.expr import Expr  # noqa: E402
from closedform.core.walk import postorder, substitute, tree_size  # noqa: E402
from closedform.rewrite.best import normal_form, shortest  # noqa: E402
from closedform.rewrite.engine import Simplifier  # noqa: E402
from closedform.rewrite.order import Order, ranks  # noqa: E402

LONGEST = 60
"""Expressions with more nodes than this are passed over."""
SHRINKS = 40
"""Tries to find a shorter expression that fails in the same way."""

FORMS = {
    "closed": lambda e, order: Simplifier(order).canonical(e),
    "opened": normal_form,
    "shortest": lambda e, order: shortest(e, order).expr,
}
"""The three normal forms."""


def differs(e: Expr, name: str, seed: int) -> tuple[Expr, Expr, Expr] | None:
    """Another way to write the expression with the two forms that should be one; None when they are."""
    order = Order(ranks(e))
    what, _, way = name.partition(", ")
    if what == "simplify":
        once = cf.simplify(e, SCOPE)
        again = cf.simplify(once, SCOPE)
        return None if again is once else (once, once, again)
    if what == "derive":
        return _derived(e, way, seed, order)
    form = FORMS[what]
    once = form(e, order)
    if way == "twice":
        other, again = once, form(once, order)
    elif way == "renamed":
        other, back = renamed(e)
        again = substitute(form(other, Order(ranks(other))), back)
    else:
        other = variant(e, way, Random(seed), order)
        again = form(other, order)
    return None if again is once else (other, once, again)


def _derived(e: Expr, way: str, seed: int, order: Order) -> tuple[Expr, Expr, Expr] | None:
    """The derivative of another way to write the expression: the same text where symbols first appear in the same order."""
    symbols = symbols_of(e)
    if not symbols:
        return None
    x = Random(seed).choice(symbols)
    other = variant(e, way, Random(seed), order)
    if [s for s in ranks(other)] != [s for s in ranks(e)]:
        return None
    once, again = (cf.derive(f, str(x), SCOPE, verify=False).expr for f in (e, other))
    return None if once is again else (other, once, again)


PROPERTIES = (
    *(f"{form}, {way}" for form in FORMS for way in ("twice", "renamed", *WAYS)),
    "shortest, shortest parts first",
    "simplify, twice",
    *(f"derive, {way}" for way in WAYS if way != "parts first"),
)
"""What is tried of every expression."""


def found(e: Expr, name: str, seed: int) -> tuple[Expr, Expr, Expr] | None:
    """``differs``, where a refusal counts as no difference."""
    try:
        return differs(e, name, seed)
    except cf.InputError:
        return None


def smaller(e: Expr, name: str, seed: int) -> Iterator[Expr]:
    """Parts of the expression that fail too."""
    for node in sorted(set(postorder(e)), key=tree_size)[:SHRINKS]:
        if node.args and node is not e and any(found(node, name, seed + k) for k in range(3)):
            yield node


def main(seconds: float, seed: int) -> int:
    """Try expressions for so many seconds; the exit status is 1 when a property failed."""
    end = time.monotonic() + seconds
    tried = dict.fromkeys(PROPERTIES, 0)
    failed: dict[str, list[tuple[int, str]]] = {name: [] for name in PROPERTIES}
    count = 0
    while time.monotonic() < end:
        count += 1
        random = Random(f"{seed} {count}")
        maker = Maker(random.choice, kron=random.random() < 0.3, wide=random.random() < 0.4)
        e = maker.make(maker.dim(), maker.dim(), random.choice((2, 3, 3)))
        if tree_size(e) > LONGEST:
            continue
        for name in PROPERTIES:
            tried[name] += 1
            if found(e, name, count) is None:
                continue
            least = next(smaller(e, name, count), e)
            shown = next((r for k in range(3) if (r := found(least, name, count + k))), None) or found(e, name, count)
            assert shown is not None
            failed[name].append((tree_size(least), f"{least}\n      as {shown[0]}\n      {shown[1]}\n      {shown[2]}"))
    print(f"{count} expressions, seed {seed}")
    for name in PROPERTIES:
        ways = sorted(set(failed[name]))
        print(f"{name:34} {tried[name]:6} tried {len(failed[name]):5} failed")
        for _, text in ways[: int(sys.argv[3]) if len(sys.argv) > 3 else 1]:
            print(f"      {text}")
    return 1 if any(failed.values()) else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60, int(sys.argv[2]) if len(sys.argv) > 2 else 0))
