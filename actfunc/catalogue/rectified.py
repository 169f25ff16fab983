"""Rectified activations: nothing or little on the left, the identity on the right."""

from __future__ import annotations

import torch
from torch import relu, where, zeros_like

from actfunc.activation import Activation

RECORDS = (
    Activation(
        "relu",
        "x if x > 0 else 0",
        f=relu,
        df=lambda x: (x > 0).to(x.dtype),
        d2f=zeros_like,
        joints=(0.0,),
        range="[0, inf)",
        asymptotes=("0", "x"),
        source="Nair & Hinton 2010, Rectified linear units improve restricted Boltzmann machines",
    ),
    Activation(
        "leaky_relu",
        "x if x > 0 else negative_slope * x",
        f=lambda x, negative_slope: where(x > 0, x, negative_slope * x),
        df=lambda x, negative_slope: where(x > 0, torch.ones_like(x), negative_slope),
        d2f=lambda x, negative_slope: zeros_like(x),
        params={"negative_slope": 0.01},
        joints=(0.0,),
        asymptotes=("negative_slope * x", "x"),
        source="Maas, Hannun & Ng 2013; the tutorial takes a slope of 0.1",
    ),
)
