"""How a network's parameters are drawn, by the names of the ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import torch

from actfunc import mlp, tree
from actfunc.generator import seeded
from actfunc.makers import Makers

Initialisation: TypeAlias = Callable[[Sequence[int], torch.Generator], mlp.Params]
"""initialisation(sizes, generator) -> the parameters of layers of these sizes; `mlp.init`."""


def linear() -> Initialisation:
    """`torch.nn.Linear`'s own weights and biases, uniform in ±1/√in."""
    return _init


def gaussian(gain: float, bias: float = 0.0) -> Initialisation:
    """Normal weights of standard deviation gain/√in and biases of standard deviation `bias`."""
    gain, bias = mlp.checked_spread(gain, bias)
    return partial(_init, gain=gain, bias=bias)


INITIALISATIONS = Makers("initialisation", linear, gaussian)


def named(spec: str) -> Initialisation:
    """The way of that name and settings: `linear`, `gaussian:gain=1.4142,bias=0`.

    Raises UnknownNameError (with the nearest names) or UsageError.
    """
    return INITIALISATIONS.make(spec)


def canonical(spec: str) -> str:
    """The one spec for a way: `gaussian:gain=1` is `gaussian:gain=1.0,bias=0.0`.

    Raises as `named` does.
    """
    return INITIALISATIONS.canonical(spec)


def drawn(
    spec: str, sizes: Sequence[int], seed: int, device: torch.device | str = "cpu"
) -> mlp.Params:
    """The parameters that a seed draws, on a device; the same on every one."""
    params = named(spec)(sizes, seeded(seed))
    return tree.map(lambda leaf: leaf.to(device), params)


def _init(
    sizes: Sequence[int],
    generator: torch.Generator,
    *,
    gain: float | None = None,
    bias: float = 0.0,
) -> mlp.Params:
    return mlp.init(sizes, gain=gain, bias=bias, generator=generator)
