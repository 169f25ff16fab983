"""The error functions on jets of scaled numbers."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from actfunc.formulas.parts import rate, through_zero, value_of
from actfunc.formulas.scaled import Scaled, ScaledJet, chain, select
from actfunc.numerics import compiled

TWO_BY_ROOT_PI = 2 / math.sqrt(math.pi)


def erf(u: ScaledJet) -> ScaledJet:
    """The error function."""
    v = value_of(u)
    bell = _bell(v)
    return chain(
        u,
        lambda: through_zero(u, compiled.erf(v), TWO_BY_ROOT_PI),
        lambda: bell,
        lambda: bell * Scaled(-2 * v),
    )


def erfc(u: ScaledJet) -> ScaledJet:
    """1 - erf(u), with all its digits on the right."""
    v = value_of(u)
    bell = _bell(v)

    def value() -> Scaled:
        right = v > 1
        tail = Scaled(torch.special.erfcx(v.clamp(min=1)), bell.rates)
        return select(right, tail, Scaled(torch.erfc(v)), v)

    return chain(u, value, lambda: -bell, lambda: bell * Scaled(2 * v))


def _bell(v: Tensor) -> Scaled:
    return Scaled(TWO_BY_ROOT_PI, ((1.0, rate(-v * v)),))
