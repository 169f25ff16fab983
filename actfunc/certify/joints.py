"""What the formula says of single points: where its branches meet, and at a declared pole.

A record names its joints for whoever draws it, differentiates it numerically or averages over it;
one that it keeps quiet about is a mistake in the record. A pole is left out of the grids, as there
the formula has no value, but what it does on either side says what is right.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch

from actfunc.activation import Activation
from actfunc.certify.check import ORDERS, word
from actfunc.certify.grids import branch_points
from actfunc.certify.limits import CLOSE, Limit
from actfunc.certify.oracle import truth
from actfunc.formulas.balls import close_to
from actfunc.formulas.formula import Formula
from actfunc.numerics.ulp import plain_error

SAME_PLACE = 1e-9
"""Branches that meet so close together, relatively, meet at one point."""

ASIDE = 2.0**-40
"""How far to the left and to the right of it a jump is looked for, in units of |x| or 1."""

STEEPER = 16.0
"""A jump is so much more than the slope on either side makes of the distance."""


class Joint(NamedTuple):
    """A point at which two branches of the formula meet and the value or a derivative jumps.

    order:       the lowest that does: value, first or second.
    left, right: what it is on either side.
    held:        whether the record names the joint.
    """

    x: float
    order: str
    left: float
    right: float
    held: bool


def joints(activation: Activation, formula: Formula) -> tuple[Joint, ...]:
    """Every joint that the formula has, with what the record says of it."""
    named = (*activation.joint_points, *activation.poles)
    found = []
    for x in _apart(branch_points(formula, activation.params)):
        jump = _jump(formula, x, activation.params)
        if jump is not None:
            held = any(_same(x, other) for other in named)
            found.append(Joint(x, *jump, held))
    return tuple(found)


def _apart(points: Sequence[float]) -> list[float]:
    """One of those that are the same but for rounding."""
    found: list[float] = []
    for x in sorted(points, key=lambda x: len(f"{x!r}")):  # 0.5 and not 0.49999999999999994
        if not any(_same(x, other) for other in found):
            found.append(x)
    return sorted(found)


def _same(x: float, other: float) -> bool:
    return abs(x - other) <= SAME_PLACE * max(abs(x), abs(other)) + 1e-300


def _jump(
    formula: Formula, x: float, params: Mapping[str, float]
) -> tuple[str, float, float] | None:
    """The lowest order that jumps at x, with both sides; None where none does."""
    aside = ASIDE * max(abs(x), 1.0)
    there = truth(formula, torch.tensor([x - aside, x + aside], dtype=torch.float64), params)
    for order, name in enumerate(ORDERS):
        left, right = there.hi[order].tolist()
        slope = there.hi[order + 1].abs().max().item()
        if abs(right - left) > STEEPER * slope * 2 * aside + 1e-12 * (abs(left) + abs(right)):
            return name, left, right
    return None


def at_poles(
    activation: Activation, formula: Formula, dtypes: Sequence[torch.dtype]
) -> Iterator[Limit]:
    """The slope and the curvature at each pole: the limit that the formula has there.

    Where the two sides differ, either is right; where neither can be told, nothing is claimed.
    """
    siblings = (activation.df, activation.d2f)
    for pole in activation.poles:
        sides = [close_to(formula, pole, sign, activation.params) for sign in (-1.0, 1.0)]
        known = [side for side in sides if side is not None and not any(map(math.isnan, side))]
        for dtype in dtypes:
            at = torch.tensor([pole], dtype=dtype)
            for order, sibling in enumerate(siblings, 1):
                got, wanted = sibling(at), [side[order] for side in known]
                held = not wanted or any(_close(got, number) for number in wanted)
                first = wanted[0] if wanted else None
                yield Limit(word(dtype), ORDERS[order], pole, got.item(), first, held)


def _close(got: torch.Tensor, wanted: float) -> bool:
    true = torch.tensor([wanted], dtype=torch.float64)
    return bool(plain_error(got, true, torch.zeros_like(true)) <= CLOSE)
