"""Named identities of determinants and Kronecker products, used in one direction."""

from __future__ import annotations

from fractions import Fraction

from closedform.core.bound import amount
from closedform.core.dim import ONE
from closedform.core.expr import Expr, make
from closedform.core.infer import known
from closedform.core.walk import postorder, rebuild
from closedform.ops.build import identity, num, power, product, total, transpose
from closedform.rewrite.engine import Simplifier
from closedform.rewrite.order import Order
from closedform.rewrite.term import Term, factor, join, split

PRODUCT = "det(A*B) = det(A)*det(B)"
LEMMA = "det(A + U*V) = det(A)*det(I + inv(A)*U*V)"
SYLVESTER = "det(I + A*B) = det(I + B*A)"
KRONECKER = "inv(kron(A, B)) = kron(inv(A), inv(B))"
ADJUGATE = "adj(A) = det(A)*inv(A)"
LOGARITHM = "log(det(A)) = logdet(A) where det(A) > 0"


class Named:
    """Rewrites determinants and inverses of Kronecker products; ``used`` says by which identities, ``needed`` are the
    matrices that must be invertible besides."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.used: dict[str, None] = {}
        self.needed: dict[Expr, None] = {}
        self.simple = Simplifier(order)

    def rewritten(self, e: Expr) -> Expr:
        """The expression with the identities used wherever they fit, arguments first."""
        done: dict[Expr, Expr] = {}
        for node in postorder(e):
            raw = rebuild(node, tuple(done[a] for a in node.args))
            done[node] = self._node(raw)
        return done[e]

    def _node(self, node: Expr) -> Expr:
        name = node.op.name
        if name in ("det", "logdet"):
            return self._determinant(self.simple.canonical(node.args[0]), log=name == "logdet")
        if name == "log" and node.is_scalar:
            inside = self.simple.canonical(node.args[0])
            if inside.op.name == "det":
                self.used[LOGARITHM] = None
                return self._determinant(inside.args[0], log=True)
        if name == "inv":
            inside = self.simple.canonical(node.args[0])
            if inside.op.name == "kron" and all(a.is_square for a in inside.args):
                self.used[KRONECKER] = None
                return make("kron", tuple(make("inv", (a,)) for a in inside.args))
        if name == "adj":
            self.used[ADJUGATE] = None
            A = node.args[0]
            self.needed[A] = None
            return product(self._determinant(self.simple.canonical(A), log=False), make("inv", (A,)))
        return node

    def _determinant(self, A: Expr, *, log: bool) -> Expr:
        if A.is_scalar:
            return make("log", (make("abs", (A,)),)) if log else A
        if A.op.name == "add":
            return self._of_sum(A, log)
        term = split(A)
        if not term.coefficient or (len(term.word) == 1 and term.word[0][1] == 1 and term.coefficient == 1 and not term.scalars):
            return make("logdet" if log else "det", (A,))
        if not all(base.is_square for base, _ in term.word):
            return make("logdet" if log else "det", (A,))
        self.used[PRODUCT] = None
        outside = join(Term(term.coefficient, dict(term.scalars), (), (ONE, ONE)))
        parts = [] if outside.op.name == "number" and outside.params[0] == 1 else [self._of_number(outside, A, log)]
        for base, k in term.word:
            one = make("logdet" if log else "det", (base.args[0] if base.op.name == "transpose" else base,))
            parts.append((product(num(k), one) if log else power(one, k)) if k != 1 else one)
        if not parts:
            return num(0) if log else num(1)
        return total(*parts) if log else product(*parts)

    def _of_number(self, c: Expr, A: Expr, log: bool) -> Expr:
        """det(c*I) or its logarithm."""
        n = amount(A.rows)
        return product(n, make("log", (make("abs", (c,)),))) if log else make("pow", (c, n))

    def _of_sum(self, A: Expr, log: bool) -> Expr:
        """det(L + W) with a word W of several letters: det(L)*det(I + inv(L)*W), the word turned as far as it goes."""
        terms = [split(t) for t in A.args]
        if len(terms) != 2:
            return make("logdet" if log else "det", (A,))
        for t in terms:
            t.word = tuple(pair for pair in t.word if pair[0].op.name != "eye")
        heads = [t for t in terms if len(t.word) <= 1 and all(b.is_square for b, _ in t.word)]
        heads.sort(key=lambda t: len(t.word))
        if not heads:
            return make("logdet" if log else "det", (A,))
        L = heads[0]
        W = terms[0] if terms[1] is L else terms[1]
        if len(W.word) < 2:
            return make("logdet" if log else "det", (A,))
        word = W.word
        parts: list[Expr] = []
        head = join(L)
        if L.word:
            base, k = L.word[0]
            word = ((base, -k), *word)
            self.needed[base] = None
            self.used[LEMMA] = None
        if head.op.name != "eye":
            parts.append(self._determinant(head, log=log))
        scalars = dict(W.scalars)
        for s, exponent in L.scalars.items():
            scalars[s] = scalars.get(s, 0) - exponent
        ratio = Fraction(W.coefficient) / Fraction(L.coefficient)
        scale = join(Term(ratio, {s: k for s, k in scalars.items() if k}, (), (ONE, ONE)))
        parts.append(self._turned(scale, [factor(b, k) for b, k in word], log))
        if len(parts) == 1:
            return parts[0]
        return total(*parts) if log else product(*parts)

    def _turned(self, scale: Expr, word: list[Expr], log: bool) -> Expr:
        """det(I + c*W) for the cyclic rotation of W, or of its transpose, that comes first in order."""
        candidates = []
        for letters in (word, [transpose(g) for g in reversed(word)]):
            for k in range(len(letters)):
                turned = self.simple.canonical(product(*letters[k:], *letters[:k]))
                size = 0 if turned.is_scalar else 1
                candidates.append(((size, str(turned.rows), self.order.key(turned)), turned))
        first = self.simple.canonical(product(*word))
        best = min(candidates, key=_place)[1]
        if best is not first:
            self.used[SYLVESTER] = None
        inner = total(identity(best.rows), product(scale, best))
        if best.is_scalar:
            return make("log", (make("abs", (inner,)),)) if log else inner
        return make("logdet" if log else "det", (inner,))


def _place(pair: tuple[tuple[int, str, object], Expr]) -> tuple[int, str, object]:
    return pair[0]


def assumed(named: Named) -> tuple[str, ...]:
    """What must be invertible besides, in words."""
    return tuple(f"{e} is invertible" for e in named.needed if not known(e, "invertible"))
