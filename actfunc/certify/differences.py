"""Finite differences: a voice that knows nothing of formulas, against df and d2f in float64.

Central differences of f (and of df) extrapolated to step zero by Richardson, with the size of their
own error estimated; a derivative that is off by more than that is wrong.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.activation import Activation, Function
from actfunc.formulas.branches import branch_points
from actfunc.formulas.formula import parse

WIDEST, LEVELS = 1 / 16, 5
"""The first step, and how many halvings of it are extrapolated."""

REACH, POINTS = 8.0, 321
TRUST = 64.0
"""How many times its own estimated error a difference may be off."""


class Difference(NamedTuple):
    """One derivative against the differences of the function below it.

    order:   1 (df against f) or 2 (d2f against df).
    points:  how many points, all on [-8, 8] and further than the step from where two branches meet.
    worst:   the largest deviation, in units of what is trusted; above 1 it does not hold.
    x, got, wanted: where that is, the sibling's value, the difference quotient there.
    sees:    the relative error that is seen at half of the points or more (absolute at slope 0).
    """

    order: int
    points: int
    worst: float
    x: float
    got: float
    wanted: float
    sees: float
    held: bool


def differences(activation: Activation) -> tuple[Difference, Difference]:
    """df against differences of f, and d2f against differences of df."""
    return (
        _compare(1, activation.f, activation.df, activation),
        _compare(2, activation.df, activation.d2f, activation),
    )


def extrapolated(function: Function, x: Tensor) -> tuple[Tensor, Tensor]:
    """The slope of `function` at x by Richardson's extrapolation, and an estimate of its error.

    x: (point,) float64. The estimate is the last change of the extrapolation, and the rounding of
    the values that went in.
    """
    steps = WIDEST * 0.5 ** torch.arange(LEVELS, dtype=x.dtype)[:, None]
    right, left = function(x + steps), function(x - steps)
    table = (right - left) / ((x + steps) - (x - steps))
    before = table[-1]
    for level in range(1, LEVELS):
        before = table[-1]
        table = table[1:] + (table[1:] - table[:-1]) / (4**level - 1)
    rounding = torch.finfo(x.dtype).eps * torch.maximum(right.abs(), left.abs()).amax(0)
    return table[0], (table[0] - before).abs() + rounding / steps.min()


def _compare(order: int, below: Function, sibling: Function, activation: Activation) -> Difference:
    x = torch.linspace(-REACH, REACH, POINTS + 2, dtype=torch.float64)[1:-1]
    corners = list(activation.joint_points)
    if activation.formula:  # a third derivative may jump where two branches meet, too
        formula = parse(activation.formula, tuple(activation.params))
        corners += branch_points(formula, activation.params)
    joints = torch.tensor(corners, dtype=torch.float64)
    x = x[((x[:, None] - joints).abs() > 2 * WIDEST).all(1)]
    slope, estimate = extrapolated(below, x)
    got = sibling(x)
    trusted = TRUST * estimate
    off = (got - slope).abs() / trusted.clamp(min=torch.finfo(torch.float64).tiny)
    off = torch.where((got - slope) == 0, 0.0, off.nan_to_num(torch.inf, torch.inf))
    at = int(off.argmax())
    sees = (trusted / torch.where(slope == 0, 1.0, slope.abs())).median().item()
    worst = off[at].item()
    place = x[at].item(), got[at].item(), slope[at].item()
    return Difference(order, len(x), worst, *place, sees, worst <= 1)
