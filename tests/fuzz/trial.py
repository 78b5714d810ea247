"""One question put to the package, and what came of it."""

from __future__ import annotations

import os
import re
import resource
import time
import traceback
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from tests.fuzz.cases import FAILURES
from tests.fuzz.judge import Asked, has_point, judge
from tests.fuzz.mistakes import Text
from tests.fuzz.questions import Question
from tests.fuzz.readings import code, readings
from tests.fuzz.syntax import Unreadable, parse
from tests.fuzz.values import Evaluator

import closedform as cf

SLOW_S = 2.0
LONG = 20_000
"""The derivation of an answer with more characters is not printed."""
MOST_MB = 500.0
SPILLED: list[int] = []
"""The file that takes what libraries in C print, where there is one."""


def peak_mb() -> float:
    """The largest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(case: Question | Text, seed: int = 0) -> dict[str, Any]:
    """Ask, check, and say what came of it: ``outcome``, ``reason``, ``wall``, ``cpu`` and ``mb`` (of the package alone)."""
    try:
        found = _expression(case, seed) if isinstance(case, Question) else _text(case)
    except RecursionError:
        found = {"outcome": "crash", "reason": "RecursionError in the check", "detail": traceback.format_exc(limit=-6)}
    found.setdefault("mb", 0.0)
    if found["outcome"] not in FAILURES:
        if found.get("noise"):
            found |= {"outcome": "noise", "detail": f"printed by a library; {found['outcome']}: {found.get('detail', '')}"}
        elif found.get("cpu", 0) > SLOW_S:
            found["outcome"] = "slow"
        elif found["mb"] > MOST_MB and found.get("grown"):
            found["outcome"] = "memory"
    return found


def reason(message: str) -> str:
    """A message without what is particular to its question."""
    line = message.splitlines()[0] if message else ""
    line = re.sub(r"'[^']*'|\"[^\"]*\"", "…", line)
    line = re.sub(
        r"(derivative of|argument|of the matrix|the matrix|variable|wrt:) \S.*?( by | is | has | to |;|$)", r"\1 …\2", line
    )
    return re.sub(r"\d+(\.\d+)?(e[+-]?\d+)?", "#", line)[:110]


def alone(case: Question) -> dict[str, Any]:
    """What comes of asking, without the second reader."""
    _, found = _ask(case, verify=True)
    return found | {"outcome": "slow"} if found["cpu"] > SLOW_S else found


def _ask(case: Question | Text, verify: bool) -> tuple[Any, dict[str, Any]]:
    """The answer or None, and what came of asking."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer, found = None, {"outcome": "answered", "reason": ""}
    before, peak = _spilled(), peak_mb()
    warnings.simplefilter("ignore")
    try:
        if isinstance(case, Question):
            answer = cf.derive(case.text, list(case.wrt), case.given, layout=case.layout, structure=case.structure, verify=verify)
        else:
            answer = cf.derive(case.expression, case.wrt, case.given, layout=case.layout, structure=case.structure, verify=verify)
    except cf.Refusal as error:
        found = {"outcome": "refused", "reason": reason(str(error)), "detail": str(error)}
    except cf.InputError as error:
        found = {"outcome": "input", "reason": reason(str(error)), "detail": str(error)}
    except cf.VerificationError as error:
        found = {"outcome": "withheld", "reason": "failed its own check", "detail": str(error)}
    except Exception as error:
        found = {
            "outcome": "crash",
            "reason": f"{type(error).__name__}: {reason(str(error))}",
            "detail": traceback.format_exc(limit=-8),
        }
    found["wall"], found["cpu"] = time.perf_counter() - wall, time.process_time() - cpu
    found["mb"], found["grown"] = peak_mb(), peak_mb() > peak
    if _spilled() > before:
        found["noise"] = True
    return answer, found


def _spilled() -> int:
    return os.fstat(SPILLED[0]).st_size if SPILLED else 0


def printed(answer: Any) -> str:
    """All that an answer prints, one after the other."""
    return "\n".join((str(answer), answer.latex, answer.unicode, repr(answer), *answer.conditions, *answer.notes))


def _text(case: Text) -> dict[str, Any]:
    answer, found = _ask(case, case.verify)
    if answer is not None:
        try:
            printed(answer)
            if not _reads_back(answer):
                found |= {"outcome": "unprinted", "reason": "does not read back", "detail": str(answer)}
        except Exception as error:
            found |= {"outcome": "crash", "reason": f"printing: {type(error).__name__}", "detail": traceback.format_exc(limit=-8)}
        return _derived(answer, found) if found["outcome"] == "answered" else found
    return found


def _reads_back(answer: Any) -> bool:
    """Is the text of an answer read as the expression that it is?"""
    with cf.limits(text=None):
        return cf.parse(str(answer), _scope(answer)) is answer.expr


def _scope(answer: Any) -> Any:
    from closedform.core.dim import Dim
    from closedform.core.walk import postorder
    from closedform.lang.declare import Scope

    sizes = {name for node in postorder(answer.original) for p in node.params if isinstance(p, Dim) for name in p.names}
    sizes |= {index for x in answer.wrt for index in re.findall(r"\[([A-Za-z_]\w*)\]", x.params[0])}
    return Scope(answer._symbols, sizes)


def _expression(case: Question, seed: int) -> dict[str, Any]:
    answer, found = _ask(case, verify=True)
    if found["outcome"] in ("input", "refused"):  # letters that are not declared may leave sizes open
        full = "; ".join(f"{name}: {text}" for name, text in case.declared.items())
        if full != case.given:
            case = case._replace(given=full)
            answer, found = _ask(case, verify=True)
    said = {part.partition(":")[0].strip() for part in case.given.split(";")}
    declared = {name: text for name, text in case.declared.items() if answer is None or name in said}
    if answer is not None:
        declared |= {name: text for name, text in answer.inferred.items() if name not in declared}
    written = "; ".join(f"{name}: {text}" for name, text in declared.items())
    asked = Asked(case.text, case.wrt, written, case.layout, case.structure)
    if answer is None:
        if found["outcome"] in ("refused", "input"):
            found["point"] = has_point(asked, seed)
        if found["outcome"] == "withheld":
            found["reason"] = f"failed its own check; by the other reader it is {_withheld(case, asked, seed)}"
        return found
    try:
        printed(answer)
        text_ = str(answer)
        if not _reads_back(answer):
            return found | {"outcome": "unprinted", "reason": "does not read back", "detail": text_}
    except Exception as error:
        return found | {
            "outcome": "crash",
            "reason": f"printing: {type(error).__name__}",
            "detail": traceback.format_exc(limit=-8),
        }
    try:
        outcome = judge(asked, text_, seed, earlier=_earlier(case))
    except Unreadable as error:
        return found | {"outcome": "disagrees", "reason": f"the other reader: {error}", "detail": text_}
    found["point"] = outcome.verdict != "nowhere"
    if outcome.verdict == "undefined" and any(_fails(c, *outcome.points[0]) for c in answer.conditions):
        return found | {"reason": "under a condition"}
    if outcome.verdict in ("wrong", "undefined"):
        return found | {"outcome": outcome.verdict, "reason": outcome.verdict, "detail": f"{text_}\n{outcome.detail}"}
    for sizes, env in outcome.points[:1]:
        try:
            trouble = code(asked, answer, sizes, env) or readings(asked, case.given, env)
        except Exception as error:
            return found | {
                "outcome": "crash",
                "reason": f"code: {type(error).__name__}",
                "detail": traceback.format_exc(limit=-8),
            }
        if trouble:
            return found | {"outcome": "disagrees", "reason": trouble.split(":")[0], "detail": f"{text_}\n{trouble}"}
    return _derived(answer, found)


def _fails(condition: str, sizes: Mapping[str, int], env: Mapping[str, Any]) -> bool:
    """Does a condition that an answer states fail at a point?  (One that is not about entries may.)"""
    if "invertible" in condition or "rank" in condition:
        return True
    rest = condition.removeprefix("-1 < ")
    for sign, holds in (
        (" < 1", lambda v: abs(v) < 1), (" > 0", lambda v: v > 0), (" > -1", lambda v: v > -1), (" is not 0", lambda v: v != 0),
    ):  # fmt: skip
        if rest.endswith(sign):
            value = Evaluator({**sizes, **env})(parse(rest.removesuffix(sign), frozenset(env)))
            return not np.all(holds(value))
    return False


def _withheld(case: Question, asked: Asked, seed: int) -> str:
    """Whether an answer that was withheld is right."""
    answer = cf.derive(case.text, list(case.wrt), case.given, layout=case.layout, structure=case.structure, verify=False)
    try:
        return judge(asked, str(answer), seed, earlier=_earlier(case)).verdict
    except Unreadable as error:
        return f"unreadable: {error}"


def _derived(answer: Any, found: dict[str, Any]) -> dict[str, Any]:
    """What came of printing the derivation, where it is not of what is nested very deeply."""
    if len(str(answer)) > LONG:
        return found
    try:
        str(answer.derivation)
    except cf.Refusal as error:
        if not str(error).startswith("limits."):
            return found | {"outcome": "derivation", "reason": reason(str(error)), "detail": str(error)}
    except Exception as error:
        return found | {
            "outcome": "derivation",
            "reason": f"{type(error).__name__}: {reason(str(error))}",
            "detail": traceback.format_exc(limit=-8),
        }
    return found


def _earlier(case: Question) -> str | None:
    """The answer by all variables but the last, where a variable moves on a curve."""
    if len(case.wrt) < 2 or case.structure == "free" or "ortho" not in case.given:
        return None
    if len(case.wrt) > 2:
        return None
    if not any("ortho" in case.declared.get(name, "") for name in case.wrt):
        return None
    return str(cf.derive(case.text, list(case.wrt[:-1]), case.given, structure=case.structure, verify=False))
