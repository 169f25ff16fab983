"""Rectified activations: nothing or little on the left, x or a power of it on the right."""

from __future__ import annotations

import math

import torch
from torch import Tensor, relu, sign, where

from actfunc.activation import Activation
from actfunc.catalogue.logistic import swish, swish_curvature, swish_slope
from actfunc.numerics.floats import Number, inside, step, zero

# f, df and d2f; the scale first, as the square alone may overflow
_squared = (
    lambda x: relu(x) * relu(x),
    lambda x: 2 * relu(x),
    lambda x: 2 * step(x),
)
_scaled_square = (
    lambda x, scale, bias: scale * relu(x) * relu(x) + bias,
    lambda x, scale, bias: 2 * scale * relu(x),
    lambda x, scale, bias: 2 * scale * step(x),
)


def _nl_relu(x: Tensor, beta: float) -> Tensor:
    # beta·x may overflow where its logarithm is a few hundred: far out 2³² is taken out of it
    far = torch.log(beta * (x.clamp(min=1) * 2.0**-32)) + 32 * math.log(2)
    return where(x > 2.0**100, far, torch.log1p(beta * x.clamp(0, 2.0**100)))


def _nl_relu_slope(x: Tensor, beta: float) -> Tensor:
    return where(x > 0, 1 / (1 / beta + relu(x)), zero(x))


_NL_RELU = (
    _nl_relu,
    _nl_relu_slope,
    lambda x, beta: -_nl_relu_slope(x, beta) * _nl_relu_slope(x, beta),
)


def _straight(x: Tensor, slope: Number) -> Tensor:
    """slope·x, and 0 at infinity too where the slope is 0."""
    if isinstance(slope, Tensor):
        return where((slope == 0) & x.isinf(), 0.0, slope * x)
    return slope * x if slope else zero(x)


def _leaky(x: Tensor, slope: Number) -> Tensor:
    """x on the right, a multiple of it on the left."""
    return where(x > 0, x, _straight(x, slope))


def _leaky_slope(x: Tensor, slope: Number) -> Tensor:
    return where(x > 0, 1.0, slope + zero(x))


_RRELU = (
    lambda x, lower, upper: _leaky(x, (lower + upper) / 2),
    lambda x, lower, upper: _leaky_slope(x, (lower + upper) / 2),
    lambda x, lower, upper: zero(x),
)
_FLATTEN_T_SWISH = (
    lambda x, t: swish(relu(x), 1.0) + t,
    lambda x, t: where(x > 0, swish_slope(x, 1.0), zero(x)),
    lambda x, t: where(x > 0, swish_curvature(x, 1.0), zero(x)),
)


def _arc(x: Tensor) -> Tensor:
    # the points of a parabola's piece on the left, which ends at -2
    return x.clamp(-2, 0)


def _on_arc(x: Tensor) -> Tensor:
    return inside((x > -2) & (x <= 0), x)


def _squish_slope(x: Tensor) -> Tensor:
    return where(x > 0, 1 + x / 16, (1 + _arc(x)) * _on_arc(x))


RECORDS = (
    Activation(
        "relu",
        "x if x > 0 else 0",
        f=relu,
        df=step,
        d2f=zero,
        joints=(0.0,),
        range="[0, inf)",
        asymptotes=("0", "x"),
        source="Nair & Hinton 2010, Rectified linear units improve restricted Boltzmann machines",
    ),
    Activation(
        "leaky_relu",
        "x if x > 0 else negative_slope * x",
        f=lambda x, negative_slope: _leaky(x, negative_slope),
        df=lambda x, negative_slope: _leaky_slope(x, negative_slope),
        d2f=lambda x, negative_slope: zero(x),
        params={"negative_slope": 0.01},
        joints=(0.0,),
        asymptotes=("negative_slope * x", "x"),
        source="Maas, Hannun & Ng 2013; the tutorial takes a slope of 0.1",
    ),
    Activation(
        "prelu",
        "x if x > 0 else weight * x",
        f=lambda x, weight: _leaky(x, weight),
        df=lambda x, weight: _leaky_slope(x, weight),
        d2f=lambda x, weight: zero(x),
        params={"weight": 0.25},
        joints=(0.0,),
        asymptotes=("weight * x", "x"),
        source="He et al. 2015, arXiv:1502.01852; torch.nn.PReLU begins with 0.25",
    ),
    Activation(
        "rrelu",
        "x if x > 0 else (lower + upper) / 2 * x",
        *_RRELU,
        params={"lower": 1 / 8, "upper": 1 / 3},
        domain={"lower": "(-inf, upper]"},
        joints=(0.0,),
        asymptotes=("(lower + upper) / 2 * x", "x"),
        source="Xu et al. 2015, arXiv:1505.00853, as evaluated: in training the slope is random",
    ),
    Activation(
        "relu6",
        "0 if x <= 0 else (6 if x >= 6 else x)",
        f=lambda x: x.clamp(0, 6),
        df=lambda x: inside((x > 0) & (x < 6), x),
        d2f=zero,
        joints=(0.0, 6.0),
        range="[0, 6]",
        asymptotes=("0", "6"),
        source="Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10",
    ),
    Activation(
        "relu_squared",
        "x**2 if x > 0 else 0",
        *_squared,
        joints=(0.0,),
        range="[0, inf)",
        asymptotes=("0", "x**2"),
        source="So et al. 2021 (Primer), arXiv:2109.08668",
        aliases=("squared_relu",),
        steep=True,
    ),
    Activation(
        "star_relu",
        "scale * x**2 + bias if x > 0 else bias",
        *_scaled_square,
        params={"scale": 0.8944, "bias": -0.4472},
        domain={"scale": "(0, inf)"},
        joints=(0.0,),
        range="[bias, inf)",
        asymptotes=("bias", "scale * x**2 + bias"),
        source="Yu et al. 2022 (MetaFormer baselines), arXiv:2210.13452",
        steep=True,
    ),
    Activation(
        "abs",
        "abs(x)",
        f=torch.abs,
        df=lambda x: sign(x) + zero(x),
        d2f=zero,
        joints=(0.0,),
        range="[0, inf)",
        asymptotes=("-x", "x"),
        source="classical; as an activation: Jarrett et al. 2009 (absolute value rectification)",
        aliases=("absolute", "modulus"),
    ),
    Activation(
        "nl_relu",
        "log(1 + beta * x) if x > 0 else 0",
        *_NL_RELU,
        params={"beta": 1.0},
        domain={"beta": "(0, inf)"},
        joints=(0.0,),
        range="[0, inf)",
        asymptotes=("0", "log(1 + beta * x)"),
        source="Liu et al. 2019 (natural-logarithm rectified unit), arXiv:1908.03682",
    ),
    Activation(
        "flatten_t_swish",
        "x / (1 + exp(-x)) + t if x > 0 else t",
        *_FLATTEN_T_SWISH,
        params={"t": -0.2},
        joints=(0.0,),
        range="[t, inf)",
        asymptotes=("t", "x + t"),
        source="Chieng et al. 2018, arXiv:1812.06247, where t is T, the threshold",
    ),
    Activation(
        "sqlu",
        "x if x > 0 else (x + x**2 / 4 if x > -2 else -1)",
        f=lambda x: where(x > 0, x, _arc(x) * (1 + _arc(x) / 4)),
        df=lambda x: where(x > 0, 1.0, 1 + _arc(x) / 2),
        d2f=lambda x: _on_arc(x) / 2,
        joints=(-2.0, 0.0),
        range="[-1, inf)",
        asymptotes=("-1", "x"),
        source="Wuraola, Patel & Nguang 2021, Efficient activation functions, Neurocomputing 442",
    ),
    Activation(
        "squish",
        "x + x**2 / 32 if x > 0 else (x + x**2 / 2 if x > -2 else 0)",
        f=lambda x: where(x > 0, x * (1 + x / 32), _arc(x) * (1 + _arc(x) / 2)),
        df=_squish_slope,
        d2f=lambda x: where(x > 0, 1 / 16, _on_arc(x)),
        joints=(-2.0, 0.0),
        range="[-1/2, inf)",
        asymptotes=("0", "x + x**2 / 32"),
        source="Wuraola, Patel & Nguang 2021, Efficient activation functions, Neurocomputing 442",
    ),
)
