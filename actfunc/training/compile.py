"""Compilation, at the edge and nowhere else."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import TypeVar

import torch

from actfunc.places import cache_root

Compiled = TypeVar("Compiled", bound=Callable)


def compiled(function: Compiled) -> Compiled:
    """`function` as one compiled graph of fixed shapes; what was compiled once is kept on disk."""
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_root() / "inductor"))
    # it announces a missing CUDA where none was asked for
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    return torch.compile(function, fullgraph=True, dynamic=False)  # type: ignore[return-value]
