"""Sigmoidal activations: bounded on both sides, monotone, with slopes that vanish in the tails."""

from __future__ import annotations

import math

import torch
from torch import Tensor, erfc, exp, expm1, log1p, ones_like, sigmoid, tanh, where

from actfunc.activation import Activation
from actfunc.catalogue import compiled
from actfunc.catalogue.floats import Number, finite, flushed, gaussian, until_gaussians_vanish
from actfunc.catalogue.logistic import logistic_curvature, logistic_slope


def _tanh_slope(x: Tensor, a: Number, b: Number) -> Tensor:
    """The slope of a·tanh(b·x)."""
    # half of the exponent at a time, here as below: alone, it is subnormal before the product is
    h = exp(-(b * x).abs())
    return flushed(4 * a * b * h / (1 + h * h) ** 2 * h)


def _tanh_curvature(x: Tensor, a: Number, b: Number) -> Tensor:
    h = exp(-(b * x).abs())
    return flushed(-8 * a * b * b * tanh(b * x) * h / (1 + h * h) ** 2 * h)


def _left_factor(x: Tensor, a: Number) -> Tensor:
    return where(x > 0, ones_like(x), a)


def _cloglog_slope(x: Tensor) -> Tensor:
    x = finite(x)
    return flushed(exp(x - exp(x)))


def _cloglog_curvature(x: Tensor) -> Tensor:
    # beyond 10 nothing is left, and expm1 would soon be infinite
    x = finite(x).clamp(max=10)
    h = exp(0.5 * (x - exp(x)))
    return flushed(-expm1(x) * h * h)


def _gompertz_parts(x: Tensor, b: Number, c: Number) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """u = c·x; k and v, of which e^(-b·e^-u) is k·e^-v; and b·e^-u - 1.

    Around 0 they are of expm1: rounding b·e^-u would be felt in the exponential, and b·e^-u - 1
    cancels there. The double exponential is kept finite: times the zero it leads to it is NaN.
    """
    u = (c * finite(x)).clamp(min=-80)
    # as long as e^-b is normal
    near = (u.abs() < 0.5) & (b < 80)
    w, rest = b * exp(-u), b * expm1(-u)
    k = where(near, exp(-b * ones_like(x)), 1.0)
    return u, k, where(near, rest, w), where(near, (b - 1) + rest, w - 1)


def _gompertz(x: Tensor, a: Number, b: Number, c: Number) -> Tensor:
    _, k, v, _ = _gompertz_parts(x, b, c)
    return flushed(a * (k * exp(-v)))


def _gompertz_slope(x: Tensor, a: Number, b: Number, c: Number) -> Tensor:
    u, k, v, _ = _gompertz_parts(x, b, c)
    # half of the exponent at a time only where it is needed: it takes digits
    exponent = -(u + v)
    tail = exponent < -40
    h = exp(where(tail, 0.5 * exponent, exponent))
    return flushed(a * b * c * k * h * where(tail, h, 1.0))


def _gompertz_curvature(x: Tensor, a: Number, b: Number, c: Number) -> Tensor:
    u, k, v, bend = _gompertz_parts(x, b, c)
    h = exp(-0.5 * (u + v))
    return flushed(a * b * c * c * k * h * bend * h)


def _hexpo_half(x: Tensor, b: Number, d: Number) -> Tensor:
    """Half of the exponent; an x / d that overflows would make the derivative by d NaN."""
    x = 0.5 * x.clamp(-1e18, 1e18)
    return where(x > 0, -x / b, x / d)


def _hexpo(x: Tensor, a: Number, b: Number, c: Number, d: Number) -> Tensor:
    y = expm1(2 * _hexpo_half(x, b, d))
    return where(x > 0, -a * y, c * y)


def _hexpo_slope(x: Tensor, a: Number, b: Number, c: Number, d: Number) -> Tensor:
    h = exp(_hexpo_half(x, b, d))
    return flushed(where(x > 0, a / b * h, c / d * h) * h)


def _hexpo_curvature(x: Tensor, a: Number, b: Number, c: Number, d: Number) -> Tensor:
    h = exp(_hexpo_half(x, b, d))
    return flushed(where(x > 0, -a / b / b * h, c / d / d * h) * h)


def _left_half(x: Tensor) -> Tensor:
    # softclip(1 - x) is 1 - softclip(x); so far out it is 0, and finite still when doubled
    return torch.minimum(x, 1 - x).clamp(min=-1e18)


def _softclip(x: Tensor, alpha: Number) -> Tensor:
    # the difference of the two softplus is one log1p, all of its terms positive; from 40 on it is
    # its argument, before e^t overflows
    t = alpha * _left_half(x)
    ratio = -expm1(-alpha * ones_like(t)) * exp(t.clamp(max=40)) / (1 + exp(t - alpha))
    value = where(t < 40, log1p(ratio), t) / alpha
    return flushed(where(x > 0.5, 1 - value, value))


def _softclip_slope(x: Tensor, alpha: Number) -> Tensor:
    t = alpha * _left_half(x)
    return flushed(-expm1(-alpha * ones_like(t)) * sigmoid(t) / (1 + exp(t - alpha)))


def _softclip_curvature(x: Tensor, alpha: Number) -> Tensor:
    y = _left_half(x)
    t = alpha * y
    h = exp(-0.5 * t.abs())
    bend = alpha * expm1(-alpha * ones_like(y)) * expm1(alpha * (2 * y - 1))
    bend = bend * h / ((1 + h * h) * (1 + exp(t - alpha))) ** 2 * h
    return flushed(where(x > 0.5, -bend, bend))


RECORDS = (
    Activation(
        "sigmoid",
        "1 / (1 + exp(-x))",
        f=sigmoid,
        df=logistic_slope,
        d2f=logistic_curvature,
        range="(0, 1)",
        asymptotes=("0", "1"),
        source="the logistic function; Rumelhart, Hinton & Williams 1986",
        aliases=("logistic",),
    ),
    Activation(
        "tanh",
        "tanh(x)",
        f=lambda x: compiled.tanh(x) if compiled.applies(x) else tanh(x),
        df=lambda x: 4 * logistic_slope(2 * x),
        d2f=lambda x: -8 * tanh(x) * logistic_slope(2 * x),
        range="(-1, 1)",
        asymptotes=("-1", "1"),
        source="classical; LeCun et al. 1998, Efficient BackProp",
    ),
    Activation(
        "bipolar_sigmoid",
        "(1 - exp(-x)) / (1 + exp(-x))",
        f=lambda x: tanh(0.5 * x),
        df=lambda x: 2 * logistic_slope(x),
        d2f=lambda x: 2 * logistic_curvature(x),
        range="(-1, 1)",
        asymptotes=("-1", "1"),
        source="classical; it is tanh(x / 2)",
    ),
    Activation(
        "lecun_tanh",
        "a * tanh(b * x)",
        f=lambda x, a, b: a * tanh(b * x),
        df=_tanh_slope,
        d2f=_tanh_curvature,
        params={"a": 1.7159, "b": 2 / 3},
        range="(-a, a)",
        asymptotes=("-a", "a"),
        source="LeCun et al. 1998, Efficient BackProp",
    ),
    Activation(
        "penalized_tanh",
        "tanh(x) if x > 0 else a * tanh(x)",
        f=lambda x, a: _left_factor(x, a) * tanh(x),
        df=lambda x, a: _tanh_slope(x, _left_factor(x, a), 1.0),
        d2f=lambda x, a: _tanh_curvature(x, _left_factor(x, a), 1.0),
        params={"a": 0.25},
        joints=(0.0,),
        range="(-a, 1)",
        asymptotes=("-a", "1"),
        source="Xu, Huang & Li 2016, arXiv:1602.05980; one library has tanh(x) - a * tanh(x)**2",
    ),
    Activation(
        "dyt",
        "gamma * tanh(alpha * x) + beta",
        f=lambda x, alpha, gamma, beta: gamma * tanh(alpha * x) + beta,
        df=lambda x, alpha, gamma, beta: _tanh_slope(x, gamma, alpha),
        d2f=lambda x, alpha, gamma, beta: _tanh_curvature(x, gamma, alpha),
        params={"alpha": 0.5, "gamma": 1.0, "beta": 0.0},
        range="(beta - gamma, beta + gamma)",
        asymptotes=("beta - gamma", "beta + gamma"),
        source="Zhu et al. 2025, arXiv:2503.10622",
        aliases=("dynamic_tanh",),
    ),
    Activation(
        "erf",
        "erf(x)",
        f=compiled.erf,
        df=lambda x: gaussian(x, 1.0, 2 / math.sqrt(math.pi)),
        d2f=lambda x: gaussian(x, 1.0, -4 / math.sqrt(math.pi) * until_gaussians_vanish(x)),
        range="(-1, 1)",
        asymptotes=("-1", "1"),
        source="classical: the error function",
    ),
    Activation(
        "normal_cdf",
        "erfc(-x / sqrt(2)) / 2",
        f=lambda x: flushed(0.5 * erfc(-math.sqrt(0.5) * x)),
        df=lambda x: gaussian(x, 0.5, 1 / math.sqrt(2 * math.pi)),
        d2f=lambda x: gaussian(x, 0.5, -1 / math.sqrt(2 * math.pi) * until_gaussians_vanish(x)),
        range="(0, 1)",
        asymptotes=("0", "1"),
        source="classical: the inverse of the probit link; Gomes & Ludermir 2008",
        aliases=("gaussian_cdf",),
    ),
    Activation(
        "cloglog",
        "1 - exp(-exp(x))",
        f=lambda x: -expm1(-exp(x)),
        df=_cloglog_slope,
        d2f=_cloglog_curvature,
        range="(0, 1)",
        asymptotes=("0", "1"),
        source="Gomes & Ludermir 2008; the inverse of the GLM link (a survey's code has exp(-x))",
        aliases=("complementary_log_log",),
    ),
    Activation(
        "gompertz",
        "a * exp(-b * exp(-c * x))",
        f=_gompertz,
        df=_gompertz_slope,
        d2f=_gompertz_curvature,
        params={"a": 1.0, "b": 1.0, "c": 1.0},
        range="(0, a)",
        asymptotes=("0", "a"),
        source="Gompertz 1825; Gomes & Ludermir 2008 (loglog)",
        aliases=("loglog",),
    ),
    Activation(
        "hexpo",
        "a * (1 - exp(-x / b)) if x > 0 else c * (exp(x / d) - 1)",
        f=_hexpo,
        df=_hexpo_slope,
        d2f=_hexpo_curvature,
        params={"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0},
        joints=(0.0,),
        range="(-c, a)",
        asymptotes=("-c", "a"),
        source="Kong & Takatsuka 2017, Hexpo (form from secondary sources, paper not at hand)",
    ),
    Activation(
        "softclip",
        "(softplus(alpha * x) - softplus(alpha * (x - 1))) / alpha",
        f=_softclip,
        df=_softclip_slope,
        d2f=_softclip_curvature,
        params={"alpha": 1.0},
        range="(0, 1)",
        asymptotes=("0", "1"),
        source="Klimek & Perelstein 2018, arXiv:1810.11509",
    ),
)
