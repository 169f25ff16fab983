"""The correlation map against closed forms, its series, and what symmetry says."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from actfunc import CATALOGUE, get
from actfunc.analysis.correlation import correlation_map, correlation_series
from actfunc.analysis.gain import recommend
from actfunc.analysis.gaussian import moments
from tests.records import HANDFUL, each

pytestmark = pytest.mark.usefixtures("one_thread")
catalogue = each(CATALOGUE.values(), (*HANDFUL, "cos"))  # an even one beside the odd ones

CORRELATIONS = torch.tensor([-1, -0.8, -0.1, 0, 0.3, 0.9, 0.999, 1], dtype=torch.float64)


@settings(deadline=None, max_examples=5)
@given(st.floats(0.05, 20))
def test_the_arc_cosine_and_the_arc_sine(v):
    c = CORRELATIONS
    # Cho & Saul 2009, ReLU at gain √2
    relu = (c * (math.pi - c.acos()) + (1 - c * c).sqrt()) / math.pi
    got = correlation_map(get("relu"), c, v, math.sqrt(2))
    torch.testing.assert_close(got, relu, rtol=1e-9, atol=1e-9)
    # Williams 1997
    erf = (2 * v * c / (1 + 2 * v)).asin() / math.asin(2 * v / (1 + 2 * v))
    torch.testing.assert_close(correlation_map(get("erf"), c, v, 1.5), erf, rtol=1e-9, atol=1e-9)


@catalogue
def test_the_series_is_the_map(record):
    v, inner = 1.5, CORRELATIONS[[1, 5]]
    series = correlation_series(record, v, 1.3, 0.2)
    wanted = correlation_map(record, inner, v, 1.3, 0.2)
    torch.testing.assert_close(series(inner), wanted, rtol=0, atol=1e-6)
    torch.testing.assert_close(series(torch.ones(1).double()), torch.ones(1).double())


@pytest.mark.parametrize("name", ["tanh", "gelu", "sin"])
def test_the_slope_at_one_is_chi(name):
    gain = recommend(get(name))
    pair = float(gain.weight), float(gain.bias)
    near = torch.tensor([1 - 1e-4, 1.0], dtype=torch.float64)
    low, high = correlation_map(get(name), near, float(gain.variance), *pair)
    assert float(high) == pytest.approx(1, abs=1e-10)
    assert gain.critical
    assert float((high - low) / 1e-4) == pytest.approx(1, rel=1e-3)


@catalogue
def test_at_no_correlation_the_means_are_left_and_symmetry_is_kept(record):
    v = 1.0
    found = moments(record, v)
    size = float(found.square)
    zero = correlation_map(record, 0.0, v, 1.0) * size
    assert float(zero) == pytest.approx(float(found.mean) ** 2, abs=1e-9 * size)
    x = torch.linspace(0.01, 6, 100, dtype=torch.float64)
    here, there = record.f(x), record.f(-x)
    for sign in (1, -1):
        if torch.allclose(here, sign * there, rtol=1e-12, atol=1e-14):
            pair = torch.tensor([0.6, -0.6], dtype=torch.float64)
            one, other = correlation_map(record, pair, v, 1.0).tolist()
            assert one == pytest.approx(sign * other, abs=1e-9)
