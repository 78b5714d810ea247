"""Sums in normal form: like terms collected, and what terms share in front, behind and beside them taken out."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING, Any

from closedform.core.dim import ONE
from closedform.core.errors import Refusal
from closedform.core.expr import Expr, Shape, make
from closedform.core.limits import said, tick
from closedform.core.walk import tree_size
from closedform.ops.build import num, transpose, zero
from closedform.rewrite import denominators
from closedform.rewrite.series import joined
from closedform.rewrite.softmax import partners, scalar_partners, without_its_logsumexp
from closedform.rewrite.stacked import STACKED
from closedform.rewrite.term import Rational, Scalars, Term, Word, is_zero, join, multiply, split

if TYPE_CHECKING:
    from closedform.rewrite.engine import Simplifier


def added(s: Simplifier, parts: list[Expr], shape: Shape) -> Expr:
    """The sum of simplified terms."""
    table: dict[Any, Term] = {}
    for term in _opened(s, parts):
        if not term.coefficient:
            continue
        found = table.get(term.key)
        if found is None:
            table[term.key] = term
        else:
            s.fire("collect")
            found.coefficient += term.coefficient
    terms = [t for t in table.values() if t.coefficient]
    if not terms:
        return zero(*shape)
    if shape[0].integer is not None and shape[1].integer is not None and not (shape[0] is ONE and shape[1] is ONE):
        entries = s.entries(terms, shape)
        if entries is not None:
            return entries
    if len(terms) == 1:
        return join(terms[0])
    for met in (denominators.met, _complements, _logistic_variance, scalar_partners, partners, without_its_logsumexp, joined):
        terms = met(s, terms)
    if not terms:
        return zero(*shape)
    if len(terms) == 1:
        return join(terms[0])
    terms.sort(key=lambda t: term_key(s, t))
    if s.expand:
        if len(terms) > s.most:
            raise Refusal(said("expansion", f"multiplying out gives {len(terms):,} terms", s.most))
        return make("add", tuple(join(t) for t in terms))
    return factored(s, terms, shape)


def _complements(s: Simplifier, terms: list[Term]) -> list[Term]:
    """1 - sigmoid(z) as sigmoid(-z), entry by entry."""
    for t in terms:
        z = _sigmoid_argument(t)
        if z is None:
            continue
        for u in terms:
            if _is_constant_one(u) and u.coefficient == -t.coefficient:
                s.fire("sigmoid-complement")
                new = split(make("sigmoid", (s.negated(z),)))
                new.coefficient *= u.coefficient
                return [new if v is t else v for v in terms if v is not u]
    return terms


def _logistic_variance(s: Simplifier, terms: list[Term]) -> list[Term]:
    """sigmoid(z) - sigmoid(z).^2 as sigmoid(z).*sigmoid(-z), entry by entry."""
    for t in terms:
        z = _sigmoid_argument(t)
        if z is None:
            continue
        square = s.entry_power(make("sigmoid", (z,)), 2) if not z.is_scalar else s.scalar_power(make("sigmoid", (z,)), num(2))
        wanted = split(square)
        for u in terms:
            if u.coefficient == -t.coefficient and u.key == wanted.key:
                s.fire("sigmoid-complement")
                pair = (make("sigmoid", (z,)), make("sigmoid", (s.negated(z),)))
                new = split(s.product(pair) if z.is_scalar else s.entrywise_product(pair, z.shape))
                new.coefficient *= t.coefficient
                return [new if v is t else v for v in terms if v is not u]
    return terms


def _sigmoid_argument(t: Term) -> Expr | None:
    if len(t.word) == 1 and not t.scalars and t.word[0][1] == 1:
        base = t.word[0][0]
    elif not t.word and len(t.scalars) == 1 and next(iter(t.scalars.values())) == 1:
        base = next(iter(t.scalars))
    else:
        return None
    return base.args[0] if base.op.name == "sigmoid" else None


def _is_constant_one(t: Term) -> bool:
    if t.scalars:
        return False
    if t.shape[0] is ONE and t.shape[1] is ONE:
        return not t.word
    return len(t.word) == 1 and t.word[0][0].op.name == "ones"


def _opened(s: Simplifier, parts: list[Expr]) -> list[Term]:
    """The terms of the parts, sums (and numbers times sums) opened.  Fresh objects: the caller changes them."""
    out = []
    for part in parts:
        if is_zero(part):
            continue
        if part.op.name == "add":
            out.extend(_opened(s, list(part.args)))
            continue
        term = split(part)
        inside = None
        if len(term.word) == 1 and not term.scalars and term.word[0][1] == 1:
            inside = term.word[0][0]
        elif not term.word and part.is_scalar and len(term.scalars) == 1:
            ((base, k),) = term.scalars.items()
            inside = base if k == 1 else None
        if inside is None or len(parts) == 1:
            out.append(term)
            continue
        turned = inside.op.name == "transpose" and inside.args[0].op.name == "add"
        if turned or inside.op.name == "add":
            terms = [s.transposed(t) for t in inside.args[0].args] if turned else list(inside.args)
            for t in _opened(s, terms):
                t.coefficient *= term.coefficient
                out.append(t)
        else:
            out.append(term)
    return out


LAST = ((10**9,), 0)
FIRST = ((-1,), 0)


def term_key(s: Simplifier, term: Term) -> Any:
    """Descending powers in the user's order of symbols; a constant matrix first, a constant number last."""
    tick(1 + (len(term.scalars) + len(term.word)) // 4)
    lead = [(s.order.key(base)[0], -k) for base, k in term.scalars.items()]
    lead += [(s.order.key(base)[0], -k) for base, k in term.word]
    if not lead or lead[0][0] == ():
        lead.insert(0, FIRST if term.word or not (term.shape[0] is ONE and term.shape[1] is ONE) else LAST)
    full = [s.order.key(base) for base, _ in (*term.scalars.items(), *term.word)]
    return lead, sum(k[1] for k in full), len(full), full, [k for _, k in (*term.scalars.items(), *term.word)]


def content(terms: list[Term]) -> Rational:
    """The rational number that divides every coefficient; its sign is that of the first."""
    top, bottom = 0, 1
    for t in terms:
        top = gcd(top, t.coefficient.numerator)
        bottom = bottom * t.coefficient.denominator // gcd(bottom, t.coefficient.denominator)
    if any(abs(t.coefficient) != abs(terms[0].coefficient) for t in terms):
        bottom = 1 if bottom == 1 else bottom
    value: Rational = Fraction(top, bottom) if bottom != 1 else top
    return -value if terms[0].coefficient < 0 else value


def factored(s: Simplifier, terms: list[Term], shape: Shape) -> Expr:
    """The sum of two or more terms with what they share in front, behind and beside them taken out."""
    terms = _same_kronecker(s, _same_words(s, terms))
    if len(terms) == 1:
        return join(terms[0])
    number = content(terms)
    if number != 1:
        terms = [_over(t, number) for t in terms]
    shared = _shared_scalars(terms)
    if shared:
        less = []
        for t in terms:
            rest = dict(t.scalars)
            for base, k in shared.items():
                multiply(rest, base, -k)
            less.append(Term(t.coefficient, rest, t.word, t.shape))
        less = _complements(s, less)
        plain = _by_words(s, terms, shape)
        taken = added(s, [join(t) for t in less], shape) if len(less) > 1 else join(less[0])
        inside = split(taken)
        together: Scalars = dict(shared)
        for base, k in inside.scalars.items():
            multiply(together, base, k)
        outside = join(Term(inside.coefficient, s.sorted_scalars(together), inside.word, shape))
        if tree_size(outside) < tree_size(plain):
            s.fire("common-scalar")
            plain = outside
    else:
        plain = _by_words(s, terms, shape)
    if number == 1:
        return plain
    inner = split(plain)
    return join(Term(inner.coefficient * number, inner.scalars, inner.word, shape))


def _same_words(s: Simplifier, terms: list[Term]) -> list[Term]:
    """Terms that differ in their scalars only, put together."""
    groups: dict[Word, list[Term]] = {}
    for t in terms:
        if t.word:
            groups.setdefault(t.word, []).append(t)
    if len(groups) == len(terms) or not any(len(g) > 1 for g in groups.values()):
        return terms
    s.fire("common-word")
    out: list[Term] = []
    for t in terms:
        group = groups.get(t.word, [t])
        if len(group) == 1:
            out.append(t)
        elif group[0] is t:
            amount = split(added(s, [join(Term(g.coefficient, g.scalars, (), (ONE, ONE))) for g in group], (ONE, ONE)))
            out.append(Term(amount.coefficient, amount.scalars, t.word, t.shape))
    return out


def _same_kronecker(s: Simplifier, terms: list[Term]) -> list[Term]:
    """kron(A, B) + kron(A, C) as kron(A, B + C), and the same for the other factor."""
    for side in (0, 1):
        groups: dict[object, list[Term]] = {}
        for t in terms:
            if len(t.word) == 1 and t.word[0][1] == 1 and t.word[0][0].op.name == "kron":
                groups.setdefault((t.word[0][0].args[side], frozenset(t.scalars.items())), []).append(t)
        for group in groups.values():
            if len(group) < 2:
                continue
            s.fire("common-kronecker")
            kept, others = group[0].word[0][0].args[side], [t.word[0][0].args[1 - side] for t in group]
            shape = others[0].shape
            inner = s.sum([join(_scaled(t.coefficient, split(e))) for t, e in zip(group, others, strict=True)], shape)
            merged = split(s.apply("kron", (kept, inner) if side == 0 else (inner, kept)))
            scalars: Scalars = dict(group[0].scalars)
            for base, k in merged.scalars.items():
                multiply(scalars, base, k)
            new = Term(merged.coefficient, s.sorted_scalars(scalars), merged.word, group[0].shape)
            terms = [new if t is group[0] else t for t in terms if t is group[0] or not any(t is g for g in group)]
    for name in ("diag", "vec"):
        terms = _same_linear(s, terms, name)
    return [t for t in terms if t.coefficient] or terms[:1]


def _same_linear(s: Simplifier, terms: list[Term], name: str) -> list[Term]:
    """diag(x) + diag(y) as diag(x + y), and the same for vec."""
    group = [t for t in terms if len(t.word) == 1 and t.word[0][1] == 1 and t.word[0][0].op.name == name]
    if name == "vec":  # the matrices may differ in shape
        group = [t for t in group if t.word[0][0].args[0].shape == group[0].word[0][0].args[0].shape]
    if len(group) < 2:
        return terms
    s.fire("common-diagonal" if name == "diag" else "common-vec")
    amounts = [join(Term(t.coefficient, t.scalars, (), (ONE, ONE))) for t in group]
    shape = group[0].word[0][0].args[0].shape
    inner = s.sum([s.product((c, t.word[0][0].args[0])) for c, t in zip(amounts, group, strict=True)], shape)
    new = split(s.apply(name, (inner,)))
    return [new if t is group[0] else t for t in terms if t is group[0] or not any(t is g for g in group)]


def _scaled(c: Rational, term: Term) -> Term:
    term.coefficient *= c
    return term


def _over(term: Term, number: Rational) -> Term:
    value = Fraction(term.coefficient) / number
    return Term(value.numerator if value.denominator == 1 else value, term.scalars, term.word, term.shape)


def _shared_scalars(terms: list[Term]) -> Scalars:
    out: Scalars = {}
    for base, k in terms[0].scalars.items():
        exponents = [t.scalars.get(base, 0) for t in terms]
        if all(x > 0 for x in exponents):
            out[base] = min(exponents)
        elif all(x < 0 for x in exponents):
            out[base] = max(exponents)
        del k
    return out


def _by_words(s: Simplifier, terms: list[Term], shape: Shape) -> Expr:
    terms = _grouped(s, terms)
    if len(terms) == 1:
        return join(terms[0])
    left: list[tuple[Expr, int]] = []
    right: list[tuple[Expr, int]] = []
    words = [list(t.word) for t in terms]
    while all(len(w) > 1 for w in words) and all(w[0] == words[0][0] for w in words):
        left.append(words[0][0])
        words = [w[1:] for w in words]
    while all(len(w) > 1 for w in words) and all(w[-1] == words[0][-1] for w in words):
        right.insert(0, words[0][-1])
        words = [w[:-1] for w in words]
    if not left and not right:
        return _closed(s, terms)
    s.fire("common-factor")
    rows = words[0][0][0].rows
    cols = words[0][-1][0].cols
    inner = added(
        s, [join(Term(t.coefficient, t.scalars, tuple(w), (rows, cols))) for t, w in zip(terms, words, strict=True)], (rows, cols)
    )
    return s.product((*_factors(left), inner, *_factors(right)))


def _factors(letters: list[tuple[Expr, int]]) -> list[Expr]:
    return [join(Term(1, {}, (pair,), pair[0].shape)) for pair in letters]


def _grouped(s: Simplifier, terms: list[Term]) -> list[Term]:
    """Terms that share their last (or first) factor put together, the most frequent one first."""
    if len(terms) < 3:
        return terms
    while True:
        counts: dict[tuple[int, Expr, int], list[Term]] = {}
        for t in terms:
            if len(t.word) > 1:
                for end in (-1, 0):
                    counts.setdefault((end, *t.word[end]), []).append(t)
        ranked = [(len(ts), end, ts) for (end, _, _), ts in counts.items() if len(ts) > 1]
        if not ranked or len(ranked[0][2]) == len(terms):
            return terms
        _, end, group = max(ranked, key=lambda r: (r[0], r[1]))
        if len(group) == len(terms):
            return terms
        merged = split(_by_words(s, group, group[0].shape))
        if len(merged.word) == 1 and merged.word[0][0].op.name == "add":
            return terms
        at = terms.index(group[0])
        kept = [t for t in terms if not any(t is g for g in group)]
        terms = [*kept[:at], merged, *kept[at:]]
        if len(terms) < 3:
            return terms


def _closed(s: Simplifier, terms: list[Term]) -> Expr:
    """The sum as one node, written the way round that needs fewer transposes."""
    terms = sorted(terms, key=lambda t: term_key(s, t))
    number = content(terms)
    if number != 1:
        inner = split(_one_node(s, [_over(t, number) for t in terms]))
        return join(Term(inner.coefficient * number, inner.scalars, inner.word, inner.shape))
    return _one_node(s, terms)


def _one_node(s: Simplifier, terms: list[Term]) -> Expr:
    parts = [join(t) for t in terms]
    out = make("add", tuple(parts))
    if out.is_column:
        return out
    turns = sum(s.order.key(p)[1] for p in parts) + (out.rows is ONE)  # a row is the transpose of a column
    if turns <= 1 or any(base.op.name in STACKED for t in terms for base, _ in t.word):
        return out
    turned = [s.transposed(p) for p in parts]
    if sum(s.order.key(p)[1] for p in turned) + 1 < turns:
        s.fire("transpose-out")
        return transpose(added(s, turned, (out.cols, out.rows)))
    return _paired(s, parts, turned) if out.is_square and len(parts) % 2 == 0 else out


def _paired(s: Simplifier, parts: list[Expr], turned: list[Expr]) -> Expr:
    """A + B + A' + B' as A + B + (A + B)', where that is shorter."""
    out = make("add", tuple(parts))
    if len(parts) < 4:
        return out
    left = dict(zip(parts, turned, strict=True))
    kept: list[Expr] = []
    while left:
        part, other = next(iter(left.items()))
        if other is part or other not in left:
            return out
        kept.append(part)
        del left[part], left[other]
    half = make("add", tuple(kept))
    pair = make("add", (*kept, transpose(half)))
    if tree_size(pair) >= tree_size(out):
        return out
    s.fire("symmetric-part")
    return pair
