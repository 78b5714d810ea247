"""A strict check of LaTeX: what stands in it that amsmath would not set."""

from __future__ import annotations

import re
from collections.abc import Iterator

LISTED = r"""
\left \right \frac \text \mathrm \mathbf \operatorname \top \odot \oslash \otimes \times \cdot \lvert \rvert \lVert \rVert
\log \exp \det \sin \cos \tan \sinh \cosh \tanh \arcsin \arccos \arctan \max \min \sqrt \sum \partial \pi
\Longrightarrow \quad \qquad \textbackslash \textasciitilde \textasciicircum \textless \textgreater \textbar
\alpha \beta \gamma \delta \epsilon \zeta \eta \theta \iota \kappa \lambda \mu \nu \xi \rho \sigma \tau \upsilon \phi
\chi \psi \omega \Gamma \Delta \Theta \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega
"""
COMMANDS = frozenset(LISTED.split())
"""Commands of LaTeX and amsmath that a page may use."""
SYMBOLS = frozenset({r"\\", r"\&", r"\%", r"\$", r"\#", r"\_", r"\{", r"\}", r"\,"})
ENVIRONMENTS = frozenset({"align*", "aligned", "bmatrix"})
ALIGNED = frozenset({"align*", "aligned"})

TOKEN = re.compile(r"\\begin\{([^}]*)\}|\\end\{([^}]*)\}|\\[A-Za-z]+|\\.|.", re.DOTALL)
DELIMITER = re.compile(r"\s*(?:\\[A-Za-z]+|\\.|[()\[\]|.<>/])")


def faults(source: str) -> Iterator[str]:
    """What is wrong with a piece of LaTeX in text mode."""
    stack: list[tuple[str, str]] = []
    signs = 0
    at = 0
    while at < len(source):
        hit = TOKEN.match(source, at)
        assert hit is not None
        word, at = hit.group(), hit.end()
        inside = next((name for kind, name in reversed(stack) if kind == "begin"), "")
        textual = _is_textual(stack)
        if hit[1] is not None:
            if hit[1] not in ENVIRONMENTS:
                yield f"the environment {hit[1]}"
            stack.append(("begin", hit[1]))
            signs = 0
        elif hit[2] is not None:
            if not stack or stack[-1] != ("begin", hit[2]):
                yield f"\\end{{{hit[2]}}} closes {stack[-1:]}"
            stack = stack[:-1]
        elif word in (r"\left", r"\right"):
            found = DELIMITER.match(source, at)
            if found is None:
                yield f"{word} without a delimiter before {source[at : at + 10]!r}"
            else:
                at = found.end()
            if word == r"\left":
                stack.append(("left", ""))
            elif not stack or stack[-1][0] != "left":
                yield f"\\right closes {stack[-1:]}"
            else:
                stack.pop()
        elif word == "{":
            stack.append(("{", "text" if source[:at].endswith(r"\text{") else ""))
        elif word == "}":
            if not stack or stack[-1][0] != "{":
                yield f"}} closes {stack[-1:]} near {source[max(0, at - 30) : at]!r}"
            stack = stack[:-1]
        elif word == r"\\":
            if not inside or stack[-1][0] != "begin":
                yield "a new line within brackets"
            signs = 0
        elif word == "&":
            signs += 1
            if not inside or stack[-1][0] != "begin":
                yield "& outside of an environment or within brackets"
            elif inside in ALIGNED and signs > 3:
                yield "more than three & on a line"
        elif len(word) > 1:
            if word not in COMMANDS and word not in SYMBOLS:
                yield f"the command {word}"
            if textual and word in COMMANDS and not word.startswith(r"\text"):
                yield f"{word} in text"
        elif word in "%#$~":
            yield f"{word} is not escaped"
        elif word in "_^" and textual:
            yield f"{word} in text"
        elif not word.isascii():
            yield f"the character {word!r}"
        elif word == "\n" and source[at : at + 1] == "\n" and inside:
            yield "an empty line within an environment"
    yield from (f"{kind} {name} is not closed" for kind, name in stack)


def _is_textual(stack: list[tuple[str, str]]) -> bool:
    for kind, name in reversed(stack):
        if kind == "{" and name == "text":
            return True
        if kind == "begin":
            return False
    return not stack
