"""Gates of the normal distribution and the error function, composed with another function."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, erfc, exp, expm1, log1p, tanh, where

from actfunc.activation import Activation
from actfunc.catalogue.logistic import closed, damped, ends
from actfunc.numerics.compiled import erf
from actfunc.numerics.floats import (
    Number,
    exp_pair,
    finite,
    flushed,
    halves,
    in_double,
    largest_exponent,
    lowest,
    pair_sum,
    product_error,
    tensor_like,
)

_BELL = 2 / math.sqrt(math.pi)
"""The slope of erf at 0."""
_DENSITY = 1 / math.sqrt(2 * math.pi)
"""The normal density at 0."""


def _erf_exp(x: Tensor, alpha: Number, beta: Number) -> tuple[Tensor, Tensor, Tensor]:
    """z = βx and q = α·e^z as far out as they matter, and q², all float64: a float32 has too few
    digits for parameters that are no float32."""
    alpha, x = tensor_like(x, alpha, torch.float64), x.double()
    z = (beta * finite(x)).clamp(-1e4, largest_exponent(x))
    # next to 0 e^z is off by more than alpha and a small rest; at 30 erf(q) is 1, and its slope 0
    q = where(z.abs() < 0.5, alpha + alpha * expm1(z.clamp(-1, 1)), alpha * exp(z)).clamp(max=30)
    # of e^2z q² has fewer roundings than q times q, which count where z is small; where it is not,
    # what q is off by falls out at an extremum
    square = where(z.abs() > 2, q * q, alpha * alpha * exp(2 * z.clamp(-2, 2)))
    return z, q, square.clamp(max=900)


def _lost_of_square(
    x: Tensor, alpha: Number, beta: Number, z: Tensor, square: Tensor
) -> tuple[Tensor, Tensor]:
    """q² less `square`, and βx less z, where q² is large enough for e^-q², or for a curvature that
    turns, to show them; else 0."""
    # further from 0 what rounding x makes of it is more
    shows = (square > 1.5) & (square < 800) & (z.abs() < 1)
    near, alpha = where(shows, z, 0.0), tensor_like(z, alpha)
    of_z = product_error(near, where(shows, x.double(), 0.0), beta)
    power, rest = exp_pair(near, of_z)
    q = alpha * power
    rest = alpha * rest + product_error(q, power, alpha)
    whole, lost = _squared(q)
    of_square = (whole - square) + (lost + 2 * q * rest)
    return where(shows, of_square, 0.0).detach(), where(shows, of_z, 0.0).detach()


def _erf_act(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    z, q, _ = _erf_exp(x, alpha, beta)
    value = closed(z, q, lowest(x), _BELL * alpha, lowest(x) * erf(q))
    return flushed(value.to(x.dtype))


def _erf_act_slope(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    z, q, square = _erf_exp(x, alpha, beta)
    # while q is small erf(q) is q·2/√π less little: times q that is 1 + z, which is exact where
    # they cancel, and a small rest
    near = square < 0.25
    low, less = where(near, square, 0.0), torch.zeros_like(q)
    for k in range(11, 0, -1):
        less = low / k * (1 / (2 * k + 1) - less)
    small = q * ((1 + z) - (less - z * expm1(-low)))
    small = small + (_BELL - 1) * small
    e = exp(-square)
    bell = q * e
    bent = z * bell
    # the second part is the larger, and what its products have lost would count
    seen = z.abs() < 40
    at, bell_at, bent_at = (where(seen, each, 0.0) for each in (z, bell, bent))
    lost = product_error(at, where(seen, x.double(), 0.0), beta)
    rest = bell * (2 + at * (1 - 2 * square)) * lost + at * product_error(bell_at, q, e)
    rest = rest + product_error(bent_at, at, bell_at)
    slope = where(near, small, bent + (erf(q) + ((_BELL - 1) * bent + rest.detach())))
    return flushed(closed(z, q, 1 + z, _BELL * alpha, slope).to(x.dtype))


def _erf_act_curvature(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    z, q, square = _erf_exp(x, alpha, beta)
    lost, of_z = _lost_of_square(x, alpha, beta, z, square)
    turned = 1 - 2 * square
    bend = q * ((2 + z * turned) + (of_z * turned - 2 * z * lost))
    bend = _BELL * beta * damped(-square, bend - bend * lost)
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


@in_double
def _serf_curvature(x: Tensor) -> Tensor:
    x = x.clamp(-1e4, 1e4)
    p, slope = _serf_gate(x)
    e, w = exp(-x.abs()), x * p
    # about 1.5, where it turns, the roundings of p and x·p would be felt
    lost = product_error(w, x, p) + x * (log1p(e) - (p - torch.relu(x)))
    bend = ends(x, e, 2 + x, (2 - 2 * w) - 2 * lost.detach())
    return flushed(slope * (bend / (1 + e)))


def _normal(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Φ and its density, each as a sum of two numbers, the second small.

    Both are steep: what x / √2 and x² lose to rounding is added again.
    """
    high, low = halves(x)
    root, (square, lost) = x * math.sqrt(0.5), _squared(x)
    bell = exp(-0.5 * square)
    less = bell * (0.5 - _DENSITY + 0.5 * _DENSITY * lost)
    density = 0.5 * bell - less
    rest = (0.5 * bell - density) - less
    short, left = 0.70703125, 7.5531186547524401e-05  # √½ as 8 binary digits, and what is left
    lost = (high * short - root) + (low * short + left * x)
    # next to 0 that is ½ and something smaller, whose digits are smaller too
    near = x.abs() < 1
    odd = 0.5 * torch.erf(where(near, root, 0.0))
    cdf = where(near, 0.5 + odd, 0.5 * erfc(-root))
    small = where(near, odd - (cdf - 0.5), 0.0) + density * (math.sqrt(2) * lost)
    whole = cdf + small
    return whole, small - (whole - cdf), density, rest


class _Phish(NamedTuple):
    """tanh(g) for GELU's g = x·Φ(x), x no further out than it matters.

    g_lost: what the last rounding of g has lost; cdf and density: two numbers each.
    sech:   the slope of tanh in two factors, normal where their product is not yet.
    over:   e^-2g where x > 0, elsewhere 0.
    """

    x: Tensor
    cdf: tuple[Tensor, Tensor]
    density: tuple[Tensor, Tensor]
    g_lost: Tensor
    t: Tensor
    sech: tuple[Tensor, Tensor]
    over: Tensor

    @classmethod
    def of(cls, x: Tensor) -> _Phish:
        x = x.clamp(-1e4, 1e4)
        cdf, cdf_rest, density, rest = _normal(x)
        g = x * cdf
        lost = (product_error(g, x, cdf) + x * cdf_rest).detach()
        t, right = tanh(g), x > 0
        over = where(right, exp(-2 * where(right, g, 0.0)), 0.0)
        # half of the exponent at a time far out
        far = g > 20
        h = where(far, exp(-g.clamp(min=20)), 1.0)
        one = 4 * where(far, h, over - 2 * over * lost) / (1 + over * (2 + over))
        one = where(right, one, 1 - t * t)
        return cls(x, (cdf, cdf_rest), (density, rest), lost, t, (one, h), over)

    def slope(self) -> tuple[Tensor, Tensor]:
        """g′ = Φ + x·density, and what its roundings have lost."""
        x, (cdf, cdf_rest), (density, rest) = self.x, self.cdf, self.density
        steep = x * density
        slope, lost = pair_sum(cdf, steep)
        return slope, lost + product_error(steep, x, density) + (cdf_rest + x * rest)


@in_double
def _phish(x: Tensor) -> Tensor:
    at = _Phish.of(x)
    return flushed(lowest(x) * at.t + at.x * (at.sech[0] * at.g_lost))


@in_double
def _phish_slope(x: Tensor) -> Tensor:
    at = _Phish.of(x)
    slope, lost = at.slope()
    u, (one, other) = at.x * slope, at.sech
    left = (at.t + (at.x * lost + one * at.g_lost) - u * at.t * at.t) + u
    return flushed(where(at.x > 0, at.t + u * one * other, left))


@in_double
def _phish_curvature(x: Tensor) -> Tensor:
    at = _Phish.of(x)
    x, (cdf, rest), t, (one, other) = at.x, at.cdf, at.t, at.sech
    # far out half of the exponent at a time: the density is subnormal before its product is
    h, outer = exp(-0.25 * x * x), x.abs() > 8
    far = h * (x * (4 - x * x)) * (_DENSITY * h)
    # 2·Φ + x·density·(4 - x²) - 2·x·slope²·tanh(g) cancels where it turns, about -1 and 1.6, where
    # tanh is 1 less little: what the products lose to rounding is added again
    inner = where(outer, 0.0, x)
    (square, less), density = _squared(inner), at.density[0]
    steep, c = inner * density, 4 - square
    bend = steep * c
    of_steep = product_error(steep, inner, density) + inner * at.density[1]
    of_bend = product_error(bend, steep, c) + of_steep * c + steep * (((4 - c) - square) - less)
    slope, lost = at.slope()
    square, less = _squared(slope)
    w = x * square
    of_w = product_error(w, x, square) + x * (less + 2 * slope * lost)
    bend = where(outer, far, bend)
    lost = (0.5 * of_bend + rest).detach()
    right = (cdf - w) + (0.5 * bend + (2 * w * at.over / (1 + at.over) + (lost - of_w.detach())))
    total = 2 * where(x > 0.7, right, (cdf + 0.5 * bend) + (lost - w * t))
    return flushed(one * total * other)


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
        f=_phish,
        df=_phish_slope,
        d2f=_phish_curvature,
        range="[0, inf)",
        asymptotes=("0", "x"),
        source="Naveen 2021, Phish: a novel hyper-optimizable activation function",
    ),
)
