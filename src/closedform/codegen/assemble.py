"""A sum of tensor networks as one array: each term computed on its own indices only and added where it is not zero.

A term such as kron(A, eye(n)) fills a part of the array that is a view of it (the entries at which two indices agree),
so that no identity is written out.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from closedform.codegen.chain import typical
from closedform.codegen.contract import contract, entries, reshaped
from closedform.codegen.labels import Labels, Wiring, distinct, labels, quotient, refine, size
from closedform.codegen.network import Network, Operand, Term
from closedform.codegen.program import Program, Value
from closedform.core.dim import ONE, Dim

Key = tuple[object, ...]


class Placed(NamedTuple):
    """How a value goes into the array.

    ``pattern`` numbers the index of each axis (equal numbers: only where the indices agree); the value has the different
    indices in their order as its axes, is added or subtracted, or is a number that is added to every entry.
    """

    pattern: tuple[int, ...]
    positive: bool


class Aligned(NamedTuple):
    """A term with the index of each axis of the array."""

    term: Term
    axes: Labels


def as_matrix(p: Program, network: Network) -> Value | Term:
    """The matrix of a network, or a term whose factors do not fit those of the others."""
    rows, cols = network.shape
    sections = [d for d in (rows, cols) if d is not ONE]
    found = _aligned([(t, t.rows + t.cols) for t in network.terms], sections)
    if isinstance(found, Term):
        return found
    dims, terms = found
    value = _assembled(p, terms, dims)
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
    value = _assembled(p, terms, [dims[i] for i in order])
    return value if len(dims) == len(axes) else reshaped(p, value, axes, entries(axes))


def _aligned(found: list[tuple[Term, Labels]], sections: Sequence[Dim]) -> tuple[tuple[Dim, ...], list[Aligned]] | Term:
    """The terms with one index for each of the same sizes, which refine the sections."""
    dims: tuple[Dim, ...] = tuple(sections)
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
    """A term prepared: what is computed (``core``, its indices named by numbers), and where it goes."""

    term: Term
    axes: Labels
    kept: Labels
    core: Key


def _prepared(a: Aligned) -> _Part:
    term = a.term.summed(())
    held = distinct(*term.held())
    kept = tuple(x for x in distinct(a.axes) if x in held)
    number = {x: i for i, x in enumerate(held)}
    operands = tuple((o.value, tuple(number[x] for x in o.rows), tuple(number[x] for x in o.cols)) for o in term.operands)
    return _Part(term, a.axes, kept, (operands, frozenset(number[x] for x in kept)))


def _merged(parts: list[_Part]) -> list[_Part]:
    """Terms that differ in their coefficient only are one."""
    found: dict[Key, _Part] = {}
    for part in parts:
        named = {x: i for i, x in enumerate(distinct(*part.term.held(), part.axes))}
        key = (part.core, tuple(named[x] for x in part.axes), part.term.scales, part.term.repeats)
        if key in found:
            old = found[key]
            both = old.term.coefficient + part.term.coefficient
            part = old._replace(term=old.term._replace(coefficient=both))
        found[key] = part
    return [part for part in found.values() if part.term.coefficient]


def _assembled(p: Program, terms: Sequence[Aligned], dims: Sequence[Dim]) -> Value:
    parts = _merged([_prepared(a) for a in terms])
    if not dims:
        return _number(p, parts)
    cores = [part.core for part in parts]
    shared = {core for core in cores if cores.count(core) > 1 and core[0]}
    scale = _common_scale(p, parts) if shared and len(parts) > 1 else None
    if scale is not None:
        parts = [part._replace(term=_unscaled(part.term)) for part in parts]
    parts.sort(key=lambda part: (not _fills(part), part.term.coefficient < 0))
    if len(parts) == 1 and _fills(parts[0]):
        return _computed(p, parts[0], shared, signed=True)
    values, placed = [], []
    for i, part in enumerate(parts):
        signed = i == 0 and _fills(part)
        values.append(_computed(p, part, shared, signed=signed))
        named = {x: k for k, x in enumerate(distinct(part.axes))}
        placed.append(Placed(tuple(named[x] for x in part.axes), signed or part.term.coefficient > 0))
    begun = bool(parts) and _fills(parts[0])
    args = tuple(values) if scale is None else (*values, scale)
    return p.value("assemble", args, (tuple(dims), tuple(placed), begun), entries(dims))


def _fills(part: _Part) -> bool:
    """Has the term an entry of its own for every entry of the array?"""
    return part.kept == part.axes


def _computed(p: Program, part: _Part, shared: set[Key], *, signed: bool) -> Value:
    """The value of a term on its own indices, without its sign unless ``signed``."""
    term = part.term if signed else part.term._replace(coefficient=abs(part.term.coefficient))
    scale = scale_of(p, term)
    if not term.operands:
        return scale
    if part.core not in shared:
        value = contract(p, _scaled(p, term.operands, scale), part.kept)
    else:
        held = tuple(x for x in distinct(*term.held()) if x in part.kept)
        value = contract(p, term.operands, held)
        if held != part.kept:
            order = ", ".join(str(held.index(x)) for x in part.kept)
            value = p.call(f"np.transpose({{0}}, ({order}))", (value,), entries(x.dim for x in part.kept))
        value = p.mul(scale, value)
    axes = distinct(part.axes)
    if len(part.kept) == len(axes):
        return value
    places = ", ".join(":" if x in part.kept else "None" for x in axes)
    return p.call(f"{{0}}[{places}]", (value,), entries(x.dim for x in part.kept)) if part.kept else value


def scale_of(p: Program, term: Term) -> Value:
    """The number before a term."""
    out = p.const(term.coefficient)
    for s in term.scales:
        out = p.mul(out, s)
    if term.repeats is not ONE:
        out = p.mul(out, p.size(term.repeats))
    return out


def _scaled(p: Program, operands: Sequence[Operand], scale: Value) -> list[Operand]:
    """The arrays with the smallest one multiplied by a number."""
    sizes = [typical(size(x.dim for x in o.rows + o.cols)) for o in operands]
    at = sizes.index(min(sizes))
    return [o._replace(value=p.mul(scale, o.value)) if i == at else o for i, o in enumerate(operands)]


def _number(p: Program, parts: Sequence[_Part]) -> Value:
    out: Value | None = None
    for part in parts:
        value = _computed(p, part, set(), signed=out is None)
        out = value if out is None else p.add(out, value) if part.term.coefficient > 0 else p.sub(out, value)
    return p.const(0) if out is None else out


def _common_scale(p: Program, parts: Sequence[_Part]) -> Value | None:
    """The number that all terms have in common, but for the sign; None when it is 1."""
    first = parts[0].term
    same = all((abs(t.coefficient), t.scales, t.repeats) == (abs(first.coefficient), first.scales, first.repeats)
               for t in (part.term for part in parts))  # fmt: skip
    scale = scale_of(p, first._replace(coefficient=abs(first.coefficient)))
    return None if not same or scale is p.const(1) else scale


def _unscaled(term: Term) -> Term:
    return term._replace(coefficient=Fraction(1 if term.coefficient > 0 else -1), scales=(), repeats=ONE)
