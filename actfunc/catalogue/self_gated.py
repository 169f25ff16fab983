"""Self-gated activations: x times a gate that x itself opens. All dip below zero on the left."""

from __future__ import annotations

import math

import torch
from torch import Tensor, erfc, exp

from actfunc.activation import Activation
from actfunc.catalogue.jets import flushed, lowest


def _within(x: Tensor) -> Tensor:
    # so far out every gate is 0 or 1; a closed one times infinity would be NaN, the limit is 0
    return x.clamp(-1e18, 1e18)


def _ends(x: Tensor, e: Tensor, *coefficients: Tensor | float) -> Tensor:
    """The polynomial in e = e^-|x| with these coefficients where x ≤ 0, in reverse where x > 0.

    A ratio of polynomials in e^x is a ratio of such on either side: nothing overflows, nothing
    cancels, one exponential does for all of it.
    """
    left, right = coefficients[-1], coefficients[0]
    for low, high in zip(coefficients[-2::-1], coefficients[1:], strict=True):
        left, right = low + e * left, high + e * right
    return torch.where(x > 0, right, left)


def _swish(x: Tensor, beta: float) -> Tensor:
    z = beta * x
    e = exp(-z.abs())
    return flushed(lowest(x) * _ends(z, e, 0, 1) / (1 + e))


def _swish_slope(x: Tensor, beta: float) -> Tensor:
    z = _within(beta * x)
    e = exp(-z.abs())
    return flushed(_ends(z, e, 0, 1 + z, 1) / (1 + e) ** 2)


def _swish_curvature(x: Tensor, beta: float) -> Tensor:
    z = _within(beta * x).abs()
    # half of the exponent at a time: alone, e^-z is subnormal before the product is
    h = exp(-0.5 * z)
    e = h * h
    return flushed(beta * h * (2 - z + e * (2 + z)) * h / (1 + e) ** 3)


def _normal_density(x: Tensor) -> Tensor:
    return exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def _normal_cdf(x: Tensor) -> Tensor:
    # 1 + erf is 57 % off at -5.5 in float32 and zero below -6
    return 0.5 * erfc(-x * math.sqrt(0.5))


def _gelu_slope(x: Tensor) -> Tensor:
    return flushed(_normal_cdf(x) + _within(x) * _normal_density(x))


def _gelu_curvature(x: Tensor) -> Tensor:
    x = _within(x)
    return flushed(_normal_density(x) * (2 - x * x))


def _mish(x: Tensor) -> Tensor:
    e = exp(-x.abs())
    x = lowest(x)
    return flushed(x * (_ends(x, e, 0, 2, 1) / _ends(x, e, 2, 2, 1)))


def _mish_slope(x: Tensor) -> Tensor:
    x, e = _within(x), exp(-x.abs())
    return flushed(_ends(x, e, 0, 4 + 4 * x, 6 + 4 * x, 4, 1) / _ends(x, e, 2, 2, 1) ** 2)


def _mish_curvature(x: Tensor) -> Tensor:
    x, e = _within(x), exp(-x.abs())
    bend = _ends(x, e, 4 + 2 * x, 8 + 2 * x, 6 - 3 * x, 2 - 2 * x)
    # the second e last: e² is subnormal before the product is
    return flushed(4 * e * bend / _ends(x, e, 2, 2, 1) ** 3 * torch.where(x > 0, e, 1.0))


RECORDS = (
    Activation(
        "silu",
        "x / (1 + exp(-beta * x))",
        f=_swish,
        df=_swish_slope,
        d2f=_swish_curvature,
        params={"beta": 1.0},
        range="[-0.2785 / beta, inf)",
        asymptotes=("0", "x"),
        source="Elfwing et al. 2017, arXiv:1702.03118; Ramachandran et al. 2017, arXiv:1710.05941",
        aliases=("swish",),
    ),
    Activation(
        "gelu",
        "x * erfc(-x / sqrt(2)) / 2",
        f=lambda x: flushed(lowest(x) * _normal_cdf(x)),
        df=_gelu_slope,
        d2f=_gelu_curvature,
        range="[-0.1700, inf)",
        asymptotes=("0", "x"),
        source="Hendrycks & Gimpel 2016, arXiv:1606.08415",
    ),
    Activation(
        "mish",
        "x * tanh(log(1 + exp(x)))",
        f=_mish,
        df=_mish_slope,
        d2f=_mish_curvature,
        range="[-0.3088, inf)",
        asymptotes=("0", "x"),
        source="Misra 2019, arXiv:1908.08681",
    ),
)
