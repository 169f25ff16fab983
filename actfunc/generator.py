"""Where chance comes from: a generator for each seed, on the CPU whatever the device."""

from __future__ import annotations

import torch

from actfunc import number


def seeded(seed: int, further: int = 0) -> torch.Generator:
    """The generator of a seed, of any whole-number type, or of the one `further` on from it.

    Raises UsageError for what is no seed.
    """
    generator = torch.Generator("cpu")
    return generator.manual_seed(number.seed(seed) + further)
