"""Whether differences paired by seed are more than luck, how many of them at once, and how many
seeds it would take to show them."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from actfunc.compare.intervals import CONFIDENCE, DIGITS
from actfunc.compare.standings import SeedsNeeded

SIGNIFICANCE = 0.05
"""A difference is shown where its corrected p is below this."""

POWER = 0.8
"""How often the seeds that are said to be needed would show the difference."""

FLIPPED = 10_000
"""Random flips, where there are too many seeds to take all."""

MOST_IN_FULL = 13
"""Seeds of which all flips are taken: 8,192."""


def sign_flips(differences: Sequence[float], widening: float = 1.0) -> float:
    """Two-sided p that the differences, one a seed, have either sign by luck.

    How often flipped signs give a sum as far from 0, over all flips to 13 seeds and over 10,000
    drawn ones (always the same) from there on.

    widening:  by how much the variance of the sum is larger than that of independent differences
               (see `rates.widening`); the sum counts as nearer to 0 by its root.
    """
    # Not the t test, because test accuracies are counts of images: with two seeds whose networks
    # differ by one image each, or with networks at chance, the spread is 0 and its p is 0. Flips
    # assume no distribution, and where t is right they find nearly as much. Their price: n seeds
    # have no p below 2/2ⁿ, so under six nothing is ever shown, and ten (p ≥ 0.002) do for up to
    # 25 differences after Holm's correction.
    values = np.asarray(differences, dtype=np.float64)
    # sums that are equal but for rounding must tie, or a third of all p come out too small
    flipped = np.abs(_signs(len(values)) @ values).round(DIGITS)
    return float(np.mean(flipped >= round(abs(values.sum()) / math.sqrt(widening), DIGITS)))


@lru_cache(maxsize=4)
def _signs(seeds: int) -> NDArray[np.float64]:
    """A flip a row; the first flips nothing: what was seen is one of them."""
    if seeds <= MOST_IN_FULL:
        return np.array(list(itertools.product((1.0, -1.0), repeat=seeds)))
    drawn = np.random.default_rng(0).choice((1.0, -1.0), (FLIPPED, seeds))
    return np.concatenate([np.ones((1, seeds)), drawn])


def holm(ps: Sequence[float]) -> list[float]:
    """Each p corrected for all of them, in their order: Holm's step-down, at most 1.

    Whatever the dependence between them, the corrected p of any that is luck falls below a level
    no more often than that level. Holm 1979, Scandinavian Journal of Statistics 6.
    """
    corrected, worst = [0.0] * len(ps), 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        worst = max(worst, min(1.0, (len(ps) - rank) * ps[index]))
        corrected[index] = worst
    return corrected


def fewest_seeds(differences: int) -> int:
    """Seeds with which the largest of so many differences can be shown at all: with fewer, no p of
    `sign_flips` falls below 0.05 once it is corrected for all of them."""
    return next(n for n in itertools.count(2) if 2.0 ** (1 - n) * differences < SIGNIFICANCE)


def seeds_range(mean: float, spread: float, seeds: int, differences: int = 1) -> SeedsNeeded | None:
    """Between which ends the number of paired seeds lies that would show what is behind a
    difference of this mean and spread over so many seeds.

    The ends are `seeds_needed` at the ends of the 95 % interval of the effect, mean / spread, which
    is that of the noncentral t: the effects of which what was seen is no more extreme than one in
    forty on either side. None where nothing can be said: one seed, or a spread of 0.
    """
    if seeds < 2 or spread == 0:
        return None
    seen, freedom, tail = abs(mean) / spread * math.sqrt(seeds), seeds - 1.0, (1 - CONFIDENCE) / 2
    seen = min(seen, 10 * math.sqrt(seeds))  # further out the fewest do, and scipy fails
    largest = optimize.brentq(
        lambda effect: stats.nct.cdf(seen, freedom, effect) - tail, 0, 3 * seen + 5
    )
    fewest = seeds_needed(largest / math.sqrt(seeds), 1.0, differences)
    if stats.t.sf(seen, freedom) >= tail:  # no effect at all would have been as far from 0
        return SeedsNeeded(fewest, None)
    smallest = optimize.brentq(lambda effect: stats.nct.sf(seen, freedom, effect) - tail, 0, seen)
    return SeedsNeeded(
        fewest, seeds_needed(max(smallest, 1e-9) / math.sqrt(seeds), 1.0, differences)
    )


def seeds_needed(mean: float, spread: float, differences: int = 1) -> int:
    """Paired seeds that show a true difference of this mean and spread with a power of 80 %.

    mean:         not 0; spread: the standard deviation of the differences, both in points.
    differences:  how many are corrected for. The level is 0.05 / differences: with it a difference
                  is shown whatever the others turn out to be, which is Holm's first step.

    The power is that of the paired t test, and never fewer seeds than let `sign_flips` fall below
    the level. Flips have a few points of power less, ten where those fewest seeds are the answer.
    """
    level, fewest = SIGNIFICANCE / differences, fewest_seeds(differences)
    # from an effect of 10 on the fewest are enough, and beyond it scipy's distribution fails
    effect = abs(mean) / spread if abs(mean) < 10 * spread else 10.0
    # the normal approximation is short of the answer, by half its quantile's square and few more
    above = (stats.norm.isf(level / 2) + stats.norm.ppf(POWER)) / effect
    start = max(fewest, int(above**2))
    return start + bisect_left(
        range(100), POWER, key=lambda more: _power(effect, start + more, level)
    )


def _power(effect: float, seeds: int, level: float) -> float:
    """Of the two-sided t test; that it finds the wrong sign does not count as power."""
    freedom = float(seeds - 1)  # a whole number may be too large for scipy
    least = stats.t.isf(level / 2, freedom)
    return float(stats.nct.sf(least, freedom, effect * seeds**0.5))
