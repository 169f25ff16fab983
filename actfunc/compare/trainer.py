"""One process's part of a comparison: tasks in, results out, everything on disk as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from actfunc import networks
from actfunc.analysis.gain import spec_for
from actfunc.catalogue import get
from actfunc.compare.folder import Pool
from actfunc.compare.plan import Task
from actfunc.compare.records import Member, Reading, Result
from actfunc.errors import WriteError
from actfunc.machine import settle_on
from actfunc.storage import WorkingSet
from actfunc.training import (
    Program,
    Settings,
    Start,
    initialisation,
    losses,
    optimizer,
    train_members,
)
from actfunc.training.arithmetic import FLOAT32, Arithmetic
from actfunc.training.fit import start
from actfunc.training.members import Running, diverged_in, validation_of

SAVE_EVERY = 10.0
"""Seconds between two times that members on their way are written, which takes a fraction of one
on a disk and would be most of the work on a GPU."""


class How(NamedTuple):
    """What all members of a comparison have in common, and how a process trains them.

    at_a_time: members of one activation in a program's slots.
    arithmetic: of every process, which adopts it before it trains.
    loss: a spec.
    """

    settings: Settings
    at_a_time: int
    compiling: bool
    arithmetic: Arithmetic = FLOAT32
    loss: str = losses.CROSS_ENTROPY.name


class News(NamedTuple):
    """What is told of a member after each of its epochs; the accuracy is a share.

    diverged: the first epoch whose loss was no finite number, or None.
    """

    member: Member
    epochs: int
    validation_accuracy: float
    finished: bool
    diverged: int | None = None


class Trainer:
    """Trains tasks one after the other; a program is kept for the tasks that it fits."""

    def __init__(self, work: WorkingSet, pool: Pool, how: How) -> None:
        settle_on(work.device)
        how.arithmetic.adopt()
        self._work, self._pool, self._how = work, pool, how
        self._program: Program | None = None
        self._fits: tuple = ()

    def train(self, task: Task, tell: Callable[[News], None]) -> list[Result]:
        """Train the members of a task that are not trained, and give the results of all."""
        found = {member: self._pool.result(member) for member in task.members}
        missing = [member for member, result in found.items() if result is None]
        if missing:
            found.update(self._trained(task, missing, tell))
        return [result for result in found.values() if result is not None]

    def _trained(
        self, task: Task, members: list[Member], tell: Callable[[News], None]
    ) -> Iterator[tuple[Member, Result]]:
        program = self._program_for(task)
        settings, saved = self._how.settings, time.monotonic()
        starts = (self._start(task, member) for member in members)
        for running in train_members(program, starts, settings):
            due = time.monotonic() - saved > SAVE_EVERY
            for each in running:
                member, last = members[each.index], each.history[-1]
                lost = diverged_in(each.history)
                news = News(member, last.epoch, last.validation_accuracy, each.finished, lost)
                try:
                    if each.finished:
                        result = _result(member, each, settings)
                        self._pool.keep(result)
                        yield member, result
                    elif due:
                        self._pool.save(member, each.progress)
                except WriteError:
                    tell(news)  # it was computed, if not written
                    raise
                tell(news)
            saved = time.monotonic() if due else saved

    def _start(self, task: Task, member: Member) -> Start:
        if task.network:
            params = self._work._replace(seed=member.seed).drawn(networks.get(task.network))
        else:
            sizes = self._work.sizes(task.hidden)
            init = _drawn_as(member.arm.init, member.arm.activation)
            params = initialisation.drawn(init, sizes, member.seed, self._work.device)
        settings = replace(self._how.settings, optimizer=task.optimizer)
        progress = self._pool.resume(member, start(params, settings))
        activation = task.activations.index(member.arm.activation)
        return Start(activation, member.seed, member.learning_rate, progress)

    def _program_for(self, task: Task) -> Program:
        fits = (*task[:3], task.network)
        if self._program is None or fits != self._fits:
            self._program = None  # its memory first, then the next one's
            self._program, self._fits = self._make(task), fits
        return self._program

    def _make(self, task: Task) -> Program:
        return Program(
            [get(spec) for spec in task.activations],
            optimizer.named(task.optimizer),
            networks.get(task.network) if task.network else self._work.sizes(task.hidden),
            self._work.split,
            loss=self._how.loss,
            batch_size=self._how.settings.batch_size,
            slots=self._how.at_a_time,
            compiling=self._how.compiling,
            precision=self._how.arithmetic.passes,
        )


@cache
def _drawn_as(init: str, activation: str) -> str:
    # up to a quarter of a second of quadrature, the same for all members of an arm
    return spec_for(init, get(activation))


def _result(member: Member, running: Running, settings: Settings) -> Result:
    history, diverged = tuple(running.history), running.progress.diverged
    validation = validation_of(history)
    last = _reading(validation, running.test_accuracy(), diverged)
    ended = settings.stops_after(validation)
    stopped = last
    if ended is not None and running.stopped_test is not None:
        stopped = _reading(validation[:ended], running.stopped_test, diverged)
    return Result(member, last, stopped, history, sum(epoch.seconds for epoch in history))


def _reading(validation: list[float], test: float, diverged: int | None) -> Reading:
    best, epochs = max(validation), len(validation)
    at = validation.index(best) + 1
    within = diverged if diverged is not None and diverged <= epochs else None
    return Reading(_percent(best), _percent(test), at, epochs, within)


def _percent(share: float) -> float:
    return round(100 * share, 9)  # 0.534 is 53.4 %, not 53.400000000000006
