"""Between which ends a mean over seeds lies: Student's interval, turned by the values' skewness."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from actfunc.compare.standings import Estimate
from actfunc.errors import UsageError

CONFIDENCE = 0.95

DIGITS = 9
"""Decimals of a percent that count. Accuracies are counts of images; what differs further down is
rounding, and would make equal values differ."""


def estimate(
    values: Sequence[float], lowest: float, highest: float, widening: float = 1.0
) -> Estimate:
    """Mean, sample standard deviation and 95 % interval of the mean of one value a seed.

    widening:  by how much the variance of the mean is larger than that of independent values; see
               `rates.widening`.

    The interval is `interval`'s, cut to what is possible, lowest to highest. It is the mean itself,
    and the spread 0, where all values are equal or there is only one. Raises UsageError where there
    is no value, or one that is no finite number.
    """
    seen: NDArray[np.float64] = np.asarray(values, dtype=np.float64).round(DIGITS)
    if not len(seen) or not np.isfinite(seen).all():
        wrong = next((value for value in values if not math.isfinite(value)), "none")
        raise UsageError(
            f"values to average must be finite numbers, one or more, got {wrong}",
            "count networks that diverged apart",
        )
    if seen.min() == seen.max():
        only = float(seen[0])
        return Estimate(only, 0.0, only, only, len(seen))
    mean, spread = round(float(seen.mean()), DIGITS), float(seen.std(ddof=1))
    low, high = (float(end) for end in interval(seen, widening))
    # the mean is rounded and the ends are not: of values that nearly agree it must lie within
    low, high = min(low, mean), max(high, mean)
    return Estimate(mean, spread, max(low, lowest), min(high, highest), len(seen))


def band(
    values: NDArray[np.float64], lowest: float, highest: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ends of the mean's 95 % interval over seeds, each (epoch,); values are (seed, epoch)."""
    low, high = (end.round(DIGITS).clip(lowest, highest) for end in interval(values.round(DIGITS)))
    return low, high


def interval(
    values: NDArray[np.float64], widening: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ends of the 95 % interval of the mean over the first dimension.

    Student's t with Hall's correction for skewness (1992, Journal of the Royal Statistical Society
    B 54, "On the removal of skewness by transformation"): t + at² + a²t³/3 + a/2 with
    a = skewness / (3·√n) has nearly t's distribution also where the values are skewed, so the
    interval is what that cubic takes to ±t's quantile. Without skewness, and with two seeds, it is
    Student's. Where all values are equal, or there is one, both ends are the mean.
    """
    seeds, mean = len(values), values.mean(0)
    apart = values - mean
    square = (apart**2).mean(0)
    flat = square <= 10.0 ** (-2 * DIGITS)
    if seeds == 1 or np.all(flat):
        return mean, mean
    root = np.sqrt(np.where(flat, 1.0, square))
    # the unbiased skewness is this with n - 2 below; of few values it is mostly luck, and n + 3
    # shrinks it by as much as keeps 95 % on normal values from two seeds on
    skewness = (apart**3).mean(0) / root**3 * math.sqrt(seeds * (seeds - 1)) / (seeds + 3)
    bend = np.where(flat, 0.0, skewness) / (3 * math.sqrt(seeds))
    quantile = stats.t.isf((1 - CONFIDENCE) / 2, seeds - 1) * math.sqrt(widening)
    error = np.where(flat, 0.0, root) / math.sqrt(seeds - 1)
    return mean - _unbent(quantile, bend) * error, mean - _unbent(-quantile, bend) * error


def _unbent(bent: float, bend: NDArray[np.float64]) -> NDArray[np.float64]:
    """The t of which t + at² + a²t³/3 + a/2 is `bent`: (1 + at)³ is 1 + 3a·(bent - a/2)."""
    target = bent - bend / 2
    straight = np.abs(bend) < 1e-9
    return np.where(
        straight, target, (np.cbrt(1 + 3 * bend * target) - 1) / np.where(straight, 1.0, bend)
    )
