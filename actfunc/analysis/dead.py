"""Dead neurons as the tutorial counts them: those whose output is exactly 0 for every input."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from actfunc import mlp
from actfunc.analysis.batches import in_batches
from actfunc.data import intake
from actfunc.errors import UsageError
from actfunc.given import taken


@torch.no_grad()
def dead_neurons(
    params: mlp.Params,
    activation: Callable[[Tensor], Tensor],
    images: Tensor,
    *,
    batch: int = 1024,
    on_batch: Callable[[int, int], None] | None = None,
) -> tuple[Tensor, ...]:
    """For each hidden layer, which neurons (out, bool) give exactly 0 for every one of the images.

    images: uint8 or normalised float, see `data.intake`, streamed in batches, so memory does not
    grow with n. In a stack of networks each has its own, (network, out).
    `on_batch(done, n)` is called as images are done. Raises UsageError where an output is NaN, as
    of a network that has diverged: it is neither dead nor alive.
    """
    images, activation = intake.taken_images(params, images), taken(activation)
    dead = tuple(
        torch.ones(layer.bias.shape, dtype=torch.bool, device=layer.bias.device)
        for layer in params[:-1]
    )
    done, undefined = 0, torch.zeros(len(dead), dtype=torch.bool, device=params[0].bias.device)
    for part in in_batches(images, batch):
        pixels = intake.pixels(part, params[0].weight.dtype)
        outputs = mlp.trace(params, pixels, activation).activations
        dead = tuple(d & (y == 0).all(dim=-2) for d, y in zip(dead, outputs, strict=True))
        undefined |= torch.stack([y.isnan().any() for y in outputs])
        done += len(part)
        if on_batch is not None:
            on_batch(done, len(images))
    if undefined.any():
        layer = int(undefined.nonzero()[0, 0]) + 1
        raise UsageError(
            f"outputs of hidden layer {layer} are NaN: the network has diverged, or its activation"
            " gives NaN",
            "train it again with a smaller learning rate",
        )
    return dead
