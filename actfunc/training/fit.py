"""Fitting: epochs of steps until the validation accuracy has not risen for a while."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch

from actfunc import mlp
from actfunc.activation import Activation
from actfunc.data import Examples, Split
from actfunc.errors import UsageError
from actfunc.training.evaluate import accuracy
from actfunc.training.optimizer import Optimizer
from actfunc.training.step import State, Step


@dataclass(frozen=True)
class Settings:
    """How to train; the defaults are the tutorial's."""

    learning_rate: float = 0.01
    momentum: float = 0.9
    batch_size: int = 256
    max_epochs: int = 50
    patience: int = 7
    seed: int = 42

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            kinds = (int, float) if name in ("learning_rate", "momentum") else (int,)
            may_be_0 = name in ("momentum", "seed")
            fits = isinstance(value, kinds) and math.isfinite(value)
            if not fits or value < 0 or (value == 0 and not may_be_0):
                what = "a number" if float in kinds else "a whole number"
                above = "0 or more" if may_be_0 else "above 0"
                raise UsageError(f"{name} must be {what}, {above}, got {value!r}")


class Epoch(NamedTuple):
    """The figures of one epoch. Accuracies are fractions, the loss is in nats, time in seconds."""

    epoch: int
    loss: float
    train_accuracy: float
    validation_accuracy: float
    seconds: float


class Progress(NamedTuple):
    """All that is needed to go on, as of the last finished epoch."""

    state: State
    best: mlp.Params
    history: tuple[Epoch, ...]

    @property
    def best_epoch(self) -> int:
        """The number of the best epoch, from 1; the earliest of equals, 0 before any."""
        scores = [epoch.validation_accuracy for epoch in self.history]
        return scores.index(max(scores)) + 1 if scores else 0

    @property
    def best_accuracy(self) -> float:
        """The best validation accuracy, as a fraction; 0 before any."""
        return max((epoch.validation_accuracy for epoch in self.history), default=0.0)

    def finished(self, settings: Settings) -> bool:
        """Whether the last epoch is reached or the patience is at its end."""
        done = len(self.history)
        return done >= settings.max_epochs or done - self.best_epoch >= settings.patience


def start(params: mlp.Params, optimizer: Optimizer) -> Progress:
    """Progress before the first epoch."""
    return Progress(State(params, optimizer.init(params)), params, ())


def fit(
    progress: Progress,
    step: Step,
    activation: Activation,
    split: Split,
    settings: Settings,
    *,
    on_step: Callable[[int, int], None] | None = None,
) -> Iterator[Progress]:
    """Train on, giving the progress after each epoch, until it is finished.

    The batch order of an epoch depends on the seed and the epoch's number alone, so a run that
    was cut off and goes on from its last progress is the run that was not. `on_step(done, total)`
    is called as the steps of an epoch are done. The data must lie on the parameters' device.
    """
    like = progress.best[0].weight
    learning_rate = torch.tensor(settings.learning_rate, dtype=like.dtype, device=like.device)
    while not progress.finished(settings):
        began = time.perf_counter()
        order = epoch_order(len(split.train.labels), len(progress.history), settings)
        order = order.to(like.device)
        # gathered once an epoch: batch by batch it can take longer than the training itself
        images, labels = (
            part.index_select(0, order.flatten()).unflatten(0, order.shape) for part in split.train
        )
        loss, correct = torch.zeros(2, device=like.device)
        state = progress.state
        for index, batch in enumerate(map(Examples, images, labels)):
            state, metrics = step(state, batch, learning_rate)
            loss, correct = loss + metrics.loss, correct + metrics.correct
            if on_step is not None:
                on_step(index + 1, len(order))
        validation = accuracy(state.params, activation, split.validation)
        epoch = Epoch(
            epoch=len(progress.history) + 1,
            loss=loss.item() / len(order),
            train_accuracy=correct.item() / order.numel(),
            validation_accuracy=validation,
            seconds=time.perf_counter() - began,
        )
        improved = validation > progress.best_accuracy or not progress.history
        best = state.params if improved else progress.best
        progress = Progress(state, best, (*progress.history, epoch))
        yield progress


def epoch_order(examples: int, epoch: int, settings: Settings) -> torch.Tensor:
    """The batches of an epoch (counted from 0), as indices (steps, batch); the last partial drops.

    Drawn on the CPU, so that every device sees the same order.
    """
    steps = examples // settings.batch_size
    if steps == 0:
        raise UsageError(
            f"batch_size {settings.batch_size} is more than the {examples} training images",
            "take a smaller batch or more examples",
        )
    seed = (settings.seed * 1_000_003 + epoch) % 2**63  # all that a generator takes
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(examples, generator=generator)
    return order[: steps * settings.batch_size].view(steps, settings.batch_size)
