"""Texts that are almost expressions, texts that are nothing of the kind, and questions asked in bad faith."""

from __future__ import annotations

import random
import re
from typing import NamedTuple

from tests.fuzz.grammar import Grammar
from tests.fuzz.questions import Question, question
from tests.fuzz.trees import Writer


class Text(NamedTuple):
    """What is handed to ``derive``: anything at all."""

    expression: object
    wrt: object
    given: object
    layout: str = "mixed"
    structure: str = "projected"
    verify: bool = False


TOKEN = re.compile(r"[A-Za-z_]\w*|\d+(?:\.\d+)?|\.\.|\.[*/^T]|\S")
WORDS = [
    "tr",
    "det",
    "logdet",
    "inv",
    "pinv",
    "adj",
    "diag",
    "tril",
    "triu",
    "vec",
    "unvec",
    "vech",
    "sum",
    "mean",
    "rowsum",
    "colsum",
    "dot",
    "outer",
    "max",
    "min",
    "exp",
    "log",
    "log1p",
    "expm1",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "erf",
    "abs",
    "sign",
    "step",
    "relu",
    "sigmoid",
    "softplus",
    "gelu",
    "silu",
    "recip",
    "square",
    "maximum",
    "minimum",
    "softmax",
    "softmax_rows",
    "logsoftmax",
    "logsumexp",
    "logsumexp_rows",
    "crossentropy",
    "expm",
    "logm",
    "sqrtm",
    "chol",
    "dexpm",
    "dlogm",
    "solve",
    "lyap",
    "sylvester",
    "eigvalsh",
    "eigvecs",
    "lambda_max",
    "svdvals",
    "svdu",
    "svdv",
    "eye",
    "ones",
    "zeros",
    "e",
    "vector",
    "matrix",
    "K",
    "D",
    "L",
    "commutation",
    "duplication",
    "elimination",
    "kron",
    "khatrirao",
    "norm",
    "norm1",
    "norm2",
    "normnuc",
    "normspec",
    "let",
    "in",
    "pi",
]
MARKS = ["+", "-", "*", "/", ".*", "./", ".^", "^", "'", "(", ")", "[", "]", ",", ";", ":", "=", "..", "‖", "⊗", "ᵀ", ".T", "@", "⊙", "Σ_i", "∑",
         "\\", "\\frac{1}{2}", "^T", "^-1", "^-T", "{", "}", "|", "!", "<", "&", "#", '"', "$", "%", "~", "?", "`", "²", "×", "·"]  # fmt: skip
LETTERS = [*list("abcdefgnmpkxyzABCKDLSTXΣβ"), "x_1", "Sigma", "\\Sigma", "\\mu", "i", "N", "__class__", "None", "lambda"]
NUMBERS = [
    "0",
    "1",
    "2",
    "-1",
    "1e999",
    "1e400",
    "1e-400",
    "0.5",
    "1e5",
    "999999999999",
    "3.",
    ".5",
    "1.2.3",
    "00",
    "1_000",
    "0x1f",
    "1" * 60,
]
FACTS = ["symmetric", "pd", "psd", "skew", "diagonal", "lower", "upper", "orthogonal", "orthonormal", "positive", "nonnegative", "unit",
         "simplex", "idempotent", "contraction", "integer", "constant", "invertible", "scalar", "spd", "sym", "square"]  # fmt: skip
CODES = (
    "\x00",
    "\ud800",
    "\u202e",
    "\u200b",
    "\ufeff",
    "\u0301",
    "🙂",
    "ａ",
    "𝐀",
    "\x7f",
    "\u2028",
    "Ⅷ",
    "ß",
    "İ",
    "\udfff",
    "٣",
    "\t",
    "\r",
    "\n",
    "\x1b",
)


def near_miss(rng: random.Random) -> Text:
    """A well-shaped text with a few tokens changed, or with other declarations."""
    asked = question(rng, rng.choice((5, 8, 12, 20, 40)))
    text, given = asked.text, dict(asked.declared)
    tokens = TOKEN.findall(text)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        tokens = edited(tokens, rng)
    if rng.random() < 0.4 and given:
        redeclare(given, rng)
    wrt: object = list(asked.wrt)
    if rng.random() < 0.1:
        wrt = wrong_wrt(asked, rng)
    expression = " ".join(tokens) if rng.random() < 0.5 else "".join(tokens)
    said: object = "; ".join(f"{n}: {t}" for n, t in given.items())
    if rng.random() < 0.25:
        said = given
    elif rng.random() < 0.1:
        said = "".join(edited(re.findall(r"\w+|\s+|.", str(said)), rng))
    layout = asked.layout if rng.random() < 0.99 else rng.choice(("Mixed", "", "row"))
    return Text(expression, wrt, said, layout, asked.structure, rng.random() < 0.15)


def edited(tokens: list[str], rng: random.Random) -> list[str]:
    """The tokens with one deleted, doubled, swapped, replaced, put in, or with a stretch moved."""
    out = list(tokens) or ["x"]
    at = rng.randrange(len(out))
    way = rng.randrange(9)
    if way == 0:
        del out[at]
    elif way == 1:
        out.insert(at, out[at])
    elif way == 2 and at + 1 < len(out):
        out[at], out[at + 1] = out[at + 1], out[at]
    elif way == 3:
        out[at] = token(rng)
    elif way == 4:
        out.insert(at, token(rng))
    elif way == 5:
        out[at] = rng.choice(out)
    elif way == 6:
        words = [k for k, t in enumerate(out) if t in WORDS]
        if words:
            out[rng.choice(words)] = rng.choice(WORDS)
    elif way == 7:
        a, b = sorted((at, rng.randrange(len(out))))
        out = out[:a] + out[a:b] * rng.choice((0, 2, 3)) + out[b:]
    else:
        marks = [k for k, t in enumerate(out) if t in MARKS]
        if marks:
            out[rng.choice(marks)] = rng.choice(MARKS[:20])
    return out


def token(rng: random.Random) -> str:
    """Any token of the language, or something like one."""
    return rng.choice(rng.choice((WORDS, MARKS, LETTERS, NUMBERS, MARKS[:12])))


def redeclare(given: dict[str, str], rng: random.Random) -> None:
    """Drop, change or add a declaration."""
    name = rng.choice(list(given))
    way = rng.randrange(7)
    if way == 0:
        del given[name]
    elif way == 1:
        given[name] = rng.choice(list(given.values()))
    elif way == 2:
        given[name] = f"{given[name]} {rng.choice(FACTS)}"
    elif way == 3:
        sizes = rng.choice(
            (
                "n",
                "m n",
                "n n",
                "1",
                "1 1",
                "n 1",
                "1 n",
                "0",
                "n-n",
                "2*n n",
                "n^2",
                "-1",
                "n/2",
                "1e3",
                "9999999",
                "n n n",
                "",
                "n+1",
                "p q",
                name,
            )
        )
        given[name] = f"{sizes} {rng.choice(['', '', rng.choice(FACTS)])}".strip()
    elif way == 4:
        given[rng.choice(LETTERS + WORDS)] = rng.choice(("n", "n n", "scalar", "scalar integer", "n n pd", "N"))
    elif way == 5:
        given[f"{name}[N]"] = given.pop(name)
    else:
        given[name] = "".join(edited(re.findall(r"\w+|\s+|.", given[name]), rng))


def wrong_wrt(asked: Question, rng: random.Random) -> object:
    """Not quite the name of a variable."""
    name = asked.wrt[0]
    return rng.choice(
        [name + "'", "", [], [name] * 7, [name, ""], f"{name}[1]", f"{name}[1,2]", f"{name}[j]", "n", "sin", " ", None, 3, b"x", [None], {name: 1},
         name.upper(), "x.T", "let", "pi", (name,), [[name]], "xi[j]", "xi[2]", "xi[N]", "xi[N+1]", "xi[0]", "xi", "xi[i]", "1", "\x00", "x y", name + " "]
    )  # fmt: skip


def garbage(rng: random.Random) -> Text:
    """Bytes, characters, and tokens without a grammar."""
    way = rng.randrange(8)
    n = rng.choice((0, 1, 2, 5, 10, 30, 100, 300))
    if way == 0:
        text = bytes(rng.randrange(256) for _ in range(n)).decode("latin-1")
    elif way == 1:
        text = "".join(
            chr(rng.choice((rng.randrange(0x250), rng.randrange(0x2000, 0x2BFF), rng.randrange(0x110000)))) for _ in range(n)
        )
    elif way in (2, 3):
        text = rng.choice(("", " ")).join(token(rng) for _ in range(n))
    elif way == 4:
        asked = question(rng, 10)
        at = rng.randrange(len(asked.text) + 1)
        text = asked.text[:at] + rng.choice(CODES) * rng.choice((1, 1, 3)) + asked.text[at:]
        return Text(text, list(asked.wrt), asked.given)
    elif way == 5:
        text = rng.choice(MARKS + WORDS) * rng.choice((2, 10, 100, 1000))
    elif way == 6:
        open_, close = rng.choice((("(", ")"), ("[", "]"), ("-", ""), ("sin(", ")"), ("(x+", ")"), ("inv(", ")"), ("[x;", "]"), ("‖", "‖"),
                                   ("x'*", ""), ("2^", ""), ("Σ_i (", ")"), ("sum(i in 1..2, ", ")"), ("kron(A,", ")"), ("", "'"), ("", "^T")))  # fmt: skip
        k = rng.choice((3, 8, 12, 60, 400, 3000))
        text = open_ * k + "x" + close * rng.choice((k, k, k, k - 1, k + 1))
    else:
        grammar = Grammar(rng)
        text = Writer(rng).text(grammar.make((grammar.size(), grammar.size()), 12))
    given: object = None
    draw = rng.random()
    if draw < 0.3:
        given = " ".join(
            rng.choice((*LETTERS, *FACTS, *NUMBERS, ":", ":", ";", ";", "n", "n", "[", "]", ","))
            for _ in range(rng.randrange(14))
        )
    elif draw < 0.4:
        given = rng.choice(({1: "n"}, {"x": 3}, {"x": None}, [], 7, b"x: n", {"": ""}, {"x": "\x00"}, {"x[": "n"}, {"x": "n" * 5000}, "x:" * 300,
                            {"x": "n; y: m"}, {"x: n; y": "m"}, "x: n" * 50, "x[N][M]: n", "x[N]: p q r", {"z[N]": "p", "z": "n"}))  # fmt: skip
    wrt = rng.choice(("x", "x", "A", ["x", "x"], ["A"], "\\Sigma", "Σ", text[:3]))
    return Text(text, wrt, given, verify=rng.random() < 0.1)


def text(rng: random.Random) -> Text:
    """A hostile question."""
    return near_miss(rng) if rng.random() < 0.75 else garbage(rng)
