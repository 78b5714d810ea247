"""Normal form of exponentials over their sum: softmax, its logarithm, and the logarithm of the sum.

Source: Blanchard, Higham and Higham, Accurately computing the log-sum-exp and softmax functions (2021).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from closedform.core.expr import Expr, make
from closedform.core.walk import rebuild
from closedform.ops.build import ones_like
from closedform.rewrite.term import Scalars, Term, Word, instead, multiply, split

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier


def summed_exponentials(e: Expr) -> Expr | None:
    """z when the expression is sum(exp(z)) for a vector z."""
    if e.op.name == "sum" and e.args[0].op.name == "exp" and e.args[0].is_column:
        return e.args[0].args[0]
    return None


def over_the_sum(s: Simplifier, term: Term) -> Term:
    """exp(z)/sum(exp(z)) as softmax(z), also under a transpose, diag or an entrywise product."""
    for base, k in list(term.scalars.items()):
        z = summed_exponentials(base) if k < 0 else None
        if z is None:
            continue
        above, below = make("exp", (z,)), make("softmax", (z,))
        while term.scalars.get(base, 0) <= -1:
            changed = _replaced(s, term, above, below)
            if changed is None:
                break
            s.fire("softmax")
            multiply(changed.scalars, base, 1)
            term = changed
    return term


def _replaced(s: Simplifier, term: Term, old: Expr, new: Expr) -> Term | None:
    """The term with one expression in place of another in one factor; None when it is not there."""
    for at, (base, k) in enumerate(term.word):
        changed = _within(s, base, old, new) if k == 1 else None
        if changed is not None:
            inside = split(changed)
            word: Word = (*term.word[:at], *inside.word, *term.word[at + 1 :])
            scalars: Scalars = dict(term.scalars)
            for scalar, power in inside.scalars.items():
                multiply(scalars, scalar, power)
            return Term(term.coefficient * inside.coefficient, scalars, word, term.shape)
    for base, exponent in term.scalars.items():
        if exponent != 1 or base.op.name not in ("mul", "index"):
            continue
        changed = _within(s, base, old, new)
        if changed is not None:
            scalars = {b: x for b, x in term.scalars.items() if b is not base}
            inside = split(changed)
            for b, x in inside.scalars.items():
                multiply(scalars, b, x)
            return Term(term.coefficient * inside.coefficient, scalars, term.word, term.shape)
    return None


def _within(s: Simplifier, e: Expr, old: Expr, new: Expr) -> Expr | None:
    if e is old:
        return new
    if e.op.name in ("transpose", "diag", "index"):
        inside = _within(s, e.args[0], old, new)
        return None if inside is None else rebuild(e, (inside,))
    if e.op.name in ("hadamard", "mul"):
        for at, g in enumerate(e.args):
            inside = _within(s, g, old, new)
            if inside is not None:
                args = (*e.args[:at], inside, *e.args[at + 1 :])
                return s.entrywise_product(args, e.shape) if e.op.name == "hadamard" else s.product(args)
    return None


def logarithm(s: Simplifier, x: Expr) -> Expr | None:
    """log of a softmax or of a sum of exponentials by its own name; None of anything else."""
    z = summed_exponentials(x)
    if z is not None:
        s.fire("log-sum-exp")
        return make("logsumexp", (z,))
    if x.op.name == "softmax":
        s.fire("log-sum-exp")
        return make("logsoftmax", x.args)
    return None


def exponential(s: Simplifier, x: Expr) -> Expr | None:
    """exp of a logarithm of a softmax or of logsumexp; None of anything else."""
    if x.op.name == "logsoftmax":
        s.fire("log-sum-exp")
        return make("softmax", x.args)
    if x.op.name == "logsumexp":
        s.fire("log-sum-exp")
        return s.apply("sum", (make("exp", x.args),))
    return None


def without_its_logsumexp(s: Simplifier, terms: list[Term]) -> list[Term]:
    """z - logsumexp(z)*ones(n) as logsoftmax(z), for a z of any number of terms."""
    for t in terms:
        if len(t.word) != 1 or t.word[0][0].op.name != "ones" or len(t.scalars) != 1:
            continue
        ((base, k),) = t.scalars.items()
        if k != 1 or base.op.name != "logsumexp" or base.args[0].shape != t.shape:
            continue
        z = base.args[0]
        wanted = {u.key: -t.coefficient * u.coefficient for u in map(split, z.args if z.op.name == "add" else (z,))}
        if wanted.keys() <= {u.key for u in terms if wanted.get(u.key) == u.coefficient}:
            s.fire("log-sum-exp")
            new = split(make("logsoftmax", (z,)))
            new.coefficient = -t.coefficient
            return [new if u is t else u for u in terms if u is t or u.key not in wanted]
    return terms


def partners(s: Simplifier, terms: list[Term]) -> list[Term]:
    """y.*sigmoid(z) + y.*sigmoid(-z) as y."""
    holding = [t for t in terms if len(t.word) == 1 and t.word[0][1] == 1 and _sigmoids(t.word[0][0])]
    if len(holding) < 2:
        return terms
    for t in holding:
        e = t.word[0][0]
        for g in _sigmoids(e):
            factors = e.args if e.op.name == "hadamard" else (e,)
            turned = make("sigmoid", (s.negated(g.args[0]),))
            other = split(s.entrywise_product(tuple(turned if h is g else h for h in factors), e.shape))
            key = frozenset(t.scalars.items()), other.word
            if other.scalars or other.coefficient != 1:
                continue
            u = next((u for u in holding if u is not t and u.key == key and u.coefficient == t.coefficient), None)
            if u is None:
                continue
            s.fire("sigmoid-complement")
            rest = tuple(ones_like(e) if h is g else h for h in factors)
            inside = split(s.entrywise_product(rest, e.shape))
            scalars: Scalars = dict(t.scalars)
            for base, k in inside.scalars.items():
                multiply(scalars, base, k)
            new = Term(t.coefficient * inside.coefficient, s.sorted_scalars(scalars), inside.word, t.shape)
            return partners(s, instead(terms, (t, u), new))
    return terms


def scalar_partners(s: Simplifier, terms: list[Term]) -> list[Term]:
    """a*sigmoid(z) + a*sigmoid(-z) as a, for a scalar z."""
    holding = [t for t in terms if any(b.op.name == "sigmoid" and k >= 1 for b, k in t.scalars.items())]
    if len(holding) < 2:
        return terms
    table = {t.key: t for t in holding}
    for t in holding:
        for g in [b for b, k in t.scalars.items() if b.op.name == "sigmoid" and k >= 1]:
            rest = dict(t.scalars)
            multiply(rest, g, -1)
            other = dict(rest)
            multiply(other, make("sigmoid", (s.negated(g.args[0]),)), 1)
            u = table.get((frozenset(other.items()), t.word))
            if u is not None and u is not t and u.coefficient == t.coefficient:
                s.fire("sigmoid-complement")
                new = Term(t.coefficient, s.sorted_scalars(rest), t.word, t.shape)
                return scalar_partners(s, instead(terms, (t, u), new))
    return terms


def _sigmoids(e: Expr) -> list[Expr]:
    return [g for g in (e.args if e.op.name == "hadamard" else (e,)) if g.op.name == "sigmoid"]
