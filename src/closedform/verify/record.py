"""A certificate as data: texts and numbers from which the same check can be run again anywhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from closedform.calculus.series import followed, member_named, variable
from closedform.core.bound import MARK
from closedform.core.dim import Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr
from closedform.core.walk import postorder, rebuild
from closedform.lang.declare import Scope, declaration, declare, title
from closedform.lang.read import parse
from closedform.lang.text import text
from closedform.verify.question import Question

if TYPE_CHECKING:
    from closedform.verify.certificate import Certificate

SCHEMA = 1
FIELDS: dict[str, type | tuple[type, ...]] = {
    "schema": int, "expression": str, "wrt": list, "given": dict, "answer": str, "layout": str, "structure": str, "ok": bool,
    "trials": int, "special": int, "thorough": bool, "seed": int, "max_error": (int, float, type(None)), "sizes": list,
    "reason": str,
}  # fmt: skip
COUNTING = "scalar integer positive"
"""How a name is declared that stands in no shape: it counts terms or factors."""


def data_of(certificate: Certificate) -> dict[str, Any]:
    """What a certificate says and the question it answers, in lists, texts and numbers.

    An infinite ``max_error`` (an answer without a value) is None.  Refusal where the question has no text that reads back.
    """
    question = certificate.question
    if question is None:
        raise Refusal("this certificate does not hold the question it answers")
    worst = float(certificate.max_error)
    return {
        "schema": SCHEMA,
        **_texts(question),
        "layout": question.layout,
        "structure": question.structure,
        "ok": certificate.ok,
        "trials": certificate.trials,
        "special": certificate.special,
        "thorough": certificate.thorough,
        "seed": certificate.seed,
        "max_error": worst if math.isfinite(worst) else None,
        "sizes": [{name: int(value) for name, value in sizes.items()} for sizes in certificate.sizes],
        "reason": certificate.reason,
    }


def question_of(data: Mapping[str, Any]) -> Question:
    """The question that data hold; InputError where they are not the data of a certificate."""
    for name, kind in FIELDS.items():
        if not isinstance(data, Mapping) or name not in data or not isinstance(data[name], kind):
            raise InputError(f"the data of a certificate need {name!r}; this is not such data")
    if data["schema"] != SCHEMA:
        raise InputError(f"the data of this certificate have schema {data['schema']}; this version reads {SCHEMA}")
    original, wrt, answer = _read(data["expression"], data["wrt"], data["answer"], declare(data["given"]))
    return Question(original, wrt, answer, data["layout"], data["structure"])


def _texts(question: Question) -> dict[str, Any]:
    """Expression, variables, declarations and answer as texts that read back as the same question."""
    plain = _settled(question.original)
    names = [str(x.params[0]) for x in question.wrt]
    symbols = {n for n in postorder(plain, question.answer, *question.wrt) if n.op.name in ("symbol", "family")}
    symbols = {n for n in symbols if "[" not in n.params[0]}
    given = {title(n): declaration(n) for n in sorted(symbols, key=_name)}
    loose = _loose((plain, question.answer), symbols)
    declared = {str(n.params[0]) for n in symbols}
    counted = {**given, **{name: COUNTING for name in sorted(loose - declared)}}
    expression, answer = text(plain), text(question.answer)
    for declarations in (given, counted):
        try:
            found = _read(expression, names, answer, declare(declarations))
        except InputError:
            continue
        if found == (question.original, question.wrt, question.answer):
            return {"expression": expression, "wrt": names, "given": declarations, "answer": answer}
    raise Refusal("the question of this certificate has no text that reads back as it")


def _name(symbol: Expr) -> str:
    return str(symbol.params[0])


def _read(expression: str, names: Iterable[str], answer: str, scope: Scope) -> tuple[Expr, tuple[Expr, ...], Expr]:
    read = parse(expression, scope)
    original, known = read.expr, read.scope
    wrt = []
    for name in names:
        member = member_named(name, known)
        x = known.symbols.get(name) if member is None else variable(member)
        if x is None:
            raise InputError(f"wrt: {name!r} is not declared")
        if member is not None and x not in wrt:
            original = followed(original, x, member)
        wrt.append(x)
    return original, tuple(wrt), parse(answer, known).expr


def _settled(e: Expr) -> Expr:
    """The expression with the members of families as such, whichever of them is the variable."""
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        args = tuple(done[a] for a in node.args)
        done[node] = args[0] if node.op.name == "moved" else rebuild(node, args)
    return done[e]


def _loose(roots: Iterable[Expr], symbols: Iterable[Expr]) -> set[str]:
    """The names of sizes that stand in the shape of no symbol."""
    shaped = {name for symbol in symbols for p in symbol.params if isinstance(p, Dim) for name in p.names}
    held = {name for node in postorder(*roots) for p in node.params if isinstance(p, Dim) for name in p.names}
    return {name for name in held - shaped if not name.startswith(MARK)}
