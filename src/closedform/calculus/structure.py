"""Variables that live in a smaller space: which gradient is meant, and its projection on that space.

The projection is the orthogonal one on the tangent space at the variable.  For a gradient G by

    symmetric (psd, pd)   sym(G)            skew       skew part of G
    diagonal              diag(diag(G))     lower, upper   the triangle of G
    orthogonal, orthonormal columns   G - Q*sym(Q'*G)
    simplex               G - mean(G)

Source: Absil, Mahony and Sepulchre, Optimization Algorithms on Matrix Manifolds (2008), section 3.6.
"""

from __future__ import annotations

from fractions import Fraction

from closedform.core.dim import Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, make
from closedform.core.facts import SPACE
from closedform.core.infer import known
from closedform.core.op import f
from closedform.core.walk import contains
from closedform.ops.build import identity, minus, num, ones_like, power, product, total, transpose

STRUCTURES = ("projected", "free", "independent")

OPEN = frozenset({"positive", "nonnegative", "unit", "invertible", "contraction"})
"""Facts that hold in a neighbourhood, so that they may be used before differentiating."""

HALF = num(Fraction(1, 2))
LINEAR = frozenset({"symmetric", "skew", "diagonal", "lower", "upper"})
"""Spaces that are linear, so that their tangent space is the space itself."""


CURVED = frozenset({"orthogonal", "orthonormal"})
"""Spaces whose tangent space varies from point to point."""


def checked(structure: object) -> str:
    """The structure convention, or InputError with the names there are."""
    if not isinstance(structure, str) or structure not in STRUCTURES:
        raise InputError(f"structure: {structure!r} is not one of {', '.join(STRUCTURES)}")
    return str(structure)


def unstructured(symbol: Expr) -> Expr:
    """The variable as a member of the whole space: facts that restrict it are set aside until after differentiation."""
    name, rows, cols, axes, declared = symbol.params
    return make("symbol", (), (name, rows, cols, axes, frozenset(declared & OPEN)))


def space(symbol: Expr) -> str:
    """The fact that restricts the variable to a smaller space; empty when there is none."""
    declared = frozenset() if symbol.is_scalar else symbol.params[4] & SPACE
    for fact in ("diagonal", "orthogonal", "orthonormal", "simplex", "symmetric", "skew", "lower", "upper"):
        if fact in declared:
            return fact
    return ""


def admit(symbol: Expr, structure: str, *, gradient: bool) -> None:
    """Refuse the combinations of structure and derivative that have no meaning or no rule."""
    fact = space(symbol)
    name = symbol.params[0]
    if not fact or structure == "free":
        return
    extra = symbol.params[4] & SPACE
    if fact == "orthogonal" and extra & {"symmetric", "skew", "lower", "upper"}:
        raise Refusal(
            f'the space of the variable {name} ({", ".join(sorted(extra))}) has no projection here; structure="free" does'
        )
    if structure == "independent":
        if fact not in LINEAR:
            raise Refusal(f'structure="independent" is not defined for the {fact} variable {name}; "projected" and "free" are')
        if not gradient:
            raise Refusal(
                f'structure="independent" is defined for the gradient of a scalar only; {name} is {fact}: use "projected"'
            )


def projected(symbol: Expr, fact: str, gradient: Expr, structure: str) -> Expr:
    """A gradient of the shape of its variable in the convention asked for (not simplified)."""
    G = gradient
    if fact == "symmetric":
        if structure == "independent":
            return minus(total(G, transpose(G)), f.diag(f.diagonal(G)))
        return G if known(G, "symmetric") else product(total(G, transpose(G)), HALF)
    if fact == "skew":
        difference = minus(G, transpose(G))
        return difference if structure == "independent" else product(difference, HALF)
    if fact == "diagonal":
        return f.diag(f.diagonal(G))
    if fact in ("lower", "upper"):
        return make("tril" if fact == "lower" else "triu", (G,))
    if fact in ("orthogonal", "orthonormal"):
        inside = product(transpose(symbol), G)
        return minus(G, product(symbol, total(inside, transpose(inside)), HALF))
    if fact == "simplex":
        return minus(G, product(f.sum(G), power(f.size(G.rows), -1), ones_like(G)))
    return G


def projector(symbol: Expr, fact: str) -> Expr:
    """The matrix P of the projection, vec(projected G) = P*vec(G) (not simplified); symmetric and idempotent."""
    m, n = symbol.rows, symbol.cols
    whole = identity(m * n)
    if fact in ("symmetric", "skew"):
        turned = f.commutation(m, n)
        return product(total(whole, turned) if fact == "symmetric" else minus(whole, turned), HALF)
    if fact == "diagonal":
        return f.diag(f.vec(identity(n)))
    if fact in ("lower", "upper"):
        return f.diag(f.vec(make("tril" if fact == "lower" else "triu", (f.ones(m, n),))))
    if fact in ("orthogonal", "orthonormal"):
        straight = f.kron(identity(n), product(symbol, transpose(symbol)))
        crossed = product(f.kron(transpose(symbol), symbol), f.commutation(m, n))
        return minus(whole, product(total(straight, crossed), HALF))
    if fact == "simplex":
        return minus(whole, product(f.ones(m, m), power(f.size(m), -1)))
    return whole


def restricted(stage: Expr, symbol: Expr, fact: str, structure: str, *, gradient: bool, rows: Expr | None) -> Expr:
    """A derivative in mixed layout restricted to the space of its variable.

    ``gradient``: of a scalar; else every row of the Jacobian is treated so.  ``rows`` is the projector on whose range the
    rows of what was differentiated live, where it varies with the variable (None where it does not): the derivative
    leaves that range and is put back.
    """
    if gradient:
        return projected(symbol, fact, stage, structure) if fact else stage
    out = product(stage, projector(symbol, fact)) if fact else stage
    return product(rows, out) if rows is not None and contains(rows, symbol) else out


def row_projector(symbol: Expr, fact: str, rows: Expr | None, entries: Dim, *, gradient: bool) -> Expr | None:
    """The projector on whose range the stacked derivative by the variable lives, when it varies with a variable.

    ``entries`` are those of what was differentiated.
    """
    if not fact and rows is None:
        return None
    here = projector(symbol, fact) if fact else identity(symbol.rows * symbol.cols)
    if gradient:
        return here if fact in CURVED else None
    if rows is None:
        return f.kron(here, identity(entries)) if fact in CURVED else None
    return f.kron(here, rows)


def note(symbol: Expr, structure: str) -> str | None:
    """How the conventions differ for this variable; None when they agree."""
    fact = space(symbol)
    if not fact:
        return None
    name = symbol.params[0]
    meanings = MEANINGS.get(fact, MEANINGS["orthonormal"])
    return f"{name} is {SAID.get(fact, fact)} and conventions differ: this is {meanings[STRUCTURES.index(structure)]}"


def reason(symbol: Expr, structure: str) -> str:
    """What the facts of a variable say of its direction; of facts that do not restrict it only what they are."""
    name = symbol.params[0]
    fact = space(symbol)
    if fact and structure == "free":
        return f"{name} is {SAID.get(fact, fact)}"
    if fact:
        said = INDEPENDENT.get(fact) if structure == "independent" else None
        return (said or REASONS.get(fact, REASONS["orthonormal"])).format(x=name, fact=fact)
    declared = sorted(symbol.params[4])
    return f"{name} is {' and '.join(declared)}" if declared else ""


REASONS = {
    "symmetric": "{x} is symmetric, and so is d{x}: only the symmetric part counts",
    "skew": "{x} is skew, and so is d{x}: only the skew part counts",
    "diagonal": "{x} is diagonal, and so is d{x}: only the diagonal counts",
    "lower": "{x} is lower triangular, and so is d{x}: only the lower triangle counts",
    "upper": "{x} is upper triangular, and so is d{x}: only the upper triangle counts",
    "orthonormal": "{x} is {fact}: {x}'*d{x} is skew, and only the part tangent to {x}'*{x} = I counts",
    "simplex": "the entries of d{x} add up to 0: the mean of the gradient does not count",
}
"""Why a derivative is projected, by the fact of its variable."""

SAID = {"lower": "lower triangular", "upper": "upper triangular", "simplex": "a point of the simplex"}
"""How a variable with a fact is called."""

INDEPENDENT = {
    "symmetric": "an entry of {x} off the diagonal stands in two places, so it counts twice: G + G' - diag(diag(G))",
    "skew": "an entry of {x} below the diagonal stands above it with the other sign: G - G'",
}
"""Why a derivative by the independent entries is what it is, where that is more than a projection."""

FREE = "the gradient G with the entries of the variable taken as free"
MEANINGS: dict[str, tuple[str, str, str]] = {
    "symmetric": (
        "projected on the symmetric matrices, (G + G')/2",
        FREE,
        "by the entries on and below the diagonal, G + G' - diag(diag(G))",
    ),
    "skew": ("projected on the skew matrices, (G - G')/2", FREE, "by the entries below the diagonal, G - G'"),
    "diagonal": ("projected on the diagonal matrices, diag(diag(G))", FREE, "by the diagonal entries, zeros elsewhere"),
    "lower": (
        "projected on the lower triangular matrices, tril(G)",
        FREE,
        "by the entries on and below the diagonal, zeros elsewhere",
    ),
    "upper": (
        "projected on the upper triangular matrices, triu(G)",
        FREE,
        "by the entries on and above the diagonal, zeros elsewhere",
    ),
    "simplex": ("projected on the directions that keep the sum, G - mean(G)", FREE, ""),
    "orthonormal": ("projected on the tangent space at Q, G - Q*sym(Q'*G)", FREE, ""),
}
"""What projected, free and independent mean, by fact."""
