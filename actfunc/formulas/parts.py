"""What functions on jets of scaled numbers have in common."""

from __future__ import annotations

import torch
from torch import Tensor

from actfunc.formulas.scaled import Scaled, ScaledJet, select


def value_of(u: ScaledJet) -> Tensor:
    """The value of what varies, which is a tensor."""
    value = u.value
    assert isinstance(value, Tensor)
    return value


def rate(v: Tensor, *, inner: bool = False) -> Tensor:
    """An exponent, finite: infinity less infinity would be NaN.

    inner: whether an exponential of it may be an exponent again, which is the larger then.
    """
    most = (1e300 if inner else 1e306) if v.dtype == torch.float64 else (1e35 if inner else 1e37)
    return v.clamp(-most, most)


def through_zero(u: ScaledJet, value: Tensor, slope: float = 1.0) -> Scaled:
    """g(u) of a g with g(0) = 0: next to 0 it is as good as a multiple of u, and u is scaled."""
    first = u.parts[0]
    if not first.rates:
        return Scaled(value)
    small = value_of(u).abs() < (1e-18 if value.dtype == torch.float64 else 1e-9)
    return select(small, first * Scaled(slope), Scaled(value), value)
