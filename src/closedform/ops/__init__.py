"""The operations, each declared once.  Importing this package registers them all."""

from closedform.ops import (  # noqa: F401  (imported for their declarations)
    arithmetic,
    elementwise,
    inverse,
    kronecker,
    leaves,
    norms,
    powers,
    reductions,
    softmax,
    structure,
)
