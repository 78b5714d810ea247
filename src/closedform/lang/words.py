"""The function words of the language: how many arguments they take, how shapes go through them, what they stand for.

A signature reads ``"m n, n k -> m k"``: one pair of sizes for each argument, equal letters for equal sizes.  Shapes that
no signature of this form says are named instead: ``entrywise2`` (equal shapes or a scalar), ``line`` (a row or a column
of the same shape), ``line1`` (a row or a column to a scalar), ``diag``, ``spectrum`` (known once its argument is).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import closedform.ops  # noqa: F401  (registers the operations)
from closedform.core.dim import ONE, Dim
from closedform.core.errors import DivisionByZero, InputError, Refusal
from closedform.core.expr import Expr, make, misfit, registry
from closedform.core.facts import NAMES
from closedform.core.infer import known
from closedform.core.op import Op, f
from closedform.ops.build import identity, num, ones_like, power, product, recip, total, transpose, zero

ENTRYWISE = (
    "exp", "log", "log1p", "expm1", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "erf",
    "abs", "sign", "step", "relu", "sigmoid", "softplus", "gelu", "silu", "recip", "square",
)  # fmt: skip

SIGNATURES: dict[str, str] = {
    **dict.fromkeys(ENTRYWISE, "m n -> m n"),
    **dict.fromkeys(("tril", "triu", "softmax_rows"), "m n -> m n"),
    **dict.fromkeys(("tr", "det", "logdet", "lambda_max"), "n n -> 1 1"),
    **dict.fromkeys(("inv", "adj", "expm", "logm", "sqrtm", "chol", "eigvecs"), "n n -> n n"),
    **dict.fromkeys(("sum", "mean", "norm", "norm2", "norm1", "normnuc", "normspec", "max", "min"), "m n -> 1 1"),
    **dict.fromkeys(("dexpm", "dlogm", "lyap"), "n n, n n -> n n"),
    **dict.fromkeys(("dot", "crossentropy"), "n 1, n 1 -> 1 1"),
    **dict.fromkeys(("softmax", "logsoftmax"), "line"),
    **dict.fromkeys(("maximum", "minimum"), "entrywise2"),
    **dict.fromkeys(("svdvals", "svdu", "svdv"), "spectrum"),
    "pinv": "m n -> n m",
    "vec": "m n -> m*n 1",
    "vech": "n n -> n+ 1",
    "rowsum": "m n -> m 1",
    "colsum": "m n -> 1 n",
    "logsumexp_rows": "m n -> m 1",
    "logsumexp": "line1",
    "diag": "diag",
    "outer": "m 1, n 1 -> m n",
    "kron": "m n, p q -> m*p n*q",
    "khatrirao": "m n, p n -> m*p n",
    "solve": "n n, n k -> n k",
    "sylvester": "m m, n n, m n -> m n",
    "eigvalsh": "n n -> n 1",
}
"""How shapes go through each word whose arguments are all expressions; ``n+`` is n*(n+1)/2."""


def _signature(op: Op) -> str:
    """The signature of an operation, read off its own shape rule at the first arguments that its tests draw."""
    pairs = []
    for declaration in op.draws[0].split(";"):
        sizes = [part for part in declaration.partition(":")[2].split() if part not in NAMES]
        pairs.append((*([] if sizes == ["scalar"] else sizes), "1", "1")[:2])
    holes = [make("hole", (), tuple(Dim.of(int(size) if size.isdigit() else size) for size in pair)) for pair in pairs]
    rows, cols = op.shape(*holes)
    return f"{', '.join(' '.join(pair) for pair in pairs)} -> {rows} {cols}"


SIGNATURES |= {
    op.word: _signature(op)
    for op in registry().values()
    if op.word and op.args and not op.params and op.draws and op.word not in {*SIGNATURES, "diag"}
}

ARITY: dict[str, tuple[int, ...]] = {
    word: (2,) if text == "entrywise2" else (text.count(",") + 1,) for word, text in SIGNATURES.items()
}
ARITY |= {"eye": (1,), "ones": (1, 2), "zeros": (1, 2), "e": (2,), "vector": (1,), "matrix": (1,), "unvec": (3,)}
ARITY |= {"commutation": (2,), "duplication": (1,), "elimination": (1,)}

ELSEWHERE = {
    "trace": "tr", "determinant": "det", "ln": "log", "inverse": "inv", "invert": "inv", "transpose": "'", "T": "'",
    "fro": "norm2", "frobenius": "norm2", "l1": "norm1", "l2": "norm2", "slogdet": "logdet", "logabsdet": "logdet",
    "eig": "eigvalsh", "eigvals": "eigvalsh", "svd": "svdvals", "cholesky": "chol", "kronecker": "kron", "identity": "eye",
    "I": "eye", "arctan": "atan", "arcsin": "asin", "arccos": "acos", "lse": "logsumexp", "logistic": "sigmoid",
    "heaviside": "step", "sgn": "sign", "matmul": "*", "multiply": ".*", "hadamard": ".*", "power": "^", "reshape": "unvec",
    "diagonal": "diag", "diagm": "diag",
}  # fmt: skip
"""What functions of other languages are called here."""
"""How many arguments each word takes."""

FIRST_SIZE: dict[str, int] = {"unvec": 1} | dict.fromkeys(
    ("eye", "ones", "zeros", "e", "commutation", "duplication", "elimination"), 0
)
"""From which argument on the arguments of a word are sizes."""

LONG: dict[str, str] = {"K": "commutation", "D": "duplication", "L": "elimination"}
"""The long names of the letters that are functions when they are called and not declared."""

FILLED = frozenset({"vector", "matrix"})
"""Words whose shape comes from what stands beside them."""

UNCHANGED_SCALAR = frozenset(
    {
        "tr",
        "det",
        "diag",
        "sum",
        "mean",
        "vec",
        "vech",
        "tril",
        "triu",
        "rowsum",
        "colsum",
        "logsumexp",
        "logsumexp_rows",
        "max",
        "min",
        "lambda_max",
        "eigvalsh",
    }
)
"""Words that leave a scalar as it is."""

OF_A_SCALAR = {"expm": "exp", "logm": "log", "sqrtm": "sqrt", "chol": "sqrt", "svdvals": "abs", "normnuc": "abs",
               "normspec": "abs"}  # fmt: skip
"""What functions of a matrix are for a 1 x 1 one."""

SYMMETRIC = frozenset({"chol", "eigvalsh", "eigvecs", "lambda_max"})
"""Words that mean nothing for a matrix that is not symmetric."""

_operations: dict[str, str] = {}


def operations() -> dict[str, str]:
    """The operation that each word of plain arguments names."""
    if not _operations:
        _operations.update(
            (op.word, op.name)
            for op in registry().values()
            if op.word and op.args and not op.params and op.word in SIGNATURES and op.word != "diag"
        )
    return _operations


def call(word: str, args: tuple[Expr, ...], sizes: tuple[Dim, ...] = ()) -> Expr:
    """The value of a function word at expressions and sizes.

    >>> call("inv", (make("pi"),)).op.name
    'pow'
    """
    special = _SIZED.get(word)
    if special is not None:
        return special(args, sizes)
    if args[0].is_scalar and word in UNCHANGED_SCALAR:
        return args[0]
    if args[0].is_scalar and word == "inv":
        return _reciprocal(args[0])
    if args[0].is_scalar and word == "logdet":
        return f.log(f.abs(args[0]))
    if args[0].is_scalar and word in OF_A_SCALAR:
        return make(OF_A_SCALAR[word], (args[0],))
    if args[0].is_scalar and word == "softmax_rows":
        word = "softmax"
    if word in SYMMETRIC and not known(args[0], "symmetric"):
        raise misfit(word, f"{word} needs a matrix that is known to be symmetric", args[0], hint="Declare it symmetric or pd")
    if word == "diag":
        return make("diag" if args[0].is_column else "diagonal", args)
    name = operations().get(word)
    if name is not None:
        return make(name, args)
    short = _ABBREVIATIONS.get(word)
    if short is None:
        raise unavailable(word)
    return short(*args)


def _reciprocal(a: Expr) -> Expr:
    if a.op.name != "number":
        return power(a, -1)
    if a.params[0] == 0:
        raise DivisionByZero("inv: division by zero")
    return num(1 / a.params[0])


def unavailable(word: str) -> Refusal:
    """The refusal of a word that has no operation."""
    return Refusal(f"{word} is not available in this version")


def _dot(a: Expr, b: Expr) -> Expr:
    if not a.is_column or a.shape != b.shape:
        raise misfit("dot", "two column vectors of one length are needed", a, b)
    return product(transpose(a), b)


def _outer(a: Expr, b: Expr) -> Expr:
    if not (a.is_column and b.is_column):
        raise misfit("outer", "two column vectors are needed", a, b)
    return product(a, transpose(b))


def count(size: Dim) -> Expr:
    """A size as a number, in the form in which its text is read.

    >>> str(count(Dim.of("n") * 2 - 1))
    '2*n - 1'
    """
    terms = []
    for names, factor in size.terms:
        parts = [make("size", (), (Dim.of(name),)) for name in names]
        terms.append(product(*parts) if factor == 1 and parts else product(num(factor), *parts))
    return total(*terms)


def _mean(a: Expr) -> Expr:
    sizes = [count(size) for size in a.shape if size is not ONE]
    fixed = (a.rows * a.cols).integer
    return product(f.sum(a), power(product(*sizes), -1) if fixed is None else num(Fraction(1, fixed)))


def _solve(a: Expr, b: Expr) -> Expr:
    if not a.is_square or a.cols is not b.rows:
        raise misfit("solve", "a square matrix and as many rows on the right are needed", a, b)
    return product(call("inv", (a,)), b)


def _rowsum(a: Expr) -> Expr:
    return a if a.cols is ONE else product(a, make("ones", (), (a.cols, ONE)))


def _colsum(a: Expr) -> Expr:
    return a if a.rows is ONE else product(transpose(make("ones", (), (a.rows, ONE))), a)


def _square(a: Expr) -> Expr:
    return power(a, 2) if a.is_scalar else make("entrypow", (a, num(2)))


def _norm(a: Expr) -> Expr:
    return make("norm2", (a,))


_ABBREVIATIONS: dict[str, Callable[..., Expr]] = {
    "dot": _dot, "outer": _outer, "mean": _mean, "solve": _solve, "rowsum": _rowsum, "colsum": _colsum,
    "square": _square, "recip": recip, "norm": _norm,
}  # fmt: skip
"""Words that only abbreviate others."""


def _eye(args: tuple[Expr, ...], sizes: tuple[Dim, ...]) -> Expr:
    return identity(sizes[0])


def _ones(args: tuple[Expr, ...], sizes: tuple[Dim, ...]) -> Expr:
    rows, cols = (*sizes, ONE)[:2]
    return num(1) if rows is ONE and cols is ONE else make("ones", (), (rows, cols))


def _zeros(args: tuple[Expr, ...], sizes: tuple[Dim, ...]) -> Expr:
    rows, cols = (*sizes, ONE)[:2]
    return zero(rows, cols)


def _unit(args: tuple[Expr, ...], sizes: tuple[Dim, ...]) -> Expr:
    place, count = sizes
    over = (place - count).integer
    if over is not None and over > 0:
        raise InputError(f"e: the place {place} is outside 1..{count}")
    return num(1) if count is ONE else make("unit", (), (place, count))


def _commutation(args: tuple[Expr, ...], sizes: tuple[Dim, ...]) -> Expr:
    return make("commutation", (), sizes)


def _unvec(args: tuple[Expr, ...], sizes: tuple[Dim, ...]) -> Expr:
    if args[0].is_scalar and sizes == (ONE, ONE):
        return args[0]
    return make("unvec", args, sizes)


def _long(word: str) -> Callable[[tuple[Expr, ...], tuple[Dim, ...]], Expr]:
    def build(args: tuple[Expr, ...], sizes: tuple[Dim, ...]) -> Expr:
        if word not in registry():
            raise unavailable(word)
        return make(word, args, sizes)

    return build


_SIZED: dict[str, Callable[[tuple[Expr, ...], tuple[Dim, ...]], Expr]] = {
    "eye": _eye, "ones": _ones, "zeros": _zeros, "e": _unit, "unvec": _unvec, "commutation": _commutation,
    "duplication": _long("duplication"), "elimination": _long("elimination"),
}  # fmt: skip


def filled(word: str, value: Expr, rows: Dim, cols: Dim) -> Expr:
    """``vector(c)`` or ``matrix(c)`` of a known shape: c in every entry."""
    if not value.is_scalar:
        raise misfit(word, f"{word} repeats a scalar", value)
    ones = ones_like(make("hole", (), (rows, cols)))
    return ones if value is num(1) else product(value, ones)


def meant(word: str) -> str:
    """The function of the language that a word of another one stands for, or the one that looks most like it; or nothing."""
    return ELSEWHERE.get(word) or nearest(word, sorted(ARITY))


def nearest(word: str, options: list[str]) -> str:
    """The option that looks most like a word, or nothing."""
    import difflib  # only an error needs it

    found = difflib.get_close_matches(word, options, n=1, cutoff=0.8)
    return found[0] if found else ""
