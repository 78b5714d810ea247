"""Closed-form matrix calculus: derivatives in matrix notation, each checked numerically before it is returned.

>>> import closedform as cf
>>> print(cf.derive("logdet(S) + tr(inv(S)*C)", wrt="S", given="S: n n pd; C: n n symmetric"))
inv(S) - inv(S)*C*inv(S)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from closedform.core.errors import InputError, Refusal, VerificationError
    from closedform.core.expr import Expr
    from closedform.core.limits import limits
    from closedform.result import Derivative
    from closedform.session import derive, equal, gradient, gradients, hessian, jacobian, parse, simplify
    from closedform.tutor.check import check
    from closedform.tutor.conventions import layouts
    from closedform.tutor.layouts import which_layout
    from closedform.tutor.reasoning import check_derivation

_WHERE = {
    "InputError": "closedform.core.errors",
    "Refusal": "closedform.core.errors",
    "VerificationError": "closedform.core.errors",
    "Expr": "closedform.core.expr",
    "limits": "closedform.core.limits",
    "Derivative": "closedform.result",
    "check": "closedform.tutor.check",
    "check_derivation": "closedform.tutor.reasoning",
    "derive": "closedform.session",
    "equal": "closedform.session",
    "gradient": "closedform.session",
    "gradients": "closedform.session",
    "hessian": "closedform.session",
    "jacobian": "closedform.session",
    "layouts": "closedform.tutor.conventions",
    "parse": "closedform.session",
    "simplify": "closedform.session",
    "which_layout": "closedform.tutor.layouts",
}

__all__ = [
    "Derivative",
    "Expr",
    "InputError",
    "Refusal",
    "VerificationError",
    "__version__",
    "check",
    "check_derivation",
    "derive",
    "equal",
    "gradient",
    "gradients",
    "hessian",
    "jacobian",
    "layouts",
    "limits",
    "parse",
    "simplify",
    "which_layout",
]


def __getattr__(name: str) -> object:
    """Public names are loaded when they are first used."""
    from importlib import import_module

    if name not in _WHERE:
        raise AttributeError(f"module 'closedform' has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
