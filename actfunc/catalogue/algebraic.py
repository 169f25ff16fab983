"""Sigmoidal activations without an exponential: slow to their limits, or there at a finite x."""

from __future__ import annotations

import torch
from torch import Tensor, where

from actfunc.activation import Activation
from actfunc.numerics.floats import (
    Number,
    bounded,
    finite,
    flushed,
    in_double,
    pair_sum,
    product_error,
    zero,
)


def _softsign_curvature(x: Tensor) -> Tensor:
    r = 1 / (1 + x.abs())
    return -2 * torch.sign(x) * r * r * r


def _elliott(x: Tensor) -> Tensor:
    # the two halves cancel on the left
    gap = 0.5 / (1 + x.abs())
    return where(x > 0, 1 - gap, gap)


def _arctan_curvature(x: Tensor) -> Tensor:
    x = finite(x)
    h = 1 / (1 + x * x)
    return -2 * (x * h) * h


def root_parts(x: Tensor, alpha: Number) -> tuple[Tensor, Tensor]:
    """x, and 1 + alpha·x²: x no further out than there is something left to see.

    There the root is √alpha·|x| to the last digit, and the derivatives are zero.
    """
    far = torch.finfo(x.dtype).max ** 0.4 * alpha**-0.5
    x = bounded(x, -far, far)
    return x, 1 + (alpha * x) * x


def root_unit(x: Tensor, alpha: Number) -> Tensor:
    """x / √(1 + alpha·x²)."""
    x, s = root_parts(x, alpha)
    return x / s.sqrt()


def _as_precise(y: Tensor, power: float, x: Tensor, alpha: Number) -> Tensor:
    """y, a multiple of a power of 1 + alpha·x², with what the roundings of that have lost.

    In float64: far out, where the derivative of y is no number any more, nothing excuses them.
    """
    if x.dtype != torch.float64:
        return y
    w = alpha * x
    square = w * x
    s, lost = pair_sum(1.0, square)
    lost = lost + product_error(w, x, alpha) * x + product_error(square, x, w)
    return y + power * (lost / s).detach() * y


def root_unit_slope(x: Tensor, alpha: Number) -> Tensor:
    x, s = root_parts(x, alpha)
    q = 1 / s
    return flushed(_as_precise(q * q.sqrt(), -1.5, x, alpha))


def root_unit_curvature(x: Tensor, alpha: Number) -> Tensor:
    x, s = root_parts(x, alpha)
    q = 1 / s
    return flushed(_as_precise(-3 * alpha * x * q * q.sqrt() * q, -2.5, x, alpha))


def _sqnl(x: Tensor) -> Tensor:
    x = x.clamp(-2, 2)
    return x * (1 - 0.25 * x.abs())


def _sqnl_curvature(x: Tensor) -> Tensor:
    outer = (x > 2) | (x <= -2)
    return where(outer, 0.0, where(x > 0, -0.5, 0.5 + zero(x)))


def _unit(x: Tensor, gamma: Number) -> Tensor:
    """x / gamma, no further out than the ends of the step."""
    return bounded(x, -gamma, gamma) / gamma


@in_double
def _smoothstep(x: Tensor, gamma: Number) -> Tensor:
    # the cubic cancels at its left end, where it is a square
    u = _unit(x, gamma).clamp(-0.5, 0.5)
    return (u + 0.5) ** 2 * (2 - 2 * u)


@in_double
def _smoothstep_slope(x: Tensor, gamma: Number) -> Tensor:
    # at the ends of a clamp torch 2.11 has another derivative by gamma than 2.14
    u = _unit(x, gamma)
    return where(u.abs() < 0.5, 6 / gamma * (0.5 + u) * (0.5 - u), zero(x))


@in_double
def _smoothstep_curvature(x: Tensor, gamma: Number) -> Tensor:
    u = _unit(x, gamma)
    return where(u.abs() < 0.5, -12 / gamma * (u / gamma), zero(x))


RECORDS = (
    Activation(
        "softsign",
        "x / (1 + abs(x))",
        f=lambda x: finite(x) / (1 + finite(x).abs()),
        df=lambda x: 1 / (1 + x.abs()) ** 2,
        d2f=_softsign_curvature,
        joints=(0.0,),
        range="(-1, 1)",
        asymptotes=("-1", "1"),
        source="Elliott 1993; Bergstra et al. 2009, Quadratic polynomials learn better features",
    ),
    Activation(
        "elliott",
        "x / (2 * (1 + abs(x))) + 1/2",
        f=_elliott,
        df=lambda x: 0.5 / (1 + x.abs()) ** 2,
        d2f=lambda x: 0.5 * _softsign_curvature(x),
        joints=(0.0,),
        range="(0, 1)",
        asymptotes=("0", "1"),
        source="Elliott 1993, A better activation function for artificial neural networks",
        aliases=("elliott_sigmoid",),
    ),
    Activation(
        "arctan",
        "atan(x)",
        f=torch.atan,
        df=lambda x: 1 / (1 + x * x),
        d2f=_arctan_curvature,
        range="(-pi/2, pi/2)",
        asymptotes=("-pi / 2", "pi / 2"),
        source="classical",
        aliases=("atan",),
    ),
    Activation(
        "isru",
        "x / sqrt(1 + alpha * x**2)",
        *(root_unit, root_unit_slope, root_unit_curvature),
        params={"alpha": 1.0},
        domain={"alpha": "(0, inf)"},
        range="(-1 / sqrt(alpha), 1 / sqrt(alpha))",
        asymptotes=("-1 / sqrt(alpha)", "1 / sqrt(alpha)"),
        source="Carlile et al. 2017, arXiv:1710.09967",
        aliases=("inverse_square_root_unit",),
    ),
    Activation(
        "sqnl",
        "1 if x > 2 else x - x**2 / 4 if x > 0 else x + x**2 / 4 if x > -2 else -1",
        f=_sqnl,
        df=lambda x: torch.relu(1 - 0.5 * x.abs()),
        d2f=_sqnl_curvature,
        joints=(-2.0, 0.0, 2.0),
        range="[-1, 1]",
        asymptotes=("-1", "1"),
        source="Wuraola & Patel 2018, SQNL: a new computationally efficient activation function",
    ),
    Activation(
        "smoothstep",
        "0 if x <= -gamma/2 else 1 if x >= gamma/2 else -2*x**3/gamma**3 + 3*x/(2*gamma) + 1/2",
        *(_smoothstep, _smoothstep_slope, _smoothstep_curvature),
        params={"gamma": 1.0},
        domain={"gamma": "(0, inf)"},
        joints=lambda gamma: (-gamma / 2, gamma / 2),
        range="[0, 1]",
        asymptotes=("0", "1"),
        source="Hazimeh et al. 2020, arXiv:2002.07772, and its code",
    ),
)
