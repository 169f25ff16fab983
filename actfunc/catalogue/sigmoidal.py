"""Sigmoidal activations: bounded on both sides, monotone, with slopes that vanish in the tails."""

from __future__ import annotations

import math

import torch
from torch import Tensor, atanh, erfc, exp, expm1, log1p, ones_like, sigmoid, tanh, where

from actfunc.activation import Activation
from actfunc.catalogue.logistic import halved, logistic_curvature, logistic_slope
from actfunc.numerics import compiled
from actfunc.numerics.floats import (
    EXPONENTIALS_VANISH,
    Number,
    bounded,
    differentiated_as,
    finite,
    flushed,
    gaussian,
    in_double,
    left_over,
    saturated,
    tensor_like,
    until_gaussians_vanish,
)


def _on_sides(x: Tensor, right: Number, left: Number) -> Tensor:
    """One number where x is positive, another where it is not."""
    return where(x > 0, tensor_like(x, right), tensor_like(x, left))


def _sigmoid_slope(x: Tensor) -> Tensor:
    """y(1 - y) on the left; on the right y is 1 from 17 on in float32, and the slope would be 0."""
    y = sigmoid(-x.abs())
    return torch.addcmul(y, y, y, value=-1)


def _scaled_tanh(x: Tensor, a: Number, b: Number) -> Tensor:
    """a·tanh(b·x)."""
    z = b * x
    y = tanh(z)
    if isinstance(b, Tensor):
        e = exp(-2 * z.abs())
        y = differentiated_as(y, -2 * z.sign() * e / (1 + e))
    elif abs(b) > 0.25:
        return a * y
    # next to 0 it is (a·b)·x, of which b·x loses digits if it is subnormal
    return where(z.abs() < 1e-12, a * b * x, a * y)


def _tanh_slope(x: Tensor, a: Number, b: Number) -> Tensor:
    """The slope of a·tanh(b·x)."""
    z, c = b * x, a * b
    t, h = tanh(z), exp(-z.abs())
    # far out half of the exponent at a time: alone, it is subnormal before the product is
    r = 2 * h / (1 + h * h)
    return flushed(where(z.abs() < 0.6, c * (1 - t * t), c * r * r))


def _tanh_curvature(x: Tensor, a: Number, b: Number) -> Tensor:
    h = exp(-(b * x).abs())
    return flushed(-8 * a * b * b * tanh(b * x) * h / (1 + h * h) ** 2 * h)


def _dyt(x: Tensor, alpha: Number, gamma: Number, beta: Number) -> Tensor:
    if isinstance(gamma, Tensor) or isinstance(beta, Tensor) or abs(beta) > 0.5 * abs(gamma):
        return _shifted_tanh(x, alpha=alpha, gamma=gamma, beta=beta)
    return _scaled_tanh(x, gamma, alpha) + beta


@in_double
def _shifted_tanh(x: Tensor, alpha: Number, gamma: Number, beta: Number) -> Tensor:
    """gamma·tanh(alpha·x) + beta, where the two may cancel."""
    z = alpha * x
    # from the limit on, as gamma and beta may cancel there; about 0 that would cancel
    # half of the exponent at a time: alone, it is subnormal before the product is
    h = exp(-z.abs())
    side = _on_sides(z, gamma, -gamma)
    far = (side + beta) - 2 * side * h * (h / (1 + h * h))
    return where(z.abs() < 0.5, _scaled_tanh(x, gamma, alpha) + beta, far)


_LECUN_TANH = _scaled_tanh, _tanh_slope, _tanh_curvature
_DYT = (
    _dyt,
    lambda x, alpha, gamma, beta: _tanh_slope(x, gamma, alpha),
    lambda x, alpha, gamma, beta: _tanh_curvature(x, gamma, alpha),
)


_PENALIZED_TANH = (
    lambda x, a: _on_sides(x, 1.0, a) * tanh(x),
    lambda x, a: _tanh_slope(x, _on_sides(x, 1.0, a), 1.0),
    lambda x, a: _tanh_curvature(x, _on_sides(x, 1.0, a), 1.0),
)


def _cloglog_slope(x: Tensor) -> Tensor:
    x = finite(x)
    return flushed(exp(x - exp(x)))


def _cloglog_curvature(x: Tensor) -> Tensor:
    # beyond 10 nothing is left, and expm1 would soon be infinite
    x = finite(x).clamp(max=10)
    h = exp(0.5 * (x - exp(x)))
    return flushed(-expm1(x) * h * h)


def _gompertz_parts(
    x: Tensor, b: Number, c: Number, *, with_tail: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """u, k, v and l, and b·e^(-c·x) - 1, in float64. (k·e^-v)·l is e^(-b·e^(-c·x)); with the tail,
    the factor e^(-c·x) that the derivatives have, (k·e^-v)·l·e^-u is both together.

    Around 0 they are of expm1: rounding b·e^-u would be felt in the exponential, and b·e^-u - 1
    cancels there. The double exponential is kept finite: times the zero it leads to it is NaN.
    """
    u = (c * finite(x)).clamp(-600, 1e4)
    # further up e^-b is zero wherever this is
    near = (u.abs() < 0.5) & (b < 1400)
    w, rest = b * exp(-u), b * expm1(-u)
    # e^-b at once takes fewer digits than its root twice, as long as nothing is subnormal
    whole = b * ones_like(x)
    k = exp(-where(whole > 400, 0.5 * whole, whole))
    last = where(near & (whole > 400), k, 1.0)
    bend = where(near, (b - 1) + rest, w - 1)
    if with_tail:  # one exponential is rounded less than two
        rest, u = rest + u, where(near, 0.0, u)
    at_once = near & (whole < 1)
    k, rest = where(near & ~at_once, k, 1.0), where(at_once, rest + whole, rest)
    return u, k, where(near, rest, w), last, bend


def _halves(z: Tensor) -> tuple[Tensor, Tensor]:
    """Two factors of e^-z, the second 1 but where e^-z may be subnormal before a product is."""
    far = z > 40
    h = exp(-where(far, 0.5 * z, z))
    return h, where(far, h, 1.0)


@in_double
def _gompertz(x: Tensor, a: Number, b: Number, c: Number) -> Tensor:
    _, k, v, last, _ = _gompertz_parts(x, b, c, with_tail=False)
    h, rest = _halves(v)
    return flushed(k * h * a * rest * last)


@in_double
def _gompertz_slope(x: Tensor, a: Number, b: Number, c: Number) -> Tensor:
    u, k, v, last, _ = _gompertz_parts(x, b, c, with_tail=True)
    (h, rest), (q, tail) = _halves(v), _halves(u)
    return flushed(k * h * (a * b * c * q) * rest * last * tail)


@in_double
def _gompertz_curvature(x: Tensor, a: Number, b: Number, c: Number) -> Tensor:
    u, k, v, last, bend = _gompertz_parts(x, b, c, with_tail=True)
    (h, rest), (q, tail) = _halves(v), _halves(u)
    return flushed(k * h * (a * b * c * c * q) * bend * rest * last * tail)


def _hexpo_exponent(x: Tensor, b: Number, d: Number) -> Tensor:
    return left_over(x, d) + left_over(-x, b)


def _hexpo(x: Tensor, a: Number, b: Number, c: Number, d: Number) -> Tensor:
    z = _hexpo_exponent(x, b, d)
    # next to 0 it is a multiple of x, of which the exponent loses digits if it is subnormal
    near = z > -torch.finfo(x.dtype).eps / 4
    y = saturated(z, _on_sides(x, b, d))
    return where(near, _on_sides(x, a / b, c / d) * x, _on_sides(x, -a, c) * y)


def _hexpo_slope(x: Tensor, a: Number, b: Number, c: Number, d: Number) -> Tensor:
    return flushed(halved(_hexpo_exponent(x, b, d), _on_sides(x, a / b, c / d)))


def _hexpo_curvature(x: Tensor, a: Number, b: Number, c: Number, d: Number) -> Tensor:
    return flushed(halved(_hexpo_exponent(x, b, d), _on_sides(x, -a / b / b, c / d / d)))


_HEXPO = _hexpo, _hexpo_slope, _hexpo_curvature


def _left_half(x: Tensor, alpha: Number) -> Tensor:
    # softclip(1 - x) is 1 - softclip(x); so far out it is 0
    return bounded(torch.minimum(x, 1 - x), -EXPONENTIALS_VANISH / alpha, 0.5)


def _opening(alpha: Number) -> Number:
    """1 - e^-alpha."""
    return -torch.expm1(-alpha) if isinstance(alpha, Tensor) else -math.expm1(-alpha)


def _softclip(x: Tensor, alpha: Number) -> Tensor:
    y, c = _left_half(x, alpha), _opening(alpha)
    t = alpha * y
    # the difference of the two softplus is one log1p, all of its terms positive; from 40 on it is
    # its argument, before e^t overflows
    ratio = c * exp(t.clamp(max=40)) / (1 + exp(t - alpha))
    value = where(t < 40, log1p(ratio), t) / alpha
    # so far out, too; and the argument may be subnormal before the quotient is
    value = where(t < -40, c / alpha * exp(t.clamp(max=0)), value)
    # in the middle it is 1/2 and little more, though alpha be small
    half = 0.5 * alpha * (y - 0.5)
    quarter = torch.tanh(tensor_like(x, 0.25 * alpha))
    less = atanh(tanh(half.clamp(min=-0.5)) * quarter) / (0.5 * alpha)
    value = where(half > -0.5, 0.5 + less, value)
    return where(x > 0.5, 1 - value, value)


def _softclip_parts(x: Tensor, alpha: Number) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """y, x or 1 - x; t = alpha·y; e^-t down to t = -40, where nothing else is left of the rest;
    and the sum by which 1 - e^-alpha is divided in the slope. All of its terms are positive."""
    y = _left_half(x, alpha)
    t = alpha * y
    e = exp(-t.clamp(min=-40))
    return y, t, e, (2 - _opening(alpha)) + (e + exp(t - alpha))


def _softclip_slope(x: Tensor, alpha: Number) -> Tensor:
    _, t, _, sums = _softclip_parts(x, alpha)
    c = _opening(alpha)
    return where(t < -40, c * exp(t.clamp(max=0)), c / sums)


def _softclip_curvature(x: Tensor, alpha: Number) -> Tensor:
    y, t, e, sums = _softclip_parts(x, alpha)
    c = alpha * _opening(alpha)
    rest = -expm1(alpha * (2 * y - 1))
    # far out half of the exponent at a time: alone, it is subnormal before the product is
    bend = where(t.abs() > 40, halved(-t.abs(), c * rest), c / sums * (e / sums * rest))
    return where(x > 0.5, -bend, bend)


_SOFTCLIP = _softclip, _softclip_slope, _softclip_curvature

RECORDS = (
    Activation(
        "sigmoid",
        "1 / (1 + exp(-x))",
        f=sigmoid,
        df=_sigmoid_slope,
        d2f=lambda x: -_sigmoid_slope(x) * tanh(0.5 * x),
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
        *_LECUN_TANH,
        params={"a": 1.7159, "b": 2 / 3},
        domain={"a": "(0, inf)", "b": "(0, inf)"},
        range="(-a, a)",
        asymptotes=("-a", "a"),
        source="LeCun et al. 1998, Efficient BackProp",
    ),
    Activation(
        "penalized_tanh",
        "tanh(x) if x > 0 else a * tanh(x)",
        *_PENALIZED_TANH,
        params={"a": 0.25},
        domain={"a": "[0, 1]"},
        joints=(0.0,),
        range="(-a, 1)",
        asymptotes=("-a", "1"),
        source="Xu, Huang & Li 2016, arXiv:1602.05980; one library has tanh(x) - a * tanh(x)**2",
    ),
    Activation(
        "dyt",
        "gamma * tanh(alpha * x) + beta",
        *_DYT,
        params={"alpha": 0.5, "gamma": 1.0, "beta": 0.0},
        domain={"alpha": "(0, inf)"},
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
        *(_gompertz, _gompertz_slope, _gompertz_curvature),
        params={"a": 1.0, "b": 1.0, "c": 1.0},
        domain={"a": "(0, inf)", "b": "(0, inf)", "c": "(0, inf)"},
        range="(0, a)",
        asymptotes=("0", "a"),
        source="Gompertz 1825; Gomes & Ludermir 2008 (loglog)",
        aliases=("loglog",),
    ),
    Activation(
        "hexpo",
        "a * (1 - exp(-x / b)) if x > 0 else c * (exp(x / d) - 1)",
        *_HEXPO,
        params={"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0},
        domain={"a": "(0, inf)", "b": "(0, inf)", "c": "(0, inf)", "d": "(0, inf)"},
        joints=(0.0,),
        range="(-c, a)",
        asymptotes=("-c", "a"),
        source="Kong & Takatsuka 2017, Hexpo (form from secondary sources, paper not at hand)",
    ),
    Activation(
        "softclip",
        "(softplus(alpha * x) - softplus(alpha * (x - 1))) / alpha",
        *_SOFTCLIP,
        params={"alpha": 1.0},
        domain={"alpha": "(0, inf)"},
        range="(0, 1)",
        asymptotes=("0", "1"),
        source="Klimek & Perelstein 2018, arXiv:1810.11509",
    ),
)
