"""How many members train at once: as many as are worth it, and no more than fit."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from actfunc import mlp, tree
from actfunc.training.optimizer import Optimizer

WORTH_A_STEP = 3e8
"""Arithmetic operations a step on a CPU beside which its fixed cost of some 0.1 ms is small."""

SHARE = 0.8
"""Of the memory that is free, what an ensemble may take."""


class Demand(NamedTuple):
    """Bytes that one member takes, counted on paper.

    kept:     parameters, the optimiser's state and the best parameters.
    passing:  gradients, and what the layers of one batch read and give.
    """

    kept: int
    passing: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.kept + self.passing


def demand(
    sizes: Sequence[int],
    optimizer: Optimizer,
    batch_size: int,
    dtype: torch.dtype = torch.float32,
) -> Demand:
    """What a member of these layer sizes takes while it trains."""
    with torch.device("meta"):
        params = tuple(
            mlp.Layer(torch.empty(n, m, dtype=dtype), torch.empty(n, dtype=dtype))
            for m, n in itertools.pairwise(sizes)
        )
        state = optimizer.init(params)
    weights, optimizers = _bytes(params), _bytes(state)
    read_and_given = sizes[0] + 2 * sum(sizes[1:-1]) + sizes[-1]
    item = torch.finfo(dtype).bits // 8
    return Demand(2 * weights + optimizers, weights + batch_size * read_and_given * item)


def operations(sizes: Sequence[int], batch_size: int) -> int:
    """Multiplications and additions of a step's matrix products, which are nearly all of it."""
    products = [m * n for m, n in itertools.pairwise(sizes)]
    # forward, by the weights, and by the inputs but in the first layer
    return 2 * batch_size * (3 * sum(products) - products[0])


def free_bytes(device: torch.device) -> int:
    """Memory that is free on a device."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    try:
        # of pages that are free, a cache of files, which gives way, would be missing
        told = Path("/proc/meminfo").read_text()
        return int(told.partition("MemAvailable:")[2].split()[0]) * 1024
    except (OSError, IndexError):  # not Linux
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def fitting(each: Demand, device: torch.device, processes: int = 1) -> int:
    """How many members fit on a device beside as many other processes' as said, at least 1."""
    return max(1, int(SHARE * free_bytes(device) / processes / each.total))


def worthwhile(sizes: Sequence[int], batch_size: int, device: torch.device) -> int:
    """How many members a step should take: on a GPU any number, on a CPU enough to be busy.

    A core is kept busy by one network of the tutorial's size, and more at once only leave its
    cache; small ones share the fixed cost of a step.
    """
    if device.type == "cuda":
        return 2**31
    return max(1, int(WORTH_A_STEP // operations(sizes, batch_size)))


def _bytes(of: object) -> int:
    return sum(leaf.numel() * leaf.element_size() for leaf in tree.leaves(of))
