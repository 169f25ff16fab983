"""Exponential units: the identity on the right, an exponential that saturates on the left."""

from __future__ import annotations

from torch import exp, expm1, ones_like, where, zeros_like

from actfunc.activation import Activation

RECORDS = (
    Activation(
        "elu",
        "x if x > 0 else alpha * expm1(x)",
        # an exponential that overflows unseen would make the derivative by alpha NaN
        f=lambda x, alpha: where(x > 0, x, alpha * expm1(x.clamp(max=0))),
        # f + alpha cancels in the tail; the exponential does not
        df=lambda x, alpha: where(x > 0, ones_like(x), alpha * exp(x.clamp(max=0))),
        d2f=lambda x, alpha: where(x > 0, zeros_like(x), alpha * exp(x.clamp(max=0))),
        params={"alpha": 1.0},
        joints=(0.0,),
        range="(-alpha, inf)",
        asymptotes=("-alpha", "x"),
        source="Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289",
    ),
)
