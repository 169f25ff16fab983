"""Shrinkage and thresholds: what is small becomes nothing, or another value."""

from __future__ import annotations

import math

import torch
from torch import Tensor, exp, sign, tanh, where

from actfunc.activation import Activation
from actfunc.numerics.floats import inside, zero

_SERIES = tuple(2 * k / math.factorial(2 * k + 1) for k in range(9, 0, -1))


def _above(x: Tensor, threshold: float | Tensor) -> Tensor:
    # in float64: a threshold such as 0.3 rounded to float32 would be a float next to the joint, and
    # that float on the wrong side of it
    return inside(x.double() > threshold, x)


def _threshold(x: Tensor, threshold: float, value: float) -> Tensor:
    # NaN is not at or below anything, and stays
    return where(x.double() <= threshold, value, x)


def _tanhshrink(x: Tensor) -> Tensor:
    # next to 0 x and tanh(x) cancel: there (x·cosh(x) - sinh(x)) / cosh(x), whose series has
    # positive terms only
    near = x.clamp(-1, 1)
    square, series = near * near, torch.zeros_like(x)
    for coefficient in _SERIES:
        series = coefficient + square * series
    return where(x.abs() < 1, near * square * series / torch.cosh(near), x - tanh(x))


def _tanhshrink_curvature(x: Tensor) -> Tensor:
    # half of the exponent at a time: alone, e^-2|x| is subnormal before the product is
    h = exp(-x.abs())
    return 8 * tanh(x) * h / (1 + h * h) ** 2 * h


_SOFTSHRINK = (
    lambda x, lambd: where(x.abs() <= lambd, 0.0, x - lambd * sign(x)),
    lambda x, lambd: _above(x.abs(), lambd),
    lambda x, lambd: zero(x),
)
_HARDSHRINK = (
    lambda x, lambd: where(x.double().abs() <= lambd, 0.0, x),
    lambda x, lambd: _above(x.abs(), lambd),
    lambda x, lambd: zero(x),
)


RECORDS = (
    Activation(
        "softshrink",
        "x - lambd if x > lambd else (x + lambd if x < -lambd else 0)",
        *_SOFTSHRINK,
        params={"lambd": 0.5},
        domain={"lambd": "[0, inf)"},
        joints=lambda lambd: (-lambd, lambd),
        asymptotes=("x + lambd", "x - lambd"),
        source="Donoho 1995, De-noising by soft-thresholding",
        aliases=("soft_threshold", "soft_thresholding"),
    ),
    Activation(
        "hardshrink",
        "x if abs(x) > lambd else 0",
        *_HARDSHRINK,
        params={"lambd": 0.5},
        domain={"lambd": "[0, inf)"},
        joints=lambda lambd: (-lambd, lambd),
        asymptotes=("x", "x"),
        source="Donoho & Johnstone 1994, Ideal spatial adaptation by wavelet shrinkage",
        aliases=("hard_threshold", "hard_thresholding"),
    ),
    Activation(
        "tanhshrink",
        "x - tanh(x)",
        f=_tanhshrink,
        df=lambda x: tanh(x) * tanh(x),
        d2f=_tanhshrink_curvature,
        asymptotes=("x + 1", "x - 1"),
        source="torch.nn.Tanhshrink",
    ),
    Activation(
        "threshold",
        "x if x > threshold else value",
        f=_threshold,
        df=lambda x, threshold, value: _above(x, threshold),
        d2f=lambda x, threshold, value: zero(x),
        params={"threshold": 1.0, "value": 0.0},
        joints=lambda threshold, value: (threshold,),
        asymptotes=("value", "x"),
        source="Konda, Memisevic & Krueger 2014, arXiv:1402.3337; defaults: the paper's",
        aliases=("thresholded_relu", "trec"),
    ),
)
