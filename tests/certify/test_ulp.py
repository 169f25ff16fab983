"""The measure, on cases worked out by hand."""

import math

import pytest
import torch

from actfunc.numerics.ulp import error, plain_error, ulp

INF, NAN = math.inf, math.nan
BOTH = pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])


def measured(got, true, slope=0.0, x=1.0, lo=0.0, dtype=torch.float32):
    """The measure of one number."""
    doubles = (torch.tensor([float(v)], dtype=torch.float64) for v in (true, lo, slope))
    numbers = torch.tensor([got], dtype=dtype), *doubles, torch.tensor([x], dtype=dtype)
    return error(*numbers).item()


@BOTH
def test_ulp_is_the_spacing_of_the_numbers(dtype):
    info = torch.finfo(dtype)
    numbers = [1.0, 1.5, 2.0, 3.0, 1e-3, 1e30, info.tiny, info.tiny / 4, info.max / 2]
    value = torch.tensor(numbers, dtype=dtype)
    spacing = torch.nextafter(value, torch.full_like(value, INF)).double() - value.double()
    assert torch.equal(ulp(value.double(), dtype), spacing)
    assert torch.equal(ulp(-value.double(), dtype), spacing)


@BOTH
def test_ulp_is_that_of_numbers_between_those_of_the_dtype_too(dtype):
    generator = torch.Generator().manual_seed(0)
    value = torch.rand(1000, dtype=torch.float64, generator=generator)
    value = torch.cat([value * 10.0**power for power in (-44, -37, -20, 0, 20, 38)])
    below = value.abs().to(dtype).double()
    below = torch.where(below > value, torch.nextafter(below.to(dtype), value.to(dtype) * 0), below)
    below = below.to(dtype)
    spacing = torch.nextafter(below, torch.full_like(below, INF)).double() - below.double()
    assert torch.equal(ulp(value, dtype), spacing)


@BOTH
def test_ulp_at_the_ends(dtype):
    info = torch.finfo(dtype)
    ends = ulp(torch.tensor([0.0, INF], dtype=torch.float64), dtype)
    last = math.nextafter(info.max, 0) if dtype == torch.float64 else info.max * (1 - info.eps / 2)
    assert ends[0].item() == info.tiny * info.eps
    assert ends[1].item() == pytest.approx(info.max - last)


@BOTH
def test_one_step_is_one_ulp_and_the_rounding_of_the_input_is_forgiven(dtype):
    eps = torch.finfo(dtype).eps
    assert measured(1 + 3 * eps, 1.0, dtype=dtype) == 3
    assert measured(1 + 3 * eps, 1.0, slope=2.0, dtype=dtype) == 1  # 3 / (1 + 2)
    assert measured(1 + 3 * eps, 1.0, slope=1.0, x=4.0, dtype=dtype) == pytest.approx(3 / 5)


def test_the_low_part_of_the_truth_counts():
    assert measured(1.0, 1.0, lo=-(2.0**-54), dtype=torch.float64) == 0.25
    assert measured(1.0, 1.0, lo=0.0, dtype=torch.float64) == 0


def test_at_a_zero_crossing_it_does_not_explode():
    # off by half an ulp of x at a zero of slope 1: plainly astronomic, by the measure half a unit
    assert measured(2.0**-25, 1e-30, slope=1.0, x=1.25) == pytest.approx(0.25, rel=1e-3)
    got, true = torch.tensor([2.0**-25]), torch.tensor([1e-30], dtype=torch.float64)
    assert plain_error(got, true, torch.zeros_like(true)).item() > 1e20


def test_lost_digits_in_a_tail_are_not_forgiven():
    # a sigmoid's slope of 0 at 20, where it is 2e-9
    assert measured(0.0, 2.06e-9, slope=-2.06e-9, x=20.0) > 1e5


def test_a_true_zero_is_met_exactly_or_missed_by_far():
    assert measured(0.0, 0.0) == 0
    assert measured(-0.0, 0.0) == 0
    assert measured(1e-10, 0.0) > 1e30
    assert measured(1e-10, 0.0, slope=1.0) < 1  # the next number of x would do that


@BOTH
def test_results_below_the_normal_numbers_may_be_zero(dtype):
    tiny = torch.finfo(dtype).tiny
    assert measured(0.0, tiny * 0.99, dtype=dtype) == 0
    assert measured(0.0, tiny * 1.01, dtype=dtype) > 1e6
    assert measured(tiny / 2, tiny / 4, dtype=dtype) > 1e6  # but not just any number


@BOTH
def test_overflow_is_right_when_the_truth_overflows(dtype):
    info = torch.finfo(dtype)
    past = INF if dtype == torch.float64 else 2.0**128
    assert measured(INF, past, dtype=dtype) == 0
    assert measured(-INF, -past, dtype=dtype) == 0
    assert measured(-INF, past, dtype=dtype) > 1e6
    assert measured(info.max, INF, dtype=dtype) == INF
    assert measured(INF, info.max, dtype=dtype) == 1  # the number after the largest
    assert measured(INF, info.max / 2, dtype=dtype) > 1e6
    assert measured(INF, 1.0, dtype=dtype) > 1e6


def test_nan_is_infinitely_wrong():
    assert measured(NAN, 1.0) == INF
    assert measured(NAN, 0.0, slope=INF) == INF
