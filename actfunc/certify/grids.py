"""Where to look: points of a dtype at which an activation is likely to go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from actfunc.activation import Activation, Function
from actfunc.formulas.formula import Formula
from actfunc.formulas.tree import margins, names

STEPS = 4
"""Neighbouring floats taken on each side of a joint or a hard spot."""

MAX_CROSSINGS = 32


def grid(activation: Activation, dtype: torch.dtype, formula: Formula | None = None) -> Tensor:
    """The points to judge an activation at, ascending, each once, -0 before 0.

    formula: where its branches meet is looked at as well, whether the record says so or not.

    Evenly on [-20, 20]; evenly on to where exponentials underflow; logarithmically from the
    smallest subnormal to the largest number on both sides; the joints, zero crossings of f, df and
    d2f, and the ends of the dtype, each with its neighbours. At least 4,000 points, finite, none
    a pole.
    """
    base = _unique(torch.cat([_even(dtype), _logarithmic(dtype)]))
    meet = branch_points(formula, activation.params) if formula else ()
    joints = torch.tensor([*activation.joint_points, *meet], dtype=dtype)
    siblings = activation.siblings
    crossings = [_crossings(sibling, base) for sibling in siblings]
    info = torch.finfo(dtype)
    ends = torch.tensor([0.0, 1.0, info.tiny, info.eps, info.max], dtype=dtype)
    spots = torch.cat([joints, *crossings, ends, -ends])
    points = _unique(torch.cat([base, with_neighbours(spots)]))
    zeros = torch.tensor([-0.0, 0.0], dtype=dtype)
    found = torch.cat([points[points < 0], zeros, points[points > 0]])
    return found[~torch.isin(found, torch.tensor(activation.poles, dtype=dtype))]


def branch_points(formula: Formula, params: Mapping[str, float] | None = None) -> tuple[float, ...]:
    """Where a formula goes from one branch to another: at comparisons, abs, max and min."""
    base = _unique(torch.cat([_even(torch.float64), _logarithmic(torch.float64)]))
    found = []
    for margin in margins(formula.tree):
        if "x" in names(margin):
            side = _evaluator(formula._replace(tree=margin), params or {})
            exact, before = base[side(base) == 0], _crossings(side, base)
            after = torch.nextafter(before, torch.full_like(before, torch.inf))
            crossed = torch.where(side(after) == 0, after, before)
            found += [*crossed.tolist(), *exact[:MAX_CROSSINGS].tolist()]
    return tuple(sorted(set(found)))


def _evaluator(formula: Formula, params: Mapping[str, float]) -> Callable[[Tensor], Tensor]:
    return lambda x: formula.evaluate(x, **params)


def with_neighbours(points: Tensor, steps: int = STEPS) -> Tensor:
    """The points, and the `steps` floats next to each of them on both sides."""
    found = [points]
    for direction in (torch.inf, -torch.inf):
        neighbour = points
        for _ in range(steps):
            neighbour = torch.nextafter(neighbour, torch.full_like(neighbour, direction))
            found.append(neighbour)
    return torch.cat(found)


def _even(dtype: torch.dtype) -> Tensor:
    # the step is no power of two, so that the points use all their digits
    far = -torch.tensor(torch.finfo(dtype).tiny, dtype=torch.float64).log().item() + 20
    near = torch.linspace(-20, 20, 2402, dtype=torch.float64)
    tail = torch.linspace(20, far, 402, dtype=torch.float64)
    return torch.cat([near, tail, -tail]).to(dtype)


def _logarithmic(dtype: torch.dtype) -> Tensor:
    info = torch.finfo(dtype)
    smallest = torch.tensor(info.smallest_normal, dtype=torch.float64) * info.eps
    low, high = smallest.log2().item(), torch.tensor(info.max, dtype=torch.float64).log2().item()
    side = torch.exp2(torch.linspace(low, high - 1e-9, 702, dtype=torch.float64)).to(dtype)
    return torch.cat([side, -side])


def _crossings(function: Function, base: Tensor) -> Tensor:
    """Where a function changes its sign between two points of `base`: the last float before."""
    signs = function(base).sign()
    left = torch.nonzero(signs[:-1] * signs[1:] < 0)[:MAX_CROSSINGS, 0]
    low, high, sign = base[left], base[left + 1], signs[left]
    for _ in range(64):
        middle = low / 2 + high / 2
        before = function(middle).sign() == sign
        low, high = torch.where(before, middle, low), torch.where(before, high, middle)
    return low


def _unique(points: Tensor) -> Tensor:
    return points[points.isfinite()].unique()
