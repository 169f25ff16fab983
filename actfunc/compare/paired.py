"""Whether differences paired by seed are more than luck, how many of them at once, and how many
seeds it would take to show them."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from scipy import stats

from actfunc.compare.intervals import DIGITS, RESAMPLES

SIGNIFICANCE = 0.05
"""A difference is shown where its corrected p is below this."""

POWER = 0.8
"""How often the seeds that are said to be needed would show the difference."""


def sign_flips(differences: Sequence[float]) -> float:
    """Two-sided p that the differences, one a seed, have either sign by luck.

    scipy's permutation test: how often flipped signs give a sum as far from 0, over all flips to
    13 seeds and over 10,000 drawn ones (always the same) from there on.
    """
    # Not the t test, because test accuracies are counts of images: with two seeds whose networks
    # differ by one image each, or with networks at chance, the spread is 0 and its p is 0. Flips
    # assume no distribution, and where t is right they find nearly as much. Their price: n seeds
    # have no p below 2/2ⁿ, so under six nothing is ever shown, and ten (p ≥ 0.002) do for up to
    # 25 differences after Holm's correction.
    if len(differences) == 1:  # as often as not, and scipy asks for two
        return 1.0
    return float(
        stats.permutation_test(
            (np.asarray(differences, dtype=np.float64),),
            # sums that are equal but for rounding must tie, or a third of all p come out too small
            lambda flipped, axis: np.round(flipped.sum(axis), DIGITS),
            permutation_type="samples",
            vectorized=True,
            n_resamples=RESAMPLES,
            rng=0,
        ).pvalue
    )


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


def seeds_needed(mean: float, spread: float, differences: int = 1) -> int:
    """Paired seeds that show a difference of this mean and spread with a power of 80 %.

    mean:         not 0; spread: the standard deviation of the differences, both in points.
    differences:  how many are corrected for. The level is 0.05 / differences: with it a difference
                  is shown whatever the others turn out to be, which is Holm's first step.

    The power is that of the paired t test, and never fewer seeds than let `sign_flips` fall below
    the level. Flips have a few points of power less, ten where those fewest seeds are the answer.
    """
    level = SIGNIFICANCE / differences
    fewest = next(n for n in itertools.count(2) if 2.0 ** (1 - n) < level)
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
