"""Exponentials and logarithms on jets of scaled numbers."""

from __future__ import annotations

import math

import torch
from torch import where

from actfunc.formulas.parts import rate, through_zero, value_of
from actfunc.formulas.scaled import ONE, Scaled, ScaledJet, chain, select


def exp(u: ScaledJet) -> ScaledJet:
    """e^u."""
    return _exponential(u, Scaled(1.0, ((1.0, rate(value_of(u))),)))


def exp_of_plain(u: ScaledJet) -> ScaledJet:
    """e^u, for a u that has no exponential in it."""
    return _exponential(u, Scaled(1.0, ((1.0, rate(value_of(u), inner=True)),)))


def _exponential(u: ScaledJet, y: Scaled) -> ScaledJet:
    return chain(u, lambda: y, lambda: y, lambda: y)


def expm1(u: ScaledJet) -> ScaledJet:
    """e^u - 1."""
    v = value_of(u)
    y = Scaled(1.0, ((1.0, rate(v)),))

    def value() -> Scaled:
        far = v > 40
        near = through_zero(u, torch.expm1(v.clamp(max=40)))
        return select(far, y, near, v)

    return chain(u, value, lambda: y, lambda: y)


def log(u: ScaledJet) -> ScaledJet:
    """The natural logarithm."""
    first = u.parts[0]
    exponent = first.exponent

    def value() -> Scaled:
        own = torch.log(first.coefficient)  # type: ignore[arg-type]
        return Scaled(own if exponent is None else own + exponent)

    return chain(u, value, lambda: ONE / first, lambda: -(ONE / first / first))


def log1p(u: ScaledJet) -> ScaledJet:
    """log(1 + u)."""
    first, v = u.parts[0], value_of(u)
    whole = ONE + first

    def value() -> Scaled:
        exponent = first.exponent
        if exponent is None:
            return Scaled(torch.log1p(v))
        far = v > 1e20 if v.dtype == torch.float64 else v > 1e10
        near = through_zero(u, torch.log1p(where(far, 0.0, v)))
        large = torch.log(where(far, first.coefficient, 1.0)) + exponent
        return select(far, Scaled(large), near, v)

    return chain(u, value, lambda: ONE / whole, lambda: -(ONE / whole / whole))


def beyond_expm1(u: ScaledJet) -> ScaledJet:
    """e^u - 1 - u."""
    v = value_of(u)
    near = v.abs() < 1
    z = where(near, v, 0.0)
    above = expm1(u).parts[0]

    def value() -> Scaled:
        total = torch.full_like(v, 1 / math.factorial(20))
        for k in range(19, 1, -1):
            total = total * z + 1 / math.factorial(k)
        return select(near, Scaled(z * z * total), above + Scaled(-v), v)

    return chain(u, value, lambda: above, lambda: Scaled(1.0, ((1.0, rate(v)),)))
