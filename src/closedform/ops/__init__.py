"""The operations, each declared once.  Importing this package registers them all."""

from closedform.ops import (  # noqa: F401  (imported for their declarations)
    arithmetic,
    elementwise,
    equations,
    extremes,
    factors,
    inverse,
    kronecker,
    leaves,
    matrix_functions,
    norms,
    powers,
    reductions,
    series,
    singular,
    softmax,
    spectral,
    structure,
    vechs,
)
