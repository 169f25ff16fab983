"""Smooth rectifiers: a rectifier with its corner rounded off."""

from __future__ import annotations

from torch import Tensor, exp, expm1, hypot, log1p, relu, sigmoid, sinh, tanh, where
from torch.nn import functional as F

from actfunc.activation import Activation
from actfunc.catalogue.algebraic import root_parts
from actfunc.catalogue.logistic import halved, logistic_slope
from actfunc.numerics.floats import Number, finite, flushed, tensor_like


def _softplus(x: Tensor, beta: Number) -> Tensor:
    if not isinstance(beta, Tensor) and beta >= 1:
        # from 40 on it is x in float64 too
        return F.softplus(x, beta, 40.0)
    z = -(beta * x).abs()
    # far out half of the exponent at a time: alone, e^z is subnormal before the quotient is
    return relu(x) + where(z < -40, halved(z, 1 / beta), log1p(exp(z)) / beta)


def _softplus_curvature(x: Tensor, beta: Number) -> Tensor:
    h = exp(-0.5 * (beta * x).abs())
    return beta * h / (1 + h * h) ** 2 * h


def _root(x: Tensor, b: Number) -> Tensor:
    # x² would overflow, hypot does not
    return hypot(x, tensor_like(x, b).sqrt())


def _squareplus(x: Tensor, b: Number) -> Tensor:
    # on the left x and the root cancel; with the conjugate they do not. A number by a tensor would
    # be the tensor's reciprocal, which far out is subnormal, times the number
    return relu(x) + tensor_like(x, b) / 4 / (_root(x, b) / 2 + x.abs() / 2)


def _squareplus_slope(x: Tensor, b: Number) -> Tensor:
    x = finite(x)
    r = _root(x, b)
    t = x / r
    return where(t > -0.6, 0.5 + 0.5 * t, b / 4 / (r / 2 + x.abs() / 2) / r)


def _squareplus_curvature(x: Tensor, b: Number) -> Tensor:
    _, s = root_parts(x, 1 / b)
    q = 1 / s
    return flushed(0.5 * b**-0.5 * q * q.sqrt())


_SQUAREPLUS = _squareplus, _squareplus_slope, _squareplus_curvature


def _bend(x: Tensor) -> Tensor:
    # (√(x² + 1) - 1) / x, in which nothing cancels or overflows
    x = finite(x)
    return x / (_root(x, 1.0) + 1)


def _logcosh(x: Tensor) -> Tensor:
    # near 0 the logarithms cancel: there cosh(x) = 1 + 2·sinh²(x / 2)
    s, a = sinh(x.clamp(-1, 1) / 2), x.abs()
    return where(a < 1, log1p(2 * s * s), a + log1p(expm1(-2 * a) / 2))


RECORDS = (
    Activation(
        "softplus",
        "log(1 + exp(beta * x)) / beta",
        f=_softplus,
        df=lambda x, beta: sigmoid(beta * x),
        d2f=_softplus_curvature,
        params={"beta": 1.0},
        domain={"beta": "(0, inf)"},
        range="(0, inf)",
        asymptotes=("0", "x"),
        source="Dugas et al. 2000, Incorporating second-order functional knowledge",
    ),
    Activation(
        "logsigmoid",
        "-log(1 + exp(-x))",
        f=F.logsigmoid,
        df=lambda x: sigmoid(-x),
        d2f=lambda x: -logistic_slope(x),
        range="(-inf, 0)",
        asymptotes=("x", "0"),
        source="classical; torch.nn.functional.logsigmoid",
    ),
    Activation(
        "shifted_softplus",
        "log(1 + exp(x)) - log(2)",
        # the logarithms cancel at 0; (1 + e^x) / 2 = 1 + (e^x - 1) / 2
        f=lambda x: relu(x) + log1p(expm1(-x.abs()) / 2),
        df=sigmoid,
        d2f=logistic_slope,
        range="(-log(2), inf)",
        asymptotes=("-log(2)", "x - log(2)"),
        source="Schütt et al. 2017, SchNet, arXiv:1706.08566",
    ),
    Activation(
        "squareplus",
        "(x + sqrt(x**2 + b)) / 2",
        *_SQUAREPLUS,
        params={"b": 4.0},
        domain={"b": "(0, inf)"},
        range="(0, inf)",
        asymptotes=("0", "x"),
        source="Barron 2021, arXiv:2112.11687",
    ),
    Activation(
        "logcosh",
        "log(cosh(x))",
        f=_logcosh,
        df=tanh,
        d2f=lambda x: 4 * logistic_slope(2 * x),
        range="[0, inf)",
        asymptotes=("-x - log(2)", "x - log(2)"),
        source="classical; an activation in NNlib.jl",
    ),
    Activation(
        "bent_identity",
        "(sqrt(x**2 + 1) - 1) / 2 + x",
        f=lambda x: x * (1 + _bend(x) / 2),
        df=lambda x: 1 + finite(x) / _root(finite(x), 1.0) / 2,
        d2f=lambda x: 0.5 / _root(x, 1.0) ** 3,
        asymptotes=("x / 2 - 1 / 2", "3 * x / 2 - 1 / 2"),
        source="folklore, of no known paper; Wikipedia's list of activation functions",
    ),
)
