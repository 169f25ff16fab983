"""The floor: the matrix products of an epoch and nothing else."""

from __future__ import annotations

import itertools

import torch

from actfunc import mlp
from actfunc.storage import WorkingSet
from contenders import RECIPE, Epoch


def floor(work: WorkingSet) -> Epoch:
    """Per step and layer the output, the weights' gradient and, but for the first, the input's.

    Into memory that is there already, and from the same numbers in every step.
    """
    weights = [layer.weight for layer in work.fresh()]
    sizes = mlp.sizes(work.fresh())
    steps, batch = len(work.split.train.labels) // RECIPE.batch_size, RECIPE.batch_size
    generator = torch.Generator().manual_seed(work.seed)
    rows = [torch.randn(batch, size, generator=generator).to(work.device) for size in sizes]
    layers = list(zip(weights, *zip(*itertools.pairwise(rows), strict=True), strict=True))
    weight_gradients = [torch.empty_like(weight) for weight in weights]
    into = [torch.empty_like(row) for row in rows]

    def epoch() -> None:
        for _ in range(steps):
            for index, (weight, inputs, _) in enumerate(layers):
                torch.mm(inputs, weight.mT, out=into[index + 1])
            for index, (weight, inputs, signals) in reversed([*enumerate(layers)]):
                torch.mm(signals.mT, inputs, out=weight_gradients[index])
                if index:
                    torch.mm(signals, weight, out=into[index])

    return epoch
