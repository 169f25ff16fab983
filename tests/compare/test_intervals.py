"""Intervals are scipy's and Student's, and hold the mean about as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from actfunc.compare.intervals import FEW, RESAMPLES, band, estimate

NORMAL = np.random.default_rng(5).normal(88, 0.4, size=12)


def test_from_few_on_it_is_scipys_bootstrap():
    for values in (NORMAL[:FEW], NORMAL, np.r_[NORMAL, 10.0]):
        found = estimate(values.tolist(), 0, 100)
        wanted = stats.bootstrap(
            (values,), np.mean, n_resamples=RESAMPLES, method="BCa", rng=np.random.default_rng(0)
        ).confidence_interval
        # values are rounded to nine decimals
        assert found.low == pytest.approx(wanted.low, abs=1e-8)
        assert found.high == pytest.approx(wanted.high, abs=1e-8)
        assert found.mean == pytest.approx(values.mean(), abs=1e-8)
        assert found.spread == pytest.approx(stats.tstd(values), abs=1e-8)
        assert found.seeds == len(values)


@pytest.mark.parametrize("seeds", range(2, FEW))
def test_few_seeds_get_students(seeds):
    values = NORMAL[:seeds]
    wanted = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = estimate(values.tolist(), 0, 100)
    assert found.low == pytest.approx(wanted.low, abs=1e-7)
    assert found.high == pytest.approx(min(wanted.high, 100), abs=1e-7)


def test_two_seeds_by_hand():
    # ½·|a − b| times the 97.5 % quantile at one degree of freedom, tan(0.475·π)
    half = np.tan(0.475 * np.pi)
    found = estimate([50.0, 52.0], 0, 100)
    assert found == pytest.approx((51, 2**0.5, 51 - half, 51 + half, 2), abs=1e-9)
    assert estimate([10.0, 80.0], 0, 100)[2:4] == (0, 100)
    assert estimate([-1.0, 3.0], -5, 5)[2:4] == (-5, 5)


@pytest.mark.parametrize("seeds", [1, 2, FEW, 20])
@pytest.mark.parametrize("value", [0.0, 10.0, 88.1, 100.0])
def test_equal_values_have_no_interval(value, seeds):
    assert estimate([value] * seeds, 0, 100) == (value, 0, value, value, seeds)
    noisy = [value + 1e-13 * (index % 2) for index in range(seeds)]
    assert estimate(noisy, 0, 100) == (value, 0, value, value, seeds)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=14))
def test_the_mean_lies_within_whatever_the_values(values):
    found = estimate(values, 0, 100)
    assert 0 <= found.low <= found.mean <= found.high <= 100
    assert found.mean == pytest.approx(np.mean(values), abs=1e-8)
    assert found == estimate(values, 0, 100)


def coverage(seeds: int, sets: int) -> float:
    drawn = np.random.default_rng(1).normal(80, 1, size=(sets, seeds))
    found = [estimate(values, 0, 100) for values in drawn.tolist()]
    return float(np.mean([each.low <= 80 <= each.high for each in found]))


@pytest.mark.parametrize(("seeds", "least"), [(2, 0.92), (5, 0.92), (FEW, 0.85), (10, 0.87)])
def test_the_interval_holds_the_mean_about_as_often_as_it_says(seeds, least):
    assert least < coverage(seeds, 400) < 0.98


@pytest.mark.parametrize("seeds", [2, 5, FEW, 20])
def test_a_band_is_every_epochs_interval(seeds):
    values = np.random.default_rng(2).normal(80, [[1.0, 3.0, 0.2]], size=(seeds, 3))
    low, high = band(values, 0, 100)
    for epoch, column in enumerate(values.T):
        if seeds < FEW:
            one = estimate(column.tolist(), 0, 100)
            assert (low[epoch], high[epoch]) == pytest.approx((one.low, one.high), abs=1e-7)
        else:
            one = stats.bootstrap((column,), np.mean, method="percentile", rng=3)
            wanted, width = one.confidence_interval, 2 * one.standard_error
            assert low[epoch] == pytest.approx(wanted.low, abs=0.1 * width)
            assert high[epoch] == pytest.approx(wanted.high, abs=0.1 * width)


@pytest.mark.parametrize("seeds", [1, 3, 20])
def test_the_band_of_equal_curves_is_the_curve(seeds):
    curve = np.array([10.1, 70.7, 88.3])
    low, high = band(np.tile(curve, (seeds, 1)), 0, 100)
    assert low.tolist() == high.tolist() == curve.tolist()


def test_a_band_stays_within_what_is_possible():
    low, high = band(np.array([[10.0, 60.0], [80.0, 60.0]]), 0, 100)
    assert (low.tolist(), high.tolist()) == ([0, 60], [100, 60])
