"""Numbers beside their errors."""

from __future__ import annotations

import math

import pytest

from actfunc.show.digits import with_error


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
