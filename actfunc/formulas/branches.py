"""Where a formula goes from one branch to another, and whether something jumps there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import torch
from torch import Tensor

from actfunc.activation import Function
from actfunc.formulas.balls import close_to, prove
from actfunc.formulas.formula import Formula
from actfunc.formulas.tree import margins, names

MAX_CROSSINGS = 32


SAME_PLACE = 1e-9
"""Branches that meet so close together, relatively, meet at one point."""

ASIDE = 2.0**-40
"""How far to the left and to the right of it a jump is looked for, in units of |x| or 1."""

STEEPER = 16.0
"""A jump is so much more than the slope on either side makes of the distance."""


def branch_points(formula: Formula, params: Mapping[str, float] | None = None) -> tuple[float, ...]:
    """Where a formula goes from one branch to another: at comparisons, abs, max and min."""
    base = unique(torch.cat([even(torch.float64), logarithmic(torch.float64)]))
    found = []
    for margin in margins(formula.tree):
        if "x" in names(margin):
            side = _evaluator(formula._replace(tree=margin), params or {})
            exact, before = base[side(base) == 0], crossings(side, base)
            after = torch.nextafter(before, torch.full_like(before, torch.inf))
            crossed = torch.where(side(after) == 0, after, before)
            found += [*crossed.tolist(), *exact[:MAX_CROSSINGS].tolist()]
    return tuple(sorted(set(found)))


def _evaluator(formula: Formula, params: Mapping[str, float]) -> Callable[[Tensor], Tensor]:
    return lambda x: formula.evaluate(x, **params)


def joints(formula: Formula, **params: float) -> tuple[float, ...]:
    """Where the value or a derivative up to the second jumps, at these parameters."""
    return _joints(formula, tuple(sorted(params.items())))


@lru_cache(maxsize=256)
def _joints(formula: Formula, settings: tuple[tuple[str, float], ...]) -> tuple[float, ...]:
    params = dict(settings)
    return tuple(x for x in apart(branch_points(formula, params)) if jump(formula, x, params))


def poles(formula: Formula) -> dict[float, tuple[float, float]]:
    """Where branches meet and a derivative is infinite on the right: slope and curvature there."""
    found = {}
    for x in apart(branch_points(formula)):
        beside = close_to(formula, x, 1.0, {})
        if beside is not None and math.isfinite(beside[0]) and not all(map(math.isfinite, beside)):
            found[x] = beside[1], beside[2]
    return found


def apart(points: Sequence[float]) -> list[float]:
    """One of those that are the same but for rounding."""
    found: list[float] = []
    for x in sorted(points, key=lambda x: len(f"{x!r}")):  # 0.5 and not 0.49999999999999994
        if not any(same(x, other) for other in found):
            found.append(x)
    return sorted(found)


def same(x: float, other: float) -> bool:
    return abs(x - other) <= SAME_PLACE * max(abs(x), abs(other)) + 1e-300


def jump(
    formula: Formula, x: float, params: Mapping[str, float]
) -> tuple[int, float, float] | None:
    """The lowest order that jumps at x, with both sides; None where none does."""
    aside = ASIDE * max(abs(x), 1.0)
    sides = torch.tensor([x - aside, x + aside], dtype=torch.float64)
    hi, _, _ = prove(formula, {"x": sides}, params)
    for order in range(3):
        left, right = hi[order].tolist()
        slope = hi[order + 1].abs().max().item()
        if abs(right - left) > STEEPER * slope * 2 * aside + 1e-12 * (abs(left) + abs(right)):
            return order, left, right
    return None


def even(dtype: torch.dtype) -> Tensor:
    """Points on [-20, 20], and on to where exponentials underflow."""
    # the step is no power of two, so that the points use all their digits
    far = -torch.tensor(torch.finfo(dtype).tiny, dtype=torch.float64).log().item() + 20
    near = torch.linspace(-20, 20, 2402, dtype=torch.float64)
    tail = torch.linspace(20, far, 402, dtype=torch.float64)
    return torch.cat([near, tail, -tail]).to(dtype)


def logarithmic(dtype: torch.dtype) -> Tensor:
    """Points from the smallest subnormal to the largest number, on both sides."""
    info = torch.finfo(dtype)
    smallest = torch.tensor(info.smallest_normal, dtype=torch.float64) * info.eps
    low, high = smallest.log2().item(), torch.tensor(info.max, dtype=torch.float64).log2().item()
    side = torch.exp2(torch.linspace(low, high - 1e-9, 702, dtype=torch.float64)).to(dtype)
    return torch.cat([side, -side])


def crossings(function: Function, base: Tensor) -> Tensor:
    """Where a function changes its sign between two points of `base`: the last float before."""
    signs = function(base).sign()
    left = torch.nonzero(signs[:-1] * signs[1:] < 0)[:MAX_CROSSINGS, 0]
    low, high, sign = base[left], base[left + 1], signs[left]
    for _ in range(64):
        middle = low / 2 + high / 2
        before = function(middle).sign() == sign
        low, high = torch.where(before, middle, low), torch.where(before, high, middle)
    return low


def unique(points: Tensor) -> Tensor:
    """The finite ones, ascending, each once."""
    return points[points.isfinite()].unique()
