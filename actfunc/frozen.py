"""A module as a function: what it is now, whatever becomes of the module."""

from __future__ import annotations

import copy
import itertools

import torch
from torch import Tensor, nn

FLOATING = (torch.float32, torch.float64, torch.bfloat16, torch.float16)


class Frozen:
    """A module as it was when it came, in evaluation, in whatever dtype and place it is called."""

    def __init__(self, module: nn.Module) -> None:
        self.__name__, self.__module__ = type(module).__name__, type(module).__module__
        self._module = _copied(module).eval()
        for parameter in self._module.parameters():  # a scripted one does not do it all at once
            parameter.requires_grad_(False)
        self._copies: dict[tuple[torch.dtype, torch.device], nn.Module] = {}
        of_its_own = next(itertools.chain(self._module.parameters(), self._module.buffers()), None)
        self._same = of_its_own is None
        if of_its_own is not None:
            for dtype in FLOATING:  # made here, for a compiler does not read how they are
                self._at(dtype, of_its_own.device)

    def __call__(self, x: Tensor) -> Tensor:
        y: Tensor = (self._module if self._same else self._at(x.dtype, x.device))(x)
        return y

    def _at(self, dtype: torch.dtype, device: torch.device) -> nn.Module:
        if (dtype, device) not in self._copies:
            self._copies[dtype, device] = _copied(self._module).to(device, dtype)
        return self._copies[dtype, device]


def _copied(module: nn.Module) -> nn.Module:
    with torch.inference_mode(False):  # in it, a copy could never be differentiated through
        return copy.deepcopy(module)
