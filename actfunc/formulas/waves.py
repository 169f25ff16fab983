"""Sines on jets of scaled numbers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, where

from actfunc.formulas.parts import through_zero, value_of
from actfunc.formulas.scaled import Scaled, ScaledJet, chain
from actfunc.numerics.floats import Number


def sin(u: ScaledJet) -> ScaledJet:
    """The sine."""
    v = value_of(u)
    return chain(
        u,
        lambda: through_zero(u, torch.sin(v)),
        lambda: Scaled(torch.cos(v)),
        lambda: Scaled(-torch.sin(v)),
    )


def cos(u: ScaledJet) -> ScaledJet:
    """The cosine."""
    v = value_of(u)
    return chain(
        u,
        lambda: Scaled(torch.cos(v)),
        lambda: Scaled(-torch.sin(v)),
        lambda: Scaled(-torch.cos(v)),
    )


def tan(u: ScaledJet) -> ScaledJet:
    """The tangent."""
    v = value_of(u)
    t = torch.tan(v)
    return chain(
        u,
        lambda: through_zero(u, t),
        lambda: Scaled(1 + t * t),
        lambda: Scaled(2 * t * (1 + t * t)),
    )


def sinc(u: ScaledJet) -> ScaledJet:
    """sin(u) / u, 1 at 0."""
    v = value_of(u)
    return _sinc(u, v, torch.sin(v), torch.cos(v))


def _sinc(u: ScaledJet, v: Tensor, s: Tensor, c: Tensor) -> ScaledJet:
    """sinc(v), where s and c are the sine and cosine of v, as a function of u."""
    near = v.abs() < 1.5
    away, z = where(near, 3.0, v), where(near, v, 0.0) ** 2

    def value() -> Scaled:
        return Scaled(where(near, _series(z, 0), s / away))

    def slope() -> Scaled:
        return Scaled(where(near, v * _series(z, 1), (c - s / away) / away))

    def bend() -> Scaled:
        return Scaled(where(near, _series(z, 2), -(s + 2 * (c - s / away) / away) / away))

    return chain(u, value, slope, bend)


def sinc_past(u: ScaledJet, shift: Number) -> ScaledJet:
    """sinc(u + shift) for a shift of pi or minus pi, which is lost in a sum with a large u."""
    v = value_of(u)
    return _sinc(u, v + shift, -torch.sin(v), -torch.cos(v))


def _series(z: Tensor, order: int) -> Tensor:
    """sinc(v), its slope by v, or its second derivative, as a polynomial in v²."""
    terms = [(-1) ** k / math.factorial(2 * k + 1) for k in range(13)]
    if order == 1:
        terms = [2 * k * term for k, term in enumerate(terms)][1:]
    if order == 2:
        terms = [2 * k * (2 * k - 1) * term for k, term in enumerate(terms)][1:]
    total = torch.full_like(z, terms[-1])
    for term in terms[-2::-1]:
        total = total * z + term
    return total
