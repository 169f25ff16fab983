"""Sine and cosine of a product in more digits than a float64 has: each a sum of two numbers.

Where a derivative and the next one vanish together, what is added up to them has to be known to
more digits than they are asked for. An angle is a multiple of π/64, whose sine and cosine stand in
a table, and a rest so small that its square hardly counts.
"""

from __future__ import annotations

from fractions import Fraction

import torch
from torch import Tensor

from actfunc.numerics.floats import Number, halves, pair_sum, product_error, tensor_like

REACH = 2.0**20
"""The largest angle: up to there its multiple of π/64 is exact in the digits left for it."""

_PARTS = 128
_BITS = 120
_PI = Fraction("3.14159265358979323846264338327950288419716939937510582")


def _split(number: int, digits: int) -> tuple[float, int]:
    """A number of units of 2^-120 as a multiple of 2^-digits, and the units that are left."""
    shift = _BITS - digits
    high = (number + (1 << (shift - 1))) >> shift
    return high / 2**digits, number - (high << shift)


def _steps() -> tuple[float, float, float]:
    """π/64 as three numbers, the first two of 28 digits."""
    high, rest = _split(int(2 * _PI / _PARTS * 2**_BITS), 32)
    middle, rest = _split(rest, 60)
    return high, middle, rest / 2**_BITS


def _table() -> Tensor:
    """The sine of each multiple of π/64 as a number of 24 digits and the rest, and the cosine:
    (multiple, number)."""
    angle = int(2 * _PI / _PARTS * 2**_BITS)
    step_cos, step_sin, term, k = 0, 0, 1 << _BITS, 0
    while term:
        sign = -1 if k % 4 > 1 else 1
        step_cos, step_sin = step_cos + (1 - k % 2) * sign * term, step_sin + k % 2 * sign * term
        k += 1
        term = (term * angle >> _BITS) // k
    sin, cos, rows = 0, 1 << _BITS, []
    for _ in range(_PARTS):
        pairs = _split(sin, 24), _split(cos, 24)
        rows.append([part for high, rest in pairs for part in (high, rest / 2**_BITS)])
        sin, cos = (
            sin * step_cos + cos * step_sin >> _BITS,
            cos * step_cos - sin * step_sin >> _BITS,
        )
    return torch.tensor(rows, dtype=torch.float64, device="cpu")


_HIGH, _MIDDLE, _LOW = _steps()
_TABLE = _table()
_TABLES = {_TABLE.device: _TABLE}


def _table_on(device: torch.device) -> Tensor:
    """The table where it is read: copied there once, as a CUDA graph captures no copy."""
    if torch.compiler.is_compiling():
        return _TABLE.to(device)
    if device not in _TABLES:
        with torch.inference_mode(False):
            _TABLES[device] = _TABLE.to(device)
    return _TABLES[device]


def turn_in_pairs(x: Tensor, omega: Number) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """sin(ωx) and cos(ωx), each as two numbers that add up to it, off by 3e-20 at most.

    x: float64, |ωx| at most REACH.
    """
    angle = tensor_like(x, omega) * x
    lost = product_error(angle.detach(), x.detach(), omega)
    n = torch.round(angle.detach() / _HIGH)
    above = angle - n * _HIGH
    less = above - n * _MIDDLE
    lost = (((above - less) - n * _MIDDLE) - n * _LOW + lost).detach()
    r, rest = pair_sum(less, lost)
    # an index of no dimension, as vmap makes it, would be read as a number
    row = torch.nn.functional.embedding(n.remainder(_PARTS).long(), _table_on(x.device))
    sin, sin_low, cos, cos_low = row.unbind(-1)
    z = r * r
    # cos r - 1 and sin r - r
    less = z * (-1 / 2 + z * (1 / 24 + z * (-1 / 720 + z / 40320)))
    over = r * z * (-1 / 6 + z * (1 / 120 + z * (-1 / 5040 + z / 362880)))
    one, other = halves(r)

    def turned(at: Tensor, at_low: Tensor, slope: Tensor, slope_low: Tensor) -> tuple[Tensor, ...]:
        """at + slope·r and what is small beside it: slope has digits enough left for r's halves."""
        product = slope * r
        total = at + product
        small = (at + at_low) * less + (slope + slope_low) * (over + rest) + slope_low * r
        exact = (slope * one - product) + slope * other
        small = (product - (total - at)) + (exact + (at_low + small))
        both = total + small
        return both, small - (both - total)

    s, c = turned(sin, sin_low, cos, cos_low), turned(cos, cos_low, -sin, -sin_low)
    return (s[0], s[1]), (c[0], c[1])
