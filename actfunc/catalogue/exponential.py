"""Exponential units: the identity on the right, an exponential that saturates on the left."""

from __future__ import annotations

import math

import torch
from torch import Tensor, exp, expm1, log, log1p, relu, where, zeros_like
from torch.nn import functional as F

from actfunc.activation import Activation
from actfunc.catalogue.algebraic import root_unit, root_unit_curvature, root_unit_slope
from actfunc.numerics.floats import (
    Number,
    finite,
    in_double,
    left_over,
    saturated,
    tensor_like,
)

# In all of them x.clamp(max=0), as an exponential that overflows unseen would make the derivative
# by a parameter NaN; and the slopes are exponentials again, as elu + alpha would cancel in the tail


def _decaying(z: Tensor, c: Number) -> Tensor:
    """c·e^z for z ≤ 0."""
    if not isinstance(c, Tensor) and abs(c) <= 1:
        return exp(z) if c == 1 else c * exp(z)
    # half of the exponent at a time: alone, e^z is subnormal before the product is
    h = exp(0.5 * z)
    return c * h * h


def _elu(x: Tensor, alpha: Number) -> Tensor:
    if not isinstance(alpha, Tensor):
        return F.elu(x, alpha)
    return where(x > 0, x, alpha * expm1(x.clamp(max=0)))


def _elu_slope(x: Tensor, alpha: Number) -> Tensor:
    left = _decaying(x.clamp(max=0), alpha)
    # at alpha = 1 it is 1 on the right too
    return left if not isinstance(alpha, Tensor) and alpha == 1 else where(x > 0, 1.0, left)


_ELU = (
    _elu,
    _elu_slope,
    lambda x, alpha: where(x > 0, 0.0, _decaying(x.clamp(max=0), alpha)),
)


def _celu(x: Tensor, alpha: Number) -> Tensor:
    z = left_over(x, alpha)
    # next to 0 it is x, which x / alpha would lose if it is subnormal
    return where(z > -torch.finfo(x.dtype).eps / 4, x, alpha * expm1(z))


_CELU = (
    _celu,
    lambda x, alpha: exp(left_over(x, alpha)),
    lambda x, alpha: where(x > 0, 0.0, _decaying(left_over(x, alpha), 1 / alpha)),
)
_SELU = (
    lambda x, scale, alpha: where(x > 0, scale * x, scale * alpha * expm1(x.clamp(max=0))),
    lambda x, scale, alpha: where(x > 0, scale, _decaying(x.clamp(max=0), scale * alpha)),
    lambda x, scale, alpha: where(x > 0, 0.0, _decaying(x.clamp(max=0), scale * alpha)),
)


def _pelu(x: Tensor, a: Number, b: Number) -> Tensor:
    z = left_over(x, b)
    near = z > -torch.finfo(x.dtype).eps / 4
    return where(near, a / b * x, a * saturated(z, b))


_PELU = (
    _pelu,
    lambda x, a, b: _decaying(left_over(x, b), a / b),
    lambda x, a, b: where(x > 0, 0.0, _decaying(left_over(x, b), a / b / b)),
)


def _bump(x: Tensor, c: Number = 1.0, order: int = 0) -> Tensor:
    """c·x·e^x, or its derivative of that order, where x ≤ 0."""
    x = x.clamp(torch.finfo(x.dtype).min, 0)
    # far out half of the exponent at a time: alone, e^x is subnormal before the product is
    h, y = exp(x / 2), x if order == 0 else order + x
    return where(x < -40, c * (y * h) * h, c * (y * exp(x)))


_SERLU = (
    lambda x, scale, alpha: where(x > 0, scale * x, _bump(x, scale * alpha)),
    lambda x, scale, alpha: where(x > 0, scale, _bump(x, scale * alpha, 1)),
    lambda x, scale, alpha: where(x > 0, 0.0, _bump(x, scale * alpha, 2)),
)


def _bowl(x: Tensor) -> Tensor:
    """(e^x - 1 - x) / x² where |x| ≤ 1, by its series: the three cancel."""
    series = zeros_like(x)
    for k in range(18, 1, -1):
        series = series * x + 1 / math.factorial(k)
    return series


@in_double
def _xielu(x: Tensor, alpha_p: Number, alpha_n: Number, beta: Number) -> Tensor:
    # what cancels next to 0 is a series about 0; what cancels in the dip, by -1, one about -1
    left, c = x.clamp(max=0), alpha_n / math.e
    t = where(x < -0.75, x + 1, x).clamp(-0.75, 0.75)
    bowl = t * _bowl(t)
    dip = (c - beta) + t * ((c - alpha_n + beta) + c * bowl)
    far = alpha_n * exp(left) - beta + (beta - alpha_n) * (left + 1)
    left = where(x < -1.5, far, where(x < -0.75, dip, t * (beta + alpha_n * bowl)))
    return where(x > 0, alpha_p * x * x + beta * x, left)


@in_double
def _xielu_slope(x: Tensor, alpha_p: Number, alpha_n: Number, beta: Number) -> Tensor:
    left = x.clamp(max=0)
    # the limit is beta - alpha_n, the difference of two that may be nearly the same
    far = alpha_n * exp(left) + (beta - alpha_n)
    return 2 * alpha_p * relu(x) + where(x < -math.log(2), far, alpha_n * expm1(left) + beta)


def _xielu_curvature(x: Tensor, alpha_p: Number, alpha_n: Number, beta: Number) -> Tensor:
    return where(x > 0, 2 * alpha_p, _decaying(x.clamp(max=0), alpha_n))


def _polu(x: Tensor, n: Number) -> Tensor:
    return where(x > 0, x, expm1(-n * log1p(-x.clamp(max=0))))


def _polu_power(x: Tensor, n: Number, order: int) -> Tensor:
    """The derivative of (1 - x)^-n of that order, 1 or 2, where x ≤ 0."""
    end = x == -torch.inf
    x = finite(x.clamp(max=0))
    s = 1 - x
    # half of the exponent at a time far out, where the power is subnormal before the product is
    far = n * log(s) > 600
    power = s ** (-n * (1 - 0.5 * far.to(x.dtype)))
    # what rounding s leaves, for a large n
    rest = (n + order) * (((1 - s) - x) / s)
    y = n / s * power * where(far, power, 1.0) * (1 - rest)
    return where(end, 0.0, y if order == 1 else y * (n + 1) / s)


_POLU = (
    in_double(_polu),
    in_double(lambda x, n: where(x > 0, 1.0, _polu_power(x, n, 1))),
    in_double(lambda x, n: where(x > 0, 0.0, _polu_power(x, n, 2))),
)
_ISRLU = (
    lambda x, alpha: where(x > 0, x, root_unit(x.clamp(max=0), alpha)),
    lambda x, alpha: root_unit_slope(x.clamp(max=0), alpha),
    lambda x, alpha: root_unit_curvature(x.clamp(max=0), alpha),
)


def _grown(z: Tensor, divisor: Number = 1.0) -> Tensor:
    """e^z / divisor."""
    # half of the exponent at a time: alone, e^z overflows or is subnormal before the quotient is;
    # and no half so large that it overflows: by a parameter, infinity times nothing would be NaN
    most = 1.5 * math.log(torch.finfo(z.dtype).max)
    h = exp(z.clamp(-1e4, most) / 2)
    # what is infinite all the same has an infinite slope
    return where(z > most, exp(where(z > most, z, 0.0)), h / divisor * h)


def _soft_exponential(x: Tensor, alpha: Number) -> Tensor:
    # one cast, so that both ways back to a 16-bit alpha are added before they overflow
    alpha = tensor_like(x, alpha)
    z = alpha * x
    # of what overflows the derivative by alpha would be infinity less infinity
    over = _grown(z, alpha).isinf()
    far, near = where(over, z, 0.0), where(over, 0.0, z)
    inner = where(z.abs() < 1, x, 0.0)
    middle = inner * (1 + alpha * inner * _bowl(alpha * inner)) + alpha
    # further out the ones cancel: at alpha = 1 the exponential alone is left
    outer = _grown(near, alpha) + (alpha - 1) * (alpha + 1) / alpha
    return where(over, exp(2 * far), where(z.abs() < 1, middle, outer))


# in float64, as a derivative by alpha is a difference of numbers larger than the value
_SOFT_EXPONENTIAL = (
    in_double(_soft_exponential),
    in_double(lambda x, alpha: _grown(alpha * x)),
    in_double(lambda x, alpha: _grown(alpha * x, 1 / alpha)),
)


RECORDS = (
    Activation(
        "elu",
        "x if x > 0 else alpha * expm1(x)",
        *_ELU,
        params={"alpha": 1.0},
        domain={"alpha": "[0, inf)"},
        joints=(0.0,),
        range="(-alpha, inf)",
        asymptotes=("-alpha", "x"),
        source="Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289",
    ),
    Activation(
        "celu",
        "x if x > 0 else alpha * expm1(x / alpha)",
        *_CELU,
        params={"alpha": 1.0},
        domain={"alpha": "(0, inf)"},
        joints=(0.0,),
        range="(-alpha, inf)",
        asymptotes=("-alpha", "x"),
        source="Barron 2017, arXiv:1704.07483",
    ),
    Activation(
        "selu",
        "scale * x if x > 0 else scale * alpha * expm1(x)",
        *_SELU,
        params={"scale": 1.0507009873554805, "alpha": 1.6732632423543772},
        domain={"scale": "(0, inf)", "alpha": "[0, inf)"},
        joints=(0.0,),
        range="(-scale * alpha, inf)",
        asymptotes=("-scale * alpha", "scale * x"),
        source="Klambauer, Unterthiner, Mayr & Hochreiter 2017, arXiv:1706.02515",
    ),
    Activation(
        "pelu",
        "a / b * x if x > 0 else a * expm1(x / b)",
        *_PELU,
        params={"a": 1.0, "b": 1.0},
        domain={"a": "(0, inf)", "b": "(0, inf)"},
        joints=(0.0,),
        range="(-a, inf)",
        asymptotes=("-a", "a / b * x"),
        source="Trottier, Giguère & Chaib-draa 2016, arXiv:1605.09332",
    ),
    Activation(
        "serlu",
        "scale * x if x > 0 else scale * alpha * x * exp(x)",
        *_SERLU,
        params={"scale": 1.07862, "alpha": 2.90427},
        domain={"scale": "(0, inf)", "alpha": "[0, inf)"},
        joints=(0.0,),
        range="[-0.3679 * scale * alpha, inf)",
        asymptotes=("0", "scale * x"),
        source="Zhang & Li 2018, arXiv:1807.10117; the constants seen in one implementation only",
    ),
    Activation(
        "reu",
        "x if x > 0 else x * exp(x)",
        f=lambda x: where(x > 0, x, _bump(x)),
        df=lambda x: where(x > 0, 1.0, _bump(x, 1.0, 1)),
        d2f=lambda x: where(x > 0, 0.0, _bump(x, 1.0, 2)),
        joints=(0.0,),
        range="[-0.3679, inf)",
        asymptotes=("0", "x"),
        source="Ying et al. 2019, Rectified exponential units for convolutional neural networks",
        aliases=("suish",),
    ),
    Activation(
        "lalu",
        "x * (1 - exp(-x) / 2) if x > 0 else x * exp(x) / 2",
        f=lambda x: relu(x) + _bump(-x.abs(), 0.5),
        df=lambda x: where(x > 0, 1 - _bump(-x, 0.5, 1), _bump(x, 0.5, 1)),
        d2f=lambda x: _bump(-x.abs(), 0.5, 2),
        range="[-0.1839, inf)",
        asymptotes=("0", "x"),
        source="x times Laplace's distribution function; Kunc & Kléma 2024, arXiv:2402.09092",
        aliases=("laplace_linear_unit",),
    ),
    Activation(
        "polu",
        "x if x > 0 else (1 - x)**(-n) - 1",
        *_POLU,
        params={"n": 1.0},
        domain={"n": "(0, 64]"},
        joints=(0.0,),
        range="(-1, inf)",
        asymptotes=("-1", "x"),
        source="Li, Ding & Li 2018, Power linear units, arXiv:1802.00212",
    ),
    Activation(
        "isrlu",
        "x if x > 0 else x / sqrt(1 + alpha * x**2)",
        *_ISRLU,
        params={"alpha": 1.0},
        domain={"alpha": "(0, inf)"},
        range="(-1 / sqrt(alpha), inf)",
        asymptotes=("-1 / sqrt(alpha)", "x"),
        source="Carlile, Delamarter, Kinney, Marti & Whitney 2017, arXiv:1710.09967",
    ),
    Activation(
        "xielu",
        "alpha_p * x**2 + beta * x if x > 0 else alpha_n * (expm1(x) - x) + beta * x",
        *(_xielu, _xielu_slope, _xielu_curvature),
        params={"alpha_p": 0.8, "alpha_n": 0.8, "beta": 0.5},
        domain={"alpha_p": "(0, inf)", "alpha_n": "(0, inf)", "beta": "(0, inf)"},
        joints=(0.0,),
        range="[-0.2057, inf) at the defaults",
        asymptotes=("(beta - alpha_n) * x - alpha_n", "alpha_p * x**2 + beta * x"),
        source="Huang & Schlag 2024, arXiv:2411.13010; the alphas are where training starts",
        steep=True,
    ),
    Activation(
        "soft_exponential",
        "(exp(alpha * x) - 1) / alpha + alpha",
        *_SOFT_EXPONENTIAL,
        params={"alpha": 0.5},
        domain={"alpha": "(0, inf)"},
        range="(alpha - 1 / alpha, inf)",
        asymptotes=("alpha - 1 / alpha", None),
        source="Godfrey & Gashler 2016, arXiv:1602.01321; only its branch of alpha > 0",
        steep=True,
    ),
    Activation(
        "exponential",
        "exp(x)",
        f=exp,
        df=exp,
        d2f=exp,
        range="(0, inf)",
        asymptotes=("0", "exp(x)"),
        source="classical; keras.activations.exponential",
        aliases=("exp",),
        steep=True,
    ),
)
