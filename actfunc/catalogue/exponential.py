"""Exponential units: the identity on the right, an exponential that saturates on the left."""

from __future__ import annotations

import math

import torch
from torch import Tensor, exp, expm1, log, log1p, ones_like, relu, sqrt, where, zeros_like

from actfunc.activation import Activation
from actfunc.catalogue.floats import finite, tensor_like

# In all of them x.clamp(max=0), as an exponential that overflows unseen would make the derivative
# by a parameter NaN; and the slopes are exponentials again, as elu + alpha would cancel in the tail


def _bump(x: Tensor, c: float = 1.0, order: int = 0) -> Tensor:
    """c·x·e^x, or its derivative of that order, where x ≤ 0."""
    x = x.clamp(torch.finfo(x.dtype).min, 0)
    # far out half of the exponent at a time: alone, e^x is subnormal before the product is
    h, y = exp(x / 2), x if order == 0 else order + x
    return where(x < -40, c * (y * h) * h, c * (y * exp(x)))


def _decaying(x: Tensor, c: float) -> Tensor:
    """c·e^x where x ≤ 0."""
    h = exp(x.clamp(max=0) / 2)
    return c * h * h


def _bowl(x: Tensor) -> Tensor:
    """(e^x - 1 - x) / x² where |x| ≤ 3/4, by its series: the three cancel."""
    series = zeros_like(x)
    for k in range(18, 1, -1):
        series = series * x + 1 / math.factorial(k)
    return series


def _xielu(x: Tensor, alpha_p: float, alpha_n: float, beta: float) -> Tensor:
    # what cancels next to 0 is a series about 0; what cancels in the dip, by -1, one about -1
    left, c = x.clamp(max=0), alpha_n / math.e
    t = where(x < -0.75, x + 1, x).clamp(-0.75, 0.75)
    bowl = t * _bowl(t)
    dip = (c - beta) + t * ((c - alpha_n + beta) + c * bowl)
    far = alpha_n * exp(left) - beta + (beta - alpha_n) * (left + 1)
    left = where(x < -1.5, far, where(x < -0.75, dip, t * (beta + alpha_n * bowl)))
    return where(x > 0, alpha_p * x * x + beta * x, left)


def _xielu_slope(x: Tensor, alpha_p: float, alpha_n: float, beta: float) -> Tensor:
    left = x.clamp(max=0)
    # the limit is beta - alpha_n, the difference of two that may be nearly the same
    far = alpha_n * exp(left) + (beta - alpha_n)
    return 2 * alpha_p * relu(x) + where(x < -1, far, alpha_n * expm1(left) + beta)


_XIELU = (
    _xielu,
    _xielu_slope,
    lambda x, alpha_p, alpha_n, beta: where(x > 0, 2 * alpha_p, alpha_n * exp(x.clamp(max=0))),
)


def _polu(x: Tensor, n: float, order: int) -> Tensor:
    """The derivative of (1 - x)^-n of that order, 1 or 2, where x ≤ 0."""
    x = finite(x.clamp(max=0))
    s = 1 - x
    # what rounding s and n to the dtype leaves, for a large n or a large x
    exact = tensor_like(x, n, torch.float64)
    k = exact.to(x.dtype)
    rest = (exact - k).to(x.dtype) * log(s) + (k + order) * (((1 - s) - x) / s)
    y = k * (s**-k - s**-k * rest) / s
    return y if order == 1 else y * (k + 1) / s


def _isrlu(x: Tensor, alpha: float, order: int = 0) -> Tensor:
    """x / √(1 + alpha·x²), or its derivative of that order, where x ≤ 0."""
    # x² overflows; as far out as this the root is √alpha·|x| to the last digit
    x = x.clamp(-(torch.finfo(x.dtype).max ** 0.45), 0)
    s = 1 + alpha * x * x
    if order == 0:
        return x / sqrt(s)
    q = 1 / s
    return q * sqrt(q) if order == 1 else -3 * alpha * x * q * sqrt(q) * q


def _grown(z: Tensor, divisor: float | Tensor = 1.0) -> Tensor:
    """e^z / divisor."""
    # half of the exponent at a time: alone, e^z overflows before the quotient does; and no half so
    # large that it overflows: by a parameter, infinity times nothing would be NaN
    h = exp(z.clamp(max=1.5 * math.log(torch.finfo(z.dtype).max)) / 2)
    return h / divisor * h


def _soft_exponential(x: Tensor, alpha: float | Tensor) -> Tensor:
    # one cast, so that both ways back to a 16-bit alpha are added before they overflow
    alpha = tensor_like(x, alpha)
    z = alpha * x
    # of what overflows the derivative by alpha would be infinity less infinity
    over = _grown(z, alpha).isinf()
    far, near = where(over, z, 0.0), where(over, 0.0, z)
    middle = expm1(near.clamp(-1, 1)) / alpha + alpha
    # further out the ones cancel: at alpha = 1 the exponential alone is left
    outer = _grown(near, alpha) + (alpha - 1) * (alpha + 1) / alpha
    return where(over, exp(2 * far), where(z.abs() < 1, middle, outer))


RECORDS = (
    Activation(
        "elu",
        "x if x > 0 else alpha * expm1(x)",
        f=lambda x, alpha: where(x > 0, x, alpha * expm1(x.clamp(max=0))),
        df=lambda x, alpha: where(x > 0, ones_like(x), alpha * exp(x.clamp(max=0))),
        d2f=lambda x, alpha: where(x > 0, zeros_like(x), alpha * exp(x.clamp(max=0))),
        params={"alpha": 1.0},
        joints=(0.0,),
        range="(-alpha, inf)",
        asymptotes=("-alpha", "x"),
        source="Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289",
    ),
    Activation(
        "celu",
        "x if x > 0 else alpha * expm1(x / alpha)",
        f=lambda x, alpha: where(x > 0, x, alpha * expm1(x.clamp(max=0) / alpha)),
        df=lambda x, alpha: exp(x.clamp(max=0) / alpha),
        d2f=lambda x, alpha: where(x > 0, zeros_like(x), exp(x.clamp(max=0) / alpha) / alpha),
        params={"alpha": 1.0},
        joints=(0.0,),
        range="(-alpha, inf)",
        asymptotes=("-alpha", "x"),
        source="Barron 2017, arXiv:1704.07483",
    ),
    Activation(
        "selu",
        "scale * x if x > 0 else scale * alpha * expm1(x)",
        f=lambda x, scale, alpha: scale * where(x > 0, x, alpha * expm1(x.clamp(max=0))),
        df=lambda x, scale, alpha: where(x > 0, scale, _decaying(x, scale * alpha)),
        d2f=lambda x, scale, alpha: where(x > 0, 0.0, _decaying(x, scale * alpha)),
        params={"scale": 1.0507009873554805, "alpha": 1.6732632423543772},
        joints=(0.0,),
        range="(-scale * alpha, inf)",
        asymptotes=("-scale * alpha", "scale * x"),
        source="Klambauer, Unterthiner, Mayr & Hochreiter 2017, arXiv:1706.02515",
    ),
    Activation(
        "pelu",
        "a / b * x if x > 0 else a * expm1(x / b)",
        f=lambda x, a, b: where(x > 0, a / b * x, a * expm1(x.clamp(max=0) / b)),
        df=lambda x, a, b: a / b * exp(x.clamp(max=0) / b),
        d2f=lambda x, a, b: where(x > 0, zeros_like(x), a / b / b * exp(x.clamp(max=0) / b)),
        params={"a": 1.0, "b": 1.0},
        joints=(0.0,),
        range="(-a, inf)",
        asymptotes=("-a", "a / b * x"),
        source="Trottier, Giguère & Chaib-draa 2016, arXiv:1605.09332",
    ),
    Activation(
        "serlu",
        "scale * x if x > 0 else scale * alpha * x * exp(x)",
        f=lambda x, scale, alpha: scale * where(x > 0, x, _bump(x, alpha)),
        df=lambda x, scale, alpha: scale * where(x > 0, 1.0, _bump(x, alpha, 1)),
        d2f=lambda x, scale, alpha: scale * where(x > 0, 0.0, _bump(x, alpha, 2)),
        params={"scale": 1.07862, "alpha": 2.90427},
        joints=(0.0,),
        range="[-0.3679 * scale * alpha, inf)",
        asymptotes=("0", "scale * x"),
        source="Zhang & Li 2018, arXiv:1807.10117; the constants seen in one implementation only",
    ),
    Activation(
        "reu",
        "x if x > 0 else x * exp(x)",
        f=lambda x: where(x > 0, x, _bump(x)),
        df=lambda x: where(x > 0, ones_like(x), _bump(x, 1.0, 1)),
        d2f=lambda x: where(x > 0, zeros_like(x), _bump(x, 1.0, 2)),
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
        f=lambda x, n: where(x > 0, x, expm1(-n * log1p(-x.clamp(max=0)))),
        df=lambda x, n: where(x > 0, 1.0, _polu(x, n, 1)),
        d2f=lambda x, n: where(x > 0, 0.0, _polu(x, n, 2)),
        params={"n": 1.0},
        joints=(0.0,),
        range="(-1, inf)",
        asymptotes=("-1", "x"),
        source="Li, Ding & Li 2018, Power linear units, arXiv:1802.00212",
    ),
    Activation(
        "isrlu",
        "x if x > 0 else x / sqrt(1 + alpha * x**2)",
        f=lambda x, alpha: where(x > 0, x, _isrlu(x, alpha)),
        df=lambda x, alpha: _isrlu(x, alpha, 1),
        d2f=lambda x, alpha: _isrlu(x, alpha, 2),
        params={"alpha": 1.0},
        range="(-1 / sqrt(alpha), inf)",
        asymptotes=("-1 / sqrt(alpha)", "x"),
        source="Carlile, Delamarter, Kinney, Marti & Whitney 2017, arXiv:1710.09967",
    ),
    Activation(
        "xielu",
        "alpha_p * x**2 + beta * x if x > 0 else alpha_n * (expm1(x) - x) + beta * x",
        *_XIELU,
        params={"alpha_p": 0.8, "alpha_n": 0.8, "beta": 0.5},
        joints=(0.0,),
        range="[-0.2057, inf) at the defaults",
        asymptotes=("(beta - alpha_n) * x - alpha_n", "alpha_p * x**2 + beta * x"),
        source="Huang & Schlag 2024, arXiv:2411.13010; the alphas are where training starts",
        steep=True,
    ),
    Activation(
        "soft_exponential",
        "(exp(alpha * x) - 1) / alpha + alpha",
        f=_soft_exponential,
        df=lambda x, alpha: _grown(alpha * x),
        d2f=lambda x, alpha: _grown(alpha * x, 1 / alpha),
        params={"alpha": 0.5},
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
