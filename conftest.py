"""Examples in the docstrings of any module may use the operations and the language, so both are loaded here."""

import closedform.lang
import closedform.ops  # noqa: F401  (imported for their declarations)
