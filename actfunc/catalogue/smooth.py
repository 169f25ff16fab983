"""Smooth rectifiers: a rectifier with its corner rounded off."""

from __future__ import annotations

from torch import exp, log1p, relu, sigmoid

from actfunc.activation import Activation
from actfunc.catalogue.jets import logistic_slope

RECORDS = (
    Activation(
        "softplus",
        "log(1 + exp(beta * x)) / beta",
        f=lambda x, beta: relu(x) + log1p(exp(-(beta * x).abs())) / beta,
        df=lambda x, beta: sigmoid(beta * x),
        d2f=lambda x, beta: beta * logistic_slope(beta * x),
        params={"beta": 1.0},
        range="(0, inf)",
        asymptotes=("0", "x"),
        source="Dugas et al. 2000, Incorporating second-order functional knowledge",
    ),
)
