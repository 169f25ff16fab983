"""Elementwise work on tensors that are larger than a core's cache, block by block.

A function of a dozen operations goes through memory a dozen times, and asks for a dozen buffers of
the size of its input. Block by block it stays in the cache, asks for small ones, and gives the same
digits.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from actfunc import torch_private

BLOCK = 2**17
"""Numbers to a block and thread: a few of them fit a core's cache, and half as many cost a fifth
more in calls. torch gives a thread 2¹⁵ and more."""


def by_blocks(
    function: Callable[..., Tensor], *tensors: Tensor, times: Tensor | None = None
) -> Tensor:
    """function(*tensors), elementwise on tensors of one shape and dtype, and so is its result.

    times: what that is multiplied by, which spares a copy of it.
    Whatever is no plain tensor on a CPU, or is to be differentiated, goes through in one piece.
    """
    given = tensors if times is None else (*tensors, times)
    if not _is_worth_it(*given):
        y = function(*tensors)
        return y if times is None else times * y
    y = torch.empty_like(tensors[0])
    block = BLOCK * torch.get_num_threads()
    for to, *parts in zip(*(each.view(-1).split(block) for each in (y, *given)), strict=True):
        if times is None:
            to.copy_(function(*parts))
        else:
            *at, factor = parts
            torch.mul(factor, function(*at), out=to)
    return y


def _is_worth_it(*tensors: Tensor) -> bool:
    return not (
        torch.compiler.is_compiling()
        or tensors[0].numel() <= BLOCK * torch.get_num_threads()
        or torch_private.values_are_hidden()
        or torch_private.forward_mode_is_on()
        or not all(map(_plain, tensors))
    )


def _plain(x: Tensor) -> bool:
    return (
        type(x) is Tensor
        and x.device.type == "cpu"
        and x.is_contiguous()
        and not (x.requires_grad and torch.is_grad_enabled())
    )
