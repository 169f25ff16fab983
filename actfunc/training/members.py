"""Training many members through the slots of one program: each stops on its own, the next moves in.

A slot whose member is done takes the next one waiting for its activation, so that a stopped member
costs nothing while others wait.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from actfunc import tree
from actfunc.training import schedule
from actfunc.training.evaluate import accuracy
from actfunc.training.program import EpochMetrics, OnStep, Program
from actfunc.training.settings import Settings
from actfunc.training.step import State


class Epoch(NamedTuple):
    """The figures of one epoch. Accuracies are shares in [0, 1], of right answers or in a
    regression of variance explained; cross-entropy is in nats, time in seconds.

    Where several members train at once, the time is a member's share.
    """

    epoch: int
    loss: float
    train_accuracy: float
    validation_accuracy: float
    seconds: float


def validation_of(history: Iterable[Epoch]) -> list[float]:
    """The validation accuracy of each epoch, a share."""
    return [epoch.validation_accuracy for epoch in history]


def best_epoch_of(history: Iterable[Epoch]) -> int:
    """The number of the best epoch, from 1; the earliest of equals, 0 of none."""
    scores = validation_of(history)
    return scores.index(max(scores)) + 1 if scores else 0


def diverged_in(history: Iterable[Epoch]) -> int | None:
    """The first epoch whose loss is no finite number; None where there is none."""
    return next((epoch.epoch for epoch in history if not math.isfinite(epoch.loss)), None)


class Progress(NamedTuple):
    """All that is needed to go on, as of the last finished epoch.

    stopped_test: the test accuracy, a share, of the network that early stopping would have kept;
    None before it would have stopped.
    """

    state: State
    best: Any
    history: tuple[Epoch, ...]
    stopped_test: float | None = None

    @property
    def best_epoch(self) -> int:
        """The number of the best epoch, from 1; the earliest of equals, 0 before any."""
        return best_epoch_of(self.history)

    @property
    def best_accuracy(self) -> float:
        """The best validation accuracy, as a share; 0 before any."""
        return max(validation_of(self.history), default=0.0)

    @property
    def diverged(self) -> int | None:
        """The epoch in which the network diverged: the first whose loss is no finite number, or the
        last where the parameters have come to be none after its last loss; else None."""
        if (epoch := diverged_in(self.history)) is not None:
            return epoch
        if not self.history or tree.finite(self.state.params):
            return None
        return self.history[-1].epoch

    def stopped_at(self, settings: Settings) -> int | None:
        """After how many epochs early stopping stops, or would have; None while it goes on."""
        return settings.stops_after(validation_of(self.history))

    def finished(self, settings: Settings) -> bool:
        """Whether no epoch is left to train; see `Settings.finished`."""
        return settings.finished(validation_of(self.history))


class Start(NamedTuple):
    """A member about to train: which of the program's activations, its seed and base learning
    rate, and where it begins."""

    activation: int
    seed: int
    learning_rate: float
    progress: Progress


class Running:
    """A member in a slot: `progress` is a copy of where it is, to be taken between two epochs."""

    def __init__(self, program: Program, slot: tuple[int, int], start: Start, index: int) -> None:
        self.index = index
        self.start = start
        self.slot = slot
        self.history = list(start.progress.history)
        self.stopped_test = start.progress.stopped_test
        self.finished = False
        self._program = program
        program.put(slot, start.progress.state, start.progress.best)

    @property
    def progress(self) -> Progress:
        """All of it; copies the parameters."""
        return Progress(*self._program.take(self.slot), tuple(self.history), self.stopped_test)

    @property
    def improved(self) -> bool:
        """Whether the last epoch was the best so far."""
        *before, last = validation_of(self.history)
        return last > max(before, default=-1.0)

    def test_accuracy(self) -> float:
        """The test accuracy of the best parameters, as a share."""
        activation = self._program.activations[self.slot[1]]
        params = self._program.best_of(self.slot)
        network, loss = self._program.objective.network, self._program.objective.loss
        test = self._program.split.test
        return accuracy(params, activation, test, network=network, loss=loss)


def train_members(
    program: Program,
    starts: Iterable[Start],
    settings: Settings,
    *,
    on_step: OnStep | None = None,
) -> Iterator[tuple[Running, ...]]:
    """Train all members, giving those in the slots after each epoch.

    Finished ones are given once more with `finished` set, and then make room. Of `settings`, the
    members' own seeds and learning rates are what counts. Members begin in the order of `starts`,
    activation by activation, and `Running.index` says which of them one is. `starts` may be a
    generator: it is asked for as many as there is room for.
    """
    waiting = _Waiting(starts, len(program.activations), settings)
    running: dict[tuple[int, int], Running] = {}
    while True:
        for slot in _free(program, running):
            following = waiting.next(slot[1])
            if following is not None:
                index, start = following
                running[slot] = Running(program, slot, start, index)
        if not running:
            return
        began = time.perf_counter()
        metrics = program.epoch(*_course(program, running, settings), on_step=on_step)
        seconds = (time.perf_counter() - began) / len(running)
        _record(program, running, metrics, seconds)
        for member in running.values():
            validation = validation_of(member.history)
            if settings.stops_after(validation) == len(validation):
                member.stopped_test = member.test_accuracy()
            member.finished = settings.finished(validation)
        yield tuple(running.values())
        running = {slot: member for slot, member in running.items() if not member.finished}


class _Waiting:
    """The members that have no slot yet, drawn from `starts` no sooner than needed."""

    def __init__(self, starts: Iterable[Start], activations: int, settings: Settings) -> None:
        self._source = enumerate(starts)
        self._queues: list[deque[tuple[int, Start]]] = [deque() for _ in range(activations)]
        self._settings = settings

    def next(self, activation: int) -> tuple[int, Start] | None:
        """The next member of that activation that is not finished, and its index; or None."""
        while not self._queues[activation]:
            index, start = next(self._source, (0, None))
            if start is None:
                return None
            if start.progress.stopped_at(self._settings) is None:
                # where less patience than now stopped it, that is no longer where it stops
                start = start._replace(progress=start.progress._replace(stopped_test=None))
            if not start.progress.finished(self._settings):
                self._queues[start.activation].append((index, start))
        return self._queues[activation].popleft()


def _free(program: Program, running: dict[tuple[int, int], Running]) -> Sequence[tuple[int, int]]:
    slots, activations = program.shape
    every = [(slot, each) for slot in range(slots) for each in range(activations)]
    return [slot for slot in every if slot not in running]


def _course(
    program: Program, running: dict[tuple[int, int], Running], settings: Settings
) -> tuple[Tensor, Tensor, Tensor]:
    """What the next epoch is told: seeds, epochs, learning rates; of empty slots all zero."""
    seeds, epochs = torch.zeros(2, *program.shape, dtype=torch.int64, device="cpu")
    base = torch.zeros(program.shape, dtype=torch.float64, device="cpu")
    for slot, member in running.items():
        seeds[slot], epochs[slot] = member.start.seed, len(member.history)
        base[slot] = member.start.learning_rate
    step = torch.arange(program.steps, device="cpu")[:, None, None] + epochs * program.steps
    # float64, so that the factor is
    factor = schedule.named(settings.schedule)(step.double(), settings.max_epochs * program.steps)
    return seeds, epochs, base * factor


def _record(
    program: Program,
    running: dict[tuple[int, int], Running],
    metrics: EpochMetrics,
    seconds: float,
) -> None:
    improved = torch.zeros(program.shape, dtype=torch.bool, device="cpu")
    for slot, member in running.items():
        number = len(member.history) + 1
        loss, train, validation = (float(each[slot]) for each in metrics)
        member.history.append(Epoch(number, loss, train, validation, seconds))
        improved[slot] = member.improved
    program.keep_best(improved)
