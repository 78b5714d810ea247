"""The calls that operations declare, as values of a program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from string import Formatter

from closedform.codegen.program import SCALAR, Program, Value
from closedform.core.expr import Expr
from closedform.ops.elementwise import DECLARED

ENTRYWISE = frozenset({*(str(row["name"]) for row in DECLARED), "maximum", "minimum"})
"""Operations whose call takes numbers and arrays alike."""

REDUCING = frozenset({"trace", "sum", "det", "logdet", "norm2", "norm1", "normnuc", "normspec", "logsumexp", "crossentropy",
                      "max", "min", "lambda_max"})  # fmt: skip
"""Operations whose call gives a number."""

TAKES_NUMBERS = ENTRYWISE | {"norm2", "norm1", "blocks", "softmax", "logsumexp", "logsoftmax", "crossentropy"}

Piece = tuple[str, str | None]


def pieces(template: str) -> Iterator[Piece]:
    """The text of a template piece by piece, each with the slot that follows it (or None).

    >>> list(pieces("np.exp({0}) + 1"))
    [('np.exp(', '0'), (') + 1', None)]
    """
    for text, slot, _, _ in Formatter().parse(template):
        yield text, slot


def called(p: Program, e: Expr, args: list[Value]) -> Value:
    """The value of a node by the call that its operation declares."""
    name, code = e.op.name, e.op.code
    params = {f"p{i}" if e.op.variadic else slot: v for i, (slot, v) in enumerate(zip(e.op.params, e.params, strict=True))}
    if callable(code):
        template = code(*(f"{{{i}}}" for i in range(len(args))), *e.params)
    else:
        places = {slot: str(i) for i, slot in enumerate(e.op.args or ())}
        template = "".join(text + ("" if slot is None else f"{{{places.get(slot, slot)}}}") for text, slot in pieces(code))
    if name not in TAKES_NUMBERS:
        args = [p.call("np.reshape({0}, (1, 1))", (a,), SCALAR) if a.is_scalar else a for a in args]
    whole = p.call(template, tuple(args), e.shape, **params)
    numbers = name in REDUCING or (name in TAKES_NUMBERS and name != "blocks" and all(a.is_scalar for a in e.args))
    if e.is_scalar and (e.args or params) and not numbers:
        return p.call("np.ravel({0})[0]", (whole,), SCALAR)
    return whole


def slots(template: str, arg: Callable[[str, bool], str]) -> str:
    """The template filled in; ``arg(slot, enclosed)`` gives the text of a slot.

    A slot is enclosed when brackets and commas part it from the rest, so that its text needs no parentheses.
    """
    parts = list(pieces(template))
    out = []
    for i, (text, slot) in enumerate(parts):
        out.append(text)
        if slot is not None:
            before = text.rstrip(" ") or ("" if i == 0 else "x")
            after = parts[i + 1][0] if i + 1 < len(parts) else ""
            enclosed = before[-1:] in ("(", "[", ",", ":") and after.lstrip(" ")[:1] in (")", "]", ",", ":")
            out.append(arg(slot, enclosed))
    return "".join(out)


def repeated(template: str) -> list[int]:
    """The arguments that a template uses more than once."""
    used = [slot for _, slot in pieces(template) if slot is not None and slot.isdigit()]
    return [int(slot) for slot in dict.fromkeys(used) if used.count(slot) > 1]


def is_atom(template: str) -> bool:
    """Does the text of a template bind like a name or a call, whatever stands in its slots?

    >>> is_atom("np.linalg.slogdet({0})[1]"), is_atom("-np.sum({0})")
    (True, False)
    """
    depth = 0
    for text, _ in pieces(template):
        for ch in text:
            if ch in "([":
                depth += 1
            elif ch in ")]":
                depth -= 1
            elif depth == 0 and not (ch.isalnum() or ch in "._"):
                return False
    return True
