"""Which learning rate is best, and what is reported of seeds that had no part in the choice.

The validation and the test accuracy of a network go together: both are high where a seed is lucky.
A rate that is chosen because it did best on some seeds has therefore a test accuracy on the same
seeds that is too high. So the seeds are dealt into two halves, and each half is reported at the
rate that the other half chose.

Leaving out one seed at a time would choose by more seeds, and is worse: any two choices are then
made of nearly the same seeds, what is reported of one seed has chosen for all others, and the mean
varies by more than the spread of the values says. In simulation with eight equal rates Student's
interval of those values covers 88 % at ten seeds and 82 % at thirty, that of halves 93 and 94 %;
`widening` makes up for what is left.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from statistics import fmean, stdev
from typing import TypeAlias

import numpy as np
from scipy import stats

from actfunc.compare.records import Reading
from actfunc.compare.standings import Reported, RunnerUp

Seeds: TypeAlias = Mapping[int, Reading]
"""The readings of one arm at one learning rate, by seed."""

HALVES_SHARE = 0.36
"""The two halves choose for each other, so their means go together: what is lucky in one is chosen
by it for the other. With K equally good rates and a correlation r of validation and test the
variance of the mean of both is larger by r²·E[largest of K normals]²/(K - 1), and that fraction is
0.32, 0.36, 0.35, 0.34 for K from 2 to 5 and falls from there on."""

TOLD_APART = 0.001
"""One-sided p of a paired t test below which a rate is clearly behind the best: the halves then do
not choose it, and there is nothing to make up for."""


def best_rate(rates: Mapping[float, Seeds], among: Collection[int] | None = None) -> float:
    """The learning rate with the highest mean validation accuracy; the smallest of equals.

    among:  the seeds to choose by; all by default.

    Fewer diverged networks go before a higher mean, which is of the others. A rate with less than
    half as many seeds as another is not among those to choose from. The means are over the seeds
    that every rate has, so that none can win by a lucky seed that another lacks; only where no seed
    has them all, over whatever seeds each rate has.
    """
    return _ranked(rates, among)[0]


def reported(rates: Mapping[float, Seeds]) -> dict[int, Reported]:
    """Each seed at the rate that the other half of the seeds chose, by seed, in ascending order.

    Every other seed is of one half. A seed that was not trained at that rate is left out. A seed
    alone chooses for itself.
    """
    seeds = sorted(set().union(*_candidates(rates).values()))
    found = {}
    for half in (0, 1):
        others = seeds[1 - half :: 2] or seeds
        rate = best_rate(rates, others)
        for seed in seeds[half::2]:
            if seed in rates[rate]:
                one = rates[rate][seed]
                found[seed] = Reported(seed, rate, one.validation, one.test, one.diverged)
    return {seed: found[seed] for seed in sorted(found)}


def runner_up(rates: Mapping[float, Seeds]) -> RunnerUp | None:
    """The rate next to the best, and how far behind; None where there is only one to choose."""
    best, *others = _ranked(rates)
    if not others:
        return None
    behind = _behind(rates[best], rates[others[0]])
    apart = all(_told_apart(rates[best], rates[other]) for other in others)
    return RunnerUp(others[0], round(fmean(behind), 9) if behind else None, apart)


def widening(rates: Mapping[float, Seeds], *, validation: bool = False) -> float:
    """By how much the variance of the mean test accuracy of `reported`, or of its validation
    accuracy, is larger than that of as many independent values, at most; 1 where there was nothing
    to choose."""
    found = runner_up(rates)
    if found is None or found.told_apart:
        return 1.0
    return 1 + HALVES_SHARE * (1.0 if validation else _correlation(_candidates(rates)) ** 2)


def _candidates(rates: Mapping[float, Seeds]) -> dict[float, Seeds]:
    most = max(map(len, rates.values()))
    return {rate: seeds for rate, seeds in rates.items() if 2 * len(seeds) >= most}


def _ranked(rates: Mapping[float, Seeds], among: Collection[int] | None = None) -> list[float]:
    able = _candidates(rates)
    if among is not None:
        inside = {
            rate: {seed: seeds[seed] for seed in seeds if seed in among}
            for rate, seeds in able.items()
        }
        able = {rate: seeds for rate, seeds in inside.items() if seeds} or able
    shared = set.intersection(*(set(seeds) for seeds in able.values()))

    def rank(rate: float) -> tuple[float, float, float]:
        readings = [able[rate][seed] for seed in shared or able[rate]]
        finished = [one.validation for one in readings if one.diverged is None]
        mean = fmean(finished) if finished else 0.0
        return 1 - len(finished) / len(readings), -mean, rate

    return sorted(able, key=rank)


def _behind(best: Seeds, other: Seeds) -> list[float]:
    """How much better the one validates, a value a seed at which neither diverged."""
    return [
        best[seed].validation - other[seed].validation
        for seed in sorted(best.keys() & other.keys())
        if best[seed].diverged is None and other[seed].diverged is None
    ]


def _told_apart(best: Seeds, other: Seeds) -> bool:
    """Whether the other is clearly behind, or diverged with every seed."""
    behind = _behind(best, other)
    if not behind:
        return all(one.diverged is not None for one in other.values())
    if len(behind) < 2 or min(behind) == max(behind):
        return False
    mean, error = fmean(behind), stdev(behind) / len(behind) ** 0.5
    return bool(mean > stats.t.isf(TOLD_APART, len(behind) - 1) * error)


def _correlation(rates: Mapping[float, Seeds]) -> float:
    """Of the validation and the test accuracy of a seed, within each rate, over all of them."""
    together, squares = 0.0, np.zeros(2)
    for seeds in rates.values():
        pairs = [(one.validation, one.test) for one in seeds.values() if one.diverged is None]
        if len(pairs) > 1:
            apart = np.array(pairs) - np.mean(pairs, axis=0)
            together += float(apart.prod(axis=1).sum())
            squares += (apart**2).sum(axis=0)
    both = float(squares.prod()) ** 0.5
    return together / both if both > 0 else 0.0
