"""Bells and valleys: even functions, most with one extremum."""

from __future__ import annotations

import torch
from torch import Tensor, exp, ones_like, where

from actfunc.activation import Activation
from actfunc.numerics.floats import finite, flushed, gaussian, until_gaussians_vanish


def _gaussian_slope(x: Tensor) -> Tensor:
    x = until_gaussians_vanish(x)
    return gaussian(x, 1.0, -2 * x)


def _gaussian_curvature(x: Tensor) -> Tensor:
    x = until_gaussians_vanish(x)
    return gaussian(x, 1.0, 4 * x * x - 2)


def _ricker(x: Tensor) -> Tensor:
    x = until_gaussians_vanish(x)
    return gaussian(x, 0.5, 1 - x * x)


def _ricker_slope(x: Tensor) -> Tensor:
    x = until_gaussians_vanish(x)
    return gaussian(x, 0.5, x * (x * x - 3))


def _ricker_curvature(x: Tensor) -> Tensor:
    x = until_gaussians_vanish(x)
    q = x * x
    return gaussian(x, 0.5, (6 - q) * q - 3)


def _sech(x: Tensor) -> Tensor:
    e = exp(-x.abs())
    return flushed(2 * e / (1 + e * e))


def _sech_curvature(x: Tensor) -> Tensor:
    y = _sech(x)
    return y * (torch.tanh(x) ** 2 - y * y)


def _seagull(x: Tensor) -> Tensor:
    # x² would overflow; where it is 1e20 the 1 is long gone
    near = x.clamp(-1e10, 1e10)
    far = x.abs().clamp(min=1)
    return where(x.abs() > 1e10, 2 * torch.log(far), torch.log1p(near * near))


def _seagull_curvature(x: Tensor) -> Tensor:
    # with 1/x on the outside the function is the same but for the sign and a factor
    m = torch.minimum(x.abs(), 1 / x.abs())
    y = 2 * (1 - m) * (1 + m) / (1 + m * m) ** 2
    return where(x.abs() > 1, -y * m * m, y)


def _root(x: Tensor) -> Tensor:
    # x² would overflow
    return torch.hypot(x, ones_like(x))


def _inverse_root_slope(x: Tensor) -> Tensor:
    x = finite(x)
    r = _root(x)
    return -(x / r) / r / r


def _inverse_root_curvature(x: Tensor) -> Tensor:
    # where the clamp bites, the result is zero by far
    far = 0.5 * torch.finfo(x.dtype).max ** 0.5
    q = x.clamp(-far, far) ** 2
    s = 1 + q
    return (2 * q - 1) / s / s / s.sqrt()


def _root_curvature(x: Tensor) -> Tensor:
    r = _root(x)
    return 1 / (r * r * r)


def _cauchy(x: Tensor) -> Tensor:
    return 1 / (1 + x * x)


def _cauchy_slope(x: Tensor) -> Tensor:
    d = 1 + x * x
    return -2 * (finite(x) / d / d)


def _cauchy_curvature(x: Tensor) -> Tensor:
    h, x = _cauchy(x), finite(x)
    far = 2 * (3 * (x * (x * h)) - h) * h * h
    # in h³ the roundings of h would count three times
    q = x.clamp(-2, 2) ** 2
    near = 2 * (3 * q - 1) / (1 + q * (3 + q * (3 + q)))
    return where(x.abs() < 2, near, far)


RECORDS: tuple[Activation, ...] = (
    Activation(
        "gaussian",
        "exp(-x**2)",
        f=lambda x: gaussian(x, 1.0),
        df=_gaussian_slope,
        d2f=_gaussian_curvature,
        range="(0, 1]",
        asymptotes=("0", "0"),
        source="classical radial basis; Broomhead & Lowe 1988 (some libraries take exp(-x**2 / 2))",
    ),
    Activation(
        "ricker",
        "(1 - x**2) * exp(-x**2 / 2)",
        f=_ricker,
        df=_ricker_slope,
        d2f=_ricker_curvature,
        range="[-2 * exp(-3/2), 1]",
        asymptotes=("0", "0"),
        source="Zhang & Benveniste 1992, Wavelet networks; the Mexican hat, not normalised",
        aliases=("mexican_hat",),
    ),
    Activation(
        "sech",
        "1 / cosh(x)",
        f=_sech,
        df=lambda x: -_sech(x) * torch.tanh(x),
        d2f=_sech_curvature,
        range="(0, 1]",
        asymptotes=("0", "0"),
        source="classical: the hyperbolic secant",
        aliases=("hyperbolic_secant",),
    ),
    Activation(
        "seagull",
        "log(1 + x**2)",
        f=_seagull,
        df=lambda x: 2 / (x + 1 / x),
        d2f=_seagull_curvature,
        range="[0, inf)",
        asymptotes=("log(1 + x**2)", "log(1 + x**2)"),
        source="Gao & Zhang 2020, A use of even activation functions, arXiv:2011.11713",
    ),
    Activation(
        "cauchy",
        "1 / (1 + x**2)",
        f=_cauchy,
        df=_cauchy_slope,
        d2f=_cauchy_curvature,
        range="(0, 1]",
        asymptotes=("0", "0"),
        source="classical radial basis: the inverse quadratic",
        aliases=("inverse_quadratic",),
    ),
    Activation(
        "inverse_multiquadric",
        "1 / sqrt(1 + x**2)",
        f=lambda x: 1 / _root(x),
        df=_inverse_root_slope,
        d2f=_inverse_root_curvature,
        range="(0, 1]",
        asymptotes=("0", "0"),
        source="Micchelli 1986, Interpolation of scattered data; a radial basis",
    ),
    Activation(
        "multiquadric",
        "sqrt(1 + x**2)",
        f=_root,
        df=lambda x: finite(x) / _root(finite(x)),
        d2f=_root_curvature,
        range="[1, inf)",
        asymptotes=("-x", "x"),
        source="Hardy 1971, Multiquadric equations of topography; a radial basis",
    ),
)
