"""The arguments at which the contract of every operation is tested."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from closedform.core.dim import ONE, Dim
from closedform.core.expr import registry

M, N = Dim.of("m"), Dim.of("n")

FURTHER: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("matrixpow", "A: n n", (2,)),
    ("matrixpow", "A: n n symmetric", (3,)),
    ("index", "A: m n", (ONE, Dim.of(2), ONE, N)),
    ("index", "A: m n", (Dim.of(2), Dim.of(2), Dim.of(2), Dim.of(2))),
    ("index", "A: m n", (Dim.of(2), Dim.of(2), ONE, N)),
    ("index", "A: m n", (ONE, M, Dim.of(2), N)),
    ("index", "A: n n", (Dim.of(2), N, Dim.of(2), N)),
    ("index", "x: n", (Dim.of(2), Dim.of(2), ONE, ONE)),
    ("index", "x: n", (Dim.of(2), N, ONE, ONE)),
    ("index", "x: 1 n", (ONE, ONE, Dim.of(2), Dim.of(2))),
    ("blocks", "A: m n; B: m k; C: p n; D: p k", ((2, 2),)),
    ("blocks", "A: m n; B: m k; C: p (n+k)", ((2, 1),)),
    ("blocks", "s: scalar; t: scalar; u: scalar", ((1, 1, 1),)),
    ("blocks", "x: n; s: scalar", ((1, 1),)),
    ("unvec", "x: m*n", (M, N)),
    ("named", "A: m n", ("P",)),
    ("sympow", "A: n n", (Dim.of("p"),)),
    ("pow", "a: scalar", (Fraction(2),)),
    ("pow", "a: scalar", (Fraction(3),)),
    ("pow", "a: scalar invertible", (Fraction(-1),)),
    ("pow", "a: scalar positive", (Fraction(-2),)),
    ("pow", "a: scalar positive", (Fraction(1, 2),)),
    ("entrypow", "A: m n", (Fraction(2),)),
    ("entrypow", "A: m n", (Fraction(3),)),
    ("entrypow", "A: m n positive", (Fraction(-1),)),
    ("entrypow", "A: m n positive", (Fraction(-3, 2),)),
    ("add", "a: scalar; b: scalar", ()),
    ("add", "A: n n; B: n n", ()),
    ("mul", "t: scalar; x: n; y: 1 m", ()),
    ("mul", "x: 1 n; A: n n; y: n", ()),
    ("mul", "A: n n; B: n n; C: n n", ()),
    ("mul", "A: m n; x: n; s: scalar; y: 1 p", ()),
    ("hadamard", "x: n; y: n", ()),
    ("maximum", "A: scalar; B: m n", ()),
    ("minimum", "A: scalar; B: m n", ()),
    ("maximum", "a: scalar; b: scalar", ()),
    ("softmax", "x: 1 n", ()),
    ("logsoftmax", "x: 1 n", ()),
    ("logsumexp", "x: 1 n", ()),
    ("crossentropy", "p: n simplex; z: n", ()),
    ("inv", "A: n n pd", ()),
    ("inv", "A: n n lower invertible", ()),
    ("logdet", "A: n n symmetric invertible", ()),
    ("det", "A: n n pd", ()),
    ("norm1", "x: 1 n", ()),
    ("norm2", "t: scalar", ()),
    ("kron", "A: n n; B: m m", ()),
    ("kron", "x: m; y: n", ()),
)
"""Arguments beside those that the operations declare: parameters, rows, facts, numbers in place of arguments."""

LEAVES: dict[str, str] = {
    "symbol": "a declared name: its value comes from outside",
    "number": "a constant",
    "pi": "a constant",
    "size": "a constant once the sizes are known",
    "zeros": "a constant once the sizes are known",
    "ones": "a constant once the sizes are known",
    "eye": "a constant once the sizes are known",
    "unit": "a constant once the sizes are known",
    "commutation": "a constant once the sizes are known",
    "hole": "stands for an argument whose value a rule may not see, and never occurs in an answer",
    "tangent": "a direction in a derivation: it has no value of its own",
    "d": "a differential in a derivation: it has no value of its own",
    "duplication": "a constant once the sizes are known",
    "elimination": "a constant once the sizes are known",
    "family": "a declared name: its value comes from outside",
    "member": "its argument is a family, which only a declaration with an index makes",
    "series": "binds an index: its value is taken term by term",
    "moved": "stands for one member of a family while it is differentiated by, and never occurs in an answer",
}
"""Operations without arguments to draw, and why."""

MATRIXPOW = {"matrixpow": (3,)}
DECLARED = [(name, declaration, MATRIXPOW.get(name, ())) for name, op in sorted(registry().items()) for declaration in op.draws]
CASES = DECLARED + list(FURTHER)
