"""Smaller questions with the same outcome: python -m tests.fuzz.shrink SEED INDEX."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from tests.fuzz import trial
from tests.fuzz.cases import made
from tests.fuzz.questions import Question, open_indices, replaced
from tests.fuzz.trees import SCALAR, Node, Writer, count, names, nodes


def smaller(case: Question) -> Iterator[Question]:
    """Questions that are a little smaller, the smallest first."""
    if len(case.wrt) > 1:
        for k in range(len(case.wrt)):
            yield case._replace(wrt=case.wrt[:k] + case.wrt[k + 1 :])
    for change in ({"structure": "projected"}, {"layout": "mixed"}, {"structure": "free"}):
        if any(getattr(case, k) != v for k, v in change.items()) and not (
            change == {"structure": "free"} and case.structure == "projected"
        ):
            yield case._replace(**change)
    plain = Writer().text(case.tree)
    if plain != case.text:
        yield case._replace(text=plain)
    for tree in sorted(set(_trees(case)), key=count):
        if set(case.wrt) <= names(tree):
            yield _with(case, tree)
    for name, text in case.declared.items():
        kept = text.split()
        for word in kept[1:]:
            less = [w for w in kept if w != word]
            if word.isalpha() and word not in ("m", "n", "p", "k", "N", "integer") and less:
                yield _declared(case, {**case.declared, name: " ".join(less)})
        rest = {k: v for k, v in case.declared.items() if k != name}
        if name.partition("[")[0] not in names(case.tree) | set(case.wrt) and rest:
            yield _declared(case, rest)


def _trees(case: Question) -> Iterator[Node]:
    top = case.tree
    for part in top.args:
        if not open_indices(part) and part.op != "index":
            yield part
    for node in nodes(top):
        if node.op in ("index", "member") or not node.args:
            continue
        for inner in nodes(node):
            if inner is not node and inner.shape == node.shape and inner.op != "T0":
                new = replaced(top, node, inner)
                if not open_indices(new) and _lets(new):
                    yield new
        for name, shape in _leaves(case):
            if shape == node.shape:
                yield replaced(top, node, Node("name", (), shape, name))
        if node.shape == SCALAR:
            yield replaced(top, node, Node("num", (), SCALAR, "2"))
        elif count(node) > 1:
            yield replaced(
                top, node, Node("sized", (), node.shape, ("ones", node.shape if node.shape[1] != SCALAR[1] else node.shape[:1]))
            )


def _lets(tree: Node) -> bool:
    return tree.op == "let" or "T0" not in names(tree)


def _leaves(case: Question) -> set[tuple[str, tuple[object, ...]]]:
    return {(n.data, n.shape) for n in nodes(case.tree) if n.op == "name" and n.data != "T0"}


def _with(case: Question, tree: Node) -> Question:
    return case._replace(tree=tree, text=Writer().text(tree))


def _declared(case: Question, declared: dict[str, str]) -> Question:
    return case._replace(declared=declared, given="; ".join(f"{k}: {v}" for k, v in declared.items()))


def shrunk(case: Question, seed: int, seconds: float = 30.0) -> tuple[Question, dict[str, object]]:
    """A smaller question with the same outcome, and what comes of it."""
    found = trial.run(case, seed)
    want = found["outcome"], str(found["reason"])[:40], bool(found.get("point"))
    until = time.monotonic() + seconds
    again = True
    while again and time.monotonic() < until:
        again = False
        for one in smaller(case):
            if time.monotonic() > until:
                break
            try:
                got = trial.run(one, seed)
            except Exception:
                continue
            if (got["outcome"], str(got["reason"])[:40], bool(got.get("point"))) == want:
                case, found, again = one, got, True
                break
    return case, found


def main() -> int:
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, 4 << 30))
    seed, *indices = map(int, sys.argv[1:])
    for index in indices:
        case = made("expression", seed, index)
        assert isinstance(case, Question)
        case, found = shrunk(case, index)
        detail = "\n     ".join(str(found.get("detail", ""))[-600:].splitlines()[-7:])
        print(
            f"#{index} {found['outcome']} {found['reason']}\n  {case.text} | {list(case.wrt)} | {case.given} | {case.layout} {case.structure}\n     {detail}",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
