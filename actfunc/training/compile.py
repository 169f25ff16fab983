"""Compilation of a training step, at the edge and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch.torch_version import TorchVersion

from actfunc import torch_private

WRITES_IN_ORDER = torch.__version__ >= TorchVersion("2.12")
"""Whether what is compiled may write over what it was given. Before 2.12 the compiler joins such a
write with loops that still have to read, and they read what is new."""

Compiled = TypeVar("Compiled", bound=Callable)


def compiled(function: Compiled) -> Compiled:
    """A step as one compiled graph that is made to be repeated; a tensor of another shape or dtype
    compiles anew."""
    return torch_private.compiled(function, repeated=True)
