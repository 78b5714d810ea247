"""Other forms of an answer: the same derivative in other layouts, by entries, stacked, multiplied out, as a differential.

Every form says the same as the answer does; where a convention makes it another matrix, its reason says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from closedform.calculus import layout as layouts
from closedform.calculus import structure as structures
from closedform.calculus.derive import tangent_of
from closedform.core.bound import MARK
from closedform.core.dim import Dim
from closedform.core.errors import Refusal
from closedform.core.expr import Expr
from closedform.core.limits import counted
from closedform.core.op import f
from closedform.core.walk import postorder, rebuild, tree_size
from closedform.lang.declare import Scope
from closedform.lang.latex import latex
from closedform.lang.render import declared
from closedform.lang.text import text
from closedform.lang.unicode import unicode
from closedform.ops.build import product, transpose
from closedform.question import Question
from closedform.result import Derivative
from closedform.rewrite.best import polished, shortest
from closedform.rewrite.engine import Simplifier
from closedform.rewrite.order import Order, ranks
from closedform.tutor.entry_terms import NoEntries, Place, called, free_letters, free_name, names_used, sides
from closedform.tutor.entrywise import entry, places
from closedform.tutor.written_out import REASONS, written_out

LONGEST = 150
"""Forms with more nodes than this are not shown: nobody would read them."""


@dataclass(frozen=True)
class Form:
    """One form: its expression, why it is the same answer (or how it differs), and the left side it belongs to.

    ``holds`` says what it is to the printed answer: "equal", "transposed", "entry", "stacked", "differential" or
    "convention" (another matrix, by another convention of the variable's structure).
    """

    name: str
    expr: Expr
    because: str
    holds: str
    left: str = ""
    declared: frozenset[str] = frozenset()
    """The names of the question: no operation is written with one of them."""

    @cached_property
    def text(self) -> str:
        """The form in the language that is typed; it parses back."""
        return text(self.expr, self.declared)

    @cached_property
    def latex(self) -> str:
        """The form in LaTeX, without its left side."""
        return latex(self.expr, self.declared)

    @cached_property
    def unicode(self) -> str:
        """The form on one line for people, without its left side."""
        return unicode(self.expr, self.declared)

    def __str__(self) -> str:
        return f"{self.left} = {self.text}" if self.left else self.text


class Forms(Mapping[str, Form]):
    """The forms of an answer by name, in the order in which they are shown."""

    def __init__(self, found: dict[str, Form]) -> None:
        self._found = found

    def __getitem__(self, name: str) -> Form:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __str__(self) -> str:
        width = max((len(name) for name in self), default=0)
        return "\n".join(f"{name:{width}}  {form}\n{'':{width}}    ({form.because})" for name, form in self.items())

    def __repr__(self) -> str:
        return f"<forms: {', '.join(self)}>"

    def record(self) -> dict[str, dict[str, str]]:
        """The forms as plain data."""
        return {
            name: {"text": form.text, "latex": form.latex, "said": str(form), "because": form.because, "holds": form.holds}
            for name, form in self.items()
        }

    def markdown(self) -> str:
        """The forms as a table in Markdown."""
        lines = ["| form | | |", "|---|---|---|"]
        lines += [f"| {name} | `{str(form).replace('|', chr(92) + '|')}` | {form.because} |" for name, form in self.items()]
        return "\n".join(lines)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/markdown": self.markdown()}


@counted
def forms(d: Derivative) -> Forms:
    """The other forms of an answer, where they differ from the printed one.

    >>> from closedform.session import derive
    >>> for name, form in forms(derive("x'*A*x", "x", "x: n; A: n n")).items():
    ...     print(f"{name:12} {form}")
    numerator    x'*(A + A')
    expanded     A*x + A'*x
    entries      g[i] = sum(j in 1..n, (A[i,j] + A[j,i])*x[j])
    differential df = x'*(A + A')*dx
    """
    with declared(d.declared):
        return Forms({form.name: replace(form, declared=d.declared) for form in _Writer(d).found()})


class _Writer:
    """Writes the forms of one answer."""

    def __init__(self, d: Derivative) -> None:
        self.d = d
        self.mixed: Expr = d._mixed
        self.x = d.wrt[-1]
        self.order = Order(ranks(d.original, *d.wrt, self.mixed))
        self.taken = {*d._symbols, *(name for e in postorder(d.expr, d.original) for name in _sizes(e))}
        self.gradient = d.original.is_scalar and all(x.is_scalar for x in d.wrt[:-1]) and not self.x.is_scalar

    @property
    def scope(self) -> Scope:
        return Scope(self.d._symbols)

    def found(self) -> Iterator[Form]:
        yield from self.layouts()
        yield from self.structures()
        yield from self.expanded()
        yield from self.written_out()
        yield from self.entries()
        yield from self.stacked()
        yield from self.differential()

    def short(self, e: Expr) -> Expr:
        return shortest(e, self.order).expr

    def layouts(self) -> Iterator[Form]:
        """The answer in the two other layouts, each where it is another expression."""
        d = self.d
        turned = {name: layouts.is_turned(name, gradient=self.gradient) for name in layouts.LAYOUTS}
        others = [name for name in layouts.LAYOUTS if turned[name] is not turned[d.layout]]
        if not others or (self.x.is_scalar and self.mixed.is_scalar):
            return
        first, *also = others
        e = self.short(transpose(self.mixed)) if turned[first] else self.mixed
        if e is not self.printed:
            because = layouts.reads(first, d.original, d.wrt) + (f"; the same in {also[0]} layout" if also else "")
            yield Form(first, e, because, "transposed")

    def structures(self) -> Iterator[Form]:
        """The answer in the other two structure conventions, where they differ."""
        d = self.d
        facts = [(x, structures.space(x)) for x in d.wrt if structures.space(x)]
        if not facts:
            return
        fact = facts[-1][1]
        meanings = structures.MEANINGS.get(fact, structures.MEANINGS["orthonormal"])
        for name, meaning in zip(structures.STRUCTURES, meanings, strict=True):
            if name == d.structure:
                continue
            try:
                other = Question(d.original, list(d.wrt), self.scope, d.layout, name).answer(verify=False)
            except Refusal:
                continue
            if other._mixed is not self.mixed:
                yield Form(name, other.expr, meaning + REASON.get((name, fact), ""), "convention")

    def expanded(self) -> Iterator[Form]:
        """The answer multiplied out."""
        if not any(_is_product_of_sum(node) for node in postorder(self.printed)):
            return
        opened = Simplifier(self.order, expand=True)
        try:
            e = polished(Simplifier(self.order, expand=True).canonical(opened.canonical(self.printed)))
        except Refusal:  # too many terms
            return
        if e is not self.printed and tree_size(e) <= LONGEST:
            yield Form("expanded", e, "products of sums are multiplied out", "equal")

    @cached_property
    def printed(self) -> Expr:
        """The printed answer without names for its repeated parts."""
        done: dict[Expr, Expr] = {}
        for node in postorder(self.d.expr):
            args = tuple(done[a] for a in node.args)
            done[node] = args[0] if node.op.name == "named" else rebuild(node, args)
        return done[self.d.expr]

    def written_out(self) -> Iterator[Form]:
        """Softmax and its kin in elementary functions."""
        e, used = written_out(self.printed)
        if used and tree_size(e) <= LONGEST:
            yield Form("written out", e, "; ".join(REASONS[name] for name in used), "equal")

    def entries(self) -> Iterator[Form]:
        """One entry of the answer, with an index for each side (a pair of them for a stacked matrix)."""
        d, letters = self.d, free_letters(self.taken)
        if self.mixed.is_scalar:
            return
        split, left = self._sides()
        try:
            row, col = places(self.mixed, letters, split)
            e = entry(self.mixed, row, col)
        except (NoEntries, StopIteration, Refusal):
            return
        if e.op.name == "index" and e.args[0] is self.printed:
            return  # says nothing new
        yield Form("entries", e, "one entry of it, counted from 1", "entry", left(row, col, d))

    def _sides(self) -> tuple[tuple[tuple[Dim, ...], tuple[Dim, ...]], Callable[[Place, Place, Derivative], str]]:
        """How the sides of the answer in mixed layout are counted, and how its entry is called."""
        d, x = self.d, self.x
        if self.gradient or x.is_scalar:
            rows, cols = sides(self.mixed) if x.is_scalar else ((x.rows,), (x.cols,))
            return (rows, cols), _entry_of_gradient if self.gradient else _entry_of_derivative
        from closedform.verify.contraction import derivative_shape

        rows = sides(self.mixed)[0] if len(d.wrt) > 2 else derivative_shape(d.original.shape, d.wrt[:-1])
        return (rows, x.shape), _entry_of_hessian if len(d.wrt) > 1 else _entry_of_jacobian

    def stacked(self) -> Iterator[Form]:
        """vec of the answer, where it is a matrix of its own shape."""
        if not (self.gradient or self.x.is_scalar) or self.mixed.is_column or self.mixed.rows.integer == 1:
            return
        d, e = self.d, self.short(f.vec(self.mixed))
        if self.gradient:
            name, G = self.x.params[0], _letter("gradient matrix", d)
            said = f"column after column: d{_function(d)} = vec({G})'*vec(d{name})"
            yield Form("vec", e, said, "stacked", f"vec({G})")
        else:
            yield Form("vec", e, "column after column", "stacked", f"vec({_letter('derivative', d)})")

    def differential(self) -> Iterator[Form]:
        """What the derivative says of a direction."""
        d, x = self.d, self.x
        if d.structure == "independent" and structures.space(x):
            return
        step = tangent_of(x)
        within = ", in the space of the variable" if d.structure == "projected" and structures.space(x) else ""
        said = f"in a direction d{x.params[0]}{within}, to first order"
        if len(d.wrt) == 1:
            name = _function(d)
            whole = f"d{name}"
            if x.is_scalar:
                e = product(self.mixed, step)
            elif self.gradient:
                turned = self.short(transpose(self.mixed))
                e = product(turned, step) if x.is_column else f.trace(product(turned, step))
            else:
                e = product(self.mixed, step if x.is_column else f.vec(step))
                whole = whole if d.original.is_column else f"dvec({name})"
            yield Form("differential", e, said, "differential", whole)
        elif len(d.wrt) == 2 and d.original.is_scalar and d.wrt[0] is x and not x.is_scalar:
            direction = step if x.is_column else f.vec(step)
            e = product(transpose(direction), self.mixed, direction)
            said = f"the second differential in a direction d{x.params[0]}{within}"
            yield Form("differential", e, said, "differential", f"d²{_function(d)}")


REASON = {
    ("independent", "symmetric"): ": an entry off the diagonal stands in two places, so it counts twice",
    ("independent", "skew"): ": an entry stands in two places, with opposite signs",
    ("projected", "symmetric"): ": df = tr(G'*dX) for every symmetric direction dX, and G is symmetric itself",
    ("projected", "skew"): ": df = tr(G'*dX) for every skew direction dX, and G is skew itself",
    ("free", "symmetric"): ": the matrix may leave the symmetric ones",
}
"""Why a convention differs, by convention and structure."""


def _is_product_of_sum(e: Expr) -> bool:
    """Is it a product of a sum with something that is not a number?"""
    if e.op.name not in ("mul", "hadamard", "kron"):
        return False
    cores = [a.args[0] if a.op.name == "transpose" else a for a in e.args if a.op.name != "number"]
    return len(cores) > 1 and any(a.op.name == "add" for a in cores)


def _sizes(e: Expr) -> Iterator[str]:
    for p in e.params:
        if isinstance(p, Dim):
            yield from (name for name in p.names if not name.startswith(MARK))


def _at(name: str, *sides: Place) -> str:
    """An entry as it is called; a side that is counted by a pair of indices lists them."""
    places = [str(i) for place in sides for i, _ in place]
    return f"{name}[{','.join(places)}]" if places else name


def _entry_of_gradient(rows: Place, cols: Place, d: Derivative) -> str:
    return _at(_letter("gradient" if d.wrt[-1].is_column else "gradient matrix", d), rows, cols)


def _entry_of_derivative(rows: Place, cols: Place, d: Derivative) -> str:
    return called(_letter("derivative", d), rows, cols)


def _entry_of_jacobian(rows: Place, cols: Place, d: Derivative) -> str:
    x = d.wrt[-1].params[0]
    return f"d{_at(_function(d), rows)}/d{_at(x, cols)}"


def _entry_of_hessian(rows: Place, cols: Place, d: Derivative) -> str:
    first, last = d.wrt[-2].params[0], d.wrt[-1].params[0]
    if d.original.is_scalar and len(d.wrt) == 2:
        return f"d²{_function(d)}/d{_at(first, rows)}d{_at(last, cols)}"
    return f"d{_at(_letter('Jacobian', d), rows)}/d{_at(last, cols)}"


def _function(d: Derivative) -> str:
    """What the function is called."""
    return free_name("function" if d.original.is_column else "matrix function", names_used(d))


def _letter(what: str, d: Derivative) -> str:
    """What a derivative is called, beside its function."""
    return free_name(what, names_used(d) | {_function(d)})
