"""The chain rule made visible: J of f(g(x)) is J of f times J of g, with the size of every factor.

An expression is a composition where the variable enters through one inner expression only.  Each stage is differentiated by
a symbol that stands in place of the inner expression; the product of the Jacobians, rows for the function and columns for the
variable, matrices stacked column after column, is the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from closedform.calculus.forward import differential
from closedform.calculus.step import Step
from closedform.core.dim import Dim
from closedform.core.errors import InputError
from closedform.core.expr import Expr, make, shape_text
from closedform.core.infer import facts
from closedform.core.op import f
from closedform.core.walk import depends, postorder, substitute, tree_size
from closedform.lang.declare import Scope
from closedform.lang.render import declared
from closedform.lang.text import text
from closedform.ops.build import num, product, transpose
from closedform.question import Question
from closedform.result import Derivative
from closedform.rewrite.best import shortest
from closedform.rewrite.order import Order, ranks
from closedform.tutor.entry_terms import free_letters, free_name, names_used

if TYPE_CHECKING:
    from closedform.equality.verdict import Verdict
    from closedform.verify.certificate import Certificate

THIN = frozenset({"add", "named", "transpose", "index"})
"""Operations that are written together with what stands inside them: sums, transposes and their like."""
KEPT = frozenset(
    {"symmetric", "skew", "diagonal", "lower", "upper", "psd", "pd", "invertible", "positive", "nonnegative", "unit"}
)
"""Facts of an inner expression that the symbol in its place has too."""
LONGEST = 400
NAMES = {0: ("s", "r", "q", "p", "o"), 1: ("u", "v", "w", "z", "h", "q", "r"), 2: ("Z", "U", "V", "W", "H", "Y", "M")}


@dataclass(frozen=True)
class Factor:
    """One stage: ``name`` = ``function`` of the inner symbol ``by``, and its Jacobian.

    ``jacobian`` is in terms of ``by``, ``value`` the same with the inner expression written out; ``size`` is its shape as text.
    """

    name: str
    function: Expr
    by: Expr
    jacobian: Expr
    value: Expr

    @property
    def size(self) -> str:
        """The two sizes of the Jacobian."""
        return shape_text(self.jacobian.shape)


@dataclass(frozen=True)
class Chain:
    """The derivative of a composition as a product of Jacobians, outermost first.

    ``product`` is the product of the factors, ``simple`` that in simpler words, ``answer`` the derivative as it is asked for.
    ``verdict`` compares the two, ``certificate`` is the numeric check of the product, ``steps`` are the lines of the derivation.
    """

    answer: Derivative
    factors: tuple[Factor, ...]
    product: Expr
    simple: Expr
    steps: tuple[Step, ...]
    verdict: Verdict
    certificate: Certificate

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def is_composition(self) -> bool:
        """Does the variable enter through an inner expression, or is there one factor only?"""
        return len(self.factors) > 1

    def __str__(self) -> str:
        with declared(self.answer.declared):
            return self._page()

    def _page(self) -> str:
        x = self.answer.wrt[-1].params[0]
        lines = [", ".join(f"{g.name} = {text(g.function)}" for g in self.factors)]
        inner = [*(g.name for g in self.factors[1:]), x]
        lines.append(
            f"d{self.factors[0].name}/d{x} = " + " * ".join(_over(g.name, y) for g, y in zip(self.factors, inner, strict=True))
        )
        cells = [_bracketed(g.jacobian, first=k == 0) for k, g in enumerate(self.factors)]
        widths = [max(len(c), len(g.size)) for c, g in zip(cells, self.factors, strict=True)]
        lead = " " * (len(lines[1].partition("=")[0]))
        lines.append((f"{lead}= " + " * ".join(f"{c:^{w}}" for c, w in zip(cells, widths, strict=True))).rstrip())
        lines.append((f"{lead}  " + "   ".join(f"{g.size:^{w}}" for g, w in zip(self.factors, widths, strict=True))).rstrip())
        lines.append(f"{lead}= {text(self.simple)}")
        for step in self.steps:
            if step.rule in ("layout", "structure", "linear-inside", "trace-form"):
                lines.append(f"{step.because}: {text(step.after)}")
        if not self.is_composition:
            lines.append(f"there is no inner expression through which alone {x} enters, so there is one factor only")
        return "\n".join(lines)


def chain(expression: object, wrt: object, given: object = None, *, layout: str = "mixed", structure: str = "projected") -> Chain:
    """The derivative as the product of the Jacobians of its stages.

    >>> print(chain("sum(exp(A*x))", "x", "A: m n; x: n"))
    f = sum(u), u = exp(v), v = A*x
    df/dx = df/du * du/dv * dv/dx
          = ones(1, m) * diag(exp(v)) *   A
              1 x m         m x m       m x n
          = exp(A*x)'*A
    f(A*x) has the gradient A' times that of f: A'*exp(A*x)
    """
    return chain_of(Question(expression, wrt, given, layout, structure).answer(verify=True))


def chain_of(answer: Derivative) -> Chain:
    """The chain of an answer; InputError for a derivative by several variables, or by a member of a family."""
    if len(answer.wrt) != 1 or "[" in answer.wrt[0].params[0]:
        raise InputError("the chain rule is shown for one variable, and a whole one")
    with declared(answer.declared):
        return _Composition(answer).chain()


def composition(e: Expr, x: Expr) -> list[Expr]:
    """The expressions through which alone the variable enters, from the outermost to the variable.

    >>> from closedform.lang.read import parse
    >>> e = parse("norm2(y - X*b)^2", "X: m n; y: m; b: n").expr
    >>> b = next(node for node in postorder(e) if str(node) == "b")
    >>> [str(stage) for stage in composition(e, b)]
    ['norm2(y - X*b)^2', 'y - X*b', 'b']
    """
    nodes = postorder(e)
    moving = depends(nodes, x)
    through = [node for node in reversed(nodes) if node in moving and _is_gate(nodes, moving, node, x)]
    stages = [e] if e is not x else []
    for node in through[1:]:
        if node is x or _is_stage(stages[-1], node):
            stages.append(node)
    return stages or [x]


def _is_gate(nodes: list[Expr], moving: set[Expr], gate: Expr, x: Expr) -> bool:
    """Does every path from the variable to the whole expression lead through a node?"""
    if gate is x or gate is nodes[-1]:
        return True
    reached = {x}
    for node in nodes:
        if node in moving and node is not gate and any(a in reached for a in node.args):
            reached.add(node)
    return nodes[-1] not in reached


def _is_stage(outer: Expr, inner: Expr) -> bool:
    """Is the inner expression a stage of its own, or written as a part of the outer one?"""
    if outer.op.name in THIN and inner in outer.args:
        return False
    if outer.op.name == "mul" and inner in outer.args and all(a.is_scalar for a in outer.args if a is not inner):
        return False
    if outer.op.name == "pow" and inner.op.name == "norm2":
        return False
    return inner.op.name not in ("named", "transpose", "index")


class _Composition:
    """Writes the chain of one answer."""

    def __init__(self, answer: Derivative) -> None:
        self.d = answer
        self.e, self.x = answer.original, answer.wrt[-1]
        if tree_size(self.e) > LONGEST:
            raise InputError(f"the chain rule is shown for expressions of up to {LONGEST} operations")
        self.letter = free_name("function" if self.e.is_column else "matrix function", names_used(answer))
        self.taken = {*answer._symbols, *_names(self.e), *_names(self.x), self.letter, "e", "d", "f", "F", "K", "D", "L", "T"}
        self.order = Order(ranks(self.e, self.x))

    def short(self, e: Expr) -> Expr:
        return shortest(e, self.order).expr

    def chain(self) -> Chain:
        """The factors, their product and the check of it."""
        from closedform.equality.decide import decide
        from closedform.verify.certificate import certify

        stages = composition(self.e, self.x)
        if stages[-1] is not self.x or stages == [self.x]:
            stages = [self.e, self.x]
        symbols = [self._symbol(stage) for stage in stages[1:-1]] + [self.x]
        factors = []
        for k, (outer, inner, symbol) in enumerate(zip(stages, stages[1:], symbols, strict=False)):
            function = outer if inner is self.x else substitute(outer, {inner: symbol})
            scope = Scope({symbol.params[0]: symbol})
            jacobian = stacked_jacobian(Question(function, symbol, scope, "mixed", "free").answer(verify=True))
            value = substitute(jacobian, {symbol: inner}) if symbol is not self.x else jacobian
            name = self.letter if k == 0 else symbols[k - 1].params[0]
            factors.append(Factor(name, function, symbol, jacobian, value))
        whole = product(*(g.value for g in factors))
        simple = self.short(whole)
        steps, arranged = self._steps(stages, symbols, factors, whole, simple)
        free = self.d if self.d.structure == "free" else self._free
        certificate = certify(self.e, [self.x], arranged, layout=self.d.layout, structure="free")
        return Chain(self.d, tuple(factors), whole, simple, tuple(steps), decide(arranged, free.expr), certificate)

    @cached_property
    def _free(self) -> Derivative:
        """The answer with the variable as unstructured."""
        return Question(self.e, self.x, Scope(self.d._symbols), self.d.layout, "free").answer(verify=False)

    def _symbol(self, stage: Expr) -> Expr:
        axes = 0 if stage.is_scalar else 1 if stage.is_column else 2
        name = next((n for n in NAMES[axes] if n not in self.taken), None) or f"{NAMES[axes][0]}{len(self.taken)}"
        self.taken.add(name)
        return f.symbol(name, stage.rows, stage.cols, axes, frozenset(facts(stage)) & KEPT)

    def _steps(
        self, stages: list[Expr], symbols: list[Expr], factors: list[Factor], whole: Expr, simple: Expr
    ) -> tuple[list[Step], Expr]:
        steps: list[Step] = []
        named: dict[Expr, Expr] = {}
        for stage, symbol in reversed(list(zip(stages[1:-1], symbols, strict=False))):
            named[stage] = make("named", (substitute(stage, named),), (symbol.params[0],))
        if named:
            steps.append(Step("compose", self.e, substitute(self.e, named), "the inner expressions get names"))
        for g in factors:
            said = f"the Jacobian of {g.name} by {g.by.params[0]} is {g.size}"
            steps.append(Step("factor", g.function, g.jacobian, said))
        if named:
            table = {symbol: named[stage] for stage, symbol in zip(stages[1:-1], symbols, strict=False)}
            let = product(*(substitute(g.jacobian, table) for g in factors))
            steps.append(Step("chain-rule", let, whole, "the Jacobian of f(g(x)) is that of f times that of g, in this order"))
        if simple is not whole:
            steps.append(Step("simplify", whole, simple, "the product in simpler words"))
        return self._finished(steps, factors, simple)

    def _finished(self, steps: list[Step], factors: list[Factor], simple: Expr) -> tuple[list[Step], Expr]:
        """From the Jacobian to the answer as it is printed, and the Jacobian in its shape."""
        d = self.d
        free = d if d.structure == "free" else self._free
        arranged, said = self._arranged(simple)
        if arranged is not simple or said:
            rule = "linear-inside" if said.startswith(f"{self.letter}(") else "layout"
            steps.append(Step(rule, simple, free.expr, said))
        if free._mixed is not d._mixed:
            said = "in the space of the variable" if d.structure == "projected" else "by the independent entries"
            steps.append(Step("structure", free.expr, d.expr, said))
        trace = self._trace_form(factors)
        if trace is not None:
            steps.append(trace)
        return steps, arranged

    def _arranged(self, jacobian: Expr) -> tuple[Expr, str]:
        """The Jacobian of stacked columns in the shape and layout of the answer, and what was done."""
        d, x, e = self.d, self.x, self.e
        out, said = jacobian, ""
        if x.is_scalar and not e.is_scalar and not e.is_column:
            out, said = f.unvec(jacobian, e.rows, e.cols), "the column is the stacked derivative"
        elif e.is_scalar and not x.is_scalar:
            out = transpose(jacobian) if x.is_column else f.unvec(transpose(jacobian), x.rows, x.cols)
            said = (
                "the gradient is the row transposed"
                if x.is_column
                else "the gradient is the row put back into the shape of the variable"
            )
            said = self._linear_inside() or said
            if d.layout == "numerator":
                return transpose(out), "in numerator layout the gradient stays a row" if x.is_column else said + ", transposed"
            return out, said
        if d.layout == "denominator":
            return transpose(out), "in denominator layout the answer is transposed"
        return out, said

    def _linear_inside(self) -> str:
        """What is said of f(A*x) in mixed and denominator layout; empty when the inside is something else."""
        stages = composition(self.e, self.x)
        inner = stages[-2] if len(stages) > 2 else None
        if inner is None or not self.x.is_column or self.d.layout == "numerator":
            return ""
        if inner.op.name == "mul" and len(inner.args) == 2 and inner.args[1] is self.x and not inner.args[0].is_scalar:
            A = inner.args[0]
            turned = text(transpose(A)) if A.op.name in ("symbol", "transpose") else f"({text(A)})'"
            return f"{self.letter}({text(inner)}) has the gradient {turned} times that of {self.letter}"
        return ""

    def _trace_form(self, factors: list[Factor]) -> Step | None:
        """df/dx[k] = tr((df/dZ)'*dZ/dx[k]) for a matrix Z that depends on a scalar or vector."""
        x = self.x
        if len(factors) < 2 or not self.e.is_scalar or not x.is_column:
            return None
        last = factors[-1]
        Z = last.function
        if Z.is_column or Z.rows.integer == 1:
            return None
        outer = substitute(self.e, {Z: factors[-2].by}) if Z is not self.e else self.e
        gradient = Question(outer, factors[-2].by, None, "mixed", "free").answer(verify=True)._mixed
        letter = next(free_letters(self.taken))
        moved = num(1) if x.is_scalar else f.unit(Dim.of(letter), x.rows)
        part = self.short(differential(Z, x, moved, []))
        after = f.trace(product(self.short(transpose(substitute(gradient, {factors[-2].by: Z}))), part))
        name, at = factors[-2].by.params[0], x.params[0] if x.is_scalar else f"{x.params[0]}[{letter}]"
        k, g = Dim.of(letter), self.letter
        before = self.d._mixed if x.is_scalar else f.index(self.d._mixed, k, k, Dim.of(1), Dim.of(1))
        return Step("trace-form", before, after, f"d{g}/d{at} = tr((d{g}/d{name})'*d{name}/d{at})")


def stacked_jacobian(d: Derivative) -> Expr:
    """The Jacobian with rows for the entries of the function and columns for those of the variable, both stacked.

    >>> from closedform.session import derive
    >>> print(stacked_jacobian(derive("tr(A*X)", "X", "A: n m; X: m n")))
    vec(A')'
    """
    answer, x = d._mixed, d.wrt[-1]
    order = Order(ranks(d.original, x))
    if x.is_scalar:
        return answer if answer.is_column else shortest(f.vec(answer), order).expr
    if d.original.is_scalar:
        return shortest(transpose(answer if x.is_column else f.vec(answer)), order).expr
    return answer


def _over(top: str, bottom: str) -> str:
    return f"d{top}/d{bottom}"


def _bracketed(e: Expr, *, first: bool) -> str:
    """A factor as it stands in the product."""
    said = text(e)
    return f"({said})" if e.op.name == "add" or (said.startswith("-") and not first) else said


def _names(*expressions: Expr) -> Iterator[str]:
    for node in postorder(*expressions):
        if node.op.name in ("symbol", "family", "named"):
            yield str(node.params[-1 if node.op.name == "named" else 0])
        yield from _sizes(node.params)


def _sizes(params: Sequence[object]) -> Iterator[str]:
    for p in params:
        if isinstance(p, Dim):
            yield from p.names
