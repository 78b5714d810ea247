"""Expressions of matrices: products, inverses, functions, equations, blocks, Kronecker products, sums with an index."""

from __future__ import annotations

from fractions import Fraction

from tests.fuzz.leaves import Leaves
from tests.fuzz.trees import ONE, SCALAR, Node, Shape, Size, nodes


class Matrices(Leaves):
    """Makes expressions of matrices."""

    def sum(self, shape: Shape, budget: int) -> Node:
        a, b = self.split(budget, 2)
        if shape[1] == ONE != shape[0] and self.chance(0.06):
            return Node("+", (self.make(shape, a), self.call("vector", shape, self.make(SCALAR, b))), shape)
        return Node(self.rng.choice("++-"), (self.make(shape, a), self.make(shape, b)), shape)

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

    def square_shape(self) -> Shape:
        n = self.size()
        return n, n

    def any_shape(self) -> Shape:
        return self.size(), self.rng.choice((ONE, self.size()))

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
        return Node(
            "+", (self.variable(shape, "pd"), self.call("diag", shape, self.positive((shape[0], ONE), budget - 2))), shape
        )

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
            return self.call(
                word, shape, self.definite(shape, a) if word == "dlogm" else self.make(shape, a), self.make(shape, b)
            )
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
        low, high = self.rng.choice(
            (("1", "N"), ("1", "N"), ("1", "3"), ("0", "2"), ("0", "q-1"), ("1", str(self.rng.choice(self.bases))))
        )
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
        if (
            high == "N"
            and self.chance(0.3)
            and body.args[0].args[1].op == "member"
            and body.args[0].args[1].args[0].data == index
        ):
            first = next((x for x in nodes(body) if x.op == "member"), None)
            if first is not None and all(x.args[0].data == index for x in nodes(body) if x.op == "member"):
                return Node("Sigma", (body,), shape, index)
        return Node("sum", (body,), shape, (index, low, high))
