"""A formula's value, slope and curvature in float64, at many points quickly.

It is computed as it is written, and where that cancels, digits are lost: so this is no judge, and
what differs from it is merely suspected. It shares nothing with a record's own functions, so that
these cannot be wrong in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from actfunc.formulas.formula import Formula
from actfunc.formulas.tree import Apply, Node, Number, Symbol


class Taylor(NamedTuple):
    """A value with its first two derivatives by x; each broadcasts with (point,), float64."""

    value: Tensor
    slope: Tensor
    curvature: Tensor


Outer: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]
"""g, g′ and g″ of a function of one argument."""


def taylor(formula: Formula, x: Tensor, params: Mapping[str, float]) -> Tensor:
    """The formula and its first two derivatives: (order, point). x: (point,), float64."""
    symbols = {"pi": math.pi, "e": math.e, **params}
    zero, one = x.new_zeros(()), x.new_ones(())

    def at(node: Node) -> Taylor:
        match node:
            case Number(number):
                return Taylor(x.new_tensor(float(number)), zero, zero)
            case Symbol("x"):
                return Taylor(x, one, zero)
            case Symbol(name):
                return Taylor(x.new_tensor(symbols[name]), zero, zero)
            case Apply("if", (condition, body, orelse)):
                return _chosen(holds(condition), at(body), at(orelse))
            case Apply("max", (first, second)):
                a, b = at(first), at(second)
                return _chosen(a.value >= b.value, a, b)
            case Apply("min", (first, second)):
                a, b = at(first), at(second)
                return _chosen(a.value <= b.value, a, b)
            case Apply("**", (base, exponent)):
                return _chain(_power(at(exponent).value), at(base))
            case Apply(name, (argument,)):
                return _chain(_OUTER[name], at(argument))
            case Apply(name, (first, second)):
                return _ARITHMETIC[name](at(first), at(second))
        raise AssertionError(node)

    def holds(node: Node) -> Tensor:
        assert isinstance(node, Apply)
        first, second = node.arguments
        if node.name in _COMPARISONS:
            return _COMPARISONS[node.name](at(first).value, at(second).value)
        one, other = holds(first), holds(second)
        return one & other if node.name == "and" else one | other

    return torch.stack([part.expand(x.shape) for part in at(formula.tree)])


def _chosen(where: Tensor, yes: Taylor, no: Taylor) -> Taylor:
    return Taylor(*(torch.where(where, a, b) for a, b in zip(yes, no, strict=True)))


def _chain(outer: Outer, u: Taylor) -> Taylor:
    g, once, twice = outer(u.value)
    return Taylor(g, once * u.slope, twice * u.slope * u.slope + once * u.curvature)


def _sum(a: Taylor, b: Taylor) -> Taylor:
    return Taylor(a.value + b.value, a.slope + b.slope, a.curvature + b.curvature)


def _difference(a: Taylor, b: Taylor) -> Taylor:
    return Taylor(a.value - b.value, a.slope - b.slope, a.curvature - b.curvature)


def _product(a: Taylor, b: Taylor) -> Taylor:
    ends = a.curvature * b.value + a.value * b.curvature
    slope = a.slope * b.value + a.value * b.slope
    return Taylor(a.value * b.value, slope, ends + 2 * a.slope * b.slope)


def _quotient(a: Taylor, b: Taylor) -> Taylor:
    value = a.value / b.value
    slope = (a.slope - value * b.slope) / b.value
    return Taylor(value, slope, (a.curvature - 2 * slope * b.slope - value * b.curvature) / b.value)


_ARITHMETIC: dict[str, Callable[[Taylor, Taylor], Taylor]] = {
    "+": _sum,
    "-": _difference,
    "*": _product,
    "/": _quotient,
}

_COMPARISONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "<": torch.lt,
    "<=": torch.le,
    ">": torch.gt,
    ">=": torch.ge,
}


def _power(k: Tensor) -> Outer:
    return lambda u: (u**k, k * u ** (k - 1), k * (k - 1) * u ** (k - 2))


def _logistic(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    e = torch.exp(-u.abs())
    slope = e / (1 + e) ** 2
    return torch.sigmoid(u), slope, -torch.tanh(u / 2) * slope


def _tanh(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    t, (_, slope, _) = torch.tanh(u), _logistic(2 * u)
    return t, 4 * slope, -8 * t * slope


def _tan(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    t = torch.tan(u)
    return t, 1 + t * t, 2 * t * (1 + t * t)


def _softplus(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    slope, curvature, _ = _logistic(u)
    return torch.logaddexp(u, u * 0), slope, curvature


def _exp(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    y = torch.exp(u)
    return y, y, y


def _sqrt(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    r = torch.sqrt(u)
    return r, 0.5 / r, -0.25 / r / u


def _asinh(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    r = torch.hypot(u, torch.ones_like(u))
    return torch.asinh(u), 1 / r, -u / r / r / r


def _atan(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    r = 1 / (1 + u * u)
    return torch.atan(u), r, -2 * u * r * r


def _erf(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    bell = 2 / math.sqrt(math.pi) * torch.exp(-u * u)
    return torch.erf(u), bell, -2 * u * bell


def _erfc(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    _, bell, curvature = _erf(u)
    return torch.erfc(u), -bell, -curvature


def _sinc(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    y = torch.sinc(u / math.pi)
    slope = torch.where(u.abs() < 1e-3, -u / 3, (torch.cos(u) - y) / u)
    curvature = torch.where(u.abs() < 1e-3, u * u / 10 - 1 / 3, -y - 2 * slope / u)
    return y, slope, curvature


_OUTER: dict[str, Outer] = {
    "neg": lambda u: (-u, u * 0 - 1, u * 0),
    "abs": lambda u: (u.abs(), u.sign(), u * 0),
    "sign": lambda u: (u.sign(), u * 0, u * 0),
    "exp": _exp,
    "expm1": lambda u: (torch.expm1(u), torch.exp(u), torch.exp(u)),
    "log": lambda u: (torch.log(u), 1 / u, -1 / u / u),
    "log1p": lambda u: (torch.log1p(u), 1 / (1 + u), -1 / (1 + u) / (1 + u)),
    "sqrt": _sqrt,
    "sin": lambda u: (torch.sin(u), torch.cos(u), -torch.sin(u)),
    "cos": lambda u: (torch.cos(u), -torch.sin(u), -torch.cos(u)),
    "tan": _tan,
    "sinh": lambda u: (torch.sinh(u), torch.cosh(u), torch.sinh(u)),
    "cosh": lambda u: (torch.cosh(u), torch.sinh(u), torch.cosh(u)),
    "tanh": _tanh,
    "asinh": _asinh,
    "atan": _atan,
    "erf": _erf,
    "erfc": _erfc,
    "sigmoid": _logistic,
    "softplus": _softplus,
    "sinc": _sinc,
}
