"""Compilation, at the edge and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import FunctionType
from typing import TypeVar

import torch

Compiled = TypeVar("Compiled", bound=Callable)


def compiled(function: Compiled) -> Compiled:
    """`function` as one compiled graph of fixed shapes; torch keeps on disk what it compiled.

    Steps of two activations are one piece of code with two closures. torch files its graphs by
    code and stops at eight to one, so each gets a copy of the code to itself.
    """
    # it announces a missing CUDA where none was asked for
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    own = FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    return torch.compile(own, fullgraph=True, dynamic=False)  # type: ignore[return-value]
