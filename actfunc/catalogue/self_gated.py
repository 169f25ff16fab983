"""Self-gated activations: x times a gate that x itself opens. All dip below zero on the left."""

from __future__ import annotations

import math

import torch
from torch import Tensor, erfc, exp, sigmoid, tanh

from actfunc.activation import Activation


def _finite(x: Tensor) -> Tensor:
    # a closed gate times infinity would be NaN where the limit is 0
    largest = torch.finfo(x.dtype).max
    return x.clamp(-largest, largest)


def _swish_slope(x: Tensor, beta: float) -> Tensor:
    z = _finite(beta * x)
    return sigmoid(z) * (1 + z * sigmoid(-z))


def _swish_curvature(x: Tensor, beta: float) -> Tensor:
    z = _finite(beta * x)
    return beta * sigmoid(z) * sigmoid(-z) * (2 - z * tanh(z / 2))


def _normal_density(x: Tensor) -> Tensor:
    return exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def _normal_cdf(x: Tensor) -> Tensor:
    # 1 + erf is 57 % off at -5.5 in float32 and zero below -6
    return 0.5 * erfc(-x * math.sqrt(0.5))


def _gelu_curvature(x: Tensor) -> Tensor:
    x = x.clamp(-1e18, 1e18)  # the density is 0 from 40 on; keeps 0·inf away
    return _normal_density(x) * (2 - x * x)


def _mish_gate(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """tanh(softplus(x)) and its first two derivatives, as ratios of polynomials in e^-|x|."""
    e, right = exp(-x.abs()), x > 0
    n = torch.where(right, 1 + 2 * e, e * (e + 2))
    d = n + torch.where(right, 2 * e * e, 2)
    w = torch.where(right, e * e, e)
    p = torch.where(right, e * (e * (2 * e + 2) - 3) - 2, 2 + e * (2 - e * (3 + 2 * e)))
    return n / d, 4 * w * (1 + e) / d**2, 4 * w * p / d**3


def _mish_slope(x: Tensor) -> Tensor:
    x = _finite(x)
    gate, slope, _ = _mish_gate(x)
    return gate + x * slope


def _mish_curvature(x: Tensor) -> Tensor:
    x = _finite(x)
    _, slope, curvature = _mish_gate(x)
    return 2 * slope + x * curvature


RECORDS = (
    Activation(
        "silu",
        "x / (1 + exp(-beta * x))",
        f=lambda x, beta: x.clamp(min=torch.finfo(x.dtype).min) * sigmoid(beta * x),
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
        f=lambda x: x.clamp(min=torch.finfo(x.dtype).min) * _normal_cdf(x),
        df=lambda x: _normal_cdf(x) + _finite(x) * _normal_density(x),
        d2f=_gelu_curvature,
        range="[-0.1700, inf)",
        asymptotes=("0", "x"),
        source="Hendrycks & Gimpel 2016, arXiv:1606.08415",
    ),
    Activation(
        "mish",
        "x * tanh(log(1 + exp(x)))",
        f=lambda x: x.clamp(min=torch.finfo(x.dtype).min) * _mish_gate(x)[0],
        df=_mish_slope,
        d2f=_mish_curvature,
        range="[-0.3088, inf)",
        asymptotes=("0", "x"),
        source="Misra 2019, arXiv:1908.08681",
    ),
)
