"""Which seeds leave chance, when, and whether early stopping had the patience for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from actfunc.compare.records import Arm, Result
from actfunc.compare.statistics import epoch_left_chance


class Escapes(NamedTuple):
    """Of one arm at one learning rate.

    seeds:    how many were trained.
    stopped:  how many had left chance when early stopping ended them, or would have.
    last:     how many had left it by the last epoch that was trained.
    epochs:   the epoch at which each did, in ascending order.
    ended:    after how many epochs early stopping ends each seed, or would; in the seeds' order.
    """

    arm: Arm
    learning_rate: float
    seeds: int
    stopped: int
    last: int
    epochs: tuple[int, ...]
    ended: tuple[int, ...]


def escapes(results: Sequence[Result]) -> tuple[Escapes, ...]:
    """Of every arm and learning rate of which some seed is at chance by either reading."""
    groups: dict[tuple[Arm, float], list[Result]] = {}
    for result in results:
        groups.setdefault((result.member.arm, result.member.learning_rate), []).append(result)
    found = []
    for (arm, rate), members in groups.items():
        left = [epoch for epoch in map(epoch_left_chance, members) if epoch is not None]
        stopped = [one for one in members if epoch_left_chance(one, rule="stopped") is not None]
        if len(stopped) < len(members) or len(left) < len(members):
            ended = tuple(one.stopped.epochs for one in members)
            found.append(
                Escapes(
                    arm, rate, len(members), len(stopped), len(left), tuple(sorted(left)), ended
                )
            )
    return tuple(found)
