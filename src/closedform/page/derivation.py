"""The derivation of an answer: its steps, as a page in several forms, and a check of every line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from closedform.calculus.step import Step
from closedform.core.errors import InputError
from closedform.core.expr import Expr
from closedform.core.limits import counted
from closedform.lang.render import declared
from closedform.page import notation as notations
from closedform.page.lines import Line, lines, taken

if TYPE_CHECKING:
    from closedform.page.check import Check

FORMS = ("text", "unicode", "latex", "markdown", "html")
"""The forms of a page."""


@dataclass(frozen=True)
class Derivation:
    """The steps of a derivation, in order.  ``str()`` is a readable page.

    ``wrt`` are the variables, taken in turn, ``structure`` and ``layout`` the conventions of the answer.

    >>> import closedform as cf
    >>> print(cf.derive("norm2(A*x - b)^2", "x", "A: m n; x: n; b: m").derivation)
     f = norm2(A*x - b)^2
    df = 2*(A*x - b)'*d(A*x - b)        [d-pow] d norm2(x)^2 = 2*x'*dx
       = 2*(A*x - b)'*A*dx              [d-linear] b and A are constant
       = (2*A'*(A*x - b))'*dx           [transpose] (A*B)' = B'*A'
    => df/dx = 2*A'*(A*x - b)           [identify] the gradient is read off df = g'*dx
    """

    steps: tuple[Step, ...]
    wrt: tuple[Expr, ...] = ()
    structure: str = "projected"
    layout: str = "mixed"
    declared: frozenset[str] = frozenset()
    """The names of the variables and sizes of the question."""

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, at: int) -> Step:
        return self.steps[at]

    def __str__(self) -> str:
        return self.page()

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the page."""
        with declared(self.declared):
            return lines(self.steps, self.wrt, self.declared)

    @counted
    def page(self, form: str = "text", notation: str = "trace") -> str:
        """The derivation as a page: ``form`` is text, unicode, latex, markdown or html.

        With ``notation="frobenius"`` inner products are written A : B instead of tr(A'*B).  InputError on anything else.
        """
        if not isinstance(form, str) or form not in FORMS:
            raise InputError(f"form: {form!r} is not one of {', '.join(FORMS)}")
        from closedform.page.forms import FORMS as WRITERS  # where a page is wanted: loading takes time
        from closedform.page.script import Script

        formulas, writer = WRITERS[form]
        with declared(self.declared):
            return writer(Script(formulas, notations.checked(notation), taken(self.steps)).rows(self.lines))

    @property
    def unicode(self) -> str:
        """The page with mathematical characters."""
        return self.page("unicode")

    @property
    def latex(self) -> str:
        """The page in LaTeX: an ``align*`` for each differentiation, for amsmath."""
        return self.page("latex")

    @property
    def markdown(self) -> str:
        """The page in Markdown, with formulas between dollar signs and a table of the reasons."""
        return self.page("markdown")

    @property
    def html(self) -> str:
        """The page as a piece of HTML."""
        return self.page("html")

    @counted
    def check(self, seed: int = 0) -> Check:
        """Check every line by itself at random points, with differentials taken numerically.

        >>> import closedform as cf
        >>> cf.derive("x'*A*x", "x").derivation.check().ok
        True
        """
        if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
            raise InputError(f"seed: a whole number from 0 on is needed, not {seed!r}")
        from closedform.page.check import checked

        return checked(self, seed)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/latex": self.latex, "text/markdown": self.markdown, "text/html": self.html}
