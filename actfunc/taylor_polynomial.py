"""The Taylor polynomial of a function about its own inputs: the lift made of plain operations.

Compilers, tracers and forward mode go through it, whatever rules they have for Functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor, where


@dataclass(frozen=True, eq=False)
class Partial:
    """An elementwise function of one or more tensors, with its partial derivatives by them.

    function: (*inputs, *params) -> tensor; the inputs are of one shape, to which the parameters
              broadcast.
    by:       the partial derivatives by each input; empty where none is known: those are NaN.
    steep:    whether a derivative may be infinite where the inputs are finite.
    known:    whether it has been judged: it is elementwise, so that it may be asked for a part of
              the inputs, and no number makes it NaN.
    rests:    whether it is 0 at infinite inputs.
    """

    function: Callable[..., Tensor]
    by: tuple[Partial, ...] = ()
    steep: bool = False
    known: bool = False
    rests: bool = False


def polynomial(partial: Partial, inputs: Sequence[Tensor], params: Sequence[Tensor] = ()) -> Tensor:
    """The Taylor polynomial of a function about its inputs: it has the value of the function.

    With s an input as a constant, d = x - s is zero in value and one in slope, and
    f(s) + d·f′(s) + d²/2·f″(s) has the derivatives supplied. What is added to the value is -0.0,
    which leaves every number what it is, -0.0 too. As `lift_partial`, but in 32 bits or more.
    """
    points = [Point.of(x) for x in inputs]

    def at_points(each: Partial) -> Tensor:
        return each.function(*(point.at for point in points), *params)

    y = value = at_points(partial)
    order = 1
    level: dict[tuple[int, ...], Partial] = {(): partial}
    while all(each.by for each in level.values()):
        level = {
            (*path, number): each
            for path, above in level.items()
            for number, each in enumerate(above.by)
            if not path or number >= path[-1]  # mixed derivatives are the same in any order
        }
        for path, each in level.items():
            often = _orders(path)
            coefficient = at_points(each) / often if often > 1 else at_points(each)
            y = _with_term(y, value, [points[number] for number in path], coefficient, each)
        order += 1
    near = points[0].near(_careful(partial))
    for point in points[1:]:
        near = near + point.near(_careful(partial))
    return y - nan_from(order, near)


def _careful(partial: Partial) -> bool:
    """Whether to reckon with what is known not to happen; a compiler is spared it, which takes
    long for every operation."""
    return not (partial.known and torch.compiler.is_compiling())


def _orders(path: tuple[int, ...]) -> int:
    """How many orders there are of the inputs on a path that bring back the same path."""
    often = 1
    for number in set(path):
        often *= math.factorial(path.count(number))
    return often


class Point(NamedTuple):
    """An input as a constant, and zeros with the slope of the input.

    up, down: 0.0 and -0.0; at an infinite input without slope.
    x, far:   the input itself, and where it is infinite.
    """

    at: Tensor
    up: Tensor
    down: Tensor
    x: Tensor
    far: Tensor

    @classmethod
    def of(cls, x: Tensor) -> Point:
        at = x.detach()
        far = at.isinf()
        moving, still = where(far, 0.0, x), where(far, 0.0, at)
        return cls(at, moving - still, -(still - moving), x, far)

    def near(self, careful: bool = True) -> Tensor:
        """A zero with a slope; careful: at an infinite input too."""
        return where(self.far, 1 / where(self.far, self.x, 1.0), self.up) if careful else self.up


def _with_term(
    y: Tensor, value: Tensor, points: list[Point], coefficient: Tensor, partial: Partial
) -> Tensor:
    """y and a coefficient times the zeros of these points, one for each derivative taken."""
    careful = _careful(partial)
    one, other = coefficient, None
    if careful or partial.steep:
        one, other = two_finite(coefficient)
    zero = where(one.signbit(), points[-1].up, points[-1].down)
    for point in points[:-1]:
        zero = zero * point.up
    y = y + zero * one
    if other is not None:
        y = y + zero * other
    if partial.rests and not careful:
        return y
    # at infinity an infinite value is the coefficient times a power of x, and nothing else has
    # a slope there
    power, far, near = coefficient, points[0].far, points[0].near(careful)
    for point in points:
        power = power * point.at
    told = far & (power == value)
    for point in points[1:]:
        if point is not points[0]:
            told, far, near = told & False, far | point.far, near + point.near(careful)
    y = y + _power_there(told, one, points)
    if other is not None:
        y = y + _power_there(told & (other != 0), other, points)
    if not careful:
        return y
    lost = coefficient.isnan() | (far & (coefficient != 0) & ~told)
    if not all(point is points[0] for point in points):
        # of two inputs one may be infinite, and 1 / x has no slope there that would overflow: the
        # derivative of this order is an infinity times it
        power = where(lost, near, 1.0).abs() ** (len(points) - 0.5)
        return y - where(lost, power - power, 0.0)
    return y - nan_from(len(points), near, lost)


def _power_there(there: Tensor, coefficient: Tensor, points: list[Point]) -> Tensor:
    """A coefficient times a power of x, elsewhere -0.0."""
    return reduce(
        torch.mul, [where(there, points[0].x, 0.0)] * len(points), where(there, coefficient, -1.0)
    )


def two_finite(number: Tensor) -> tuple[Tensor, Tensor]:
    """Two finite numbers that add up to one that may be infinite; NaN counts as 0.

    What flows back through a product with an infinite number would be infinite, and meet zero.
    """
    info = torch.finfo(number.dtype)
    one = where(number.isnan(), 0.0, number.clamp(info.min, info.max))
    return one, where(number.isinf(), one, torch.zeros_like(one) * one)


def nan_from(order: int, zero: Tensor, here: Tensor | None = None) -> Tensor:
    """Zero, with derivatives that are zero below this order and NaN from it on.

    here: where; elsewhere it is without slope.
    """
    if here is not None:
        zero = where(here, zero, 0.0)
    if order == 1:
        y = zero.abs().sqrt()
    elif order > 2:
        y = zero.abs().pow(order - 0.5)
    else:
        # |zero|^1.5 says it too, and would take a tenth of a training step. The square of
        # this number is none; as a tensor, for under vmap forward mode makes float64 of a product
        # with a Python number
        exponent = math.log2(torch.finfo(zero.dtype).max) * 2 / 3
        large = torch.full((), 2.0**exponent, dtype=zero.dtype, device=zero.device)
        y = _overflowing(large * zero) - _overflowing((large + large) * zero)
    return y if here is None else where(here, y, 0.0)


def _overflowing(zero: Tensor) -> Tensor:
    return zero * zero / (1 + zero)
