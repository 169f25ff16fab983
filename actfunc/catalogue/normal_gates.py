"""Gates of the normal distribution and the error function, composed with another function."""

from __future__ import annotations

import math

import torch
from torch import Tensor, erfc, exp, expm1, log1p, tanh, where

from actfunc.activation import Activation
from actfunc.catalogue.compiled import erf
from actfunc.catalogue.floats import (
    Number,
    exp_pair,
    finite,
    flushed,
    halves,
    largest_exponent,
    lowest,
    product_error,
    tensor_like,
)
from actfunc.catalogue.logistic import closed

_BELL = 2 / math.sqrt(math.pi)
"""The slope of erf at 0."""
_DENSITY = 1 / math.sqrt(2 * math.pi)
"""The normal density at 0."""


def _erf_exp(x: Tensor, alpha: Number, beta: Number) -> tuple[Tensor, Tensor, Tensor]:
    """z = βx and q = α·e^z as far out as they matter, and q², all float64: a float32 has too few
    digits for parameters that are no float32."""
    alpha, x = tensor_like(x, alpha, torch.float64), x.double()
    z = (beta * finite(x)).clamp(-1e4, largest_exponent(x))
    q = (alpha * exp(z)).clamp(max=30)  # there erf(q) is 1, and its slope 0
    # of e^2z q² has fewer roundings than q times q, which count where z is small
    square = where(z > 40, q * q, alpha * alpha * exp(2 * z.clamp(max=40)))
    return z, q, square.clamp(max=900)


def _lost_of_square(x: Tensor, alpha: Number, beta: Number, z: Tensor, square: Tensor) -> Tensor:
    """q² less `square`, where that is large enough for e^-q² to show it; else 0."""
    # further from 0 what rounding x makes of it is more
    shows = (square > 4.5) & (square < 800) & (z.abs() < 1)
    near, alpha = where(shows, z, 0.0), tensor_like(z, alpha)
    power, rest = exp_pair(near, product_error(near, where(shows, x.double(), 0.0), beta))
    q = alpha * power
    rest = alpha * rest + product_error(q, power, alpha)
    whole, lost = _squared(q)
    return where(shows, (whole - square) + (lost + 2 * q * rest), 0.0).detach()


def _erf_act(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    z, q, _ = _erf_exp(x, alpha, beta)
    value = closed(z, q, lowest(x), _BELL * alpha, lowest(x) * erf(q))
    return flushed(value.to(x.dtype))


def _erf_act_slope(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    z, q, square = _erf_exp(x, alpha, beta)
    gate, w = erf(q), z * q
    # where they cancel, the bell as 1 and a small rest: its roundings are not times z·q
    small = gate + w * (_BELL - 1 + _BELL * expm1(-square)) + w
    slope = where(square < 0.25, small, gate + w * (_BELL * exp(-square)))
    return flushed(closed(z, q, 1 + z, _BELL * alpha, slope).to(x.dtype))


def _erf_act_curvature(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    z, q, square = _erf_exp(x, alpha, beta)
    h = exp(-0.5 * square)
    h = h - 0.5 * h * _lost_of_square(x, alpha, beta, z, square)
    bend = _BELL * beta * (q * h * (2 + z * (1 - 2 * square)) * h)
    return flushed(closed(z, q, 2 + z, _BELL * alpha * beta, bend).to(x.dtype))


def _squared(x: Tensor) -> tuple[Tensor, Tensor]:
    """x², and what its rounding has lost: products of halves of the digits are exact."""
    (high, low), square = halves(x), x * x
    return square, (high * high - square) + low * (x + high)


def _serf_gate(x: Tensor) -> tuple[Tensor, Tensor]:
    """p, and the slope of erf(p)."""
    e = exp(-x.abs())
    small = log1p(e)
    p = torch.relu(x) + small
    square, lost = _squared(p)
    bell = exp(-square)
    bell = bell - bell * (lost + 2 * p * (small - (p - torch.relu(x))))
    return p, (bell + (_BELL - 1) * bell) * where(x > 0, 1.0, e) / (1 + e)


def _serf_slope(x: Tensor) -> Tensor:
    x = x.clamp(-1e4, 1e4)
    p, slope = _serf_gate(x)
    # on the left p / e and erf(p) / p are 1 less little; times e the slope is 1 + x, which is
    # exact where they cancel, and a small rest
    e = exp(x.clamp(max=-1))
    w, less, bent = (e / (2 + e)) ** 2, torch.zeros_like(x), torch.zeros_like(x)
    for k in range(11, 0, -1):
        less = w * (1 / (2 * k + 1) + less)
    less = (e - 2 * less) / (2 + e)
    square = (e * (1 - less)) ** 2
    for k in range(11, 0, -1):
        bent = square / k * (1 / (2 * k + 1) - bent)
    rest = (less + bent - less * bent) + x * ((e - expm1(-square)) / (1 + e))
    left = e * ((1 + x) - rest)
    return flushed(where(x < -1, left + (_BELL - 1) * left, erf(p) + x * slope))


def _serf_curvature(x: Tensor) -> Tensor:
    x = x.clamp(-1e4, 1e4)
    p, slope = _serf_gate(x)
    return flushed(slope * (2 + x * (torch.sigmoid(-x) - 2 * p * torch.sigmoid(x))))


def _normal(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Φ, its density, and what the last rounding of that has lost.

    Both are steep: what x / √2 and x² lose to rounding is added again.
    """
    high, low = halves(x)
    root, (square, lost) = x * math.sqrt(0.5), _squared(x)
    bell = exp(-0.5 * square)
    less = bell * (0.5 - _DENSITY + 0.5 * _DENSITY * lost)
    density = 0.5 * bell - less
    rounded = (0.5 * bell - density) - less
    short, rest = 0.70703125, 7.5531186547524401e-05  # √½ as 8 binary digits, and what is left
    lost = (high * short - root) + (low * short + rest * x)
    return 0.5 * erfc(-root) + density * (math.sqrt(2) * lost), density, rounded


def _phish_parts(x: Tensor) -> tuple[Tensor, ...]:
    """x, Φ, its density and the rest of that; tanh(g), and its slope in two factors, normal where
    their product is not yet."""
    x = x.clamp(-1e4, 1e4)
    cdf, density, rest = _normal(x)
    g = x * cdf
    t, h = tanh(g), exp(-g.abs())
    bump = where(x > 0, 4 * h / (1 + h * h) ** 2, 1 - t * t)
    return x, cdf, density, rest, t, bump, where(x > 0, h, 1.0)


def _phish_slope(x: Tensor) -> Tensor:
    x, cdf, density, rest, t, one, other = _phish_parts(x)
    # what g′ = Φ + x·density loses to rounding is added again
    steep = x * density
    slope = cdf + steep
    back = slope - cdf
    lost = (cdf - (slope - back)) + (steep - back) + product_error(steep, x, density) + x * rest
    u = x * slope
    left = (t + x * lost - u * t * t) + u
    return flushed(where(x > 0, t + u * one * other, left))


def _phish_curvature(x: Tensor) -> Tensor:
    x, cdf, density, _, t, one, other = _phish_parts(x)
    # far out half of the exponent at a time: the density is subnormal before its product is
    h = exp(-0.25 * x * x)
    far = h * (x * (4 - x * x)) * (_DENSITY * h)
    bend = where(x.abs() > 8, far, density * (x * ((2 - x) * (2 + x))))
    slope = cdf + x * density
    return flushed(one * (2 * cdf + bend - 2 * x * t * slope * slope) * other)


RECORDS = (
    Activation(
        "serf",
        "x * erf(log(1 + exp(x)))",
        f=lambda x: flushed(lowest(x) * erf(_serf_gate(x)[0])),
        df=_serf_slope,
        d2f=_serf_curvature,
        range="[-0.3484, inf)",
        asymptotes=("0", "x"),
        source="Nag & Bhattacharyya 2021, arXiv:2108.09598",
    ),
    Activation(
        "erf_act",
        "x * erf(alpha * exp(beta * x))",
        f=_erf_act,
        df=_erf_act_slope,
        d2f=_erf_act_curvature,
        params={"alpha": 0.75, "beta": 0.75},
        domain={"alpha": "(0, inf)", "beta": "(0, inf)"},
        range="[-0.4053, inf) at the defaults",
        asymptotes=("0", "x"),
        source="Biswas et al. 2021, arXiv:2109.04386; the defaults are unchecked",
    ),
    Activation(
        "phish",
        "x * tanh(x * erfc(-x / sqrt(2)) / 2)",
        f=lambda x: flushed(lowest(x) * tanh(lowest(x) * 0.5 * erfc(-x * math.sqrt(0.5)))),
        df=_phish_slope,
        d2f=_phish_curvature,
        range="[0, inf)",
        asymptotes=("0", "x"),
        source="Naveen 2021, Phish: a novel hyper-optimizable activation function",
    ),
)
