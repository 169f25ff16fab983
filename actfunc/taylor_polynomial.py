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

from actfunc import torch_private


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
    lost:     whether it is NaN at one.
    """

    function: Callable[..., Tensor]
    by: tuple[Partial, ...] = ()
    steep: bool = False
    known: bool = False
    rests: bool = False
    lost: bool = False


def polynomial(partial: Partial, inputs: Sequence[Tensor], params: Sequence[Tensor] = ()) -> Tensor:
    """The Taylor polynomial of a function about its inputs: it has the value of the function.

    With s an input as a constant, d = x - s is zero in value and one in slope, and
    f(s) + d·f′(s) + d²/2·f″(s) has the derivatives supplied.
    """
    points = [Expansion.of(x) for x in inputs]

    def at_points(each: Partial) -> Tensor:
        return each.function(*(point.at for point in points), *params)

    y = value = at_points(partial)
    order = 1
    level: dict[tuple[int, ...], Partial] = {(): partial}
    once = torch.compiler.is_compiling() and torch_private.differentiates_once()
    while all(each.by for each in level.values()) and not (once and order > 1):
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
    if once and order > 1:
        return y
    near = points[0].near(_careful(partial))
    for point in points[1:]:
        near = near + point.near(_careful(partial))
    return y - nan_from(order, near)


def _careful(partial: Partial) -> bool:
    """Whether to reckon with what is known not to happen; a compiler is spared it, which takes
    long for every operation."""
    return partial.lost or not (partial.known and torch.compiler.is_compiling())


def _orders(path: tuple[int, ...]) -> int:
    """How many orders there are of the inputs on a path that bring back the same path."""
    often = 1
    for number in set(path):
        often *= math.factorial(path.count(number))
    return often


class Expansion(NamedTuple):
    """An input as a constant, and zeros with the slope of the input.

    far:   where the input is infinite.
    there: 0.0, at an infinite input that input itself.
    zero:  0.0, at an infinite input without slope.
    """

    at: Tensor
    far: Tensor
    there: Tensor
    zero: Tensor

    @classmethod
    def of(cls, x: Tensor) -> Expansion:
        at = x.detach()
        far = is_infinite(at)
        there = x - where(far, 0.0, at)
        return cls(at, far, there, where(far, 0.0, there))

    def near(self, careful: bool = True) -> Tensor:
        """A zero with a slope; careful: at an infinite input too."""
        if not careful:
            return self.zero
        return where(self.far, 1 / where(self.far, self.there, 1.0), self.zero)


def _with_term(
    y: Tensor, value: Tensor, points: list[Expansion], coefficient: Tensor, partial: Partial
) -> Tensor:
    """y and a coefficient times the zeros of these points, one for each derivative taken."""
    careful = _careful(partial)
    same = all(point is points[0] for point in points)
    far = reduce(torch.logical_or, [point.far for point in points])
    if not same:
        still = torch.ones_like(far)
    elif careful:
        # at infinity an infinite value is the coefficient times a power of x, and nothing else
        # has a slope there
        still = reduce(torch.mul, [point.at for point in points], coefficient) != value
    else:
        still = torch.zeros_like(far)
    for part in two_finite(coefficient) if careful or partial.steep else (coefficient,):
        zeros = [
            point.zero
            if partial.rests and not careful
            else where(far & ((part == 0) | still), 0.0, point.there)
            for point in points
        ]
        # from zero, for of 0.0 less a zero of either sign -0.0 is left as it is
        y = y - (0.0 - reduce(torch.mul, zeros, part))
    if not careful:
        return y
    lost = (coefficient != coefficient) | (far & (coefficient != 0) & still)
    near = points[0].near()
    if same:
        return y - nan_from(len(points), near, lost)
    # of two inputs one may be infinite, and 1 / x has no slope there that would overflow: the
    # derivative of this order is an infinity times it
    for point in points[1:]:
        near = near + point.near()
    power = where(lost, near, 1.0).abs() ** (len(points) - 0.5)
    return y - where(lost, power - power, 0.0)


def two_finite(number: Tensor) -> tuple[Tensor, Tensor]:
    """Two finite numbers that add up to one that may be infinite; NaN counts as 0.

    What flows back through a product with an infinite number would be infinite, and meet zero.
    """
    info = torch.finfo(number.dtype)
    one = where(number != number, 0.0, number.clamp(info.min, info.max))
    return one, where(is_infinite(number), one, torch.zeros_like(one) * one)


def is_infinite(number: Tensor) -> Tensor:
    """As torch.isinf, of which the compiler makes a loop and no vector instructions."""
    return number.abs() == math.inf


def nan_from(order: int, zero: Tensor, here: Tensor | None = None) -> Tensor:
    """Zero, with derivatives that are zero below this order and NaN from it on.

    here: where; elsewhere it is without slope.
    """
    if here is not None:
        zero = where(here, zero, 0.0)
    if order == 2 and torch.compiler.is_compiling() and not torch_private.reads_forward_mode():
        # |zero|^1.5 would take a tenth of a training step. The slope that torch has of this is 0
        # where a quotient of zeros is masked, and then there is the slope of the quotient; forward
        # mode does not look behind the mask
        y = torch.copysign(zero, torch.ones((), dtype=zero.dtype, device=zero.device))
    else:
        y = zero.abs() ** (order - 0.5)
    return y if here is None else where(here, y, 0.0)
