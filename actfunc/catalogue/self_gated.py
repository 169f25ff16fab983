"""Self-gated activations: x times a gate that x itself opens. Most dip below zero on the left."""

from __future__ import annotations

import math

import torch
from torch import Tensor, erfc, exp, expm1, tanh, where
from torch.nn.functional import mish, silu

from actfunc import torch_private
from actfunc.activation import Activation
from actfunc.catalogue.logistic import (
    GATES_ARE_OPEN,
    bell,
    damped,
    ends,
    halved,
    opened,
    opened_slope,
    swish,
    swish_curvature,
    swish_slope,
    tailed,
    within_reach,
)
from actfunc.numerics import compiled
from actfunc.numerics.floats import (
    Number,
    finite,
    flushed,
    in_double,
    lowest,
    pair_sum,
    product_error,
    quotient,
    step,
    unless_below,
)


def _dsilu_slope(x: Tensor) -> Tensor:
    x = within_reach(x)
    return flushed(bell(x, 2 - x * tanh(0.5 * x)))


def _dsilu_curvature(x: Tensor) -> Tensor:
    x = within_reach(x)
    a = x.abs()
    e = exp(-a)
    square = 1 + e * (2 + e)
    # a·(1 - 6σ′) - 3·tanh(a / 2), of which 3 is taken from a first where its zero is, about 4
    near = a * (1 - 6 * e / square) - 3 * tanh(0.5 * a)
    far = ((a - 3) - e * (4 * a - e * (a + 3))) / square
    return flushed(x.sign() * damped(-a, where(a > 2, far, near)) / square)


def _silu(x: Tensor, beta: Number) -> Tensor:
    if compiled.applies(x):
        return compiled.swish(x, beta * x)
    if isinstance(beta, float) and beta == 1:
        # torch's own is e^-x that overflows before the tail is subnormal
        return unless_below(x, -80.0, silu, lambda x: flushed(swish(x, beta)))
    return flushed(swish(x, beta))


def _silu_slope(x: Tensor, beta: Number) -> Tensor:
    if compiled.applies(x):
        return compiled.swish_slope(beta * x)

    def careful(x: Tensor) -> Tensor:
        return flushed(swish_slope(x, beta))

    if isinstance(beta, float) and beta == 1 and x.dtype == torch.float32:
        return unless_below(x, -80.0, _usual_silu_slope, careful)
    return careful(x)


def _usual_silu_slope(x: Tensor) -> Tensor:
    # torch's own loses the digits of 1 - σ on the right: there it is 1 less the other side's
    left = torch_private.silu_slope(-x.clamp(-80, 80).abs())
    return torch.addcmul(left, step(x), torch.rsub(left, 1, alpha=2))


_SILU = _silu, _silu_slope, lambda x, beta: flushed(swish_curvature(x, beta))


def _e_swish_slope(x: Tensor, beta: Number) -> Tensor:
    z = x.clamp(-1e4, 1e4)
    f = exp(-z.clamp(min=-GATES_ARE_OPEN))
    # the second where it cancels to less than nothing
    bend = where(z > -1, 1 + z * (f / (1 + f)), (1 + (1 + z) * f) / (1 + f))
    near = beta / (1 + f) * bend
    return where(z < -40, halved(z.clamp(max=0), beta * (1 + z)), near)


_E_SWISH = (
    lambda x, beta: tailed(x, lowest(beta * x)),
    _e_swish_slope,
    lambda x, beta: flushed(swish_curvature(x, 1.0, beta)),
)


def _normal_density(x: Tensor) -> Tensor:
    return exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def _normal_cdf(x: Tensor) -> Tensor:
    if compiled.applies(x):
        return compiled.normal_cdf(x)
    # 1 + erf is 57 % off at -5.5 in float32 and zero below -6
    return 0.5 * erfc(x * -math.sqrt(0.5))


_GELU_IS_NORMAL = -12.0
"""Down to here float32 has all digits of Φ, of gelu and of its slope."""


def _gelu(x: Tensor) -> Tensor:
    def careful(x: Tensor) -> Tensor:
        return flushed(lowest(x) * _normal_cdf(x))

    if compiled.applies(x):
        return careful(x)
    return unless_below(x, _GELU_IS_NORMAL, lambda x: x * _normal_cdf(x), careful)


def _gelu_slope(x: Tensor) -> Tensor:
    if compiled.applies(x):
        return compiled.gelu_slope(x)

    def usual(x: Tensor) -> Tensor:
        # both parts of the same rounded t: at the minimum, where nothing forgives it, that cancels
        t = within_reach(x) * -math.sqrt(0.5)
        square = t * t
        bell = exp(-square) * (t / -math.sqrt(math.pi))
        if x.dtype == torch.float64:
            bell = bell - bell * product_error(square, t, t)
        return torch.add(bell, erfc(t), alpha=0.5)

    return unless_below(x, _GELU_IS_NORMAL, usual, lambda x: flushed(usual(x)))


def _gelu_curvature(x: Tensor) -> Tensor:
    x = within_reach(x)
    return flushed(_normal_density(x) * (2 - x * x))


_RATE, _CUBIC = 2 * math.sqrt(2 / math.pi), 2 * math.sqrt(2 / math.pi) * 0.044715


def _gelu_tanh(x: Tensor) -> Tensor:
    # (1 + tanh(u)) / 2 is the sigmoid of 2u, and cancels on the left; at ±40 it is 0 or 1
    u = x.clamp(-40, 40)
    return flushed(opened(x, u * (_RATE + _CUBIC * u * u)))


def _gelu_tanh_slope(x: Tensor) -> Tensor:
    # at 8 the gate is as open as it gets
    x = x.clamp(-40, 8)
    z = x * (_RATE + _CUBIC * x * x)
    # x·z′ by z: what z was rounded by cancels for the most part
    return flushed(opened_slope(z.clamp(max=GATES_ARE_OPEN), z + 2 * _CUBIC * x * x * x))


def _gelu_tanh_curvature(x: Tensor) -> Tensor:
    x = x.clamp(-40, 40).abs()
    cubic = _CUBIC * x * x
    rate, steep = _RATE + cubic, _RATE + 3 * cubic
    z, w = x * rate, x * steep
    # where it turns, at 2, the roundings of these two would be felt
    lost = product_error(z, x, rate) + x * ((_RATE - rate) + cubic)
    less = product_error(w, x, steep) + x * ((_RATE - steep) + 3 * cubic)
    e = exp(-z)
    bend = steep * (((2 - w) - less.detach() + e * (2 + w)) / (1 + e)) + 6 * cubic
    return flushed(bell(z, bend - lost.detach() * bend))


def _mish(x: Tensor) -> Tensor:
    return unless_below(x, -80.0, mish, _mish_far)


def _mish_far(x: Tensor) -> Tensor:
    # tanh(log(1 + e)) is n / (n + 2) for n = e·(e + 2)
    e = exp(x.clamp(max=GATES_ARE_OPEN))
    n = e * (e + 2)
    return flushed(lowest(x) * (n / (n + 2)))


def _mish_slope(x: Tensor) -> Tensor:
    x = x.clamp(-1e4, GATES_ARE_OPEN)
    e = exp(x)
    # polynomials over the square are more than 5 off at -0.2, and x times the gate's slope 7 at -2
    q = e / (2 + e * (2 + e))
    return flushed(q * (2 * (1 + x) + e * (1 - 2 * x * q)))


def _mish_curvature(x: Tensor) -> Tensor:
    x, e = within_reach(x), exp(-x.abs())
    bend = ends(x, e, 4 + 2 * x, 8 + 2 * x, 6 - 3 * x, 2 - 2 * x)
    # the second e last: e² is subnormal before the product is
    return flushed(4 * e * bend / ends(x, e, 2, 2, 1) ** 3 * where(x > 0, e, 1.0))


def _eanaf(x: Tensor) -> Tensor:
    e = exp(x.clamp(max=GATES_ARE_OPEN))
    return flushed(lowest(x) * (e / (e + 2)))


def _eanaf_slope(x: Tensor) -> Tensor:
    x = x.clamp(-1e4, GATES_ARE_OPEN)
    e = exp(x)
    return flushed(e * ((2 + 2 * x) + e) / (4 + e * (4 + e)))


def _eanaf_curvature(x: Tensor) -> Tensor:
    x, e = within_reach(x), exp(-x.abs())
    bend = 2 * ends(x, e, 4 + 2 * x, 2 - x)
    return flushed(damped(-x.abs(), bend) / ends(x, e, 2, 1) ** 3)


def _cosh_less_one(x: Tensor) -> Tensor:
    """cosh(x) - 1 where |x| ≤ 1/2, by its series: the two cancel."""
    square = x * x
    series = torch.ones_like(x)
    for k in range(14, 2, -2):
        series = 1 + square / (k * (k - 1)) * series
    return 0.5 * square * series


def _aria2_gate(z: Tensor, alpha: Number, factor: Tensor) -> Tensor:
    """factor·(1 + e^-z)^-alpha, as an exponential whose exponent is rounded for nothing."""
    # about 0 the power is 2^-alpha·e^(alpha·(z / 2 - log(cosh(z / 2))))
    near = z.abs() < 1
    y = 0.5 * where(near, z, 0.0)
    large = where(near, y, z.clamp(max=0))
    small = torch.log1p(where(near, _cosh_less_one(y), exp(-z.abs())))
    inner = large - small
    exponent = alpha * inner
    lost = product_error(exponent, inner, alpha) + alpha * ((large - inner) - small)
    power = damped(exponent, where(near, 2.0**-alpha * factor, factor))
    # the exponent's rounding is far below this wherever the power is not zero
    return power + finite(power) * lost.clamp(-1e-9, 1e-9).detach()


@in_double
def _aria2(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    return flushed(_aria2_gate(within_reach(beta * x), alpha, lowest(x)))


@in_double
def _aria2_slope(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    z = within_reach(beta * x)
    w, e = alpha * z, exp(-z.abs())
    less = where(z > 0, e, 1.0) / (1 + e)
    # where it cancels to less than nothing (2 + w + d) / (2 + d) with what its roundings have lost
    down = expm1(-z.abs())
    (above, lost), (below, less_below) = pair_sum(2.0, w), pair_sum(2.0, down)
    lost = lost + product_error(w, z, alpha).clamp(-1, 1).detach()
    above, rest = pair_sum(above, down + lost)
    ratio, off = quotient(above, below)
    cancelled = ratio + (off + (rest - ratio * less_below) / below)
    bend = where(w > -0.5, 1 + w * less, cancelled)
    # what the rounding of βx has lost: alpha makes much of it
    seen = z.abs() < 1e3
    off = alpha * product_error(where(seen, z, 0.0), where(seen, x, 0.0), beta).detach()
    bend = bend + less * off * (1 + bend - z * (1 - less))
    return flushed(_aria2_gate(z, alpha, bend))


@in_double
def _aria2_curvature(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    z = within_reach(beta * x)
    e = exp(-z.abs())
    bend = alpha * beta * ends(z, e, 2 + alpha * z, 2 - z) / (1 + e * (2 + e))
    return flushed(damped(-z.clamp(min=0), _aria2_gate(z, alpha, bend)))


_ARIA2 = _aria2, _aria2_slope, _aria2_curvature

RECORDS = (
    Activation(
        "silu",
        "x / (1 + exp(-beta * x))",
        *_SILU,
        params={"beta": 1.0},
        domain={"beta": "(0, inf)"},
        range="[-0.2785 / beta, inf)",
        asymptotes=("0", "x"),
        source="Elfwing et al. 2017, arXiv:1702.03118; Ramachandran et al. 2017, arXiv:1710.05941",
        aliases=("swish",),
    ),
    Activation(
        "e_swish",
        "beta * x / (1 + exp(-x))",
        *_E_SWISH,
        params={"beta": 1.5},
        domain={"beta": "(0, inf)"},
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
        *_ARIA2,
        params={"alpha": 1.5, "beta": 2.0},
        domain={"alpha": "(0, 64]", "beta": "(0, inf)"},
        range="[-0.0700 at the defaults, inf)",
        asymptotes=("0", "x"),
        source="Patwardhan et al. 2018, arXiv:1805.08878; defaults as fast.ai has them; "
        "Echo leaves out the factor x",
    ),
    Activation(
        "gelu",
        "x * erfc(-x / sqrt(2)) / 2",
        f=_gelu,
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
