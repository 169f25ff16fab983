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
    ends of the 95 % interval of the mean (both the mean itself where there is one seed).

    The interval is of the seeds alone: of what other seeds would give with the same split and the
    same test images. It does not hold what other test images would change.
    """

    mean: float
    spread: float
    low: float
    high: float
    seeds: int


class Rate(NamedTuple):
    """What one learning rate gave an arm, over all of its seeds.

    validation, test:  accuracies of those that did not diverge; None where all did.
    left_chance:       how many ended above chance (see `evaluate.left_chance`) and finite.
    diverged:          how many came to have a loss or parameters that are no finite numbers.
    epochs, seconds:   of training, a member on average.
    """

    learning_rate: float
    seeds: int
    validation: Estimate | None
    test: Estimate | None
    left_chance: int
    diverged: int
    epochs: float
    seconds: float


class RunnerUp(NamedTuple):
    """The learning rate that comes next to the best.

    behind:      by how many points of mean validation accuracy; None where all its seeds diverged.
    told_apart:  whether the seeds tell the best from each of the others.
    """

    learning_rate: float
    behind: float | None
    told_apart: bool


class Reported(NamedTuple):
    """What of one seed is in a standing: at the learning rate that the other half of the seeds
    chose. Accuracies are in percent; diverged is the epoch in which it did, or None."""

    seed: int
    learning_rate: float
    validation: float
    test: float
    diverged: int | None


class Standing(NamedTuple):
    """One arm, at learning rates that were chosen apart from what is reported.

    best_rate:      by the mean validation accuracy of all seeds: the one to use. What is reported
                    is at the rates `chosen` by halves of them, nearly always this one alone.
    rates:          what each of those tried gave, the smallest first.
    runner_up:      None where there is one rate.
    reported:       a line a seed, which `validation` and `test` are the estimates of, without those
                    that diverged; None where all did.
    left_chance:    how many of them ended above chance.
    """

    arm: Arm
    best_rate: float
    rates: tuple[Rate, ...]
    runner_up: RunnerUp | None
    reported: tuple[Reported, ...]
    validation: Estimate | None
    test: Estimate | None
    left_chance: int

    @property
    def seeds(self) -> int:
        """How many are reported, those that diverged among them."""
        return len(self.reported)

    @property
    def diverged(self) -> int:
        """How many of them diverged."""
        return sum(one.diverged is not None for one in self.reported)

    @property
    def chosen(self) -> tuple[float, ...]:
        """The learning rates at which seeds are reported, the smallest first."""
        return tuple(sorted({one.learning_rate for one in self.reported}))

    @property
    def edge(self) -> Edge | None:
        """Where the best rate is the last on a side, beyond which none was tried; else None."""
        if len(self.rates) < 2:
            return None
        if self.best_rate == self.rates[0].learning_rate:
            return "smallest"
        return "largest" if self.best_rate == self.rates[-1].learning_rate else None


class SeedsNeeded(NamedTuple):
    """How many paired seeds would show what is behind a difference, four times in five: the ends of
    a 95 % interval; most is None where it may be no difference at all."""

    fewest: int
    most: int | None


class PairedDifference(NamedTuple):
    """An arm's test accuracy less the baseline's, paired over the seeds that both have.

    points:        over the pairs of which neither diverged; None where there is none.
    diverged:      how many pairs are left out because one diverged. Where any is, what is left is
                   a choice of the lucky ones, and nothing is tested: p is None.
    p:             of the paired test; corrected: Holm's, over all differences of the summary.
    shown:         whether the corrected p is below 0.05.
    seeds_needed:  None where it cannot be said.
    """

    arm: Arm
    points: Estimate | None
    diverged: int
    p: float | None
    corrected: float | None
    shown: bool
    seeds_needed: SeedsNeeded | None


class Summary(NamedTuple):
    """All standings, best test accuracy first, and the differences to the baseline, in that order.

    baseline: None where there is only one arm to look at.
    """

    rule: Rule
    baseline: Arm | None
    standings: tuple[Standing, ...]
    differences: tuple[PairedDifference, ...]
