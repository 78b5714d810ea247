"""Index networks: an expression as a sum of products of entries, with repeated indices summed, in canonical form.

tr(A'*(B.*C)) and tr((A.*B)'*C) are both the sum of A_ij B_ij C_ij over i and j; kron(C', A)*vec(B) and vec(A*B*C) have the
same entries.  An index belongs to a size; a row or column of a stacked matrix carries several of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import count
from typing import NamedTuple

from closedform.core.dim import ONE, Dim
from closedform.core.expr import Expr
from closedform.core.infer import known
from closedform.core.walk import postorder

MOST_TERMS = 60
MOST_FACTORS = 14
MOST_LEAVES = 400
"""Ways to tell equal-looking indices apart that are tried for one term."""


class TooLarge(Exception):
    """The networks would have too many terms or factors."""


class Factor(NamedTuple):
    """An atom with one index for each of its axes; a scalar has none.  The exponent is 1 or that of a scalar's power."""

    atom: Expr
    indices: tuple[int, ...]
    exponent: Fraction


class Net(NamedTuple):
    """coefficient times a product of factors, with the open indices of rows and columns."""

    coefficient: Fraction
    factors: tuple[Factor, ...]
    rows: tuple[int, ...]
    cols: tuple[int, ...]


Form = tuple[object, ...]


class Networks:
    """Expressions to sums of networks; indices are numbers, their sizes in ``size``."""

    def __init__(self) -> None:
        self.size: dict[int, Dim] = {}
        self._serial = count()

    def fresh(self, dim: Dim) -> int:
        i = next(self._serial)
        self.size[i] = dim
        return i

    def of(self, e: Expr) -> list[Net]:
        """The networks of an expression; TooLarge when they are too many."""
        done: dict[Expr, list[Net]] = {}
        for node in _opened(e):
            done[node] = self._node(node, [done[a] for a in node.args] if node.op.name in OPENED else [])
            if len(done[node]) > MOST_TERMS or any(len(t.factors) > MOST_FACTORS for t in done[node]):
                raise TooLarge
        return done[e]

    # ---- building ------------------------------------------------------------------------------------------
    def copy(self, t: Net) -> Net:
        """The same network with indices of its own."""
        table: dict[int, int] = {}

        def new(i: int) -> int:
            if i not in table:
                table[i] = self.fresh(self.size[i])
            return table[i]

        factors = tuple(Factor(f.atom, tuple(new(i) for i in f.indices), f.exponent) for f in t.factors)
        return Net(t.coefficient, factors, tuple(new(i) for i in t.rows), tuple(new(i) for i in t.cols))

    def identified(self, t: Net, pairs: Iterable[tuple[int, int]]) -> Net:
        """The network with pairs of indices made the same."""
        root: dict[int, int] = {}

        def find(i: int) -> int:
            while i in root:
                i = root[i]
            return i

        for i, j in pairs:
            i, j = find(i), find(j)
            if i != j:
                root[j] = i
        factors = tuple(Factor(f.atom, tuple(find(i) for i in f.indices), f.exponent) for f in t.factors)
        return Net(t.coefficient, factors, tuple(find(i) for i in t.rows), tuple(find(i) for i in t.cols))

    def paired(self, left: Sequence[int], right: Sequence[int]) -> list[tuple[int, int]]:
        """Indices of two axes that are the same axis, one by one; TooLarge where they are stacked differently."""
        if len(left) != len(right) or any(self.size[i] is not self.size[j] for i, j in zip(left, right, strict=True)):
            raise TooLarge
        return list(zip(left, right, strict=True))

    def atom(self, e: Expr, exponent: Fraction = Fraction(1)) -> Net:
        if e.is_scalar:
            return Net(Fraction(1), (Factor(e, (), exponent),), (), ())
        rows = () if e.rows is ONE else (self.fresh(e.rows),)
        cols = () if e.cols is ONE else (self.fresh(e.cols),)
        if rows and cols and known(e, "diagonal") and e.op.name == "symbol":
            cols = rows
        return Net(Fraction(1), (Factor(e, (*rows, *cols), Fraction(1)),), rows, cols)

    def _node(self, node: Expr, parts: list[list[Net]]) -> list[Net]:
        name = node.op.name
        one = Fraction(1)
        match name:
            case "number":
                return [Net(node.params[0], (), (), ())] if node.params[0] else []
            case "zeros":
                return []
            case "ones":
                return [Net(one, (), self._axis(node.rows), self._axis(node.cols))]
            case "eye":
                axis = self._axis(node.rows)
                return [Net(one, (), axis, axis)]
            case "commutation":  # from (n, m) to (m, n): entry i*m.. of vec(A') is A_ij
                i, j = self.fresh(node.params[0]), self.fresh(node.params[1])
                return [Net(one, (), (i, j), (j, i))]
            case "add":
                return [t for p in parts for t in p]
            case "mul":
                total = parts[0]
                for p in parts[1:]:
                    total = [self._multiplied(s, t) for s in total for t in p]
                    self._checked(total)
                return total
            case "hadamard":
                total = parts[0]
                for p in parts[1:]:
                    total = [self._entrywise(s, t) for s in total for t in p]
                    self._checked(total)
                return total
            case "kron":
                return [self._joined(s, t, stacked=True) for s in parts[0] for t in parts[1]]
            case "transpose":
                return [Net(t.coefficient, t.factors, t.cols, t.rows) for t in parts[0]]
            case "named":
                return parts[0]
            case "vec":
                return [Net(t.coefficient, t.factors, (*t.cols, *t.rows), ()) for t in parts[0]]
            case "unvec":
                return [self._unstacked(t, node) for t in parts[0]]
            case "trace":
                return [self._closed(self.identified(t, self.paired(t.rows, t.cols))) for t in parts[0]]
            case "sum":
                return [self._closed(t) for t in parts[0]]
            case "diagonal":
                return [t._replace(cols=()) for t in (self.identified(t, self.paired(t.rows, t.cols)) for t in parts[0])]
            case "diag":
                return [t._replace(cols=t.rows) for t in parts[0]]
            case "matrixpow":
                total = parts[0]
                for _ in range(node.params[0] - 1):
                    total = [self._multiplied(s, t) for s in total for t in parts[0]]
                    self._checked(total)
                return total
            case "pow":
                if node.args[1].op.name == "number":
                    return [self.atom(node.args[0], node.args[1].params[0])]
        return [self.atom(node)]

    def _axis(self, dim: Dim) -> tuple[int, ...]:
        return () if dim is ONE else (self.fresh(dim),)

    def _checked(self, total: list[Net]) -> None:
        if len(total) > MOST_TERMS or any(len(t.factors) > MOST_FACTORS for t in total):
            raise TooLarge

    def _closed(self, t: Net) -> Net:
        """All indices summed; one that stands in no factor counts its size."""
        return self._counted(t._replace(rows=(), cols=()), {*t.rows, *t.cols})

    def _counted(self, t: Net, summed: set[int]) -> Net:
        held = {i for f in t.factors for i in f.indices} | {*t.rows, *t.cols}
        loose = [i for i in sorted(summed) if i not in held]
        if not loose:
            return t
        from closedform.core.expr import make

        sizes = tuple(Factor(make("size", (), (self.size[i],)), (), Fraction(1)) for i in loose if self.size[i].integer is None)
        number = t.coefficient
        for i in loose:
            number *= self.size[i].integer or 1
        return Net(number, (*t.factors, *sizes), t.rows, t.cols)

    def _joined(self, s: Net, t: Net, *, stacked: bool) -> Net:
        s, t = self.copy(s), self.copy(t)
        return Net(s.coefficient * t.coefficient, s.factors + t.factors, (*s.rows, *t.rows), (*s.cols, *t.cols))

    def _multiplied(self, s: Net, t: Net) -> Net:
        s, t = self.copy(s), self.copy(t)
        coefficient, factors = s.coefficient * t.coefficient, s.factors + t.factors
        if not (s.rows or s.cols) or not (t.rows or t.cols):
            return Net(coefficient, factors, s.rows + t.rows, s.cols + t.cols)
        both = self.identified(Net(coefficient, factors, s.rows + t.rows, s.cols + t.cols), self.paired(s.cols, t.rows))
        inner = {*both.cols[: len(s.cols)]}
        return self._counted(both._replace(rows=both.rows[: len(s.rows)], cols=both.cols[len(s.cols) :]), inner)

    def _entrywise(self, s: Net, t: Net) -> Net:
        s, t = self.copy(s), self.copy(t)
        both = Net(s.coefficient * t.coefficient, s.factors + t.factors, s.rows, s.cols)
        return self.identified(both, [*self.paired(s.rows, t.rows), *self.paired(s.cols, t.cols)])

    def _unstacked(self, t: Net, node: Expr) -> Net:
        rows, cols = (1 if d is not ONE else 0 for d in node.shape)
        if len(t.rows) != rows + cols:
            raise TooLarge
        found = Net(t.coefficient, t.factors, t.rows[cols:], t.rows[:cols])
        if any(
            self.size[i] is not d
            for i, d in zip((*found.rows, *found.cols), (d for d in node.shape if d is not ONE), strict=True)
        ):
            raise TooLarge
        return found

    # ---- canonical form ------------------------------------------------------------------------------------
    def form(self, t: Net) -> Form:
        """What two networks share exactly when they are the same up to the names of their summed indices (as far as a
        bounded search can tell)."""
        outer = {i: ("open", k) for k, i in reversed(list(enumerate((*t.rows, "/", *t.cols)))) if isinstance(i, int)}
        pattern = tuple(min(k for k, j in enumerate((*t.rows, *t.cols)) if j == i) for i in (*t.rows, *t.cols))
        scalars = sorted((_key(f.atom), str(f.exponent)) for f in t.factors if not f.indices)
        rest = [f for f in t.factors if f.indices]
        names = sorted({i for f in rest for i in f.indices})
        self._leaves = 0
        start = {i: (str(self.size[i]), *outer.get(i, ("summed",))) for i in names}
        order = {c: k for k, c in enumerate(sorted(set(start.values()), key=str))}
        best = self._search(rest, {i: order[c] for i, c in start.items()})
        shape = tuple(str(self.size[i]) for i in (*t.rows, "/", *t.cols) if isinstance(i, int)), len(t.rows)
        labels = tuple((k, str(c)) for c, k in sorted(order.items(), key=str))
        return (tuple(scalars), best, pattern, shape, labels)

    def _refined(self, factors: list[Factor], colour: dict[int, int]) -> dict[int, int]:
        while True:
            seen: dict[int, list[object]] = {i: [] for i in colour}
            for f in factors:
                key = _key(f.atom)
                line = tuple(colour[i] for i in f.indices)
                if _exchangeable(f.atom):
                    line = tuple(sorted(line))
                for place, i in enumerate(f.indices):
                    seen[i].append((key, 0 if _exchangeable(f.atom) else place, line))
            marks = {i: (colour[i], tuple(sorted(seen[i], key=str))) for i in colour}
            order = {m: k for k, m in enumerate(sorted(set(marks.values()), key=str))}
            new = {i: order[marks[i]] for i in colour}
            if len(set(new.values())) == len(set(colour.values())):
                return new
            colour = new

    def _search(self, factors: list[Factor], colour: dict[int, int]) -> Form:
        """The least labelling among those that individualization leads to."""
        colour = self._refined(factors, colour)
        groups: dict[int, list[int]] = {}
        for i, c in colour.items():
            groups.setdefault(c, []).append(i)
        tied = [c for c in sorted(groups) if len(groups[c]) > 1]
        if not tied:
            self._leaves += 1
            if self._leaves > MOST_LEAVES:
                raise TooLarge
            return tuple(sorted((_line(f, colour) for f in factors), key=str))
        top = max(colour.values()) + 1
        forms = [self._search(factors, {**colour, i: top}) for i in groups[tied[0]]]
        return min(forms, key=str)


OPENED = frozenset(
    {"add", "mul", "hadamard", "kron", "transpose", "named", "vec", "unvec", "trace", "sum", "diagonal", "diag", "matrixpow"}
)
"""Operations that a network looks into; everything else is an atom."""


def _opened(e: Expr) -> list[Expr]:
    """The nodes that are looked into, and the atoms, arguments first."""
    wanted: set[Expr] = set()
    stack = [e]
    while stack:
        node = stack.pop()
        if node not in wanted:
            wanted.add(node)
            stack.extend(node.args if node.op.name in OPENED else ())
    return [node for node in postorder(e) if node in wanted]


def _key(atom: Expr) -> str:
    found: str | None = atom.memo.get("network key")
    if found is None:
        found = atom.memo["network key"] = f"{atom.op.name}:{atom}"
    return found


def _exchangeable(atom: Expr) -> bool:
    return known(atom, "symmetric")


def _line(f: Factor, colour: dict[int, int]) -> tuple[object, ...]:
    places = tuple(colour[i] for i in f.indices)
    return (_key(f.atom), tuple(sorted(places)) if _exchangeable(f.atom) else places)


def sums(e: Expr) -> dict[Form, Fraction] | None:
    """The networks of an expression in canonical form with their coefficients; None when they are too many.

    >>> from closedform.lang.read import parse
    >>> given = "A: m n; B: m n; C: m n"
    >>> a, b = (parse(t, given).expr for t in ("tr(A'*(B.*C))", "tr((A.*B)'*C)"))
    >>> sums(a) == sums(b)
    True
    """
    networks = Networks()
    out: dict[Form, Fraction] = {}
    try:
        for t in networks.of(e):
            form = networks.form(t)
            out[form] = out.get(form, Fraction(0)) + t.coefficient
    except TooLarge:
        return None
    return {form: c for form, c in out.items() if c}
