"""More self-gated activations: gates that close like a power of x, or are made of others."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, atan2, exp, expm1, ones_like, tanh, where

from actfunc.activation import Activation
from actfunc.catalogue.logistic import bell, closed
from actfunc.numerics.floats import (
    Number,
    exp_pair,
    finite,
    flushed,
    in_double,
    largest_exponent,
    lowest,
    pair_sum,
    product_error,
    quotient,
    tensor_like,
)


def _calu(x: Tensor) -> Tensor:
    # atan(x) + π/2 cancels on the left, the angle itself does not; so far out f is -1/π
    x = x.clamp(min=-1e18)
    return flushed(x * (atan2(ones_like(x), -x) / math.pi))


def _calu_slope(x: Tensor) -> Tensor:
    x = finite(x)
    near = atan2(ones_like(x), -x) / math.pi + x / (1 + x * x) / math.pi
    # on the left both parts go like 1/x and their sum like 1/x³: by atan's continued fraction,
    # atan(w) = w / (1 + w²/k) with k = 3 + 4w²/(5 + 9w²/(7 + ...))
    y = x.clamp(max=-1.5)
    square = 1 / (y * y)
    k = 33 + square
    for n in range(16, 1, -1):
        k = 2 * n - 1 + n * n * square / k
    far = (1 - k) / (y * y * y * math.pi * ((k + square) * (1 + square)))
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


class _Srs(NamedTuple):
    """SRS is x·m / d for d = x·m / α + n, where n / m = e^-y for y = x / β.

    x, y: as far out as they matter; `one` is 1 + y, ratio β / α.
    far:  the root of m·n where that may be subnormal before a product with it is, elsewhere 1;
          `both` is m·n without it.
    n_off, d_off: what the last roundings of n and d have lost, as a part of them.
    y_off, ratio_off: what those of y and of the ratio have lost.
    """

    x: Tensor
    y: Tensor
    one: Tensor
    m: Tensor
    n: Tensor
    d: Tensor
    both: Tensor
    far: Tensor
    ratio: Tensor
    n_off: Tensor
    d_off: Tensor
    y_off: Tensor
    ratio_off: Tensor

    @classmethod
    def of(cls, x: Tensor, alpha: Number, beta: Number) -> _Srs:
        # float64, as d cancels where a pole is not far, and counts up to three times
        wide = x.double().clamp(-1e100, 1e100)
        alpha, beta = tensor_like(wide, alpha), tensor_like(wide, beta)
        y, y_rest = quotient(wide, beta)
        m, n, one = exp(y.clamp(max=0)), exp(-y.clamp(min=0)), 1 + y
        a = wide / alpha
        d = a * m + n
        # what the roundings of its parts have lost is added again
        near = (y > -8) & (y < 40)
        a, a_rest = quotient(where(near, wide, 0.0), alpha)
        y_rest = where(near, y_rest, 0.0)
        big, small = exp_pair(where(near, -y, 0.0), -y_rest)
        rounded = big + a
        rest = (a - (rounded - big)) + a_rest + small
        total = rounded + rest
        m, n, d = where(near, 1.0, m), where(near, big, n), where(near, total, d)
        one = one + y_rest
        n_off, d_off = (small / big).detach(), ((rest - (total - rounded)) / total).detach()
        far, h = y.abs() > 40, exp(-0.5 * y.abs())
        both, other = where(far, h, m * n), where(far, h, 1.0)
        ratio, ratio_off = quotient(beta, alpha)
        return cls(wide, y, one, m, n, d, both, other, ratio, n_off, d_off, y_rest, ratio_off)


def _srs(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    at = _Srs.of(x, alpha, beta)
    left = at.both * at.x / at.d * at.far
    return flushed(where(at.y < -40, left, at.m * at.x / at.d).to(x.dtype))


def _srs_slope(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    at = _Srs.of(x, alpha, beta)
    near = at.y.abs() < 0.25
    # next to 0 that is 1 and a small rest
    rest = at.both * (at.y - expm1(-at.y.clamp(-1, 1))) - at.ratio * at.y * at.m * (at.n + at.d)
    slope = where(near, rest, at.both * at.one) / at.d / at.d * at.far
    slope = slope + slope * (where(near, 0.0, at.n_off) - 2 * at.d_off)
    return flushed(where(near, 1 + slope, slope).to(x.dtype))


def _srs_curvature(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    at = _Srs.of(x, alpha, beta)
    y, ratio = at.y.clamp(-1e4, 1e4), at.ratio * at.m
    # d³ times it is n·(2 + y) less the ratio times 2 + y·(2 + y). They cancel: each with what its
    # roundings have lost
    t, t_off = pair_sum(2.0, y)
    t_off = t_off + at.y_off
    part = y * t
    whole, whole_off = pair_sum(2.0, part)
    whole_off = whole_off + product_error(part, y, t) + y * t_off + at.y_off * t
    one, other = at.n * t, ratio * whole
    one_off = product_error(one, at.n, t) + at.n * (t_off + at.n_off * t)
    other_off = product_error(other, ratio, whole) + ratio * whole_off
    other_off = other_off + at.ratio_off * at.m * whole
    bend = at.both * ((one - other) + (one_off - other_off).detach())
    bend = bend / at.d / at.d / at.d / beta * at.far
    return flushed((bend + bend * (at.n_off - 3 * at.d_off)).to(x.dtype))


def _tanh_soft_2_parts(x: Tensor, beta: Number, gamma: Number) -> tuple[Tensor, Tensor, Tensor]:
    """y = γx and u = β·e^y as far out as they matter, u with what its two products lose; and what
    that of y loses."""
    x = finite(x)
    y = (gamma * x).clamp(-1e4, largest_exponent(x))
    e = exp(y)
    u = (beta * e).clamp(max=1e4)
    near = (y.abs() < 40) & (x.abs() < 1e100) & (u < 100) & (tensor_like(x, beta) < 1e100)
    of_y = product_error(y, x, gamma)
    lost = u * of_y + product_error(u, e, beta)
    return y, u + where(near, lost, 0.0).detach(), where(near, of_y, 0.0).detach()


def _tanh(u: Tensor) -> Tensor:
    """tanh(u) for u ≥ 0: to torch its own has the slope 1 - tanh², with no digits far out."""
    return where(u > 1, 1 - 2 * torch.sigmoid(-2 * u), tanh(u))


@in_double
def _tanh_soft_2(x: Tensor, beta: Number, gamma: Number) -> Tensor:
    (y, u, _), x = _tanh_soft_2_parts(x, beta, gamma), lowest(x)
    return flushed(closed(y, u, x, beta, x * _tanh(u)))


@in_double
def _tanh_soft_2_slope(x: Tensor, beta: Number, gamma: Number) -> Tensor:
    y, u, of_y = _tanh_soft_2_parts(x, beta, gamma)
    t, w = _tanh(u), u * y
    # while u is small tanh(u) is u less little, by its continued fraction u / (1 + u²/k) with
    # k = 3 + u²/(5 + u²/(7 + ...)): u times 1 + y, which is exact where they cancel, and a rest
    square = where(u < 0.5, u, 0.0) ** 2
    k = 15 + square
    for n in range(13, 1, -2):
        k = n + square / k
    rest = u * square / (k + square) + w * t * t
    small = where(y.abs() < 0.5, u + (w - rest), u * ((1 + y) + of_y) - rest)
    # then as (sinh(2u) + 2·u·y) / (2·cosh²(u)), in which the rounding of tanh is not times w; what
    # w loses to rounding is added again
    middle = u.clamp(max=3)
    lost = where(u < 3, product_error(w, u, y) + u * of_y, 0.0).detach()
    slope = ((torch.sinh(2 * middle) + 2 * w) + 2 * lost) / (1 + torch.cosh(2 * middle))
    far = where(u < 1, t + w * ((1 - t) * (1 + t)), t + bell(2 * u, 4 * w))
    slope = where(u < 0.4, small, where((u < 3) & (y < -0.5), slope, far))
    return flushed(closed(y, u, 1 + y, beta, slope))


@in_double
def _tanh_soft_2_curvature(x: Tensor, beta: Number, gamma: Number) -> Tensor:
    y, u, _ = _tanh_soft_2_parts(x, beta, gamma)
    # next to x = 0 the rounding of u would count 2·u times, and none of x makes up for it: there u
    # is β and a small rest, and what is lost of each is added again
    most = largest_exponent(x)
    near = (y.abs() < 0.69) & (tensor_like(x, beta) <= most)
    grown = expm1(where(near, y, 0.0))
    rest = beta * grown
    of_rest = where(near, product_error(rest, grown, beta), 0.0).detach()
    base = where(near, beta, u)
    of_u = where(near, (base - u) + rest + of_rest, 0.0).detach()
    w = u * y
    lost = (product_error(w, u, y) + of_u * y).detach()
    # 2 + y·(1 - 2·u·tanh(u)), where u is large without the rounding of tanh
    bend = (2 - 2 * w) + (y - 2 * lost + 4 * w * torch.sigmoid(-2 * u))
    t = tanh(u)
    small = where(u < 0.25, (2 + y) - 2 * w * t, 2 + y * (1 - 2 * u * t)) * (1 - t * t)
    rest = where(near, rest, 0.0)
    # half of the exponent at a time where it is subnormal before the product is
    half = exp(-base) * exp(-rest.clamp(max=most))
    far = torch.maximum(u, tensor_like(x, base)) > 0.45 * most
    square = exp(-2 * base) * exp(-2 * rest.clamp(max=most))
    square = square - 2 * of_rest * square
    one, other = where(far, half, square), where(far, half, 1.0)
    opening = one * (4 * gamma * u * bend) * other / (1 + square * (2 + square))
    opening = where(u < 0.7, gamma * u * small, opening)
    return flushed(closed(y, u, 2 + y, beta * gamma, opening))


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
        *(_srs, _srs_slope, _srs_curvature),
        params={"alpha": 2.0, "beta": 3.0},
        domain={"alpha": "(0, inf)", "beta": "(0, 2.5 * alpha]"},
        range="[beta / (beta / alpha - e), alpha)",
        asymptotes=("0", "alpha"),
        source="Zhou et al. 2020, arXiv:2003.00547; beta = e * alpha would be a pole",
        aliases=("soft_root_sign",),
    ),
    Activation(
        "tanh_soft_2",
        "x * tanh(beta * exp(gamma * x))",
        f=_tanh_soft_2,
        df=_tanh_soft_2_slope,
        d2f=_tanh_soft_2_curvature,
        params={"beta": 0.6, "gamma": 1.0},
        domain={"beta": "(0, inf)", "gamma": "(0, inf)"},
        range="[-0.2173 at the defaults, inf)",
        asymptotes=("0", "x"),
        source="Biswas et al. 2020, arXiv:2009.03863",
    ),
)
