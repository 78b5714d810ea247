"""The derivation by entries: the function as a sum with indices, differentiated term by term, and read back in matrix words.

Every entry x[i] of the variable has the derivative 1 by itself and 0 by any other entry: a Kronecker delta, written as an
entry of the identity.  A delta under a sum carries the sum out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from closedform.calculus.forward import differential
from closedform.calculus.step import Step, direction
from closedform.core.bound import MARK
from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError, Refusal, VerificationError
from closedform.core.expr import Expr
from closedform.core.op import f
from closedform.core.walk import postorder, rebuild, substitute
from closedform.lang.declare import Scope
from closedform.lang.render import declared
from closedform.lang.text import text
from closedform.ops.build import num, product, transpose
from closedform.question import Question
from closedform.result import Derivative
from closedform.tutor.entry_terms import NoEntries, Place, called, delta, free_letters, free_name, names_used, sides
from closedform.tutor.entrywise import entry

TOLERANCE = 1e-7
POINTS = 2


@dataclass(frozen=True)
class Entries:
    """A derivation by entries: ``answer`` is the derivative, ``steps`` its lines, ``left`` what they are lines of.

    The lines: "index-form", the function as a sum; "differentiate", its differential; "delta", the derivative by one entry
    of the variable; "contract", the deltas used up; "read-back", an entry of the matrix expression; "entries-of-answer".
    """

    answer: Derivative
    left: str
    steps: tuple[Step, ...]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __str__(self) -> str:
        with declared(self.answer.declared):
            return self._page()

    def _page(self) -> str:
        name = self.left.partition("/")[0]
        pad = " " * len(self.left)
        lines: list[str] = []
        for step in self.steps:
            said = text(step.after)
            if step.rule == "index-form":
                lines.append(f"{name[1:]} = {said}")
            elif step.rule == "differentiate":
                lines.append(f"{name} = {said}")
            elif step.rule in ("delta", "direction"):
                lines.append(f"{self.left} = {said}")
            elif step.rule in ("contract", "read-back"):
                lines.append(f"{pad} = {said}")
            else:
                lines.append(f"{step.because}: {said}")
        return "\n".join(lines)


def entries(
    expression: object, wrt: object, given: object = None, *, layout: str = "mixed", structure: str = "projected"
) -> Entries:
    """The derivation of a derivative entry by entry.

    Refusal where the expression or its differential has no form by entries.

    >>> print(entries("x'*A*x", "x", "x: n; A: n n"))
    f = sum(i in 1..n, sum(j in 1..n, x[i]*A[i,j]*x[j]))
    df = sum(i in 1..n, sum(j in 1..n, dx[i]*A[i,j]*x[j])) + sum(i in 1..n, sum(j in 1..n, x[i]*A[i,j]*dx[j]))
    df/dx[k] = sum(i in 1..n, sum(j in 1..n, eye(n)[i,k]*A[i,j]*x[j])) + sum(i in 1..n, sum(j in 1..n, x[i]*A[i,j]*eye(n)[j,k]))
             = sum(i in 1..n, A[k,i]*x[i]) + sum(i in 1..n, x[i]*A[i,k])
             = ((A + A')*x)[k]
    the derivative: (A + A')*x
    """
    return entries_of(Question(expression, wrt, given, layout, structure).answer(verify=True))


def entries_of(answer: Derivative) -> Entries:
    """The derivation by entries of an answer; InputError for one by several variables, or by a member of a family."""
    if len(answer.wrt) != 1 or "[" in answer.wrt[0].params[0]:
        raise InputError("a derivation by entries is by one variable, and a whole one")
    try:
        with declared(answer.declared):
            return _Writer(answer).entries()
    except (NoEntries, StopIteration) as error:
        raise Refusal(f"this derivative is not written by entries: {error}") from None


class _Writer:
    """Writes one derivation."""

    def __init__(self, answer: Derivative) -> None:
        self.d = answer
        self.e, self.x = answer.original, answer.wrt[-1]
        taken = {*answer._symbols, *(n for node in postorder(self.e, self.x) for n in _sizes(node))}
        letters = free_letters(taken)
        rows, cols = sides(self.e)
        self.row, self.col = _place(rows, letters), _place(cols, letters)
        used = {*taken, *(str(i) for i, _ in (*self.row, *self.col)), *"ij"}
        letters = free_letters(used)
        self.at_row, self.at_col = _place((self.x.rows,), letters), _place((self.x.cols,), letters)

    def entries(self) -> Entries:
        e, x = self.e, self.x
        if e.op.name == "named" or any(node.op.name == "named" for node in postorder(e)):
            e = _unnamed(e)
        whole = entry(e, self.row, self.col)
        pairs = len(self.row) > 1 or len(self.col) > 1
        start = e if e.is_scalar or pairs else _entry_of(e, self.row, self.col)
        step = direction(x)
        moved = entry(differential(whole, x, step, []))
        steps = [Step("index-form", start, whole, "the function by its entries")]
        steps.append(
            Step("differentiate", f.d(whole), moved, "term by term: a sum of products is differentiated factor by factor")
        )
        if x.is_scalar:
            after = _flat(substitute(moved, {step: num(1)}))
            steps.append(Step("direction", moved, after, "the derivative is the differential in the direction 1"))
        else:
            with_deltas = self._with_deltas(moved, step)
            after = entry(substitute(moved, {step: self._unit()}))
            said = f"{self._moving()} is 1 where the indices agree, else 0"
            if step in postorder(with_deltas):  # the direction stands inside something that is not taken apart
                with_deltas = after
            steps.append(Step("delta", moved, with_deltas, said))
            if with_deltas is after or _sums(with_deltas) == _sums(after):
                after = steps[-1].after  # nothing but the order of factors has changed
            else:
                steps.append(Step("contract", with_deltas, after, "a delta under a sum carries the sum out"))
        steps.extend(self._read_back(after))
        self._check(after, steps[-1])
        return Entries(self.d, self._left(), tuple(steps))

    def _moving(self) -> str:
        x = self.x.params[0]
        return f"d{x}[…]/d{called(x, self.at_row, self.at_col)}"

    def _unit(self) -> Expr:
        """The direction in which only the chosen entry of the variable moves."""
        parts = []
        for place, size in ((self.at_row, self.x.rows), (self.at_col, self.x.cols)):
            parts.append(f.unit(place[0][0], size) if place else None)
        row, col = parts
        if col is None:
            assert row is not None
            return row
        return transpose(col) if row is None else product(row, transpose(col))

    def _with_deltas(self, moved: Expr, step: Expr) -> Expr:
        """The differential with a delta in place of each entry of the direction."""
        table = {}
        for node in postorder(moved):
            if node.op.name == "index" and node.args[0] is step:
                r, _, c, _ = node.params
                pairs = ((r, self.at_row), (c, self.at_col))
                table[node] = product(*(delta(i, place[0][0], place[0][1]) for i, place in pairs if place))
        return _flat(substitute(moved, table)) if table else moved

    def _read_back(self, after: Expr) -> Iterator[Step]:
        d = self.d
        scope = Scope(d._symbols)
        free = d if d.structure == "free" else Question(self.e, self.x, scope, "mixed", "free").answer(verify=False)
        answer = _unnamed(free._mixed)
        if not answer.is_scalar:
            gradient = self.e.is_scalar or self.x.is_scalar
            if gradient:
                places = (self.row, self.col) if self.x.is_scalar else (self.at_row, self.at_col)
                if all(len(place) < 2 for place in places):
                    said = "a sum over a repeated index is a matrix product"
                    read = _entry_of(answer, *places)
                    if read is not after:
                        yield Step("read-back", after, read, said)
        yield Step("entries-of-answer", answer, d.expr, self._named_structure(free))

    def _named_structure(self, free: Derivative) -> str:
        if free._mixed is self.d._mixed:
            pairs = not self.x.is_scalar and not self.e.is_scalar and not (self.x.is_column and self.e.is_column)
            return "the derivative, matrices stacked column after column" if pairs else "the derivative"
        where = "in the space of the variable" if self.d.structure == "projected" else "by the independent entries"
        return f"the derivative {where}"

    def _left(self) -> str:
        e, x = self.e, self.x
        name = free_name("function" if e.is_column else "matrix function", names_used(self.d))
        return f"d{called(name, self.row, self.col)}/d{called(x.params[0], self.at_row, self.at_col)}"

    def _check(self, after: Expr, last: Step) -> None:
        """The entries found against those of the answer, which has been checked on its own."""
        import numpy as np

        from closedform.numeric.evaluate import evaluate
        from closedform.verify.point import Points

        answer = last.before
        inputs = [n for n in postorder(self.e, self.x, answer) if n.op.name in ("symbol", "family")]
        points = Points([self.e, answer, *inputs], seed=6)
        places = [*self.row, *self.col, *self.at_row, *self.at_col]
        for _ in range(POINTS):
            point = points.next()
            env = {n.params[0]: point.of(n) for n in inputs}
            value = np.reshape(evaluate(answer, env, point.sizes), [n.value(point.sizes) for _, n in places], order="F")
            at = [1 + (3 * k + 1) % n for k, n in enumerate(value.shape)]
            letters = {str(i): k for (i, _), k in zip(places, at, strict=True)}
            found = float(evaluate(after, env, {**point.sizes, **letters}))
            wanted = float(value[tuple(k - 1 for k in at)])
            scale = 1 + float(np.abs(value).max(initial=0.0))
            if not abs(found - wanted) <= TOLERANCE * scale:
                raise VerificationError(
                    f"the derivation by entries of {self.e} by {self.x.params[0]} ends in another value than the derivative; "
                    "this is a defect of closedform, please report it"
                )


def _place(sizes: tuple[Dim, ...], letters: Iterator[str]) -> Place:
    return tuple((Dim.of(next(letters)), size) for size in sizes if size is not ONE)


def _entry_of(e: Expr, row: Place, col: Place) -> Expr:
    """An entry as it is written; of a matrix counted by pairs of indices there is none."""
    if len(row) > 1 or len(col) > 1:
        raise NoEntries(f"{e.op.word or e.op.name} is counted by pairs of indices")
    i, j = (place[0][0] if place else ONE for place in (row, col))
    return f.index(e, i, i, j, j)


def _unnamed(e: Expr) -> Expr:
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        args = tuple(done[a] for a in node.args)
        done[node] = args[0] if node.op.name == "named" else rebuild(node, args)
    return done[e]


def _flat(e: Expr) -> Expr:
    """The expression with products of scalars inside products of scalars spliced in, and without factors of 1."""
    done: dict[Expr, Expr] = {}
    for node in postorder(e):
        args = tuple(done[a] for a in node.args)
        if node.op.name == "mul" and all(a.is_scalar for a in args):
            parts = [g for a in args for g in (a.args if a.op.name == "mul" and all(x.is_scalar for x in a.args) else (a,))]
            kept = [g for g in parts if not (g.op.name == "number" and g.params[0] == 1)]
            done[node] = product(*kept) if kept else num(1)
        else:
            done[node] = rebuild(node, args)
    return done[e]


def _sums(e: Expr) -> int:
    return sum(node.op.name == "series" for node in postorder(e))


def _sizes(e: Expr) -> Iterator[str]:
    for p in e.params:
        if isinstance(p, Dim):
            yield from (name for name in p.names if not name.startswith(MARK))
