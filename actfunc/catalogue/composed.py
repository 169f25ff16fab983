"""Self-gated activations whose gate is composed of several functions."""

from __future__ import annotations

import torch
from torch import Tensor, exp, expm1, log1p, tanh, where

from actfunc.activation import Activation
from actfunc.catalogue import jets
from actfunc.catalogue.jets import Jet, gated
from actfunc.catalogue.logistic import damped
from actfunc.numerics.floats import (
    exp_pair,
    finite,
    flushed,
    in_double,
    lowest,
    product_error,
)

# Gates of e^x. On the right e^x is large and what it shuts is subnormal before the product with it
# is: one exponential does for both there. On the left that would round its larger exponent.


def _exp(x: Tensor) -> tuple[Tensor, Tensor]:
    """e^x, and what its rounding has lost where e^-e^x makes much of it."""
    inner = where((x > 0) & (x < 4), x, 0.0)
    big, small = exp_pair(inner, torch.zeros_like(x))
    return where(inner > 0, big, exp(x)), where(inner > 0, small, 0.0)


def _cloglog(x: Jet) -> Jet:
    v = x.value
    e = exp(v)
    slope = where(v > 3, exp(v - e), e * exp(-e))
    return Jet(*(-expm1(-e), slope, slope * (1 - e))[: len(x.parts)])


_LOGLOGISH, _, _LOGLOGISH_CURVATURE = gated(_cloglog, left=(1.0, 1.0))
_GISH, _, _GISH_CURVATURE = gated(lambda x: jets.log1p(_cloglog(x)), left=(1.0, 1.0))


@in_double
def _loglogish_slope(x: Tensor) -> Tensor:
    x = x.clamp(-1e4, 1e4)
    e, low = exp(x.clamp(max=7)), exp(x.clamp(max=-1))
    gate, less = -expm1(-e), torch.zeros_like(x)
    # on the left the gate is e less little; times e the slope is 1 + x, which is exact where they
    # cancel, and a small rest
    for k in range(16, 1, -1):
        less = low / k * (1 - less)
    left = damped(x.clamp(max=-1), (1 + x) - (less - x * expm1(-low)))
    return flushed(where(x < -1, left, gate + x * (e * exp(-e))))


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
    gate, m = log1p(-expm1(-e)), expm1(e)
    # on the left that is e times 1 + x, which is exact where they cancel, and a small rest
    less = (e - gate) / e.clamp(min=torch.finfo(x.dtype).tiny) + x * (2 * m / (1 + 2 * m))
    return flushed(where(x < -1.5, e * ((1 + x) - less), gate + x * e / (1 + 2 * m)))


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
    t, w = here * h * h, here * (1 + e)
    # around 0 that is 1 and a small rest
    near = x > -0.3
    rest = where(near, t * ((2 - t) - w), 1 - t * w) / (1 - t) ** 2
    return flushed(where(left, there, where(near, 1 + rest, rest)))


@in_double
def _colu_curvature(x: Tensor) -> Tensor:
    x = finite(x)
    left, far, e, b, h = _colu_parts(x)
    here = where(left, 0.0, x).clamp(max=30)
    c = 1 + e
    small = b / far * ((2 / far - 4 * c) / far + (c + e * e))
    there = b * (small + (c * c + e)) / (b / far - 1) ** 3
    # for w = x·(1 + e) and t = x·a that is a·((w - 2)² - 2 - x²·e·(1 - t) + w²·t) / (1 - t)³, in
    # which less cancels than in powers of x, but next to 0; what w loses to rounding is added again
    w, t = here * c, here * h * h
    rest = where((x > 0) & (x < 4), _exp(x.clamp(max=20))[1], 0.0)
    lost = product_error(w, here, c) + here * ((1 - (c - e)) + rest)
    two, square, other = (w - 2) + lost.detach(), here * here * e * (1 - t), w * w * t
    near = 2 - (w * (4 - w) + (square - other))
    bend = where(w < 0.5, near, two * two - (2 + square - other))
    return flushed(where(left, there, h * bend / (1 - t) ** 3 * h))


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
        f=_LOGLOGISH,
        df=_loglogish_slope,
        d2f=_LOGLOGISH_CURVATURE,
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
