"""Sigmoidal activations: bounded on both sides, monotone, with slopes that vanish in the tails."""

from __future__ import annotations

import torch
from torch import Tensor, sigmoid, tanh

from actfunc.activation import Activation


def _sech2(x: Tensor) -> Tensor:
    # 1 - tanh² cancels to zero from |x| = 9 in float32; the exponentials keep every digit
    e = torch.exp(-2 * x.abs())
    return 4 * e / (1 + e) ** 2


RECORDS = (
    Activation(
        "sigmoid",
        "1 / (1 + exp(-x))",
        f=sigmoid,
        df=lambda x: sigmoid(x) * sigmoid(-x),
        d2f=lambda x: -sigmoid(x) * sigmoid(-x) * tanh(x / 2),
        range="(0, 1)",
        asymptotes=("0", "1"),
        source="the logistic function; Rumelhart, Hinton & Williams 1986",
        aliases=("logistic",),
    ),
    Activation(
        "tanh",
        "tanh(x)",
        f=tanh,
        df=_sech2,
        d2f=lambda x: -2 * tanh(x) * _sech2(x),
        range="(-1, 1)",
        asymptotes=("-1", "1"),
        source="classical; LeCun et al. 1998, Efficient BackProp",
    ),
)
