"""Text to a program for a stack machine: operands first, then the operator, each with its column.

The parser keeps its own stack, so nesting costs nothing; it knows the scope only to tell names from function words.
"""

from __future__ import annotations

from typing import Any

from closedform.core.bound import MARK
from closedform.core.dim import Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.limits import limits, said
from closedform.lang.declare import Scope
from closedform.lang.precedence import INFIX, LOWEST, POWER, UNARY
from closedform.lang.program import CLOSING, Instruction, Open, Program, no_value, side_by_side, unclosed, wrong
from closedform.lang.series import counts
from closedform.lang.sizes import positive, read_size
from closedform.lang.tokens import Token, number, tokenize
from closedform.lang.words import ARITY, FILLED, FIRST_SIZE, LONG, meant

EXPONENT_SIGN = POWER + 1
"""The level of a sign directly after ^, which belongs to the exponent alone."""

DEEPEST_SUM = 12
"""So many sums with an index may stand inside each other."""


def parse_program(text: str, scope: Scope) -> Program:
    """The program of a text.

    >>> [step.code for step in parse_program("-x'*y", Scope({})).steps]
    ['name', "'", 'neg', 'name', '*']
    """
    return _Parser(text, scope).run()


class _Parser:
    def __init__(self, text: str, scope: Scope) -> None:
        self.text, self.scope = text, scope
        self.tokens = tokenize(text)
        self.at = 0
        self.steps: list[Instruction] = []
        self.stack: list[tuple[int, str, Token | None, Open | None]] = []
        self.names: dict[str, Token] = {}
        self.sizes: dict[str, Token] = {}
        self.lets: set[str] = set()
        self.fills = False
        self.bound: dict[str, list[str]] = {}
        """The indices that are open here, each with its names inside, the innermost last."""
        self.sums = 0
        self.after_power = -1
        """How many steps there were when X^T was read: a transpose directly after it is refused."""

    def run(self) -> Program:
        self.statement()
        want = True
        deepest = limits.depth or len(self.tokens)
        while True:
            token = self.tokens[self.at]
            if len(self.stack) > deepest:
                raise Refusal(
                    said("depth", f"brackets, calls and signs stand more than {deepest:,} deep inside each other"),
                    source=self.text, column=token.start,
                )  # fmt: skip
            if want:
                want = self.operand(token)
            elif token.kind == "end":
                self.finish(token)
                break
            else:
                want = self.operator(token)
        for name, token in self.names.items():
            if name in self.lets:
                raise self.wrong(f"{name} is used before let {name} = ... gives it a meaning", token)
        for name, token in self.sizes.items():
            if name in self.lets:
                raise self.wrong(f"{name} is a size here and cannot be named by let as well", token)
        return Program(self.text, self.steps, self.names, self.sizes, self.fills)

    # ---- where a value is wanted: True when it still is ---------------------------------------------------------
    def operand(self, token: Token) -> bool:
        kind, text = token.kind, token.text
        if kind == "num":
            self.emit("num", number(token, self.text), token)
        elif kind == "name":
            if self.tokens[self.at + 1].text == "(" and self.tokens[self.at + 1].kind == "op":
                return self.call(token)
            if text in self.bound:
                self.emit("size", Dim.of(self.bound[text][-1]), token)
            elif text in self.lets:
                self.emit("let", text, token)
            else:
                self.names.setdefault(text, token)
                self.emit("name", text, token)
        elif text in ("+", "-") and kind == "op":
            top = self.stack[-1][0] if self.stack else LOWEST
            if top == EXPONENT_SIGN:
                raise self.wrong("two signs after a power; write brackets around the exponent", token)
            level = EXPONENT_SIGN if top == POWER else UNARY
            if text == "-" or level == EXPONENT_SIGN:
                self.stack.append((level, "neg" if text == "-" else "pos", token, None))
            self.at += 1
            return True
        elif text == "∑" and self.tokens[self.at + 1].kind == "name" and self.tokens[self.at + 2].text == "(":
            self.at += 1
            return self.sum_over_all(token, self.tokens[self.at].text.lstrip("_"))
        elif text == "(" or text == "[" or text == "‖":
            self.stack.append((LOWEST, text, token, Open(text, token)))
            self.at += 1
            return True
        else:
            raise no_value(self.text, self.tokens[self.at - 1] if self.at else None, token)
        self.at += 1
        return False

    def call(self, token: Token) -> bool:
        word = token.text
        if word in self.lets or word in self.scope.symbols:
            if word in LONG:
                raise self.wrong(f"{word} is declared here; the function is written {LONG[word]}(...)", token)
            if word not in ARITY:
                raise self.wrong(f"{word} is a variable and cannot be called; write {word}*(...) for a product", token)
        word = LONG.get(word, word)
        if word == "sum" and self.tokens[self.at + 2].kind == "name" and self.tokens[self.at + 3].text == "in":
            return self.sum_over(token)
        if word not in ARITY:
            if self.text[token.start] == "Σ" and word != "Sigma":
                return self.sum_over_all(token, word.removeprefix("Sigma").lstrip("_"))
            near = meant(word)
            raise self.wrong(
                f"{word!r} is not a function of the language" + (f"; {near!r} is meant, perhaps" if near else ""), token
            )
        self.fills = self.fills or word in FILLED
        opened = Open("call", token, word)
        self.stack.append((LOWEST, "call", token, opened))
        self.at += 2
        following = self.tokens[self.at]
        if following.text == ")" and following.kind == "op":
            raise self.wrong(f"{token.text} takes {_counted(ARITY[word])}, none is given", following)
        if FIRST_SIZE.get(word) == 0:
            self.size_arguments(opened)
            return False
        return True

    # ---- sums with an index ---------------------------------------------------------------------------------------
    def sum_over(self, token: Token) -> bool:
        """Read ``sum(i in low..high,`` and open the sum."""
        index = self.tokens[self.at + 2]
        self.at += 4
        low = self.size()
        self.expect("..", token, "the range of an index is written low..high, as in sum(i in 1..N, ...)")
        high = self.size()
        self.expect(",", token, "',' and the terms are wanted after the range of an index")
        return self.open_sum(token, index.text, [low, high])

    def sum_over_all(self, token: Token, index: str) -> bool:
        """Open a sum ``Σ_i (`` whose range is that of what it indexes."""
        self.at += 2
        return self.open_sum(token, index, [])

    def open_sum(self, token: Token, index: str, bounds: list[Dim]) -> bool:
        if not index or index in ("let", "in", "pi") or index[0].isdigit() or index.startswith("_"):
            raise self.wrong(f"{index or token.text!r} cannot be the name of an index", token)
        if sum(len(names) for names in self.bound.values()) >= DEEPEST_SUM:
            raise Refusal(
                f"sums with an index stand inside each other at most {DEEPEST_SUM} deep",
                source=self.text, column=token.start, width=token.end - token.start,
            )  # fmt: skip
        self.sums += 1
        opened = Open("series", token, f"{MARK}p{self.sums}")
        opened.sizes, opened.index = bounds, index
        self.bound.setdefault(index, []).append(opened.word)
        self.stack.append((LOWEST, "call", token, opened))
        return True

    def expect(self, mark: str, start: Token, message: str) -> None:
        token = self.tokens[self.at]
        if token.kind != "op" or token.text != mark:
            raise self.wrong(message, token if token.kind != "end" else start)
        self.at += 1

    def size(self) -> Dim:
        """Read a size, in which indices may stand."""
        found, self.at = read_size(self.tokens, self.at, self.text, self.use_size)
        if not self.bound or not found.names & self.bound.keys():
            return found
        return found.substitute({name: Dim.of(names[-1]) for name, names in self.bound.items()})

    def size_arguments(self, opened: Open) -> None:
        """Read the remaining arguments of a call, all sizes, and close it."""
        while True:
            first = self.tokens[self.at]
            size = self.size()
            opened.sizes.append(positive(size, first, self.text, self.tokens[self.at - 1].end))
            token = self.tokens[self.at]
            if token.text == "," and token.kind == "op":
                self.at += 1
            elif token.text == ")":
                return self.close(token)
            else:
                raise unclosed(self.text, opened, token)

    def use_size(self, token: Token) -> None:
        name = token.text
        if name in self.bound:
            return
        if name in self.lets or (name in self.scope.symbols and not counts(self.scope.symbols[name])):
            raise self.wrong(f"{name} is a variable here; a size is wanted: a name of a size, or an integer", token)
        self.sizes.setdefault(name, token)

    # ---- after a value: True when another one is wanted next ------------------------------------------------------
    def operator(self, token: Token) -> bool:
        kind, text = token.kind, token.text
        if kind != "op":
            raise side_by_side(self.text, self.tokens[self.at - 1], token)
        level = INFIX.get(text)
        if level is not None:
            self.reduce(level)
            self.at += 1
            if text == "^" and self.transposed(token):
                return False
            self.stack.append((level, text, token, None))
            return True
        if text == "'":
            top = self.stack[-1][0] if self.stack else LOWEST
            if top in (POWER, EXPONENT_SIGN) or self.after_power == len(self.steps):
                raise self.wrong(
                    "a transpose directly after an exponent has two readings, (a^b)' and a^(b'); write brackets", token
                )
            self.emit("'", None, token)
            self.at += 1
            return False
        if text == "[":
            self.index(token)
            return False
        if text in (",", ";"):
            return self.separator(token)
        if text in (")", "]", "‖"):
            self.close(token)
            return False
        raise side_by_side(self.text, self.tokens[self.at - 1], token)

    def transposed(self, hat: Token) -> bool:
        """Read what stands after ^ when it is T, -T, (T) or (-T) and T is not declared."""
        if "T" in self.scope.symbols or "T" in self.lets:
            return False
        at, tokens = self.at, self.tokens
        bracket = tokens[at].text == "(" and tokens[at].kind == "op"
        at += bracket
        minus = tokens[at].text == "-"
        at += minus
        if tokens[at].text != "T" or (tokens[at + 1].text == "(" and tokens[at + 1].kind == "op"):
            return False
        at += 1
        if bracket:
            if tokens[at].text != ")":
                return False
            at += 1
        self.emit("^T", minus, Token("op", "^", hat.start, tokens[at - 1].end))
        self.after_power = len(self.steps)
        self.at = at
        return True

    def index(self, token: Token) -> None:
        if self.tokens[self.at - 1].kind == "num":
            raise self.wrong("a number has no entries; write brackets around a power before [", token)
        self.at += 1
        items: list[tuple[Dim, Dim] | None] = []
        while True:
            here = self.tokens[self.at]
            if here.text == ":" and here.kind == "op":
                self.at += 1
                items.append(None)
            else:
                high = low = self.size()
                if self.tokens[self.at].text == ":":
                    self.at += 1
                    high = self.size()
                items.append((low, high))
            here = self.tokens[self.at]
            if here.kind == "op" and here.text == "," and len(items) == 1:
                self.at += 1
            elif here.kind == "op" and here.text == "]":
                self.at += 1
                self.emit("index", tuple(items), Token("op", "[", token.start, here.end))
                return
            elif here.text == ",":
                raise self.wrong("an entry has at most two indices", here)
            else:
                raise unclosed(self.text, Open("[", token), here)

    def separator(self, token: Token) -> bool:
        self.reduce(LOWEST + 1)
        opened = self.stack[-1][3] if self.stack else None
        if opened is not None and opened.kind == "let" and token.text == ";":
            self.stack.pop()
            self.lets.add(opened.word)
            self.emit("bind", opened.word, opened.token)
            self.at += 1
            self.statement(again=True)
            return True
        if opened is not None and opened.kind == "[":
            opened.count += 1
            if token.text == ";":
                opened.layout.append(opened.count)
                opened.count = 0
            self.at += 1
            return True
        if opened is not None and opened.kind == "call" and token.text == ",":
            opened.count += 1
            self.at += 1
            if FIRST_SIZE.get(opened.word) == opened.count:
                self.size_arguments(opened)
                return False
            return True
        if opened is None:
            raise self.wrong(f"one expression is wanted; unexpected {token.text!r}", token)
        raise unclosed(self.text, opened, token)

    def close(self, token: Token) -> None:
        self.reduce(LOWEST + 1)
        opened = self.stack[-1][3] if self.stack else None
        if opened is None or opened.kind == "let":
            raise self.wrong(f"{token.text!r} closes nothing", token)
        if CLOSING[opened.kind] != token.text:
            raise unclosed(self.text, opened, token)
        self.stack.pop()
        self.at += 1
        self.after_power = -1  # a bracket stands between
        start = opened.token
        if opened.kind == "‖":
            self.emit("call", ("norm2", 1, ()), Token("op", "‖", start.start, token.end))
        elif opened.kind == "[":
            opened.layout.append(opened.count + 1)
            self.emit("blocks", tuple(opened.layout), start)
        elif opened.kind == "series":
            self.bound[opened.index].pop()
            if not self.bound[opened.index]:
                del self.bound[opened.index]
            self.emit("series", (opened.word, *(opened.sizes or (None, None))), start)
        elif opened.kind == "call":
            sizes = tuple(opened.sizes)
            values = opened.count if sizes else opened.count + 1
            if len(sizes) + values not in ARITY[opened.word]:
                raise self.wrong(f"{start.text} takes {_counted(ARITY[opened.word])}, {len(sizes) + values} are given", start)
            self.emit("call", (opened.word, values, sizes), start)

    # ---- let ----------------------------------------------------------------------------------------------------
    def statement(self, *, again: bool = False) -> None:
        """Open a ``let`` when one stands here."""
        token, following = self.tokens[self.at], self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if token.text == "let" and following.kind == "name":
            name, equals = following, self.tokens[self.at + 2]
            self.at += 3
        elif again and token.kind == "name" and following.text == "=":
            name, equals = token, following
            self.at += 2
        else:
            return
        if equals.text != "=":
            raise self.wrong(f"'=' is wanted after let {name.text}", equals)
        word = name.text
        if word in ("let", "in") or word.startswith("_"):
            raise self.wrong(f"{word!r} cannot be the name of an intermediate", name)
        if word in self.lets or word in self.scope.symbols:
            raise self.wrong(f"{word} has a meaning already; give the intermediate another name", name)
        if word in self.scope.sizes or word in self.sizes:
            raise self.wrong(f"{word} is a size here; give the intermediate another name", name)
        if word in self.names:
            raise self.wrong(f"{word} is used before let {word} = ... gives it a meaning", name)
        self.stack.append((LOWEST, "let", name, Open("let", name, word)))

    # ---- the stack ------------------------------------------------------------------------------------------------
    def reduce(self, level: int) -> None:
        stack = self.stack
        while stack and stack[-1][0] >= level:
            _, code, token, _ = stack.pop()
            assert token is not None
            if code != "pos":
                self.emit(code, None, token)

    def emit(self, code: str, value: Any, token: Token) -> None:
        self.steps.append(Instruction(code, value, token.start, token.end - token.start))

    def finish(self, token: Token) -> None:
        self.reduce(LOWEST + 1)
        if self.stack:
            opened = self.stack[-1][3]
            assert opened is not None
            raise unclosed(self.text, opened, token)

    def wrong(self, message: str, token: Token) -> InputError:
        return wrong(message, token, self.text)


def _counted(arity: tuple[int, ...]) -> str:
    return " or ".join(map(str, arity)) + (" argument" if arity == (1,) else " arguments")
