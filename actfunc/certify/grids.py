"""Where to look: points of a dtype at which an activation is likely to go wrong."""

from __future__ import annotations

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.formulas.branches import branch_points, crossings, even, logarithmic, unique
from actfunc.formulas.formula import Formula

STEPS = 4
"""Neighbouring floats taken on each side of a joint or a hard spot."""


def grid(activation: Activation, dtype: torch.dtype, formula: Formula | None = None) -> Tensor:
    """The points to judge an activation at, ascending, each once, -0 before 0.

    formula: where its branches meet is looked at as well, whether the record says so or not.

    Evenly on [-20, 20]; evenly on to where exponentials underflow; logarithmically from the
    smallest subnormal to the largest number on both sides; the joints, zero crossings of f, df and
    d2f, and the ends of the dtype, each with its neighbours. At least 4,000 points, finite, none
    a pole.
    """
    base = unique(torch.cat([even(dtype), logarithmic(dtype)]))
    meet = branch_points(formula, activation.params) if formula else ()
    joints = torch.tensor([*activation.joint_points, *meet], dtype=dtype)
    siblings = activation.siblings
    turns = [crossings(sibling, base) for sibling in siblings]
    info = torch.finfo(dtype)
    ends = torch.tensor([0.0, 1.0, info.tiny, info.eps, info.max], dtype=dtype)
    spots = torch.cat([joints, *turns, ends, -ends])
    points = unique(torch.cat([base, with_neighbours(spots)]))
    zeros = torch.tensor([-0.0, 0.0], dtype=dtype)
    found = torch.cat([points[points < 0], zeros, points[points > 0]])
    return found[~torch.isin(found, torch.tensor(activation.poles, dtype=dtype))]


def with_neighbours(points: Tensor, steps: int = STEPS) -> Tensor:
    """The points, and the `steps` floats next to each of them on both sides."""
    found = [points]
    for direction in (torch.inf, -torch.inf):
        neighbour = points
        for _ in range(steps):
            neighbour = torch.nextafter(neighbour, torch.full_like(neighbour, direction))
            found.append(neighbour)
    return torch.cat(found)
