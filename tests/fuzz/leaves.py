"""The smallest expressions: variables with their declarations, numbers, constants, members of families."""

from __future__ import annotations

import random

from tests.fuzz.trees import ONE, SCALAR, Node, Shape, Size

GREEK = ("alpha", "Σ", "\\mu", "β", "Sigma_1", "w1", "X_2", "long_name", "θ", "Omega", "x0", "theta")
SQUARE_FACTS = ("symmetric", "pd", "skew", "diagonal", "lower", "upper", "orthogonal", "invertible", "psd", "idempotent", "contraction",
                "nonnegative", "pd diagonal", "symmetric positive", "lower invertible", "symmetric invertible", "positive", "unit")  # fmt: skip
ANY_FACTS = ("positive", "nonnegative", "unit", "contraction", "constant", "orthonormal")


class Leaves:
    """Makes expressions without arguments; variables are declared as they are needed."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.declared: dict[str, str] = {}
        self.shapes: dict[str, Shape] = {}
        self.facts: dict[str, frozenset[str]] = {}
        self.families: dict[str, tuple[Shape, str]] = {}
        self.counted: list[str] = []
        self.indices: list[tuple[str, str, str]] = []
        self.bases = [
            Size.of(s) for s in rng.choice((("n",), ("n", "m"), ("n", "m"), ("m", "n", "p"), ("n", "k"), ("n", "2")))[:3]
        ]
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
        pool = [x for x in kind if x not in self.shapes] + [g for g in GREEK if g not in self.shapes][
            : 2 if self.chance(0.15) else 0
        ]
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

    def make(self, shape: Shape, budget: int) -> Node:
        """An expression of the shape with about ``budget`` nodes."""
        return self.leaf(shape)

    def call(self, word: str, shape: Shape, *args: Node) -> Node:
        return Node("call", args, shape, word)
