"""Random well-shaped expressions over the whole language."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.matrices import Matrices
from tests.fuzz.trees import ONE, SCALAR, Node, Shape

SMOOTH = ("exp", "sin", "cos", "tanh", "sigmoid", "softplus", "atan", "erf", "sinh", "cosh", "gelu", "silu", "expm1", "square")
KINKED = ("abs", "relu", "sign", "step")
NARROW = ("log", "log1p", "sqrt", "asin", "acos", "tan", "recip")


class Grammar(Matrices):
    """Makes expressions of wanted shapes; variables are declared as they are needed."""

    # ---- of a wanted shape ---------------------------------------------------------------------------------------
    def make(self, shape: Shape, budget: int) -> Node:
        """An expression of the shape with about ``budget`` nodes."""
        if budget <= 1:
            return self.leaf(shape)
        rows, cols = shape
        ways: list[Callable[[Shape, int], Node]] = [self.sum, self.sum, self.product, self.product, self.scaled, self.turned]
        ways += [
            self.entries,
            self.applied,
            self.quotient,
            self.entry_power,
            self.extreme,
            self.series,
            self.narrow,
            self.negated,
        ]
        if shape == SCALAR:
            ways += [
                self.reduced,
                self.reduced,
                self.reduced,
                self.quadratic,
                self.quadratic,
                self.spectral,
                self.power,
                self.entry,
            ]
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

    def negated(self, shape: Shape, budget: int) -> Node:
        return Node("neg", (self.make(shape, budget),), shape)

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
            return self.call(
                word, shape, self.call(self.rng.choice(("sigmoid", "tanh")), shape, self.make(shape, max(1, budget - 1)))
            )
        return self.call(word, shape, self.positive(shape, budget))

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
    def reduced(self, shape: Shape, budget: int) -> Node:
        word = self.rng.choice(
            ("tr", "tr", "tr", "sum", "sum", "norm2", "norm1", "mean", "det", "logdet", "dot", "max", "min", "normnuc")
        )
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
