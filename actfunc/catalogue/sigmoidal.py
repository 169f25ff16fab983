"""Sigmoidal activations: bounded on both sides, monotone, with slopes that vanish in the tails."""

from __future__ import annotations

from torch import sigmoid, tanh

from actfunc.activation import Activation
from actfunc.catalogue.jets import logistic_curvature, logistic_slope

RECORDS = (
    Activation(
        "sigmoid",
        "1 / (1 + exp(-x))",
        f=sigmoid,
        df=logistic_slope,
        d2f=logistic_curvature,
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
