"""The mean-field map of a wide random network's variance: fixed points and the critical line.

Weights are Gaussian of standard deviation gain/√in, biases of standard deviation `bias`: σ_w and
σ_b of Poole et al. 2016 (arXiv:1606.05340) and Schoenholz et al. 2017 (arXiv:1611.01232).
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import torch
from scipy.optimize import brentq, minimize_scalar
from torch import Tensor

from actfunc.activation import Activation, Function
from actfunc.analysis.gaussian import moments
from actfunc.given import record_of

_EVEN = 1e-9
"""Two figures this near, relatively, are equal: well above the rounding of a quadrature."""


class FixedPoint(NamedTuple):
    """A variance that a layer passes on as it is; figures are 0-dimensional.

    variance:     of the pre-activations
    growth:       slope of the variance map there: deviations grow by it a layer
    slope:        χ, by which the mean squared gradient grows a layer on its way back
    depth_scale:  layers in which that is a factor of e, 1/|log χ|: ξ of the literature
    """

    variance: Tensor
    growth: Tensor
    slope: Tensor
    depth_scale: Tensor

    @property
    def stability(self) -> str:
        """`stable`, `unstable`, or `marginal` where deviations stay as they are."""
        growth = float(self.growth)
        if abs(growth - 1) <= 1e3 * _EVEN:
            return "marginal"
        return "stable" if growth < 1 else "unstable"

    @property
    def phase(self) -> str:
        """`critical`; `ordered` where gradients vanish, `chaotic` where they explode."""
        slope = float(self.slope)
        if abs(slope - 1) <= 1e3 * _EVEN:
            return "critical"
        return "ordered" if slope < 1 else "chaotic"


class CriticalLine(NamedTuple):
    """Where gradients neither vanish nor explode; a point per variance, all (point).

    variance:  the fixed point's
    gain:      σ_w = 1/√E[φ′²]
    bias:      σ_b; NaN where no bias makes that variance a fixed point
    growth:    slope of the variance map: the fixed point is stable below 1
    """

    variance: Tensor
    gain: Tensor
    bias: Tensor
    growth: Tensor


def variance_map(
    activation: Activation | Function,
    variance: Tensor | float,
    gain: Tensor | float,
    bias: Tensor | float = 0.0,
) -> Tensor:
    """The next layer's variance, gain²·E[φ²] + bias², for variances of any shape.

    gain, bias: the same for all, or one for each variance.
    """
    return gain**2 * moments(activation, variance).square + bias**2


def depth_scale(slope: Tensor) -> Tensor:
    """Layers in which a factor of `slope` a layer makes a factor of e; infinite at 1."""
    even = (slope - 1).abs() <= _EVEN
    return torch.where(even, math.inf, 1 / slope.log().abs())


def fixed_point(
    activation: Activation | Function, variance: float, gain: float, bias: float = 0.0
) -> FixedPoint:
    """The figures of a variance known to be a fixed point; 0 stands for the limit towards it."""
    near = moments(activation, max(variance, 1e-12))
    slope = gain**2 * near.slope
    exact = torch.tensor(variance, dtype=torch.float64, device="cpu")
    return FixedPoint(exact, gain**2 * near.growth, slope, depth_scale(slope))


def fixed_points(
    activation: Activation | Function,
    gain: float,
    bias: float = 0.0,
    *,
    between: tuple[float, float] = (1e-6, 1e4),
) -> tuple[FixedPoint, ...]:
    """The fixed points of the variance map, ascending: 0 where it is one, and those between.

    Found by the changes of sign over 241 variances, then to the last digits, and where the map
    only touches; an overflow counts as infinite. Where every variance is one, as for ReLU at gain
    √2, variance 1 stands for all, and it is marginal.
    """
    record = record_of(activation)
    low, high = (math.log10(end) for end in between)
    grid = torch.logspace(low, high, 241, dtype=torch.float64, device="cpu")
    excess = variance_map(record, grid, gain, bias) / grid - 1
    if bool((excess.abs() <= _EVEN).all()):
        return (fixed_point(record, 1.0, gain, bias),)
    found = []
    if bias == 0 and float(record.f(torch.zeros(1, dtype=torch.float64, device="cpu"))) == 0:
        found.append(fixed_point(record, 0.0, gain, bias))

    def difference(log: float) -> float:
        return float(variance_map(record, math.exp(log), gain, bias)) / math.exp(log) - 1

    def distance(log: float) -> float:
        return abs(difference(log))

    # what is even to rounding has no sign of its own, and an overflow is more than any variance
    points = list(zip(grid.log().tolist(), excess.nan_to_num(math.inf).tolist(), strict=True))
    sure = [(log, e > 0) for log, e in points if abs(e) > _EVEN]
    roots = [
        brentq(difference, low, high, xtol=1e-14)
        for (low, before), (high, after) in itertools.pairwise(sure)
        if before != after
    ]
    for (low, left), (_, middle), (high, right) in zip(
        points, points[1:], points[2:], strict=False
    ):
        # where the map only touches: stable on one side
        if left * right > 0 and abs(middle) < min(abs(left), abs(right)) and abs(middle) < 1e-2:
            touching = minimize_scalar(distance, bounds=(low, high), method="bounded")
            if touching.fun <= _EVEN:
                roots.append(touching.x)
    return (*found, *(fixed_point(record, math.exp(root), gain, bias) for root in sorted(roots)))


def critical_line(activation: Activation | Function, variance: Tensor) -> CriticalLine:
    """The pairs (σ_w, σ_b) with χ = 1 at fixed points of the given variances (point).

    At each variance v both follow: σ_w² = 1/E[φ′²] and σ_b² = v - σ_w²·E[φ²].
    """
    found = moments(activation, variance)
    square = 1 / found.slope
    rest = 1 - square * found.square / variance
    rest = torch.where(rest.abs() <= _EVEN, 0.0, rest)
    bias = torch.where(rest >= 0, (variance * rest.clamp(min=0)).sqrt(), math.nan)
    return CriticalLine(variance, square.sqrt(), bias, square * found.growth)
