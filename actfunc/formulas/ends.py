"""Where a formula comes to far out, further than any float, in ball arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from flint import arb

from actfunc.formulas.balls import proven_at
from actfunc.formulas.formula import Formula, parse

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


def asymptotes(formula: Formula, params: Mapping[str, float]) -> tuple[str | None, str | None]:
    """The number or line that a formula comes to at -inf and at inf, as text; None where to none.

    With parameters it is told only if it is the same at other values of them.
    """
    found = [_asymptote(formula, params, end) for end in (-1, 1)]
    if params:
        others = {name: 1.25 * value + 0.01 for name, value in params.items()}
        again = [_asymptote(formula, others, end) for end in (-1, 1)]
        found = [one if one == other else None for one, other in zip(found, again, strict=True)]
    return found[0], found[1]


def _asymptote(formula: Formula, params: Mapping[str, float], end: int) -> str | None:
    points = [end * far for far in FAR]
    value, slope, _ = come_to(formula, points, params)
    if value is not None and math.isfinite(value):
        return f"{value:.15g}"
    if slope is None or not math.isfinite(slope) or slope == 0:
        return None
    line = f"{slope:.15g} * x"
    apart = parse(f"({formula.text}) - ({line})", formula.params)
    beside, *_ = come_to(apart, points, params)
    if beside is None or not math.isfinite(beside):
        return None
    line = {"1 * x": "x", "-1 * x": "-x"}.get(line, line)
    return line if beside == 0 else f"{line} + {beside:.15g}".replace("+ -", "- ")
