"""Self-gated activations whose gate is made of the sigmoid, a ratio of polynomials in e^x."""

from __future__ import annotations

import math

import torch
from torch import Tensor, exp, expm1, log1p, tanh, where

from actfunc.activation import Activation
from actfunc.catalogue.floats import Number, finite, flushed, lowest, zero
from actfunc.catalogue.logistic import (
    damped,
    ends,
    swish,
    swish_curvature,
    swish_slope,
    within_reach,
)
from actfunc.catalogue.periodic import turn


def _lisht_slope(x: Tensor) -> Tensor:
    x = within_reach(x)
    h = exp(-x.abs())
    return tanh(x) + 4 * (x * h) * h / (1 + h * h) ** 2


def _lisht_curvature(x: Tensor) -> Tensor:
    x = within_reach(x)
    h = exp(-x.abs())
    return flushed(8 * h * (1 - x * tanh(x)) / (1 + h * h) ** 2 * h)


def _logish_gate(x: Tensor) -> tuple[Tensor, Tensor]:
    """e^-|x|, and log(1 + sigmoid(x))."""
    e = exp(-x.abs())
    return e, log1p(ends(x, e, 0, 1) / (1 + e))


def _logish_slope(x: Tensor) -> Tensor:
    x = within_reach(x)
    e, gate = _logish_gate(x)
    return flushed(gate + x * e / ends(x, e, 1, 3, 2))


def _logish_curvature(x: Tensor) -> Tensor:
    x = within_reach(x)
    e = exp(-x.abs())
    return flushed(e * ends(x, e, 2 + x, 6, 4 - 2 * x) / ends(x, e, 1, 3, 2) ** 2)


def _smish(x: Tensor, alpha: float, beta: float) -> Tensor:
    z = beta * x
    e = exp(-z.abs())
    return flushed(alpha * (lowest(x) * (ends(z, e, 0, 2, 3) / ends(z, e, 2, 6, 5))))


def _smish_slope(x: Tensor, alpha: float, beta: float) -> Tensor:
    z = within_reach(beta * x)
    e = exp(-z.abs())
    d = ends(z, e, 2, 6, 5)
    slope = ends(z, e, 0, 4 + 4 * z, 18 + 12 * z, 28 + 8 * z, 15) / d**2
    # next to 0 that has more roundings than its parts have
    near = ends(z, e, 0, 2, 3) / d + z * (4 * e * ends(z, e, 1, 3, 2) / d**2)
    return flushed(alpha * where(z.abs() < 1, near, slope))


def _smish_curvature(x: Tensor, alpha: float, beta: float) -> Tensor:
    z = within_reach(beta * x)
    h = exp(-0.5 * z.abs())
    e = h * h
    bend = ends(z, e, 16 + 8 * z, 96 + 24 * z, 216 - 12 * z, 216 - 72 * z, 80 - 40 * z)
    return flushed(alpha * beta * (h * bend / ends(z, e, 2, 6, 5) ** 3 * h))


def _wave(x: Tensor, a: Number, b: Number) -> tuple[Tensor, Tensor, Tensor]:
    """The wave a·sin(b·x), and the two derivatives of x plus it."""
    # float64, as x + a·sin + its slope cancel next to where they touch 0
    sin, cos = turn(x.double(), b)
    # 1 + cos and 1 + ab·cos without cancellation where they touch 0, as they do at the defaults
    up = sin * sin / (1 - cos.clamp(max=0))
    return a * sin, where(cos > 0, 1 + a * b * cos, (1 - a * b) + a * b * up), -a * b * b * sin


def _sinlu(x: Tensor, a: Number, b: Number) -> Tensor:
    e, y = exp(-x.abs()), lowest(x)
    return flushed(((y + _wave(finite(x), a, b)[0]) * ends(y, e, 0, 1) / (1 + e)).to(x.dtype))


def _sinlu_slope(x: Tensor, a: Number, b: Number) -> Tensor:
    e, y = exp(-x.abs()), lowest(x)  # at inf the wave has no slope, and this has none
    wave, slope, _ = _wave(y, a, b)
    bend = ends(y, e, 0, y + wave + slope, slope)
    return flushed((bend / (1 + e * (2 + e))).to(x.dtype))


def _sinlu_curvature(x: Tensor, a: Number, b: Number) -> Tensor:
    e, y = exp(-x.abs()), lowest(x)
    wave, slope, curvature = _wave(y, a, b)
    w, both = y + wave, curvature + 2 * slope
    bend = ends(y, e, 0, both + w, curvature + both - w, curvature)
    return flushed((bend / (1 + e) ** 3).to(x.dtype))


def _sinsig_parts(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """e = e^-|x|; the angle, or what it lacks to a right one on the right; 1 - sinc of that."""
    e = exp(-x.abs())
    angle = math.pi / 2 * e / (1 + e)
    square, lost = angle * angle, torch.zeros_like(x)
    for k in range(9, 0, -1):
        lost = square / (2 * k * (2 * k + 1)) * (1 - lost)
    return e, angle, lost


def _sinsig(x: Tensor) -> Tensor:
    _, angle, _ = _sinsig_parts(x)
    return flushed(lowest(x) * where(x > 0, torch.cos(angle), torch.sin(angle)))


def _sinsig_slope(x: Tensor) -> Tensor:
    x = within_reach(x)
    e, angle, lost = _sinsig_parts(x)
    # times the angle: 1 + x, which is exact where they cancel, and a small rest
    less = lost + x * ((e + 2 * torch.sin(0.5 * angle) ** 2) / (1 + e))
    right = torch.cos(angle) + x * (angle / (1 + e)) * torch.sin(angle)
    return flushed(where(x > 0, right, angle * ((1 + x) - less)))


def _sinsig_curvature(x: Tensor) -> Tensor:
    x = within_reach(x)
    e, angle, lost = _sinsig_parts(x)
    sinc, cos = 1 - lost, torch.cos(angle)
    left = cos * ((2 + x) + e * (2 - x)) - x * angle * angle * sinc
    left = math.pi / 2 * e * left / (1 + e * (3 + e * (3 + e)))
    right = sinc * ((2 - x) + e * (2 + x)) - x * cos
    right = damped(-2 * x.abs(), math.pi**2 / 4 * right) / (1 + e * (4 + e * (6 + e * (4 + e))))
    return flushed(where(x > 0, right, left))


def _elish(x: Tensor) -> Tensor:
    y = x.clamp(max=0)
    return flushed(where(x > 0, swish(x, 1.0), expm1(y) * torch.sigmoid(y)))


def _elish_slope(x: Tensor) -> Tensor:
    e = exp(x.clamp(max=0))
    left = e * (e * (e + 2) - 1) / (1 + e) ** 2
    return flushed(where(x > 0, swish_slope(x, 1.0), left))


def _elish_curvature(x: Tensor) -> Tensor:
    e = exp(x.clamp(max=0))
    left = e * (e * (e * (e + 3) + 5) - 1) / (1 + e) ** 3
    return flushed(where(x > 0, swish_curvature(x, 1.0), left))


def _hard_elish(x: Tensor) -> Tensor:
    y = x.clamp(-1, 0)
    return where(x > 0, x, expm1(y)) * (0.5 * (x.clamp(-1, 1) + 1))


def _hard_elish_slope(x: Tensor) -> Tensor:
    y = x.clamp(-1, 0)
    left = 0.5 * (expm1(y) * (y + 2) + (y + 1))
    return where(x > 1, 1.0, where(x > 0, x + 0.5, where(x > -1, left, zero(x))))


def _hard_elish_curvature(x: Tensor) -> Tensor:
    left = 0.5 * exp(x.clamp(-1, 0)) * (x + 3)
    return where(x > 1, 0.0, where(x > 0, 1.0, where(x > -1, left, zero(x))))


RECORDS = (
    Activation(
        "lisht",
        "x * tanh(x)",
        f=lambda x: x * tanh(x),
        df=_lisht_slope,
        d2f=_lisht_curvature,
        range="[0, inf)",
        asymptotes=("-x", "x"),
        source="Roy et al. 2019, arXiv:1901.05894",
    ),
    Activation(
        "logish",
        "x * log(1 + 1 / (1 + exp(-x)))",
        f=lambda x: flushed(lowest(x) * _logish_gate(x)[1]),
        df=_logish_slope,
        d2f=_logish_curvature,
        range="[-0.2528, inf)",
        asymptotes=("0", "log(2) * x"),
        source="Zhu et al. 2021, Logish: a new nonlinear nonmonotonic activation function",
    ),
    Activation(
        "smish",
        "alpha * x * tanh(log(1 + 1 / (1 + exp(-beta * x))))",
        f=_smish,
        df=_smish_slope,
        d2f=_smish_curvature,
        params={"alpha": 1.0, "beta": 1.0},
        range="[-0.2500 * alpha / beta, inf)",
        asymptotes=("0", "alpha * 0.6 * x"),
        source="Wang, Ren & Wang 2022, doi:10.3390/electronics11040540",
    ),
    Activation(
        "sinlu",
        "(x + a * sin(b * x)) / (1 + exp(-x))",
        f=_sinlu,
        df=_sinlu_slope,
        d2f=_sinlu_curvature,
        params={"a": 1.0, "b": 1.0},
        range="[-0.4974, inf) at the defaults",
        asymptotes=("0", None),
        source="Paul et al. 2022, doi:10.3390/math10030337",
    ),
    Activation(
        "sinsig",
        "x * sin(pi / 2 / (1 + exp(-x)))",
        f=_sinsig,
        df=_sinsig_slope,
        d2f=_sinsig_curvature,
        range="[-0.4292, inf)",
        asymptotes=("0", "x"),
        source="Douge et al. 2021 (MLN 2020), doi:10.1007/978-3-030-70866-5_15",
    ),
    Activation(
        "elish",
        "x / (1 + exp(-x)) if x > 0 else (exp(x) - 1) / (1 + exp(-x))",
        f=_elish,
        df=_elish_slope,
        d2f=_elish_curvature,
        joints=(0.0,),
        range="[-0.1716, inf)",
        asymptotes=("0", "x"),
        source="Basirat & Roth 2018, arXiv:1808.00783",
    ),
    Activation(
        "hard_elish",
        "x if x > 1 else x * (x + 1) / 2 if x > 0 else (exp(x) - 1) * (x + 1) / 2 if x > -1 else 0",
        f=_hard_elish,
        df=_hard_elish_slope,
        d2f=_hard_elish_curvature,
        joints=(-1.0, 0.0, 1.0),
        range="[-0.0997, inf)",
        asymptotes=("0", "x"),
        source="Basirat & Roth 2018, arXiv:1808.00783",
    ),
)
