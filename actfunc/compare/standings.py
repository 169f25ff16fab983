"""What a comparison finds: how each arm stands, and which differences are shown."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from actfunc.compare.records import Arm

Rule: TypeAlias = Literal["stopped", "last"]
"""Which reading of a result counts: with early stopping, or the best of all epochs trained."""


Edge: TypeAlias = Literal["smallest", "largest"]
"""Of the learning rates tried."""


class Estimate(NamedTuple):
    """A mean over seeds, in percent or points: spread is the standard deviation, low and high the
    ends of the 95 % interval of the mean (both the mean itself where there is one seed)."""

    mean: float
    spread: float
    low: float
    high: float
    seeds: int


class Standing(NamedTuple):
    """One arm at its best learning rate, chosen by the mean validation accuracy.

    learning_rate:  the chosen one; rates: all there were to choose from, the smallest first.
    left_chance:    how many seeds ended above chance (see `evaluate.LEFT_CHANCE`).
    """

    arm: Arm
    learning_rate: float
    rates: tuple[float, ...]
    validation: Estimate
    test: Estimate
    left_chance: int

    @property
    def edge(self) -> Edge | None:
        """Where the chosen rate is the last on a side, beyond which none was tried; else None."""
        if len(self.rates) < 2 or self.rates[0] < self.learning_rate < self.rates[-1]:
            return None
        return "smallest" if self.learning_rate == self.rates[0] else "largest"


class Difference(NamedTuple):
    """An arm's test accuracy less the baseline's, paired over the seeds that both have.

    p:             of the paired test; corrected: Holm's, over all differences of the summary.
    shown:         whether the corrected p is below 0.05.
    seeds_needed:  paired seeds with which a difference of this size would be shown with a power of
                   80 %; None where it is zero or cannot be said from fewer than two seeds.
    """

    arm: Arm
    points: Estimate
    p: float
    corrected: float
    shown: bool
    seeds_needed: int | None


class Summary(NamedTuple):
    """All standings, best test accuracy first, and the differences to the baseline, in that order.

    baseline: None where there is only one arm to look at.
    """

    rule: Rule
    baseline: Arm | None
    standings: tuple[Standing, ...]
    differences: tuple[Difference, ...]
