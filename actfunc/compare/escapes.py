"""Which seeds leave chance, when, and whether early stopping had the patience for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from actfunc.compare.records import Arm, Result
from actfunc.compare.statistics import epoch_left_chance
from actfunc.data import CLASSES


class Escapes(NamedTuple):
    """Of one arm at one learning rate.

    seeds:     how many were trained.
    stopped:   how many had left chance when early stopping ended them, or would have.
    last:      how many had left it by the last epoch that was trained.
    diverged:  how many did neither, but came to have a loss or parameters that are no numbers.
    epochs:    the epoch at which each that left it did, in ascending order.
    ended:     after how many epochs early stopping ends each seed, or would; in the seeds' order.
    """

    arm: Arm
    learning_rate: float
    seeds: int
    stopped: int
    last: int
    diverged: int
    epochs: tuple[int, ...]
    ended: tuple[int, ...]


def escapes(results: Sequence[Result], classes: int = len(CLASSES)) -> tuple[Escapes, ...]:
    """Of every arm of which some seed is at chance by either reading or diverged, at all of its
    learning rates: those at which all leave chance as well. classes: how many there are."""
    groups: dict[tuple[Arm, float], list[Result]] = {}
    for result in results:
        groups.setdefault((result.member.arm, result.member.learning_rate), []).append(result)
    found = [_of(arm, rate, members, classes) for (arm, rate), members in groups.items()]
    stuck = {one.arm for one in found if min(one.stopped, one.last) < one.seeds}
    return tuple(one for one in found if one.arm in stuck)


def _of(arm: Arm, rate: float, members: Sequence[Result], classes: int) -> Escapes:
    left, stopped = (
        [epoch_left_chance(one, rule=rule, classes=classes) for one in members]
        for rule in ("last", "stopped")
    )
    epochs = sorted(epoch for epoch in left if epoch is not None)
    return Escapes(
        arm=arm,
        learning_rate=rate,
        seeds=len(members),
        stopped=len(members) - stopped.count(None),
        last=len(epochs),
        diverged=sum(one.last.diverged is not None for one in members),
        epochs=tuple(epochs),
        ended=tuple(one.stopped.epochs for one in members),
    )
