"""What each well-known source writes for a derivative, named by the shape that it gives.

The names "numerator layout" and "denominator layout" do not mean the same to everyone, and some sources use neither.  So a
cell of this table says what stands where: the variable is x (a vector) or X (a matrix), the function f (a vector) or F (a
matrix), t a scalar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

LIKE = "like the variable"
TURNED = "the variable transposed"
ROW = "row vec(X)'"
F_X = "rows f, columns x"
X_F = "rows x, columns f"
KEPT = "like F"
FLIPPED = "F transposed"
STACKED = "column vec(F)"
VEC = "rows vec(F), columns vec(X)"
VEC_TURNED = "rows vec(X), columns vec(F)"
AXES = "axes of F, then of X"
AXES_TURNED = "axes of X, then of F"
ABSENT = ""

MEANINGS = {
    LIKE: "the gradient has the shape of its variable: df = tr(G'*dX), for a vector df = g'*dx",
    TURNED: "the gradient has the shape of its variable transposed: for a vector a row, df = g*dx",
    ROW: "the gradient is one row, the entries of X column after column: df = g*vec(dX)",
    F_X: "entry (i, j) is the derivative of f[i] by x[j]: df = J*dx",
    X_F: "entry (i, j) is the derivative of f[j] by x[i]: df = J'*dx",
    KEPT: "each entry of F is differentiated where it stands",
    FLIPPED: "each entry of F is differentiated and the result transposed",
    STACKED: "the derivatives of the entries of F as one column, column after column",
    VEC: "columns stacked on both sides: dvec(F) = J*dvec(X)",
    VEC_TURNED: "columns stacked on both sides: dvec(F) = J'*dvec(X)",
    AXES: "an array with the axes of the function first",
    AXES_TURNED: "an array with the axes of the variable first",
}
"""What each arrangement does."""


@dataclass(frozen=True)
class Source:
    """One source: the arrangement of each kind of derivative (empty where it gives none), what it says of symmetric
    variables, what it calls its own convention, and where that is written."""

    name: str
    by_vector: str
    by_matrix: str
    jacobian: str
    by_scalar: str
    matrices: str
    calls: str
    where: str
    symmetric: str = ABSENT


SOURCES = (
    Source(
        "closedform, mixed", LIKE, LIKE, F_X, KEPT, VEC,
        "mixed layout, the default", 'layout="mixed"', "projected, unless asked otherwise",
    ),
    Source(
        "closedform, numerator", TURNED, TURNED, F_X, KEPT, VEC,
        "numerator layout", 'layout="numerator"', "projected, unless asked otherwise",
    ),
    Source(
        "closedform, denominator", LIKE, LIKE, X_F, FLIPPED, VEC_TURNED,
        "denominator layout", 'layout="denominator"', "projected, unless asked otherwise",
    ),
    Source(
        "Magnus and Neudecker", TURNED, ROW, F_X, STACKED, VEC,
        "the derivative or Jacobian matrix D; no layout is named",
        "Matrix Differential Calculus (3rd ed., 2019), chapter 9, sections 1 to 3 and the first identification table",
    ),
    Source(
        "The Matrix Cookbook", LIKE, LIKE, F_X, KEPT, ABSENT,
        "no name", "edition of 2012, opening of section 2 and equations 69 to 73; symmetric variables: equation 138",
        "independent",
    ),
    Source(
        "Wikipedia, numerator layout", TURNED, TURNED, F_X, KEPT, ABSENT,
        "numerator layout, also Jacobian formulation", "article Matrix calculus, section Layout conventions",
    ),
    Source(
        "Wikipedia, denominator layout", LIKE, LIKE, X_F, ABSENT, ABSENT,
        "denominator layout, also Hessian formulation; a column is a gradient, a row is not",
        "article Matrix calculus, section Layout conventions",
    ),
    Source(
        "Boyd and Vandenberghe", LIKE, LIKE, F_X, ABSENT, ABSENT,
        "the derivative Df(x) has a row for each f; the gradient is its transpose, so a column",
        "Convex Optimization (2004), appendix A.4.1", "projected",
    ),
    Source(
        "Deisenroth, Faisal and Ong", TURNED, LIKE, F_X, KEPT, AXES,
        "numerator layout; yet by a matrix the identities have the shape of the matrix",
        "Mathematics for Machine Learning (2020), remark in section 5.3, identities 5.99 to 5.108",
    ),
    Source(
        "Parr and Howard", TURNED, ABSENT, F_X, ABSENT, ABSENT,
        "numerator layout; they warn that many papers use the transpose",
        "The Matrix Calculus You Need For Deep Learning (2018), section 4",
    ),
    Source(
        "Minka", TURNED, TURNED, F_X, KEPT, ABSENT,
        "the numerator is laid out like Y, the denominator like X transposed",
        "Old and New Matrix Algebra Useful for Statistics (2000), section 2",
    ),
    Source(
        "Bishop", LIKE, LIKE, F_X, KEPT, ABSENT,
        "no name", "Pattern Recognition and Machine Learning (2006), appendix C, equations C.16 to C.28",
    ),
    Source(
        "Giles", LIKE, LIKE, ABSENT, KEPT, ABSENT,
        "no name: a bar over a matrix is the sensitivity of the output to it, in its shape",
        "Collected matrix derivative results for forward and reverse mode AD (2008)",
    ),
    Source(
        "Brookes", LIKE, LIKE, X_F, KEPT, ABSENT,
        "written d(y')/dx, with the transpose in the numerator",
        "The Matrix Reference Manual, page on matrix calculus",
    ),
    Source(
        "Dive into Deep Learning", LIKE, LIKE, X_F, ABSENT, ABSENT,
        "the gradient; denominator layout in the answers of its authors. An early edition gave the Jacobian as "
        "rows f, columns x one section later",
        "chapter Calculus, rules for gradients; forum thread of January 2020",
    ),
    Source(
        "Stanford CS224n notes", LIKE, LIKE, F_X, ABSENT, ABSENT,
        "Jacobian form while the chain rule is applied, then the shape convention: transpose to the shape of the parameter",
        "Computing Neural Network Gradients",
    ),
    Source(
        "Qeeebo", LIKE, ABSENT, ABSENT, ABSENT, ABSENT,
        "numerator layout: the names the other way round (there, denominator layout gives rows)",
        "qeeebo.com, question 165 on layouts in matrix calculus, as of January 2026",
    ),
    Source(
        "matrixcalculus.org", LIKE, LIKE, F_X, KEPT, ABSENT,
        "mixed layout", "its page Documentation, paragraph on layout conventions",
    ),
    Source(
        "MATLAB gradient", LIKE, ABSENT, ABSENT, ABSENT, ABSENT,
        "the gradient vector, a column", "Symbolic Math Toolbox, page of gradient",
    ),
    Source(
        "MATLAB jacobian", TURNED, ABSENT, F_X, ABSENT, ABSENT,
        "the Jacobian; of a scalar it is the transpose of the gradient", "Symbolic Math Toolbox, page of jacobian",
    ),
    Source(
        "MATLAB diff of symmatrix", TURNED, ABSENT, ABSENT, ABSENT, ABSENT,
        "no name: by a column x it is a row, by x.' a column", "Symbolic Math Toolbox since R2021a, page of diff",
    ),
    Source(
        "SymPy, diff of MatrixExpr", LIKE, LIKE, X_F, KEPT, AXES_TURNED,
        "no name", "version 1.14, as run", "free",
    ),
    Source(
        "SymPy, derive_by_array", LIKE, LIKE, X_F, KEPT, AXES_TURNED,
        "no name: the axes of the variable come first", "version 1.14, as run",
    ),
    Source(
        "SymPy, Matrix.jacobian", TURNED, ABSENT, F_X, ABSENT, ABSENT,
        "the Jacobian matrix", "version 1.14, as run",
    ),
    Source(
        "JAX", LIKE, LIKE, F_X, KEPT, AXES,
        "no name: grad has the shape of the variable, jacobian the axes of the output, then of the input",
        "pages of jax.grad and jax.jacrev", "free",
    ),
    Source(
        "PyTorch", LIKE, LIKE, F_X, KEPT, AXES,
        "no name: .grad has the shape of the variable, jacobian the axes of the output, then of the input",
        "pages of torch.autograd.grad and torch.autograd.functional.jacobian", "free",
    ),
)  # fmt: skip
"""The sources, this program's own three layouts first."""

COLUMNS = {
    "name": "source",
    "by_vector": "scalar by vector x",
    "by_matrix": "scalar by matrix X",
    "jacobian": "vector f by vector x",
    "by_scalar": "matrix F by scalar t",
    "matrices": "matrix F by matrix X",
    "calls": "what it calls it",
    "where": "where",
    "symmetric": "symmetric variable",
}
"""The columns of the table and their headings."""

SHORT = ("name", "by_vector", "by_matrix", "jacobian", "by_scalar", "calls")
"""The columns that are printed."""


class Conventions:
    """The table of sources: iterate over its rows, print it, or take ``rows`` as plain data.

    >>> table = Conventions(SOURCES)
    >>> next(source.jacobian for source in table if source.name == "matrixcalculus.org")
    'rows f, columns x'
    >>> table.rows[0]["by_vector"]
    'like the variable'
    """

    def __init__(self, sources: tuple[Source, ...]) -> None:
        self.sources = sources

    def __iter__(self) -> Iterator[Source]:
        return iter(self.sources)

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows as plain data."""
        return [asdict(source) for source in self.sources]

    def __str__(self) -> str:
        cells = [[COLUMNS[column] for column in SHORT]]
        cells += [[row[column] or "-" for column in SHORT] for row in self.rows]
        widths = [max(len(line[k]) for line in cells) for k in range(len(SHORT) - 1)]
        lines = ["  ".join([*(f"{c:{w}}" for c, w in zip(line, widths, strict=False)), line[-1]]) for line in cells]
        lines.insert(1, "-" * (sum(widths) + 2 * len(widths) + len(COLUMNS["calls"])))
        meanings = [f"{name}: {said}" for name, said in MEANINGS.items() if any(name in row.values() for row in self.rows)]
        return "\n".join([*lines, "", *meanings])

    def __repr__(self) -> str:
        return f"<{len(self)} sources and their layout conventions>"

    def markdown(self) -> str:
        """The whole table in Markdown."""
        lines = ["| " + " | ".join(COLUMNS.values()) + " |", "|" + "---|" * len(COLUMNS)]
        lines += ["| " + " | ".join(_cell(column, row[column]) for column in COLUMNS) + " |" for row in self.rows]
        return "\n".join(lines)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/markdown": self.markdown()}


def _cell(column: str, text: str) -> str:
    """Formulas stand in code quotes, so that a quote mark stays one."""
    if not text:
        return "–"
    return f"`{text}`" if column == "where" and text.startswith("layout=") else text


def layouts() -> Conventions:
    """What well-known sources call and write for each kind of derivative, named by the shape it has.

    >>> from closedform.tutor.conventions import layouts
    >>> [s.name for s in layouts() if s.by_vector == "the variable transposed" and "numerator" in s.calls][1:3]
    ['Wikipedia, numerator layout', 'Deisenroth, Faisal and Ong']
    """
    return Conventions(SOURCES)
