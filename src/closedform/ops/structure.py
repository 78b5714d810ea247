"""Rearranging entries: transpose, diagonals, triangles, entries and slices, blocks, vec."""

from __future__ import annotations

from typing import Any

from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError
from closedform.core.expr import Expr, Shape, misfit
from closedform.core.infer import known
from closedform.core.op import f, operation
from closedform.ops.build import product, transpose, zero
from closedform.ops.entries import everywhere

FLIPPED = {"lower": "upper", "upper": "lower"}
KEPT_BY_TRANSPOSE = (
    "symmetric", "skew", "diagonal", "orthogonal", "psd", "pd", "invertible", "positive", "nonnegative", "unit",
    "idempotent", "contraction", "integer",
)  # fmt: skip


@operation
class transpose_:
    """The transpose.  A : m x n -> n x m."""

    args = ("A",)
    word = ""
    code = "{A}.T"
    draws = ("A: m n",)

    def shape(A: Expr) -> Shape:
        return A.cols, A.rows

    def facts(A: Expr) -> list[str]:
        out = [k for k in KEPT_BY_TRANSPOSE if known(A, k)]
        return out + [b for a, b in FLIPPED.items() if known(A, a)]

    def adjoint_A(G: Expr, A: Expr) -> Expr:
        return transpose(G)

    def value(xp: Any, A: Any) -> Any:
        return A.T


@operation
class named:
    """An intermediate with a name of its own (``let``): equal to what it names."""

    args = ("A",)
    params = ("name",)
    word = ""
    code = "{A}"
    draws = ()

    def shape(A: Expr, name: str) -> Shape:
        return A.shape

    def facts(A: Expr, name: str) -> frozenset[str]:
        found: frozenset[str] = A.memo.get("facts", frozenset())
        return found

    def adjoint_A(G: Expr, A: Expr, name: str) -> Expr:
        return G

    def value(xp: Any, A: Any, name: str) -> Any:
        return A


@operation
class diag:
    """The diagonal matrix of a vector.  x : n x 1 -> n x n."""

    args = ("x",)
    code = "np.diagflat({x})"
    draws = ("x: n",)

    def shape(x: Expr) -> Shape:
        if not x.is_column:
            raise misfit("diag", "the diagonal matrix is taken of a column vector", x)
        return x.rows, x.rows

    def facts(x: Expr) -> list[str]:
        out = ["diagonal"]
        if known(x, "positive"):
            out.append("pd")
        if known(x, "nonnegative"):
            out.extend(("psd", "nonnegative"))
        return out

    def adjoint_x(G: Expr, x: Expr) -> Expr:
        return f.diagonal(G)

    def value(xp: Any, x: Any) -> Any:
        return xp.diagflat(x)


@operation
class diagonal:
    """The diagonal of a square matrix as a vector.  A : n x n -> n x 1."""

    args = ("A",)
    word = "diag"
    code = "np.diagonal({A})[:, None]"
    draws = ("A: n n",)

    def shape(A: Expr) -> Shape:
        if not A.is_square:
            raise misfit("diag", "the diagonal is taken of a square matrix (or of a vector)", A)
        return A.rows, ONE

    def facts(A: Expr) -> list[str]:
        out = [k for k in ("positive", "nonnegative", "unit", "integer") if known(A, k)]
        return out + (["positive"] if known(A, "pd") else ["nonnegative"] if known(A, "psd") else [])

    def adjoint_A(G: Expr, A: Expr) -> Expr:
        return f.diag(G)

    def value(xp: Any, A: Any) -> Any:
        return xp.diagonal(A)[:, None]


def _triangle(A: Expr) -> Shape:
    return A.shape


@operation
class tril:
    """The lower triangle with the diagonal; zero above it."""

    args = ("A",)
    code = "np.tril({A})"
    draws = ("A: n n", "A: m n")
    shape = _triangle

    def facts(A: Expr) -> list[str]:
        out = ["nonnegative"] if known(A, "nonnegative") else []
        if A.is_square:
            out.append("lower")
            if known(A, "pd") or (known(A, "lower") and known(A, "invertible")):
                out.append("invertible")
        return out

    def adjoint_A(G: Expr, A: Expr) -> Expr:
        return f.tril(G)

    def value(xp: Any, A: Any) -> Any:
        return xp.tril(A)


@operation
class triu:
    """The upper triangle with the diagonal; zero below it."""

    args = ("A",)
    code = "np.triu({A})"
    draws = ("A: n n", "A: m n")
    shape = _triangle

    def facts(A: Expr) -> list[str]:
        out = ["nonnegative"] if known(A, "nonnegative") else []
        if A.is_square:
            out.append("upper")
            if known(A, "pd") or (known(A, "upper") and known(A, "invertible")):
                out.append("invertible")
        return out

    def adjoint_A(G: Expr, A: Expr) -> Expr:
        return f.triu(G)

    def value(xp: Any, A: Any) -> Any:
        return xp.triu(A)


@operation
class vec:
    """The columns of a matrix stacked.  A : m x n -> m*n x 1."""

    args = ("A",)
    code = 'np.reshape({A}, (-1, 1), order="F")'
    latex = r"\operatorname{{vec}}\left({A}\right)"
    draws = ("A: m n",)

    def shape(A: Expr) -> Shape:
        return A.rows * A.cols, ONE

    def facts(A: Expr) -> list[str]:
        return [k for k in ("positive", "nonnegative", "unit", "integer") if everywhere(A, k)]

    def adjoint_A(G: Expr, A: Expr) -> Expr:
        return f.unvec(G, A.rows, A.cols)

    def value(xp: Any, A: Any) -> Any:
        return xp.reshape(A, (-1, 1), order="F")


@operation
class unvec:
    """The matrix of a given shape whose stacked columns are a vector."""

    args = ("x",)
    params = ("rows", "cols")
    code = 'np.reshape({x}, ({rows}, {cols}), order="F")'
    draws = ()

    def shape(x: Expr, rows: Dim, cols: Dim) -> Shape:
        if x.shape != (rows * cols, ONE):
            raise misfit("unvec", f"a vector of length {rows * cols} is needed", x)
        return rows, cols

    def facts(x: Expr, rows: Dim, cols: Dim) -> list[str]:
        return [k for k in ("positive", "nonnegative", "unit", "integer") if known(x, k)]

    def adjoint_x(G: Expr, x: Expr, rows: Dim, cols: Dim) -> Expr:
        return f.vec(G)

    def value(xp: Any, x: Any, rows: int, cols: int) -> Any:
        return xp.reshape(x, (rows, cols), order="F")

    def weight(e: Expr) -> int:
        return 3


def _inside(what: str, low: Dim, high: Dim, count: Dim) -> None:
    first, last, most = low.integer, high.integer, count.integer
    if first is not None and first < 1:
        raise InputError(f"index: {what} {low} is outside 1..{count}; counting starts at 1")
    for end in (low, high):
        over = (end - count).integer
        if over is not None and over > 0:
            raise InputError(f"index: {what} {end} is outside 1..{count}")
    if first is not None and last is not None and last < first:
        raise InputError(f"index: the range {low}:{high} is empty")
    if most is None and first is None and low is not high:
        gap = (high - low).integer
        if gap is not None and gap < 0:
            raise InputError(f"index: the range {low}:{high} is empty")


@operation
class index:
    """Rows r..s and columns c..d of a matrix, counted from 1, ends included."""

    args = ("A",)
    params = ("r", "s", "c", "d")
    word = ""
    code = "{A}[{r} - 1 : {s}, {c} - 1 : {d}]"
    draws = ()

    def shape(A: Expr, r: Dim, s: Dim, c: Dim, d: Dim) -> Shape:
        _inside("row", r, s, A.rows)
        _inside("column", c, d, A.cols)
        return s - r + 1, d - c + 1

    def facts(A: Expr, r: Dim, s: Dim, c: Dim, d: Dim) -> list[str]:
        out = [k for k in ("positive", "nonnegative", "unit", "integer") if everywhere(A, k)]
        if r is c and s is d:
            out += [k for k in ("symmetric", "skew", "psd", "pd", "diagonal", "lower", "upper") if known(A, k)]
        return out

    def adjoint_A(G: Expr, A: Expr, r: Dim, s: Dim, c: Dim, d: Dim) -> Expr:
        G = _row_placed(G, r, A.rows) if r is s else _padded(G, r, s, A.rows, stacked=True)
        if c is d:
            return product(G, transpose(f.unit(c, A.cols))) if A.cols is not ONE else G
        return _padded(G, c, d, A.cols, stacked=False)

    def value(xp: Any, A: Any, r: int, s: int, c: int, d: int) -> Any:
        if not (1 <= r <= s <= A.shape[0] and 1 <= c <= d <= A.shape[1]):
            raise IndexError(f"[{r}:{s}, {c}:{d}] of a matrix of shape {A.shape}")
        return A[r - 1 : s, c - 1 : d]

    def weight(e: Expr) -> int:
        r, s, c, d = e.params
        rows = 1 if r is s else 3
        return 1 + (rows if e.args[0].is_column else rows + (1 if c is d else 3))


def _row_placed(G: Expr, r: Dim, count: Dim) -> Expr:
    return product(f.unit(r, count), G) if count is not ONE else G


def _padded(G: Expr, low: Dim, high: Dim, count: Dim, *, stacked: bool) -> Expr:
    before, after = low - 1, count - high
    parts = []
    for part in (before, None, after):
        if part is None:
            parts.append(G)
        elif part.integer != 0:
            parts.append(zero(part, G.cols) if stacked else zero(G.rows, part))
    if len(parts) == 1:
        return G
    return f.blocks(*parts, (1,) * len(parts) if stacked else (len(parts),))


@operation
class blocks:
    """A matrix put together from rows of blocks."""

    args = "*"
    params = ("layout",)
    joint = True
    word = ""
    draws = ()

    def shape(*parts: Any) -> Shape:
        *cells, layout = parts
        at, heights, width = 0, Dim.of(0), None
        for count in layout:
            row = cells[at : at + count]
            at += count
            for cell in row[1:]:
                if cell.rows is not row[0].rows:
                    raise misfit("[ ]", "blocks beside each other need equal heights", row[0], cell)
            across = Dim.of(0)
            for cell in row:
                across = across + cell.cols
            if width is not None and across is not width:
                raise misfit("[ ]", f"rows of blocks need equal widths, here {width} and {across}", *row)
            width, heights = across, heights + row[0].rows
        assert width is not None
        return heights, width

    def facts(*parts: Any) -> list[str]:
        return [k for k in ("positive", "nonnegative", "integer") if all(everywhere(cell, k) for cell in parts[:-1])]

    def adjoint(k: int, G: Expr, *parts: Any) -> Expr:
        *cells, layout = parts
        at, top = 0, Dim.of(0)
        for count in layout:
            left = Dim.of(0)
            for j in range(at, at + count):
                cell = cells[j]
                if j == k:
                    return f.index(G, top + 1, top + cell.rows, left + 1, left + cell.cols)
                left = left + cell.cols
            at, top = at + count, top + cells[at].rows
        raise AssertionError("no such block")

    def value(xp: Any, *parts: Any) -> Any:
        *cells, layout = parts
        at, rows = 0, []
        for count in layout:
            rows.append([xp.reshape(c, (1, 1)) if xp.ndim(c) == 0 else c for c in cells[at : at + count]])
            at += count
        return xp.block(rows)

    def code(*parts: Any) -> str:
        *cells, layout = parts
        at, rows = 0, []
        for count in layout:
            rows.append("[" + ", ".join(cells[at : at + count]) + "]")
            at += count
        return "np.block([" + ", ".join(rows) + "])"

    def weight(e: Expr) -> int:
        return 1
