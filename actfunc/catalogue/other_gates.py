"""More self-gated activations: gates that close like a power of x, or are made of others."""

from __future__ import annotations

import math

import torch
from torch import Tensor, atan2, exp, ones_like, tanh, where

from actfunc.activation import Activation
from actfunc.catalogue.floats import Number, exp_pair, finite, flushed, lowest, product_error
from actfunc.catalogue.logistic import bell


def _calu(x: Tensor) -> Tensor:
    # atan(x) + π/2 cancels on the left, the angle itself does not; so far out f is -1/π
    x = x.clamp(min=-1e18)
    return flushed(x * (atan2(ones_like(x), -x) / math.pi))


def _calu_slope(x: Tensor) -> Tensor:
    x = finite(x)
    near = atan2(ones_like(x), -x) / math.pi + x / (1 + x * x) / math.pi
    # on the left both parts go like 1/x and their sum like 1/x³: by atan's continued fraction,
    # atan(w) = w / (1 + w²/k) with k = 3 + 4w²/(5 + 9w²/(7 + ...))
    w = 1 / x.clamp(max=-1.5)
    square = w * w
    k = 33 + square
    for n in range(16, 1, -1):
        k = 2 * n - 1 + n * n * square / k
    far = -square * w * ((k - 1) / (k + square) / (1 + square)) / math.pi
    return flushed(where(x < -1.5, far, near))


def _calu_curvature(x: Tensor) -> Tensor:
    h = 1 / (1 + x * x)
    return flushed(2 / math.pi * h * h)


def _pflu(x: Tensor) -> Tensor:
    y = finite(x)
    # x² overflows, hypot does not; with the conjugate of r + x nothing cancels on the left
    r = torch.hypot(y, ones_like(y))
    return flushed(where(x > 0, 0.5 * x * (1 + y / r), 0.5 * (y / r) / (r - y)))


def _pflu_slope(x: Tensor) -> Tensor:
    x = finite(x)
    r = torch.hypot(x, ones_like(x))
    s, q = x / r, 1 / r
    return flushed(0.5 * where(x > -0.3, 1 + s + s * q * q, (q + x) / r * q / (r - x)))


def _pflu_curvature(x: Tensor) -> Tensor:
    x = finite(x)
    # rounded twice, five of hypot would be ten
    h = 1 / (1 + x * x)
    return flushed(0.5 * (2 * h - x * h * x) * h * h.sqrt())


def _quotient(x: Tensor, by: Number) -> tuple[Tensor, Tensor]:
    """x / by, and what its rounding has lost."""
    q = x / by
    product = (q * by).detach()
    return q, ((x - product) - product_error(product, q.detach(), by)).detach() / by


def _srs_parts(x: Tensor, alpha: Number, beta: Number) -> tuple[Tensor, ...]:
    """1 + x / beta; the decay that the denominator is times, where it would overflow; that; and
    the part of the exponential in it."""
    (y, y_rest), (a, a_rest) = _quotient(x, beta), _quotient(x, alpha)
    near = where(y < -8, -8.0, y)
    e, decay = exp(-near), exp(y - near)
    # a + e cancels where a pole is not far, and counts more than once: what the rounding of each
    # has lost is added again
    paired = (y > -8) & (y < 0.5)
    big, small = exp_pair(where(paired, -y, 0.0), where(paired, -y_rest, 0.0))
    e, a = where(paired, big, e), a * decay
    d = e + a
    d = where(paired, d + ((a - (d - e)) + a_rest + small), d)
    one = where(paired, (1 + y) + y_rest, 1 + y)
    return one, decay, d, where(y < 0.5, 1 - a / d, e / d)


def _srs(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    x = x.clamp(-1e18, 1e18)
    _, decay, d, _ = _srs_parts(x, alpha, beta)
    return flushed(x * decay / d)


def _srs_slope(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    one, decay, d, part = _srs_parts(x.clamp(-1e18, 1e18), alpha, beta)
    return flushed(part * decay * one / d)


def _srs_curvature(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    one, decay, d, part = _srs_parts(x.clamp(-1e18, 1e18), alpha, beta)
    y = x.clamp(-1e18, 1e18) / beta
    # the same twice: either cancels where the other does not
    fall = (beta - alpha) / (alpha * beta) - torch.expm1(-y.clamp(min=-0.7)) / beta
    bend = -y / beta - 2 * one * (fall / d)
    left = (1 + one) / beta - 2 * one * one * (decay / d) / alpha
    return flushed(part * decay * where(y < -0.7, left, bend) / d)


def _tanh_soft_2(x: Tensor, beta: Number, gamma: Number) -> Tensor:
    return flushed(lowest(x) * tanh(beta * exp((gamma * x).clamp(max=40))))


def _tanh_soft_2_slope(x: Tensor, beta: Number, gamma: Number) -> Tensor:
    y = (gamma * x).clamp(-1e18, 40)
    u = beta * exp(y)
    t, w = tanh(u), u * y
    return flushed(where(u < 0.5, t + w - w * t * t, t + bell(2 * u, 4 * w)))


def _tanh_soft_2_curvature(x: Tensor, beta: Number, gamma: Number) -> Tensor:
    y = (gamma * x).clamp(-1e18, 40)
    u = beta * exp(y)
    # 1 - 2·u·tanh(u) without the rounding of tanh
    bend = 2 + y * (1 - 2 * u + 4 * u * torch.sigmoid(-2 * u))
    return flushed(bell(2 * u, 4 * gamma * u * bend))


RECORDS = (
    Activation(
        "calu",
        "x * (atan(x) / pi + 1 / 2)",
        f=_calu,
        df=_calu_slope,
        d2f=_calu_curvature,
        range="(-1 / pi, inf)",
        asymptotes=("-1 / pi", "x - 1 / pi"),
        source="the Cauchy linear unit, in the survey of Kunc & Kléma 2024, arXiv:2402.09092",
        aliases=("cauchy_linear_unit",),
    ),
    Activation(
        "pflu",
        "x * (1 + x / sqrt(1 + x**2)) / 2",
        f=_pflu,
        df=_pflu_slope,
        d2f=_pflu_curvature,
        range="[-0.1501, inf)",
        asymptotes=("0", "x"),
        source="Zhu et al. 2021, PFLU and FPFLU: two novel non-monotonic activation functions",
        aliases=("power_function_linear_unit",),
    ),
    Activation(
        "srs",
        "x / (x / alpha + exp(-x / beta))",
        f=_srs,
        df=_srs_slope,
        d2f=_srs_curvature,
        params={"alpha": 2.0, "beta": 3.0},
        range="[beta / (beta / alpha - e), alpha)",
        asymptotes=("0", "alpha"),
        source="Zhou et al. 2020, arXiv:2003.00547; without a pole where beta < e * alpha",
        aliases=("soft_root_sign",),
    ),
    Activation(
        "tanh_soft_2",
        "x * tanh(beta * exp(gamma * x))",
        f=_tanh_soft_2,
        df=_tanh_soft_2_slope,
        d2f=_tanh_soft_2_curvature,
        params={"beta": 0.6, "gamma": 1.0},
        range="[-0.2173 at the defaults, inf)",
        asymptotes=("0", "x"),
        source="Biswas et al. 2020, arXiv:2009.03863",
    ),
)
