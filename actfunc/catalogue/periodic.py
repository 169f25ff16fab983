"""Periodic activations: sines and cosines, alone, times x or divided by it."""

from __future__ import annotations

import math

import torch
from torch import Tensor, cos, sin, where

from actfunc.activation import Activation, Function
from actfunc.numerics.floats import (
    Number,
    finite,
    flushed,
    in_double,
    product_error,
    tensor_like,
    zero,
)


def turn(x: Tensor, omega: Number) -> tuple[Tensor, Tensor]:
    """sin(ωx) and cos(ωx).

    A product that is rounded once is off by whole turns far out, and what should be flat is not.
    It is kept as a sum of two numbers, the second being what the rounding of the first has lost.
    Both results are float64, unless the turn is exact: ω has digits that float32 has not.
    """
    if not isinstance(omega, Tensor) and omega in (1, 2):
        product = finite(omega * x) if omega == 2 else x
        return sin(product), cos(product)
    x, omega = x.double(), tensor_like(x.double(), omega)
    x = where(omega == 0, finite(x), x)  # what does not turn stands still at infinity too
    # far out the product may overflow: a 16th of the turn, then doubled four times
    far = x.abs() > 2.0**100
    x, up = where(far, x * 2.0**-32, x), where(far, 2.0**28, 1.0).to(x.dtype)
    product = finite(omega * x)
    lost = up * product_error(product.detach(), x.detach(), omega)
    product = finite(up * product)
    lost = where(lost == 0, 0.0 * product, lost)  # with its sign, which is that of sin(-0.0)
    s, c, ds, dc = sin(product), cos(product), sin(lost), cos(lost)
    s, c = s * dc + c * ds, c * dc - s * ds
    for _ in range(4):
        s, c = where(far, 2 * s * c, s), where(far, (c - s) * (c + s), c)
    return s, c


def _snake(x: Tensor, a: Number) -> Tensor:
    # sin² from the sine and cosine of 2ax: a square of the sine is too coarse where all is flat
    s, c = turn(finite(x), 2 * a)
    half = 0.5 / a
    y = where(c > 0.5, x + half * (s * s / (1 + c.clamp(min=0.5))), x + half - half * c)
    return y.to(x.dtype)


def _snake_slope(x: Tensor, a: Number) -> Tensor:
    # 1 + sin 2ax, whose zeros are double: there a sum of 1 and -1 has lost all its digits; and
    # where it is 2 less little the roundings of the sine and the cosine count four times
    s, c = turn(x, a)
    return where(s * c > 0, 2 - (s - c) ** 2, (s + c) ** 2).to(x.dtype)


def _snake_curvature(x: Tensor, a: Number) -> Tensor:
    s, c = turn(x, a)
    return (2 * a * ((c - s) * (c + s))).to(x.dtype)


def _cosid_slope(x: Tensor) -> Tensor:
    # -(1 + sin x), likewise
    half = x / 2
    return -((sin(half) + cos(half)) ** 2)


def _sinc(t: Tensor, s: Tensor, c: Tensor, order: int) -> Tensor:
    """sinc t or a derivative of it, from t, sin t and cos t: near 0, where they cancel, a series.

    Horner's rule in t²: sinc t is the sum of (-1)^k t^2k / (2k + 1)!. The second derivative is 0 at
    2.08, and cancels as far as that.
    """
    near = t.abs() < (2.6 if order == 2 else 1.5)
    z = where(near, t, 0.0) ** 2
    series = torch.zeros_like(t)
    for k in reversed(range(order - order // 2, 15)):
        series = (-1) ** k * math.perm(2 * k, order) / math.factorial(2 * k + 1) + z * series
    series = series * where(near, t, 0.0) if order == 1 else series
    t = where(near, 2.6, t)
    far = s / t
    if order > 0:
        value, far = far, (c - far) / t
    if order > 1:
        far = -value - 2 * far / t
    return where(near, series, far)


def _sinc_of(order: int) -> Function:
    def sibling(x: Tensor) -> Tensor:
        x = finite(x)
        return flushed(_sinc(x, sin(x), cos(x), order))

    return sibling


def _less_pi(x: Tensor) -> Tensor:
    # π in two numbers: digits are left where the difference is tiny
    return x - math.pi - 1.2246467991473532e-16


def _ssu_of(order: int) -> Function:
    @in_double
    def sibling(x: Tensor) -> Tensor:
        x = finite(x)
        s = sin(x)
        y = math.pi * _sinc(_less_pi(x), -s, -cos(x), order)
        if order == 0:
            # next to 0 that is s, and s / π subnormal before it is
            y = where(x.abs() < 1, s / (1 - x.clamp(-1, 1) / math.pi), y)
        return flushed(y)

    return sibling


_QUARTER = math.pi**2 / 4, 1.5663238771849278e-16
"""π² / 4 as a sum of two numbers."""


def _less_quarter(h: Tensor) -> Tensor:
    """h² - π² / 4, of which nothing but the last rounding is lost."""
    square = h * h
    return (square - _QUARTER[0]) + (product_error(square, h, h).detach() - _QUARTER[1])


def _dsu_of(order: int) -> Function:
    """The derivatives of π² q sinc(t) for t = |x| - π, q = 1 / (|x| + π): dsu where x > 0.

    Away from π that is -π² sin x / (x² - π²), of fewer roundings.
    """

    @in_double
    def sibling(x: Tensor) -> Tensor:
        x = finite(x)
        odd, x = where(x < 0, -1.0, 1.0).to(x.dtype), x.abs()
        t, q, s, c = _less_pi(x), 1 / (x + math.pi), sin(x), cos(x)
        y, *slopes = (_sinc(t, -s, -c, k) for k in range(order + 1))
        away, h = x > 4.5, 0.5 * x.clamp(min=4.5, max=2.6e154)  # whose square is finite
        if order == 0:
            # next to 0 that is s, and s / π subnormal before it is
            near = s / (1 - (x.clamp(max=1) / math.pi) ** 2)
            far = where(away, -_QUARTER[0] * s / _less_quarter(h), math.pi**2 * (q * y))
            return flushed(odd * where(x < 1, near, far))
        if order == 1:
            far = math.pi**2 * (q * (slopes[0] - q * y))
            less = _less_quarter(h)
            far = where(away, (h * s / less - c) * _QUARTER[0] / less, far)
            # next to 0 that is 1 less little: what is not 1 is the slope of sin x / (1 - u) less 1
            near = where(x < 1, x, 0.0)
            u = (near / math.pi) ** 2
            r = math.pi**-2 / (1 - u)
            little = (u + 2 * near * sin(near) * r - 2 * sin(0.5 * near) ** 2) / (1 - u)
            return flushed(where(x < 1, 1 + little, far))
        curvature = q * (slopes[1] - 2 * q * (slopes[0] - q * y))
        # next to 0 that cancels: π² r sin x for r = 1 / (π² - x²)
        r = -q / where(x < 1.5, t, 1.0)
        bend = s * (2 * r * (1 + 4 * x * x * r) - 1) + 4 * x * r * c
        return flushed(math.pi**2 * odd * where(x < 1.5, r * bend, curvature))

    return sibling


RECORDS: tuple[Activation, ...] = (
    Activation(
        "sin",
        "sin(omega * x)",
        f=lambda x, omega: turn(x, omega)[0].to(x.dtype),
        df=lambda x, omega: (omega * turn(x, omega)[1]).to(x.dtype),
        d2f=lambda x, omega: (-omega * omega * turn(x, omega)[0]).to(x.dtype),
        params={"omega": 1.0},
        domain={"omega": "(-inf, inf)"},
        range="[-1, 1]",
        source="Sitzmann et al. 2020, arXiv:2006.09661, whose omega is 30 in a network",
        aliases=("siren", "sine", "sinusoid"),
    ),
    Activation(
        "cos",
        "cos(x)",
        f=cos,
        df=lambda x: -sin(x),
        d2f=lambda x: -cos(x),
        range="[-1, 1]",
        source="classical",
        aliases=("cosine", "cosinusoid"),
    ),
    Activation(
        "sinc",
        "sinc(x)",
        f=_sinc_of(0),
        df=_sinc_of(1),
        d2f=_sinc_of(2),
        range="[-0.2172, 1]",
        asymptotes=("0", "0"),
        source="classical; sin(x) / x, not torch.sinc's sin(pi x) / (pi x)",
    ),
    Activation(
        "ssu",
        "pi * sinc(x - pi)",
        f=_ssu_of(0),
        df=_ssu_of(1),
        d2f=_ssu_of(2),
        range="[-0.6825, pi]",
        asymptotes=("0", "0"),
        source="Noel et al. 2021, arXiv:2111.04020",
        aliases=("shifted sinc unit",),
    ),
    Activation(
        "dsu",
        "pi / 2 * (sinc(x - pi) - sinc(x + pi))",
        f=_dsu_of(0),
        df=_dsu_of(1),
        d2f=_dsu_of(2),
        range="[-1.6364, 1.6364]",
        asymptotes=("0", "0"),
        source="Noel et al. 2021, arXiv:2111.04020",
        aliases=("decaying sine unit",),
    ),
    Activation(
        "snake",
        "x + sin(a * x)**2 / a",
        f=_snake,
        df=_snake_slope,
        d2f=_snake_curvature,
        params={"a": 1.0},
        domain={"a": "(0, inf)"},
        source="Ziyin, Hartwig & Ueda 2020, arXiv:2006.08195",
    ),
    Activation(
        "gcu",
        "x * cos(x)",
        f=lambda x: x * cos(x),
        df=lambda x: cos(x) - x * sin(x),
        d2f=lambda x: -2 * sin(x) - x * cos(x),
        source="Noel et al. 2021, arXiv:2108.12943",
        aliases=("growing cosine unit",),
    ),
    Activation(
        "asu",
        "x * sin(x)",
        f=lambda x: x * sin(x),
        df=lambda x: sin(x) + x * cos(x),
        d2f=lambda x: 2 * cos(x) - x * sin(x),
        source="Rahman et al. 2023, the amplifying sine unit",
        aliases=("amplifying sine unit",),
    ),
    Activation(
        "minsin",
        "min(x, sin(x))",
        f=lambda x: where(x > 0, sin(x), x),
        df=lambda x: where(x > 0, cos(x), 1 + zero(x)),
        d2f=lambda x: where(x > 0, -sin(x), zero(x)),
        range="(-inf, 1]",
        asymptotes=("x", None),
        source="Ramachandran, Zoph & Le 2017, arXiv:1710.05941; named by Eger et al. 2018",
    ),
    Activation(
        "cosid",
        "cos(x) - x",
        f=lambda x: cos(finite(x)) - x,
        df=_cosid_slope,
        d2f=lambda x: -cos(x),
        source="Ramachandran, Zoph & Le 2017, arXiv:1710.05941; named by Eger et al. 2018",
    ),
)
