"""The truth all around a point at once: from its Taylor series there, proven once.

One series in ball arithmetic costs as much as ten points, and tells the errors of thousands of
float64 around it to a hundredth of a unit: what was computed less the proven value is exact or
nearly, and the polynomial that is then taken off is small.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.formulas.balls import expansion
from actfunc.formulas.formula import Formula
from actfunc.numerics.ulp import ulp

TERMS = 16

NEGLIGIBLE = 2.0**-62
"""What the last terms may make of a value, relatively, at the end of the surroundings."""

HALVINGS = 24


class Surroundings(NamedTuple):
    """A formula around a point, the centre, as its Taylor series there.

    reach:  how far from the centre the series is good, on either side: a power of two.
    hi, lo: its coefficients, each the sum of the two, of (x - centre) / reach.
    """

    centre: float
    reach: float
    hi: tuple[float, ...]
    lo: tuple[float, ...]

    def errors(self, got: Tensor, x: Tensor) -> Tensor:
        """How far off value, slope and curvature are, (order, point), in the design's measure.

        got: (order, point); x: (point,), within reach; both float64.
        """
        t = (x - self.centre) / self.reach
        first, rest = [], []
        for order in range(len(got) + 1):
            terms = [_factor(k, order) * self.hi[order + k] for k in range(TERMS - order)]
            total = torch.zeros_like(t)
            for term in terms[:0:-1]:
                total = (total + term) * t
            leading, total = terms[0], total + _factor(0, order) * self.lo[order]
            for _ in range(order):  # at once its power would be no float
                leading, total = leading / self.reach, total / self.reach
            first.append(leading)
            rest.append(total)
        spacing, found = ulp(x, x.dtype), []
        for order, each in enumerate(got):
            true, slope = first[order] + rest[order], first[order + 1] + rest[order + 1]
            off = ((each - first[order]) - rest[order]).abs()
            off = off / (ulp(true, x.dtype) + slope.abs() * spacing)
            flushed = (each == 0) & (true.abs() < torch.finfo(x.dtype).tiny)
            found.append(torch.where(flushed, 0.0, off).nan_to_num(torch.inf, torch.inf))
        return torch.stack(found)


def surroundings(
    formula: Formula, centre: float, params: Mapping[str, float], reach: float
) -> Surroundings | None:
    """The formula around a point, as far as `reach` and as its series is good; None where it has no
    series there: at a pole, a joint, or where it cannot be told from one."""
    unit = math.ldexp(0.5, math.frexp(reach)[1])
    found = expansion(formula, centre, unit, params, TERMS)
    if found is None or not all(map(math.isfinite, found[0])):
        return None
    for halvings in range(HALVINGS):
        hi, lo = (
            tuple(math.ldexp(each, -halvings * k) for k, each in enumerate(part)) for part in found
        )
        if _is_good(hi):
            return Surroundings(centre, math.ldexp(unit, -halvings), hi, lo)
    return None


def _is_good(hi: tuple[float, ...]) -> bool:
    """Whether what follows the last terms is nothing, in each of the derivatives."""
    for order in range(3):
        sizes = [abs(_factor(k, order) * hi[order + k]) for k in range(TERMS - order)]
        # at a zero crossing the value is nothing and what counts is the next term
        if not max(sizes[-2:]) <= NEGLIGIBLE * (sizes[0] + sizes[1]):
            return False
    return True


def _factor(k: int, order: int) -> float:
    """(k + order)! / k!: what differentiating so often makes of a coefficient."""
    return (1.0, k + 1.0, (k + 1.0) * (k + 2.0), (k + 1.0) * (k + 2.0) * (k + 3.0))[order]
