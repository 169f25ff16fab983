"""Smooth rectifiers: a rectifier with its corner rounded off."""

from __future__ import annotations

from torch import Tensor, exp, expm1, hypot, log1p, relu, sigmoid, sinh, tanh, where

from actfunc.activation import Activation
from actfunc.catalogue.floats import finite, tensor_like
from actfunc.catalogue.logistic import logistic_slope


def _root(x: Tensor, b: float) -> Tensor:
    # x² would overflow, hypot does not
    return hypot(x, tensor_like(x, b).sqrt())


def _squareplus(x: Tensor, b: float) -> Tensor:
    # on the left x and the root cancel; with the conjugate they do not
    return relu(x) + b / 4 / (_root(x, b) / 2 + x.abs() / 2)


def _squareplus_curvature(x: Tensor, b: float) -> Tensor:
    r = _root(x, b)
    return b / 2 / r / r / r


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
        f=lambda x, beta: relu(x) + log1p(exp(-(beta * x).abs())) / beta,
        df=lambda x, beta: sigmoid(beta * x),
        d2f=lambda x, beta: beta * logistic_slope(beta * x),
        params={"beta": 1.0},
        range="(0, inf)",
        asymptotes=("0", "x"),
        source="Dugas et al. 2000, Incorporating second-order functional knowledge",
    ),
    Activation(
        "logsigmoid",
        "-log(1 + exp(-x))",
        f=lambda x: -relu(-x) - log1p(exp(-x.abs())),
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
        f=_squareplus,
        df=lambda x, b: _squareplus(finite(x), b) / _root(finite(x), b),
        d2f=_squareplus_curvature,
        params={"b": 4.0},
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
