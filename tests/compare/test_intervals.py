"""Intervals are Student's where values are even, Hall's where they are skewed, and hold the mean as
often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from actfunc.compare.intervals import band, estimate, interval
from actfunc.errors import UsageError
from tests.compare.simulation import simulation

SEEDS = (2, 3, 5, 10, 20)


@pytest.mark.parametrize("seeds", SEEDS)
def test_even_values_get_students(seeds):
    half = np.random.default_rng(seeds).normal(0, 0.4, size=seeds // 2)
    values = 88 + np.concatenate([half, -half, np.zeros(seeds % 2)])
    wanted = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = estimate(values.tolist(), -1e3, 1e3)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-7)
    assert (found.mean, found.seeds) == (pytest.approx(values.mean()), seeds)
    assert found.spread == pytest.approx(stats.tstd(values), abs=1e-8)


@pytest.mark.parametrize("widening", [1.0, 1.36])
@pytest.mark.parametrize("seeds", [3, 4, 10, 20])
def test_skewed_values_get_the_roots_of_halls_cubic(seeds, widening):
    values = 80 - np.random.default_rng(seeds).exponential(size=seeds)
    # the unbiased skewness, shrunk by (n - 2) / (n + 3)
    skewness = stats.skew(values, bias=False) * (seeds - 2) / (seeds + 3)
    a = skewness / (3 * math.sqrt(seeds))
    quantile = stats.t.ppf(0.975, seeds - 1) * math.sqrt(widening)

    def t_at(bent):
        return optimize.brentq(
            lambda t: t + a * t**2 + a**2 * t**3 / 3 + a / 2 - bent, -1e4, 1e4, xtol=1e-13
        )

    error = values.std(ddof=1) / math.sqrt(seeds)
    wanted = [values.mean() - t_at(bent) * error for bent in (quantile, -quantile)]
    assert [float(end) for end in interval(values, widening)] == pytest.approx(wanted, rel=1e-10)
    low, high = interval(-values, widening)
    assert [-high, -low] == pytest.approx(wanted, rel=1e-12)
    # a tail below leaves more room below
    assert values.mean() - wanted[0] > wanted[1] - values.mean()


def test_two_seeds_by_hand():
    # ½·|a − b| times the 97.5 % quantile at one degree of freedom, tan(0.475·π)
    half = np.tan(0.475 * np.pi)
    found = estimate([50.0, 52.0], 0, 100)
    assert found == pytest.approx((51, 2**0.5, 51 - half, 51 + half, 2), abs=1e-9)
    assert estimate([10.0, 80.0], 0, 100)[2:4] == (0, 100)
    assert estimate([-1.0, 3.0], -5, 5)[2:4] == (-5, 5)


@pytest.mark.parametrize("seeds", [1, *SEEDS])
@pytest.mark.parametrize("value", [0.0, 10.0, 88.1, 100.0])
def test_equal_values_have_no_interval(value, seeds):
    assert estimate([value] * seeds, 0, 100, 1.3) == (value, 0, value, value, seeds)
    noisy = [value + 1e-13 * (index % 2) for index in range(seeds)]
    assert estimate(noisy, 0, 100) == (value, 0, value, value, seeds)


def test_the_mean_of_values_that_nearly_agree_is_within():
    for values in ([0.0, 1e-9], [88.0, 88.000000001], [88.0, 88.0, 88.000000001]):
        found = estimate(values, 0, 100)
        assert found.low <= found.mean <= found.high


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=14), st.floats(1, 1.4))
def test_the_mean_lies_within_whatever_the_values(values, widening):
    found = estimate(values, 0, 100, widening)
    assert 0 <= found.low <= found.mean <= found.high <= 100
    assert found.mean == pytest.approx(np.mean(values), abs=1e-8)
    assert found == estimate(values, 0, 100, widening)


@pytest.mark.parametrize("values", [[], [80.0, math.nan], [math.inf, 1.0]])
def test_what_is_no_number_is_refused(values):
    with pytest.raises(UsageError, match=r"finite numbers, one or more, got (none|nan|inf)"):
        estimate(values, 0, 100)


@pytest.mark.parametrize(
    ("shape", "seeds", "least", "most"),
    [
        *(("normal", seeds, 0.94, 0.965) for seeds in (3, 5, 8, 10, 20, 30)),
        *(("skewed", seeds, 0.92, 1) for seeds in (10, 20)),
        *(("two-humped", seeds, 0.92, 1) for seeds in (10, 20)),
    ],
)
def test_the_interval_holds_the_mean_as_often_as_it_says(shape, seeds, least, most):
    """In full: benchmarks/intervals.py."""
    draws, chance = 1000, np.random.default_rng([1, seeds])
    found = sum(simulation().of_a_mean(shape, seeds, chance) for _ in range(draws)) / draws
    # three standard errors of so many draws are two points
    assert least - 0.02 < found < most + 0.02


@pytest.mark.parametrize("seeds", SEEDS)
def test_a_band_is_every_epochs_interval(seeds):
    values = np.random.default_rng(2).gamma(2.0, [[1.0, 3.0, 0.2]], size=(seeds, 3))
    values[:, 1] = 70.7
    low, high = band(values, 0, 100)
    for epoch, column in enumerate(values.T):
        one = estimate(column.tolist(), 0, 100)
        assert (low[epoch], high[epoch]) == pytest.approx((one.low, one.high), abs=1e-8)


@pytest.mark.parametrize("seeds", [1, 3, 20])
def test_the_band_of_equal_curves_is_the_curve(seeds):
    curve = np.array([10.1, 70.7, 88.3])
    low, high = band(np.tile(curve, (seeds, 1)), 0, 100)
    assert low.tolist() == high.tolist() == curve.tolist()


def test_a_band_stays_within_what_is_possible():
    low, high = band(np.array([[10.0, 60.0], [80.0, 60.0]]), 0, 100)
    assert (low.tolist(), high.tolist()) == ([0, 60], [100, 60])
