"""The floor: the matrix products of an epoch and nothing else."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from actfunc import mlp, torch_private
from actfunc.storage import WorkingSet
from actfunc.training.capture import captured
from contenders import RECIPE, Epoch


def floor(work: WorkingSet) -> Epoch:
    """Per step and layer the output, the weights' gradient and, but for the first, the input's.

    From the same numbers in every step, an example a column as in a compiled step of ours, and by
    whichever library that takes. What torch's own computes goes into memory that is there already.
    """
    weights = [layer.weight for layer in work.fresh()]
    sizes = mlp.sizes(work.fresh())
    steps, batch = len(work.split.train.labels) // RECIPE.batch_size, RECIPE.batch_size
    generator = torch.Generator().manual_seed(work.seed)
    rows = torch.randn(batch, sizes[0], generator=generator).to(work.device)
    columns = [rows.mT] + [
        torch.randn(size, batch, generator=generator).to(work.device) for size in sizes[1:]
    ]
    layers = list(zip(weights, *zip(*itertools.pairwise(columns), strict=True), strict=True))
    weight_gradients = [torch.empty_like(weight) for weight in weights]
    into = [torch.empty_like(each) for each in columns]
    other = torch_private.onednn_is_faster()

    def multiply(left: Tensor, right: Tensor, out: Tensor) -> None:
        if other and torch_private.takes(left, right):
            torch_private.product(left, right)
        else:
            torch.mm(left, right, out=out)

    def step() -> None:
        for index, (weight, inputs, _) in enumerate(layers):
            multiply(weight, inputs, into[index + 1])
        for index, (weight, inputs, signals) in reversed([*enumerate(layers)]):
            multiply(signals, inputs.mT, weight_gradients[index])
            if index:
                multiply(weight.mT, signals, into[index])

    if work.device.type == "cuda":
        # as ours and a compiled epoch of JAX are, which wait for no call
        (step,) = captured(work.device, step)

    def epoch() -> None:
        for _ in range(steps):
            step()

    return epoch
