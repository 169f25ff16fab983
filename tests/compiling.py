"""Compilation in tests: tracing shows in a second whether a function compiles in one graph."""

from __future__ import annotations

import pytest

backends = pytest.mark.parametrize(
    "backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.full)]
)
"""What makes a function of the traced graph; inductor takes ten seconds and more."""
