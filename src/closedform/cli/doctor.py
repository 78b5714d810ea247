"""``closedform doctor``: what this installation consists of, and whether it works."""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Mapping
from importlib import metadata, util
from typing import Any

import closedform
from closedform import session
from closedform.cli.options import Parser
from closedform.cli.report import certificate_said
from closedform.cli.screen import show

REQUIRED = ("numpy", "scipy", "rich")
EXTRAS = {"jax": "jax", "torch": "torch"}
"""Distributions that an optional part needs, by the name of the extra."""

EXAMPLES = """\
examples:
  closedform doctor
"""


def parser() -> Parser:
    """The command has no options."""
    return Parser("closedform doctor", "What this installation consists of, and whether a derivation passes its check.", EXAMPLES)


def run(arguments: argparse.Namespace) -> int:
    """Report, then derive and check one expression; a failure there ends as it does in ``derive``."""
    rows = [
        ("python", f"{platform.python_version()} ({sys.implementation.name}, {platform.machine()})"),
        *((name, version(name, "a part of closedform: install it again")) for name in REQUIRED),
        ("BLAS", blas()),
        *((name, version(needs, f"optional: pip install 'closedform[{name}]'")) for name, needs in EXTRAS.items()),
    ]
    show(rows, headline=f"closedform {closedform.__version__}")
    answer = session.derive("logdet(S) + tr(inv(S)*C)", "S", "S: n n pd; C: n n symmetric")
    show([("checked", certificate_said(answer))], headline=f"d(logdet(S) + tr(inv(S)*C))/dS = {answer}")
    return 0


def version(name: str, hint: str) -> str:
    """The installed version of a distribution, or that it is missing and what to do."""
    if util.find_spec(name) is None:
        return f"not installed ({hint})"
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "installed, version unknown"


def blas() -> str:
    """Which BLAS NumPy uses and for which processor it is running, as far as can be told."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return _blas_as_built()
    import numpy  # noqa: F401  (so that its BLAS is loaded and can be asked)

    found = [entry for entry in threadpool_info() if entry.get("user_api") == "blas"]
    return "; ".join(_described(entry) for entry in found) or _blas_as_built()


def _described(entry: dict[str, Any]) -> str:
    name = f"{entry.get('internal_api', 'BLAS')} {entry.get('version') or ''}".strip()
    return f"{name}, {entry.get('architecture', 'unknown architecture')}, {entry.get('num_threads', '?')} threads"


def _blas_as_built() -> str:
    import numpy as np

    config: Mapping[str, Any] = np.show_config(mode="dicts") or {}
    built = config.get("Build Dependencies", {}).get("blas", {})
    simd = config.get("SIMD Extensions", {}).get("found", [])
    parts = [f"{built.get('name', 'unknown')} {built.get('version', '')}".strip(), built.get("openblas configuration", "")]
    parts.append(f"SIMD {' '.join(simd[-3:])}" if simd else "")
    return ", ".join(part for part in parts if part)
