"""Sums of products of scalars and Kronecker deltas under sums over bound indices.

A delta with a bound index carries the sum over it out.  How a side of a matrix is counted, by one index or by a pair of
them where it is the stacked columns of a matrix, is read off the expression.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

from closedform.core.bound import reindex, summation, unused
from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr
from closedform.core.op import f
from closedform.core.walk import postorder
from closedform.ops.build import identity, negative, num, product, total
from closedform.result import Derivative

Place = tuple[tuple[Dim, Dim], ...]
"""Where an entry stands along one side: indices with their sizes, the fast one first; empty along a side of length 1."""

Bound = tuple[tuple[str, Dim, Dim], ...]
"""Sums: the index, from, to."""

MOST_TERMS = 64
LETTERS = "ijklrstuvw"


class NoEntries(Exception):
    """There is no form by entries in the words of the language."""


class Term(NamedTuple):
    """A product of scalars and deltas under sums: ``bound`` are (index, low, high), ``deltas`` (index, index, size)."""

    factors: tuple[Expr, ...]
    deltas: tuple[tuple[Dim, Dim, Dim], ...] = ()
    bound: Bound = ()


def free_letters(taken: Iterable[str]) -> Iterator[str]:
    """Letters for indices that mean nothing else yet."""
    used = set(taken)
    yield from (letter for letter in LETTERS if letter not in used)
    yield from (f"{a}{n}" for n in range(1, 10) for a in "ij" if f"{a}{n}" not in used)


def assembled(parts: list[Term]) -> Expr:
    """The terms as one scalar expression."""
    out = []
    for term in parts:
        number, body = _multiplied([*term.factors, *(delta(i, j, n) for i, j, n in term.deltas)])
        for name, low, high in reversed(term.bound):
            body = summation(body, name, low, high)
        out.append(_scaled(number, body))
    return total(*out) if out else num(0)


def _multiplied(pieces: list[Expr]) -> tuple[Fraction, Expr]:
    """The number and the rest of a product of scalars."""
    number = Fraction(1)
    rest: list[Expr] = []
    for piece in pieces:
        for g in piece.args if piece.op.name == "mul" else (piece,):
            if g.op.name == "number":
                number *= g.params[0]
            else:
                rest.append(g)
    return number, product(*rest) if rest else num(1)


def _scaled(number: Fraction, e: Expr) -> Expr:
    """A number times a scalar, as it is written: 3*x/2."""
    if e.op.name == "number":
        return num(number * e.params[0])
    top, bottom = number.numerator, number.denominator
    out = e if top == 1 else negative(e) if top == -1 else product(num(top), *(e.args if e.op.name == "mul" else (e,)))
    return out if bottom == 1 else product(out, num(Fraction(1, bottom)))


def delta(i: Dim, j: Dim, size: Dim) -> Expr:
    """1 where the indices agree, else 0: an entry of the identity."""
    if i is j:
        return num(1)
    if i.integer is not None and j.integer is not None:
        return num(0)
    return f.index(identity(size), i, i, j, j)


def contracted(term: Term) -> Term:
    """The term with every delta that holds a bound index used up."""
    factors, deltas, bound = list(term.factors), list(term.deltas), {name: (low, high) for name, low, high in term.bound}
    kept: list[tuple[Dim, Dim, Dim]] = []
    while deltas:
        i, j, n = deltas.pop()
        if i is j:
            continue
        gone, stays = (i, j) if str(i) in bound else (j, i)
        if str(gone) not in bound:
            kept.append((i, j, n))
            continue
        del bound[str(gone)]
        table = {str(gone): stays}
        factors = [reindex(g, str(gone), stays) for g in factors]
        deltas = [(a.substitute(table), b.substitute(table), m) for a, b, m in deltas]
        kept = [(a.substitute(table), b.substitute(table), m) for a, b, m in kept]
    return Term(tuple(factors), tuple(kept), tuple((name, low, high) for name, (low, high) in bound.items()))


def times(left: list[Term], right: list[Term]) -> list[Term]:
    """The product of two sums of terms, multiplied out only where deltas ask for it."""
    return [contracted(t) for t in multiplied(left, right)]


def multiplied(left: list[Term], right: list[Term]) -> list[Term]:
    left, right = _closed(left), _closed(right)
    if len(left) * len(right) > MOST_TERMS:
        raise NoEntries("too many terms")
    return [Term(a.factors + b.factors, a.deltas + b.deltas, a.bound + b.bound) for a in left for b in right]


def _closed(parts: list[Term]) -> list[Term]:
    if len(parts) > 1 and not any(t.deltas for t in parts):
        return [Term((assembled(parts),))]
    return parts


def _fresh() -> tuple[str, Dim]:
    name = unused()
    return name, Dim.of(name)


def bind(sizes: tuple[Dim, ...]) -> tuple[Place, Bound]:
    """A new place along a side, with the sums over it."""
    place, bound = [], []
    for size in sizes:
        if size is not ONE:
            name, index = _fresh()
            place.append((index, size))
            bound.append((name, ONE, size))
    return tuple(place), tuple(bound)


def summed(parts: list[Term], bound: Bound) -> list[Term]:
    return [contracted(Term(t.factors, t.deltas, bound + t.bound)) for t in parts]


def sides(e: Expr) -> tuple[tuple[Dim, ...], tuple[Dim, ...]]:
    """The sizes by which the rows and the columns are counted, where the expression says more than their product."""
    return side(e, 0) or (e.rows,), side(e, 1) or (e.cols,)


def side(e: Expr, k: int) -> tuple[Dim, ...] | None:
    """The finer count of the rows (k = 0) or columns (k = 1); None when nothing says so."""
    name = e.op.name
    if e.shape[k] is ONE:
        return ()
    if name == "transpose":
        return side(e.args[0], 1 - k)
    if name == "named":
        return side(e.args[0], k)
    if name in ("add", "hadamard"):
        return next((s for s in (side(a, k) for a in e.args) if s), None)
    if name == "mul":
        chain = [a for a in e.args if not a.is_scalar]
        return side(chain[-k], k) if chain else None
    if name == "kron":
        return _flat(e.args[1], k) + _flat(e.args[0], k)
    if name == "khatrirao" and k == 0:
        return _flat(e.args[1], 0) + _flat(e.args[0], 0)
    if name == "vec":
        return tuple(s for s in e.args[0].shape if s is not ONE)
    if name == "diag":
        return side(e.args[0], 0)
    if name == "commutation":
        m, n = e.params
        return tuple(s for s in ((n, m) if k == 0 else (m, n)) if s is not ONE)
    if name == "series":
        return side(e.args[0], k)
    return None


def _flat(e: Expr, k: int) -> tuple[Dim, ...]:
    return side(e, k) or ((e.shape[k],) if e.shape[k] is not ONE else ())


def parted(place: Place, first: Dim) -> tuple[Place, Place]:
    """A place along a side in two: the indices that count ``first`` entries, and the others."""
    if first is ONE:
        return (), place
    size = ONE
    for k, (_, n) in enumerate(place, 1):
        size = size * n
        if size is first:
            return place[:k], place[k:]
    raise NoEntries("the indices do not split as the Kronecker product does")


CALLED: dict[str, tuple[str, ...]] = {
    "function": ("f", "g", "h", "phi", "psi"), "matrix function": ("F", "G", "H", "Phi", "Psi"),
    "gradient": ("g", "h", "u", "v", "w"), "gradient matrix": ("G", "H", "M", "N", "P"), "derivative": ("D", "E", "H", "M", "N"),
    "Jacobian": ("J", "M", "H", "N", "P"),
}  # fmt: skip
"""What is called by a letter, in the order in which letters are tried."""


def free_name(what: str, taken: Collection[str]) -> str:
    """The letter for a function or derivative that is no name of the question.

    >>> free_name("function", {"x", "A"}), free_name("function", {"f"})
    ('f', 'g')
    """
    letters = CALLED[what]
    return next(name for name in (*letters, *(f"{letters[0]}{k}" for k in range(1, len(taken) + 2))) if name not in taken)


def names_used(d: Derivative) -> frozenset[str]:
    """The names of a question and of the intermediates in it."""
    named = (node.params[0] for node in postorder(d.original, d.expr) if node.op.name == "named")
    return d.declared.union(named)


def called(name: str, *places: Place) -> str:
    """An entry as it is called: F[i, j], and where a side is counted by a pair of indices F[i + (j - 1)*n, k].

    >>> i, j, n = Dim.of("i"), Dim.of("j"), Dim.of("n")
    >>> called("F", ((i, n), (j, n))), called("f", ((i, n),)), called("f")
    ('F[i + (j - 1)*n]', 'f[i]', 'f')
    """
    said = [at for at in (_counted(place) for place in places) if at]
    return f"{name}[{(', ' if any(' ' in at for at in said) else ',').join(said)}]" if said else name


def _counted(place: Place) -> str:
    said, step = "", ""
    for i, size in place:
        said += f" + ({i} - 1)*{step}" if said else str(i)
        step = f"{step}*{size}" if step else str(size)
    return said
