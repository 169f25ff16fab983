"""How far off a computed number is, in units in the last place of its dtype.

The measure is |got - true| / (ulp(true) + |true′|·ulp(x)). The second term is the error that
rounding the input alone makes: it does not explode at a zero crossing, nor forgive lost digits in
the tails.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_EXPONENT = 0x7FF << 52
"""The bits of a float64 that are its exponent."""


def ulp(value: Tensor, dtype: torch.dtype) -> Tensor:
    """The unit in the last place of `dtype` at `value`: the spacing of its numbers there.

    value: any shape, float64. Below the smallest normal number, and at 0, it is the smallest
    subnormal; beyond the largest number, the spacing below that.
    """
    info = torch.finfo(dtype)
    # the power of two below it, by its exponent alone
    power = (value.view(torch.int64) & _EXPONENT).view(torch.float64)
    largest = 2.0 ** (math.frexp(info.max)[1] - 1) * info.eps
    return (power * info.eps).clamp(info.tiny * info.eps, largest)


def error(got: Tensor, hi: Tensor, lo: Tensor, slope: Tensor, x: Tensor) -> Tensor:
    """The design's measure, in float64.

    got:    (point,) in the dtype under test.
    hi, lo: (point,), the truth as the sum of two float64.
    slope:  (point,), the true derivative of what was computed, float64.
    x:      (point,), the input, in the dtype under test.
    A NaN is infinitely wrong. Zero is right where the truth is below the smallest normal number,
    and an infinity of the right sign where the truth is beyond the largest.
    """
    return error_beside(got, hi, lo, slope.abs() * ulp(x.double(), got.dtype))


def error_beside(got: Tensor, hi: Tensor, lo: Tensor, spread: Tensor) -> Tensor:
    """The same measure for a function of several inputs.

    spread: (point,), the error that rounding the inputs alone makes: Σ |∂true/∂input|·ulp(input).
    """
    unit = ulp(hi, got.dtype) + spread.nan_to_num(posinf=torch.finfo(torch.float64).max)
    return in_units(got, hi, lo, unit)


def plain_error(got: Tensor, hi: Tensor, lo: Tensor) -> Tensor:
    """The error in units in the last place of the truth alone; arguments as in `error`."""
    return in_units(got, hi, lo, ulp(hi, got.dtype))


def in_units(got: Tensor, hi: Tensor, lo: Tensor, unit: Tensor) -> Tensor:
    """The error in these units, with what is allowed of NaN, zero and infinity; see `error`."""
    info = torch.finfo(got.dtype)
    value = got.double()
    off = ((value - hi) - lo).abs()
    # an infinity counts as the number that would follow the largest: halves, as it may be 2¹⁰²⁴
    beyond = torch.copysign(_double(2.0 ** (math.frexp(info.max)[1] - 1)), value)
    overflow = 2 * ((beyond - hi / 2) - lo / 2).abs()
    past = hi.sign() * hi / 2 >= beyond.abs()
    right_side = past & (value.sign() == hi.sign())
    off = torch.where(value.isinf(), torch.where(right_side, 0.0, overflow), off)
    off = torch.where((value == 0) & (hi.abs() < info.tiny), 0.0, off)
    return torch.where(got.isnan() | hi.isnan(), torch.inf, off / unit)


def _double(number: float) -> Tensor:
    return torch.tensor(number, dtype=torch.float64, device="cpu")
