"""What the formula says of single points: where its branches meet, and at a declared pole.

A record names its joints for whoever draws it, differentiates it numerically or averages over it;
one that it keeps quiet about is a mistake in the record. A pole is left out of the grids, as there
the formula has no value, but what it does on either side says what is right.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

from actfunc.activation import Activation
from actfunc.certify.check import ORDERS, word
from actfunc.certify.limits import CLOSE, Limit
from actfunc.formulas.balls import close_to
from actfunc.formulas.branches import apart, branch_points, jump, same
from actfunc.formulas.formula import Formula
from actfunc.numerics.ulp import plain_error


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
    for x in apart(branch_points(formula, activation.params)):
        sides = jump(formula, x, activation.params)
        if sides is not None:
            held = any(same(x, other) for other in named)
            order, left, right = sides
            found.append(Joint(x, ORDERS[order], left, right, held))
    return tuple(found)


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
