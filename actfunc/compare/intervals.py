"""Between which ends a mean over seeds lies: bootstrapped, or Student's where seeds are few."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from actfunc.compare.standings import Estimate

CONFIDENCE = 0.95
RESAMPLES = 10_000
BAND_RESAMPLES = 2_000
"""Enough for a band, which is drawn and not read to two decimals."""

FEW = 8
"""With fewer seeds than this, intervals are Student's. A bootstrap knows only the values it was
given: on normal data its 95 % intervals hold the mean 51 % of the time with two seeds, 83 % with
five, 89 % with eight. Student's hold it 95 % of the time with any number."""

DIGITS = 9
"""Decimals of a percent that count. Accuracies are counts of images; what differs further down is
rounding, and would make equal values differ."""


def estimate(values: Sequence[float], lowest: float, highest: float) -> Estimate:
    """Mean, sample standard deviation and 95 % interval of the mean of one value a seed.

    The interval is scipy's BCa bootstrap with a fixed generator, so equal values give equal
    figures, or Student's below `FEW` seeds, and is cut to what is possible, lowest to highest. It
    is the mean itself, and the spread 0, where all values are equal or there is only one.
    """
    seen: NDArray[np.float64] = np.asarray(values, dtype=np.float64).round(DIGITS)
    if seen.min() == seen.max():
        only = float(seen[0])
        return Estimate(only, 0.0, only, only, len(seen))
    mean, spread = round(float(seen.mean()), DIGITS), float(seen.std(ddof=1))
    if len(seen) < FEW:
        low, high = mean + _student(seen) * np.array([-1, 1])
    else:
        low, high = stats.bootstrap(
            (seen,),
            np.mean,
            n_resamples=RESAMPLES,
            confidence_level=CONFIDENCE,
            method="BCa",
            rng=0,
        ).confidence_interval
    return Estimate(mean, spread, max(float(low), lowest), min(float(high), highest), len(seen))


def band(
    values: NDArray[np.float64], lowest: float, highest: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both ends of the 95 % interval of the mean over seeds, (epoch,) each; values (seed, epoch).

    Whole seeds are drawn anew, all of their epochs together; percentiles, Student's below `FEW`.
    """
    seeds, mean = len(values), values.mean(0)
    if seeds < FEW:
        half = _student(values) if seeds > 1 else np.zeros_like(mean)
        ends = np.stack([mean - half, mean + half])
    else:
        # how often each seed is drawn, instead of which: the means are then one matrix product
        drawn = np.random.default_rng(0).multinomial(
            seeds, np.full(seeds, 1 / seeds), size=BAND_RESAMPLES
        )
        tails = (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
        ends = np.quantile(drawn @ values / seeds, tails, axis=0)
    low, high = ends.round(DIGITS).clip(lowest, highest)
    return low, high


def _student(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half the width of Student's interval of the mean over the first dimension."""
    seeds = len(values)
    return stats.t.isf((1 - CONFIDENCE) / 2, seeds - 1) * values.std(0, ddof=1) / seeds**0.5
