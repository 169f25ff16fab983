"""The logistic and hyperbolic functions on jets of scaled numbers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, where

from actfunc.formulas.parts import rate, through_zero, value_of
from actfunc.formulas.scaled import Scaled, ScaledJet, chain, select


def sigmoid(u: ScaledJet) -> ScaledJet:
    """1 / (1 + e^-u)."""
    v = rate(value_of(u))
    away = -v.abs()
    e = torch.exp(away)
    whole = 1 + e

    def slope() -> Scaled:
        return Scaled(1 / (whole * whole), ((1.0, away),))

    return chain(
        u,
        lambda: Scaled(1 / whole, ((1.0, v.clamp(max=0)),)),
        slope,
        lambda: slope() * Scaled(-torch.tanh(0.5 * v)),
    )


def softplus(u: ScaledJet) -> ScaledJet:
    """log(1 + e^u)."""
    v = rate(value_of(u))
    e = torch.exp(-v.abs())

    def value() -> Scaled:
        # on the left log(1 + e) / e, which is 1 where e has no digits
        few = e < torch.finfo(e.dtype).eps
        left = where(few, 1.0, torch.log1p(e) / where(few, 1.0, e))
        right = value_of(u).clamp(min=0) + torch.log1p(e)
        return Scaled(where(v < 0, left, right), ((1.0, v.clamp(max=0)),))

    whole = 1 + e
    return chain(
        u,
        value,
        lambda: Scaled(1 / whole, ((1.0, v.clamp(max=0)),)),
        lambda: Scaled(1 / (whole * whole), ((1.0, -v.abs()),)),
    )


def tanh(u: ScaledJet) -> ScaledJet:
    """The hyperbolic tangent."""
    v = value_of(u)
    away = rate(-2 * v.abs())

    return chain(
        u,
        lambda: through_zero(u, torch.tanh(v)),
        lambda: _tanh_slope(away),
        lambda: Scaled(-2 * torch.tanh(v)) * _tanh_slope(away),
    )


def _tanh_slope(away: Tensor) -> Scaled:
    whole = 1 + torch.exp(away)
    return Scaled(4 / (whole * whole), ((1.0, away),))


def sech(u: ScaledJet) -> ScaledJet:
    """1 / cosh(u)."""
    v = value_of(u)
    away = rate(-v.abs())
    y = Scaled(2 / (1 + torch.exp(2 * away)), ((1.0, away),))

    def bend() -> Scaled:
        t = torch.tanh(v)
        return y * Scaled(2 * t * t - 1)

    return chain(u, lambda: y, lambda: y * Scaled(-torch.tanh(v)), bend)


def sinh(u: ScaledJet) -> ScaledJet:
    """The hyperbolic sine."""
    v = value_of(u)

    def value() -> Scaled:
        far = v.abs() > 40
        y = _grown(v, 1 - torch.exp(-2 * v.abs())) * Scaled(v.sign())
        return select(far, y, through_zero(u, torch.sinh(v.clamp(-40, 40))), v)

    return chain(u, value, lambda: _cosh(v), value)


def cosh(u: ScaledJet) -> ScaledJet:
    """The hyperbolic cosine."""
    v = value_of(u)
    return chain(
        u,
        lambda: _cosh(v),
        lambda: _grown(v, -torch.expm1(-2 * v.abs())) * Scaled(v.sign()),
        lambda: _cosh(v),
    )


def _cosh(v: Tensor) -> Scaled:
    return _grown(v, 1 + torch.exp(-2 * v.abs()))


def _grown(v: Tensor, factor: Tensor) -> Scaled:
    return Scaled(0.5 * factor, ((1.0, rate(v.abs())),))


def log_cosh(u: ScaledJet) -> ScaledJet:
    """log(cosh(u))."""
    v = value_of(u)
    away = rate(-2 * v.abs())

    def value() -> Scaled:
        near = v.abs() < 1
        bend = torch.sinh(where(near, v, 0.0))
        far = (v.abs() - math.log(2)) + torch.log1p(torch.exp(away))
        return Scaled(where(near, 0.5 * torch.log1p(bend * bend), far))

    return chain(u, value, lambda: Scaled(torch.tanh(v)), lambda: _tanh_slope(away))


def beyond_tanh(u: ScaledJet) -> ScaledJet:
    """u - tanh(u)."""
    v = value_of(u)
    away = rate(-2 * v.abs())
    t = torch.tanh(v)

    def value() -> Scaled:
        near = v.abs() < 1
        square = where(near, v, 0.0) ** 2
        below = torch.full_like(v, 21.0)  # tanh(v) as a continued fraction
        for odd in range(19, 1, -2):
            below = odd + square / below
        over = square / below
        return Scaled(where(near, v * (over / (1 + over)), v - t))

    return chain(u, value, lambda: Scaled(t * t), lambda: Scaled(2 * t) * _tanh_slope(away))
