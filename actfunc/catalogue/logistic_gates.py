"""Self-gated activations whose gate is made of the sigmoid, a ratio of polynomials in e^x."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, exp, expm1, log1p, tanh, where

from actfunc.activation import Activation
from actfunc.catalogue.logistic import (
    closed,
    damped,
    ends,
    swish,
    swish_curvature,
    swish_slope,
    within_reach,
)
from actfunc.catalogue.sinlu import sinlu, sinlu_curvature, sinlu_slope
from actfunc.numerics.floats import (
    Number,
    finite,
    flushed,
    in_double,
    lowest,
    pair_sum,
    product_error,
    tensor_like,
    zero,
)


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
    d = ends(x, e, 1, 3, 2)
    # on the left the gate is e less little, by the series of atanh(v); times e the slope is 1 + x,
    # which is exact where they cancel, and a small rest
    low = where(x < -1.5, e, 0.0)
    square, less = (low / (2 + 3 * low)) ** 2, torch.zeros_like(x)
    for k in range(8, 0, -1):
        less = square * (1 / (2 * k + 1) + less)
    less = (3 * low - 2 * less) / (2 + 3 * low)
    left = e * ((1 + x) - (less + x * (low * (3 + 2 * low) / d)))
    return flushed(where(x < -1.5, left, gate + x * e / d))


def _logish_curvature(x: Tensor) -> Tensor:
    x = within_reach(x)
    e = exp(-x.abs())
    return flushed(e * ends(x, e, 2 + x, 6, 4 - 2 * x) / ends(x, e, 1, 3, 2) ** 2)


class _Smish(NamedTuple):
    """The gate of smish on the left, where roundings show, for z = βx.

    near: where that is, but not at -0, whose sign this would lose; elsewhere x and z are 0 here.
    gate: e·(2 + 3e) / (2 + 6e + 5e²) for e = e^z, as a sum of two numbers.
    rise: by what part of itself the gate grows with z.
    a:    αx, as a sum of two numbers.
    """

    near: Tensor
    z: Tensor
    gate: tuple[Tensor, Tensor]
    rise: Tensor
    a: tuple[Tensor, Tensor]

    @classmethod
    def of(cls, x: Tensor, z: Tensor, alpha: Number, beta: Number) -> _Smish:
        near = (z < 0) & (z > -40) & (x.abs() < 1e100) & (tensor_like(x, alpha) < 1e100)
        x, z = where(near, x, 0.0), where(near, z, 0.0)
        e = exp(z)
        three, five = 3 * e, 5 * e
        n, s = 2 + three, 6 + five
        n_lost = ((2 - n) + three) + (e - (three - 2 * e))
        s_lost = ((6 - s) + five) + (e - (five - 4 * e))
        p = e * s
        d, d_lost = pair_sum(2.0, p)
        d_lost = d_lost + product_error(p, e, s) + e * s_lost
        v = e * n
        gate, rise = v / d, 4 * ((1 + e) * (1 + 2 * e) / (n * d))
        whole = gate * d
        lost = (v - whole) - product_error(whole, gate, d) - gate * d_lost
        lost = (lost + product_error(v, e, n) + e * n_lost) / d
        lost = lost + gate * rise * product_error(z, x, beta)
        a = alpha * x
        return cls(near, z, (gate, lost.detach()), rise, (a, product_error(a, x, alpha).detach()))


@in_double
def _smish(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    # bounded, as the rest would have the slope ∞·0 by beta next to the largest x
    z, x = (beta * finite(x)).clamp(-1e4, 1e4), lowest(x)
    e = exp(-z.abs())
    value = alpha * (x * (ends(z, e, 0, 2, 3) / ends(z, e, 2, 6, 5)))
    at = _Smish.of(x, z, alpha, beta)
    (a, a_lost), (gate, lost) = at.a, at.gate
    left = a * gate
    lost = product_error(left, a, gate) + a_lost * gate + a * lost
    value = where(at.near, left + lost.detach(), value)
    return flushed(closed(z, e, x, alpha, value))


@in_double
def _smish_slope(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    z = within_reach(beta * x)
    e = exp(-z.abs())
    # the square of ends(z, e, 2, 6, 5), with fewer roundings
    square = ends(z, e, 4, 24, 56, 60, 25)
    slope = ends(z, e, 0, 4 + 4 * z, 18 + 12 * z, 28 + 8 * z, 15) / square
    # next to 0 that has more roundings than its parts have
    near = ends(z, e, 0, 2, 3) / ends(z, e, 2, 6, 5) + z * (4 * e * ends(z, e, 1, 3, 2) / square)
    slope = alpha * where(z.abs() < 1, near, slope)
    at = _Smish.of(x, z, alpha, beta)
    (gate, lost), bend = at.gate, at.z * at.rise
    left = alpha * gate
    lost = (product_error(left, gate, alpha) + alpha * lost).detach()
    slope = where(at.near & (z > -1), left + (left * bend + lost), slope)
    return flushed(closed(z, e, 1 + z, alpha, slope))


@in_double
def _smish_curvature(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    z = within_reach(beta * x)
    e, h = exp(-z.abs()), exp(-0.5 * z.abs())
    d = ends(z, e, 2, 6, 5)
    cube = ends(z, e, 8, 72, 276, 576, 690, 450, 125)  # of d, with fewer roundings
    bend = ends(z, e, 16 + 8 * z, 96 + 24 * z, 216 - 12 * z, 216 - 72 * z, 80 - 40 * z) / cube
    # next to 0 that has more roundings than its parts have
    near = 8 * ends(z, e, 1, 3, 2) + 4 * z * (ends(z, e, 2, 6, -3, -18, -10) / d)
    bend = alpha * beta * where(z.abs() < 1, near / d**2, bend)
    return flushed(where(z.abs() > 40, h * bend * h, e * bend))


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
    t = e * (e + 2)
    left = e * (t - 1) / (t + 1)
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
        domain={"alpha": "(0, inf)", "beta": "(0, inf)"},
        range="[-0.2500 * alpha / beta, inf)",
        asymptotes=("0", "alpha * 0.6 * x"),
        source="Wang, Ren & Wang 2022, doi:10.3390/electronics11040540",
    ),
    Activation(
        "sinlu",
        "(x + a * sin(b * x)) / (1 + exp(-x))",
        f=sinlu,
        df=sinlu_slope,
        d2f=sinlu_curvature,
        params={"a": 1.0, "b": 1.0},
        domain={"a": "(-inf, inf)", "b": "(-inf, inf)"},
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
