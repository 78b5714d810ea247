"""All that is said about questions, as one hash each: python -m tests.fuzz.everything CORPUS EXPRESSIONS TEXTS.

The lines of two processes are the same whatever PYTHONHASHSEED is: answers, derivations, code, certificates and errors.
"""

from __future__ import annotations

import hashlib
import json
import sys
import warnings
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.cases import made
from tests.fuzz.questions import Question, question

import closedform as cf

CORPUS = Path(__file__).resolve().parent.parent / "data" / "public.jsonl"
FACTS = {"positive_definite": "pd", "lower_triangular": "lower", "unit_interval": "unit"}
"""Facts that the corpus calls by another name."""


def said(*question: object, **conventions: Any) -> str:
    """Everything that an answer or an error says."""
    try:
        d = cf.derive(*question, **conventions)
    except (cf.InputError, cf.VerificationError) as error:
        return f"{type(error).__name__}: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    parts = [repr(d), d.latex, d.unicode, d.kind, *d.shape, *d.conditions, *d.notes, json.dumps(d.inferred), repr(d.certificate)]
    for make in (lambda: str(d.derivation), lambda: d.function().source, lambda: d.function(form="matrix").source):
        try:
            parts.append(make())
        except Exception as error:
            parts.append(f"{type(error).__name__}: {error}")
    return "\n".join(parts)


def corpus(line: str) -> str:
    """What is said about a case of the corpus."""
    case = json.loads(line)
    given = {
        name: " ".join([*(str(size) for size in var["shape"] or ["scalar"]), *(FACTS.get(f, f) for f in var.get("is", []))])
        for name, var in case["vars"].items()
    }
    return said(case["expr"], case["wrt"], given, structure="free" if case.get("free") else "projected")


def small(index: int) -> Question:
    """A question of moderate size, so that no cap on time is hit, which depends on the machine."""
    case = question(Random(index), 20)
    return case._replace(wrt=case.wrt[:2] if len(case.text) < 60 else case.wrt[:1])


def random(kind: str, index: int) -> str:
    """What is said about a random question."""
    case = small(index) if kind == "expression" else made(kind, 7, index)
    if isinstance(case, Question):
        return said(case.text, list(case.wrt), case.given, layout=case.layout, structure=case.structure)
    return said(case.expression, case.wrt, case.given, layout=case.layout, structure=case.structure, verify=False)


def main() -> int:
    warnings.simplefilter("ignore")
    cases, expressions, texts = map(int, sys.argv[1:4])
    lines = CORPUS.read_text(encoding="utf-8").splitlines()[:cases]
    for k, line in enumerate(lines):
        _show(f"corpus {k}", corpus(line))
    for kind, number in (("expression", expressions), ("text", texts)):
        for k in range(number):
            _show(f"{kind} {k}", random(kind, k))
    return 0


def _show(name: str, text: str) -> None:
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    print(f"{name} {digest} {' '.join(text[:60].split())!a}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
