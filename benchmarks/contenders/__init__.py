"""The ways of running one training epoch, a file each: each gives what runs the next one.

All have the network, the recipe and the metrics of the tutorial, begin with the weights of
`WorkingSet.fresh`, and take the batches of `batches`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from torch import Tensor

from actfunc.storage import WorkingSet
from actfunc.training import Settings
from actfunc.training.fit import epoch_order

RECIPE = Settings()
"""The learning rate, the momentum and the batch size of everybody."""


class Scores(NamedTuple):
    """Of an epoch: the mean loss of its batches in nats, and the number of right answers."""

    loss: float
    correct: int


Epoch: TypeAlias = Callable[[], Scores | None]
"""Runs the next epoch and gives its scores; None from who does not train."""


def batches(work: WorkingSet, epoch: int) -> Tensor:
    """The batches of an epoch, counted from 0: indices (steps, batch) of training images."""
    settings = Settings(seed=work.seed)
    return epoch_order(len(work.split.train.labels), epoch, settings).to(work.device)
