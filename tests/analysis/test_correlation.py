"""The correlation map against closed forms, and what symmetry says."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from actfunc import CATALOGUE, get
from actfunc.analysis.correlation import correlation_series
from actfunc.analysis.gain import recommend
from actfunc.analysis.gaussian import moments
from tests.records import HANDFUL, each

pytestmark = pytest.mark.usefixtures("one_thread")
catalogue = each(CATALOGUE.values(), (*HANDFUL, "cos"))  # an even one beside the odd ones

CORRELATIONS = torch.tensor([-1, -0.8, -0.1, 0, 0.3, 0.9, 0.999, 1], dtype=torch.float64)

# E[φ(x)φ(y)] for x and y of variance v and correlation c
PRODUCTS = {
    # Cho & Saul 2009
    "relu": lambda c, v: v * (c * (math.pi - c.acos()) + (1 - c * c).sqrt()) / (2 * math.pi),
    # Williams 1997
    "erf": lambda c, v: 2 / math.pi * (2 * v * c / (1 + 2 * v)).asin(),
    "sin": lambda c, v: math.exp(-v) * (v * c).sinh(),
    "cos": lambda c, v: math.exp(-v) * (v * c).cosh(),
    "exponential": lambda c, v: (v * (1 + c)).exp(),
    "gaussian": lambda c, v: ((1 + 2 * v) ** 2 - (2 * v * c) ** 2) ** -0.5,
    "square": lambda c, v: v**2 * (1 + 2 * c * c),
}


@pytest.mark.parametrize("name", PRODUCTS)
@settings(deadline=None, max_examples=5)
@given(v=st.floats(0.05, 5))
def test_closed_forms(name, v):
    gain, bias, c = 1.3, 0.2, CORRELATIONS
    layer = gain**2 * PRODUCTS[name](c, v) + bias**2
    got, wanted = correlation_series(get(name), v, gain, bias)(c), layer / layer[-1]
    torch.testing.assert_close(got[1:6], wanted[1:6], rtol=1e-8, atol=1e-8)
    # near the ends the series of a function with a joint is cut short
    torch.testing.assert_close(got, wanted, rtol=0, atol=2e-4)


@pytest.mark.parametrize("name", ["tanh", "gelu", "sin"])
def test_the_slope_at_one_is_chi(name):
    gain = recommend(get(name))
    pair = float(gain.weight), float(gain.bias)
    near = torch.tensor([1 - 1e-4, 1.0], dtype=torch.float64)
    low, high = correlation_series(get(name), float(gain.variance), *pair)(near)
    assert float(high) == pytest.approx(1, abs=1e-10)
    assert gain.critical
    assert float((high - low) / 1e-4) == pytest.approx(1, rel=1e-3)


@catalogue
def test_at_no_correlation_the_means_are_left_and_symmetry_is_kept(record):
    v = 1.0
    found = moments(record, v)
    size = float(found.square)
    series = correlation_series(record, v, 1.0)
    zero = series(torch.zeros(1).double()) * size
    assert float(zero) == pytest.approx(float(found.mean) ** 2, abs=1e-9 * size)
    x = torch.linspace(0.01, 6, 100, dtype=torch.float64)
    here, there = record.f(x), record.f(-x)
    for sign in (1, -1):
        if torch.allclose(here, sign * there, rtol=1e-12, atol=1e-14):
            pair = torch.tensor([0.6, -0.6], dtype=torch.float64)
            one, other = series(pair).tolist()
            assert one == pytest.approx(sign * other, abs=1e-9)
