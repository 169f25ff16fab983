"""Numbers beside their errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actfunc.show.digits import with_error
from actfunc.show.error_digits import numbers, place


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (345.4, 2.3, "345 ± 2"),
        (-2.1149, 0.096, "-2.1 ± 0.1"),
        (-0.1601, 0.0021, "-0.160 ± 0.002"),
        (-0.14149, 0.0006, "-0.141"),
        (70.6123, 8e-6, "70.6"),
        (657.2, 0.0, "657"),
        (657.2, math.nan, "657"),
        (math.inf, math.nan, "inf"),
        (0.0, 0.0, "0"),
        (0.0, 0.02, "0.00 ± 0.02"),
        (0.4, 30.0, "0 ± 30"),
        (4.1e30, 2.2e30, "4e+30 ± 2e+30"),
        (3.13e15, 7e13, "3.13e+15 ± 7e+13"),
        (1.234e-8, 3e-10, "1.23e-08 ± 3e-10"),
    ],
)
def test_the_error_decides_the_digits(value, error, shown):
    assert with_error(value, error) == shown


@given(st.floats(allow_nan=False), st.floats(width=32, allow_nan=False))
def test_a_number_of_a_certificate_can_be_typed_back(double, single):
    """So that no two neighbours look the same."""
    double_text, nothing = numbers("float64", double, None)
    [single_text] = numbers("float32", single)
    assert float(double_text) == double
    assert np.float32(single_text) == np.float32(single)
    assert nothing == ""


def test_what_is_shortest_takes_the_most_digits():
    x = 0.1 + 0.2
    assert numbers("float64", x, math.nextafter(x, 1)) == [
        "0.30000000000000004",
        "0.3000000000000001",
    ]


@pytest.mark.parametrize(
    ("x", "shown"),
    [(-math.inf, "-inf"), (math.inf, "inf"), (math.nan, "nan"), (-2.1e-11, "-2e-11"), (0.0, "0")],
)
def test_every_point_of_a_certificate_can_be_written(x, shown):
    assert place(x) == shown
