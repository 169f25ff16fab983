"""Self-gated activations whose gate is composed of several functions."""

from __future__ import annotations

import math

import torch
from torch import Tensor, erf, erfc, exp, expm1, log1p, tanh, where

from actfunc.activation import Activation
from actfunc.catalogue import jets
from actfunc.catalogue.jets import Jet, finite, flushed, gated, lowest
from actfunc.catalogue.other_gates import _exp_pair
from actfunc.catalogue.periodic import _halves, _lost
from actfunc.catalogue.self_gated import damped

_BELL = 2 / math.sqrt(math.pi)
"""The slope of erf at 0."""

_DENSITY = 1 / math.sqrt(2 * math.pi)
"""The normal density at 0."""


# Gates of e^x. On the right e^x is large and what it shuts is subnormal before the product with it
# is: one exponential does for both there. On the left that would round its larger exponent.


def _exp(x: Tensor) -> tuple[Tensor, Tensor]:
    """e^x, and what its rounding has lost where e^-e^x makes much of it."""
    inner = where((x > 0) & (x < 4), x, 0.0)
    big, small = _exp_pair(inner, torch.zeros_like(x))
    return where(inner > 0, big, exp(x)), where(inner > 0, small, 0.0)


def _cloglog(x: Jet) -> Jet:
    v = x.value
    e = exp(v)
    slope = where(v > 3, exp(v - e), e * exp(-e))
    return Jet(*(-expm1(-e), slope, slope * (1 - e))[: len(x.parts)])


_LOGLOGISH = gated(_cloglog, left=(1.0, 1.0))
_GISH, _, _GISH_CURVATURE = gated(lambda x: jets.log1p(_cloglog(x)), left=(1.0, 1.0))


def _tanh_exp(x: Tensor) -> Tensor:
    # so far out tanh(e^x) is e^x, and that subnormal before the product is
    v = x.clamp(-1e4, 0)
    return flushed(where(x < -40, damped(v, v), x.clamp(min=-40) * tanh(exp(x))))


def _tanh_exp_slope(x: Tensor) -> Tensor:
    v, w = x.clamp(-1e4, 0), x.clamp(0, 4)
    e, k = exp(v), torch.full_like(x, 19.0)
    for n in range(17, 1, -2):
        k = n + e * e / k
    # tanh is e / (1 + c); times e is 1 + v, which is exact where they cancel, and a small rest
    c = e * e / k
    left = damped(v, (1 + v) - (v * (e / (1 + c)) ** 2 + c / (1 + c)))
    e = exp(w)
    right = tanh(e) + w * (4 * exp(w - 2 * e) / (1 + exp(-2 * e)) ** 2)
    return flushed(where(x > 0, right, left))


def _tanh_exp_curvature(x: Tensor) -> Tensor:
    v, w = x.clamp(-1e4, 0), x.clamp(0, 40)
    e = exp(v)
    t = tanh(e)
    left = damped(v, (1 - t * t) * ((2 + v) - 2 * v * e * t))
    e, rest = _exp(w)
    square = exp(-2 * e)
    slope = 4 * where(w > 3, exp(w - 2 * e), e * (square - 2 * rest * square))
    # tanh as 1 less little: the large terms have no roundings of it
    bend = ((2 + w) - 2 * w * e) + 2 * w * (2 * e * square / (1 + square) - rest)
    return flushed(where(x > 0, slope * bend / (1 + square * (2 + square)), left))


def _gish_slope(x: Tensor) -> Tensor:
    # w / (2 - w) for w = exp(-e^x) is 1 / (2 / w - 1): fewer roundings, and none of them of w
    x, e = x.clamp(-1e4, 1e4), exp(x.clamp(max=4))
    return flushed(log1p(-expm1(-e)) + x * e / (1 + 2 * expm1(e)))


# ErfAct, with z = β·x and q = α·e^z


def _erf_exp(x: Tensor, alpha: float, beta: float) -> tuple[Tensor, Tensor, Tensor]:
    """z and q as far out as they matter, and q², which has fewer roundings than q times q."""
    z = (beta * x).clamp(-1e4, 40)
    return z, alpha * exp(z), (alpha * alpha * exp(2 * z)).clamp(max=1e4)


def _erf_act_slope(x: Tensor, alpha: float, beta: float) -> Tensor:
    z, q, square = _erf_exp(x, alpha, beta)
    # where they cancel, the bell as 1 and a small rest: its roundings are not times z·q
    small = erf(q) + z * q * (_BELL - 1 + _BELL * expm1(-square))
    return flushed(where(square < 0.25, small + z * q, erf(q) + z * q * (_BELL * exp(-square))))


def _erf_act_curvature(x: Tensor, alpha: float, beta: float) -> Tensor:
    z, q, square = _erf_exp(x, alpha, beta)
    h = exp(-0.5 * square)
    return flushed(_BELL * beta * (q * h * (2 + z * (1 - 2 * square)) * h))


# x·w with w = exp(-e^-x): w is subnormal before its product with the powers of e^-x is


def _gumbel(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """x as far out as it matters, e^-x, and the root of w."""
    x = x.clamp(-20, 1e4)
    e = exp(-x)
    return x, e, exp(-0.5 * e)


def _expexpish_slope(x: Tensor) -> Tensor:
    x, e, h = _gumbel(x)
    return flushed(h * (1 + x * e) * h)


def _expexpish_curvature(x: Tensor) -> Tensor:
    x, e, h = _gumbel(x)
    return flushed(h * (2 + x * (e - 1)) * e * h)


def _squared(x: Tensor) -> tuple[Tensor, Tensor]:
    """x², and what its rounding has lost: products of halves of the digits are exact."""
    (high, low), square = _halves(x), x * x
    return square, (high * high - square) + low * (x + high)


# Serf, with p = softplus(x) and the sigmoid as e^(x - p)


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


# Phish, the tanh of GELU's g = x·Φ(x)


def _normal(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Φ, its density, and what the last rounding of that has lost.

    Both are steep: what x / √2 and x² lose to rounding is added again.
    """
    high, low = _halves(x)
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
    lost = (cdf - (slope - back)) + (steep - back) + _lost(steep, x, density) + x * rest
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


# CoLU, with a = e^-(x + e^x), is x / (1 - x·a); far on the left a overflows and 1/a does not


def _colu_parts(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Whether x is on the left; there x; e^x; 1/a, right on the left; the root of a, elsewhere."""
    left = x < -1
    e, rest = _exp(x.clamp(max=20))
    near = where(left, 0.0, x)
    z = near + e
    lost = where((x > 0) & (x < 4), (near - (z - e)) + rest, 0.0)
    h = exp(-0.5 * z)
    return left, where(left, x, -1.0), e, e * exp(e.clamp(max=1)), h - 0.5 * h * lost


def _colu(x: Tensor) -> Tensor:
    left, far, _, b, h = _colu_parts(x)
    here = where(left, 0.0, x)
    return flushed(where(left, b / (b / far - 1), here / (1 - here.clamp(max=30) * h * h)))


def _colu_slope(x: Tensor) -> Tensor:
    x = finite(x)
    left, far, e, b, h = _colu_parts(x)
    here = where(left, 0.0, x).clamp(max=30)
    r = b / far
    # few roundings: it is next to -1 times b
    there = -(b + b * (e - r / far)) / (1 - r * (2 - r))
    return flushed(
        where(left, there, (1 - here * h * (here * (1 + e)) * h) / (1 - here * h * h) ** 2)
    )


def _colu_curvature(x: Tensor) -> Tensor:
    x = finite(x)
    left, far, e, b, h = _colu_parts(x)
    here = where(left, 0.0, x).clamp(max=30)
    c = 1 + e
    small = b / far * ((2 / far - 4 * c) / far + (c + e * e))
    there = b * (small + (c * c + e)) / (b / far - 1) ** 3
    bend = 2 - 4 * here * c + here * here * (c + e * e) + here**3 * h * (c * c + e) * h
    return flushed(where(left, there, h * bend / (1 - here * h * h) ** 3 * h))


RECORDS = (
    Activation(
        "tanh_exp",
        "x * tanh(exp(x))",
        f=_tanh_exp,
        df=_tanh_exp_slope,
        d2f=_tanh_exp_curvature,
        range="[-0.3533, inf)",
        asymptotes=("0", "x"),
        source="Liu & Di 2020, arXiv:2003.09855; TeLU: Fernandez & Mali 2024, arXiv:2412.20269",
        aliases=("telu",),
    ),
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
        f=lambda x, alpha, beta: flushed(lowest(x) * erf(_erf_exp(x, alpha, beta)[1])),
        df=_erf_act_slope,
        d2f=_erf_act_curvature,
        params={"alpha": 0.75, "beta": 0.75},
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
    Activation(
        "gish",
        "x * log(2 - exp(-exp(x)))",
        f=_GISH,
        df=_gish_slope,
        d2f=_GISH_CURVATURE,
        range="[-0.2782, inf)",
        asymptotes=("0", "log(2) * x"),
        source="Kaytan, Aydilek & Yeroglu 2023, doi:10.1007/s00521-023-09035-5",
    ),
    Activation(
        "loglogish",
        "x * (1 - exp(-exp(x)))",
        *_LOGLOGISH,
        range="[-0.3122, inf)",
        asymptotes=("0", "x"),
        source="Kunc & Kléma 2024, arXiv:2402.09092 (a survey), section 3.3",
    ),
    Activation(
        "expexpish",
        "x * exp(-exp(-x))",
        f=lambda x: flushed(lowest(x) * exp(-exp(-x))),
        df=_expexpish_slope,
        d2f=_expexpish_curvature,
        range="[-0.0973, inf)",
        asymptotes=("0", "x"),
        source="Kunc & Kléma 2024, arXiv:2402.09092 (a survey), section 3.3",
    ),
    Activation(
        "colu",
        "x / (1 - x * exp(-(x + exp(x))))",
        f=_colu,
        df=_colu_slope,
        d2f=_colu_curvature,
        range="[-0.3772, inf)",
        asymptotes=("0", "x"),
        source="Vagerwal 2021, arXiv:2112.12078",
    ),
)
