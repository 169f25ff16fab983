"""Compilation, at the edge and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

import torch

Compiled = TypeVar("Compiled", bound=Callable)


def compiled(function: Compiled) -> Compiled:
    """A pure function as one compiled graph of fixed shapes; torch keeps on disk what it compiled.

    Being pure, it reads nothing but its arguments, so at each call only the tensors are checked
    for being of the shapes that were compiled: a thirtieth of a small network's step.
    """
    # it announces a missing CUDA where none was asked for
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    options = {"guard_filter_fn": torch.compiler.keep_tensor_guards_unsafe}
    return torch.compile(function, fullgraph=True, dynamic=False, options=options)  # type: ignore
