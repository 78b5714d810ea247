"""Random well-shaped expressions over the whole language, with what they declare and what they are differentiated by."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from tests.fuzz.trees import ONE, SCALAR, Node, Shape, Size, Writer, count, names, nodes

SMOOTH = ("exp", "sin", "cos", "tanh", "sigmoid", "softplus", "atan", "erf", "sinh", "cosh", "gelu", "silu", "expm1", "square")
KINKED = ("abs", "relu", "sign", "step")
NARROW = ("log", "log1p", "sqrt", "asin", "acos", "tan", "recip")
GREEK = ("alpha", "Σ", "\\mu", "β", "Sigma_1", "w1", "X_2", "long_name", "θ", "Omega", "x0", "theta")
SQUARE_FACTS = ("symmetric", "pd", "skew", "diagonal", "lower", "upper", "orthogonal", "invertible", "psd", "idempotent", "contraction",
                "nonnegative", "pd diagonal", "symmetric positive", "lower invertible", "symmetric invertible", "positive", "unit")  # fmt: skip
NO_ENTRIES = frozenset({"orthogonal", "orthonormal", "simplex"})
"""Facts of variables without independent entries."""
ANY_FACTS = ("positive", "nonnegative", "unit", "contraction", "constant", "constant")


class Question(NamedTuple):
    """A question: the tree and its text, by what, what is declared (all of it, and what is said), and the conventions."""

    tree: Node
    text: str
    wrt: tuple[str, ...]
    declared: dict[str, str]
    given: str
    layout: str
    structure: str


class Grammar:
    """Makes expressions of wanted shapes; variables are declared as they are needed."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.declared: dict[str, str] = {}
        self.shapes: dict[str, Shape] = {}
        self.facts: dict[str, frozenset[str]] = {}
        self.families: dict[str, tuple[Shape, str]] = {}
        self.counted: list[str] = []
        self.indices: list[tuple[str, str, str]] = []
        self.bases = [Size.of(s) for s in rng.choice((("n",), ("n", "m"), ("n", "m"), ("m", "n", "p"), ("n", "k"), ("n", "2")))[:3]]
        self.bases = [Size.of(int(str(b))) if str(b).isdigit() else b for b in self.bases]
        if rng.random() < 0.1:
            self.bases.append(Size.of(3))

    # ---- choices -------------------------------------------------------------------------------------------------
    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def size(self) -> Size:
        base = self.rng.choice(self.bases)
        if self.chance(0.04):
            return self.rng.choice((base + 1, base * Size.of(2), base * base))
        return base

    def split(self, budget: int, parts: int) -> list[int]:
        cuts = sorted(self.rng.randint(0, max(0, budget - parts)) for _ in range(parts - 1))
        return [max(1, b - a) for a, b in zip([0, *cuts], [*cuts, budget], strict=True)]

    # ---- leaves --------------------------------------------------------------------------------------------------
    def number(self) -> Node:
        text = self.rng.choice(("2", "3", "1", "0.5", "1/2", "4", "1.5", "10", "0", "1e-1", "2", "3"))
        return Node("num", (), SCALAR, text)

    def variable(self, shape: Shape, facts: str | None = None) -> Node:
        """A declared variable of the shape, an old one or a new one."""
        wanted = frozenset((facts or "").split())
        old = [v for v, s in self.shapes.items() if s == shape and wanted <= self.facts[v] and "integer" not in self.facts[v]]
        if old and (len(old) >= 3 or self.chance(0.7)):
            return Node("name", (), shape, self.rng.choice(old))
        rows, cols = shape
        kind = "abcdfgst" if shape == SCALAR else "xyzuvwhr" if ONE in shape else "ABCEFGHMPQRSUVWXYZ"
        pool = [x for x in kind if x not in self.shapes] + [g for g in GREEK if g not in self.shapes][: 2 if self.chance(0.15) else 0]
        name = self.rng.choice(pool or [f"v{len(self.shapes)}"])
        if facts is None:
            facts = ""
            if shape == SCALAR:
                facts = self.rng.choice(("", "", "", "positive", "unit", "nonnegative"))
            elif rows == cols and self.chance(0.5):
                facts = self.rng.choice(SQUARE_FACTS)
            elif cols is ONE and self.chance(0.15):
                facts = self.rng.choice(("positive", "simplex", "unit", "nonnegative"))
            elif rows != cols and self.chance(0.12):
                facts = self.rng.choice(ANY_FACTS)
        if shape == SCALAR:
            sizes = "scalar"
        elif cols == ONE:
            sizes = f"{rows} 1" if self.chance(0.1) else str(rows)
        else:
            sizes = f"{rows} {cols}"
        self.declare(name, f"{sizes} {facts}".strip(), shape, facts)
        return Node("name", (), shape, name)

    def declare(self, name: str, text: str, shape: Shape, facts: str) -> None:
        self.declared[name], self.shapes[name], self.facts[name] = text, shape, frozenset(facts.split())

    def leaf(self, shape: Shape) -> Node:
        rows, cols = shape
        if shape == SCALAR:
            draw = self.rng.random()
            if self.indices and draw < 0.25:
                return Node("index", (), SCALAR, self.rng.choice(self.indices)[0])
            if draw < 0.3:
                return self.number()
            if draw < 0.36:
                return Node("index", (), SCALAR, str(self.size()) if len(self.bases) == 1 else str(self.rng.choice(self.bases)))
            return Node("num", (), SCALAR, "pi") if draw < 0.38 else self.variable(shape)
        if self.chance(0.08):
            if rows == cols and self.chance(0.6):
                return Node("sized", (), shape, ("eye", (rows,)))
            word = self.rng.choice(("ones", "ones", "zeros"))
            return Node("sized", (), shape, (word, (rows,) if cols == ONE else (rows, cols)))
        if cols == ONE and self.chance(0.04):
            return Node("sized", (), shape, ("e", (Size.of(self.rng.choice((1, 2))), rows)))
        if cols == ONE and rows != ONE and self.chance(0.06):
            return self.member(shape)
        if rows == ONE and self.chance(0.6):
            return Node("t", (self.leaf((cols, rows)),), shape)
        return self.variable(shape)

    def member(self, shape: Shape) -> Node:
        """A member of a family, by the index that is open where there is one."""
        found = [f for f, (s, _) in self.families.items() if s == shape]
        if found:
            name = self.rng.choice(found)
        else:
            name = next((x for x in ("xi", "zs", "obs", "fam", "w2") if x not in self.shapes and x not in self.families), "fam9")
            if name in self.families or name in self.shapes:
                return self.variable(shape)
            self.families[name] = (shape, "N")
            self.declared[f"{name}[N]"] = str(shape[0]) if shape[1] == ONE else f"{shape[0]} {shape[1]}"
        inside = [i for i, _, high in self.indices if high == "N"]
        at = Node("index", (), SCALAR, self.rng.choice([*inside, *inside, "1", "2"]))
        return Node("member", (at,), shape, name)

    # ---- of a wanted shape ---------------------------------------------------------------------------------------
    def make(self, shape: Shape, budget: int) -> Node:
        """An expression of the shape with about ``budget`` nodes."""
        if budget <= 1:
            return self.leaf(shape)
        rows, cols = shape
        ways: list[Callable[[Shape, int], Node]] = [self.sum, self.sum, self.product, self.product, self.scaled, self.turned]
        ways += [self.entries, self.applied, self.quotient, self.entry_power, self.extreme, self.series, self.narrow, self.negated]
        if shape == SCALAR:
            ways += [self.reduced, self.reduced, self.reduced, self.quadratic, self.quadratic, self.spectral, self.power, self.entry]
            ways += [self.log_sum, self.reduced]
        elif rows == cols:
            ways += [self.inverse, self.function, self.function, self.diagonal, self.matrix_power, self.gram, self.equation]
        elif cols == ONE:
            ways += [self.column, self.column, self.column, self.column]
        elif rows == ONE:
            ways += [self.row, self.row]
        if ONE not in shape:
            ways += [self.matrix, self.matrix, self.blocks, self.stacked]
        if shape != SCALAR:
            ways += [self.slice]
        return self.rng.choice(ways)(shape, budget - 1)

    def call(self, word: str, shape: Shape, *args: Node) -> Node:
        return Node("call", args, shape, word)

    def sum(self, shape: Shape, budget: int) -> Node:
        a, b = self.split(budget, 2)
        if shape[1] == ONE != shape[0] and self.chance(0.06):
            return Node("+", (self.make(shape, a), self.call("vector", shape, self.make(SCALAR, b))), shape)
        return Node(self.rng.choice("++-"), (self.make(shape, a), self.make(shape, b)), shape)

    def negated(self, shape: Shape, budget: int) -> Node:
        return Node("neg", (self.make(shape, budget),), shape)

    def product(self, shape: Shape, budget: int) -> Node:
        a, b = self.split(budget, 2)
        inner = self.size() if self.chance(0.85) else ONE
        return Node("*", (self.make((shape[0], inner), a), self.make((inner, shape[1]), b)), shape)

    def scaled(self, shape: Shape, budget: int) -> Node:
        a, b = self.split(budget, 2)
        if self.chance(0.4):
            return Node("*", (self.leaf(SCALAR), self.make(shape, budget - 1)), shape)
        pair = (self.make(SCALAR, a), self.make(shape, b))
        return Node(self.rng.choice(("*", "*", ".*")), pair if self.chance(0.7) else pair[::-1], shape)

    def quotient(self, shape: Shape, budget: int) -> Node:
        a, b = self.split(budget, 2)
        if shape != SCALAR and self.chance(0.4):
            return Node("./", (self.make(self.rng.choice((shape, SCALAR)), a), self.positive(shape, b)), shape)
        below = self.positive(SCALAR, b) if self.chance(0.8) else self.make(SCALAR, b)
        return Node("/", (self.make(shape, a), below), shape)

    def turned(self, shape: Shape, budget: int) -> Node:
        return Node("t", (self.make(shape[::-1], budget),), shape)

    def entries(self, shape: Shape, budget: int) -> Node:
        a, b = self.split(budget, 2)
        return Node(".*", (self.make(shape, a), self.make(shape, b)), shape)

    def applied(self, shape: Shape, budget: int) -> Node:
        word = self.rng.choice(SMOOTH + KINKED if self.chance(0.3) else SMOOTH)
        inside = self.make(shape, budget)
        if word in ("exp", "sinh", "cosh", "expm1") and budget > 4 and self.chance(0.6):
            inside = self.call("tanh", shape, inside)
        return self.call(word, shape, inside)

    def narrow(self, shape: Shape, budget: int) -> Node:
        """A function with a domain, mostly of what lies inside it."""
        word = self.rng.choice(NARROW)
        if self.chance(0.12):
            return self.call(word, shape, self.make(shape, budget))
        if word in ("asin", "acos", "tan"):
            return self.call(word, shape, self.call(self.rng.choice(("sigmoid", "tanh")), shape, self.make(shape, max(1, budget - 1))))
        return self.call(word, shape, self.positive(shape, budget))

    def positive(self, shape: Shape, budget: int) -> Node:
        """What is positive in every entry."""
        if budget <= 1:
            return self.variable(shape, "positive")
        inside = self.make(shape, max(1, budget - 2))
        way = self.rng.randrange(5)
        if way == 0:
            return self.call("exp", shape, self.call("tanh", shape, inside))
        if way == 1:
            return self.call(self.rng.choice(("softplus", "sigmoid", "cosh")), shape, inside)
        one = Node("num", (), SCALAR, "1")
        if shape != SCALAR:
            one = Node("sized", (), shape, ("ones", shape if shape[1] != ONE else (shape[0],)))
        if way == 2:
            return Node("+", (one, Node("^" if shape == SCALAR else ".^", (inside, Node("num", (), SCALAR, "2")), shape)), shape)
        return self.variable(shape, "positive") if way == 3 else Node("+", (self.call("abs", shape, inside), one), shape)

    def entry_power(self, shape: Shape, budget: int) -> Node:
        draw = self.rng.random()
        if draw < 0.6:
            k = Node("num", (), SCALAR, self.rng.choice(("2", "3", "2", "4")))
            return Node("^" if shape == SCALAR else ".^", (self.make(shape, budget), k), shape)
        k = Node("num", (), SCALAR, self.rng.choice(("0.5", "1.5", "2")))
        if draw < 0.8:
            return Node(".^", (self.positive(shape, budget), Node("neg", (k,), SCALAR)), shape)
        a, b = self.split(budget, 2)
        exponent = self.make(self.rng.choice((shape, SCALAR)), b)
        return Node(".^", (self.positive(shape, a), exponent), shape)

    def extreme(self, shape: Shape, budget: int) -> Node:
        if self.chance(0.6):
            return self.sum(shape, budget)
        a, b = self.split(budget, 2)
        return self.call(self.rng.choice(("maximum", "minimum")), shape, self.make(shape, a), self.make(shape, b))

    # ---- scalars -------------------------------------------------------------------------------------------------
    def square_shape(self) -> Shape:
        n = self.size()
        return n, n

    def any_shape(self) -> Shape:
        return self.size(), self.rng.choice((ONE, self.size()))

    def reduced(self, shape: Shape, budget: int) -> Node:
        word = self.rng.choice(("tr", "tr", "tr", "sum", "sum", "norm2", "norm1", "mean", "det", "logdet", "dot", "max", "min", "normnuc"))
        if word in ("tr", "det"):
            return self.call(word, SCALAR, self.make(self.square_shape(), budget))
        if word == "logdet":
            inside = self.square_shape()
            return self.call(word, SCALAR, self.definite(inside, budget) if self.chance(0.7) else self.make(inside, budget))
        if word == "dot":
            n = self.size()
            a, b = self.split(budget, 2)
            return self.call("dot", SCALAR, self.make((n, ONE), a), self.make((n, ONE), b))
        inside = (self.size(), ONE) if word in ("max", "min") else self.any_shape()
        return self.call(word, SCALAR, self.make(inside, budget))

    def quadratic(self, shape: Shape, budget: int) -> Node:
        n = self.size()
        left, middle, right = self.split(budget, 3)
        x = Node("t", (self.make((n, ONE), left),), (ONE, n))
        if self.chance(0.4):
            return Node("*", (x, self.make((n, ONE), middle + right)), SCALAR)
        return Node("*", (Node("*", (x, self.make((n, n), middle)), (ONE, n)), self.make((n, ONE), right)), SCALAR)

    def spectral(self, shape: Shape, budget: int) -> Node:
        if self.chance(0.5):
            return self.call("lambda_max", SCALAR, self.symmetric(self.square_shape(), budget))
        return self.call(self.rng.choice(("normspec", "normnuc", "norm2")), SCALAR, self.make(self.any_shape(), budget))

    def power(self, shape: Shape, budget: int) -> Node:
        if self.chance(0.5):
            k = Node("num", (), SCALAR, self.rng.choice(("2", "3", "2")))
            return Node("^", (self.make(SCALAR, budget), k), SCALAR)
        a, b = self.split(budget, 2)
        return Node("^", (self.positive(SCALAR, a), self.make(SCALAR, b)), SCALAR)

    def log_sum(self, shape: Shape, budget: int) -> Node:
        n = self.size()
        if self.chance(0.6):
            return self.call("logsumexp", SCALAR, self.make((n, ONE), budget))
        a, b = self.split(budget, 2)
        return self.call("crossentropy", SCALAR, self.make((n, ONE), a), self.make((n, ONE), b))

    def entry(self, shape: Shape, budget: int) -> Node:
        rows, cols = self.any_shape()
        at = self.rng.choice(("1", "2"))
        data = at if cols == ONE else f"{at},{self.rng.choice(('1', '2'))}"
        return Node("at", (self.make((rows, cols), budget),), SCALAR, data)

    # ---- columns and rows ----------------------------------------------------------------------------------------
    def column(self, shape: Shape, budget: int) -> Node:
        n, word = shape[0], self.rng.choice(
            ("softmax", "logsoftmax", "rowsum", "diag", "eigvalsh", "svdvals", "solve", "logsumexp_rows", "at", "*", "*")
        )  # fmt: skip
        if word in ("softmax", "logsoftmax"):
            return self.call(word, shape, self.make(shape, budget))
        if word in ("rowsum", "logsumexp_rows"):
            return self.call(word, shape, self.make((n, self.size()), budget))
        if word in ("diag", "svdvals"):
            return self.call(word, shape, self.make((n, n), budget))
        if word == "eigvalsh":
            return self.call(word, shape, self.symmetric((n, n), budget))
        a, b = self.split(budget, 2)
        if word == "solve":
            return self.call(word, shape, self.regular((n, n), a), self.make(shape, b))
        if word == "at":
            return Node("at", (self.make((n, self.size()), budget),), shape, f":,{self.rng.choice('12')}")
        k = self.size()
        return Node("*", (self.make((n, k), a), self.make((k, ONE), b)), shape)

    def row(self, shape: Shape, budget: int) -> Node:
        n = shape[1]
        if self.chance(0.4):
            return self.call("colsum", shape, self.make((self.size(), n), budget))
        if self.chance(0.3):
            return self.call(self.rng.choice(("softmax", "logsoftmax")), shape, self.make(shape, budget))
        return Node("at", (self.make((self.size(), n), budget),), shape, f"{self.rng.choice('12')},:")

    # ---- matrices ------------------------------------------------------------------------------------------------
    def regular(self, shape: Shape, budget: int) -> Node:
        """Mostly what has an inverse."""
        if budget <= 1:
            return self.variable(shape, self.rng.choice(("invertible", "pd", "orthogonal")))
        return self.definite(shape, budget) if self.chance(0.5) else self.make(shape, budget)

    def symmetric(self, shape: Shape, budget: int) -> Node:
        if budget <= 2:
            return self.variable(shape, self.rng.choice(("symmetric", "pd")))
        way = self.rng.randrange(4)
        if way == 0:
            return self.definite(shape, budget)
        if way == 1:
            a = self.make(shape, budget // 2)
            return Node("+", (a, Node("t", (a,), shape)), shape)
        if way == 2:
            a, b = self.split(budget, 2)
            return Node("+", (self.symmetric(shape, a), self.symmetric(shape, b)), shape)
        v = self.make((shape[0], ONE), budget)
        return self.call("diag", shape, v)

    def definite(self, shape: Shape, budget: int) -> Node:
        """Mostly what is positive definite."""
        if budget <= 4:
            return self.variable(shape, "pd")
        eye = Node("sized", (), shape, ("eye", (shape[0],)))
        way = self.rng.randrange(4)
        if way == 0:
            return Node("+", (self.gram(shape, budget - 2), eye), shape)
        if way == 1:
            a, b = self.split(budget, 2)
            return Node("+", (self.definite(shape, a), self.definite(shape, b)), shape)
        if way == 2:
            return self.call("expm", shape, self.symmetric(shape, budget))
        return Node("+", (self.variable(shape, "pd"), self.call("diag", shape, self.positive((shape[0], ONE), budget - 2))), shape)

    def gram(self, shape: Shape, budget: int) -> Node:
        a = self.make((shape[0], self.rng.choice((shape[0], self.size(), ONE))), budget // 2)
        return Node("*", (a, Node("t", (a,), a.shape[::-1])), shape)

    def inverse(self, shape: Shape, budget: int) -> Node:
        return self.call(self.rng.choice(("inv", "inv", "inv", "adj", "pinv")), shape, self.regular(shape, budget))

    def function(self, shape: Shape, budget: int) -> Node:
        word = self.rng.choice(("expm", "logm", "sqrtm", "chol", "eigvecs", "tril", "triu", "dexpm", "dlogm", "diag", "svdu"))
        if word in ("logm", "sqrtm", "chol"):
            return self.call(word, shape, self.definite(shape, budget))
        if word == "eigvecs":
            return self.call(word, shape, self.symmetric(shape, budget))
        if word in ("dexpm", "dlogm"):
            a, b = self.split(budget, 2)
            return self.call(word, shape, self.definite(shape, a) if word == "dlogm" else self.make(shape, a), self.make(shape, b))
        if word == "diag":
            return self.call(word, shape, self.call(word, (shape[0], ONE), self.make(shape, budget - 1)))
        if word == "expm" and self.chance(0.5):
            return self.call(word, shape, Node("/", (self.make(shape, budget), Node("num", (), SCALAR, "4")), shape))
        return self.call(word, shape, self.make(shape, budget))

    def diagonal(self, shape: Shape, budget: int) -> Node:
        return self.call("diag", shape, self.make((shape[0], ONE), budget))

    def matrix_power(self, shape: Shape, budget: int) -> Node:
        draw = self.rng.random()
        inside = [i for i, low, _ in self.indices if low == "0"]
        if inside and draw < 0.7:
            return Node("^", (self.make(shape, min(budget, 4)), Node("index", (), SCALAR, self.rng.choice(inside))), shape)
        if draw < 0.2:
            if not self.counted:
                self.counted.append("q" if "q" not in self.shapes else "q7")
                self.declare(self.counted[0], "scalar integer", SCALAR, "integer")
            return Node("^", (self.make(shape, min(budget, 5)), Node("name", (), SCALAR, self.counted[0])), shape)
        if draw < 0.35:
            power = Node("neg", (Node("num", (), SCALAR, self.rng.choice("123")),), SCALAR)
            return Node("^", (self.regular(shape, budget), power), shape)
        return Node("^", (self.make(shape, budget), Node("num", (), SCALAR, self.rng.choice("2234"))), shape)

    def equation(self, shape: Shape, budget: int) -> Node:
        a, b = self.split(budget, 2)
        word = self.rng.choice(("solve", "lyap", "sylvester"))
        left = self.definite(shape, a)
        if word == "sylvester":
            return self.call(word, shape, left, self.definite(shape, 2), self.make(shape, b))
        return self.call(word, shape, left, self.make(shape, b))

    def matrix(self, shape: Shape, budget: int) -> Node:
        rows, cols = shape
        a, b = self.split(budget, 2)
        word = self.rng.choice(("outer", "softmax_rows", "pinv", "sum", "solve", "diag*", "tril", "matrix"))
        if word == "outer":
            return self.call(word, shape, self.make((rows, ONE), a), self.make((cols, ONE), b))
        if word in ("softmax_rows", "tril"):
            return self.call(word, shape, self.make(shape, budget))
        if word == "pinv":
            return self.call(word, shape, self.make((cols, rows), budget))
        if word == "solve":
            return self.call(word, shape, self.regular((rows, rows), a), self.make(shape, b))
        if word == "diag*":
            return Node("*", (self.call("diag", (rows, rows), self.make((rows, ONE), a)), self.make(shape, b)), shape)
        if word == "matrix" and self.chance(0.3):
            return Node("-", (self.call("matrix", shape, self.leaf(SCALAR)), self.make(shape, budget)), shape)
        return self.sum(shape, budget)

    def blocks(self, shape: Shape, budget: int) -> Node:
        """Blocks, and a slice of them that has the shape."""
        rows, cols = shape
        a, b = self.split(budget, 2)
        if self.chance(0.5):
            return self.product(shape, budget)
        whole = Node("blocks", (self.make(shape, a), self.make((rows, self.size()), b)), shape, (2,))
        whole = whole._replace(shape=(rows, whole.args[0].shape[1] + whole.args[1].shape[1]))
        return Node("at", (whole,), shape, f":,1:{cols}")

    def stacked(self, shape: Shape, budget: int) -> Node:
        """What is made with vec and Kronecker products, brought back to the shape."""
        rows, cols = shape
        a, b = self.split(budget, 2)
        k = self.rng.choice((rows, cols, self.size()))
        way = self.rng.randrange(5)
        if way == 0:
            long = Node("*", (self.call("kron", (rows * cols, k * k), self.make((cols, k), a), self.make((rows, k), a)),
                              self.call("vec", (k * k, ONE), self.make((k, k), b))), (rows * cols, ONE))  # fmt: skip
            return Node("sized", (long,), shape, ("unvec", (rows, cols)))
        if way == 1:
            long = Node("*", (self.call("khatrirao", (rows * cols, k), self.make((cols, k), a), self.make((rows, k), a)),
                              self.make((k, ONE), b)), (rows * cols, ONE))  # fmt: skip
            return Node("sized", (long,), shape, ("unvec", (rows, cols)))
        if way == 2:
            turn = Node("sized", (), (rows * cols, rows * cols), ("commutation", (cols, rows)))
            long = Node("*", (turn, self.call("vec", (rows * cols, ONE), self.make((cols, rows), budget))), (rows * cols, ONE))
            return Node("sized", (long,), shape, ("unvec", (rows, cols)))
        if way == 3 and rows == cols:
            half = rows * (rows + 1) * Size({(): Fraction(1, 2)})
            double = Node("sized", (), (rows * rows, half), ("duplication", (rows,)))
            long = Node("*", (double, self.call("vech", (half, ONE), self.make(shape, budget))), (rows * rows, ONE))
            return Node("sized", (long,), shape, ("unvec", (rows, cols)))
        return Node("sized", (self.call("vec", (rows * cols, ONE), self.make(shape, budget)),), shape, ("unvec", (rows, cols)))

    def slice(self, shape: Shape, budget: int) -> Node:
        """A part of something one longer."""
        if self.chance(0.5) or budget < 2:
            return self.scaled(shape, budget)
        rows, cols = shape
        low, high = self.rng.choice((("1", str(rows)), ("2", str(rows + 1))))
        if cols == ONE:
            one = Node("blocks", (self.make(shape, budget - 2), self.make(SCALAR, 2)), (rows + 1, ONE), (1, 1))
            return Node("at", (one,), shape, f"{low}:{high}")
        one = self.make((rows + 1, cols), budget)
        return Node("at", (one,), shape, f"{low}:{high},:")

    def series(self, shape: Shape, budget: int) -> Node:
        """A sum with an index."""
        if self.chance(0.55) or budget < 4 or len(self.indices) >= 2:
            return self.product(shape, budget)
        index = self.rng.choice([i for i in ("i", "j", "l") if i not in [x[0] for x in self.indices]])
        low, high = self.rng.choice((("1", "N"), ("1", "N"), ("1", "3"), ("0", "2"), ("0", "q-1"), ("1", str(self.rng.choice(self.bases)))))
        if high == "q-1":
            if not self.counted:
                self.counted.append("q")
                if "q" in self.shapes:
                    return self.product(shape, budget)
                self.declare("q", "scalar integer", SCALAR, "integer")
            high = f"{self.counted[0]}-1"
        self.indices.append((index, low, high))
        if high == "N":
            n = self.size()
            a = self.member((n, ONE))
            rest = self.make((shape[0], n), max(1, budget // 2))
            body = Node("*", (Node("*", (rest, a), (shape[0], ONE)), self.make((ONE, shape[1]), max(1, budget // 3))), shape)
        else:
            body = self.make(shape, budget)
        self.indices.pop()
        if high == "N" and self.chance(0.3) and body.args[0].args[1].op == "member" and body.args[0].args[1].args[0].data == index:
            first = next((x for x in nodes(body) if x.op == "member"), None)
            if first is not None and all(x.args[0].data == index for x in nodes(body) if x.op == "member"):
                return Node("Sigma", (body,), shape, index)
        return Node("sum", (body,), shape, (index, low, high))


def question(rng: random.Random, most: int = 60) -> Question:
    """A random question."""
    grammar = Grammar(rng)
    budget = min(most, rng.choice((4, 6, 8, 10, 14, 20, 30, 45, 60)))
    order = rng.choice((1, 1, 1, 1, 1, 1, 1, 2, 2, 3)) if budget <= 14 else rng.choice((1, 1, 1, 1, 1, 1, 2))
    shape = SCALAR
    if rng.random() < 0.4:
        n = grammar.size()
        shape = rng.choice(((n, ONE), (n, ONE), (n, grammar.size()), (n, n), (ONE, n)))
    tree = grammar.make(shape, budget)
    if rng.random() < 0.12:
        tree = with_let(tree, rng)
    while count(tree) > most and (parts := [a for a in tree.args if not open_indices(a) and a.op != "index"]):
        tree = max(parts, key=count)
    present = sorted((names(tree) - {"T0"}) & {n for n in grammar.shapes if "constant" not in grammar.facts[n]} - set(grammar.counted))
    if not present or rng.random() < 0.01:
        present = [grammar.variable(SCALAR, "").data]
    if rng.random() < 0.8:  # a variable of few entries is worth more at second order than a third matrix
        present = sorted(present, key=lambda v: rng.random())
    wrt = tuple(rng.choice(present[:2] if k else present) for k in range(order))
    structure = rng.choice(("projected", "projected", "projected", "free", "independent"))
    if structure == "independent" and (order > 1 or tree.shape != SCALAR or grammar.facts.get(wrt[0], frozenset()) & NO_ENTRIES):
        structure = "free"
    layout = rng.choice(("mixed", "mixed", "numerator", "denominator"))
    declared = grammar.declared
    undeclared = [str(b) for b in grammar.bases if b.fixed is None and not any(str(b) in re.findall(r"\w+", t) for t in declared.values())]
    for k, size in enumerate(undeclared):  # a size is one only where a declaration says so
        declared[f"o{k}"] = size
    given = "; ".join(f"{name}: {text}" for name, text in declared.items())
    text = Writer(rng if rng.random() < 0.7 else None, hat=True).text(tree)
    return Question(tree, text, wrt, dict(declared), given, layout, structure)


def open_indices(tree: Node) -> bool:
    """Is there an index that no sum in the tree binds?"""
    found = nodes(tree)
    bound = {n.data[0] if n.op == "sum" else n.data for n in found if n.op in ("sum", "Sigma")}
    return any(n.op == "index" and n.data in ("i", "j", "l") and n.data not in bound for n in found)


def with_let(tree: Node, rng: random.Random) -> Node:
    """The tree with one of its parts named first."""
    parts = [n for n in nodes(tree) if n.args and n is not tree and n.op != "member" and not open_indices(n)]
    if not parts:
        return tree
    part = rng.choice(parts)
    named = Node("name", (), part.shape, "T0")
    return Node("let", (part, replaced(tree, part, named)), tree.shape, "T0")


def replaced(tree: Node, old: Node, new: Node) -> Node:
    """The tree with one part in place of another."""
    if tree is old or tree == old:
        return new
    return tree._replace(args=tuple(replaced(a, old, new) for a in tree.args))
