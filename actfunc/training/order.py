"""The order of an epoch's batches: a permutation that is a pure function of seed and epoch.

Drawn by sorting hashes, on the device that trains: the same order on every device, and the order
of one member does not depend on which others are trained beside it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from actfunc.errors import UsageError

# the increment and the multipliers of SplitMix64 (Steele, Lea, Flood: Fast splittable
# pseudorandom number generators, OOPSLA 2014), as signed numbers
_GOLDEN = 0x9E3779B97F4A7C15 - 2**64
_FIRST, _SECOND = 0xBF58476D1CE4E5B9 - 2**64, 0x94D049BB133111EB - 2**64


def steps_an_epoch(examples: int, batch_size: int) -> int:
    """How many whole batches there are; the last partial one drops. Raises UsageError for none."""
    if examples < batch_size:
        raise UsageError(
            f"batch_size {batch_size} is more than the {examples} training images",
            "take a smaller batch or more examples",
        )
    return examples // batch_size


def batch_order(seed: Tensor, epoch: Tensor, examples: int, batch_size: int) -> Tensor:
    """The batches of an epoch as indices (…, steps, batch) int32, for seeds and epochs (…) int64.

    Every example comes at most once. Epochs count from 0. Raises UsageError where there is no
    whole batch.
    """
    steps = steps_an_epoch(examples, batch_size)
    stream = _mixed(_mixed(seed) + epoch)
    position = torch.arange(examples, device=seed.device)
    order = _mixed(stream.unsqueeze(-1) + position * _GOLDEN).argsort(dim=-1, stable=True)
    return order[..., : steps * batch_size].unflatten(-1, (steps, batch_size)).to(torch.int32)


def _mixed(x: Tensor) -> Tensor:
    """SplitMix64's finaliser: every bit of x into every bit of the result."""
    x = x + _GOLDEN
    x = (x ^ _shifted(x, 30)) * _FIRST
    x = (x ^ _shifted(x, 27)) * _SECOND
    return x ^ _shifted(x, 31)


def _shifted(x: Tensor, bits: int) -> Tensor:
    # torch's shift of signed numbers draws the sign in
    return (x >> bits) & ((1 << (64 - bits)) - 1)
