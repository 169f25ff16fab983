"""Compilation, at the edge and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

import torch
from torch.torch_version import TorchVersion

WRITES_IN_ORDER = torch.__version__ >= TorchVersion("2.12")
"""Whether what is compiled may write over what it was given. Before 2.12 the compiler joins such a
write with loops that still have to read, and they read what is new."""

Compiled = TypeVar("Compiled", bound=Callable)


def compiled(function: Compiled) -> Compiled:
    """`function` as one compiled graph of fixed shapes; torch keeps on disk what it compiled.

    Steps of two activations are one piece of code with two closures. torch files its graphs by
    code and stops at eight to one, so each gets a copy of the code to itself. Then nothing but the
    tensors can differ from call to call, and nothing else is checked before each: that takes two
    hundred microseconds. A tensor of another shape or dtype compiles anew.
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
    own.__kwdefaults__ = function.__kwdefaults__
    options: dict[str, Any] = {"guard_filter_fn": torch.compiler.keep_tensor_guards_unsafe}
    # imported here, because it brings the compiler along
    from actfunc.training import products

    if products.onednn_is_faster():
        options["post_grad_custom_post_pass"] = products.OneDNN()
    return torch.compile(own, fullgraph=True, dynamic=False, options=options)  # type: ignore
