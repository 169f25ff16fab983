"""Self-gated activations: x times a gate that x itself opens. Most dip below zero on the left."""

from __future__ import annotations

import math

import torch
from torch import Tensor, erfc, exp, tanh, where
from torch.nn.functional import mish, silu

from actfunc.activation import Activation
from actfunc.catalogue import compiled
from actfunc.catalogue.floats import Number, flushed, lowest, unless_below
from actfunc.catalogue.logistic import (
    bell,
    damped,
    ends,
    opened,
    opened_slope,
    swish,
    swish_curvature,
    swish_slope,
    within_reach,
)


def _dsilu_slope(x: Tensor) -> Tensor:
    x = within_reach(x)
    return flushed(bell(x, 2 - x * tanh(0.5 * x)))


def _dsilu_curvature(x: Tensor) -> Tensor:
    x = within_reach(x)
    return flushed(bell(x, x * (1 - 6 * bell(x, 1)) - 3 * tanh(0.5 * x)))


def _silu(x: Tensor, beta: Number) -> Tensor:
    if compiled.applies(x):
        return compiled.swish(x, beta * x)
    if isinstance(beta, float) and beta == 1:
        # torch's own is e^-x that overflows before the tail is subnormal
        return unless_below(x, -80.0, silu, lambda x: flushed(swish(x, beta)))
    return flushed(swish(x, beta))


def _silu_slope(x: Tensor, beta: Number) -> Tensor:
    return compiled.swish_slope(beta * x) if compiled.applies(x) else flushed(swish_slope(x, beta))


def _normal_density(x: Tensor) -> Tensor:
    return exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def _normal_cdf(x: Tensor) -> Tensor:
    if compiled.applies(x):
        return compiled.normal_cdf(x)
    # 1 + erf is 57 % off at -5.5 in float32 and zero below -6
    return 0.5 * erfc(-x * math.sqrt(0.5))


def _gelu_slope(x: Tensor) -> Tensor:
    return flushed(_normal_cdf(x) + within_reach(x) * _normal_density(x))


def _gelu_curvature(x: Tensor) -> Tensor:
    x = within_reach(x)
    return flushed(_normal_density(x) * (2 - x * x))


_RATE, _CUBIC = 2 * math.sqrt(2 / math.pi), 2 * math.sqrt(2 / math.pi) * 0.044715


def _gelu_tanh(x: Tensor) -> Tensor:
    # (1 + tanh(u)) / 2 is the sigmoid of 2u, and cancels on the left; at ±40 it is 0 or 1
    u = x.clamp(-40, 40)
    return flushed(opened(x, u * (_RATE + _CUBIC * u * u)))


def _gelu_tanh_slope(x: Tensor) -> Tensor:
    x = x.clamp(-40, 40)
    z = x * (_RATE + _CUBIC * x * x)
    # x·z′ by z: what z was rounded by cancels for the most part
    return flushed(opened_slope(z, z + 2 * _CUBIC * x * x * x))


def _gelu_tanh_curvature(x: Tensor) -> Tensor:
    x = x.clamp(-40, 40).abs()
    q = x * x
    z = x * (_RATE + _CUBIC * q)
    e, w = exp(-z), z + 2 * _CUBIC * q * x
    bend = (_RATE + 3 * _CUBIC * q) * ((2 - w + e * (2 + w)) / (1 + e)) + 6 * _CUBIC * q
    return flushed(bell(z, bend))


def _mish(x: Tensor) -> Tensor:
    return unless_below(x, -80.0, mish, _mish_far)


def _mish_far(x: Tensor) -> Tensor:
    e = exp(-x.abs())
    x = lowest(x)
    return flushed(x * (ends(x, e, 0, 2, 1) / ends(x, e, 2, 2, 1)))


def _mish_slope(x: Tensor) -> Tensor:
    x, e = within_reach(x), exp(-x.abs())
    a, b = where(x > 0, 1.0, e), where(x > 0, e, 1.0)
    d = a * a + 2 * (e + b * b)
    # polynomials over d² are more than 5 off at -0.2, and x times the gate's slope 7 at -2
    return flushed(a / d * (2 * b * (1 + x) + a * (1 - 2 * x * e / d)))


def _mish_curvature(x: Tensor) -> Tensor:
    x, e = within_reach(x), exp(-x.abs())
    bend = ends(x, e, 4 + 2 * x, 8 + 2 * x, 6 - 3 * x, 2 - 2 * x)
    # the second e last: e² is subnormal before the product is
    return flushed(4 * e * bend / ends(x, e, 2, 2, 1) ** 3 * where(x > 0, e, 1.0))


def _eanaf(x: Tensor) -> Tensor:
    e = exp(-x.abs())
    return flushed(lowest(x) * ends(x, e, 0, 1) / ends(x, e, 2, 1))


def _eanaf_slope(x: Tensor) -> Tensor:
    x, e = within_reach(x), exp(-x.abs())
    return flushed(ends(x, e, 0, 2 + 2 * x, 1) / ends(x, e, 4, 4, 1))


def _eanaf_curvature(x: Tensor) -> Tensor:
    x, e = within_reach(x), exp(-x.abs())
    bend = 2 * ends(x, e, 4 + 2 * x, 2 - x)
    return flushed(damped(-x.abs(), bend) / ends(x, e, 2, 1) ** 3)


def _power(e: Tensor, k: Number) -> Tensor:
    """(1 + e)^-k: what the rounding of 1 + e loses would count k times."""
    base = 1 + e
    return base**-k * (1 - k * (e - (base - 1)) / base)


def _aria2_parts(x: Tensor, alpha: Number, beta: Number) -> tuple[Tensor, Tensor, Tensor]:
    """z = beta·x, alpha·z and e = e^-|z|: the gate is e^min(alpha·z, 0)·(1 + e)^-alpha."""
    z = within_reach(beta * x)
    return z, alpha * z, exp(-z.abs())


def _aria2(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    _, w, e = _aria2_parts(x, alpha, beta)
    return flushed(lowest(x) * exp(w.clamp(max=0)) * _power(e, alpha))


def _aria2_slope(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    z, w, e = _aria2_parts(x, alpha, beta)
    return flushed(exp(w.clamp(max=0)) * ends(z, e, 1 + w, 1) * _power(e, alpha + 1))


def _aria2_curvature(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    z, w, e = _aria2_parts(x, alpha, beta)
    bend = alpha * beta * ends(z, e, 2 + w, 2 - z)
    return flushed(damped(torch.minimum(w, -z), bend * _power(e, alpha + 2)))


RECORDS = (
    Activation(
        "silu",
        "x / (1 + exp(-beta * x))",
        f=_silu,
        df=_silu_slope,
        d2f=lambda x, beta: flushed(swish_curvature(x, beta)),
        params={"beta": 1.0},
        range="[-0.2785 / beta, inf)",
        asymptotes=("0", "x"),
        source="Elfwing et al. 2017, arXiv:1702.03118; Ramachandran et al. 2017, arXiv:1710.05941",
        aliases=("swish",),
    ),
    Activation(
        "e_swish",
        "beta * x / (1 + exp(-x))",
        f=lambda x, beta: flushed(beta * swish(x, 1.0)),
        df=lambda x, beta: flushed(beta * swish_slope(x, 1.0)),
        d2f=lambda x, beta: flushed(beta * swish_curvature(x, 1.0)),
        params={"beta": 1.5},
        range="[-0.2785 * beta, inf)",
        asymptotes=("0", "beta * x"),
        source="Alcaide 2018, arXiv:1801.07145; beta from 1 to 2",
    ),
    Activation(
        "dsilu",
        "sigmoid(x) * (1 + x * (1 - sigmoid(x)))",
        f=lambda x: flushed(swish_slope(x, 1.0)),
        df=_dsilu_slope,
        d2f=_dsilu_curvature,
        range="[-0.0998, 1.0998]",
        asymptotes=("0", "1"),
        source="Elfwing et al. 2017, arXiv:1702.03118: the derivative of SiLU",
    ),
    Activation(
        "eanaf",
        "x * exp(x) / (exp(x) + 2)",
        f=_eanaf,
        df=_eanaf_slope,
        d2f=_eanaf_curvature,
        range="[-0.1572, inf)",
        asymptotes=("0", "x"),
        source="Chai et al. 2022, Symmetry 14(5) 1027",
    ),
    Activation(
        "aria2",
        "x * (1 + exp(-beta * x)) ** (-alpha)",
        f=_aria2,
        df=_aria2_slope,
        d2f=_aria2_curvature,
        params={"alpha": 1.5, "beta": 2.0},
        range="[-0.0700 at the defaults, inf)",
        asymptotes=("0", "x"),
        source="Patwardhan et al. 2018, arXiv:1805.08878; defaults as fast.ai has them; "
        "Echo leaves out the factor x",
    ),
    Activation(
        "gelu",
        "x * erfc(-x / sqrt(2)) / 2",
        f=lambda x: flushed(lowest(x) * _normal_cdf(x)),
        df=_gelu_slope,
        d2f=_gelu_curvature,
        range="[-0.1700, inf)",
        asymptotes=("0", "x"),
        source="Hendrycks & Gimpel 2016, arXiv:1606.08415",
    ),
    Activation(
        "gelu_tanh",
        "x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2",
        f=_gelu_tanh,
        df=_gelu_tanh_slope,
        d2f=_gelu_tanh_curvature,
        range="[-0.1700, inf)",
        asymptotes=("0", "x"),
        source="Hendrycks & Gimpel 2016, arXiv:1606.08415; torch's gelu(approximate='tanh')",
        aliases=("gelu_approximate", "approximate_gelu", "gelu_new", "gelu_fast"),
    ),
    Activation(
        "quick_gelu",
        "x / (1 + exp(-1.702 * x))",
        f=lambda x: flushed(swish(x, 1.702)),
        df=lambda x: flushed(swish_slope(x, 1.702)),
        d2f=lambda x: flushed(swish_curvature(x, 1.702)),
        range="[-0.1636, inf)",
        asymptotes=("0", "x"),
        source="Hendrycks & Gimpel 2016, arXiv:1606.08415",
        aliases=("gelu_quick", "sigmoid_gelu"),
    ),
    Activation(
        "mish",
        "x * tanh(log(1 + exp(x)))",
        f=_mish,
        df=_mish_slope,
        d2f=_mish_curvature,
        range="[-0.3088, inf)",
        asymptotes=("0", "x"),
        source="Misra 2019, arXiv:1908.08681",
    ),
)
