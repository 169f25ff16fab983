"""Functions built from others, with their first two derivatives carried along.

A `Jet` is a value with its derivatives at a point. What is composed of functions that are right to
the last digits, each with its own well-conditioned derivatives, is right but for the rounding of
the composition: `siblings(lambda x: x * tanh(exp(x)))` is f, df and d2f of that function, and none
of them is what autograd would make of another.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias, Union

import torch
from torch import Tensor

from actfunc.activation import Function
from actfunc.catalogue.logistic import logistic_curvature, logistic_slope
from actfunc.numerics import compiled
from actfunc.numerics.floats import Number, finite, flushed, lowest, tensor_like, zero


class Jet:
    """A value and as many of its derivatives as are wanted: one, two or three numbers."""

    def __init__(self, *parts: Number) -> None:
        self.parts = parts

    @property
    def value(self) -> Tensor:
        """The value alone, for a condition."""
        value = self.parts[0]
        assert isinstance(value, Tensor)
        return value

    def __add__(self, other: Operand) -> Jet:
        return Jet(*(_sum(a, b) for a, b in zip(self.parts, _parts(other, self), strict=True)))

    def __mul__(self, other: Operand) -> Jet:
        a, b = self.parts, _parts(other, self)
        # a parameter that is 0 is a number like others; a slope that is 0 is none
        parts = [a[0] * b[0]]
        if len(a) > 1:
            parts.append(_sum(_product(a[1], b[0]), _product(a[0], b[1])))
        if len(a) > 2:
            ends = _sum(_product(a[2], b[0]), _product(a[0], b[2]))
            parts.append(_sum(ends, _product(2.0, _product(a[1], b[1]))))
        return Jet(*parts)

    def __neg__(self) -> Jet:
        return self * -1.0

    def __sub__(self, other: Operand) -> Jet:
        return self + (-other)

    def __rsub__(self, other: Number) -> Jet:
        return -self + other

    def __truediv__(self, other: Operand) -> Jet:
        return self * reciprocal(other) if isinstance(other, Jet) else self * (1 / other)

    def __rtruediv__(self, other: Number) -> Jet:
        return reciprocal(self) * other

    __radd__, __rmul__ = __add__, __mul__


Operand: TypeAlias = Union[Jet, float, Tensor]  # noqa: UP007  (evaluated before Jet is complete)
JetFunction: TypeAlias = Callable[..., Jet]


def siblings(function: JetFunction) -> tuple[Function, Function, Function]:
    """f, df and d2f of a function on jets, `(x, **params) -> jet`.

    The derivatives at ±inf are those at the largest number; subnormal results are flushed.
    """

    def of_order(order: int) -> Function:
        def sibling(x: Tensor, **params: Number) -> Tensor:
            variable = (finite(x) if order else x, 1.0, 0.0)[: order + 1]
            part = function(Jet(*variable), **params).parts[order]
            # a number is of a function that does not change there, or a parameter of 0
            return flushed(part if isinstance(part, Tensor) else zero(x) + part)

        return sibling

    return of_order(0), of_order(1), of_order(2)


def gated(
    gate: JetFunction, left: Tail | None = None, right: Tail | None = None
) -> tuple[Function, Function, Function]:
    """f, df and d2f of x·gate(x) for a gate that opens as fast as an exponential.

    left:  (c, b), or a function of the parameters giving them: gate(x) → c·e^(b·x) at -inf.
    right: (k, b): gate(x) → its limit - k·e^(-b·x) at +inf; None where it gets there faster.
    Past b·|x| = TAIL nothing else is left of x·gate(x), or on the right of its second derivative:
    the next term of the gate must decay twice as fast. There the tails are what is computed, and
    the gate is asked no further out.
    """

    def product(x: Jet, **params: Number) -> Jet:
        c, b = left(**params) if callable(left) else left or (0.0, 1.0)
        k, a = right(**params) if callable(right) else right or (0.0, 1.0)
        inner = within(x, (-TAIL - 1) / b, (TAIL + 1) / a)
        if len(x.parts) == 1:
            y = Jet(lowest(x.value)) * gate(inner, **params)
        else:
            y = inner * gate(inner, **params)
        if left is not None:
            y = where(b * x.value < -TAIL, decaying(x, c, b), y)
        if right is not None and len(x.parts) > 2:
            tail = decaying(x, -k, -a)
            y = where(a * x.value > TAIL, Jet(*y.parts[:2], tail.parts[2]), y)
        return y

    return siblings(product)


Tail: TypeAlias = tuple[Number, Number] | Callable[..., tuple[Number, Number]]
"""The coefficient and the rate of an exponential."""

TAIL = 40.0
"""e^-40 is 4e-18: less than half a unit in the last place of 1 in float64, normal in float32."""


def decaying(x: Jet, c: Number, b: Number) -> Jet:
    """c·x·e^(b·x) where b·x is negative: half of the exponent at a time, as e^(b·x) is subnormal
    before the product is."""
    # further out e^z is 0, and on the other side of 0, where this is not taken, it would overflow
    z = (b * finite(x.value)).clamp(-1e4, 0)
    h = torch.exp(0.5 * z)
    factors = (finite(x.value), 1 + z, b * (2 + z))[: len(x.parts)]
    return Jet(*(c * (factor * h) * h for factor in factors))


def within(x: Jet, low: Number, high: Number) -> Jet:
    """x no further out than this, its slope still 1: for what no longer changes there."""
    least, most = tensor_like(x.value, low), tensor_like(x.value, high)
    value = torch.minimum(torch.maximum(x.value, least), most)
    return Jet(value, *x.parts[1:])


def where(condition: Tensor, yes: Jet, no: Operand) -> Jet:
    """One jet or the other, point by point."""
    pairs = zip(yes.parts, _parts(no, yes), strict=True)
    return Jet(*(torch.where(condition, a, b) for a, b in pairs))


# The functions, each with its derivatives: (h, h′, h″) at the value of u, then the chain rule.


def _chain(u: Jet, *outer: Callable[[], Number]) -> Jet:
    h = [each() for each in outer[: len(u.parts)]]
    parts = h[:1]
    if len(h) > 1:
        parts.append(_product(h[1], u.parts[1]))
    if len(h) > 2:
        square = _product(u.parts[1], u.parts[1])
        parts.append(_sum(_product(h[2], square), _product(h[1], u.parts[2])))
    return Jet(*parts)


def exp(u: Jet) -> Jet:
    """e^u."""
    y = torch.exp(u.value)
    return _chain(u, lambda: y, lambda: y, lambda: y)


def expm1(u: Jet) -> Jet:
    """e^u - 1."""
    v = u.value
    return _chain(u, lambda: torch.expm1(v), lambda: torch.exp(v), lambda: torch.exp(v))


def log(u: Jet) -> Jet:
    """The natural logarithm."""
    v = u.value
    return _chain(u, lambda: torch.log(v), lambda: 1 / v, lambda: -1 / v / v)


def log1p(u: Jet) -> Jet:
    """log(1 + u)."""
    v = u.value
    return _chain(u, lambda: torch.log1p(v), lambda: 1 / (1 + v), lambda: -1 / (1 + v) / (1 + v))


def reciprocal(u: Jet) -> Jet:
    """1 / u."""
    r = 1 / u.value
    return _chain(u, lambda: r, lambda: -r * r, lambda: 2 * r * r * r)


def sqrt(u: Jet) -> Jet:
    """The square root."""
    r = torch.sqrt(u.value)
    return _chain(u, lambda: r, lambda: 0.5 / r, lambda: -0.25 / r / u.value)


def sigmoid(u: Jet) -> Jet:
    """1 / (1 + e^-u)."""
    v = u.value
    return _chain(
        u, lambda: torch.sigmoid(v), lambda: logistic_slope(v), lambda: logistic_curvature(v)
    )


def softplus(u: Jet) -> Jet:
    """log(1 + e^u)."""
    v = u.value

    def value() -> Tensor:
        return torch.relu(v) + torch.log1p(torch.exp(-v.abs()))

    return _chain(u, value, lambda: torch.sigmoid(v), lambda: logistic_slope(v))


def tanh(u: Jet) -> Jet:
    """The hyperbolic tangent."""
    v = u.value
    return _chain(
        u,
        lambda: torch.tanh(v),
        lambda: 4 * logistic_slope(2 * v),
        lambda: 8 * logistic_curvature(2 * v),
    )


def erf(u: Jet) -> Jet:
    """The error function."""
    v = u.value
    return _chain(u, lambda: compiled.erf(v), lambda: _bell(v), lambda: -2 * v * _bell(v))


def erfc(u: Jet) -> Jet:
    """1 - erf(u), with all its digits on the right."""
    v = u.value
    return _chain(u, lambda: torch.erfc(v), lambda: -_bell(v), lambda: 2 * v * _bell(v))


def sin(u: Jet) -> Jet:
    """The sine."""
    v = u.value
    return _chain(u, lambda: torch.sin(v), lambda: torch.cos(v), lambda: -torch.sin(v))


def cos(u: Jet) -> Jet:
    """The cosine."""
    v = u.value
    return _chain(u, lambda: torch.cos(v), lambda: -torch.sin(v), lambda: -torch.cos(v))


def _bell(x: Tensor) -> Tensor:
    return 2 / math.sqrt(math.pi) * torch.exp(-x * x)


def _parts(operand: Operand, like: Jet) -> tuple[Number, ...]:
    if isinstance(operand, Jet):
        return operand.parts
    return (operand, 0.0, 0.0)[: len(like.parts)]


def _sum(a: Number, b: Number) -> Number:
    if isinstance(a, float) and a == 0:
        return b
    if isinstance(b, float) and b == 0:
        return a
    return a + b


def _product(a: Number, b: Number) -> Number:
    for one, other in ((a, b), (b, a)):
        if isinstance(one, float) and one in (0, 1):
            return other if one else 0.0
    return a * b
