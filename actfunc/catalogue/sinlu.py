"""sinlu, a line with a sine on it behind a sigmoid, in sums of two numbers where digits vanish."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor, exp, where

from actfunc.catalogue.circle import REACH, turn_in_pairs
from actfunc.catalogue.logistic import damped
from actfunc.catalogue.periodic import turn
from actfunc.numerics.floats import (
    Number,
    exp_pair,
    finite,
    flushed,
    lowest,
    pair_sum,
    product_error,
    tensor_like,
)

Pair: TypeAlias = tuple[Tensor, Number]
"""A number as a sum of two, the second small."""


def _wave(x: Tensor, a: Number, b: Number) -> tuple[Pair, Pair, Pair]:
    """w = x + a·sin(b·x) and its two derivatives, in float64.

    What vanishes with them vanishes twice where a wave just touches 0: float64 has digits enough
    for a result in float32, and for one of its own it takes two numbers.
    """
    if x.dtype == torch.float64:
        return _wave_in_pairs(x, a, b)
    x = x.double()
    sin, cos = turn(x, b)
    a, b = tensor_like(x, a), tensor_like(x, b)  # their product has digits that float32 has not
    # |cos| as 1 less little: where ab is 1 or -1 the slope touches 0, and keeps its digits
    turned = a * b * where(cos > 0, 1.0, -1.0).to(x.dtype)
    slope = (1 + turned) - turned * (sin * sin / (1 + cos.abs()))
    return (x + a * sin, 0.0), (slope, 0.0), (-a * b * b * sin, 0.0)


def _wave_in_pairs(x: Tensor, a: Number, b: Number) -> tuple[Pair, Pair, Pair]:
    far = ~((b * x).abs() <= REACH) | (x.abs() > 1e100)  # and where it is NaN
    sin, cos = turn_in_pairs(where(far, 0.0, x), b)
    far_sin, far_cos = turn(x, b)
    sin = where(far, far_sin, sin[0]), where(far, 0.0, sin[1])
    cos = where(far, far_cos, cos[0]), where(far, 0.0, cos[1])
    factor, rate = (tensor_like(x, a), 0.0), (tensor_like(x, b), 0.0)
    ab = _product(factor, rate)
    # |cos| as 1 less little: where ab is 1 or -1 the slope touches 0, and keeps its digits
    sign = where(cos[0] > 0, 1.0, -1.0).to(x.dtype)
    less = _sum((torch.ones_like(x), 0.0), (-sign * cos[0], -sign * cos[1]))
    little = less[0] < 2.0**-20
    square = sin[0] * sin[0] / (1 + cos[0].abs())
    less = where(little, square, less[0]), where(little, 0.0, less[1])
    turned = sign * ab[0], sign * ab[1]
    slope = _sum((torch.ones_like(x), 0.0), turned, _product((-turned[0], -turned[1]), less))
    bend = _product(_product(ab, rate), sin)
    # b·x may be subnormal, and its sine, where a·b·x is not
    low = ((b * x).abs() < 1e-270) & (x.abs() < 1)
    wave, straight = _product(factor, sin), _product(ab, (where(low, x, 0.0), 0.0))
    wave = where(low, straight[0], wave[0]), where(low, straight[1], wave[1])
    return _sum((x, 0.0), wave), slope, (-bend[0], -bend[1])


def _sum(*pairs: Pair) -> Pair:
    """Their sum, with what its roundings have lost."""
    (total, rest), *others = pairs
    for number, small in others:
        total, lost = pair_sum(total, number)
        rest = rest + small + lost
    # where they cancel, the rest is no longer small
    together = total + rest
    return together, rest - (together - total)


def _product(one: Pair, other: Pair) -> Pair:
    """Their product, with what its rounding has lost."""
    (x, x_rest), (y, y_rest) = one, other
    product = x * y
    lost = product_error(product.detach(), x.detach(), y)
    return product, lost + x * y_rest + x_rest * y


def sinlu(x: Tensor, a: Number, b: Number) -> Tensor:
    (w, rest), _, _ = _wave(finite(x), a, b)
    w = where(x == torch.inf, x, where(x == 0, x + a * (b * x), w + rest))  # of -0 too
    wide = x.double()
    w = where(x > 0, w, damped(wide.clamp(max=0), w))
    return flushed((w / (1 + exp(-wide.abs()))).to(x.dtype))


def _without_end(x: Tensor, a: Number, b: Number) -> Tensor:
    """x; at inf a wave has no slope, and this has none, but where there is no wave."""
    return where(tensor_like(x, a) * tensor_like(x, b) == 0, finite(x), lowest(x))


def _shut(y: Tensor, dtype: torch.dtype) -> Pair:
    """e^-|y|, in float64 as a sum of two numbers where it is not so small that it hardly counts."""
    z = -y.abs()
    e, near = exp(z), z > -30
    if dtype != torch.float64:
        return e, 0.0
    big, small = exp_pair(where(near, z, 0.0), torch.zeros_like(z))
    return e, where(near, (big - e) + small, 0.0).detach()


def _with(one: Pair, e: Pair, other: Pair) -> Pair:
    """one + e·other, which may cancel, for e from `_shut`."""
    if not isinstance(e[1], Tensor):  # for float32, for which float64 has digits enough
        return one[0] + (one[1] + e[0] * other[0]), 0.0
    near = e[0] > 1e-13
    product, factor, number = (
        where(near, each, 0.0).detach() for each in (e[0] * other[0], e[0], other[0])
    )
    lost = product_error(product, factor, number) + e[1] * number + factor * other[1]
    return _sum(one, (e[0] * other[0], lost.detach()))


def sinlu_slope(x: Tensor, a: Number, b: Number) -> Tensor:
    y = _without_end(x, a, b)
    w, slope, _ = _wave(y, a, b)
    both, y = _sum(slope, w), y.double()
    e = _shut(y, x.dtype)
    (left, rest), (right, more) = _with(both, e, slope), _with(slope, e, both)
    left = damped(y.clamp(max=0), left + rest)
    return flushed((where(y > 0, right + more, left) / (1 + e[0] * (2 + e[0]))).to(x.dtype))


def sinlu_curvature(x: Tensor, a: Number, b: Number) -> Tensor:
    y = _without_end(x, a, b)
    w, slope, bend = _wave(y, a, b)
    both, middle = _sum(bend, slope, slope, w), _sum(bend, bend, slope, slope, (-w[0], -w[1]))
    y = y.double()
    e = _shut(y, x.dtype)
    left, rest = _with(both, e, _with(middle, e, bend))
    right, more = _with(bend, e, _with(middle, e, both))
    left = damped(y.clamp(max=0), left + rest)
    return flushed((where(y > 0, right + more, left) / (1 + e[0]) ** 3).to(x.dtype))
