"""Compilation, at the edge and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

import torch

Compiled = TypeVar("Compiled", bound=Callable)


def compiled(function: Compiled) -> Compiled:
    """`function` as one compiled graph of fixed shapes; torch keeps on disk what it compiled."""
    # it announces a missing CUDA where none was asked for
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    return torch.compile(function, fullgraph=True, dynamic=False)  # type: ignore[return-value]
