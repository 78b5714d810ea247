"""A sum of tensor networks as one array: each term computed on its own indices only and added where it is not zero.

A term such as kron(A, eye(n)) fills a part of the array that is a view of it (the entries at which two indices agree),
so that no identity is written out.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from closedform.codegen.chain import typical
from closedform.codegen.contract import Tensor, contract, entries, permuted, reshaped
from closedform.codegen.eliminate import Triangle, indexed
from closedform.codegen.labels import Label, Labels, Wiring, distinct, labels, quotient, refine, size
from closedform.codegen.network import Network, Term
from closedform.codegen.program import Program, Value
from closedform.core.dim import ONE, Dim

Key = tuple[object, ...]


class Placed(NamedTuple):
    """How a value goes into the array.

    ``pattern`` numbers the index of each axis (equal numbers: only where the indices agree); the value, which is added or
    subtracted, has the different indices in their order as its axes, or is one number for all entries.  ``triangle`` has
    the numbers of indices that are a(v), b(v) or v itself for one index v of a lower triangle, with 0, 1 or 2; the value
    has v in their place as its first axis, and argument ``low`` of the sum is (a, b).
    """

    pattern: tuple[int, ...]
    positive: bool
    triangle: tuple[tuple[int, int], ...]
    low: int


class Aligned(NamedTuple):
    """A term with the index of each axis of the array."""

    term: Term
    axes: Labels


def as_matrix(p: Program, network: Network) -> Value | Term:
    """The matrix of a network, or a term whose factors do not fit those of the others."""
    rows, cols = network.shape
    sections = [d for d in (rows, cols) if d is not ONE]
    first = [x.dim for t in network.terms[:1] for x in t.rows + t.cols]
    found = _aligned([(t, t.rows + t.cols) for t in network.terms], first or sections)
    if isinstance(found, Term):
        return found
    dims, terms = found
    value = _assembled(p, terms, dims, len(dims) > len(sections))
    if not sections:
        return value
    if len(dims) == len(sections) == 2:
        return p.value(value.op, value.args, value.params, network.shape)
    if len(dims) == len(sections):
        return p.call("{0}[:, None]" if rows is not ONE else "{0}[None, :]", (value,), network.shape)
    return reshaped(p, value, (rows, cols), network.shape)


def as_tensor(p: Program, network: Network, axes: Sequence[Dim]) -> Value | Term:
    """The array with the entries of the matrix in the same order (the first index fastest in both), or a misfit."""
    sections = [d for d in axes if d is not ONE]
    found = _aligned([(t, t.cols + t.rows) for t in network.terms], sections[::-1])
    if isinstance(found, Term):
        return found
    dims, terms = found
    places = _sections(dims, sections[::-1])[::-1]
    order = [i for place in places for i in place]
    terms = [Aligned(t, tuple(row[i] for i in order)) for t, row in terms]
    value = _assembled(p, terms, [dims[i] for i in order], len(dims) > len(sections))
    return value if len(dims) == len(sections) == len(axes) else reshaped(p, value, axes, entries(axes))


def _aligned(found: list[tuple[Term, Labels]], start: Sequence[Dim]) -> tuple[tuple[Dim, ...], list[Aligned]] | Term:
    """The terms with one index for each of the same sizes, which refine the given ones."""
    dims: tuple[Dim, ...] = tuple(start)
    while True:
        out = []
        for term, row in found:
            finer = refine(dims, [x.dim for x in row])
            if finer is None:
                return term
            w, axes = Wiring(), labels(*finer)
            if not w.identify(axes, row):
                return term
            resolved = w.resolve(axes)
            out.append(Aligned(term.resolved(w), resolved))
            finer = tuple(x.dim for x in resolved)
            if len(finer) > len(dims):
                dims = finer
                break
        else:
            return dims, out


def _sections(dims: Sequence[Dim], sections: Sequence[Dim]) -> list[list[int]]:
    """Which of the sizes belong to each section."""
    out, at = [], 0
    for section in sections:
        rest, place = section, []
        while rest is not ONE:
            left = quotient(rest, dims[at])
            assert left is not None
            rest = left
            place.append(at)
            at += 1
        out.append(place)
    return out


# ---- the sum ------------------------------------------------------------------------------------------------------
class _Part(NamedTuple):
    """A term prepared: the arrays whose product it is; ``view``, the indices of the part of the array where it goes, of
    which it has those in ``kept``; and ``core``, what is computed, with numbers for names of the indices."""

    term: Term
    axes: Labels
    tensors: tuple[Tensor, ...]
    triangle: Triangle | None
    view: Labels
    kept: Labels
    core: Key

    @property
    def fills(self) -> bool:
        """Has the term an entry of its own for every entry of the array?"""
        return self.kept == self.axes and self.triangle is None

    @property
    def negative(self) -> bool:
        return self.term.coefficient < 0


def _prepared(p: Program, a: Aligned) -> _Part:
    tensors, triangle, repeats = indexed(p, a.term.operands, a.axes)
    held = distinct(*(t.axes for t in tensors))
    view = distinct(a.axes)
    if triangle is not None:
        low = [triangle.entry, *(x for x, _ in triangle.places)]
        view = (triangle.entry, *(x for x in view if x not in low))
    kept = tuple(x for x in view if x in held)
    number = {x: i for i, x in enumerate(held)}
    named = tuple((t.value, tuple(number[x] for x in t.axes)) for t in tensors)
    term = a.term._replace(repeats=a.term.repeats * repeats)
    return _Part(term, a.axes, tuple(tensors), triangle, view, kept, (named, frozenset(number[x] for x in kept)))


def _merged(parts: Sequence[_Part]) -> list[_Part]:
    """Terms that differ in their coefficient only are one."""
    found: dict[Key, _Part] = {}
    for part in parts:
        number = {x: i for i, x in enumerate(distinct(*(t.axes for t in part.tensors), part.axes, part.view))}
        low = _numbered(part, number)
        key = (part.core, tuple(number[x] for x in part.axes), low, part.term.scales, part.term.repeats)
        if key in found:
            both = found[key].term.coefficient + part.term.coefficient
            part = part._replace(term=part.term._replace(coefficient=both))
        found[key] = part
    return [part for part in found.values() if part.term.coefficient]


def _assembled(p: Program, terms: Sequence[Aligned], dims: Sequence[Dim], contiguous: bool) -> Value:
    """The sum; ``contiguous`` when its axes are going to be merged."""
    parts = _merged([_prepared(p, a) for a in terms])
    if not dims:
        return _number(p, parts)
    cores = [part.core for part in parts]
    shared = {core for core in cores if cores.count(core) > 1 and core[0]}
    scale = _common_scale(p, parts) if shared and len(parts) > 1 else None
    if scale is not None:
        parts = [part._replace(term=_unscaled(part.term)) for part in parts]
    parts.sort(key=_late)
    if len(parts) == 1 and parts[0].fills:
        return _computed(p, parts[0], shared, signed=True, contiguous=contiguous)
    begun = bool(parts) and parts[0].fills and not (contiguous and parts[0].core in shared)
    lows = list(dict.fromkeys(part.triangle.indices for part in parts if part.triangle is not None))
    values, placed = [], []
    for i, part in enumerate(parts):
        signed = begun and i == 0
        values.append(_computed(p, part, shared, signed=signed, contiguous=signed and contiguous))
        number = {x: k for k, x in enumerate(distinct(part.axes))}
        low = -1 if part.triangle is None else len(parts) + lows.index(part.triangle.indices)
        positive = signed or not part.negative
        placed.append(Placed(tuple(number[x] for x in part.axes), positive, _numbered(part, number), low))
    args = (*values, *lows) if scale is None else (*values, *lows, scale)
    return p.value("assemble", args, (tuple(dims), tuple(placed), begun, scale is not None), entries(dims))


def _numbered(part: _Part, number: dict[Label, int]) -> tuple[tuple[int, int], ...]:
    """The indices of the array that a lower triangle gives, by number."""
    if part.triangle is None:
        return ()
    entry = part.triangle.entry
    return (*(((number[entry], 2),) if entry in part.axes else ()), *((number[x], i) for x, i in part.triangle.places))


def _late(part: _Part) -> tuple[bool, bool]:
    """The terms that fill the array come first, added ones before subtracted ones."""
    return not part.fills, part.negative


def _computed(p: Program, part: _Part, shared: set[Key], *, signed: bool, contiguous: bool = False) -> Value:
    """The value of a term on its own indices, without its sign unless ``signed``."""
    term = part.term if signed else part.term._replace(coefficient=abs(part.term.coefficient))
    scale = _scale(p, term)
    if not part.tensors:
        return scale
    if part.core in shared:
        held = tuple(x for x in distinct(*(t.axes for t in part.tensors)) if x in part.kept)
        value = p.mul(scale, permuted(p, Tensor(contract(p, part.tensors, held), held), part.kept).value)
    else:
        value = contract(p, _scaled(p, part.tensors, scale), part.kept, contiguous)
    if len(part.kept) in (0, len(part.view)):
        return value
    places = ", ".join(":" if x in part.kept else "None" for x in part.view)
    return p.call(f"{{0}}[{places}]", (value,), entries(x.dim for x in part.kept))


def _scale(p: Program, term: Term) -> Value:
    """The number before a term."""
    out = p.const(term.coefficient)
    for s in term.scales:
        out = p.mul(out, s)
    return out if term.repeats is ONE else p.mul(out, p.size(term.repeats))


def _scaled(p: Program, tensors: Sequence[Tensor], scale: Value) -> list[Tensor]:
    """The arrays with the smallest one multiplied by a number."""
    sizes = [typical(size(x.dim for x in t.axes)) for t in tensors]
    at = sizes.index(min(sizes))
    return [t._replace(value=p.mul(scale, t.value)) if i == at else t for i, t in enumerate(tensors)]


def _number(p: Program, parts: Sequence[_Part]) -> Value:
    out: Value | None = None
    for part in parts:
        value = _computed(p, part, set(), signed=out is None)
        out = value if out is None else p.sub(out, value) if part.negative else p.add(out, value)
    return p.const(0) if out is None else out


def _common_scale(p: Program, parts: Sequence[_Part]) -> Value | None:
    """The number that all terms have in common, but for the sign; None when it is 1."""
    numbers = {(abs(t.coefficient), t.scales, t.repeats) for t in (part.term for part in parts)}
    first = parts[0].term
    scale = _scale(p, first._replace(coefficient=abs(first.coefficient)))
    return None if len(numbers) > 1 or scale is p.const(1) else scale


def _unscaled(term: Term) -> Term:
    return term._replace(coefficient=Fraction(1 if term.coefficient > 0 else -1), scales=(), repeats=ONE)
