"""Numbers that neither overflow nor vanish: a coefficient times e to the power of an exponent.

A gate that has closed is c·e^z with a z of minus hundreds. As a number it is zero, or has few
digits; as a pair of c and z it keeps all of them, through products, quotients and derivatives, and
only what comes of them in the end is made a number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from actfunc.numerics.floats import Number, finite, tensor_like

Rates: TypeAlias = tuple[tuple[float, Tensor], ...]
"""An exponent, a sum of multiples of tensors, kept apart so that what two have in common shows."""


class Scaled(NamedTuple):
    """coefficient·e^exponent; without rates the exponent is 0."""

    coefficient: Number
    rates: Rates = ()

    def __mul__(self, other: Scaled) -> Scaled:  # type: ignore[override]
        if _is(self, 0.0) or _is(other, 0.0):
            return ZERO
        return Scaled(_product(self.coefficient, other.coefficient), _joined(self, other, 1.0))

    def __truediv__(self, other: Scaled) -> Scaled:
        if _is(self, 0.0):
            return ZERO
        if _is(other, 1.0) and not other.rates:
            return self
        return Scaled(self.coefficient / other.coefficient, _joined(self, other, -1.0))

    def __add__(self, other: Scaled) -> Scaled:  # type: ignore[override]
        if _is(self, 0.0):
            return other
        if _is(other, 0.0):
            return self
        a, b = self.coefficient, other.coefficient
        common = tuple(rate for rate in self.rates if any(_same(rate, one) for one in other.rates))
        one, two = _exponent(_without(self.rates, common)), _exponent(_without(other.rates, common))
        if one is None and two is None:
            return Scaled(a + b, common)
        apart = (0.0 if one is None else one) - (0.0 if two is None else two)
        assert isinstance(apart, Tensor)
        # the larger exponent stays, so that nothing overflows
        less = torch.exp(-apart.abs())
        above = apart > 0
        sum_ = torch.where(above, a + _finite(b) * less, _finite(a) * less + b)
        first = torch.zeros_like(apart) if one is None else one
        second = 0.0 if two is None else two
        return Scaled(sum_, (*common, (1.0, torch.where(above, first, second))))

    def __neg__(self) -> Scaled:
        return Scaled(-self.coefficient, self.rates)

    def power(self, exponent: Number) -> Scaled:
        """The number to a power that is the same everywhere."""
        rates = tuple((factor, exponent * rate) for factor, rate in self.rates)
        return Scaled(self.coefficient**exponent, rates)

    @property
    def exponent(self) -> Tensor | None:
        """The exponent as one tensor; None where it is 0."""
        return _exponent(self.rates)

    @property
    def number(self) -> Number:
        """What it stands for, below the normal numbers with few digits."""
        exponent = self.exponent
        if exponent is None:
            return self.coefficient
        return self._unless_gone(exponent) * torch.exp(exponent)

    @property
    def precise_number(self) -> Number:
        """What it stands for, with all digits of what is a normal number."""
        exponent = self.exponent
        if exponent is None:
            return self.coefficient
        # in two steps: e^z is subnormal, or overflows, before the product does
        step = STEP[exponent.dtype]
        near = exponent.clamp(-step, step)
        return self._unless_gone(exponent) * torch.exp(near) * torch.exp(exponent - near)

    def _unless_gone(self, exponent: Tensor) -> Tensor:
        """The coefficient: 0 where it may be an infinity, times a zero that would be NaN."""
        gone = exponent < -VANISHED[exponent.dtype]
        return _where(gone, 0.0, self.coefficient, exponent)


STEP = {torch.float64: 600.0, torch.float32: 70.0}
"""e to this and to minus this are normal numbers."""

VANISHED = {torch.float64: 1500.0, torch.float32: 210.0}
"""The largest number times e to minus this is 0."""

ZERO = Scaled(0.0)
ONE = Scaled(1.0)


def select(condition: Tensor, yes: Scaled, no: Scaled, like: Tensor) -> Scaled:
    """One or the other, point by point, in the dtype of `like`."""
    if _is(yes, 0.0) and _is(no, 0.0):
        return ZERO
    common = tuple(rate for rate in yes.rates if any(_same(rate, one) for one in no.rates))
    one, two = _exponent(_without(yes.rates, common)), _exponent(_without(no.rates, common))
    coefficient = _where(condition, yes.coefficient, no.coefficient, like)
    if one is None and two is None:
        return Scaled(coefficient, common)
    rate = _where(condition, 0.0 if one is None else one, 0.0 if two is None else two, like)
    return Scaled(coefficient, (*common, (1.0, rate)))


def _where(condition: Tensor, yes: Number, no: Number, like: Tensor) -> Tensor:
    if not isinstance(yes, Tensor) and not isinstance(no, Tensor):
        yes = tensor_like(like, yes)
    return torch.where(condition, yes, no)


def _finite(coefficient: Number) -> Number:
    return finite(coefficient) if isinstance(coefficient, Tensor) else coefficient


def _is(one: Scaled, number: float) -> bool:
    return isinstance(one.coefficient, float) and one.coefficient == number


def _product(a: Number, b: Number) -> Number:
    for one, other in ((a, b), (b, a)):
        if isinstance(one, float) and one == 1:
            return other
    return a * b


def _same(one: tuple[float, Tensor], other: tuple[float, Tensor]) -> bool:
    return one[0] == other[0] and one[1] is other[1]


def _without(rates: Rates, some: Rates) -> Rates:
    return tuple(rate for rate in rates if not any(_same(rate, one) for one in some))


def _joined(one: Scaled, other: Scaled, sign: float) -> Rates:
    found = list(one.rates)
    for factor, rate in other.rates:
        at = next((at for at, (_, known) in enumerate(found) if known is rate), None)
        if at is None:
            found.append((sign * factor, rate))
        elif (total := found[at][0] + sign * factor) == 0:
            del found[at]
        else:
            found[at] = (total, rate)
    return tuple(found)


def _exponent(rates: Rates) -> Tensor | None:
    total: Tensor | None = None
    for factor, rate in rates:
        term = rate if factor == 1 else factor * rate
        total = term if total is None else total + term
    return total


class ScaledJet:
    """A value and as many of its derivatives as are wanted: one, two or three scaled numbers."""

    def __init__(self, *parts: Scaled) -> None:
        self.parts = parts
        self._value: Number | None = None

    @property
    def value(self) -> Number:
        """The value as a number."""
        if self._value is None:
            self._value = self.parts[0].number
        return self._value

    def __add__(self, other: ScaledJet) -> ScaledJet:
        return ScaledJet(*(a + b for a, b in zip(self.parts, other.parts, strict=True)))

    def __neg__(self) -> ScaledJet:
        return ScaledJet(*(-a for a in self.parts))

    def __sub__(self, other: ScaledJet) -> ScaledJet:
        return self + (-other)

    def __mul__(self, other: ScaledJet) -> ScaledJet:
        a, b = self.parts, other.parts
        parts = [a[0] * b[0]]
        if len(a) > 1:
            parts.append(a[1] * b[0] + a[0] * b[1])
        if len(a) > 2:
            parts.append((a[2] * b[0] + a[0] * b[2]) + Scaled(2.0) * (a[1] * b[1]))
        return ScaledJet(*parts)

    def __truediv__(self, other: ScaledJet) -> ScaledJet:
        a, b = self.parts, other.parts
        if all(_is(part, 0.0) for part in b[1:]):
            return ScaledJet(*(part / b[0] for part in a))
        if all(_is(part, 0.0) for part in a[1:]):
            inverse = reciprocal(other)
            return ScaledJet(a[0] / b[0], *(a[0] * part for part in inverse.parts[1:]))
        parts = [a[0] / b[0]]
        # each slope is divided at once: a square of what is large would be none
        if len(a) > 1:
            slope = b[1] / b[0]
            parts.append(a[1] / b[0] + -(parts[0] * slope))
        if len(a) > 2:
            ends = a[2] / b[0] + -(parts[0] * (b[2] / b[0]))
            parts.append(ends + Scaled(-2.0) * (parts[1] * slope))
        return ScaledJet(*parts)


def reciprocal(u: ScaledJet) -> ScaledJet:
    """1 / u."""
    first = ONE / u.parts[0]
    parts = [first]
    if len(u.parts) > 1:
        slope = u.parts[1] / u.parts[0]
        parts.append(-(slope * first))
    if len(u.parts) > 2:
        bend = u.parts[2] / u.parts[0]
        parts.append((Scaled(2.0) * slope * slope + -bend) * first)
    return ScaledJet(*parts)


def chain(u: ScaledJet, *outer: Callable[[], Scaled]) -> ScaledJet:
    """g(u), by g and its derivatives at the value of u, each computed if it is wanted."""
    g = [each() for each in outer[: len(u.parts)]]
    parts = g[:1]
    if len(g) > 1:
        parts.append(g[1] * u.parts[1])
    if len(g) > 2:
        parts.append(g[2] * u.parts[1] * u.parts[1] + g[1] * u.parts[2])
    return ScaledJet(*parts)
