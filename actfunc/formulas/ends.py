"""Where a formula comes to far out, further than any float, in ball arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from flint import arb

from actfunc.formulas.balls import proven_at
from actfunc.formulas.formula import Formula

FAR = tuple(arb((2 * step + 1001, 3900 + 7 * step)) for step in range(12))
"""How far out a limit is looked for, further than any float."""

SAME = 1e-12
"""How far apart, relatively, the values of what has come to its limit may be."""


def come_to(
    formula: Formula, points: Sequence[arb], params: Mapping[str, float]
) -> list[float | None]:
    """The limit of value, first and second derivative along points that come ever closer to it.

    NaN where there is none. None where that cannot be told: what grows all along, slowly, may go to
    infinity or not; a logarithm, far out, is a few thousand.
    """
    found = [proven_at(formula, point, params) for point in points]
    if any(balls is None for balls in found):
        return [None] * 3
    return [_limit([float(balls[order]) for balls in found if balls]) for order in range(3)]


def _limit(values: Sequence[float]) -> float | None:
    last = values[-1]
    if all(math.isclose(one, last, rel_tol=SAME) for one in values):
        return last
    rising = [one < next_one for one, next_one in pairwise(values)]
    return None if all(rising) or not any(rising) else math.nan
