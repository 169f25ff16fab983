"""The ways of running one training epoch, a file each: each gives what runs the next one.

All have the network, the recipe and the metrics of the tutorial, begin with the weights of
`WorkingSet.fresh`, and take the batches of `batches`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from actfunc.storage import WorkingSet
from actfunc.training import Settings, batch_order

RECIPE = Settings()
"""The learning rate and the batch size of everybody."""

MOMENTUM = 0.9
"""Of everybody's SGD; `Settings` has it as its optimiser's default."""


class Scores(NamedTuple):
    """Of an epoch: the mean loss of its batches in nats, and the number of right answers."""

    loss: float
    correct: int


Epoch: TypeAlias = Callable[[], Scores | None]
"""Runs the next epoch and gives its scores; None from who does not train."""


def batches(work: WorkingSet, epoch: int) -> Tensor:
    """The batches of an epoch, counted from 0: indices (steps, batch) of training images."""
    seed, number = torch.tensor(work.seed), torch.tensor(epoch)
    order = batch_order(seed, number, len(work.split.train.labels), RECIPE.batch_size)
    return order.to(work.device, torch.int64)
