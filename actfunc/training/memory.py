"""How many members train at once: as many as are worth it, and no more than fit."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc import mlp, tree
from actfunc.networks import Network
from actfunc.training.compile import WRITES_IN_ORDER
from actfunc.training.optimizer import Optimizer
from actfunc.training.order import steps_an_epoch

WORTH_A_STEP = 3e8
"""Arithmetic operations a step on a CPU beside which its fixed cost of some 0.1 ms is small."""

SHARE = 0.8
"""Of the memory that is free, what an ensemble may take."""

IN_ANY_CASE = 2**28
"""Bytes that a validation may take on a GPU, however small the networks: they fill it, and are
little beside what it has."""

DRAWN = 6
"""Numbers of eight bytes that an image takes while an epoch's order is drawn: hashes with what they
are shifted from, sorted, and their places."""


class Demand(NamedTuple):
    """Bytes that one member takes, counted on paper.

    kept:     parameters, the optimiser's state and the best parameters; on a GPU the order of an
              epoch as well.
    passing:  gradients, and what the layers of one batch read and give; on a GPU whatever else
              a step or the drawing of an order takes for a while. A graph holds its part for good.
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
    weights, state = _kept(sizes, optimizer, dtype)
    return Demand(2 * weights + state, _passing(sizes, batch_size, dtype))


def demand_of_a_graph(
    sizes: Sequence[int],
    optimizer: Optimizer,
    batch_size: int,
    examples: int,
    *,
    compiling: bool,
    dtype: torch.dtype = torch.float32,
) -> Demand:
    """What a member takes on a GPU, where a step is a graph, of so many training images.

    Eagerly, and compiled before torch 2.12, a step has the whole new state before it writes it over
    the old one. Eagerly each activation also has a few tensors of its own in between, and the
    optimiser two as large as the largest weight.
    """
    kept, passing = demand(sizes, optimizer, batch_size, dtype)
    weights, state = _kept(sizes, optimizer, dtype)
    if not (compiling and WRITES_IN_ORDER):
        passing += weights + state
    if not compiling:
        widest, largest = max(sizes[1:]), max(m * n for m, n in itertools.pairwise(sizes))
        passing += (4 * batch_size * widest + 2 * largest) * torch.finfo(dtype).bits // 8
    order = 4 * batch_size * steps_an_epoch(examples, batch_size)
    return Demand(kept + order, passing + DRAWN * 8 * examples)


def demand_of_any(
    network: Network, optimizer: Optimizer, inputs: Tensor, batch_size: int
) -> Demand:
    """What a member of any network takes, measured on a few examples: what is kept of its forward
    pass for the backward one, and as much again for what a step has beside it."""
    params = tree.map(
        lambda leaf: leaf.to(inputs.device, inputs.dtype).requires_grad_(), network.init(0)
    )
    weights, held = _bytes(params), dict[int, int]()

    def keep(tensor: Tensor) -> Tensor:
        held[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, lambda kept: kept):
        outputs = network.apply(params, inputs, torch.nn.functional.silu)
    each = max(0, sum(held.values()) - weights) + outputs.numel() * outputs.element_size()
    state = _bytes(optimizer.init(tree.map(torch.Tensor.detach, params)))
    passing = weights + 2 * each * batch_size // len(inputs)
    return Demand(2 * weights + state, passing + weights + state)


def validated_at_once(
    sizes: Sequence[int],
    members: int,
    batch_size: int,
    device: torch.device,
    dtype: torch.dtype = torch.float32,
) -> int:
    """Of how many images at a time members are validated: as many as take no more than a step.

    On a CPU as many as in a batch: more leave its cache.
    """
    if device.type != "cuda":
        return batch_size
    item = torch.finfo(dtype).bits // 8
    # pixels, and of the widest layer what it reads, gives, and the activation's own
    each = item * (sizes[0] + 3 * max(sizes[1:]))
    step = _passing(sizes, batch_size, dtype)
    return max(batch_size, step // each, IN_ANY_CASE // (each * members))


def operations(sizes: Sequence[int], batch_size: int) -> int:
    """Multiplications and additions of a step's matrix products, which are nearly all of it."""
    products = [m * n for m, n in itertools.pairwise(sizes)]
    # forward, by the weights, and by the inputs but in the first layer
    return 2 * batch_size * (3 * sum(products) - products[0])


def free_bytes(device: torch.device) -> int:
    """Memory that is free on a device; on a GPU what torch holds of it and nobody uses, too."""
    if device.type == "cuda":
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + held
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


def _kept(sizes: Sequence[int], optimizer: Optimizer, dtype: torch.dtype) -> tuple[int, int]:
    """Bytes of the parameters, and of the optimiser's state."""
    with torch.device("meta"):
        params = tuple(
            mlp.Layer(torch.empty(n, m, dtype=dtype), torch.empty(n, dtype=dtype))
            for m, n in itertools.pairwise(sizes)
        )
        return _bytes(params), _bytes(optimizer.init(params))


def _passing(sizes: Sequence[int], batch_size: int, dtype: torch.dtype) -> int:
    """Bytes of the gradients, and of what the layers of one batch read and give."""
    weights = sum((m + 1) * n for m, n in itertools.pairwise(sizes))
    read_and_given = sizes[0] + 2 * sum(sizes[1:-1]) + sizes[-1]
    return (weights + batch_size * read_and_given) * torch.finfo(dtype).bits // 8


def _bytes(of: object) -> int:
    return sum(leaf.numel() * leaf.element_size() for leaf in tree.leaves(of))
