"""Compilation of a training step, at the edge and nowhere else."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def without_advice() -> Iterator[None]:
    """For a compiled step's first call, in which the compiler of torch 2.11 warns on a GPU that
    TF32 would be faster: whoever wants it says so, by `Arithmetic`."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="TensorFloat32 tensor cores")
        yield
