"""The language: text to expressions and back.  Importing it gives expressions their printed forms and operators."""

from closedform.core.expr import install
from closedform.lang.latex import latex
from closedform.lang.operators import apply
from closedform.lang.text import text

install(text=text, latex=latex, operators=apply)
