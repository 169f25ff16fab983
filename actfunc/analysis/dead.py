"""Dead neurons as the tutorial counts them: those whose output is exactly 0 for every input."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from actfunc.analysis.batches import in_batches
from actfunc.analysis.inside import Inside, given_to, inside, pixels, read_images
from actfunc.errors import UsageError
from actfunc.networks.network import Network, Params


@torch.no_grad()
def dead_neurons(
    params: Params,
    activation: Callable[[Tensor], Tensor],
    images: Tensor,
    *,
    batch: int = 1024,
    on_batch: Callable[[int, int], None] | None = None,
    network: Network | None = None,
) -> tuple[Tensor, ...]:
    """For each hidden layer, which neurons (unit, bool) give exactly 0 for every one of the images.

    images: uint8 or normalised float, see `data.intake`, streamed in batches, so memory does not
    grow with n. In a stack of networks each has its own, (network, unit).
    network: as of `distribution`; a channel is dead that is 0 at every position.
    `on_batch(done, n)` is called as images are done. Raises UsageError where an output is NaN, as
    of a network that has diverged: it is neither dead nor alive.
    """
    images, activation = read_images(params, images, network), given_to(activation)
    dead: list[Tensor] = []
    undefined: list[Tensor] = []
    layers: tuple[Inside, ...] = ()
    done = 0
    for part in in_batches(images, batch):
        layers = inside(params, activation, pixels(params, part), network)
        zeros = [(layer.post == 0).all(dim=-2) for layer in layers]
        nans = [layer.after.isnan().any() for layer in layers]
        dead = [old & new for old, new in zip(dead or zeros, zeros, strict=True)]
        undefined = [old | new for old, new in zip(undefined or nans, nans, strict=True)]
        done += len(part)
        if on_batch is not None:
            on_batch(done, len(images))
    for layer, wrong in zip(layers, undefined, strict=True):
        if not wrong:
            continue
        raise UsageError(
            f"outputs of {layer.name} are NaN: the network has diverged, or its activation"
            " gives NaN",
            "train it again with a smaller learning rate",
        )
    return tuple(dead)
