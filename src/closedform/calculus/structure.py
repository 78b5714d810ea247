"""Variables that live in a smaller space: which gradient is meant, and its projection on that space."""

from __future__ import annotations

from fractions import Fraction

from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, make
from closedform.core.facts import SPACE
from closedform.core.infer import known
from closedform.ops.build import num, product, total, transpose

STRUCTURES = ("projected", "free", "independent")

OPEN = frozenset({"positive", "nonnegative", "unit", "invertible", "contraction"})
"""Facts that hold in a neighbourhood, so that they may be used before differentiating."""


def checked(structure: object) -> str:
    """The structure convention, or InputError with the names there are."""
    if structure not in STRUCTURES:
        raise InputError(f"structure: {structure!r} is not one of {', '.join(STRUCTURES)}")
    return str(structure)


def unstructured(symbol: Expr) -> Expr:
    """The variable as a member of the whole space: facts that restrict it are set aside until after differentiation."""
    name, rows, cols, axes, declared = symbol.params
    return make("symbol", (), (name, rows, cols, axes, frozenset(declared & OPEN)))


def space(symbol: Expr) -> str:
    """The fact that restricts the variable to a smaller space; empty when there is none."""
    declared = symbol.params[4] & SPACE
    for fact in ("diagonal", "orthogonal", "orthonormal", "simplex", "symmetric", "skew", "lower", "upper"):
        if fact in declared:
            return fact
    return ""


def admit(symbol: Expr, structure: str, *, gradient: bool) -> None:
    """Refuse the combinations of structure and derivative that have no rule yet."""
    fact = space(symbol)
    if not fact or structure == "free":
        return
    name = symbol.params[0]
    if structure == "independent":
        raise Refusal(f'structure="independent" by the {fact} variable {name} is not available in this version; "free" is')
    if fact != "symmetric":
        raise Refusal(
            f'structure="projected" by the {fact} variable {name} is not available in this version; '
            f'structure="free" differentiates it as unstructured'
        )
    if not gradient:
        raise Refusal(
            f'structure="projected" by the symmetric variable {name} is available for the gradient of a scalar only; '
            f'structure="free" differentiates it as unstructured'
        )


def projection(symbol: Expr, gradient: Expr) -> Expr:
    """The orthogonal projection of a gradient on the space of its variable (not simplified)."""
    if space(symbol) != "symmetric" or known(gradient, "symmetric"):
        return gradient
    return product(total(gradient, transpose(gradient)), num(Fraction(1, 2)))


def note(symbol: Expr, structure: str) -> str | None:
    """How the three conventions differ for this variable; None when they agree."""
    fact = space(symbol)
    if not fact:
        return None
    name = symbol.params[0]
    if fact == "symmetric":
        meaning = {
            "projected": "this is the gradient projected on the symmetric matrices, (G + G')/2",
            "free": "this is the gradient G with its entries taken as independent of each other",
            "independent": "this is the derivative by the entries on and below the diagonal, G + G' - diag(diag(G))",
        }[structure]
        return f"{name} is symmetric and conventions differ: {meaning}"
    return f"{name} is {fact} and conventions differ: this one is {structure}"
