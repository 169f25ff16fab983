"""Compilation in tests: tracing shows in a second whether a function compiles in one graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

backends = pytest.mark.parametrize(
    "backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.full)]
)
"""What makes a function of the traced graph; inductor takes ten seconds and more."""


def inductor(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> Callable[..., Any]:
    """A backend of that name, which runs what it is given as it is and compiles nothing."""
    return graph
