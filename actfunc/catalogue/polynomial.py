"""Polynomials, the identity first: activations with no bound, no joint and no exponential."""

from __future__ import annotations

from torch import ones_like, zeros_like

from actfunc.activation import Activation

RECORDS = (
    Activation(
        "identity",
        "x",
        f=lambda x: x,
        df=ones_like,
        d2f=zeros_like,
        asymptotes=("x", "x"),
        source="classical; a network of it is linear",
        aliases=("linear",),
    ),
)
