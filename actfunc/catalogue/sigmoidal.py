"""Sigmoidal activations: bounded on both sides, monotone, with slopes that vanish in the tails."""

from __future__ import annotations

import torch
from torch import Tensor, sigmoid, tanh

from actfunc.activation import Activation


def logistic_slope(x: Tensor) -> Tensor:
    """The slope of the sigmoid; y(1 - y) would cancel to zero from x = 17 on in float32."""
    e = torch.exp(-x.abs())
    return e / (1 + e) ** 2


RECORDS = (
    Activation(
        "sigmoid",
        "1 / (1 + exp(-x))",
        f=sigmoid,
        df=logistic_slope,
        d2f=lambda x: -logistic_slope(x) * tanh(x / 2),
        range="(0, 1)",
        asymptotes=("0", "1"),
        source="the logistic function; Rumelhart, Hinton & Williams 1986",
        aliases=("logistic",),
    ),
    Activation(
        "tanh",
        "tanh(x)",
        f=tanh,
        df=lambda x: 4 * logistic_slope(2 * x),
        d2f=lambda x: -8 * tanh(x) * logistic_slope(2 * x),
        range="(-1, 1)",
        asymptotes=("-1", "1"),
        source="classical; LeCun et al. 1998, Efficient BackProp",
    ),
)
