"""Odd functions without a bound: logarithm, root and exponential with a sign."""

from __future__ import annotations

from torch import Tensor, asinh, copysign, exp, expm1, hypot, log1p, ones_like, sqrt, where

from actfunc.activation import Activation
from actfunc.numerics.floats import finite


def _left_first(x: Tensor) -> Tensor:
    """1 where x > 0, else -1: at a joint the left side counts."""
    return where(x > 0, ones_like(x), -1.0)


def _asinh_curvature(x: Tensor) -> Tensor:
    x = finite(x)
    r = hypot(x, ones_like(x))
    return -x / r / r / r


def _root_curvature(x: Tensor) -> Tensor:
    # |x|^1.5 is subnormal before its reciprocal overflows
    return -_left_first(x) * 0.25 / x.abs() / sqrt(x.abs())


RECORDS = (
    Activation(
        "asinh",
        "asinh(x)",
        f=asinh,
        df=lambda x: 1 / hypot(x, ones_like(x)),
        d2f=_asinh_curvature,
        asymptotes=("-log(-2 * x)", "log(2 * x)"),
        source="classical",
        aliases=("arcsinh",),
    ),
    Activation(
        "symlog",
        "log(1 + x) if x > 0 else -log(1 - x)",
        # sign(x)·log1p|x| would have the slope 0 at 0
        f=lambda x: copysign(log1p(x.abs()), x),
        df=lambda x: 1 / (1 + x.abs()),
        d2f=lambda x: -_left_first(x) / (1 + x.abs()) ** 2,
        joints=(0.0,),
        asymptotes=("-log(1 - x)", "log(1 + x)"),
        source="Hafner et al. 2023, arXiv:2301.04104",
    ),
    Activation(
        "symexp",
        "exp(x) - 1 if x > 0 else 1 - exp(-x)",
        f=lambda x: copysign(expm1(x.abs()), x),
        df=lambda x: exp(x.abs()),
        d2f=lambda x: _left_first(x) * exp(x.abs()),
        joints=(0.0,),
        asymptotes=("1 - exp(-x)", "exp(x) - 1"),
        source="Hafner et al. 2023, arXiv:2301.04104; the inverse of symlog",
        steep=True,
    ),
    Activation(
        "signed_sqrt",
        "sign(x) * sqrt(abs(x))",
        f=lambda x: copysign(sqrt(x.abs()), x),
        df=lambda x: 0.5 / sqrt(x.abs()),
        d2f=_root_curvature,
        joints=(0.0,),
        poles=(0.0,),
        asymptotes=("-sqrt(-x)", "sqrt(x)"),
        source="Yang et al. 2018 (SQRT), by Kunc & Kléma 2024, arXiv:2402.09092",
        steep=True,
    ),
)
